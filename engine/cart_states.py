"""The states of the flow ``cart``, what typed text means in each, and what each expects. Its arrows: engine.flows.cart.

    greeting → browsing_products → adding_to_cart → collecting_quantity → adding_to_cart … → reviewing_order
    → awaiting_payment → payment_confirmation → order_complete                               (flows.md §2)

A shop that delivers asks for an address before the review (collecting_address).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from engine import awaiting, basket, browsing, delivery, payer, paying, reviewing
from engine.address import Millis
from engine.awaiting import OtherWayAsked, PayAsked, Retried, Waited, WayChosen
from engine.basket import Basket
from engine.browsing import AgainAsked
from engine.cart import Cart
from engine.delivery import KnownUsed
from engine.events import TimerFired
from engine.facts import AnyNeed, Availability, Facts
from engine.flow import AnyFlowEvent, Cancelled, Flow, FlowEvent, Guide, Started, State
from engine.payer import PhoneTold
from engine.payments import Way
from engine.phrases import phrase, say
from engine.shop import Shop
from engine.words import command


# -- states --------------------------------------------------------------------------------------------------------
class Greeting(State, frozen=True):
    """Nothing is going on. ``basket`` is only filled when an older conversation could not be read whole."""

    basket: Basket = Basket()


class BrowsingProducts(State, frozen=True):
    """Choosing a category. ``first``: the first one shown, counted from 0."""

    basket: Basket = Basket()
    first: int = 0


class AddingToCart(State, frozen=True):
    """Choosing among the items of a category. ``first``: the first one shown, counted from 0."""

    basket: Basket = Basket()
    category: str = ""
    first: int = 0


class CollectingQuantity(State, frozen=True):
    """How many of ``sku``? ``price`` was shown (minor units). ``editing``: of a line that is in the cart."""

    basket: Basket
    sku: str
    price: int
    editing: bool = False


class CollectingAddress(State, frozen=True):
    """Where to? ``known``: the address of last time, offered again."""

    basket: Basket
    known: str = ""


class ReviewingOrder(State, frozen=True):
    """The order was shown: its prices and ``total`` (minor units) are what ``checkout`` agrees to."""

    basket: Basket
    total: int

    @property
    def cart(self) -> Cart:
        return self.basket.cart


class AwaitingPayment(State, frozen=True):
    """The order is placed, its stock held until ``due`` (0: it is taken). How to pay? ``way``: the one that failed.
    ``basket``: begun before the customer came back to pay. ``phone_wanted``: the number that pays was asked for."""

    number: str
    total: int
    due: Millis
    way: Way | None = None
    basket: Basket = Basket()
    phone_wanted: bool = False


class PaymentConfirmation(State, frozen=True):
    """The money is asked for by ``way``, as ``intent``; it is not there yet."""

    number: str
    total: int
    due: Millis
    way: Way
    intent: str
    basket: Basket = Basket()


class OrderComplete(State, frozen=True):
    """Paid, or to be paid at the door. ``total`` is minor units."""

    number: str
    total: int
    basket: Basket = Basket()


Open = AwaitingPayment | PaymentConfirmation
"""An order stands here that is not paid."""
Looking = BrowsingProducts | AddingToCart | CollectingQuantity
Shopping = BrowsingProducts | AddingToCart | CollectingQuantity | CollectingAddress | ReviewingOrder
Reviewed = ReviewingOrder | CollectingAddress | BrowsingProducts
"""Where asking for a review leads: to it, or to what it lacks first, an address or anything at all."""


def basket_in(state: State) -> Basket:
    """The basket, wherever the customer stands."""
    held = getattr(state, "basket", None)
    return held if isinstance(held, Basket) else Basket()


class Thanked(FlowEvent, frozen=True):
    """A friendly word after the order."""

    label: ClassVar[str] = '"thanks"'


FLOW = Flow(
    "cart",
    version=1,
    states=(
        *(Greeting, BrowsingProducts, AddingToCart, CollectingQuantity, CollectingAddress, ReviewingOrder),
        *(AwaitingPayment, PaymentConfirmation, OrderComplete),
    ),
    initial=Greeting(),
    resting=(AwaitingPayment, PaymentConfirmation, OrderComplete),
    needs=(Availability(),),
    choices={**browsing.CHOICES, **reviewing.CHOICES, **awaiting.CHOICES, delivery.SAME: KnownUsed()},
    order_form=basket.ORDER_FORM,
    order_example=basket.ORDER_EXAMPLE,
)


@FLOW.wanting
def wanting(state: State, event: AnyFlowEvent) -> tuple[AnyNeed, ...]:
    match event:
        case TimerFired(kind):
            number = awaiting.number_in(kind)
            return awaiting.needs(number) if number else ()
        case Cancelled() | WayChosen() | PhoneTold() | Retried() | OtherWayAsked() | PayAsked() | Waited():
            return awaiting.needs(state.number) if isinstance(state, Open) else ()
        case _:
            return paying.news_needs(event)


@FLOW.rescue
def rescue(fields: Mapping[str, Any]) -> State:
    kept = fields.get("basket", {})
    return Greeting(Basket(msgspec.convert(kept.get("cart", {}) if isinstance(kept, dict) else {}, Cart)))


# -- what typed text means -----------------------------------------------------------------------------------------
@FLOW.reader
def read_greeting(state: Greeting, said: str) -> FlowEvent | None:
    if command(said) == "order again":
        return AgainAsked()
    return awaiting.pays(said) or (Started() if said.strip() else None)


@FLOW.reader
def read_name(state: BrowsingProducts | AddingToCart, said: str) -> FlowEvent | None:
    return awaiting.pays(said) or browsing.read(said)


@FLOW.reader
def read_quantity(state: CollectingQuantity, said: str) -> FlowEvent | None:
    return awaiting.pays(said) or reviewing.read_quantity(said)


@FLOW.reader
def read_address(state: CollectingAddress, said: str) -> FlowEvent | None:
    return reviewing.read_address(said)


@FLOW.reader
def read_review(state: ReviewingOrder, said: str) -> FlowEvent | None:
    return reviewing.read(said)


@FLOW.reader
def read_payment(state: AwaitingPayment, said: str) -> FlowEvent | None:
    return awaiting.read(said) or payer.read(said, state.phone_wanted)


@FLOW.reader
def read_paying(state: PaymentConfirmation, said: str) -> FlowEvent | None:
    return awaiting.read(said)


@FLOW.reader
def read_thanks(state: OrderComplete, said: str) -> FlowEvent | None:
    match command(said):
        case "order again" | "again":
            return AgainAsked()
        case "thanks" | "ok" | "yes" | "done" | "confirm" | "checkout":
            return Thanked()
        case _:
            return awaiting.pays(said)


# -- what is expected ----------------------------------------------------------------------------------------------
NAMING = (
    phrase("*2 cola* – goods by name, with how many"),
    phrase("*products* – all categories"),
    phrase("*cart* – your order so far, and checkout"),
    phrase("*clear* – empty the cart"),
)
PAYING = (
    phrase("*card*, *bank* – the ways to pay"),
    phrase("*other way* – pay in another way"),
    phrase("*cancel* – drop the order"),
)
GUIDES: dict[type[State], tuple[str, str, tuple[str, ...]]] = {
    Greeting: (phrase("please say *hi* to see what we have"), phrase("hi"), (phrase("*hi* – see what we have"),)),
    BrowsingProducts: (phrase("please choose a category, or type what you would like"), phrase("2 cola"), NAMING),
    AddingToCart: (phrase("please choose something, or type what you would like"), phrase("2 cola"), NAMING),
    CollectingQuantity: (
        phrase("please send how many you would like, 1 to 99"),
        "2",
        (phrase("*2* – how many you would like"), phrase("*back* – choose something else")),
    ),
    CollectingAddress: (
        delivery.EXPECT_ADDRESS,
        phrase("12 Allen Avenue, Ikeja"),
        (
            phrase("The address to deliver to, typed or as a location"),
            phrase("*pickup* – collect it yourself"),
            phrase("*back* – choose something else"),
        ),
    ),
    ReviewingOrder: (
        phrase("please say *checkout* to order, *change*, or *back* to add something"),
        phrase("checkout"),
        (
            phrase("*checkout* – place the order"),
            phrase("*1, 3* – three of line 1; *remove 1* – take line 1 out"),
            phrase("*back* – add something; *clear* – empty the cart"),
            phrase("*code* and a code – a discount"),
        ),
    ),
    AwaitingPayment: (phrase("please choose how to pay for order *{number}*"), phrase("card"), PAYING),
    PaymentConfirmation: (
        phrase("I'm waiting for the payment of order *{number}*; say *other way* to pay differently"),
        phrase("other way"),
        PAYING,
    ),
    OrderComplete: (
        phrase("your order *{number}* is placed; please say *menu* to order again"),
        phrase("menu"),
        (phrase("*track {number}* – see how your order goes"), phrase("*order again* – the same once more")),
    ),
}
"""State → what it expects, an example, and what can be said."""


@FLOW.guide
def guide(state: State, shop: Shop, facts: Facts) -> Guide:
    if isinstance(state, AwaitingPayment) and state.phone_wanted:
        return payer.HINT.guide(facts.language)
    expected, example, lines = GUIDES[type(state)]
    number = getattr(state, "number", "")
    return Guide(
        say(facts.language, expected, number=number),
        say(facts.language, example),
        tuple([say(facts.language, line, number=number) for line in lines]),
    )
