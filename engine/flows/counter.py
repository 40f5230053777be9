"""Order at the counter of a bakery: a numbered menu, a cart, then name, address, instructions, and one order.

The contract is flows.md §1. Numbers are those the customer saw: the state holds the skus that were shown, in their
order, so that ``2`` stays what it was when the catalogue changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from engine import cart as carts
from engine import delivery, ordering, text
from engine.cart import Cart
from engine.delivery import Confirmed, Edited, KnownUsed, Skipped, Told
from engine.effects import PlaceOrder, SaveCustomer, Say
from engine.events import CartSent, LocationSent
from engine.facts import Availability, ConflictKind, Facts, OwnCard
from engine.flow import Cancelled, Expired, Flow, FlowEvent, Guide, Started, State, Step
from engine.messages import Purpose
from engine.ordering import CartAsked, Cleared, Done, MoreAsked, Muddled, Removed, Wanted
from engine.phrases import phrase, say
from engine.shop import Shop
from engine.shopping import joined, news, price, synced
from engine.words import command


# -- states --------------------------------------------------------------------------------------------------------
class Initial(State, frozen=True):
    """Nothing is going on. ``cart`` is only filled when an older conversation could not be read whole."""

    cart: Cart = Cart()


class AwaitingOrder(State, frozen=True):
    """Choosing. ``menu``: the skus by the numbers shown. ``name`` and ``address`` are kept while the cart is edited."""

    menu: tuple[str, ...]
    cart: Cart = Cart()
    name: str = ""
    address: str = ""


class AwaitingName(State, frozen=True):
    """``known_name`` and ``known_address``: from before, offered again."""

    cart: Cart
    known_name: str = ""
    known_address: str = ""


class AwaitingAddress(State, frozen=True):
    cart: Cart
    name: str
    known_address: str = ""


class AwaitingInstructions(State, frozen=True):
    cart: Cart
    name: str
    address: str


class AwaitingConfirmation(State, frozen=True):
    """The summary was shown; its cart's prices are the ones that ``confirm`` agrees to."""

    cart: Cart
    name: str
    address: str
    instructions: str = ""


class OrderPlaced(State, frozen=True):
    """``total`` is minor units."""

    number: str
    total: int


def cart_in(state: State) -> Cart:
    """The cart, wherever the customer stands."""
    cart = getattr(state, "cart", None)
    return cart if isinstance(cart, Cart) else Cart()


def known_in(state: State) -> tuple[str, str]:
    """The name and address that this conversation knows so far."""
    match state:
        case AwaitingName():
            return state.known_name, state.known_address
        case AwaitingAddress():
            return state.name, state.known_address
        case AwaitingOrder() | AwaitingInstructions() | AwaitingConfirmation():
            return state.name, state.address
        case _:
            return "", ""


# -- events --------------------------------------------------------------------------------------------------------
class Thanked(FlowEvent, frozen=True):
    """A friendly word after the order."""

    label: ClassVar[str] = '"thanks"'


FLOW = Flow(
    "counter",
    version=1,
    states=(
        *(Initial, AwaitingOrder, AwaitingName, AwaitingAddress),
        *(AwaitingInstructions, AwaitingConfirmation, OrderPlaced),
    ),
    initial=Initial(),
    resting=(OrderPlaced,),
    needs=(Availability(),),
    choices={**ordering.CHOICES, **delivery.CHOICES},
    order_form=r"WA[0-9]{14}(?:-[0-9A-F]{4})?",
    order_example="WA20251018123456",
)


# -- what typed text means -----------------------------------------------------------------------------------------
@FLOW.reader
def any_word_is_hello(state: Initial, said: str) -> FlowEvent | None:
    return Started() if said.strip() else None


@FLOW.reader
def read_order(state: AwaitingOrder, said: str) -> FlowEvent | None:
    return ordering.read(said)


@FLOW.reader
def read_told(state: AwaitingName | AwaitingAddress, said: str) -> FlowEvent | None:
    return Told(said)


