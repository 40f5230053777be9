"""The desk takes whatever its people type, in every language and on every channel; and nobody else ever sees it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import commands
from engine.commands import Command, Verb
from engine.crew import Crew
from engine.messages import Limits
from engine.offers import Offer
from tests.engine.shops import bakery, box_office, burgers, coffee, dealer
from tests.engine.world import World, within

OWNER = "919800000002"
CREW = Crew(owners=(OWNER,))
PLAIN = Limits(buttons=0, rows=0)
WORDS = st.sampled_from(
    [
        *("today", "orders", "order 1", "start 1", "done 1", "cancel 1", "paid 1", "paid 1 bank", "yes", "no", "more"),
        *("stock", "stock 20", "stock cake", "stock cookie 5", "price cookie 12.5", "price", "price x x", "take 1"),
        *("take 919800000001", "give back 919800000001", "shop", "desk", "help", "1", "2", "99", "order BKG-AAAAAA"),
        *("pause campaign", "resume", "pause campaign x"),
    ]
)
SAID = st.lists(WORDS | st.text(max_size=40), min_size=1, max_size=8)
SHOPS = [bakery, burgers, coffee, dealer, box_office]


@pytest.mark.parametrize("language", ["en", "sw", "hi", "ur"])
@settings(deadline=None)
@given(said=SAID, which=st.sampled_from(SHOPS), limits=st.sampled_from([Limits(), PLAIN]))
def test_whatever_is_typed_at_the_desk_is_answered_within_the_channels_limits(
    language: str, said: list[str], which: object, limits: Limits
) -> None:
    assert callable(which)
    world = World(replace(which(), crew=CREW, languages=(language, "en"), limits=limits))
    world.say("hi")
    world.as_customer("owner")
    for text in said:
        world.say(text)
        assert world.said, "the desk always answers"
        for message in world.said:
            within(message, limits)
        world.deliver_posted()
        world.invariants()


@settings(deadline=None)
@given(said=SAID)
def test_customers_are_answered_as_if_there_were_no_desk(said: list[str]) -> None:
    with_desk, without = World(replace(bakery(), crew=CREW)), World(bakery())
    for text in said:
        with_desk.say(text)
        without.say(text)
        assert with_desk.said == without.said


@given(
    verb=st.sampled_from(list(Verb)),
    what=st.from_regex(r"[A-Z]{2}[0-9]{6,14}", fullmatch=True),
    way=st.sampled_from(["", "cash", "bank"]),
    confirmed=st.booleans(),
)
def test_an_option_reads_back_as_the_command_that_it_is(verb: Verb, what: str, way: str, confirmed: bool) -> None:
    wanted = Command(verb, "" if verb in commands.ALONE else what, way if verb is Verb.PAID else "", confirmed)
    assert commands.chosen(commands.value_of(wanted, confirmed=confirmed)) == wanted


def test_a_place_counts_only_in_a_list_of_orders() -> None:
    assert commands.read("done 1", Offer(1, ())) == Command(Verb.DONE, "1")
    assert commands.read("done 1") == Command(Verb.DONE, "1")


@pytest.mark.parametrize("said", ["help me", "ordering", "stocking", "todays", "", "   ", "paidup"])
def test_what_only_begins_like_a_command_is_none(said: str) -> None:
    assert commands.read(said) is None
