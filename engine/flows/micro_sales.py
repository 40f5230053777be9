"""One product at a time, by buttons, paid by M-Pesa or card before it is handed over (flows.md §4).

The order is placed when a way to pay is chosen, and holds its stock until the money is there. A payment that fails
leads back to the choice; the order waits for another try as long as its hold lasts. Money arrows start from any state:
it may come while the customer does something else, or after they have gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from engine import buying, payer, paying, prepaid, text
from engine import cart as carts
from engine.awaiting import OtherWayAsked, Retried, WayChosen
from engine.buying import Named, ProductsAsked, PromotionsAsked, QuantityTold, Singled
from engine.cart import Cart
from engine.delivery import KnownUsed, Skipped, Told
from engine.effects import AnyEffect, Say
from engine.events import (
    ChargeAnswered,
    DeskDecided,
    LocationSent,
    OrderRequested,
    PaymentFailed,
    PaymentSettled,
    TimerFired,
)
from engine.facts import AnyNeed, Availability, ConflictKind, Facts, IntentsFor, OrderNumbered, OwnCard
from engine.flow import AnyFlowEvent, Cancelled, Chosen, Expired, Flow, FlowEvent, Guide, Started, State, Step
from engine.payer import PhoneTold
from engine.payments import Way
from engine.phrases import say
from engine.prepaid import Wondered
from engine.shop import Shop
from engine.shopping import news


# -- states --------------------------------------------------------------------------------------------------------
class Greeting(State, frozen=True):
    """Looking around. ``cart`` is only filled when an older conversation could not be read whole."""

    greeted: bool = False
    cart: Cart = Cart()


class ProductSelected(State, frozen=True):
    """An item that comes in variants: which one? Any other product goes through here at once."""

    which: str


class QuantityInput(State, frozen=True):
    sku: str


class AddressInput(State, frozen=True):
    cart: Cart
    known_address: str = ""


class PaymentSelection(State, frozen=True):
    """The summary was shown; its price is the one that a way to pay agrees to. ``order`` once it is placed, and ``way``
    the one that failed. ``phone_wanted``: the number that pays was asked for."""

    cart: Cart
    address: str = ""
    order: str = ""
    way: str = ""
    phone_wanted: bool = False


class PaymentProcessing(State, frozen=True):
    """Asked to pay by ``intent``; its news decides."""

    cart: Cart
    order: str
    intent: str
    way: str
    address: str = ""


class Completed(State, frozen=True):
    order: str


Looking = Greeting | ProductSelected | Completed
"""Where any product may be chosen."""
Paying = PaymentSelection | PaymentProcessing
LOOKING = Greeting(greeted=True)


def order_in(state: State) -> str:
    """The order that this conversation is about, "" before there is one."""
    return state.order if isinstance(state, Paying | Completed) else ""


FLOW = Flow(
    "micro_sales",
    version=1,
    states=(
        *(Greeting, ProductSelected, QuantityInput, AddressInput),
        *(PaymentSelection, PaymentProcessing, Completed),
    ),
    initial=Greeting(),
    resting=(Completed,),
    needs=(Availability(),),
    choices={**buying.CHOICES, **prepaid.CHOICES},
    order_form=r"ORD-[0-9A-Z]{6,24}",
    order_example="ORD-7K2M9PQR",
)


@FLOW.wanting
def wanted(state: State, event: AnyFlowEvent) -> tuple[AnyNeed, ...]:
    """News of money say what they are about; whoever leaves or goes on paying needs their order."""
    if isinstance(event, TimerFired):
        return _order(prepaid.order_of_timer(event.kind))
    return (*paying.news_needs(event), *_order(order_in(state)))


def _order(number: str) -> tuple[AnyNeed, ...]:
    return (OrderNumbered(number), IntentsFor(number)) if number else ()


# -- what typed text means -----------------------------------------------------------------------------------------
@FLOW.reader
def read_looking(state: Looking, said: str) -> FlowEvent | None:
    return buying.read(said)


@FLOW.reader
def read_quantity(state: QuantityInput, said: str) -> FlowEvent | None:
    return QuantityTold(said)


@FLOW.reader
def read_address(state: AddressInput, said: str) -> FlowEvent | None:
    return buying.read_address(said)


@FLOW.reader
def read_way(state: PaymentSelection, said: str) -> FlowEvent | None:
    return prepaid.read_way(said, state.phone_wanted)


@FLOW.reader
def read_waiting(state: PaymentProcessing, said: str) -> FlowEvent | None:
    return prepaid.read_waiting(said)


# -- looking around ------------------------------------------------------------------------------------------------
@FLOW.arrow
def greet(state: State, event: Started, shop: Shop, facts: Facts) -> Step[Greeting]:
    hello = say(facts.language, "Welcome to {title}! 👋", title=shop.title)
    return Step(LOOKING, (buying.two_buttons(hello, facts),))


@FLOW.arrow
def view_products(state: Looking, event: ProductsAsked, shop: Shop, facts: Facts) -> Step[Greeting]:
    return Step(LOOKING, (buying.products([], shop, facts),))


@FLOW.arrow
def view_promotions(state: Looking, event: PromotionsAsked, shop: Shop, facts: Facts) -> Step[Greeting]:
    return Step(LOOKING, (buying.promotions(shop, facts),))


@FLOW.arrow
def name_product(state: Looking, event: Named, shop: Shop, facts: Facts) -> Step[Greeting]:
    """A typed name: one product that it must mean, or those that it may mean. A first word is a hello."""
    found = buying.meant(event.said, shop)
    if len(found) == 1:
        return Step(Greeting(), then=Chosen(found[0]))
    if found:
        return Step(LOOKING, (buying.which(found, shop, facts),))
    if isinstance(state, Greeting) and state.greeted:
        return Step(state, (buying.unknown(facts),), missed=True)
    return Step(Greeting(), then=Started())


@FLOW.arrow
def choose(
    state: Greeting | ProductSelected, event: Chosen, shop: Shop, facts: Facts
) -> Step[ProductSelected | Greeting]:
    """A product, an offer, or an item in variants. One that is not sold any more leads back to the greeting."""
    skus = buying.chosen(event.value, shop, facts)
    if not skus:
        return Step(LOOKING, (buying.products([buying.gone(facts)], shop, facts),))
    if len(skus) > 1:
        return Step(ProductSelected(event.value), (buying.which(skus, shop, facts),))
    return Step(ProductSelected(skus[0]), then=Singled())


@FLOW.arrow
def ask_quantity(state: ProductSelected, event: Singled, shop: Shop, facts: Facts) -> Step[QuantityInput | Greeting]:
    product = shop.catalogue.sold(state.which)
    if product is None:
        return Step(LOOKING, (buying.products([buying.gone(facts)], shop, facts),))
    if not buying.available(product, facts):
        return Step(LOOKING, (buying.products([buying.sold_out(product, facts)], shop, facts),))
    return Step(QuantityInput(product.sku), buying.ask_quantity(product, shop, facts))


# -- ordering ------------------------------------------------------------------------------------------------------
@FLOW.arrow(needs=(OwnCard(),))
def quantity(
    state: QuantityInput, event: QuantityTold, shop: Shop, facts: Facts
) -> Step[AddressInput | QuantityInput | Greeting]:
    product = shop.catalogue.sold(state.sku)
    if product is None:
        return Step(LOOKING, (buying.products([buying.gone(facts)], shop, facts),))
    cart, refused = buying.in_cart(product, event.said, shop, facts)
    if refused:
        return Step(state, (Say(refused),), missed=True)
    known = facts.customer.address if facts.customer is not None else ""
    return Step(AddressInput(cart, known), (buying.ask_address(known, facts),))


@FLOW.arrow
def address(
    state: AddressInput, event: Told | KnownUsed | Skipped | LocationSent, shop: Shop, facts: Facts
) -> Step[PaymentSelection | AddressInput | Greeting]:
    said = buying.address_in(event, state.known_address)
    if isinstance(said, text.Refused):
        return Step(state, (buying.refused_address(said, facts),), missed=True)
    return _summary(PaymentSelection(state.cart, said), shop, facts)


def _summary(state: PaymentSelection, shop: Shop, facts: Facts) -> Step[PaymentSelection | Greeting]:
    """What is about to be ordered, as it can be bought now."""
    cart, changes = carts.revise(state.cart, shop, facts)
    changed = news(changes, shop, facts)
    if not cart.lines:
        return Step(LOOKING, (buying.products(changed, shop, facts),))
    after = PaymentSelection(cart, state.address)
    return Step(after, (buying.summary(changed, cart, state.address, shop, facts),))


@FLOW.arrow(needs=(OwnCard(),))
def pay(
    state: PaymentSelection, event: WayChosen, shop: Shop, facts: Facts
) -> Step[PaymentProcessing | PaymentSelection | Greeting | Completed]:
    """Place the order, hold its stock and ask for the money, in one commit; or ask anew for an order that waits."""
    return _pay(state, event.way, shop, facts)


@FLOW.arrow(needs=(OwnCard(),))
def pay_from(
    state: PaymentSelection, event: PhoneTold, shop: Shop, facts: Facts
) -> Step[PaymentProcessing | PaymentSelection | Greeting | Completed]:
    """M-Pesa from this number: the one that was asked for, or another than the customer writes from."""
    number = payer.number_of(event.said)
    if not number:
        return _ask_phone(state, shop, facts, refused=True)
    return _pay(state, Way.MPESA, shop, payer.told(number, facts))


def _ask_phone(state: PaymentSelection, shop: Shop, facts: Facts, *, refused: bool = False) -> Step[PaymentSelection]:
    wanted = msgspec.structs.replace(state, phone_wanted=True)
    return Step(wanted, (payer.ask(paying.offered(shop, facts), facts, refused),), missed=refused)


def _pay(
    state: PaymentSelection, way: Way, shop: Shop, facts: Facts
) -> Step[PaymentProcessing | PaymentSelection | Greeting | Completed]:
    problem = buying.impossible(way, shop, facts)
    if problem:
        return Step(state, (buying.ask_way([problem], shop, facts),), missed=True)
    if paying.needs_phone(way, facts):
        return _ask_phone(state, shop, facts)
    if state.order:
        return _processing(state, prepaid.again(state.order, way, shop, facts))
    refused = facts.conflict
    if refused is not None and refused.kind is ConflictKind.CART_ORDERED:
        return Step(Completed(refused.what), (prepaid.ordered_already(refused.what, facts),))
    if carts.revise(state.cart, shop, facts)[1]:
        return _summary(state, shop, facts)
    return _processing(state, prepaid.placed(state.cart, state.address, way, shop, facts))


@FLOW.arrow(needs=(OwnCard(),))
def try_again(
    state: Paying, event: Retried, shop: Shop, facts: Facts
) -> Step[PaymentProcessing | PaymentSelection | Greeting]:
    if not state.way or not state.order:
        return Step(_selecting(state), (buying.ask_way([], shop, facts),))
    return _processing(_selecting(state), prepaid.again(state.order, Way(state.way), shop, facts))


@FLOW.arrow
def other_way(state: Paying, event: OtherWayAsked, shop: Shop, facts: Facts) -> Step[PaymentSelection]:
    return Step(_selecting(state), (buying.ask_way([], shop, facts),))


def _processing(state: PaymentSelection, asked: prepaid.AskedToPay) -> Step[PaymentProcessing | Greeting]:
    """Wait for the payment that was asked for; where the order can't be paid any more, back to the greeting."""
    if asked.intent is None:
        return Step(Greeting(), asked.effects)
    intent = asked.intent
    after = PaymentProcessing(state.cart, intent.order, intent.id, intent.way.value, state.address)
    return Step(after, asked.effects)


