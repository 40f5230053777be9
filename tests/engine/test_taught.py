"""Whatever a customer is taught in bold, in whatever language and state, is understood there when they type it."""

from __future__ import annotations

import re

import msgspec
import pytest

from engine import when
from engine.facts import Facts
from engine.flow import Guide
from engine.flows import flow_named
from engine.phrases import say
from engine.searching import tokens
from engine.words import command
from tests.engine.openings import OPENINGS, opened
from tests.engine.shops import shop_of
from tests.engine.world import World

LANGUAGES = ("en", "sw", "hi", "ur")
BOLD = re.compile(r"\*([^*\n]+)\*")
MARKS = re.compile("[\u200e\u200f\u2066-\u2069]")
PLACES = [(flow, state) for flow in sorted(OPENINGS) for state in OPENINGS[flow]]
ONLY_THERE = {"cart": "code", "ticketing": "join"}
"""A command that is taught for what is not so here: a code that there is, an event that is sold out."""


def standing(flow: str, state: str, language: str) -> World:
    """A customer in this state, in a shop that speaks only this language."""
    return opened(flow, state, msgspec.structs.replace(shop_of(flow), languages=(language,)))


def guide_of(world: World) -> Guide:
    c = world.conversation
    facts = Facts(now=world.now, key="c1:1", language=c.language)
    return flow_named(c.flow).guide_for(c.state, world.shop, facts)


def words_taught(guide: Guide) -> list[str]:
    found = [bold for line in (guide.expected, *guide.help) for bold in BOLD.findall(MARKS.sub("", line))]
    return list(dict.fromkeys([MARKS.sub("", guide.example), *found]))


def is_data(word: str, world: World) -> bool:
    """An order's number, or a day on which nothing may be on."""
    return word == getattr(world.conversation.state, "number", "") or bool(when.read(tokens(word))[0])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("flow", "state"), PLACES)
def test_what_is_taught_in_a_state_is_understood_there(flow: str, state: str, language: str) -> None:
    for word in words_taught(guide_of(standing(flow, state, language))):
        world = standing(flow, state, language)
        if not is_data(word, world) and command(word) != ONLY_THERE.get(flow):
            world.say(word)
            assert world.conversation.missed == 0, f"{word!r}: {world.text}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_days_that_a_search_is_taught_with_are_days(language: str) -> None:
    said = say(language, "*search* and a city, a title, a kind or a day, like *saturday* or *12 march*")
    first, *days = BOLD.findall(said)
    assert command(first) == "search"
    assert len(days) == 2
    assert [(bool(found), rest) for found, rest in (when.read(tokens(day)) for day in days)] == [(True, ())] * 2
