"""What the ticket shop's conversations can't say: its diagram against the contract, numbers as typed, limits."""

from __future__ import annotations

import msgspec
import pytest

from engine import booking, diagram, flows, playbill, when
from engine.address import MINUTE
from engine.booking import BookingAsked, ListLeft, MineAsked
from engine.codes import LETTERS
from engine.flow import Flow
from engine.messages import Limits
from engine.playbill import MoreAsked, Numbered, Searched, SeatsWanted
from engine.tickets import BOOKING_FORM, Programme, booking_id
from tests.engine.shops import box_office
from tests.engine.world import World, within

FLOW: Flow = flows.flow_named("ticketing")


def test_the_diagram_is_the_one_of_the_contract() -> None:
    """flows.md §5, arrow by arrow."""
    edges = {(frm, to): set(labels) for frm, to, labels in diagram.edges(FLOW)}
    assert '"search mumbai"' in edges["none", "search"]
    assert '"1"' in edges["search", "event_selected"]
    assert '"more"' in edges["search", "search"]
    assert "quantity 1..10" in edges["event_selected", "qty"]
    assert "name" in edges["qty", "hold"]
    assert '"yes"' in edges["hold", "confirmed"]
    assert '"yes"' in edges["hold", "awaiting_payment"]
    assert "payment settled" in edges["any state", "confirmed"]
    assert {"payment failed", "hold ended", '"cancel"'} <= edges["any state", "none"]
    assert {'"BKG-XXXXXX"', '"my bookings"', "timer fired"} <= edges["any state", "any state"]
    assert "seats offered" in edges["any state", "qty"]


@pytest.mark.parametrize(
    "typed",
    ["BKG-7K3M9Q", "bkg-7k3m9q", "#bkg-7k3m9q", "BKG 7K3M9Q", "bkg7k3m9q", " Bkg-7k3m9q. ", "BKG–7K3M9Q", "BKG-७K3M9Q"],
)
def test_a_bookings_number_as_people_type_it(typed: str) -> None:
    assert booking.read_anywhere(typed) == BookingAsked("BKG-7K3M9Q")


@pytest.mark.parametrize("typed", ["BKG-7K3M9", "BKG-7K3M9QX", "BKG-0K3M9Q", "BKG-IK3M9Q", "bkg"])
def test_what_can_be_no_booking_is_known_before_anything_is_looked_up(typed: str) -> None:
    asked = booking.read_anywhere(typed)
    assert isinstance(asked, BookingAsked)
    assert not booking.is_number(asked.id)
    assert booking.needs(asked, None) == ()


@pytest.mark.parametrize("typed", ["Asha Rao", "my name is BKG", "search bkg", "", "book 2"])
def test_what_is_no_booking_at_all(typed: str) -> None:
    assert booking.read_anywhere(typed) is None


def test_ids_are_of_the_form_and_differ() -> None:
    made = {booking_id(f"tickets/c{n}:3:0") for n in range(2_000)}
    assert len(made) == 2_000
    assert all(booking.is_number(one) for one in made)
    assert not set("01ILO") & set(LETTERS)
    assert BOOKING_FORM.endswith("{6}")
    assert booking_id("a") == booking_id("a")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("my bookings", MineAsked()),
        ("My tickets!", MineAsked()),
        ("मेरी बुकिंग", MineAsked()),
        ("leave", ListLeft()),
        ("leave the waiting list", ListLeft()),
        ("jitoe", ListLeft()),
    ],
)
def test_words_about_ones_own_bookings(typed: str, meant: object) -> None:
    assert booking.read_anywhere(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2", SeatsWanted(2)),
        ("two", SeatsWanted(2)),
        ("x2", SeatsWanted(2)),
        ("2 seats", SeatsWanted(2)),
        ("tickets 2", SeatsWanted(2)),
        ("2 people", SeatsWanted(2)),
        ("٢", SeatsWanted(2)),
        ("२ टिकट", SeatsWanted(2)),
        ("viti 2", SeatsWanted(2)),
        ("-2", None),
        ("2.5", None),
        ("some", None),
        ("search goa", Searched("goa")),
        ("back", Searched()),
    ],
)
def test_a_quantity_as_people_type_it(typed: str, meant: object) -> None:
    assert playbill.read_seats(typed) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1", Numbered(1)),
        ("#3", Numbered(3)),
        ("more", MoreAsked()),
        ("zaidi", MoreAsked()),
        ("search", Searched()),
        ("search Mumbai tonight", Searched("mumbai tonight")),
        ("मुंबई खोजें", Searched("मुंबई")),
        ("Mumbai", Searched("Mumbai", bare=True)),
        ("12 march", Searched("12 march", bare=True)),
        ("🙂", None),
        ("track bkg-12", None),
    ],
)
def test_what_is_said_in_front_of_a_list(typed: str, meant: object) -> None:
    assert playbill.read_list(typed) == meant


def test_weekdays_and_months_are_each_languages_own() -> None:
    """Babel mixes up languages' names where they are not asked for as part of a date."""
    assert when.WEEKDAYS["शनिवार"] == when.WEEKDAYS["jumamosi"] == when.WEEKDAYS["saturday"] == 5
    assert when.WEEKDAYS["ہفتہ"] == 5
    assert when.MONTHS["मार्च"] == when.MONTHS["machi"] == when.MONTHS["march"] == 3


LONG = "Ein sehr langer Titel " * 6
TIGHT = Limits(buttons=0, rows=0, text=300, question=300, location_request=False)


@pytest.mark.parametrize("limits", [Limits(), TIGHT], ids=["buttons", "text only"])
def test_no_answer_is_longer_than_the_channel_takes(limits: Limits) -> None:
    shop = box_office()
    events = tuple(
        msgspec.structs.replace(one, title=LONG[:120], venue=LONG[:120], description=LONG * 7, price=10**11)
        for one in shop.programme.events
    )
    world = World(msgspec.structs.replace(shop, programme=Programme(events), limits=limits))
    for line in ("hi", "more", "4", "10", "ल" * 80, "yes", "no", "my bookings", "help", "search " + "x" * 900):
        world.say(line)
        world.invariants()
        assert world.said
        for message in world.said:
            within(message, limits)


def test_a_conversation_stays_small() -> None:
    shop = box_office()
    many = tuple(
        msgspec.structs.replace(shop.programme.events[0], id=f"an-event-with-a-long-name-{n:04}") for n in range(2_000)
    )
    world = World(msgspec.structs.replace(shop, programme=Programme(many)))
    for line in ("hi", *["more"] * 12, "search indie", "2", "4", "Asha", "yes"):
        world.say(line)
        assert len(msgspec.json.encode(world.conversation)) < 4_096


def test_a_snapshot_of_a_hold_wakes_as_it_was() -> None:
    world = World(box_office())
    for line in ("search food", "1", "2", "Asha"):
        world.say(line)
    before = world.conversation
    world.now += MINUTE
    assert world.conversation == before
    assert diagram.state_name(type(before.state)) == "hold"
