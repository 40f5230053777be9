"""The shop that is tortured: a bakery on Meta's Cloud API, composed as ``run.py serve`` does, its store given."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from adapters.app.compose import WallClock, connections
from adapters.app.process import Opened, Process, Settings
from adapters.channels.whatsapp_cloud import WhatsAppCloudSettings, build
from adapters.http import LaneHttp, shared_tls
from adapters.kinds import Site
from adapters.phones.meta.rules import FakeNumber, Rules
from adapters.settings import Secret
from engine.catalogue import Catalogue, Product
from engine.outbox import OutboxSettings
from engine.ports import Http, Store
from engine.shop import Shop

SHOP = "bakery"
PATH = "/api/whatsappwebhook"
TOKEN = "a-token-for-torture-only"
APP_SECRET = "an-app-secret-for-torture-only"

NUMBER = FakeNumber(
    phone_number_id="200000000000077",
    display_phone_number="254700000977",
    title="Test Bakery",
    waba_id="100000000000077",
    access_token=TOKEN,
    app_secret=APP_SECRET,
    name=SHOP,
)

RULES = Rules(retry_first=0.05, retry_most=0.2, status_wait=0.02)
"""Meta in a hurry: what failed comes again at once, statuses too, so that a lost answer is known by its status long
before ``UNKNOWN_AFTER`` sends it once more."""

UNKNOWN_AFTER = 3_000
"""ms. Far longer than a status takes to come back here, as the default (60 s) is for Meta."""

PRODUCTS = (
    Product("cookie", "Chocolate Chip Cookie", 5_000, stock=1_000_000),
    Product("oat", "Oatmeal Raisin", 4_500, stock=1_000_000),
    Product("brownie", "Brownie", 8_000, stock=1_000_000),
    Product("velvet", "Red Velvet Cake", 65_000, stock=1_000_000),
    Product("custom", "Custom Cake", 120_000, track_stock=False),
)
"""Enough of everything: what is tortured here is the machine, not the baker."""


def shop() -> Shop:
    return Shop(
        name=SHOP,
        title=NUMBER.title,
        flow="counter",
        currency="INR",
        locale="en_IN",
        timezone="Asia/Kolkata",
        catalogue=Catalogue(PRODUCTS),
    )


def compose(
    open_store: Callable[[], AbstractAsyncContextManager[Store]],
    provider: str,
    *,
    port: int = 0,
    unknown_after: int = UNKNOWN_AFTER,
    lanes: int = 16,
    deadline: float | None = None,
    hold_seconds: float = 10.0,
    grace_seconds: float = 10.0,
    mark_read: bool = True,
) -> Process:
    """A serving process on loopback. ``deadline``: seconds that one call to the provider may take, if not the usual."""
    settings = WhatsAppCloudSettings(
        path=PATH,
        phone_number_id=NUMBER.phone_number_id,
        access_token=Secret(TOKEN),
        app_secret=Secret(APP_SECRET),
        verify_token=Secret("verify"),
        base_url=provider,
        messages_per_second=1_000,
        mark_read=mark_read,
    )
    opened = Opened(
        shop(),
        build(Site(SHOP), settings),
        messages_per_second=1_000,
        mark_read=mark_read,
        digest="1",
        products=PRODUCTS,
    )
    return Process(
        Settings(
            "127.0.0.1",
            port,
            hold_seconds=hold_seconds,
            grace_seconds=grace_seconds,
            outbox=OutboxSettings(lanes=lanes, unknown_after=unknown_after),
        ),
        [opened],
        open_store,
        connections() if deadline is None else hasty(deadline),
        WallClock(),
    )


def hasty(deadline: float) -> Callable[[], AbstractAsyncContextManager[Http]]:
    """Sender lanes that give a call up early."""
    tls = shared_tls()
    return lambda: LaneHttp(tls, deadline=deadline)
