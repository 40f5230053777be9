"""A cart with tax and payment: browse by category or name, say how many, review, pay, and it is on its way.

The contract is flows.md §2; the states are in engine.cart_states, and what becomes of an order once it is placed in
engine.cart_money. An order is placed before it is paid: from then on its stock is held, and money that comes (or does
not) is followed in whatever state the customer is by then.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine import awaiting, browsing, cart_money, checkout, paying, reviewing
from engine import basket as baskets
from engine.basket import Basket, PickedUp
from engine.browsing import AgainAsked, Cleared, MoreAsked, Named, ReviewAsked, WentBack
from engine.cart_states import (
    FLOW,
    AddingToCart,
    AwaitingPayment,
    BrowsingProducts,
    CollectingAddress,
    CollectingQuantity,
    Greeting,
    Looking,
    Open,
    OrderComplete,
    PaymentConfirmation,
    Reviewed,
    ReviewingOrder,
    Shopping,
    basket_in,
)
from engine.delivery import KnownUsed, Told
from engine.effects import Ask, Option, Say
from engine.events import CartSent, LocationSent
from engine.facts import ConflictKind, Facts, OwnCard, OwnOrders
from engine.flow import Cancelled, Chosen, Expired, Started, State, Step
from engine.messages import Purpose
from engine.offering import price_of
from engine.ordering import Muddled, Removed, Wanted
from engine.phrases import say
from engine.reviewing import AddressAsked, ChangeAsked, CheckedOut, CodeGiven, Counted, LineAsked
from engine.shop import Shop
from engine.shopping import cart_line, joined

__all__ = ["FLOW"]


# -- looking around ------------------------------------------------------------------------------------------------
@FLOW.arrow(needs=(OwnCard(), OwnOrders()))
def greet(state: State, event: Started, shop: Shop, facts: Facts) -> Step[BrowsingProducts]:
    """The welcome, by name, with the last order to have again. A basket from before is kept and mentioned."""
    now = baskets.reviewed(basket_in(state), shop, facts)
    kept = checkout.kept(now.basket, shop, facts)
    unpaid = awaiting.still_open(state.number, state.due, shop, facts) if isinstance(state, Open) else ""
    head = joined(checkout.welcome(shop, facts), *now.changed, kept, unpaid)
    return _browse(head, now.basket, 0, shop, facts, ahead=checkout.again_option(shop, facts))


@FLOW.arrow
def cancel(state: State, event: Cancelled, shop: Shop, facts: Facts) -> Step[Greeting]:
    number = state.number if isinstance(state, OrderComplete) else ""
    return Step(Greeting(), (checkout.cancelled(basket_in(state), number, facts),))


@FLOW.arrow
def expire(state: State, event: Expired, shop: Shop, facts: Facts) -> Step[Greeting]:
    """A basket holds nothing, so there is nothing to release; an order that is placed goes by its own timers."""
    return Step(Greeting())


@FLOW.arrow
def open_category(
    state: BrowsingProducts, event: Chosen, shop: Shop, facts: Facts
) -> Step[AddingToCart | BrowsingProducts]:
    kind, name, _ = browsing.kind_of(event.value)
    if kind != "shelf":
        return Step(AddingToCart(state.basket), then=event)
    return _shelf("", state.basket, name, 0, shop, facts)


@FLOW.arrow
def more_categories(state: BrowsingProducts, event: MoreAsked, shop: Shop, facts: Facts) -> Step[BrowsingProducts]:
    return _browse("", state.basket, browsing.next_page(state.first, None, shop), shop, facts)


@FLOW.arrow
def more_items(
    state: AddingToCart | CollectingQuantity, event: MoreAsked, shop: Shop, facts: Facts
) -> Step[AddingToCart | BrowsingProducts]:
    if isinstance(state, CollectingQuantity):
        return _browse("", state.basket, 0, shop, facts)
    first = browsing.next_page(state.first, state.category, shop)
    return _shelf("", state.basket, state.category, first, shop, facts)


@FLOW.arrow
def find(
    state: BrowsingProducts | AddingToCart, event: Named, shop: Shop, facts: Facts
) -> Step[AddingToCart | BrowsingProducts]:
    """Goods by their names: what is clear goes on at once, what may be several things is asked."""
    found = browsing.find(event.said, shop)
    if found.value:
        return Step(AddingToCart(state.basket), then=Chosen(found.value))
    basket, said, good = baskets.add_all(state.basket, found.clear, shop, facts)
    said += [browsing.not_found(name, facts) for name in found.unknown]
    if found.options:
        return Step(AddingToCart(basket), (browsing.candidates(said, found, shop, facts),))
    if good:
        return _added(said, basket, "", shop, facts)
    return Step(state, (Say(joined(*said)),), missed=True)


@FLOW.arrow
def switch(
    state: CollectingQuantity | ReviewingOrder, event: Named, shop: Shop, facts: Facts
) -> Step[AddingToCart | CollectingQuantity | ReviewingOrder]:
    """Something else by its name, where a number or a word is expected."""
    if browsing.find(event.said, shop).anything:
        return Step(AddingToCart(state.basket), then=event)
    product = shop.catalogue.product(state.sku) if isinstance(state, CollectingQuantity) else None
    said = browsing.unclear(event.said, product.name if product is not None else "", facts)
    return Step(state, (Say(said),), missed=True)


@FLOW.arrow
def choose(
    state: AddingToCart, event: Chosen, shop: Shop, facts: Facts
) -> Step[CollectingQuantity | AddingToCart | BrowsingProducts]:
    """An item, one of its variants (maybe so many of it), or a category again."""
    kind, name, quantity = browsing.kind_of(event.value)
    if kind == "shelf":
        return _shelf("", state.basket, name, 0, shop, facts)
    product, item = shop.catalogue.sold(name), shop.catalogue.items.get(name)
    if product is None or item is None:
        return _shelf(browsing.gone(name, shop, facts), state.basket, state.category, 0, shop, facts)
    if kind == "item" and len(item.skus) > 1:
        return Step(AddingToCart(state.basket, item.shelf), (browsing.variants(item, shop, facts),))
    if quantity:
        basket, said, good = baskets.add_all(state.basket, ((product.sku, quantity),), shop, facts)
        return _added(said, basket, item.shelf, shop, facts, missed=not good)
    if browsing.is_out(product, facts):
        return _shelf(browsing.out(product, facts), state.basket, item.shelf, 0, shop, facts)
    asked = CollectingQuantity(state.basket, product.sku, price_of(product, shop, facts))
    return Step(asked, browsing.how_many(product, shop, facts))


@FLOW.arrow
def count(
    state: CollectingQuantity, event: Counted, shop: Shop, facts: Facts
) -> Step[CollectingQuantity | AddingToCart | ReviewingOrder | CollectingAddress | BrowsingProducts]:
    """So many more of it; of a line that is edited exactly so many."""
    if state.editing:
        basket, sentence, good = baskets.set_quantity(state.basket, state.sku, event.quantity, shop, facts)
        return _review(basket, [sentence], shop, facts) if good else Step(state, (Say(sentence),), missed=True)
    product = shop.catalogue.sold(state.sku)
    if product is None or browsing.is_out(product, facts):
        gone = browsing.gone(state.sku, shop, facts) if product is None else browsing.out(product, facts)
        return _browse(gone, state.basket, 0, shop, facts)
    basket, said, good = baskets.add_all(state.basket, ((state.sku, event.quantity),), shop, facts)
    if not good:
        return Step(state, (Say(joined(*said)),), missed=True)
    said += baskets.repriced(product, state.price, shop, facts)
    return _added(said, basket, shop.catalogue.items[state.sku].shelf, shop, facts)


@FLOW.arrow
def back(
    state: Shopping, event: WentBack, shop: Shop, facts: Facts
) -> Step[BrowsingProducts | ReviewingOrder | CollectingAddress]:
    if isinstance(state, CollectingQuantity) and state.editing:
        return _review(state.basket, [], shop, facts)
    return _browse(checkout.kept(state.basket, shop, facts), state.basket, 0, shop, facts)


@FLOW.arrow
def clear(state: Looking | ReviewingOrder, event: Cleared, shop: Shop, facts: Facts) -> Step[BrowsingProducts]:
    return _browse(say(facts.language, "Your cart is empty."), Basket(), 0, shop, facts)


@FLOW.arrow
def muddle(
    state: CollectingQuantity | ReviewingOrder, event: Muddled, shop: Shop, facts: Facts
) -> Step[CollectingQuantity | ReviewingOrder]:
    return Step(state, (Say(reviewing.muddled(event.why, facts)),), missed=True)


# -- the order -----------------------------------------------------------------------------------------------------
@FLOW.arrow(needs=(OwnCard(),))
def review(state: Looking | ReviewingOrder, event: ReviewAsked, shop: Shop, facts: Facts) -> Step[Reviewed]:
    return _review(state.basket, [], shop, facts)


@FLOW.arrow(needs=(OwnCard(), OwnOrders()))
def again(state: Greeting | Looking | OrderComplete, event: AgainAsked, shop: Shop, facts: Facts) -> Step[Reviewed]:
    """The last order once more, at today's prices."""
    last = checkout.last_order(shop, facts)
    if last is None:
        return _browse(say(facts.language, "I know of no earlier order."), state.basket, 0, shop, facts)
    return _review(*baskets.again(state.basket, last, shop, facts), shop, facts)


