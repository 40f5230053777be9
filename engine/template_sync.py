"""Message templates, known with status and quality: asked for at the start and hourly, and told of by webhooks.

    every hour:  channel.templates() ─▶ store: the whole list      ┐
    a webhook:   Notice.template     ─▶ store: this one, at once    ├─▶ the owner, once, of each that is needed
    a refusal:   Outcome.template    ─▶ store: this one, at once    ┘

What can't be sent is held where it would be sent (engine.ruling), and goes by the outbox's review once the store says
that it may. What the owner was told last is read from the notices themselves, so a restart tells nothing twice.

Where the provider can't list its templates, or refuses to, only a webhook could tell that a pause is over, and one may
be lost, or nobody subscribed to it. So a pause that nobody has told of for PAUSE_DOUBTED counts as UNSURE: what is held
goes, the first answer tells how it is, and a refusal holds it for as long again. Whatever else stops a template is not
tried: "disabled" is for good, and other refusals would not say that the message may wait. What is held for 30 days is
given up in any case (messages.HELD_AT_MOST).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import MappingProxyType

import trio
from msgspec.structs import replace

from engine.address import HOUR, MINUTE, Millis
from engine.breaker import Breaker, Watched
from engine.errors import StoreFailed
from engine.messages import Notice, Outcome, SendState, Status, StatusRank, Template
from engine.patience import patiently
from engine.ports import AnswerLost, Channel, Clock, Http, NotSent, OutboxRow, Store
from engine.shop import Shop
from engine.template_news import TemplateNews
from engine.template_states import APPROVED, TemplateState, Wanted, head, stopped, trouble, troubles, wanted

log = logging.getLogger("sokoni.templates")

EVERY: Millis = HOUR
AGAIN: Millis = 5 * MINUTE
"""After which a provider that could not be asked is asked again."""
PAUSE_DOUBTED: Millis = 6 * HOUR
"""Meta's first pause takes three hours, its second six; after the third a template is disabled."""
REFUSABLE = frozenset({SendState.SENDING, SendState.SENT, SendState.UNKNOWN, SendState.FAILED})
"""Where a message stands that a status may say to have been refused."""


