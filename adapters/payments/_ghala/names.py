"""What the two dialects call things of a payment (``adapters.ghala.names`` says how to change them)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from adapters.ghala.names import CLASSIC, V2, Json, changed, found, put

__all__ = ["DIALECTS", "Json", "Names", "changed", "found", "put"]


class Names(msgspec.Struct, frozen=True):
    """Their names by ours; the defaults are the classic dialect's.

    ``reference`` carries our own id of the request, out and back; ``account`` what the customer reads on the prompt.
    ``order``: the id that Ghala gives to a request. ``cancelled`` and ``event_header`` may be "": it has none.
    """

    # of a webhook
    signature: str = "x-ghala-signature"
    timestamp: str = "x-ghala-timestamp"
    event_header: str = ""
    event: str = "event"
    data: str = "data"
    success: str = "payment.success"
    failed: str = "payment.failed"
    cancelled: str = ""
    order: str = "order_id"
    transaction: str = "transaction_reference"
    amount: str = "amount"
    currency: str = "currency"
    reason: str = "reason"
    reference: str = "reference"
    payer: str = "customer.phone"
    # of a request, and of the answer to it or to a question
    orders: str = "/orders"
    method: str = "payment_method"
    mpesa: str = "mpesa"
    card: str = "card"
    phone: str = "customer.phone"
    account: str = "account_reference"
    id: str = "id"
    link: str = "payment_url"
    status: str = "status"


DIALECTS: Mapping[str, Names] = {
    CLASSIC: Names(),
    V2: Names(
        event_header="x-ghala-event",
        event="event|type",
        cancelled="order.cancelled",
        order="order.id|order_id|id",
        transaction="transaction_reference|payment.reference|payment.id",
        amount="amount|payment.amount|order.total",
        currency="currency|payment.currency|order.currency",
        reason="reason|payment.reason",
        reference="reference|order.reference",
        id="id|order.id",
        link="payment_url|payment.url",
        status="status|payment.status|order.status",
    ),
}
"""By dialect. Of v2's payments only what older variants told is known (protocols.md 3.1):
``data{customer{name,phone,email},order{id,total,currency,products}}``. So it asks as classic does, and reads both."""