@FLOW.arrow(needs=(OwnCard(),))
def native_cart(state: State, event: CartSent, shop: Shop, facts: Facts) -> Step[Reviewed]:
    """The provider's own cart in place of ours, at our prices."""
    return _review(*baskets.from_native(basket_in(state), event.items, shop, facts), shop, facts)


@FLOW.arrow
def address(
    state: CollectingAddress, event: Told | KnownUsed | LocationSent | PickedUp, shop: Shop, facts: Facts
) -> Step[Reviewed]:
    basket, refused = baskets.going_to(state.basket, event, state.known, shop, facts)
    return Step(state, (refused,), missed=True) if refused is not None else _review(basket, [], shop, facts)


@FLOW.arrow(needs=(OwnCard(),))
def elsewhere(state: ReviewingOrder, event: AddressAsked | PickedUp, shop: Shop, facts: Facts) -> Step[Reviewed]:
    going = msgspec.structs.replace(state.basket, address="", pickup=isinstance(event, PickedUp))
    return _review(going, [], shop, facts)


@FLOW.arrow
def change(state: ReviewingOrder, event: ChangeAsked, shop: Shop, facts: Facts) -> Step[ReviewingOrder]:
    return Step(state, (reviewing.ask_line(state.basket.cart, shop, facts),))


