"""Order at the counter of a bakery: a numbered menu, a cart, then name, address, instructions, and one order.

The contract is flows.md §1. Numbers are those the customer saw: the state holds the skus that were shown, in their
order, so that ``2`` stays what it was when the catalogue changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from engine import cart as carts
from engine import text
from engine.cart import Cart
from engine.delivery import (
    EXPECT_ADDRESS,
    EXPECT_INSTRUCTIONS,
    EXPECT_NAME,
    ask_address,
    ask_confirmation,
    ask_instructions,
    ask_name,
    card_of,
    order_of,
    place_as_address,
    question,
    refusal,
)
from engine.effects import AnyEffect, Option, PlaceOrder, SaveCustomer, Say
from engine.events import CartSent, LocationSent
from engine.facts import Availability, ConflictKind, Facts, OwnCard
from engine.flow import Cancelled, Expired, Flow, FlowEvent, Guide, Started, State, Step
from engine.messages import Purpose
from engine.phrases import say
from engine.shop import Shop
from engine.shopping import (
    MUDDLES,
    add,
    below_menu,
    cart_line,
    cart_lines,
    change,
    how,
    joined,
    menu_lines,
    news,
    price,
    with_cart,
)

ITEMS_A_PAGE = 20
"""Menu items a message: about a screen and a half, and far inside every channel's text limit."""


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
class Wanted(FlowEvent, frozen=True):
    """(item number, quantity) pairs; quantity 0 takes the item out."""

    label: ClassVar[str] = '"1, 2"'
    pairs: tuple[tuple[int, int], ...]


class Muddled(FlowEvent, frozen=True):
    """Numbers that are no order."""

    label: ClassVar[str] = '"1, 2.5"'
    why: text.Muddle


class Removed(FlowEvent, frozen=True):
    label: ClassVar[str] = '"remove 1"'
    item: int


class CartAsked(FlowEvent, frozen=True):
    label: ClassVar[str] = '"cart"'


class Cleared(FlowEvent, frozen=True):
    label: ClassVar[str] = '"clear"'


class MoreAsked(FlowEvent, frozen=True):
    label: ClassVar[str] = '"more"'


class Done(FlowEvent, frozen=True):
    label: ClassVar[str] = '"done"'


class Told(FlowEvent, frozen=True):
    """A name, an address or instructions, as typed."""

    label: ClassVar[str] = "text"
    said: str


class KnownUsed(FlowEvent, frozen=True):
    label: ClassVar[str] = '"same"'


class Skipped(FlowEvent, frozen=True):
    label: ClassVar[str] = '"skip"'


class Confirmed(FlowEvent, frozen=True):
    label: ClassVar[str] = '"confirm"'


class Edited(FlowEvent, frozen=True):
    label: ClassVar[str] = '"edit"'


class Thanked(FlowEvent, frozen=True):
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
    choices={
        "done": Done(),
        "cart": CartAsked(),
        "same": KnownUsed(),
        "skip": Skipped(),
        "confirm": Confirmed(),
        "edit": Edited(),
    },
    order_form=r"WA[0-9]{14}(?:-[0-9A-F]{4})?",
    order_example="WA20251018123456",
)


# -- what typed text means -----------------------------------------------------------------------------------------
ORDER_WORDS = {
    "done": Done(),
    "cart": CartAsked(),
    "my cart": CartAsked(),
    "view cart": CartAsked(),
    "clear": Cleared(),
    "clear cart": Cleared(),
    "more": MoreAsked(),
}
THANKS = frozenset({"thanks", "thank you", "thank you!", "thanks!", "thx", "ok", "okay", "👍", "🙏"})


@FLOW.reader
def any_word_is_hello(state: Initial, said: str) -> FlowEvent | None:
    return Started() if said.strip() else None


@FLOW.reader
def read_order(state: AwaitingOrder, said: str) -> FlowEvent | None:
    folded = text.words(said)
    if folded in ORDER_WORDS:
        return ORDER_WORDS[folded]
    if folded.startswith("remove "):
        item = text.number(folded.removeprefix("remove ").removeprefix("item ").removeprefix("#"))
        return Removed(item) if item is not None else None
    pairs = text.pairs(said)
    if isinstance(pairs, text.Muddle):
        return Muddled(pairs)
    return Wanted(pairs) if pairs is not None else None


