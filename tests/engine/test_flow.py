"""The flow machinery refuses a broken flow when it is imported, with a sentence that names what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from engine import diagram, flows
from engine.effects import Say
from engine.errors import ConfigError, FlowError
from engine.events import LocationSent
from engine.facts import Facts, OrderNumbered, OwnCard
from engine.flow import STEPS_PER_TURN, Cancelled, Chosen, Expired, Flow, FlowEvent, Guide, Started, State, Step
from engine.shop import Shop
from tests.engine.world import bakery


class Idle(State, frozen=True):
    kept: int = 0


class Busy(State, frozen=True):
    what: str = ""

    @classmethod
    def upgrade(cls, version: int, fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Version 1 called it "thing"; version 0 had nothing like it."""
        return {"what": fields["thing"]} if version == 1 else None


class Elsewhere(State, frozen=True):
    """Never declared by any flow here."""


class Went(FlowEvent, frozen=True):
    label: ClassVar[str] = '"go"'


class Came(FlowEvent, frozen=True):
    pass


FACTS = Facts(now=0, key="bakery/c1:1")


def new() -> Flow:
    return Flow("toy", version=2, states=(Idle, Busy), initial=Idle(), choices={"go": Went()})


def go(state: Idle, event: Went, shop: Shop, facts: Facts) -> Step[Busy]:
    return Step(Busy("going"), (Say("off"),))


def test_an_arrow_is_followed_by_its_state_and_event() -> None:
    flow = new()
    flow.arrow(go)
    assert flow.run(Idle(), Went(), bakery(), FACTS) == Step(Busy("going"), (Say("off"),))


def test_two_arrows_for_one_state_and_event_are_refused() -> None:
    flow = new()
    flow.arrow(go)
    with pytest.raises(FlowError, match=r"\(Idle, Went\) has the arrow 'go' already"):
        flow.arrow(go)


def test_an_arrow_to_an_undeclared_state_is_refused() -> None:
    def stray(state: Idle, event: Went, shop: Shop, facts: Facts) -> Step[Busy | Elsewhere]:
        return Step(Elsewhere())

    with pytest.raises(FlowError, match="'stray': it leads to Elsewhere, which is not declared"):
        new().arrow(stray)


def test_an_arrow_from_an_undeclared_state_is_refused() -> None:
    def stray(state: Elsewhere, event: Went, shop: Shop, facts: Facts) -> Step[Busy]:
        return Step(Busy())

    with pytest.raises(FlowError, match="'stray': it starts from Elsewhere"):
        new().arrow(stray)


def test_a_missing_annotation_is_refused() -> None:
    def bare(state: Idle, event, shop: Shop, facts: Facts) -> Step[Busy]:  # type: ignore[no-untyped-def]
        return Step(Busy())

    with pytest.raises(FlowError, match="'bare': it has no annotation for 'event'"):
        new().arrow(bare)


def test_an_arrow_must_return_a_step() -> None:
    def plain(state: Idle, event: Went, shop: Shop, facts: Facts) -> Busy:
        return Busy()

    with pytest.raises(FlowError, match="it must return Step"):
        new().arrow(plain)  # type: ignore[type-var]


def test_an_arrow_for_something_that_is_no_event_is_refused() -> None:
    def odd(state: Idle, event: int, shop: Shop, facts: Facts) -> Step[Busy]:
        return Step(Busy())

    with pytest.raises(FlowError, match="'odd': <class 'int'> is not an event"):
        new().arrow(odd)


def test_mypy_refuses_an_arrow_that_returns_another_state_than_it_declares() -> None:
    """The ignore below is checked by mypy itself: were it not needed, ``warn_unused_ignores`` would fail the types."""

    def wrong(state: Idle, event: Went, shop: Shop, facts: Facts) -> Step[Busy]:
        return Step(Idle())  # type: ignore[arg-type]

    flow = new()
    flow.arrow(wrong)
    with pytest.raises(FlowError, match="'wrong': it led to Idle undeclared"):
        flow.run(Idle(), Went(), bakery(), FACTS)


def test_an_arrow_from_a_particular_state_goes_before_one_from_any_state() -> None:
    flow = new()

    @flow.arrow
    def anywhere(state: State, event: Went, shop: Shop, facts: Facts) -> Step[Idle]:
        return Step(Idle())

    flow.arrow(go)
    assert flow.run(Idle(), Went(), bakery(), FACTS).state == Busy("going")
    assert flow.run(Busy(), Went(), bakery(), FACTS).state == Idle()


