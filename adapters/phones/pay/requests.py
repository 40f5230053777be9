"""Requests to pay: what a shop asks for, what becomes of it, and the record of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from engine.address import MINUTE, Millis
from engine.ports import Clock

Json = dict[str, Any]

PROMPT: Millis = MINUTE
"""How long M-Pesa's question stays on a phone (protocols.md §3.2)."""
LINK: Millis = 30 * MINUTE
"""How long a card's link can be paid at."""
CLASSIC, V2 = "classic", "v2"
PATHS = {CLASSIC: "", V2: "/v2"}
"""What stands before ``/orders``, by dialect."""
METHODS = ("mpesa", "card")

APPROVE = "approve"
DECLINES = {
    "cancelled": "cancelled",
    "no_funds": "insufficient_funds",
    "wrong_pin": "wrong_pin",
    "no_answer": "timeout",
    "declined": "declined",
    "expired": "expired",
}
"""How somebody may say no → the reason that the shop is told."""


class PayAccount(msgspec.Struct):
    """A shop's account. ``webhook_url`` "" keeps webhooks until there is an address. ``dialect`` is that of its
    requests and webhooks."""

    name: str
    title: str
    api_key: str
    webhook_secret: str
    webhook_url: str = ""
    dialect: str = CLASSIC


class Refused(Exception):
    """A request that breaks the API's rules: its HTTP status and body."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = msgspec.json.encode({"code": code, "message": message})


class Request(msgspec.Struct, dict=True):
    """One request to pay. ``amount`` is in major units, exactly as it was asked for. ``reason`` says why it failed,
    ``shown_as`` is the reference that its customer reads."""

    id: str
    account: PayAccount
    amount: Decimal
    currency: str
    method: str
    phone: str
    reference: str
    created_at: Millis
    expires_at: Millis
    status: str = "pending"
    transaction: str = ""
    reason: str = ""
    shown_as: str = ""
    ignored: bool = False

    @property
    def open(self) -> bool:
        return self.status == "pending"

    def shown(self, base_url: str) -> Json:
        """The answer of ``POST`` and ``GET /orders``."""
        told = {
            "id": self.id,
            "status": self.status,
            "amount": number(self.amount),
            "currency": self.currency,
            "payment_method": self.method,
            "reference": self.reference,
        }
        if self.method == "card":
            told["payment_url"] = f"{base_url}/pay/{self.id}"
        if self.transaction:
            told["transaction_reference"] = self.transaction
        return told | ({"reason": self.reason} if self.reason else {})

    def event(self, amount: Decimal) -> Json:
        """The webhook that tells how it ended. What v2 says is known from older variants only (protocols.md §3.1)."""
        if self.account.dialect == V2:
            return self._nested(amount)
        data = {
            "order_id": self.id,
            "transaction_reference": self.transaction,
            "amount": number(amount),
            "currency": self.currency,
            "status": self.status,
            "reference": self.reference,
            "customer": {"phone": self.phone},
        }
        return {"event": f"payment.{self.status}", "data": data | ({"reason": self.reason} if self.reason else {})}

    def _nested(self, amount: Decimal) -> Json:
        order = {"id": self.id, "total": number(self.amount), "currency": self.currency, "reference": self.reference}
        payment = {"amount": number(amount), "currency": self.currency, "status": self.status}
        if self.transaction:
            payment["reference"] = self.transaction
        if self.reason:
            payment["reason"] = self.reason
        customer = {"name": "", "phone": self.phone, "email": ""}
        cancelled = self.reason == DECLINES["cancelled"]
        event = "order.cancelled" if cancelled else f"payment.{self.status}"
        return {"event": event, "data": {"customer": customer, "order": order, "payment": payment}}


class Requests:
    """All requests, by id, by the shop's reference and by idempotency key. Ids and transactions are never used again,
    also not by the next fake, because they begin with the time at which this one began."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = f"{clock.now():x}"
        self._all: dict[str, Request] = {}
        self._referred: dict[tuple[str, str], Request] = {}
        self._keys: dict[tuple[str, str], tuple[bytes, Request]] = {}
        self._paid = 0

    def __iter__(self) -> Iterator[Request]:
        return iter(self._all.values())

    def take(self, account: PayAccount, raw: bytes, key: str) -> tuple[Request, bool]:
        """The request that a body asks for, and whether it is new: the same key gives the first one again. Raises
        Refused."""
        if key and (before := self._keys.get((account.name, key))) is not None:
            if before[0] != raw:
                raise Refused(422, "idempotency_key_reused", "This key came with another body before.")
            return before[1], False
        request = self._read(account, raw)
        self._all[request.id] = request
        if request.reference:
            self._referred[account.name, request.reference] = request
        if key:
            self._keys[account.name, key] = (raw, request)
        return request, True

    def find(self, account: PayAccount, name: str) -> Request | None:
        """One of this account's requests, by id or by the shop's reference."""
        request = self._all.get(name)
        if request is not None and request.account is account:
            return request
        return self._referred.get((account.name, name))

    def get(self, request_id: str) -> Request | None:
        """One request, whoever's."""
        return self._all.get(request_id)

    def end(self, request: Request, answer: str) -> bool:
        """Somebody approved or declined; False when it was over already."""
        if not request.open:
            return False
        if answer == APPROVE:
            self._paid += 1
            request.status, request.transaction = "success", f"TX{self._began}{self._paid:06d}".upper()
        else:
            request.status, request.reason = "failed", DECLINES[answer]
        return True

    def _read(self, account: PayAccount, raw: bytes) -> Request:
        try:
            body = msgspec.json.decode(raw, type=_Body)
            amount = Decimal(body.amount if isinstance(body.amount, (int, str)) else repr(body.amount))
        except (msgspec.DecodeError, UnicodeDecodeError, InvalidOperation) as error:
            raise Refused(400, "invalid_request", f"The body can't be read: {error}") from None
        mpesa = body.payment_method == "mpesa"
        if body.payment_method not in METHODS:
            raise Refused(400, "invalid_request", f"payment_method is one of {', '.join(METHODS)}.")
        if not amount.is_finite() or amount <= 0:
            raise Refused(400, "invalid_request", "amount is above 0.")
        if mpesa and (amount != amount.to_integral_value() or not body.customer.phone.isdigit()):
            raise Refused(400, "invalid_request", "M-Pesa takes whole shillings and a phone of digits.")
        now = self._clock.now()
        name = f"gh_{self._began}_{len(self._all) + 1}"
        life = PROMPT if mpesa else LINK
        return Request(
            name,
            account,
            amount,
            body.currency,
            body.payment_method,
            body.customer.phone,
            body.reference,
            now,
            now + life,
            shown_as=body.account_reference,
        )


class _Customer(msgspec.Struct):
    phone: str = ""


class _Body(msgspec.Struct):
    amount: int | float | str
    currency: str
    payment_method: str
    customer: _Customer = msgspec.field(default_factory=_Customer)
    reference: str = ""
    account_reference: str = ""


def number(amount: Decimal) -> int | float:
    """An amount as JSON writes it: 3000, or 2999.5."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)
