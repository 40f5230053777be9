"""What a flow is made of: states, events, and arrows between them whose signatures *are* the diagram.

    @FLOW.arrow
    def pick(state: Browsing, event: Picked, shop: Shop, facts: Facts) -> Step[HowMany | Browsing]: ...

A flow is a table in disguise: (state, event) → arrow. The registry reads the annotations when the module is imported,
so that an arrow to an undeclared state, two arrows for one (state, event) or a missing annotation stop the import with
a sentence that names the arrow; and mypy refuses an arrow that returns another state than it declares. Arrows from
``State`` itself hold in any state; one from a particular state goes before them. ``Step[State]`` means: stays there.

Beside its arrows a flow has, per state, a *reader* (what typed text means there: one of the flow's own events, or
None) and a *guide* (what is expected now). Everything that is the same in all flows is engine.conversation's business.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar, Union, get_args, get_origin, get_type_hints, overload

import msgspec

from engine.address import Address
from engine.effects import AnyEffect
from engine.errors import FlowError
from engine.events import Event
from engine.facts import AnyNeed, Facts
from engine.phrases import phrase, say
from engine.shop import Shop

STEPS_PER_TURN = 8
"""Arrows that one message may run through by ``then``. A flow that needs more goes round in circles."""

USUALLY = (
    phrase("*menu* – start again, your cart is kept"),
    phrase("*my orders* or *track* and an order number"),
)
"""What can be said in every state of a flow with a cart and orders, a line each."""


class State(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The root of every flow's states. A state holds exactly what is known there. As an annotation: any state.

    Where a state's name can't be that of a class (``none``), its struct tag is: ``class Nothing(…, tag="None")``.
    """

    @classmethod
    def upgrade(cls, version: int, fields: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The fields of this state from those that flow version ``version`` stored; None when they can't be told."""
        return None


class FlowEvent(msgspec.Struct, frozen=True):
    """The root of what a flow's readers make of text and choices. Named in the past tense.

    ``label`` is how diagrams show it: the words in quotation marks, or a name; "" means the class's own name.
    """

    label: ClassVar[str] = ""


class Chosen(FlowEvent, frozen=True):
    """An Option was chosen, by tap, number or words, whose value has no event of its own."""

    label: ClassVar[str] = "choice"
    value: str


class Started(FlowEvent, frozen=True):
    """``hi``, ``menu``, ``start``: from the start, with the cart kept."""

    label: ClassVar[str] = '"hi"'


class Cancelled(FlowEvent, frozen=True):
    """``cancel``: clear everything, release what is held, say so."""

    label: ClassVar[str] = '"cancel"'


class Expired(FlowEvent, frozen=True):
    """The customer was silent for the shop's session time: as ``cancel``, but nothing is said now."""

    label: ClassVar[str] = "silence"


class OrderEnded(FlowEvent, frozen=True):
    """An order of this customer's was cancelled in this turn, by them or by the shop, and they hear so already. A flow
    with an arrow for it leaves the state that stands at that order; nothing more than ``needs`` is read for it."""

    label: ClassVar[str] = "order cancelled"
    number: str


AnyFlowEvent = Event | FlowEvent
EVERYWHERE: tuple[type[FlowEvent], ...] = (Started, Cancelled, Expired)
"""What every flow must answer in any state."""

S_co = TypeVar("S_co", bound=State, covariant=True)
A = TypeVar("A", bound=Callable[..., "Step[Any]"])
R = TypeVar("R", bound=Callable[..., AnyFlowEvent | None])
G = TypeVar("G", bound=Callable[..., "Guide"])
W = TypeVar("W", bound=Callable[..., tuple[AnyNeed, ...]])
K = TypeVar("K", bound=Callable[[Mapping[str, Any]], State])


class Step(msgspec.Struct, Generic[S_co], frozen=True):
    """What one arrow did: the next state and its wishes.

    ``then``: an event to go on with at once. ``missed``: the customer got no further (a refused name, an unknown
    number); several in a row and a human is offered.
    """

    state: S_co
    effects: tuple[AnyEffect, ...] = ()
    then: AnyFlowEvent | None = None
    missed: bool = False


class Guide(msgspec.Struct, frozen=True):
    """What a state expects: a sentence, an example to copy, and everything that can be said, a line each."""

    expected: str
    example: str
    help: tuple[str, ...]


class Hint(msgspec.Struct, frozen=True):
    """A Guide before it is said: its phrases."""

    expected: str
    example: str
    help: tuple[str, ...]

    def guide(self, language: str) -> Guide:
        """In this language."""
        help_lines = tuple([say(language, line) for line in self.help])
        return Guide(say(language, self.expected), say(language, self.example), help_lines)


class Arrow(msgspec.Struct, frozen=True):
    """One entry of the table. ``frm`` may be State itself: any state; ``to`` too: the kind of state that it was."""

    name: str
    frm: type[State]
    event: type[AnyFlowEvent]
    to: tuple[type[State], ...]
    run: Callable[..., Step[Any]]
    needs: tuple[AnyNeed, ...] = ()


class Flow:
    """One kind of shop. ``version`` grows with every change of its states' fields.

    ``initial``: where every conversation begins and where ``cancel`` leads. ``resting``: states that hold nothing a
    customer could lose, so that leaving them in silence is no news. ``needs``: what every arrow may look at, on top of
    its own needs. ``choices``: what the value of a chosen Option means; other values come as Chosen.
    ``order_form``: how its order numbers look, checked before anything is looked up. ``own_words``: global words about
    orders ("my orders", "track", "cancel" with a number) that this flow answers itself, each with what makes its event
    of that which followed the word, "" when nothing did. ``always``: lines of ``help`` that hold in every state.
    """

    def __init__(
        self,
        name: str,
        *,
        version: int,
        states: Sequence[type[State]],
        initial: State,
        resting: tuple[type[State], ...] = (),
        needs: tuple[AnyNeed, ...] = (),
        choices: Mapping[str, FlowEvent] | None = None,
        order_form: str = r"[A-Z]{2,4}-?[A-Z0-9]{4,24}",
        order_example: str = "",
        own_words: Mapping[str, Callable[[str], FlowEvent]] | None = None,
        always: tuple[str, ...] = USUALLY,
    ) -> None:
        self.name = name
        self.version = version
        self.states = tuple(states)
        self.initial = initial
        self.resting = (type(initial), *resting)
        self.needs = needs
        self.choices = dict(choices or {})
        self.order_form = re.compile(order_form)
        self.order_example = order_example
        self.own_words = dict(own_words or {})
        self.always = always
        self.arrows: list[Arrow] = []
        self._table: dict[tuple[type[State], type[AnyFlowEvent]], Arrow] = {}
        self._readers: dict[type[State], Callable[..., AnyFlowEvent | None]] = {}
        self._guides: dict[type[State], Callable[..., Guide]] = {}
        self._rescue: Callable[[Mapping[str, Any]], State] | None = None
        self._wanting: Callable[..., tuple[AnyNeed, ...]] = _nothing_more
        if type(initial) not in self.states:
            raise FlowError(f"flow {name!r}: its initial state {_called(type(initial))} is not among its states")

    # -- building it, at import ------------------------------------------------------------------------------------
    @overload
    def arrow(self, function: A) -> A: ...
    @overload
    def arrow(self, *, needs: tuple[AnyNeed, ...]) -> Callable[[A], A]: ...
    def arrow(self, function: A | None = None, *, needs: tuple[AnyNeed, ...] = ()) -> A | Callable[[A], A]:
        """Register an arrow by its annotations. FlowError says what is wrong with which."""

        def register(arrow: A) -> A:
            hints = self._hints(arrow, ("state", "event", "return"))
            targets = self._targets(arrow, hints["return"])
            for frm in self._sources(arrow, hints["state"]):
                for event in _members(hints["event"]):
                    self._add(Arrow(arrow.__name__, frm, event, targets, arrow, needs))
            return arrow

        return register if function is None else register(function)

    def reader(self, function: R) -> R:
        """Register ``(state, text) -> event | None`` for the states that it is annotated with."""
        self._per_state(self._readers, function)
        return function

    def guide(self, function: G) -> G:
        """Register ``(state, shop, facts) -> Guide`` for the states that it is annotated with."""
        self._per_state(self._guides, function)
        return function

    def rescue(self, function: K) -> K:
        """Register how to restart with what is worth keeping (the cart) from fields that nobody can read whole."""
        self._rescue = function
        return function

    def wanting(self, function: W) -> W:
        """Register ``(state, event) -> needs``: what a turn must read that depends on what the event or state says (an
        order's number), on top of the needs of flow and arrow."""
        self._wanting = function
        return function

    def check(self) -> None:
        """FlowError when something every flow must have is missing."""
        for event in (*EVERYWHERE, *(type(own("")) for own in self.own_words.values())):
            for state in self.states:
                if self.arrow_for(state, event) is None:
                    raise FlowError(f"flow {self.name!r}: no arrow for {_called(event)} in {_called(state)}")
        for state in self.states:
            if state not in self._guides or state not in self._readers:
                raise FlowError(f"flow {self.name!r}: {_called(state)} needs a reader and a guide")

    def _add(self, arrow: Arrow) -> None:
        key = (arrow.frm, arrow.event)
        if not issubclass(arrow.event, Event | FlowEvent):
            raise FlowError(f"{self._where(arrow.run)}: {arrow.event!r} is not an event")
        if key in self._table:
            raise FlowError(
                f"{self._where(arrow.run)}: ({_called(arrow.frm)}, {_called(arrow.event)}) "
                f"has the arrow {self._table[key].name!r} already"
            )
        self._table[key] = arrow
        self.arrows.append(arrow)

    def _targets(self, arrow: Callable[..., Any], annotation: Any) -> tuple[type[State], ...]:
        if get_origin(annotation) is not Step:
            raise FlowError(f"{self._where(arrow)}: it must return Step[…], not {annotation!r}")
        targets = _members(get_args(annotation)[0])
        for target in targets:
            if target not in (*self.states, State):
                raise FlowError(f"{self._where(arrow)}: it leads to {_called(target)}, which is not declared")
        return targets

    def _sources(self, function: Callable[..., Any], annotation: Any) -> tuple[type[State], ...]:
        sources = _members(annotation)
        for source in sources:
            if source is not State and source not in self.states:
                raise FlowError(f"{self._where(function)}: it starts from {_called(source)}, which is not declared")
        return sources

    def _per_state(self, table: dict[type[State], Callable[..., Any]], function: Callable[..., Any]) -> None:
        for state in self._sources(function, self._hints(function, ("state",))["state"]):
            for one in self.states if state is State else (state,):
                if one in table and state is not State:
                    raise FlowError(f"{self._where(function)}: {_called(one)} has one already: {table[one].__name__!r}")
                table.setdefault(one, function)

    def _hints(self, function: Callable[..., Any], wanted: tuple[str, ...]) -> dict[str, Any]:
        try:
            hints = get_type_hints(function)
        except NameError as error:
            raise FlowError(f"{self._where(function)}: {error}") from None
        for name in wanted:
            if name not in hints:
                raise FlowError(f"{self._where(function)}: it has no annotation for {name!r}")
        return hints

    def _where(self, function: Callable[..., Any]) -> str:
        return f"flow {self.name!r}, {function.__name__!r}"

    # -- running it ------------------------------------------------------------------------------------------------
    def arrow_for(self, state: type[State], event: type[AnyFlowEvent]) -> Arrow | None:
        """The arrow of a particular state, else that of any state, else None."""
        return self._table.get((state, event)) or self._table.get((State, event))

    def needs_of(self, state: State, event: AnyFlowEvent) -> tuple[AnyNeed, ...]:
        """What must be read before this event is followed in this state; each need once."""
        arrow = self.arrow_for(type(state), type(event))
        own = arrow.needs if arrow is not None else ()
        more = self._wanting(state, event)
        return tuple(dict.fromkeys((*self.needs, *own, *more))) if own or more else self.needs

    def read(self, state: State, text: str) -> AnyFlowEvent | None:
        """What ``text`` means in this state; None when nothing."""
        return self._readers[type(state)](state, text)

    def choose(self, value: str) -> FlowEvent:
        """What choosing the Option with this value means."""
        return self.choices.get(value) or Chosen(value)

    def guide_for(self, state: State, shop: Shop, facts: Facts) -> Guide:
        """What is expected in this state."""
        return self._guides[type(state)](state, shop, facts)

    def run(self, state: State, event: AnyFlowEvent, shop: Shop, facts: Facts) -> Step[State]:
        """Follow the arrow for this event, and those that it chains to. FlowError when the flow breaks its contract."""
        effects: tuple[AnyEffect, ...] = ()
        following: AnyFlowEvent = event
        for _ in range(STEPS_PER_TURN):
            arrow = self.arrow_for(type(state), type(following))
            if arrow is None:
                raise FlowError(
                    f"flow {self.name!r}: no arrow for {_called(type(following))} in {_called(type(state))}"
                )
            step = arrow.run(state, following, shop, facts)
            if type(step.state) not in arrow.to and not (State in arrow.to and type(step.state) is type(state)):
                raise FlowError(f"{self._where(arrow.run)}: it led to {_called(type(step.state))} undeclared")
            effects, state = effects + step.effects, step.state
            if step.then is None:
                return Step(state, effects, missed=step.missed)
            following = step.then
        raise FlowError(f"flow {self.name!r}: more than {STEPS_PER_TURN} steps in one turn, the last {following!r}")

    # -- keeping it ------------------------------------------------------------------------------------------------
    def restore(self, version: int, fields: Any) -> State:
        """A stored state of any version: as it was, upgraded, or a restart with the cart kept."""
        if not isinstance(fields, dict):
            return self.initial
        for way in (self._as_stored, self._upgraded, self._rescued):
            try:
                state = way(version, fields)
            except msgspec.ValidationError:
                continue
            if state is not None:
                return state
        return self.initial

    def begun_with(self, state: State) -> State | None:
        """The beginning, with what is worth keeping of this state (the cart); None where the flow keeps nothing."""
        return self._rescue(msgspec.to_builtins(state)) if self._rescue is not None else None

    def _as_stored(self, version: int, fields: Mapping[str, Any]) -> State | None:
        named = self._named(fields)
        return msgspec.convert(fields, named) if named is not None and version == self.version else None

    def _upgraded(self, version: int, fields: Mapping[str, Any]) -> State | None:
        named = self._named(fields)
        upgraded = named.upgrade(version, fields) if named is not None and version < self.version else None
        return (
            None if named is None or upgraded is None else msgspec.convert({**upgraded, "type": tag_of(named)}, named)
        )

    def _rescued(self, version: int, fields: Mapping[str, Any]) -> State | None:
        return self._rescue(fields) if self._rescue is not None else None

    def _named(self, fields: Mapping[str, Any]) -> type[State] | None:
        return next((state for state in self.states if tag_of(state) == fields.get("type")), None)


def tag_of(state: type[State]) -> str:
    """What a state is called in snapshots."""
    return str(state.__struct_config__.tag)


def _nothing_more(state: State, event: AnyFlowEvent) -> tuple[AnyNeed, ...]:
    return ()


def _members(annotation: Any) -> tuple[Any, ...]:
    union = get_origin(annotation) in (Union, types.UnionType)
    return get_args(annotation) if union else (annotation,)


def _called(kind: Any) -> str:
    return getattr(kind, "__name__", repr(kind))


def customer_of(facts: Facts) -> str:
    """The customer's id, out of the key that every id of the turn is derived from."""
    return Address.parse(facts.key.rpartition(":")[0]).customer
