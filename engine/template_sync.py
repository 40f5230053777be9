"""Message templates, known with status and quality: asked for at the start and hourly, and told of by webhooks.

    every hour:  channel.templates() ─▶ store: the whole list      ┐
    a webhook:   Notice.template     ─▶ store: this one, at once    ┴─▶ the owner, once, of each that is needed

What can't be sent is held where it would be sent (engine.ruling asks ``unusable``), and goes by the outbox's review
once the store says that it may. What the owner was told last is read from the notices themselves, so a restart tells
nothing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import MappingProxyType

import trio

from engine.address import HOUR, MINUTE, Millis
from engine.breaker import Breaker, Watched
from engine.errors import StoreFailed
from engine.messages import Notice, Outcome, Template
from engine.patience import patiently
from engine.ports import AnswerLost, Channel, Clock, Http, NotSent, Store
from engine.shop import Shop
from engine.template_news import TemplateNews
from engine.template_states import Wanted, head, stopped, trouble, troubles, wanted

log = logging.getLogger("sokoni.templates")

EVERY: Millis = HOUR
AGAIN: Millis = 5 * MINUTE
"""After which a provider that could not be asked is asked again."""


async def unusable(store: Store, shop: str, template: Template) -> str:
    """Why this template can't be sent now, as a sentence for the owner; "" when it may, as one may of which nothing is
    known."""
    state = await store.template_state(shop, template.name, template.language)
    return stopped(state) if state is not None else ""


class TemplateSync:
    """``run`` is its life; ``noted`` takes what webhooks tell. ``shops`` is the running engine's own mapping."""

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
        now = await self._store.note_template(notice.shop, state, self._clock.now())
        if not any(one.fits(now) for one in self._needed(notice.shop)):
            return False
        await self._news[notice.shop].of(head(now), trouble(now))
        return True

    def _needed(self, shop: str) -> list[Wanted]:
        return wanted(self._shops[shop].terms.templates)

    # -- the list ----------------------------------------------------------------------------------------------------
    async def _again_and_again(self, channel: Channel) -> None:
        wait = await self._round(channel)
        while wait:
            await trio.sleep(wait / 1000)
            wait = await self._round(channel)

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
            return EVERY
        await patiently(lambda: self._store.save_templates(shop, found, began))
        known = await self._store.template_states(shop)
        for beginning, what in troubles(known, self._needed(shop)):
            await patiently(partial(news.of, beginning, what))
        await patiently(news.listing)
        return EVERY
