"""Free-text orders of a dealer's customers: a list of goods, questions about doubtful lines, the read-back, one order.

The contract is flows.md §3. What is said stands in engine.listing, what becomes of a line in engine.bulk and
engine.doubts, what is shown in engine.readback, the order in engine.dealing, its invoice and reminders in engine.dues.
Prices are those of the customer's own list, so nearly every turn reads their card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from engine import bulk, dealing, delivery, doubts, dues, listing, matcher, paying, readback, text
from engine import cart as carts
from engine.bulk import Taken
from engine.cart import Cart
from engine.delivery import Told
from engine.doubts import Doubt
from engine.effects import Say
from engine.events import CartSent, ChargeAnswered, DeskDecided, PaymentFailed, PaymentSettled, TimerFired
from engine.facts import (
    AnyNeed,
    Availability,
    ConflictKind,
    Facts,
    IntentsFor,
    InvoiceOf,
    OrderNumbered,
    OwnCard,
    OwnOrders,
)
from engine.flow import (
    AnyFlowEvent,
    Cancelled,
    Chosen,
    Expired,
    Flow,
    FlowEvent,
    Guide,
    OrderEnded,
    Started,
    State,
    Step,
)
from engine.listing import (
    Changed,
    Confirmed,
    Dropped,
    LeftOut,
    LinesSet,
    Listed,
    PayAsked,
    ProductsAsked,
    Removed,
    Thanked,
)
from engine.messages import Purpose
from engine.ordering import Done, MoreAsked
from engine.phrases import phrase, say
from engine.shop import Shop
from engine.shopping import joined, news, price


# -- states --------------------------------------------------------------------------------------------------------
class Greeting(State, frozen=True):
    """Nothing is on the order. ``seen``: how many products were shown. ``cart`` is only filled when an older
    conversation could not be read whole."""

    seen: int = 0
    cart: Cart = Cart()


class Matching(State, frozen=True):
    """Lines are being cleared up: the first of ``doubts`` is the open question; without any the order is changed by
    hand."""

    cart: Cart
    doubts: tuple[Doubt, ...] = ()
    name: str = ""
    seen: int = 0


class ReadBack(State, frozen=True):
    """The whole order was read back; its cart's prices are the ones that "1" agrees to."""

    cart: Cart
    name: str = ""


class AwaitingName(State, frozen=True):
    """An unknown shop has confirmed and is asked what it is called."""

    cart: Cart


class Ordered(State, frozen=True):
    """``total`` is minor units."""

    number: str
    total: int


Next = Matching | ReadBack | Greeting
"""Where lines lead: the next question, the read-back when there is none, the beginning when there are no lines."""


def cart_in(state: State) -> Cart:
    """The order so far, wherever the customer stands."""
    cart = getattr(state, "cart", None)
    return cart if isinstance(cart, Cart) else Cart()


def name_in(state: State) -> str:
    """What an unknown shop said it is called, wherever it stands."""
    return state.name if isinstance(state, Matching | ReadBack) else ""


FLOW = Flow(
    "wholesale",
    version=1,
    states=(Greeting, Matching, ReadBack, AwaitingName, Ordered),
    initial=Greeting(),
    resting=(Ordered,),
    needs=(Availability(), OwnCard()),
    choices=listing.CHOICES,
    order_form=r"WS[0-9]{14}(?:-[0-9A-F]{4})?",
    order_example="WS20251018123456",
)


# -- what typed text means -----------------------------------------------------------------------------------------
@FLOW.reader
def read_list(state: Greeting, said: str) -> FlowEvent | None:
    return listing.read_list(said)


@FLOW.reader
def read_line(state: Matching, said: str) -> FlowEvent | None:
    return listing.read(said, asked=bool(state.doubts))


@FLOW.reader
def read_answer(state: ReadBack, said: str) -> FlowEvent | None:
    return listing.read_answer(said)


@FLOW.reader
def read_name(state: AwaitingName, said: str) -> FlowEvent | None:
    return Told(said)


@FLOW.reader
def read_afterwards(state: Ordered, said: str) -> FlowEvent | None:
    return listing.read_afterwards(said)


