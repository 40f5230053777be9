"""One serving process, composed: HTTP edge, store and running engine, from start to graceful stop.

The edge outlives the store. When the store fails, the running part is thrown away and started again from disk; until
then deliveries are answered 503, so that providers keep them. An outage of more than 30 s is apologised for: each
customer who wrote meanwhile gets one message, sent directly and only then (design.md, "A storage failure").

Stopping takes at most ``grace_seconds`` (20) whatever clients and providers do: a quarter of it for requests under way,
about half for sends under way (a lane's call ends after 10 s), the rest for the store's last commits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import trio
from msgspec.structs import replace

from adapters.app.outage import Outage
from adapters.app.seats import tell_of_cancelled
from adapters.config import LOOPBACK
from adapters.papers.desk import PaperDesk
from adapters.papers.tokens import STORE_KEY
from adapters.web.access import OwnerConfig
from adapters.web.app import Web
from adapters.web.body import Bodies
from adapters.web.server import Server
from adapters.web.webhooks import Engine, WebLimits
from engine.catalogue import Catalogue, Product
from engine.crm_desk import Served
from engine.errors import StoreFailed
from engine.outbox import OutboxSettings
from engine.ports import Channel, Clock, Http, Provider, Store
from engine.running import Running
from engine.shop import Shop
from engine.tickets import Programme, TicketEvent

log = logging.getLogger("sokoni.process")

WEB_SHARE = 0.25
DRAIN_SHARE = 0.55
REOPEN_SECONDS = 2.0


@dataclass(frozen=True)
class Opened:
    """One shop as configured: ``shop`` without what it sells, its channel, its files of products and events as read,
    who takes its payments, its CRM, and who may use its API."""

    shop: Shop
    channel: Channel
    messages_per_second: float
    mark_read: bool
    digest: str
    products: Sequence[Product]
    providers: Sequence[Provider] = ()
    events_digest: str = ""
    events: Sequence[TicketEvent] = ()
    crm: Served | None = None
    owner: OwnerConfig = field(default_factory=OwnerConfig)


@dataclass(frozen=True)
class Settings:
    """What a process needs beside its shops. Sizes in bytes, times in seconds."""

    host: str
    port: int
    public_url: str = ""
    trusted_proxies: tuple[str, ...] = LOOPBACK
    connections: int = 2_048
    in_process: int = 32
    body_limit: int = 3 * 1024 * 1024
    body_seconds: float = 10.0
    hold_seconds: float = 10.0
    grace_seconds: float = 20.0
    outbox: OutboxSettings = field(default_factory=OutboxSettings)


class Process:
    """``run`` serves until ``stop``."""

    def __init__(
        self,
        settings: Settings,
        opened: Sequence[Opened],
        open_store: Callable[[], AbstractAsyncContextManager[Store]],
        connect: Callable[[], AbstractAsyncContextManager[Http]],
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._opened = opened
        self.open_store = open_store
        self._connect = connect
        self._clock = clock
        self.engine = Engine(clock.now)
        self._stopping = trio.Event()
        self.stopped = trio.Event()
        self._providers = [provider for one in opened for provider in one.providers]
        channels = {one.shop.name: one.channel for one in opened}
        languages = {one.shop.name: one.shop.languages[0] for one in opened}
        self._outage = Outage(self.engine, channels, languages, connect, clock)
        self.web = Web(
            [one.channel for one in opened],
            self.engine,
            bodies=Bodies(settings.body_limit, settings.body_seconds),
            limits=WebLimits(settings.in_process, settings.hold_seconds),
            mark_read=frozenset(one.shop.name for one in opened if one.mark_read),
            providers=self._providers,
            owners={one.shop.name: one.owner for one in opened},
            trusted_proxies=settings.trusted_proxies,
        )
        self.server = Server(
            self.web,
            settings.host,
            settings.port,
            connections=settings.connections,
            grace=settings.grace_seconds * WEB_SHARE,
        )

    @property
    def stopping(self) -> bool:
        """Whether a stop has begun; ``stopped`` is set when it is done."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Begin a graceful stop."""
        self._stopping.set()

    async def run(self, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until ``stop``; reports the bound port once the store is open and webhooks are taken.

        Raises, in a group, ConfigError (address in use), StoreLocked, StoreFailed when the store can't be opened at the
        start, and TooManyRestarts when the process must be started afresh.
        """
        try:
            await self._run_all(task_status)
        finally:
            self.stopped.set()

    async def _run_all(self, task_status: trio.TaskStatus[int]) -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(self._keep_running)
            port = await nursery.start(self.server.run)
            log.info("serving", extra={"port": port, "shops": len(self._opened)})
            task_status.started(port)
            await self._stopping.wait()
            log.info("stopping")
            self.server.stop()

    # -- the engine, again and again -------------------------------------------------------------------------------
    async def _keep_running(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run the engine from disk; after a failure of the store, run it again, until stopped."""
        started = False

        def up() -> None:
            nonlocal started
            self._outage.engine_up()
            if not started:
                started = True
                task_status.started()

        while not self._stopping.is_set():
            try:
                async with self.open_store() as store:
                    running = await self.engine_over(store)
                    await self._run_engine(running, up)
            except StoreFailed as error:
                if not started:
                    raise
                log.error("store_failed", exc_info=error)
            except BaseExceptionGroup as group:
                failed, rest = group.split(StoreFailed)
                if failed is None or rest is not None or not started:
                    raise
                log.error("store_failed", exc_info=failed)
            if not self._stopping.is_set():
                self._outage.engine_down()
                await self._outage.apologise()
                with trio.move_on_after(REOPEN_SECONDS):
                    await self._stopping.wait()
        if not started:  # stopped before it began
            task_status.started()

    async def engine_over(self, store: Store) -> Running:
        """The running part over an open store, catalogues imported; not yet running."""
        shops: dict[str, Shop] = {}
        for one in self._opened:
            await store.import_catalogue(one.shop.name, one.digest, one.products)
            if one.events:
                await store.import_events(one.shop.name, one.events_digest, one.events)
            await tell_of_cancelled(store, one.shop.name, self._clock.now())
            shops[one.shop.name] = stocked(
                one.shop, await store.products(one.shop.name), await store.events(one.shop.name)
            )
        channels: Mapping[str, Channel] = {one.shop.name: one.channel for one in self._opened}
        paces = {one.shop.name: one.messages_per_second for one in self._opened}
        papers = PaperDesk(store, shops, self._settings.public_url, await store.key(STORE_KEY), self._clock)
        return Running(
            *(store, shops, channels, paces, self._connect, self._clock, self._settings.outbox),
            providers=self._providers,
            papers=papers,
            url=self._settings.public_url,
            crms=[one.crm for one in self._opened if one.crm is not None],
        )

    async def _run_engine(self, running: Running, up: Callable[[], None]) -> None:
        """Until stopped. ``up`` is called when webhooks can be taken, and not before: a provider that posts at once
        must not be sent away."""
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(running.run)
                self.engine.running = running
                up()
                await self._stopping.wait()
                with trio.move_on_after(self._settings.grace_seconds * WEB_SHARE):  # requests under way still commit
                    await self.server.stopped.wait()
                with trio.move_on_after(self._settings.grace_seconds * DRAIN_SHARE):
                    await running.outbox.drain()
                nursery.cancel_scope.cancel()
        finally:
            self.engine.running = None


def stocked(shop: Shop, products: Sequence[Product], events: Sequence[TicketEvent]) -> Shop:
    """The shop with the catalogue and the programme that its store holds."""
    return replace(shop, catalogue=Catalogue(tuple(products)), programme=Programme(tuple(events)))
