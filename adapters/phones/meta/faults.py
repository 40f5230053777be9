"""Faults on demand: what goes wrong, how often, and for whom it was counted.

Each fault strikes by ``rate`` (0 to 1, drawn from the fault's own seeded sequence, so that one fault's draws never
shift another's) or for the ``next`` N chances. A plan is changed at any time by ``POST /control/faults``:

    {"duplicate": {"rate": 0.1}, "delay": {"rate": 1, "ms": 500}, "throttle": {"next": 5}}   changes these three
    {"clear": true, "hang": {"next": 1}}                                                      no fault but this one

    fault             strikes           what happens
    duplicate         each webhook      the same webhook is posted a second time, at the same moment
    reorder           each message      the same phone's next message overtakes it, if one comes within REORDER_MS
    delay             each message      it is posted ``ms`` later
    batch             each message      ``count`` messages are gathered into one webhook (at most BATCH_WAIT)
    wrong_signature   each attempt      the webhook is signed with a wrong secret; the attempt after it is right again
    drop_status       each status       it is never posted
    throttle          each send         refused with 130429
    server_error      each send         refused with HTTP ``status`` (500 to 599)
    lost_answer       each send         accepted and carried out, then the connection is closed without an answer
    hang              each send         not carried out and never answered
    late_answer       each send         accepted, carried out, and answered ``ms`` later: statuses overtake the answer
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec.structs import replace

from engine.errors import BadInput

REORDER_MS = 1_000
DAY_MS = 86_400_000

Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]
Next = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Wait = Annotated[int, msgspec.Meta(ge=0, le=DAY_MS)]
Size = Annotated[int, msgspec.Meta(ge=1, le=1_000)]
HttpError = Annotated[int, msgspec.Meta(ge=500, le=599)]


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Strikes the ``next`` N times for certain, after that with probability ``rate``."""

    rate: Rate = 0.0
    next: Next = 0


class Delay(Fault, frozen=True, forbid_unknown_fields=True):
    ms: Wait = 1_000


class Batch(Fault, frozen=True, forbid_unknown_fields=True):
    count: Size = 10


class ServerError(Fault, frozen=True, forbid_unknown_fields=True):
    status: HttpError = 503


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The plan: every fault with its settings. All are off unless given."""

    duplicate: Fault = Fault()
    reorder: Fault = Fault()
    delay: Delay = Delay()
    batch: Batch = Batch()
    wrong_signature: Fault = Fault()
    drop_status: Fault = Fault()
    throttle: Fault = Fault()
    server_error: ServerError = ServerError()
    lost_answer: Fault = Fault()
    hang: Fault = Fault()
    late_answer: Delay = Delay()


Plan = TypeVar("Plan", bound=msgspec.Struct)
"""The faults of one fake: a struct of Faults like the one above."""


class Mischief(Generic[Plan]):
    """Decides when a fault strikes, and counts that it did."""

    def __init__(self, plan: Plan, seed: int) -> None:
        self._draws = {name: random.Random(f"{seed}/{name}") for name in plan.__struct_fields__}
        self.struck: Counter[str] = Counter()
        self.plan = plan

    @property
    def plan(self) -> Plan:
        """The plan as it stands: ``next`` counts down."""
        return self._plan

    @plan.setter
    def plan(self, plan: Plan) -> None:
        self._plan = plan
        self._on = frozenset(name for name in plan.__struct_fields__ if _active(getattr(plan, name)))

    def strikes(self, name: str) -> bool:
        """Whether the fault ``name`` strikes now; uses up one of its ``next``."""
        if name not in self._on:
            return False
        fault: Fault = getattr(self._plan, name)
        if fault.next:
            self.plan = replace(self._plan, **{name: replace(fault, next=fault.next - 1)})
        elif self._draws[name].random() >= fault.rate:
            return False
        self.struck[name] += 1
        return True


def _active(fault: Fault) -> bool:
    return fault.next > 0 or fault.rate > 0


def changed(plan: Plan, raw: bytes) -> Plan:
    """The plan after a control request. Raises BadInput with a sentence that names the faulty key."""
    try:
        wishes = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        if bytes(wishes.pop("clear", msgspec.Raw(b"false"))) == b"true":
            plan = type(plan)()
        for name, wish in wishes.items():
            if name not in plan.__struct_fields__:
                raise BadInput(f"there is no fault {name!r}; there are: clear, {', '.join(plan.__struct_fields__)}")
            plan = replace(plan, **{name: _fault(type(getattr(plan, name)), name, wish)})
    except msgspec.DecodeError as error:
        raise BadInput(f"expected a JSON object of faults, as in {{'hang': {{'next': 1}}}}: {error}") from None
    return plan


def _fault(kind: type[Fault], name: str, wish: msgspec.Raw) -> Fault:
    try:
        return msgspec.json.decode(wish, type=kind)
    except msgspec.DecodeError as error:
        raise BadInput(f"{name}: {error}; it has {', '.join(kind.__struct_fields__)}") from None
