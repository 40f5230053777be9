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
from engine.effects import AnyEffect, Ask, AskLocation, Option, PlaceOrder, SaveCustomer, Say
from engine.events import CartSent, LocationSent
from engine.facts import Availability, ConflictKind, Facts, OwnCard
from engine.flow import Cancelled, Expired, Flow, FlowEvent, Guide, Started, State, Step, customer_of
from engine.messages import Purpose
from engine.orders import Customer, Order, OrderStatus, PaymentStatus
from engine.phrases import say
from engine.shop import Shop
from engine.shopping import add, cart_line, cart_lines, joined, menu_lines, news, order_number, price

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
    seen = state.menu if isinstance(state, AwaitingOrder) else shop.catalogue.menu[:ITEMS_A_PAGE]
    cart, problems = Cart(), []
    for item in event.items:
        product = shop.catalogue.sold(item.sku)
        if product is None:
            problems.append(say(facts.language, "One thing in it is not sold here any more."))
            continue
        cart, said, good = add(cart, product, item.quantity, shop, facts)
        problems += [] if good else [said]
    for line in cart.lines:
        seen = seen if line.sku in seen else (*seen, line.sku)
    return _shown("\n".join(problems), AwaitingOrder(seen, cart, *known_in(state)), shop, facts)


@FLOW.arrow
def want(state: AwaitingOrder, event: Wanted, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    """Add what can be added, and say of everything else what is possible."""
    cart, said, good = state.cart, [], 0
    for item, quantity in event.pairs:
        cart, sentence, done = _one_wanted(state, cart, item, quantity, shop, facts)
        said.append(sentence)
        good += done
    after = AwaitingOrder(state.menu, cart, state.name, state.address)
    if not good:
        return Step(state, (_ordering("\n".join(said), state.cart, shop, facts),), missed=True)
    return Step(after, (_ordering("\n".join(said), cart, shop, facts),))


@FLOW.arrow
def muddle(state: AwaitingOrder, event: Muddled, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    return Step(state, (_ordering(say(facts.language, MUDDLES[event.why]), state.cart, shop, facts),), missed=True)


@FLOW.arrow
def remove(state: AwaitingOrder, event: Removed, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    cart, sentence, done = _one_wanted(state, state.cart, event.item, 0, shop, facts)
    after = AwaitingOrder(state.menu, cart, state.name, state.address)
    return Step(after, (_ordering(sentence, cart, shop, facts),), missed=not done)


@FLOW.arrow
def clear(state: AwaitingOrder, event: Cleared, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    after = AwaitingOrder(state.menu, Cart(), state.name, state.address)
    said = say(facts.language, "Your cart is empty. {how}", how=_how(facts))
    return Step(after, (Say(said),))


@FLOW.arrow
def show_cart(state: AwaitingOrder, event: CartAsked, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    return _shown("", state, shop, facts)


@FLOW.arrow
def more(state: AwaitingOrder, event: MoreAsked, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    """The next page of the menu; numbers go on where the last page ended."""
    seen = frozenset(state.menu)
    fresh = [sku for sku in shop.catalogue.menu if sku not in seen][:ITEMS_A_PAGE]
    if not fresh:
        return Step(state, (Say(say(facts.language, "That was the whole menu. {how}", how=_how(facts))),))
    menu = (*state.menu, *fresh)
    lines = menu_lines(menu, len(state.menu), shop, facts)
    after = AwaitingOrder(menu, state.cart, state.name, state.address)
    return Step(after, (Say("\n".join((*lines, "", *_below_menu(menu, shop, facts)))),))


@FLOW.arrow(needs=(OwnCard(),))
def done(state: AwaitingOrder, event: Done, shop: Shop, facts: Facts) -> Step[AwaitingName | AwaitingOrder]:
    cart, changes = carts.revise(state.cart, shop, facts)
    changed = news(changes, shop, facts)
    if not cart.lines:
        empty = say(facts.language, "Your cart is empty. {how}", how=_how(facts))
        after = AwaitingOrder(state.menu, Cart(), state.name, state.address)
        return Step(after, (Say(joined(*changed, empty)),), missed=True)
    card = facts.customer
    known_name = state.name or (card.name if card is not None else "")
    known_address = state.address or (card.address if card is not None else "")
    asked = say(facts.language, "Lovely! What name shall we put on the order?")
    options = (Option("same", known_name, words=("same",)),) if known_name else ()
    return Step(AwaitingName(cart, known_name, known_address), (_question(joined(*changed, asked), options),))


@FLOW.arrow
def name(state: AwaitingName, event: Told, shop: Shop, facts: Facts) -> Step[AwaitingAddress | AwaitingName]:
    said = text.name(event.said)
    if isinstance(said, text.Refused):
        return Step(state, (Say(_refusal(said, _expect_name(facts), facts)),), missed=True)
    return Step(AwaitingAddress(state.cart, said, state.known_address), (_ask_address(said, state, facts),))


@FLOW.arrow
def same_name(state: AwaitingName, event: KnownUsed, shop: Shop, facts: Facts) -> Step[AwaitingAddress]:
    after = AwaitingAddress(state.cart, state.known_name, state.known_address)
    return Step(after, (_ask_address(state.known_name, state, facts),))


@FLOW.arrow
def address(
    state: AwaitingAddress, event: Told, shop: Shop, facts: Facts
) -> Step[AwaitingInstructions | AwaitingAddress]:
    said = text.address(event.said)
    if isinstance(said, text.Refused):
        return Step(state, (Say(_refusal(said, _expect_address(facts), facts)),), missed=True)
    return Step(AwaitingInstructions(state.cart, state.name, said), (_ask_instructions(facts),))


@FLOW.arrow
def same_address(state: AwaitingAddress, event: KnownUsed, shop: Shop, facts: Facts) -> Step[AwaitingInstructions]:
    return Step(AwaitingInstructions(state.cart, state.name, state.known_address), (_ask_instructions(facts),))


@FLOW.arrow
def place(
    state: AwaitingAddress, event: LocationSent, shop: Shop, facts: Facts
) -> Step[AwaitingInstructions | AwaitingAddress]:
    """A place on the map is an address: what it is called, and where it is."""
    if not (abs(event.latitude) <= 90 and abs(event.longitude) <= 180):
        refused = text.Refused("That place is not on the map.")
        return Step(state, (Say(_refusal(refused, _expect_address(facts), facts)),), missed=True)
    point = f"{event.latitude:.5f}, {event.longitude:.5f}"
    named = text.address(joined(event.name, event.address))
    said = point if isinstance(named, text.Refused) else f"{named[: text.ADDRESS_AT_MOST - len(point) - 3]} ({point})"
    return Step(AwaitingInstructions(state.cart, state.name, said), (_ask_instructions(facts),))


@FLOW.arrow
def instruct(
    state: AwaitingInstructions, event: Told, shop: Shop, facts: Facts
) -> Step[AwaitingConfirmation | AwaitingOrder | AwaitingInstructions]:
    said = text.instructions(event.said)
    if isinstance(said, text.Refused):
        return Step(state, (Say(_refusal(said, _expect_instructions(facts), facts)),), missed=True)
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
    order = _order(state, shop, facts)
    said = say(
        facts.language,
        "Thank you, {name}! Your order *{number}* is placed. 🎉\nTotal: {total}, paid at delivery.\n"
        "Say *track {number}* to see how it goes.",
        name=order.name,
        number=order.number,
        total=price(order.total, shop),
    )
    effects = (PlaceOrder(order), SaveCustomer(_customer(state, shop, facts)), Say(said, Purpose.ORDER))
    return Step(OrderPlaced(order.number, order.total), effects)


@FLOW.arrow
def thank(state: OrderPlaced, event: Thanked, shop: Shop, facts: Facts) -> Step[OrderPlaced]:
    return Step(state, (Say(say(facts.language, "You're welcome! Say *menu* to order again.")),))


# -- what is expected ----------------------------------------------------------------------------------------------
@FLOW.guide
def guide_hello(state: Initial, shop: Shop, facts: Facts) -> Guide:
    return Guide(
        say(facts.language, "please say *hi* to see our menu"), "hi", (say(facts.language, "*hi* – see our menu"),)
    )


@FLOW.guide
def guide_order(state: AwaitingOrder, shop: Shop, facts: Facts) -> Guide:
    return Guide(
        say(facts.language, "please send an item number and how many you want, or *done*"),
        "1, 2",
        (
            say(facts.language, "*1, 2* – two of item 1; several lines at once are fine"),
            say(facts.language, "*cart* – see your cart"),
            say(facts.language, "*remove 1* – take item 1 out; *clear* – empty the cart"),
            say(facts.language, "*more* – the rest of the menu"),
            say(facts.language, "*done* – go on to delivery"),
        ),
    )


@FLOW.guide
def guide_name(state: AwaitingName, shop: Shop, facts: Facts) -> Guide:
    expected = _expect_name(facts)
    return Guide(expected, "Asha Rao", (say(facts.language, "Your name, as it shall stand on the order"),))


@FLOW.guide
def guide_address(state: AwaitingAddress, shop: Shop, facts: Facts) -> Guide:
    expected = _expect_address(facts)
    example = say(facts.language, "12 MG Road, Bengaluru")
    return Guide(expected, example, (say(facts.language, "The address to deliver to, typed or as a location"),))


@FLOW.guide
def guide_instructions(state: AwaitingInstructions, shop: Shop, facts: Facts) -> Guide:
    expected = _expect_instructions(facts)
    return Guide(expected, "skip", (say(facts.language, "A note for us, or *skip*"),))


@FLOW.guide
def guide_confirmation(state: AwaitingConfirmation, shop: Shop, facts: Facts) -> Guide:
    return Guide(
        say(facts.language, "please say *confirm* to order, *edit* to change it, or *cancel*"),
        "confirm",
        (say(facts.language, "*confirm* – place the order"), say(facts.language, "*edit* – change the cart")),
    )


@FLOW.guide
def guide_placed(state: OrderPlaced, shop: Shop, facts: Facts) -> Guide:
    track = say(facts.language, "*track {number}* – see how your order goes", number=state.number)
    return Guide(
        say(facts.language, "your order *{number}* is placed; please say *menu* to order again", number=state.number),
        "menu",
        (track, say(facts.language, "*menu* – order again")),
    )


def _expect_name(facts: Facts) -> str:
    return say(facts.language, "please tell me your name")


def _expect_address(facts: Facts) -> str:
    return say(facts.language, "please send the address to deliver to, as text or as a location")


def _expect_instructions(facts: Facts) -> str:
    return say(facts.language, "please send a note for us, or say *skip*")


MUDDLES = {
    text.Muddle.FRACTION: "Whole numbers only, please: *1, 2* means two of item 1.",
    text.Muddle.NEGATIVE: "A quantity can't be below nothing: *1, 2* means two of item 1, *remove 1* takes it out.",
    text.Muddle.THREE_NUMBERS: "One item a line, please, or with a semicolon between: *1, 2; 3, 1*.",
    text.Muddle.TOO_MANY: "That is a lot at once. Please send at most 40 lines in one message.",
}


# -- pieces of replies ---------------------------------------------------------------------------------------------
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


@FLOW.rescue
def rescue(fields: Mapping[str, Any]) -> State:
    return Initial(msgspec.convert(fields.get("cart", {}), Cart))


def _how(facts: Facts) -> str:
    return say(facts.language, "Send an item number and how many you want: *1, 2* means two of item 1.")


def _menu(hello: str, cart: Cart, known: tuple[str, str], shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    """The first page of the menu; the cart, when there is one, is brought up to date and mentioned."""
    cart, changes = carts.revise(cart, shop, facts)
    menu = shop.catalogue.menu[:ITEMS_A_PAGE]
    lines = [hello, "", *menu_lines(menu, 0, shop, facts), "", *_below_menu(menu, shop, facts)]
    if not menu:
        lines = [hello, "", say(facts.language, "There is nothing on the menu today; please come back soon.")]
    lines += news(changes, shop, facts)
    if cart.lines:
        kept = cart_line(cart, shop, facts)
        lines.append(say(facts.language, "Your cart is kept: {kept}. Say *cart* to see it.", kept=kept))
    return Step(AwaitingOrder(_with_cart(menu, cart), cart, *known), (Say("\n".join(lines)),))


def _with_cart(menu: tuple[str, ...], cart: Cart) -> tuple[str, ...]:
    """The numbers, with one for everything in the cart: ``remove`` must reach it."""
    return menu + tuple([line.sku for line in cart.lines if line.sku not in menu])


def _below_menu(menu: tuple[str, ...], shop: Shop, facts: Facts) -> list[str]:
    lines = [_how(facts)]
    rest = len(shop.catalogue.menu) - len(menu)
    if rest > 0:
        lines.append(say(facts.language, "Say *more* for {rest} more items.", rest=rest))
    lines.append(say(facts.language, "Say *done* when you have everything."))
    return lines


def _ordering(said: str, cart: Cart, shop: Shop, facts: Facts) -> AnyEffect:
    """An answer while choosing, with the cart in one line and the ways on."""
    if not cart.lines:
        return Say(joined(said, say(facts.language, "Your cart is empty.")))
    line = say(facts.language, "Your cart: {cart}. Add more, or say *done*.", cart=cart_line(cart, shop, facts))
    return _question(joined(said, line), _order_options(facts))


def _order_options(facts: Facts) -> tuple[Option, ...]:
    return (Option("done", say(facts.language, "Done")), Option("cart", say(facts.language, "View cart")))


def _question(said: str, options: tuple[Option, ...]) -> AnyEffect:
    """A question that free text answers as well: numbers typed are not its options' numbers."""
    return Ask(said, options, numbered=False) if options else Say(said)


def _shown(said: str, state: AwaitingOrder, shop: Shop, facts: Facts) -> Step[AwaitingOrder]:
    """The cart line by line, as it can be bought now, under the menu's numbers."""
    cart, changes = carts.revise(state.cart, shop, facts)
    menu = _with_cart(state.menu, cart)
    after = AwaitingOrder(menu, cart, state.name, state.address)
    if not cart.lines:
        empty = say(facts.language, "Your cart is empty. {how}", how=_how(facts))
        return Step(after, (Say(joined(said, *news(changes, shop, facts), empty)),))
    lines = [
        f"{menu.index(line.sku) + 1}. {shown}" for line, shown in zip(cart.lines, cart_lines(cart, shop), strict=True)
    ]
    total = say(facts.language, "Total: {total}", total=price(cart.total, shop))
    how = say(facts.language, "Say *remove 1* to take item 1 out, *done* to go on.")
    body = joined(said, *news(changes, shop, facts), say(facts.language, "Your cart:"), *lines, total, how)
    return Step(after, (_question(body, _order_options(facts)[:1]),))


def _one_wanted(
    state: AwaitingOrder, cart: Cart, item: int, quantity: int, shop: Shop, facts: Facts
) -> tuple[Cart, str, bool]:
    """One pair: the cart after it, a sentence about it, and whether it did anything."""
    if not 1 <= item <= len(state.menu):
        said = say(
            facts.language,
            "There is no item {item}; the menu goes from 1 to {last}.",
            item=_short(item),
            last=len(state.menu),
        )
        return cart, said, False
    sku = state.menu[item - 1]
    have = cart.quantity(sku)
    if not quantity:
        return _taken_out(cart, sku, item, have, shop, facts)
    product = shop.catalogue.sold(sku)
    if product is None:
        known = shop.catalogue.product(sku)
        named = known.name if known is not None else say(facts.language, "Item {item}", item=item)
        return cart, say(facts.language, "{name} is not sold any more, sorry.", name=named), False
    return add(cart, product, quantity, shop, facts)


def _taken_out(cart: Cart, sku: str, item: int, have: int, shop: Shop, facts: Facts) -> tuple[Cart, str, bool]:
    if not have:
        return cart, say(facts.language, "Item {item} is not in your cart.", item=item), False
    named = next(line.name for line in cart.lines if line.sku == sku)
    return carts.without(cart, sku), say(facts.language, "Removed {name}.", name=named), True


def _short(item: int) -> str:
    """A number as it is said back; text.HUGE stands for all that are absurd."""
    return str(item) if item < text.HUGE else "…"


def _ask_address(name: str, state: AwaitingName, facts: Facts) -> AnyEffect:
    asked = say(
        facts.language, "Thank you, {name}! Where shall we deliver? Type the address or send your location.", name=name
    )
    if not state.known_address:
        return AskLocation(asked)
    again = say(facts.language, "Or use this one again: {address}", address=state.known_address)
    return _question(joined(asked, again), (Option("same", say(facts.language, "Same address"), words=("same",)),))


def _ask_instructions(facts: Facts) -> AnyEffect:
    asked = say(facts.language, "Got it. Any instructions for us? Say *skip* if there are none.")
    return _question(asked, (Option("skip", say(facts.language, "Skip")),))


def _refusal(refused: text.Refused, expected: str, facts: Facts) -> str:
    why = say(facts.language, refused.phrase, **refused.values)
    return f"{why} {say(facts.language, 'Once more')}: {expected}."


def _summary(state: AwaitingConfirmation, shop: Shop, facts: Facts) -> Step[AwaitingConfirmation | AwaitingOrder]:
    """What is about to be ordered, as it can be bought now; an emptied cart leads back to the menu."""
    cart, changes = carts.revise(state.cart, shop, facts)
    changed = news(changes, shop, facts)
    if not cart.lines:
        sorry = say(facts.language, "Your cart is empty now. Here is the menu again:")
        return _menu(joined(*changed, sorry), cart, known_in(state), shop, facts)
    after = AwaitingConfirmation(cart, state.name, state.address, state.instructions)
    return Step(after, (_ask_confirmation(after, changed, shop, facts),))


def _ask_confirmation(state: AwaitingConfirmation, changed: list[str], shop: Shop, facts: Facts) -> Ask:
    speech = facts.language
    lines = [
        *changed,
        say(speech, "Your order:"),
        *cart_lines(state.cart, shop),
        say(speech, "*Total: {total}* (tax included)", total=price(state.cart.total, shop)),
        "",
        say(speech, "Name: {name}", name=state.name),
        say(speech, "Address: {address}", address=state.address),
        say(speech, "Instructions: {note}", note=state.instructions or say(speech, "none")),
        "",
        say(speech, "Please confirm again.") if changed else say(speech, "Shall I place this order?"),
    ]
    options = (
        Option("confirm", say(speech, "Confirm")),
        Option("edit", say(speech, "Edit")),
        Option("word:cancel", say(speech, "Cancel")),
    )
    return Ask("\n".join(lines), options)


def _order(state: AwaitingConfirmation, shop: Shop, facts: Facts) -> Order:
    lines = state.cart.order_lines(shop)
    return Order(
        number=order_number("WA", shop, facts),
        shop=shop.name,
        customer=customer_of(facts),
        cart=state.cart.id,
        lines=lines,
        total=sum(line.total for line in lines),
        currency=shop.currency,
        status=OrderStatus.PENDING,
        payment=PaymentStatus.UNPAID,
        kind="delivery",
        source="WhatsApp",
        placed_at=facts.now,
        name=state.name,
        phone=facts.phone,
        address=state.address,
        instructions=state.instructions,
        store=shop.store,
    )


def _customer(state: AwaitingConfirmation, shop: Shop, facts: Facts) -> Customer:
    """The customer's card, with what this order says; the rest of it stays."""
    card = facts.customer or Customer(customer_of(facts), shop.name, language=facts.language)
    phone = facts.phone or card.phone
    return msgspec.structs.replace(card, name=state.name, phone=phone, address=state.address)