@FLOW.reader
def read_instructions(state: AwaitingInstructions, said: str) -> FlowEvent | None:
    return delivery.read_instructions(said)


@FLOW.reader
def read_confirmation(state: AwaitingConfirmation, said: str) -> FlowEvent | None:
    return delivery.read_confirmation(said)


@FLOW.reader
def read_thanks(state: OrderPlaced, said: str) -> FlowEvent | None:
    again = Thanked() if command(said) in ("thanks", "ok") else delivery.read_confirmation(said)
    return None if isinstance(again, Edited) else again


# -- arrows --------------------------------------------------------------------------------------------------------
@FLOW.arrow
def greet(state: State, event: Started, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    """The welcome, with the menu. A cart from before is kept and mentioned."""
    hello = say(facts.language, "Welcome to {title}! 👋", title=shop.title)
    return _menu(hello, cart_in(state), known_in(state), shop, facts)


@FLOW.arrow
def cancel(state: State, event: Cancelled, shop: Shop, facts: Facts) -> Step[Initial]:
    if isinstance(state, OrderPlaced):
        said = say(
            facts.language,
            "Nothing was open. Your order *{number}* stands; to cancel it, say *cancel {number}*.",
            number=state.number,
        )
    elif cart_in(state).lines:
        said = say(facts.language, "Cancelled: your cart is empty again. Say *hi* whenever you like to order.")
    else:
        said = say(facts.language, "Cancelled. Say *hi* whenever you like to order.")
    return Step(Initial(), (Say(said),))


@FLOW.arrow
def expire(state: State, event: Expired, shop: Shop, facts: Facts) -> Step[Initial]:
    """Nothing is held before an order is placed, so there is nothing to release."""
    return Step(Initial())


@FLOW.arrow
def native_cart(state: State, event: CartSent, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    """The provider's own cart becomes the cart, at our prices, under our limits."""
    cart, problems = ordering.from_native(event.items, shop, facts)
    menu = state.menu if isinstance(state, AwaitingOrder) else ()
    return _shown(problems, AwaitingOrder(menu, cart, *known_in(state)), shop, facts)


@FLOW.arrow
def want(state: AwaitingOrder, event: Wanted, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    """Add what can be added, and say of everything else what is possible."""
    cart, said, good = ordering.change_all(state.cart, state.menu, event.pairs, shop, facts)
    return Step(_with(state, cart), (ordering.so_far(said, cart, shop, facts),), missed=not good)


@FLOW.arrow
def muddle(state: AwaitingOrder, event: Muddled, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    said = say(facts.language, ordering.MUDDLES[event.why])
    return Step(state, (ordering.so_far([said], state.cart, shop, facts),), missed=True)


@FLOW.arrow
def remove(state: AwaitingOrder, event: Removed, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    cart, sentence, done = ordering.change(state.cart, state.menu, event.item, 0, shop, facts)
    return Step(_with(state, cart), (ordering.so_far([sentence], cart, shop, facts),), missed=not done)


@FLOW.arrow
def clear(state: AwaitingOrder, event: Cleared, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    return Step(_with(state, Cart()), (ordering.empty([], facts),))


@FLOW.arrow
def show_cart(state: AwaitingOrder, event: CartAsked, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    return _shown([], state, shop, facts)


@FLOW.arrow
def more(state: AwaitingOrder, event: MoreAsked, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    """The next page of the menu; numbers go on where the last page ended."""
    menu = ordering.next_page(state.menu, shop)
    said = ordering.page(menu, len(state.menu), shop, facts)
    return Step(msgspec.structs.replace(state, menu=menu), (said,))


@FLOW.arrow(needs=(OwnCard(),))
def done(state: AwaitingOrder, event: Done, shop: Shop, facts: Facts) -> Step[AwaitingName | AwaitingOrder]:
    cart, changes = carts.revise(state.cart, shop, facts)
    changed = news(changes, shop, facts)
    if not cart.lines:
        return Step(_with(state, cart), (ordering.empty(changed, facts),), missed=True)
    card = facts.customer
    known_name = state.name or (card.name if card is not None else "")
    known_address = state.address or (card.address if card is not None else "")
    return Step(AwaitingName(cart, known_name, known_address), (delivery.ask_name(known_name, changed, facts),))


@FLOW.arrow
def name(
    state: AwaitingName, event: Told | KnownUsed, shop: Shop, facts: Facts
) -> Step[AwaitingAddress | AwaitingName]:
    said = text.name(event.said) if isinstance(event, Told) else state.known_name
    if isinstance(said, text.Refused):
        return Step(state, (delivery.refusal(said, delivery.EXPECT_NAME, facts),), missed=True)
    asked = delivery.ask_address(said, state.known_address, facts)
    return Step(AwaitingAddress(state.cart, said, state.known_address), (asked,))


@FLOW.arrow
def address(
    state: AwaitingAddress, event: Told | KnownUsed | LocationSent, shop: Shop, facts: Facts
) -> Step[AwaitingInstructions | AwaitingAddress]:
    match event:
        case Told(typed):
            said = text.address(typed)
        case LocationSent():
            said = delivery.place_as_address(event)
        case KnownUsed():
            said = state.known_address
    if isinstance(said, text.Refused):
        return Step(state, (delivery.refusal(said, delivery.EXPECT_ADDRESS, facts),), missed=True)
    return Step(AwaitingInstructions(state.cart, state.name, said), (delivery.ask_instructions(facts),))


@FLOW.arrow
def instruct(
    state: AwaitingInstructions, event: Told | Skipped, shop: Shop, facts: Facts
) -> Step[AwaitingConfirmation | AwaitingOrder | AwaitingInstructions]:
    said = text.instructions(event.said) if isinstance(event, Told) else ""
    if isinstance(said, text.Refused):
        return Step(state, (delivery.refusal(said, delivery.EXPECT_INSTRUCTIONS, facts),), missed=True)
    return _summary(AwaitingConfirmation(state.cart, state.name, state.address, said), shop, facts)


@FLOW.arrow
def edit(state: AwaitingConfirmation, event: Edited, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    hello = say(facts.language, "Of course. Here is the menu again:")
    return _menu(hello, state.cart, known_in(state), shop, facts)


@FLOW.arrow(needs=(OwnCard(),))
def confirm(
    state: AwaitingConfirmation, event: Confirmed, shop: Shop, facts: Facts
) -> Step[OrderPlaced | AwaitingConfirmation | AwaitingOrder]:
    """One order, one customer, one commit. What changed meanwhile is shown and must be confirmed again."""
    refused = facts.conflict
    if refused is not None and refused.kind is ConflictKind.CART_ORDERED:
        said = say(facts.language, "This cart is ordered already: it is your order *{number}*.", number=refused.what)
        return Step(OrderPlaced(refused.what, state.cart.total), (Say(said, Purpose.ORDER),))
    _, changes = carts.revise(state.cart, shop, facts)
    if changes:
        return _summary(state, shop, facts)
    order = delivery.order_of(state, "WA", shop, facts)
    said = say(
        facts.language,
        "Thank you, {name}! Your order *{number}* is placed. 🎉\nTotal: {total}, paid at delivery.\n"
        "Say *track {number}* to see how it goes.",
        name=order.name,
        number=order.number,
        total=price(order.total, shop),
    )
    card = SaveCustomer(delivery.card_of(state, shop, facts))
    placed = OrderPlaced(order.number, order.total)
    return Step(placed, (PlaceOrder(order), *synced(order, shop), card, Say(said, Purpose.ORDER)))


@FLOW.arrow
def thank(state: OrderPlaced, event: Thanked | Confirmed, shop: Shop, facts: Facts) -> Step[OrderPlaced]:
    """``confirm`` typed twice in impatience: the first result once more, as with the same tap twice."""
    placed = phrase("Your order *{number}* is placed already. Total: {total}, paid at delivery.")
    said = placed if isinstance(event, Confirmed) else phrase("You're welcome! Say *menu* to order again.")
    return Step(state, (Say(say(facts.language, said, number=state.number, total=price(state.total, shop))),))


# -- what is expected ----------------------------------------------------------------------------------------------
GUIDES: dict[type[State], tuple[str, str, tuple[str, ...]]] = {
    Initial: (phrase("please say *hi* to see our menu"), phrase("hi"), (phrase("*hi* – see our menu"),)),
    AwaitingOrder: (
        phrase("please send an item number and how many you want, or *done*"),
        phrase("1, 2"),
        (
            phrase("*1, 2* – two of item 1; several lines at once are fine"),
            phrase("*cart* – see your cart"),
            phrase("*remove 1* – take item 1 out; *clear* – empty the cart"),
            phrase("*more* – the rest of the menu"),
            phrase("*done* – go on to delivery"),
        ),
    ),
    AwaitingName: (delivery.EXPECT_NAME, phrase("Asha Rao"), (phrase("Your name, as it shall stand on the order"),)),
    AwaitingAddress: (
        delivery.EXPECT_ADDRESS,
        phrase("12 MG Road, Bengaluru"),
        (phrase("The address to deliver to, typed or as a location"),),
    ),
    AwaitingInstructions: (delivery.EXPECT_INSTRUCTIONS, phrase("skip"), (phrase("A note for us, or *skip*"),)),
    AwaitingConfirmation: (
        phrase("please say *confirm* to order, *edit* to change it, or *cancel*"),
        phrase("confirm"),
        (phrase("*confirm* – place the order"), phrase("*edit* – change the cart")),
    ),
    OrderPlaced: (
        phrase("your order *{number}* is placed; please say *menu* to order again"),
        phrase("menu"),
        (phrase("*track {number}* – see how your order goes"), phrase("*menu* – order again")),
    ),
}
"""State → what it expects, an example, and what can be said."""


@FLOW.guide
def guide(state: State, shop: Shop, facts: Facts) -> Guide:
    expected, example, lines = GUIDES[type(state)]
    number = state.number if isinstance(state, OrderPlaced) else ""
    return Guide(
        say(facts.language, expected, number=number),
        say(facts.language, example),
        tuple([say(facts.language, line, number=number) for line in lines]),
    )


# -- pieces of replies ---------------------------------------------------------------------------------------------
@FLOW.rescue
def rescue(fields: Mapping[str, Any]) -> State:
    return Initial(msgspec.convert(fields.get("cart", {}), Cart))


def _menu(hello: str, cart: Cart, known: tuple[str, str], shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    """The first page of the menu; the cart, when there is one, is brought up to date and mentioned."""
    cart, changes = carts.revise(cart, shop, facts)
    menu = ordering.first_page(cart, shop)
    said = ordering.welcome(hello, menu, cart, news(changes, shop, facts), shop, facts)
    return Step(AwaitingOrder(menu, cart, *known), (said,))


def _with(state: AwaitingOrder, cart: Cart) -> AwaitingOrder:
    return msgspec.structs.replace(state, cart=cart)


def _shown(said: list[str], state: AwaitingOrder, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    """The cart as it can be bought now; everything in it has a number."""
    cart, changes = carts.revise(state.cart, shop, facts)
    menu = ordering.with_cart(state.menu, cart)
    after = AwaitingOrder(menu, cart, state.name, state.address)
    return Step(after, (ordering.cart_shown([*said, *news(changes, shop, facts)], menu, cart, shop, facts),))


def _summary(state: AwaitingConfirmation, shop: Shop, facts: Facts) -> Step[AwaitingConfirmation | AwaitingOrder]:
    """What is about to be ordered, as it can be bought now; an emptied cart leads back to the menu."""
    cart, changes = carts.revise(state.cart, shop, facts)
    changed = news(changes, shop, facts)
    if not cart.lines:
        sorry = say(facts.language, "Your cart is empty now. Here is the menu again:")
        return _menu(joined(*changed, sorry), cart, known_in(state), shop, facts)
    after = AwaitingConfirmation(cart, state.name, state.address, state.instructions)
    return Step(after, (delivery.ask_confirmation(after, changed, shop, facts),))
