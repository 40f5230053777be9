"""Every flow's conversations, and the rule that a flow without them, or an arrow that none of them takes, is red."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine import flows
from engine.flow import AnyFlowEvent, Arrow, Flow, State
from tests.engine.cases import Case, cases_of, run
from tests.engine.shops import shop_of
from tests.engine.world import World


def all_cases() -> Iterator[tuple[str, Case]]:
    for name in flows.names():
        for case in cases_of(name):
            yield name, case


def world_of(flow: str) -> World:
    """The sample shop that this flow runs."""
    return World(shop_of(flow))


@pytest.mark.parametrize(("flow", "case"), [pytest.param(f, c, id=f"{f}: {c.title}") for f, c in all_cases()])
def test_conversation(flow: str, case: Case) -> None:
    run(case, world_of(flow))


@pytest.mark.parametrize("flow", flows.names())
def test_every_arrow_of_a_flow_is_taken_by_one_of_its_cases(flow: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: set[tuple[str, str]] = set()
    find = Flow.arrow_for

    def spy(self: Flow, state: type[State], event: type[AnyFlowEvent]) -> Arrow | None:
        arrow = find(self, state, event)
        if arrow is not None:
            taken.add((arrow.frm.__name__, arrow.event.__name__))
        return arrow

    monkeypatch.setattr(Flow, "arrow_for", spy)
    for case in cases_of(flow):
        run(case, world_of(flow))
    declared = {(arrow.frm.__name__, arrow.event.__name__) for arrow in flows.flow_named(flow).arrows}
    assert declared - taken == set()


def test_no_two_cases_of_a_flow_have_one_title() -> None:
    for flow in flows.names():
        titles = [case.title for case in cases_of(flow)]
        assert len(set(titles)) == len(titles)