def _selecting(state: Paying) -> PaymentSelection:
    return PaymentSelection(state.cart, state.address, state.order, state.way)


@FLOW.arrow
def wonder(state: PaymentProcessing, event: Wondered, shop: Shop, facts: Facts) -> Step[PaymentProcessing]:
    return Step(state, (prepaid.patience(state.order, facts),))


# -- by the shop's API ---------------------------------------------------------------------------------------------
@FLOW.arrow(needs=(OwnCard(),))
def requested(state: State, event: OrderRequested, shop: Shop, facts: Facts) -> Step[PaymentSelection | State]:
    """An order by the API: placed and held, and the customer is asked how to pay, unless they are paying already."""
    order = prepaid.requested(event, shop, facts)
    if order is None:
        return Step(state)
    effects = prepaid.place(order, shop, facts)
    if isinstance(state, Paying):
        return Step(state, (*effects, prepaid.waits(order, shop, facts)))
    after = PaymentSelection(prepaid.cart_of(order), order.address, order.number)
    return Step(after, (*effects, *prepaid.ask_for_order(order, shop, facts)))


# -- money ---------------------------------------------------------------------------------------------------------
@FLOW.arrow
def link(state: State, event: ChargeAnswered, shop: Shop, facts: Facts) -> Step[State]:
    return Step(state, paying.link_said(event, shop, facts))


