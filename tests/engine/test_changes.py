"""What an import would change: as data and as lines, and the same as what it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import catalogue_changes, programme_changes
from engine.address import HOUR, MINUTE
from engine.catalogue import Product
from engine.changes import Cell, Changed, Changes, Named, shown
from engine.tickets import EventStatus, TicketEvent
from storage.memory import MemoryStore
from tests.storage.values import NOW, FixedClock

COOKIE = Product("cookie", "Cookie", 5_000, stock=97)
CAKE = Product("cake", "Red Velvet Cake", 65_000, stock=6, category="Cakes")
TEA = Product("tea", "Tea", 1_000, track_stock=False)
HAD = [COOKIE, CAKE, TEA]

GIG = TicketEvent("gig", "Indie Night", "Mumbai", "Hall", NOW + 9 * HOUR, "Asia/Kolkata", 120, 79_900)
FEST = TicketEvent("fest", "Food Fest", "Mumbai", "Garden", NOW + 5 * HOUR, "Asia/Kolkata", 500)
OFF = EventStatus.CANCELLED


def of_products(after: Sequence[Product], before: Sequence[Product] = HAD) -> Changes:
    return catalogue_changes.compared(before, after, "INR", "en_IN")


def of_events(
    after: Sequence[TicketEvent], taken: Mapping[str, int] | None = None, before: Sequence[TicketEvent] = (GIG, FEST)
) -> Changes:
    return programme_changes.compared(before, after, taken or {}, NOW, "INR", "en_IN")


# -- products --------------------------------------------------------------------------------------------------------
def test_what_the_shop_has_already_changes_nothing() -> None:
    assert of_products(HAD) == Changes(unchanged=3)
    assert of_products(HAD).summary == "3 as before."
    assert list(of_products(HAD).lines) == []


def test_a_change_is_named_cell_by_cell_with_prices_as_money() -> None:
    dearer = replace(CAKE, price=70_000, description="For\neight", active=False)
    bun = Product("bun", "Bun", 2_000, stock=9)
    changes = of_products([COOKIE, dearer, bun])
    cells = (
        Cell("price", "₹650.00", "₹700.00"),
        Cell("description", "", "For\neight"),
        Cell("active", "yes", "no"),
    )
    assert changes == Changes(
        added=(Named("bun", "Bun"),),
        removed=(Named("tea", "Tea"),),
        changed=(Changed("cake", "Red Velvet Cake", cells),),
        unchanged=1,
    )
    assert changes.summary == "1 new, 1 changed, 1 not sold any more, 1 as before."
    assert list(changes.lines) == [
        "+ bun  Bun",
        "~ cake  Red Velvet Cake",
        "    price: ₹650.00 → ₹700.00",
        "    description: nothing → For eight",
        "    active: yes → no",
        "- tea  Tea",
    ]


def test_what_is_not_sold_any_more_is_said_once() -> None:
    gone = [COOKIE, CAKE, replace(TEA, active=False)]
    assert of_products([COOKIE, CAKE], before=gone) == Changes(unchanged=2)
    assert of_products(HAD, before=gone).changed[0].cells == (Cell("active", "no", "yes"),)


WARNED: list[tuple[str, list[Product], list[Product], str]] = [
    (
        "a point in the wrong place",
        [COOKIE],
        [replace(COOKIE, price=500)],
        "cookie: the price changes by more than half, from ₹50.00 to ₹5.00.",
    ),
    (
        "a price that is doubled",
        [COOKIE],
        [replace(COOKIE, price=10_000)],
        "cookie: the price changes by more than half, from ₹50.00 to ₹100.00.",
    ),
    (
        "the stock of what is known",
        [COOKIE, CAKE],
        [replace(COOKIE, stock=100), CAKE],
        "The file's stock is for new products; these keep what is on hand: cookie 97.",
    ),
    (
        "counted from now on, with nothing there",
        [COOKIE, TEA],
        [COOKIE, replace(TEA, track_stock=True, stock=50)],
        "From now on these are counted, and none is on hand, so they are sold out: tea.",
    ),
    (
        "two of one name",
        [COOKIE],
        [COOKIE, Product("c2", "COOKIE", 5_000), Product("c3", "Cookie", 5_000, active=False)],
        "These have one name, so customers can't tell them apart: cookie = c2.",
    ),
    (
        "another file than was meant",
        [COOKIE, CAKE, TEA],
        [COOKIE],
        "2 of the 3 products that are sold now are not in the file. Is it the right one?",
    ),
    (
        "another order",
        [COOKIE, CAKE, TEA],
        [CAKE, COOKIE, TEA],
        "The products stand in another order, so they have other numbers in the menu.",
    ),
    (
        "many at once",
        [replace(COOKIE, sku=f"c{n}", name=f"C{n}") for n in range(9)],
        [replace(COOKIE, sku=f"c{n}", name=f"C{n}", stock=1) for n in range(9)],
        "The file's stock is for new products; these keep what is on hand: "
        "c0 97, c1 97, c2 97, c3 97, c4 97 and 4 more.",
    ),
]


@pytest.mark.parametrize(("before", "after", "warning"), [pytest.param(b, a, w, id=title) for title, b, a, w in WARNED])
def test_what_is_a_mistake_more_often_than_not_is_warned_of(
    before: list[Product], after: list[Product], warning: str
) -> None:
    assert of_products(after, before).warnings == (warning,)


QUIET: list[tuple[str, list[Product], list[Product]]] = [
    ("half as much again", [COOKIE], [replace(COOKIE, price=7_500)]),
    ("what was free", [replace(COOKIE, price=0)], [COOKIE]),
    ("stock of what is not counted", [TEA], [replace(TEA, stock=5)]),
    ("a new one in the middle", [COOKIE, CAKE], [COOKIE, TEA, CAKE]),
    ("an order among those that are not sold", [COOKIE, replace(TEA, active=False)], [TEA, COOKIE]),
    ("the first file of all", [], HAD),
]


@pytest.mark.parametrize(("before", "after"), [pytest.param(b, a, id=title) for title, b, a in QUIET])
def test_what_happens_every_day_is_not_warned_of(before: list[Product], after: list[Product]) -> None:
    assert of_products(after, before).warnings == ()


# -- events ----------------------------------------------------------------------------------------------------------
def test_events_that_are_not_in_the_file_stay() -> None:
    later = replace(GIG, starts_at=GIG.starts_at + HOUR, price=80_000, title="Indie Nights")
    changes = of_events([later, replace(FEST, id="new", city="Pune")])
    assert changes.added == (Named("new", "Food Fest"),)
    assert changes.removed == ()
    (change,) = changes.changed
    assert [cell.column for cell in change.cells] == ["title", "starts_at", "price"]
    assert change.cells[2] == Cell("price", "₹799.00", "₹800.00")
    assert changes.warnings == ("These are not in the file and stay as they are: fest.",)


SOLD: list[tuple[str, TicketEvent, TicketEvent, str]] = [
    (
        "fewer seats than are taken",
        GIG,
        replace(GIG, capacity=50),
        "gig: it keeps its 120 seats, since 80 are taken and the file has 50.",
    ),
    (
        "called off",
        GIG,
        replace(GIG, status=OFF),
        "gig: it is called off; who has its 80 taken seats is told, and gets back what was paid.",
    ),
    (
        "called off, and taken back",
        replace(GIG, status=OFF),
        GIG,
        "gig: it was called off and stays so; plan a new event, with an id of its own.",
    ),
    (
        "at another time",
        GIG,
        replace(GIG, starts_at=GIG.starts_at + MINUTE),
        "gig: it starts at another time, and nobody tells those who have its 80 taken seats.",
    ),
    (
        "at a lower price",
        GIG,
        replace(GIG, price=100),
        "gig: the price changes by more than half, from ₹799.00 to ₹1.00.",
    ),
]


@pytest.mark.parametrize(("old", "new", "warning"), [pytest.param(o, n, w, id=title) for title, o, n, w in SOLD])
def test_what_is_sold_already_is_warned_of(old: TicketEvent, new: TicketEvent, warning: str) -> None:
    assert of_events([new], {"gig": 80}, before=[old]).warnings == (warning,)


def test_nobody_is_warned_of_seats_that_nobody_has() -> None:
    assert of_events([replace(GIG, capacity=50, starts_at=GIG.starts_at + MINUTE)], before=[GIG]).warnings == ()
    off = of_events([replace(GIG, status=OFF)], before=[GIG]).warnings
    assert off == ("gig: it is called off, which can't be undone.",)


def test_new_events_that_are_over_or_twice_there_are_warned_of() -> None:
    over = replace(GIG, id="old", starts_at=NOW)
    assert of_events([over], before=[]).warnings == ("These have begun already, so no seat of them can be sold: old.",)
    twin = replace(GIG, id="copy", title="INDIE night")
    assert of_events([GIG, twin], before=[]).warnings == ("These have one title, city and start: gig, copy.",)


def test_seats_are_asked_about_only_where_they_matter() -> None:
    after = [replace(GIG, capacity=121, title="New"), replace(FEST, capacity=499), replace(GIG, id="new", capacity=1)]
    assert programme_changes.in_question([GIG, FEST], after) == ["fest"]


# -- as it is done ---------------------------------------------------------------------------------------------------
skus = st.sampled_from(["a", "b", "c"])
products = st.lists(
    st.builds(
        Product, skus, skus, st.integers(0, 3), stock=st.integers(0, 3), active=st.booleans(), track_stock=st.booleans()
    ),
    max_size=3,
    unique_by=lambda one: one.sku,
)
events = st.lists(
    st.builds(
        TicketEvent,
        *(skus, skus, skus, skus, st.sampled_from([NOW, NOW + HOUR]), st.just("Asia/Kolkata"), st.integers(1, 3)),
        status=st.sampled_from(EventStatus),
    ),
    max_size=3,
    unique_by=lambda one: one.id,
)


@settings(max_examples=60, deadline=None)
@given(products, products)
def test_an_import_of_products_does_what_its_preview_says(before: list[Product], after: list[Product]) -> None:
    async def imported() -> None:
        store = MemoryStore(FixedClock())
        await store.import_catalogue("bakery", "1", before)
        await store.import_catalogue("bakery", "2", after)
        now = await store.products("bakery")
        preview, active = of_products(after, before), {one.sku for one in now if one.active}
        vanished = [one.sku for one in before if one.active and one.sku not in {new.sku for new in after}]
        assert [one.id for one in preview.removed] == vanished
        assert active.isdisjoint(vanished)
        done = of_products(now, before)
        assert done.added == preview.added
        assert [one for one in done.changed if one.id not in vanished] == list(preview.changed)

    trio.run(imported)


@settings(max_examples=60, deadline=None)
@given(events, events)
def test_an_import_of_events_does_what_its_preview_says(before: list[TicketEvent], after: list[TicketEvent]) -> None:
    async def imported() -> None:
        store = MemoryStore(FixedClock())
        await store.import_events("tickets", "1", before)
        await store.import_events("tickets", "2", after)
        preview, now = of_events(after, before=before), await store.events("tickets")
        assert of_events(now, before=before).changed == tuple(sorted_as(now, preview.changed))
        assert {one.id for one in preview.added} == {one.id for one in now} - {one.id for one in before}

    trio.run(imported)


def sorted_as(now: Sequence[TicketEvent], changed: Sequence[Changed]) -> list[Changed]:
    place = {one.id: number for number, one in enumerate(now)}
    return sorted(changed, key=lambda one: place[one.id])


# -- on a terminal ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "nothing"),
        ("two\n lines", "two lines"),
        ("\x9b31m red", r"\x9b31m red"),
        ("\u202eback", r"\u202eback"),
        ("می\u200cچای", "می\u200cچای"),
        ("x" * 61, "x" * 60 + "…"),
    ],
    ids=["nothing", "lines", "what a terminal obeys", "what turns a line round", "what belongs to Urdu", "long"],
)
def test_a_cell_on_a_terminal_is_one_harmless_line(text: str, line: str) -> None:
    assert shown(text) == line
