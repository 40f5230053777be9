"""The sample shops of flows.md: what each flow's cases are played in.

A flow that needs more than its sample catalogue adds one entry to SHOPS.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from engine import programme, table, terms_tables
from engine.catalogue import Catalogue, Product, read_csv
from engine.messages import Limits
from engine.payments import Way
from engine.shop import Shop
from engine.terms import Terms
from engine.tickets import Programme

SAMPLES = Path(__file__).parents[2] / "engine/flows/samples"
BAKERY_CSV = SAMPLES / "bakery.csv"
WHOLESALE_CSV = SAMPLES / "wholesale.csv"
TICKETING_CSV = SAMPLES / "ticketing.csv"
OPENED = 1_760_771_096_000
"""When the file of events was read: 2025-10-18 12:34:56 in Kolkata, a Saturday."""


def bakery(limits: Limits | None = None, languages: tuple[str, ...] = ("en",)) -> Shop:
    """The sample bakery of flows.md §1."""
    return shop_with(_products(BAKERY_CSV, "INR"), limits, languages)


def shop_with(products: list[Product], limits: Limits | None = None, languages: tuple[str, ...] = ("en",)) -> Shop:
    """The bakery with these products."""
    return Shop(
        name="bakery",
        title="Sunrise Bakery",
        flow="counter",
        currency="INR",
        locale="en_IN",
        timezone="Asia/Kolkata",
        catalogue=Catalogue(tuple(products)),
        limits=limits or Limits(),
        languages=languages,
    )


def _products(path: Path, currency: str) -> list[Product]:
    products, faults = read_csv(path.read_bytes(), currency)
    assert not faults
    return products


def coffee(languages: tuple[str, ...] = ("en",)) -> Shop:
    """The shop of flows.md §4, with two offers."""
    sheet, build = terms_tables.PROMOTIONS, terms_tables.promotions("KES", "Africa/Nairobi")
    promotions, faults = table.read_csv((SAMPLES / "micro_sales-promotions.csv").read_bytes(), sheet, build)
    assert not faults
    return Shop(
        name="coffee",
        title="Kahawa Direct",
        flow="micro_sales",
        currency="KES",
        locale="en_KE",
        timezone="Africa/Nairobi",
        catalogue=Catalogue(tuple(_products(SAMPLES / "micro_sales.csv", "KES"))),
        languages=languages,
        terms=Terms(ways=(Way.MPESA, Way.CARD), promotions=tuple(promotions)),
    )


def dealer() -> Shop:
    """The building-materials dealer of flows.md §3, who takes bank transfers and money on delivery."""
    return Shop(
        name="dealer",
        title="Rao Building Materials",
        flow="wholesale",
        currency="INR",
        locale="en_IN",
        timezone="Asia/Kolkata",
        catalogue=Catalogue(tuple(_products(WHOLESALE_CSV, "INR"))),
        terms=Terms(
            ways=(Way.BANK, Way.CASH),
            bank="Rao Building Materials, HDFC 50100012345678",
            price_lists={"builders": {"cement-opc-43": 35_000, "cement-opc-53": 38_000}},
            crm=True,
        ),
    )


def burgers(limits: Limits | None = None) -> Shop:
    """The burger shop of flows.md §2, which takes cards, bank transfers and money at the door."""
    return Shop(
        name="burgers",
        title="Lagos Burgers",
        flow="cart",
        currency="NGN",
        locale="en_NG",
        timezone="Africa/Lagos",
        catalogue=Catalogue(tuple(_products(SAMPLES / "cart.csv", "NGN"))),
        limits=limits or Limits(),
        terms=Terms(
            tax_rate="7.5",
            tax_included=False,
            ways=(Way.CARD, Way.BANK, Way.CASH),
            bank="Lagos Burgers, GTBank 0123456789",
        ),
    )


def box_office() -> Shop:
    """The ticket shop of flows.md §5 and its five events, the first on 21 October 2025; one pays by card."""
    events, faults = programme.read_csv(TICKETING_CSV.read_bytes(), "INR", OPENED)
    assert not faults
    return Shop(
        name="tickets",
        title="Showtime Tickets",
        flow="ticketing",
        currency="INR",
        locale="en_IN",
        timezone="Asia/Kolkata",
        catalogue=Catalogue(()),
        terms=Terms(ways=(Way.CARD,)),
        programme=Programme(tuple(events)),
    )


SHOPS: dict[str, Callable[[], Shop]] = {
    "cart": burgers,
    "counter": bakery,
    "micro_sales": coffee,
    "ticketing": box_office,
    "wholesale": dealer,
}
"""Flow → the shop that its cases are played in."""


def shop_of(flow: str) -> Shop:
    """That of SHOPS, else the bakery run by this flow, with the flow's sample catalogue where there is one."""
    if flow in SHOPS:
        return SHOPS[flow]()
    sample = SAMPLES / f"{flow}.csv"
    plain = shop_with(_products(sample, "INR")) if sample.is_file() else bakery()
    return msgspec.structs.replace(plain, flow=flow)