class TemplateSync:
    """``run`` is its life; ``noted`` takes what webhooks tell of templates, ``refused`` and ``heard`` what became of
    messages that use one. ``shops`` is the running engine's own mapping."""

    def __init__(
        self,
        store: Store,
        shops: Mapping[str, Shop],
        channels: Iterable[Channel],
        connect: Callable[[], AbstractAsyncContextManager[Http]],
        clock: Clock,
        breakers: Mapping[str, Breaker] = MappingProxyType({}),
    ) -> None:
        self._store = store
        self._shops = shops
        self._channels = {channel.shop: channel for channel in channels}
        self._connect = connect
        self._clock = clock
        self._breakers = breakers
        self.listed: set[str] = set()
        """Shops whose provider has listed all templates since the start."""
        self._news = {shop: TemplateNews(store, shop, clock) for shop in self._channels}

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run until cancelled; raises StoreFailed when the store does."""
        async with trio.open_nursery() as nursery:
            for channel in self._channels.values():
                nursery.start_soon(self._again_and_again, channel)
            task_status.started()
            await trio.sleep_forever()

    async def noted(self, notice: Notice) -> bool:
        """Keep what a webhook tells of one template. Whether that is all there is to do: it is another account's, or
        this shop needs it and its owner has heard. Raises StoreBusy and StoreFailed."""
        channel, state = self._channels.get(notice.shop), notice.template
        if channel is None or state is None:
            return False
        if channel.account and notice.account and channel.account != notice.account:
            return True
        _, is_needed = await self._keep(notice.shop, state)
        return is_needed

    async def _keep(self, shop: str, news: TemplateState) -> tuple[TemplateState, bool]:
        """Keep what is told of one, and tell the owner; it as it is now, and whether the shop needs it."""
        now = await self._store.note_template(shop, news, self._clock.now())
        is_needed = any(one.fits(now) for one in self._needed(shop))
        if is_needed:
            await self._news[shop].of(head(now), trouble(now))
        return now, is_needed

    def _needed(self, shop: str) -> list[Wanted]:
        return wanted(self._shops[shop].terms.templates)

    # -- what messages tell --------------------------------------------------------------------------------------------
    async def refused(self, shop: str, template: Template, status: str) -> str:
        """A message was refused because its template is in this status: keep that, tell the owner, and say why what
        needs it waits. Raises StoreFailed."""
        return stopped(await self._found_out(shop, template, status))

    async def accepted(self, shop: str, template: Template) -> None:
        """A message with this template, of which nobody was sure, was accepted. Raises StoreFailed."""
        await self._found_out(shop, template, APPROVED)

    async def _found_out(self, shop: str, template: Template, status: str) -> TemplateState:
        language = template.language if self._channels[shop].multilingual else ""
        now, _ = await patiently(lambda: self._keep(shop, TemplateState(template.name, language, status)))
        return now

    async def heard(self, statuses: Sequence[Status]) -> Sequence[Status]:
        """The statuses as they are, but for those that refuse an accepted message for its template: that is kept as
        with ``refused``, and they say why the message waits. Raises StoreFailed."""
        return [await self._heard(one) if one.template else one for one in statuses]

    async def _heard(self, status: Status) -> Status:
        row = await self._row(status)
        if row is None:  # nothing that the store would hold
            return status
        message = row.outgoing.message
        template = message if isinstance(message, Template) else row.outgoing.fallback
        if template is None:
            return replace(status, template="")
        return replace(status, reason=await self.refused(status.shop, template, status.template))

    async def _row(self, status: Status) -> OutboxRow | None:
        """The row whose last send this is about; None where it has come further, or was sent again since."""
        named = await self._store.keys_of(status.shop, [status.provider_id])
        key = named.get(status.provider_id, status.key)
        row = await self._store.outbox_row(key) if key else None
        if row is None or row.outgoing.address.shop != status.shop or SendState(row.state) not in REFUSABLE:
            return None
        last = row.provider_id in ("", status.provider_id) and row.rank < StatusRank.DELIVERED
        return row if last else None

    # -- the list ----------------------------------------------------------------------------------------------------
    async def _again_and_again(self, channel: Channel) -> None:
        wait = await self._round(channel)
        while wait:
            await trio.sleep(wait / 1000)
            wait = await self._round(channel)
        while True:
            await self._doubt(channel.shop)
            await trio.sleep(EVERY / 1000)

    async def _doubt(self, shop: str) -> None:
        """There is no list; see above."""
        await patiently(lambda: self._store.doubt_templates(shop, self._clock.now() - PAUSE_DOUBTED))

    async def _round(self, channel: Channel) -> Millis:
        """Ask once; how long until the next time, 0 where the provider can't be asked."""
        try:
            async with self._connect() as http:
                return await self._allowed(channel, http)
        except StoreFailed:
            raise
        except (NotSent, AnswerLost):
            log.warning("templates_not_listed", extra={"shop": channel.shop})
        except Exception as error:  # a bug in a channel must not stop the others
            log.error("templates_crashed", exc_info=error, extra={"shop": channel.shop})
        return AGAIN

    async def _allowed(self, channel: Channel, http: Http) -> Millis:
        """One round, unless the channel rests; its breaker hears how its provider answers."""
        breaker = self._breakers.get(channel.shop)
        if breaker is None:
            return await self._ask(channel, http)
        if not breaker.allow():
            return AGAIN
        try:
            return await self._ask(channel, Watched(http, breaker))
        finally:
            breaker.returned()

    async def _ask(self, channel: Channel, http: Http) -> Millis:
        shop, began = channel.shop, self._clock.now()
        found = await channel.templates(http)
        if found is None:
            return 0
        news = self._news[shop]
        if isinstance(found, Outcome):
            log.warning("templates_not_listed", extra={"shop": shop})
            await patiently(partial(news.listing, found.reason))
            await self._doubt(shop)
            return EVERY
        await patiently(lambda: self._store.save_templates(shop, found, began))
        self.listed.add(shop)
        known = await self._store.template_states(shop)
        for beginning, what in troubles(known, self._needed(shop)).items():
            await patiently(partial(news.of, beginning, what))
        await patiently(news.listing)
        return EVERY