def test_an_arrow_from_any_state_may_stay_in_it() -> None:
    """Money that arrives, a reminder: said wherever the customer stands, and it moves them nowhere."""
    flow = new()

    @flow.arrow
    def heard(state: State, event: Went, shop: Shop, facts: Facts) -> Step[State]:
        return Step(state)

    for state in (Idle(3), Busy("on")):
        assert flow.run(state, Went(), bakery(), FACTS).state == state
    assert diagram.text(flow) == 'toy, from idle\nany state --"go"--> any state\n'
    assert "    any_state --> any_state: go\n" in diagram.mermaid(flow)

    @flow.arrow
    def busily(state: Busy, event: Came, shop: Shop, facts: Facts) -> Step[State]:
        return Step(state)

    assert "busy --came--> busy\n" in diagram.text(flow)


def test_an_arrow_that_says_it_stays_can_not_lead_elsewhere() -> None:
    flow = new()

    @flow.arrow
    def heard(state: State, event: Went, shop: Shop, facts: Facts) -> Step[State]:
        return Step(Busy())

    with pytest.raises(FlowError, match="'heard': it led to Busy undeclared"):
        flow.run(Idle(), Went(), bakery(), FACTS)


def test_a_state_may_be_called_what_no_class_can_be() -> None:
    class Nothing(State, frozen=True, tag="None"):
        kept: int = 0

    flow = Flow("toy", version=1, states=(Nothing,), initial=Nothing())
    assert diagram.state_name(Nothing) == "none"
    assert flow.restore(1, msgspec.to_builtins(Nothing(3))) == Nothing(3)


def test_a_flows_own_word_needs_an_arrow_in_every_state() -> None:
    flow = Flow("toy", version=1, states=(Idle,), initial=Idle(), own_words={"track": lambda rest: Went()})

    @flow.arrow
    def always(state: State, event: Started | Cancelled | Expired, shop: Shop, facts: Facts) -> Step[Idle]:
        return Step(Idle())

    with pytest.raises(FlowError, match="no arrow for Went in Idle"):
        flow.check()


def test_one_arrow_may_serve_several_states_and_events() -> None:
    flow = new()

    @flow.arrow
    def both(state: Idle | Busy, event: Went | Came, shop: Shop, facts: Facts) -> Step[Idle]:
        return Step(Idle(1))

    for state in (Idle(), Busy()):
        for event in (Went(), Came()):
            assert flow.run(state, event, bakery(), FACTS).state == Idle(1)


def test_steps_may_chain_and_their_effects_add_up() -> None:
    flow = new()

    @flow.arrow
    def on(state: Idle, event: Went, shop: Shop, facts: Facts) -> Step[Busy]:
        return Step(Busy(), (Say("one"),), then=Came())

    @flow.arrow
    def arrive(state: Busy, event: Came, shop: Shop, facts: Facts) -> Step[Idle]:
        return Step(Idle(1), (Say("two"),))

    assert flow.run(Idle(), Went(), bakery(), FACTS) == Step(Idle(1), (Say("one"), Say("two")))


def test_a_flow_that_goes_round_in_circles_is_stopped() -> None:
    flow = new()
    steps = []

    @flow.arrow
    def round_and_round(state: Idle, event: Went, shop: Shop, facts: Facts) -> Step[Idle]:
        steps.append(event)
        return Step(Idle(), then=Went())

    with pytest.raises(FlowError, match=f"more than {STEPS_PER_TURN} steps in one turn"):
        flow.run(Idle(), Went(), bakery(), FACTS)
    assert len(steps) == STEPS_PER_TURN


def test_an_event_without_an_arrow_is_the_flows_fault() -> None:
    with pytest.raises(FlowError, match="no arrow for Came in Idle"):
        new().run(Idle(), Came(), bakery(), FACTS)


def test_what_must_be_read_is_what_flow_arrow_and_event_want_each_once() -> None:
    flow = new()
    flow.arrow(needs=(OwnCard(),))(go)
    flow.wanting(lambda state, event: (OrderNumbered("A1"), OwnCard()) if isinstance(event, Went) else ())
    assert flow.needs_of(Idle(), Went()) == (OwnCard(), OrderNumbered("A1"))
    assert flow.needs_of(Idle(), Came()) == ()


def test_a_flow_answers_hello_cancel_and_silence_in_every_state() -> None:
    with pytest.raises(FlowError, match="no arrow for Started in Idle"):
        new().check()


