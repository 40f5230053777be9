"""The feeder: takes campaigns from their start to their end, a little ahead of what their number can send.

    SCHEDULED ─due─▶ STARTING ─part by part─▶ RUNNING ─claim a little─▶ outbox ─▶ … ─nothing left─▶ COMPLETED
                                                 └─ something is wrong ─▶ PAUSED, and the owner hears why

It holds nothing that matters: every step is a commit of the store that says whether it may be taken, so another
process, or the next life of this one, goes on from there. Only about AHEAD seconds of a number's pace are in the
outbox, where replies go first; so a campaign that is paused, or runs into quiet hours, has little to take back.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping

import trio

from engine.address import Millis
from engine.campaigns import Campaign, CampaignStatus, Gathering, Health
from engine.errors import BadInput, StoreBusy, StoreError
from engine.outbox import Outbox
from engine.pace import Pace
from engine.ports import Clock, Store
from engine.shop import Shop
from engine.template_states import stopped

log = logging.getLogger("sokoni.campaigns")

AHEAD = 2.0
"""Seconds of a number's pace that campaigns keep in the outbox."""
TICK = 0.5
LOOK_SECONDS = 30.0
"""How long without any campaign before the store is asked again; ``look`` asks at once."""
AGAIN_SECONDS = 5.0
"""After which something that crashed is tried again."""
AT_ONCE = 500
"""Recipients frozen, or claimed, in one commit."""
LIVE_AT_MOST = 100

LAST = 200
"""How many of the last messages tell how a campaign fares."""
FAILURES_FROM, FAILURES_MOST = 20, 0.2
"""Of so many messages that have ended: the part that may fail."""
OPT_OUTS_FROM, OPT_OUTS_MOST = 50, 0.05
"""The same for readers who want no more offers."""
THROTTLED: Millis = 30_000
"""A number that the provider wants to rest for longer than this is not slowed but stopped."""

TOO_LATE = 'The campaign "{name}" was not started: its latest start is over. It is a draft again; set a new time.'
UNREADABLE = 'The campaign "{name}" was cancelled before its start: {why}'
PAUSED = 'The campaign "{name}" is paused: {why} Resume it when that is mended.'
FAILING = "{failed} of the last {ended} messages failed. See the reasons in its list of recipients."
UNWANTED = "{opted_out} of the last {ended} readers want no more offers. Look at its text and at whom it is for."
RESTS = "the provider has stopped the number. {why}"

S = CampaignStatus


