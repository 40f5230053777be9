"""A flow made for tests: whatever a customer says, it wishes for something that no real shop would in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
import pytest

from engine import flows
from engine.address import MINUTE
from engine.effects import AnyEffect, Ask, ClearTimer, Option, ReleaseHold, Say, SetTimer, ShowImage
from engine.events import TimerFired
from engine.facts import Facts
from engine.flow import Cancelled, Chosen, Expired, Flow, FlowEvent, Guide, Started, State, Step
from engine.messages import AnyMessage, Buttons, ChoiceList
from engine.shop import Shop
from tests.engine.world import NOON, World, bakery


class Out(State, frozen=True):
    kept: str = ""


class In(State, frozen=True):
    chosen: str = ""
    thing: str = ""


class Said(FlowEvent, frozen=True):
    label: ClassVar[str] = "text"
    word: str


class Tracked(FlowEvent, frozen=True):
    number: str


class Dropped(FlowEvent, frozen=True):
    number: str


TOY = Flow(
    "toy",
    version=1,
    states=(Out, In),
    initial=Out(),
    order_form="TOY-[A-Z2-9]{3}",
    own_words={"track": Tracked, "cancel": Dropped},
    always=("*play* – it is a toy",),
)
MANY = tuple(Option(f"v{n}", f"Thing {n}", words=(f"t{n}",)) for n in range(1, 24))
WISHES: dict[str, tuple[AnyEffect, ...]] = {
    "list": (Ask("Which thing?", MANY),),
    "hidden": (Ask("Which?", (Option("a", "Apple"), Option("b", "Pear", hidden=True), Option("c", "Cherry"))),),
    "two": (Ask("One?", MANY[:1]), Ask("Two?", MANY[1:2])),
    "remind": (SetTimer("reminder", NOON + 5 * MINUTE), Say("I'll remind you.")),
    "forget": (ClearTimer("reminder"), Say("Forgotten.")),
    "steal": (SetTimer("session", NOON),),
    "picture": (ShowImage(link="https://x.test/a.png", caption="A"),),
    "languages": (Ask("Speak?", (Option("word:language", "Language"), Option("x", "Other"))),),
    "quiet": (),
    "long": (Ask("word " * 400, MANY[:2]),),
}


@TOY.reader
def read(state: State, said: str) -> FlowEvent | None:
    return Said(said) if said in WISHES else None


@TOY.guide
def guide(state: State, shop: Shop, facts: Facts) -> Guide:
    return Guide("please say *list*", "list", ("*list* – see things",))


@TOY.arrow
def start(state: State, event: Started, shop: Shop, facts: Facts) -> Step[In]:
    return Step(In(), (Say("In."),))


@TOY.arrow
def leave(state: State, event: Cancelled | Expired, shop: Shop, facts: Facts) -> Step[Out]:
    return Step(Out(), (ReleaseHold("hold-1"), ClearTimer("reminder"), Say("Out.")))


@TOY.arrow
def wish(state: State, event: Said, shop: Shop, facts: Facts) -> Step[In]:
    return Step(In(), WISHES[event.word])


@TOY.arrow
def choose(state: In, event: Chosen, shop: Shop, facts: Facts) -> Step[In]:
    return Step(In(event.value), (Say(f"Chose {event.value}."),))


@TOY.arrow
def remind(state: In, event: TimerFired, shop: Shop, facts: Facts) -> Step[In]:
    return Step(state, (Say("Remember?"),))


@TOY.arrow
def track(state: State, event: Tracked, shop: Shop, facts: Facts) -> Step[State]:
    return Step(state, (Say(f"Tracked {event.number}."),))


@TOY.arrow
def drop(state: State, event: Dropped, shop: Shop, facts: Facts) -> Step[State]:
    return Step(state, (Say(f"Dropped {event.number}."),))


@TOY.rescue
def rescue(fields: Mapping[str, Any]) -> State:
    return Out(str(fields.get("thing", "")))


def toy_world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Ann, who has said hello to the toy."""
    monkeypatch.setitem(flows._flows(), "toy", TOY)
    world = World(msgspec.structs.replace(bakery(), flow="toy"))
    world.say("hi")
    return world


def rows(message: AnyMessage) -> list[str]:
    assert isinstance(message, ChoiceList | Buttons)
    return [choice.title for choice in message.choices]


def chosen(world: World) -> str:
    state = world.conversation.state
    assert isinstance(state, In)
    return state.chosen