@FLOW.arrow
def line(
    state: ReviewingOrder, event: LineAsked | Chosen, shop: Shop, facts: Facts
) -> Step[CollectingQuantity | ReviewingOrder]:
    """How many of this line shall it be?"""
    wanted = reviewing.line_of(state.basket.cart, event)
    if wanted is None:
        return Step(state, (Say(reviewing.no_line(state.basket.cart, facts)),), missed=True)
    asked = CollectingQuantity(state.basket, wanted.sku, wanted.price, editing=True)
    return Step(asked, (reviewing.ask_quantity(wanted, facts),))


@FLOW.arrow(needs=(OwnCard(),))
def set_lines(state: ReviewingOrder, event: Wanted | Removed, shop: Shop, facts: Facts) -> Step[Reviewed]:
    pairs = event.pairs if isinstance(event, Wanted) else ((event.item, 0),)
    basket, said, good = reviewing.set_lines(state.basket, pairs, shop, facts)
    return _review(basket, said, shop, facts) if good else Step(state, (Say(joined(*said)),), missed=True)


@FLOW.arrow
def code(state: ReviewingOrder, event: CodeGiven, shop: Shop, facts: Facts) -> Step[Reviewed]:
    basket, refused = baskets.with_code(state.basket, event.code, shop, facts)
    return Step(state, (Say(refused),), missed=True) if refused else _review(basket, [], shop, facts)