@FLOW.wanting
def wanting(state: State, event: AnyFlowEvent) -> tuple[AnyNeed, ...]:
    """The order that an event is about."""
    match event:
        case TimerFired(kind) if number := dues.order_of(kind):
            return OrderNumbered(number), InvoiceOf(number), IntentsFor(number)
        case Chosen() | PayAsked() if isinstance(state, Ordered):
            return OrderNumbered(state.number), IntentsFor(state.number)
        case PayAsked():
            return (OwnOrders(),)
        case _:
            return paying.news_needs(event)


# -- arrows --------------------------------------------------------------------------------------------------------
@FLOW.arrow
def greet(state: State, event: Started, shop: Shop, facts: Facts) -> Step[Greeting | Matching]:
    """The welcome. An order that was begun is kept and shown."""
    hello = readback.greeting(facts.customer, shop, facts)
    cart, changes = carts.revise(cart_in(state), shop, facts)
    said = [hello, *news(changes, shop, facts)]
    if cart.lines:
        return Step(Matching(cart, name=name_in(state)), (readback.changing(said, cart, shop, facts),))
    how = joined(*said, readback.how(shop, facts), say(facts.language, "Say *products* to see what we have."))
    return Step(Greeting(), (Say(how),))


@FLOW.arrow
def cancel(state: State, event: Cancelled, shop: Shop, facts: Facts) -> Step[Greeting]:
    if isinstance(state, Ordered):
        said = phrase("Nothing was open. Your order *{number}* stands; to cancel it, say *cancel {number}*.")
        return Step(Greeting(), (Say(say(facts.language, said, number=state.number)),))
    return Step(Greeting(), (readback.dropped(facts),))


@FLOW.arrow
def expire(state: State, event: Expired, shop: Shop, facts: Facts) -> Step[Greeting]:
    """Nothing is held before an order is placed, so there is nothing to release."""
    return Step(Greeting())


@FLOW.arrow
def listed(state: Greeting | Ordered, event: Listed, shop: Shop, facts: Facts) -> Step[Next]:
    """A list of wanted goods: what is clear goes on the order, what is doubtful is asked."""
    cart = cart_in(state)
    taken = bulk.take(cart, matcher.match(event.said, shop.catalogue), False, shop, facts)
    return _next(taken, (), "", shop, facts, before=cart)


@FLOW.arrow
def more_listed(state: Matching | ReadBack, event: Listed, shop: Shop, facts: Facts) -> Step[Next]:
    """The answer to the open question; else further goods, or another quantity for those that are on the order."""
    waiting = state.doubts if isinstance(state, Matching) else ()
    if waiting and (answer := bulk.answered(state.cart, waiting[0], event.said, shop, facts)) is not None:
        return _next(answer, waiting[1:], state.name, shop, facts)
    found = matcher.match(event.said, shop.catalogue)
    taken = bulk.take(state.cart, found, not (event.adds or waiting), shop, facts)
    return _next(taken, waiting, state.name, shop, facts, before=state.cart)


@FLOW.arrow
def native_cart(state: State, event: CartSent, shop: Shop, facts: Facts) -> Step[Next]:
    """The provider's own cart becomes the order, at our prices, under our limits."""
    return _next(bulk.from_native(event.items, shop, facts), (), name_in(state), shop, facts)


@FLOW.arrow
def choose(state: Matching, event: Chosen, shop: Shop, facts: Facts) -> Step[Next]:
    """Which product the line means, or how many of it."""
    if not state.doubts:
        return _next(Taken(state.cart), (), state.name, shop, facts)
    doubt, *rest = state.doubts
    return _next(bulk.chosen(state.cart, doubt, event.value, shop, facts), rest, state.name, shop, facts)


@FLOW.arrow
def change_lines(state: Matching | ReadBack, event: LinesSet | Removed, shop: Shop, facts: Facts) -> Step[Next]:
    if isinstance(event, LinesSet):
        taken = bulk.set_lines(state.cart, event.pairs, shop, facts)
    else:
        taken = bulk.remove(state.cart, event.what, shop, facts)
    waiting = state.doubts if isinstance(state, Matching) else ()
    return _next(taken, waiting, state.name, shop, facts, before=state.cart)