@FLOW.arrow
def settled(state: State, event: PaymentSettled | DeskDecided, shop: Shop, facts: Facts) -> Step[Completed | State]:
    """Money completes its order, wherever the customer stands; whoever waits for it, or for nothing, is done."""
    received = paying.receive(event, shop, facts)
    effects = (*received.effects, *prepaid.completed(received), *paying.told(received, shop, facts))
    paid = received.order.number if received.pays and received.order is not None else ""
    if paid and (order_in(state) == paid or isinstance(state, Greeting)):
        return Step(Completed(paid), effects)
    return Step(state, effects)


@FLOW.arrow
def failed(state: State, event: PaymentFailed, shop: Shop, facts: Facts) -> Step[PaymentSelection | State]:
    """The reason in plain words, and what can be done: the order keeps its stock for another try."""
    unpaid = paying.unpaid(event, shop, facts)
    if not unpaid.counts or unpaid.order is None or unpaid.intent is None:
        return Step(state)
    here = order_in(state) == unpaid.order.number
    if isinstance(state, PaymentProcessing) and here and state.intent != event.intent:
        return Step(state)  # news of an earlier try, while another one is under way
    effects: tuple[AnyEffect, ...] = (*unpaid.effects, *prepaid.failed(unpaid.order))
    if not (isinstance(state, Greeting | Completed) or (isinstance(state, PaymentProcessing) and here)):
        return Step(state, (*effects, prepaid.failed_aside(unpaid, facts)))
    cart = state.cart if isinstance(state, PaymentProcessing) else prepaid.cart_of(unpaid.order)
    after = PaymentSelection(cart, unpaid.order.address, unpaid.order.number, unpaid.intent.way.value)
    return Step(after, (*effects, prepaid.ask_retry(unpaid.said, facts)))