class Campaigning:
    """``run`` is its life; ``look`` tells it of a campaign that was moved. ``gathering``: who knows audiences; nothing
    is started without one."""

    def __init__(
        self,
        store: Store,
        shops: Mapping[str, Shop],
        outbox: Outbox,
        paces: Mapping[str, float],
        clock: Clock,
        gathering: Gathering | None = None,
    ) -> None:
        self.gathering = gathering
        self._store = store
        self._shops = shops
        self._outbox = outbox
        self._paces = paces
        self._clock = clock
        self._own: dict[tuple[str, str], tuple[float, Pace]] = {}
        self._resting: set[tuple[str, str]] = set()
        self._news = trio.Event()

    def look(self) -> None:
        """A campaign was moved."""
        self._news.set()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run until cancelled; raises StoreFailed when the store does. What must not go at night is taken back before
        the start is told, so that the outbox can begin after it."""
        for campaign in await self._store.live_campaigns(LIVE_AT_MOST):
            if campaign.status is S.RUNNING and self._is_quiet(campaign):
                await self._rest(campaign)
        task_status.started()
        while True:
            self._news = trio.Event()
            seconds = await self._round()
            with trio.move_on_after(seconds):
                await self._news.wait()

    async def _round(self) -> float:
        """One step of every live campaign; in how many seconds the next is due."""
        seconds = LOOK_SECONDS
        for campaign in await self._store.live_campaigns(LIVE_AT_MOST):
            if campaign.shop not in self._shops or campaign.shop not in self._outbox.lines.desks:
                continue
            try:
                seconds = min(seconds, await self._step(campaign))
            except StoreBusy:
                seconds = min(seconds, TICK)
        return seconds

    async def _step(self, campaign: Campaign) -> float:
        """What is to be done for it now; in how many seconds there is more."""
        match campaign.status:
            case S.SCHEDULED:
                return await self._begin(campaign)
            case S.STARTING:
                return await self._freeze(campaign)
            case S.RUNNING:
                return await self._feed(campaign)
            case _:
                return LOOK_SECONDS

    # -- the start -------------------------------------------------------------------------------------------------
    async def _begin(self, campaign: Campaign) -> float:
        now, plan = self._clock.now(), campaign.plan
        if now < plan.starts_at:
            return min(LOOK_SECONDS, (plan.starts_at - now) / 1000.0)
        if plan.latest_start and now > plan.latest_start:
            await self._move(campaign, S.DRAFT, TOO_LATE.format(name=plan.name), "campaign_late")
            return LOOK_SECONDS
        await self._move(campaign, S.STARTING)
        return 0.0

    async def _freeze(self, campaign: Campaign) -> float:
        """Keep one more part of the audience. A plan that can't be read is over; a bug is tried again later."""
        if self.gathering is None:
            return LOOK_SECONDS
        try:
            part = await self.gathering.part(campaign, campaign.cursor, AT_ONCE)
        except StoreError:
            raise
        except BadInput as error:
            why = UNREADABLE.format(name=campaign.plan.name, why=error)
            await self._move(campaign, S.CANCELLED, why, "campaign_cancelled")
            return LOOK_SECONDS
        except Exception as error:
            log.error("campaign_crashed", exc_info=error, extra={"shop": campaign.shop})
            return AGAIN_SECONDS
        await self._store.freeze(campaign.shop, campaign.id, campaign.cursor, part, self._clock.now())
        return 0.0

    # -- on its way ------------------------------------------------------------------------------------------------
    async def _feed(self, campaign: Campaign) -> float:
        if self._is_quiet(campaign):
            await self._rest(campaign)
            return LOOK_SECONDS
        self._resting.discard((campaign.shop, campaign.id))
        if why := await self._trouble(campaign):
            await self._move(campaign, S.PAUSED, PAUSED.format(name=campaign.plan.name, why=why), "campaign_paused")
            return LOOK_SECONDS
        room = self._room(campaign)
        if room <= 0:
            return TICK
        claimed = await self._store.claim_recipients(campaign.shop, campaign.id, self._clock.now(), room)
        self._outbox.offer(claimed.rows)
        if claimed.rows and campaign.plan.pace:
            self._pace(campaign).owe(len(claimed.rows), self._outbox.now())
        if not any((claimed.rows, claimed.skipped, claimed.postponed)):
            await self._finish(campaign)
        return 0.0 if claimed.skipped + claimed.postponed > len(claimed.rows) else TICK

    async def _rest(self, campaign: Campaign) -> None:
        """It is quiet: what would go in the night goes in the morning. Once is enough, for only we claim."""
        name = (campaign.shop, campaign.id)
        if name not in self._resting:
            await self._store.take_back(*name, self._clock.now())
            self._resting.add(name)

    async def _finish(self, campaign: Campaign) -> None:
        if await self._store.finish(campaign.shop, campaign.id, self._clock.now()):
            self._own.pop((campaign.shop, campaign.id), None)
            log.info("campaign_completed", extra={"shop": campaign.shop})

    def _is_quiet(self, campaign: Campaign) -> bool:
        shop = self._shops.get(campaign.shop)
        return shop is not None and shop.terms.quiet.holds(self._clock.now(), shop.timezone)

    def _room(self, campaign: Campaign) -> int:
        """How many recipients may be claimed now: under the number's pace and, over a tick or two, its own."""
        desk, number = self._outbox.lines.desks[campaign.shop], self._paces[campaign.shop]
        room = min(AT_ONCE, math.ceil(AHEAD * number) - len(desk.bulk))
        if not campaign.plan.pace:
            return room
        if self._pace(campaign).wait(self._outbox.now()) > 0:
            return 0
        return min(room, _per_tick(campaign.plan.pace))

    def _pace(self, campaign: Campaign) -> Pace:
        """The campaign's own; a new one where its plan says another than before."""
        name, per_second = (campaign.shop, campaign.id), campaign.plan.pace
        known = self._own.get(name)
        if known is None or known[0] != per_second:
            known = self._own[name] = (per_second, Pace(1000.0 / per_second, 2 * _per_tick(per_second)))
        return known[1]

    # -- manners ---------------------------------------------------------------------------------------------------
    async def _trouble(self, campaign: Campaign) -> str:
        """Why it should not go on, as a sentence or two for its owner; "" when all is well."""
        desk = self._outbox.lines.desks[campaign.shop]
        if desk.paused_until - self._outbox.now() > THROTTLED:
            return RESTS.format(why=desk.why_paused)
        since = max(campaign.started_at, campaign.moved_at)
        health = await self._store.campaign_health(campaign.shop, campaign.id, since, LAST)
        return _unwell(health) or await self._stopped_template(campaign)

    async def _stopped_template(self, campaign: Campaign) -> str:
        named = {variant.template: variant.language for variant in campaign.plan.variants if variant.template}
        if not named:
            return ""
        states = await self._store.template_states(campaign.shop)
        ours = [one for one in states if one.name in named and named[one.name] in ("", one.language)]
        return next((why for one in ours if (why := stopped(one))), "")

    async def _move(self, campaign: Campaign, to: CampaignStatus, why: str = "", kind: str = "") -> None:
        """Move it, and tell the owner why where there is something to tell."""
        now = self._clock.now()
        moved = await self._store.move_campaign(campaign.shop, campaign.id, campaign.status, to, now, why)
        if moved and kind:
            log.warning("campaign_stopped", extra={"shop": campaign.shop})
            await self._store.tell_owner(campaign.shop, kind, why, now)


def _per_tick(per_second: float) -> int:
    """Messages in one tick at this pace."""
    return max(1, round(per_second * TICK))


def _unwell(health: Health) -> str:
    ended = health.ended
    if ended >= FAILURES_FROM and health.failed > FAILURES_MOST * ended:
        return FAILING.format(failed=health.failed, ended=ended)
    if ended >= OPT_OUTS_FROM and health.opted_out > OPT_OUTS_MOST * ended:
        return UNWANTED.format(opted_out=health.opted_out, ended=ended)
    return ""