@FLOW.arrow(needs=(OwnCard(),))
def place(
    state: ReviewingOrder, event: CheckedOut, shop: Shop, facts: Facts
) -> Step[AwaitingPayment | PaymentConfirmation | OrderComplete | Reviewed]:
    """One order, one hold, one commit. What changed meanwhile is shown and must be confirmed again."""
    refused = facts.conflict
    if refused is not None and refused.kind is ConflictKind.CART_ORDERED:
        return Step(OrderComplete(refused.what, state.total), (checkout.twice(refused.what, facts),))
    now = baskets.reviewed(state.basket, shop, facts)
    if now.basket != state.basket or now.totals.total != state.total:
        return _review(state.basket, [], shop, facts, shown=state.total)
    if why := checkout.refusal(now, shop, facts):
        return Step(state, (Say(why),), missed=True)
    ways = paying.offered(shop, facts)
    order = checkout.order_of(now, ways, shop, facts)
    placed = checkout.placed(order, shop, facts)
    if not order.held:
        firm = checkout.firm(order, ways, shop, facts)
        return Step(OrderComplete(order.number, order.total), (*placed, *firm))
    to_pay = checkout.to_pay(order, shop, facts)
    waiting = AwaitingPayment(order.number, order.total, order.due_at)
    if len(ways) > 1:
        return Step(waiting, (*placed, awaiting.ask_way(to_pay, ways, facts)))
    charged = cart_money.charge(waiting, order, ways[0], shop, facts)
    return Step(charged.state, (*placed, Say(to_pay, Purpose.ORDER), *charged.effects))


# -- pieces --------------------------------------------------------------------------------------------------------
def _browse(
    head: str, basket: Basket, first: int, shop: Shop, facts: Facts, *, ahead: Sequence[Option] = ()
) -> Step[BrowsingProducts]:
    asked = browsing.everything(head, first, ahead, shop, facts)
    return Step(BrowsingProducts(basket, first), (asked,))


def _shelf(
    head: str, basket: Basket, category: str, first: int, shop: Shop, facts: Facts
) -> Step[AddingToCart | BrowsingProducts]:
    """The items of a category; all of them where that is gone."""
    if category not in shop.catalogue.shelves:
        return _browse(head or say(facts.language, "There is nothing left of that."), basket, 0, shop, facts)
    review = (browsing.review_option(facts),) if basket.cart.lines else ()
    asked = browsing.shelf(head, category, first, (), (*review, browsing.all_option(shop, facts)), shop, facts)
    return Step(AddingToCart(basket, category, first), (asked,))


def _added(
    said: Sequence[str], basket: Basket, category: str, shop: Shop, facts: Facts, *, missed: bool = False
) -> Step[AddingToCart]:
    """What went in, the cart in a line, and the ways on."""
    cart = cart_line(basket.cart, shop, facts) if basket.cart.lines else ""
    line = say(facts.language, "Your cart: {cart}.", cart=cart) if cart else ""
    review = (browsing.review_option(facts),) if cart else ()
    more = (browsing.more_option(category, shop, facts),) if category in shop.catalogue.shelves else ()
    ways = (*review, *more, browsing.all_option(shop, facts))
    return Step(AddingToCart(basket, category), (Ask(joined(*said, line), ways),), missed=missed)


def _review(
    basket: Basket, said: Sequence[str], shop: Shop, facts: Facts, *, shown: int | None = None
) -> Step[Reviewed]:
    """The order as it can be placed now, or what it lacks first. ``shown``: the total that the customer agreed to."""
    now = baskets.reviewed(basket, shop, facts)
    if not now.basket.cart.lines:
        empty = joined(*said, *now.changed, say(facts.language, "Your cart is empty."))
        return _browse(empty, now.basket, 0, shop, facts)
    if baskets.needs_address(now.basket, shop):
        known = checkout.known_address(shop, facts)
        asked = reviewing.ask_address([*said, *now.changed], known, facts)
        return Step(CollectingAddress(now.basket, known), (asked,))
    again = bool(now.changed) or shown not in (None, now.totals.total)
    ask = reviewing.ask_review(said, now, shop, facts, again=again)
    return Step(ReviewingOrder(now.basket, now.totals.total), (ask,))
