"""From a configuration to a Process: channels built, catalogues read, HTTP lanes and store chosen."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

from adapters import goods
from adapters.app.process import Opened, Process, Settings
from adapters.channels import kinds
from adapters.config import Config, ShopConfig
from adapters.crm import kinds as crm_kinds
from adapters.http import LaneHttp, shared_tls
from adapters.kinds import Site, wall_clock
from adapters.loading import load
from adapters.payments import kinds as provider_kinds
from adapters.pictures import Pictures
from adapters.terms import read_file, refuse, terms_of
from adapters.web.access import crew_of
from engine.address import MINUTE, Millis
from engine.catalogue import Catalogue, digest
from engine.crm_desk import Served
from engine.errors import ConfigError
from engine.flows import names
from engine.outbox import OutboxSettings
from engine.payments import ASK_NOBODY, Way
from engine.ports import Clock, Http, Provider, Refunder
from engine.shop import Shop
from engine.table import Picture
from storage import open_store


class WallClock:
    """The machine's clock."""

    def now(self) -> Millis:
        return wall_clock()


def connections() -> Callable[[], AbstractAsyncContextManager[Http]]:
    """Makes sender lanes' connections, which share one TLS context."""
    tls = shared_tls()
    return lambda: LaneHttp(tls)


def read_config(path: Path) -> Config:
    """The configuration in this file and the environment. Raises ConfigError."""
    settings = {name: kind.settings for name, kind in kinds().items()}
    providers = {name: kind.settings for name, kind in provider_kinds().items()}
    crms = {name: kind.settings for name, kind in crm_kinds().items()}
    return load(path, os.environ, settings, names(), providers, crms)


def compose(config: Config, clock: Clock | None = None) -> Process:
    """The process that a configuration describes. Raises ConfigError, naming every faulty row of a catalogue."""
    clock = clock or WallClock()
    server = config.server
    settings = Settings(
        host=server.host,
        port=server.port,
        public_url=server.public_url,
        trusted_proxies=server.trusted_proxies,
        connections=server.connections,
        in_process=server.in_process,
        body_limit=server.body_limit_kb * 1024,
        body_seconds=server.body_seconds,
        hold_seconds=server.hold_seconds,
        grace_seconds=server.grace_seconds,
        outbox=OutboxSettings(
            lanes=config.outbox.lanes,
            unknown_after=round(config.outbox.unknown_after_seconds * 1000),
            in_memory=config.outbox.in_memory,
        ),
    )
    opened = [open_shop(shop, clock, server.public_url, insecure=server.insecure) for shop in config.shops]
    return Process(settings, opened, partial(open_store, config.storage.url, clock), connections(), clock)


def open_shop(config: ShopConfig, clock: Clock, public_url: str, *, insecure: bool = False) -> Opened:
    """One configured shop with its channel, and its files of products and events read. Raises ConfigError."""
    url, now = public_url.rstrip("/"), clock.now()
    site = Site(config.name, url, insecure, config.channel.dev_mode, config.timezone, clock.now, config.currency)
    channel = kinds()[config.channel.kind].build(site, config.channel.settings)
    where = f"shop.{config.name}"
    providers = _providers(config, site)
    crm = _crm(config, site)
    data = read_file(config.catalogue, f"{where}.catalogue") if config.catalogue != Path() else b""
    products, faults = (
        goods.products(data, config.catalogue, config.currency, _beside(config.catalogue)) if data else ([], [])
    )
    refuse(f"{where}.catalogue: {config.catalogue}:", faults)
    listed = read_file(config.events, f"{where}.events") if config.events != Path() else b""
    events, faults = (
        goods.events(listed, config.events, config.currency, now, _beside(config.events)) if listed else ([], [])
    )
    refuse(f"{where}.events: {config.events}:", faults)
    shop = Shop(
        name=config.name,
        title=config.title,
        flow=config.flow,
        currency=config.currency,
        locale=config.locale,
        timezone=config.timezone,
        catalogue=Catalogue(tuple(products)),
        limits=channel.limits,
        languages=config.languages,
        session=config.session_minutes * MINUTE,
        handover=config.handover_minutes * MINUTE,
        handover_word=" ".join(config.handover_word.split()),
        terms=terms_of(config.terms, f"{where}.terms", config.currency, config.timezone, crm=crm is not None),
        refunders=frozenset(one.kind for one in providers if isinstance(one, Refunder)),
        crew=crew_of(config.owner),
    )
    return Opened(
        shop,
        channel,
        messages_per_second=float(getattr(config.channel.settings, "messages_per_second", 80)),
        mark_read=bool(getattr(config.channel.settings, "mark_read", False)),
        digest=digest(data),
        products=products,
        providers=providers,
        events_digest=goods.digest_of(events),
        events=events,
        crm=crm,
        owner=config.owner,
    )


def _beside(path: Path) -> Picture:
    """Pictures that lie beside a table; one that is gone by now is no reason to keep the shop closed."""
    return Pictures(path.parent, looked_at=False)


def _crm(config: ShopConfig, site: Site) -> Served | None:
    """The shop's books elsewhere."""
    if config.crm is None:
        return None
    crm = crm_kinds()[config.crm.kind].build(site, config.crm.settings)
    return Served(crm, config.crm.stock_minutes * MINUTE)


def _providers(config: ShopConfig, site: Site) -> tuple[Provider, ...]:
    """Who takes the shop's payments. ConfigError where a way that it offers is nobody's, or two providers'."""
    providers = tuple(provider_kinds()[one.kind].build(site, one.settings) for one in config.payments)
    taken = Counter(way.value for one in providers for way in one.ways)
    for way, times in taken.items():
        if times > 1:
            raise ConfigError(
                f"shop.{config.name}.payments: {way} is taken by {times} providers; leave it to one of them (offers)"
            )
    untaken = [way for way in config.terms.ways if way not in taken and Way(way) not in ASK_NOBODY]
    if untaken and config.terms.payments:
        raise ConfigError(
            f"shop.{config.name}.terms.ways: nobody takes {' and '.join(untaken)}; "
            "add a [shop.payments] table whose provider does, or leave it out"
        )
    return providers