@FLOW.arrow
def go_on(state: Matching, event: LeftOut | Done, shop: Shop, facts: Facts) -> Step[Next]:
    """Without the line that is asked about; or read it back, when no question is open."""
    return _next(Taken(state.cart), state.doubts[isinstance(event, LeftOut) :], state.name, shop, facts)


@FLOW.arrow
def show_products(
    state: Greeting | Ordered, event: ProductsAsked | MoreAsked, shop: Shop, facts: Facts
) -> Step[Greeting]:
    seen = state.seen if isinstance(state, Greeting) and isinstance(event, MoreAsked) else 0
    said, seen = readback.products(seen, shop, facts)
    return Step(Greeting(seen), (Say(said),))


@FLOW.arrow
def show_products_meanwhile(
    state: Matching | ReadBack, event: ProductsAsked | MoreAsked, shop: Shop, facts: Facts
) -> Step[Matching]:
    """The order is kept; the open question stays open."""
    before = state if isinstance(state, Matching) else Matching(state.cart, name=state.name)
    said, seen = readback.products(before.seen if isinstance(event, MoreAsked) else 0, shop, facts)
    done = "" if before.doubts else say(facts.language, "Say *done* to go on with your order.")
    return Step(msgspec.structs.replace(before, seen=seen), (Say(joined(said, done)),))


@FLOW.arrow
def change(state: ReadBack, event: Changed, shop: Shop, facts: Facts) -> Step[Matching]:
    return Step(Matching(state.cart, name=state.name), (readback.changing([], state.cart, shop, facts),))


@FLOW.arrow
def drop(state: ReadBack, event: Dropped, shop: Shop, facts: Facts) -> Step[Greeting]:
    return Step(Greeting(), (readback.dropped(facts),))


@FLOW.arrow
def confirm(state: ReadBack, event: Confirmed, shop: Shop, facts: Facts) -> Step[Ordered | AwaitingName | Next]:
    """One order, one invoice, one commit. What changed meanwhile is read back and must be confirmed again."""
    refused = facts.conflict
    if refused is not None and refused.kind is ConflictKind.CART_ORDERED:
        said = say(facts.language, "This is ordered already: it is your order *{number}*.", number=refused.what)
        return Step(Ordered(refused.what, state.cart.total), (Say(said, Purpose.ORDER),))
    if carts.revise(state.cart, shop, facts)[1] or readback.refused(state.cart, shop, facts):
        return _next(Taken(state.cart), (), state.name, shop, facts)
    name = state.name or (facts.customer.name if facts.customer is not None else "")
    if not name:
        asked = say(facts.language, "Almost done! What is your business called? It goes on the invoice.")
        return Step(AwaitingName(state.cart), (Say(asked),))
    order, effects = dealing.placed(state.cart, name, shop, facts)
    return Step(Ordered(order.number, order.total), effects)


@FLOW.arrow
def name(state: AwaitingName, event: Told, shop: Shop, facts: Facts) -> Step[ReadBack | AwaitingName]:
    """The order was confirmed before; now it can be placed."""
    said = text.business_name(event.said)
    if isinstance(said, text.Refused):
        return Step(state, (delivery.refusal(said, listing.A_NAME[0], facts),), missed=True)
    return Step(ReadBack(state.cart, said), then=Confirmed())


@FLOW.arrow
def ended(state: Ordered, event: OrderEnded, shop: Shop, facts: Facts) -> Step[Ordered | Greeting]:
    return Step(Greeting() if event.number == state.number else state)


@FLOW.arrow
def thank(state: Ordered, event: Thanked | Confirmed, shop: Shop, facts: Facts) -> Step[Ordered]:
    """``1`` typed twice in impatience: the first result once more, as with the same tap twice."""
    placed = phrase("Your order *{number}* is placed already. Total: {total}.")
    said = placed if isinstance(event, Confirmed) else phrase("You're welcome! Send me a list whenever you need more.")
    return Step(state, (Say(say(facts.language, said, number=state.number, total=price(state.total, shop))),))