@FLOW.arrow
def overdue(state: State, event: TimerFired, shop: Shop, facts: Facts) -> Step[State | Greeting]:
    """A minute without news: said so. The end of the time to pay: the order is given up, and its stock is free."""
    here = order_in(state) == prepaid.order_of_timer(event.kind)
    effects = prepaid.overdue(event.kind, here and isinstance(state, PaymentProcessing), facts)
    ended = here and prepaid.is_end(event.kind) and bool(effects)
    return Step(Greeting(), effects) if ended else Step(state, effects)


# -- leaving -------------------------------------------------------------------------------------------------------
@FLOW.arrow
def cancel(state: State, event: Cancelled, shop: Shop, facts: Facts) -> Step[Greeting]:
    """Clear everything. An order that waits for its payment is cancelled with it, and its stock is free."""
    return Step(Greeting(), prepaid.cancelled(order_in(state), isinstance(state, Completed), facts))


@FLOW.arrow
def expire(state: State, event: Expired, shop: Shop, facts: Facts) -> Step[Greeting]:
    """An order whose payment failed keeps its stock until here; one that is being paid follows its own time."""
    return Step(Greeting(), prepaid.released(order_in(state), facts))


@FLOW.rescue
def rescue(fields: Mapping[str, Any]) -> State:
    return Greeting(cart=msgspec.convert(fields.get("cart", {}), Cart))


# -- what is expected ----------------------------------------------------------------------------------------------
HINTS = dict(zip(FLOW.states, buying.HINTS, strict=True))


@FLOW.guide
def guide(state: State, shop: Shop, facts: Facts) -> Guide:
    wanted = isinstance(state, PaymentSelection) and state.phone_wanted
    return (payer.HINT if wanted else HINTS[type(state)]).guide(facts.language)
