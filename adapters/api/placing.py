"""Orders that the shop's own programs place for a customer (flows.md §4)."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from adapters.api.amounts import major
from adapters.api.answers import Done, Later, Refusal, faulty
from adapters.api.endpoint import TOKEN, Call, Noun
from adapters.api.fields import PersonName, Phone, Place, Quantity, Sku, plain
from adapters.api.letters import customer_with, letter, told
from engine import text
from engine.address import Address
from engine.catalogue import Product
from engine.events import OrderRequested
from engine.facts import Availability
from engine.orders import Order

placing = Noun("orders")


class OrderWanted(msgspec.Struct, frozen=True, rename="camel"):
    """An order for somebody. Without an address it is picked up."""

    phone_number: Phone
    product_id: Sku
    quantity: Quantity
    delivery_address: Place = ""
    customer_name: PersonName = ""


class OrderPlaced(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    customer_id: str
    product_name: str
    quantity: int
    total_amount: float
    currency: str


@placing.post(
    "/api/orders",
    "Place an order for a customer",
    access=TOKEN,
    status=201,
    own_key=True,
    flows=frozenset({"micro_sales"}),
    refuses={
        404: "There is no such product.",
        409: "It is sold out, or this Idempotency-Key was used for another order.",
    },
)
async def place(call: Call, body: OrderWanted) -> Done[OrderPlaced] | Later:
    """The stock is held, and the customer is asked on WhatsApp how to pay. With an Idempotency-Key, the same order sent
    again gets the same answer, and nothing is ordered twice, however often and however much at once it is sent."""
    request = blake2b(call.key.encode(), digest_size=16).hexdigest() if call.key else call.request
    digits = body.phone_number.removeprefix("+")
    to = await customer_with(call, digits)
    address, name = plain(text.address, body.delivery_address), plain(text.name, body.customer_name)
    wish = OrderRequested(request, body.product_id, body.quantity, address, name)
    if (known := await _ordered(call, wish, to)) is not None:
        return _placed(known)
    product = _product(call, body)
    if not await told(call, letter(call, to, wish, f"order:{request}", digits)):
        return Later()
    order = await _ordered(call, wish, to)
    if order is None:
        raise await _sold_out(call, product, body.quantity, to)
    return _placed(order)


async def _ordered(call: Call, wish: OrderRequested, to: Address) -> Order | None:
    """What this request has become. Refusal 409 when its key was used for something else."""
    order = await call.store.order_of_cart(call.shop.name, f"api:{wish.request}")
    if order is None:
        return None
    line = order.lines[0]
    same = (line.sku, line.quantity, order.address, order.customer) == (
        *(wish.sku, wish.quantity, wish.address, to.customer),
    )
    if not same or wish.name not in ("", order.name):
        raise Refusal(409, f"This Idempotency-Key was used for another order, {order.number}; please use a new one.")
    return order


def _product(call: Call, body: OrderWanted) -> Product:
    product = call.shop.catalogue.sold(body.product_id)
    if product is None:
        raise Refusal(404, f"There is no product {body.product_id}.", {"productId": "there is no such product"})
    if body.quantity < product.min_quantity:
        raise faulty({"quantity": f"{product.name} is sold from {product.min_quantity} up"})
    return product


def _placed(order: Order) -> Done[OrderPlaced]:
    line = order.lines[0]
    placed = OrderPlaced(
        id=order.number,
        customer_id=order.customer,
        product_name=line.name,
        quantity=line.quantity,
        total_amount=major(order.total, order.currency),
        currency=order.currency,
    )
    return Done(f"Order {order.number} is placed; the customer is asked how to pay.", placed)


async def _sold_out(call: Call, product: Product, quantity: int, to: Address) -> Refusal:
    """Why the customer's turn placed no order."""
    now = call.running.around.clock.now()
    left = (await call.store.know(to, (Availability(),), now)).left.get(product.sku, quantity)
    if left < quantity:
        said = f"Only {left} × {product.name} left." if left > 0 else f"{product.name} is sold out."
    else:
        said = "The order could not be placed when it came. To try anew, use another Idempotency-Key."
    return Refusal(409, said)