# -- money and reminders -------------------------------------------------------------------------------------------
@FLOW.arrow
def ask_way(state: Greeting | Ordered, event: PayAsked, shop: Shop, facts: Facts) -> Step[Greeting | Ordered]:
    number = state.number if isinstance(state, Ordered) else ""
    order, asked = dealing.pay_asked(number, shop, facts)
    return Step(state if order is None else Ordered(order.number, order.total), (asked,))


@FLOW.arrow
def pay(state: Ordered, event: Chosen, shop: Shop, facts: Facts) -> Step[Ordered]:
    return Step(state, dealing.way_chosen(state.number, event.value, shop, facts))


@FLOW.arrow
def paid(state: State, event: PaymentSettled | DeskDecided, shop: Shop, facts: Facts) -> Step[State]:
    received = paying.receive(event, shop, facts)
    return Step(state, (*received.effects, *paying.told(received, shop, facts)))


@FLOW.arrow
def unpaid(state: State, event: PaymentFailed, shop: Shop, facts: Facts) -> Step[State]:
    at_it = isinstance(state, Ordered) and facts.order(state.number) is not None
    return Step(state, dealing.failed(event, at_it, shop, facts))


@FLOW.arrow
def pay_here(state: State, event: ChargeAnswered, shop: Shop, facts: Facts) -> Step[State]:
    return Step(state, paying.link_said(event, shop, facts))


@FLOW.arrow
def remind(state: State, event: TimerFired, shop: Shop, facts: Facts) -> Step[State]:
    return Step(state, dues.remind(event.kind, shop, facts))


# -- what is expected ----------------------------------------------------------------------------------------------
GUIDES: dict[type[State], listing.Expected] = {
    Greeting: listing.A_LIST,
    Matching: listing.CHANGES,
    ReadBack: listing.AN_ANSWER,
    AwaitingName: listing.A_NAME,
    Ordered: listing.ANOTHER_LIST,
}
"""While a line is doubtful, see doubts.guide_for."""


@FLOW.guide
def guide(state: State, shop: Shop, facts: Facts) -> Guide:
    expected, example, lines = GUIDES[type(state)]
    if isinstance(state, Matching) and state.doubts:
        expected, example, lines = doubts.guide_for(state.doubts[0])
    known = {"number": state.number if isinstance(state, Ordered) else "", "example": readback.example(shop)}
    shown = [say(facts.language, line, **known) for line in (expected, example, *lines)]
    return Guide(shown[0], shown[1], tuple(shown[2:]))


# -- pieces of replies ---------------------------------------------------------------------------------------------
@FLOW.rescue
def rescue(fields: Mapping[str, Any]) -> State:
    return Greeting(cart=msgspec.convert(fields.get("cart", {}), Cart))


def _next(
    taken: Taken, waiting: Sequence[Doubt], name: str, shop: Shop, facts: Facts, *, before: Cart | None = None
) -> Step[Next]:
    """Ask about the next doubtful line; when there is none, read the order back. Where the customer said something
    that left the order as it was ``before`` and raised no question, they got no further."""
    missed = taken.cart is before and not taken.doubts
    open_doubts, gone = doubts.still_open((*taken.doubts, *waiting)[: matcher.LINES_AT_MOST], shop, facts)
    cart, changes = carts.revise(taken.cart, shop, facts)
    said = [*taken.said, *gone, *news(changes, shop, facts)]
    if open_doubts:
        has = cart.quantity(open_doubts[0].sku)
        asked = doubts.ask(open_doubts[0], said, len(open_doubts) - 1, has, shop, facts)
        return Step(Matching(cart, open_doubts, name), (asked,), missed=missed)
    if not cart.lines:
        return Step(Greeting(), (readback.nothing_yet(said, shop, facts),), missed=missed)
    refused = readback.refused(cart, shop, facts)
    if refused:
        shown = readback.changing([*said, refused], cart, shop, facts)
        return Step(Matching(cart, name=name), (shown,), missed=missed)
    return Step(ReadBack(cart, name), (readback.read_back(said, cart, bool(changes), shop, facts),), missed=missed)
