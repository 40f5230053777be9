"""Diagrams of flows, drawn from the arrows themselves so that they can't drift from what runs.

``python3 run.py diagram`` prints one; ``python3 run.py diagram --write`` rewrites engine/flows/README.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.flow import AnyFlowEvent, Flow, FlowEvent, State, tag_of

WRITE_COMMAND = "python3 run.py diagram --write"
ANY_STATE = "any state"


def mermaid(flow: Flow) -> str:
    """The flow as a Mermaid state diagram; arrows that hold in any state start from one box of that name."""
    lines = ["stateDiagram-v2", f"    [*] --> {state_name(type(flow.initial))}"]
    if any(arrow.frm is State for arrow in flow.arrows):
        lines.append(f'    state "{ANY_STATE}" as any_state')
    for frm, to, labels in edges(flow):
        frm, to = ("any_state" if name == ANY_STATE else name for name in (frm, to))
        # A colon or a quotation mark ends a Mermaid label early.
        label = ", ".join(labels).replace('"', "").replace(":", " ").replace(";", " ")
        lines.append(f"    {frm} --> {to}: {label}")
    return "\n".join(lines) + "\n"


def text(flow: Flow) -> str:
    """The flow as lines that a terminal can show: ``state --event, event--> state``."""
    rows = [f"{frm} --{', '.join(labels)}--> {to}" for frm, to, labels in edges(flow)]
    return "\n".join((f"{flow.name}, from {state_name(type(flow.initial))}", *rows)) + "\n"


def edges(flow: Flow) -> list[tuple[str, str, list[str]]]:
    """(from, to, labels), one for each pair of states, in the order of the states and then of the arrows."""
    found: dict[tuple[str, str], list[str]] = {}
    order = {state: at for at, state in enumerate((*flow.states, State))}
    for arrow in sorted(flow.arrows, key=lambda one: order[one.frm]):
        for target in sorted(arrow.to, key=lambda to: order[to]):
            stays = target is State
            labels = found.setdefault((_called(arrow.frm), _called(arrow.frm if stays else target)), [])
            if (label := event_label(arrow.event)) not in labels:
                labels.append(label)
    return [(frm, to, labels) for (frm, to), labels in found.items()]


def readme(flows: Iterable[Flow]) -> str:
    """The whole of engine/flows/README.md."""
    parts = [
        "# Flows",
        "One file a kind of shop. A flow is a set of states and the arrows between them; all that holds in every "
        "flow (global words, choices, silence, handing over to a person) is `engine/conversation.py`.",
        "To add a flow: write `engine/flows/<name>.py` with a `FLOW`, and its conversations in `tests/cases/<name>/`. "
        f"This page is printed from the code by `{WRITE_COMMAND}`; a test compares the two.",
    ]
    for flow in flows:
        parts += [f"## {flow.name}", f"```mermaid\n{mermaid(flow)}```", f"```text\n{text(flow)}```"]
    return "\n\n".join(parts) + "\n"


def state_name(state: type[State]) -> str:
    """AwaitingOrder → awaiting_order."""
    return _snake(tag_of(state))


def event_label(event: type[AnyFlowEvent]) -> str:
    """What the diagram writes on an arrow."""
    label = event.label if issubclass(event, FlowEvent) else ""
    return label or _snake(event.__name__).replace("_", " ")


def _called(state: type[State]) -> str:
    return ANY_STATE if state is State else state_name(state)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