def test_every_state_has_a_reader_and_a_guide() -> None:
    flow = new()

    @flow.arrow
    def always(state: State, event: Started | Cancelled | Expired, shop: Shop, facts: Facts) -> Step[Idle]:
        return Step(Idle())

    with pytest.raises(FlowError, match="Idle needs a reader and a guide"):
        flow.check()

    @flow.reader
    def read(state: State, said: str) -> FlowEvent | None:
        return None

    @flow.guide
    def guide(state: Idle | Busy, shop: Shop, facts: Facts) -> Guide:
        return Guide("say something", "go", ())

    flow.check()
    with pytest.raises(FlowError, match="'guide': Idle has one already: 'guide'"):
        flow.guide(guide)


def test_the_initial_state_is_one_of_the_states() -> None:
    with pytest.raises(FlowError, match="its initial state Elsewhere is not among its states"):
        Flow("toy", version=1, states=(Idle,), initial=Elsewhere())


def test_choices_mean_events_and_unknown_ones_are_passed_on() -> None:
    assert new().choose("go") == Went()
    assert new().choose("sku-7") == Chosen("sku-7")


RESTORED: list[tuple[str, int, object, State]] = [
    ("as it was stored", 2, {"type": "Busy", "what": "baking"}, Busy("baking")),
    ("upgraded from the version before", 1, {"type": "Busy", "thing": "baking"}, Busy("baking")),
    ("too old to be upgraded: restarted with what is kept", 0, {"type": "Busy", "kept": 3}, Idle(3)),
    ("of a newer version: restarted with what is kept", 3, {"type": "Busy", "kept": 3}, Idle(3)),
    ("of a state that no longer exists", 2, {"type": "Gone", "kept": 3}, Idle(3)),
    ("damaged", 2, {"type": "Busy", "what": 7, "kept": 3}, Idle(3)),
    ("damaged beyond rescue", 2, {"type": "Busy", "what": 7, "kept": "x"}, Idle()),
    ("not even fields", 2, [], Idle()),
]


@pytest.mark.parametrize(
    ("version", "fields", "state"), [pytest.param(v, fields, state, id=title) for title, v, fields, state in RESTORED]
)
def test_a_stored_state_is_restored(version: int, fields: object, state: State) -> None:
    flow = new()

    @flow.rescue
    def rescue(old: Mapping[str, Any]) -> State:
        return msgspec.convert({"type": "Idle", "kept": old.get("kept", 0)}, Idle)

    assert flow.restore(version, fields) == state


def test_flows_are_found_by_name_and_an_unknown_one_is_the_operators_fault() -> None:
    assert "counter" in flows.names()
    assert flows.flow_named("counter").name == "counter"
    with pytest.raises(ConfigError, match=r"there is no flow 'barber'; there are: .*counter"):
        flows.flow_named("barber")


def test_diagrams_show_the_arrows_with_their_labels() -> None:
    flow = new()
    flow.arrow(go)

    @flow.arrow
    def anywhere(state: State, event: LocationSent | Came, shop: Shop, facts: Facts) -> Step[Idle | Busy]:
        return Step(Idle())

    assert diagram.text(flow) == (
        "toy, from idle\n"
        'idle --"go"--> busy\n'
        "any state --location sent, came--> idle\n"
        "any state --location sent, came--> busy\n"
    )
    assert diagram.mermaid(flow) == (
        "stateDiagram-v2\n"
        "    [*] --> idle\n"
        '    state "any state" as any_state\n'
        "    idle --> busy: go\n"
        "    any_state --> idle: location sent, came\n"
        "    any_state --> busy: location sent, came\n"
    )


def test_the_page_of_diagrams_is_as_the_code_draws_it() -> None:
    page = Path(flows.__file__).with_name("README.md").read_text(encoding="utf-8")
    drawn = diagram.readme([flows.flow_named(name) for name in flows.names()])
    assert page == drawn, f"the flows have changed; run: {diagram.WRITE_COMMAND}"


def test_the_counters_diagram_is_the_one_of_the_contract() -> None:
    """flows.md §1, arrow by arrow."""
    edges = {(frm, to): set(labels) for frm, to, labels in diagram.edges(flows.flow_named("counter"))}
    assert edges["any state", "awaiting_order"] >= {'"hi"'}
    assert edges["any state", "initial"] >= {'"cancel"'}
    assert edges["awaiting_order", "awaiting_name"] == {'"done"'}
    assert edges["awaiting_order", "awaiting_order"] >= {'"1, 2"', '"cart"', '"remove 1"', '"clear"', '"done"'}
    assert ("awaiting_name", "awaiting_address") in edges
    assert ("awaiting_address", "awaiting_instructions") in edges
    assert ("awaiting_instructions", "awaiting_confirmation") in edges
    assert '"confirm"' in edges["awaiting_confirmation", "order_placed"]
    assert '"edit"' in edges["awaiting_confirmation", "awaiting_order"]
