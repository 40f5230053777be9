"""What Ghala's classic dialect calls things. No public specification exists (protocols.md §3.1), so each name is a
setting: ``names = ["transaction=txn_ref", "link=data.checkout_url"]``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import msgspec

from engine.errors import ConfigError

Json: TypeAlias = dict[str, Any]


class Names(msgspec.Struct, frozen=True):
    """Their names by ours. A dot leads into an object: ``customer.phone``.

    ``reference`` carries our own id of the request, out and back; ``account`` what the customer reads on the prompt.
    ``order``: the id that Ghala gives to a request.
    """

    # of a webhook
    signature: str = "x-ghala-signature"
    event: str = "event"
    data: str = "data"
    success: str = "payment.success"
    failed: str = "payment.failed"
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


def named(pairs: Iterable[str], key: str) -> Names:
    """The names with what an operator changed, as ``OURS=THEIRS``. Raises ConfigError, naming the setting ``key``."""
    known = [field.name for field in msgspec.structs.fields(Names)]
    changed: dict[str, str] = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not equals or not theirs or ours not in known:
            raise ConfigError(f"{key}: expected OURS=THEIRS with OURS one of {', '.join(known)}, found {pair!r}")
        changed[ours] = theirs
    return Names(**changed)


def found(body: object, name: str) -> Any:
    """What stands under a dotted name; None when nothing does."""
    for part in name.split("."):
        body = body.get(part) if isinstance(body, dict) else None
    return body


def put(body: Json, name: str, value: object) -> None:
    """Set what stands under a dotted name."""
    *path, last = name.split(".")
    for part in path:
        body = body.setdefault(part, {})
    body[last] = value