@FLOW.reader
def read_told(state: AwaitingName | AwaitingAddress, said: str) -> FlowEvent | None:
    return Told(said)


@FLOW.reader
def read_instructions(state: AwaitingInstructions, said: str) -> FlowEvent | None:
    return Skipped() if text.words(said) in ("skip", "no", "none", "no thanks") else Told(said)


@FLOW.reader
def read_confirmation(state: AwaitingConfirmation, said: str) -> FlowEvent | None:
    words = {"confirm": Confirmed(), "yes": Confirmed(), "ok": Confirmed(), "edit": Edited(), "change": Edited()}
    return words.get(text.words(said))


@FLOW.reader
def read_thanks(state: OrderPlaced, said: str) -> FlowEvent | None:
    return Thanked() if text.words(said) in THANKS else None


# -- arrows --------------------------------------------------------------------------------------------------------
@FLOW.arrow
def greet(state: State, event: Started, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    """The welcome, with the menu. A cart from before is kept and mentioned."""
    cart = cart_in(state)
    hello = say(facts.language, "Welcome to {title}! 👋", title=shop.title)
    return _menu(hello, cart, known_in(state), shop, facts)


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
    cart, problems = Cart(), []
    for item in event.items:
        product = shop.catalogue.sold(item.sku)
        if product is None:
            problems.append(say(facts.language, "One thing in it is not sold here any more."))
            continue
        cart, said, good = add(cart, product, item.quantity, shop, facts)
        problems += [] if good else [said]
    menu = state.menu if isinstance(state, AwaitingOrder) else ()
    return _shown(problems, AwaitingOrder(menu, cart, *known_in(state)), shop, facts)


@FLOW.arrow
def want(state: AwaitingOrder, event: Wanted, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    """Add what can be added, and say of everything else what is possible."""
    cart, said, good = state.cart, [], 0
    for item, quantity in event.pairs:
        cart, sentence, done = change(cart, state.menu, item, quantity, shop, facts)
        said.append(sentence)
        good += done
    return Step(_with(state, cart), (_ordering(said, cart, shop, facts),), missed=not good)


@FLOW.arrow
def muddle(state: AwaitingOrder, event: Muddled, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    return Step(state, (_ordering([say(facts.language, MUDDLES[event.why])], state.cart, shop, facts),), missed=True)


@FLOW.arrow
def remove(state: AwaitingOrder, event: Removed, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    cart, sentence, done = change(state.cart, state.menu, event.item, 0, shop, facts)
    return Step(_with(state, cart), (_ordering([sentence], cart, shop, facts),), missed=not done)


@FLOW.arrow
def clear(state: AwaitingOrder, event: Cleared, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    return Step(_with(state, Cart()), (_empty([], facts),))


@FLOW.arrow
def show_cart(state: AwaitingOrder, event: CartAsked, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    return _shown([], state, shop, facts)


@FLOW.arrow
def more(state: AwaitingOrder, event: MoreAsked, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    """The next page of the menu; numbers go on where the last page ended."""
    seen = frozenset(state.menu)
    fresh = [sku for sku in shop.catalogue.menu if sku not in seen][:ITEMS_A_PAGE]
    if not fresh:
        return Step(state, (Say(say(facts.language, "That was the whole menu. {how}", how=how(facts))),))
    menu = (*state.menu, *fresh)
    lines = menu_lines(menu, len(state.menu), shop, facts)
    after = msgspec.structs.replace(state, menu=menu)
    return Step(after, (Say("\n".join((*lines, "", *below_menu(menu, shop, facts)))),))


@FLOW.arrow(needs=(OwnCard(),))
def done(state: AwaitingOrder, event: Done, shop: Shop, facts: Facts) -> Step[AwaitingName | AwaitingOrder]:
    cart, changes = carts.revise(state.cart, shop, facts)
    changed = news(changes, shop, facts)
    if not cart.lines:
        return Step(_with(state, cart), (_empty(changed, facts),), missed=True)
    card = facts.customer
    known_name = state.name or (card.name if card is not None else "")
    known_address = state.address or (card.address if card is not None else "")
    return Step(AwaitingName(cart, known_name, known_address), (ask_name(known_name, changed, facts),))


@FLOW.arrow
def name(state: AwaitingName, event: Told, shop: Shop, facts: Facts) -> Step[AwaitingAddress | AwaitingName]:
    said = text.name(event.said)
    if isinstance(said, text.Refused):
        return Step(state, (refusal(said, EXPECT_NAME, facts),), missed=True)
    return Step(
        AwaitingAddress(state.cart, said, state.known_address), (ask_address(said, state.known_address, facts),)
    )


@FLOW.arrow
def same_name(state: AwaitingName, event: KnownUsed, shop: Shop, facts: Facts) -> Step[AwaitingAddress]:
    after = AwaitingAddress(state.cart, state.known_name, state.known_address)
    return Step(after, (ask_address(state.known_name, state.known_address, facts),))


@FLOW.arrow
def address(
    state: AwaitingAddress, event: Told, shop: Shop, facts: Facts
) -> Step[AwaitingInstructions | AwaitingAddress]:
    said = text.address(event.said)
    if isinstance(said, text.Refused):
        return Step(state, (refusal(said, EXPECT_ADDRESS, facts),), missed=True)
    return Step(AwaitingInstructions(state.cart, state.name, said), (ask_instructions(facts),))


@FLOW.arrow
def same_address(state: AwaitingAddress, event: KnownUsed, shop: Shop, facts: Facts) -> Step[AwaitingInstructions]:
    return Step(AwaitingInstructions(state.cart, state.name, state.known_address), (ask_instructions(facts),))


@FLOW.arrow
def place(
    state: AwaitingAddress, event: LocationSent, shop: Shop, facts: Facts
) -> Step[AwaitingInstructions | AwaitingAddress]:
    said = place_as_address(event)
    if isinstance(said, text.Refused):
        return Step(state, (refusal(said, EXPECT_ADDRESS, facts),), missed=True)
    return Step(AwaitingInstructions(state.cart, state.name, said), (ask_instructions(facts),))


@FLOW.arrow
def instruct(
    state: AwaitingInstructions, event: Told, shop: Shop, facts: Facts
) -> Step[AwaitingConfirmation | AwaitingOrder | AwaitingInstructions]:
    said = text.instructions(event.said)
    if isinstance(said, text.Refused):
        return Step(state, (refusal(said, EXPECT_INSTRUCTIONS, facts),), missed=True)
    return _summary(AwaitingConfirmation(state.cart, state.name, state.address, said), shop, facts)


@FLOW.arrow
def skip(
    state: AwaitingInstructions, event: Skipped, shop: Shop, facts: Facts
) -> Step[AwaitingConfirmation | AwaitingOrder]:
    return _summary(AwaitingConfirmation(state.cart, state.name, state.address), shop, facts)


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
    order = order_of(state, "WA", shop, facts)
    said = say(
        facts.language,
        "Thank you, {name}! Your order *{number}* is placed. 🎉\nTotal: {total}, paid at delivery.\n"
        "Say *track {number}* to see how it goes.",
        name=order.name,
        number=order.number,
        total=price(order.total, shop),
    )
    effects = (PlaceOrder(order), SaveCustomer(card_of(state, shop, facts)), Say(said, Purpose.ORDER))
    return Step(OrderPlaced(order.number, order.total), effects)


@FLOW.arrow
def thank(state: OrderPlaced, event: Thanked, shop: Shop, facts: Facts) -> Step[OrderPlaced]:
    return Step(state, (Say(say(facts.language, "You're welcome! Say *menu* to order again.")),))


# -- what is expected ----------------------------------------------------------------------------------------------
GUIDES: dict[type[State], tuple[str, str, tuple[str, ...]]] = {
    Initial: ("please say *hi* to see our menu", "hi", ("*hi* – see our menu",)),
    AwaitingOrder: (
        "please send an item number and how many you want, or *done*",
        "1, 2",
        (
            "*1, 2* – two of item 1; several lines at once are fine",
            "*cart* – see your cart",
            "*remove 1* – take item 1 out; *clear* – empty the cart",
            "*more* – the rest of the menu",
            "*done* – go on to delivery",
        ),
    ),
    AwaitingName: (EXPECT_NAME, "Asha Rao", ("Your name, as it shall stand on the order",)),
    AwaitingAddress: (
        EXPECT_ADDRESS,
        "12 MG Road, Bengaluru",
        ("The address to deliver to, typed or as a location",),
    ),
    AwaitingInstructions: (EXPECT_INSTRUCTIONS, "skip", ("A note for us, or *skip*",)),
    AwaitingConfirmation: (
        "please say *confirm* to order, *edit* to change it, or *cancel*",
        "confirm",
        ("*confirm* – place the order", "*edit* – change the cart"),
    ),
    OrderPlaced: (
        "your order *{number}* is placed; please say *menu* to order again",
        "menu",
        ("*track {number}* – see how your order goes", "*menu* – order again"),
    ),
}
"""State → what it expects, an example, and what can be said."""


@FLOW.guide
def guide(state: State, shop: Shop, facts: Facts) -> Guide:
    expected, example, lines = GUIDES[type(state)]
    number = state.number if isinstance(state, OrderPlaced) else ""
    return Guide(
        say(facts.language, expected, number=number),
        example,
        tuple([say(facts.language, line, number=number) for line in lines]),
    )


# -- pieces of replies ---------------------------------------------------------------------------------------------
@FLOW.rescue
def rescue(fields: Mapping[str, Any]) -> State:
    return Initial(msgspec.convert(fields.get("cart", {}), Cart))


def _menu(hello: str, cart: Cart, known: tuple[str, str], shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    """The first page of the menu; the cart, when there is one, is brought up to date and mentioned."""
    cart, changes = carts.revise(cart, shop, facts)
    menu = with_cart(shop.catalogue.menu[:ITEMS_A_PAGE], cart)
    lines = [hello, "", *menu_lines(menu, 0, shop, facts), "", *below_menu(menu, shop, facts)]
    if not menu:
        lines = [hello, "", say(facts.language, "There is nothing on the menu today; please come back soon.")]
    lines += news(changes, shop, facts)
    if cart.lines:
        kept = cart_line(cart, shop, facts)
        lines.append(say(facts.language, "Your cart is kept: {kept}. Say *cart* to see it.", kept=kept))
    return Step(AwaitingOrder(menu, cart, *known), (Say("\n".join(lines)),))


def _with(state: AwaitingOrder, cart: Cart) -> AwaitingOrder:
    return msgspec.structs.replace(state, cart=cart)


def _empty(said: list[str], facts: Facts) -> Say:
    return Say(joined(*said, say(facts.language, "Your cart is empty. {how}", how=how(facts))))


def _ordering(said: list[str], cart: Cart, shop: Shop, facts: Facts) -> AnyEffect:
    """An answer while choosing, with the cart in one line and the ways on."""
    if not cart.lines:
        return Say(joined(*said, say(facts.language, "Your cart is empty.")))
    line = say(facts.language, "Your cart: {cart}. Add more, or say *done*.", cart=cart_line(cart, shop, facts))
    return question(joined(*said, line), _done_option(facts), Option("cart", say(facts.language, "View cart")))


def _done_option(facts: Facts) -> Option:
    return Option("done", say(facts.language, "Done"))


def _shown(said: list[str], state: AwaitingOrder, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    """The cart line by line, as it can be bought now, under the menu's numbers."""
    cart, changes = carts.revise(state.cart, shop, facts)
    said = said + news(changes, shop, facts)
    menu = with_cart(state.menu, cart)
    after = AwaitingOrder(menu, cart, state.name, state.address)
    if not cart.lines:
        return Step(after, (_empty(said, facts),))
    numbers = [menu.index(line.sku) + 1 for line in cart.lines]
    body = joined(
        *said,
        say(facts.language, "Your cart:"),
        *(f"{number}. {line}" for number, line in zip(numbers, cart_lines(cart, shop), strict=True)),
        say(facts.language, "Total: {total}", total=price(cart.total, shop)),
        say(facts.language, "Say *remove {item}* to take item {item} out, *done* to go on.", item=numbers[0]),
    )
    return Step(after, (question(body, _done_option(facts)),))


def _summary(state: AwaitingConfirmation, shop: Shop, facts: Facts) -> Step[AwaitingConfirmation | AwaitingOrder]:
    """What is about to be ordered, as it can be bought now; an emptied cart leads back to the menu."""
    cart, changes = carts.revise(state.cart, shop, facts)
    changed = news(changes, shop, facts)
    if not cart.lines:
        sorry = say(facts.language, "Your cart is empty now. Here is the menu again:")
        return _menu(joined(*changed, sorry), cart, known_in(state), shop, facts)
    after = AwaitingConfirmation(cart, state.name, state.address, state.instructions)
    return Step(after, (ask_confirmation(after, changed, shop, facts),))
