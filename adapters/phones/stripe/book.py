"""Stripe's own book: accounts, Checkout Sessions and what they were paid, and refunds. By Stripe's rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from adapters.payments._stripe import units
from adapters.phones.stripe.forms import Json, items, text, whole
from adapters.phones.stripe.refused import Refused, missing, not_there, unknown
from engine import money
from engine.address import DAY, MINUTE, Millis
from engine.errors import ConfigError
from engine.ports import Clock

SHORTEST: Millis = 30 * MINUTE
LONGEST: Millis = DAY
LINES_MOST = 100
REFERENCE_MOST = 200
AMOUNT_MOST = 99_999_999
CHECKOUT = frozenset(
    {
        *("mode", "line_items", "success_url", "cancel_url", "client_reference_id", "metadata", "expires_at"),
        *("customer_email", "payment_intent_data", "locale", "payment_method_types"),
    }
)
REFUND = frozenset({"payment_intent", "amount", "metadata", "reason"})
SECOND = 1000


@dataclass(slots=True)
class StripeAccount:
    """A shop's account. ``webhook_url`` "" keeps events until there is an address. ``webhook_secrets``: all that are in
    force; each signs."""

    name: str
    title: str
    secret_key: str
    webhook_secrets: tuple[str, ...]
    webhook_url: str = ""


@dataclass(slots=True)
class Session:
    """One Checkout Session. ``method`` is where its payment intent stands."""

    id: str
    account: StripeAccount
    amount: int
    currency: str
    words: Json
    created: int
    expires_at: int
    status: str = "open"
    payment_status: str = "unpaid"
    payment_intent: str = ""
    method: str = ""
    note: str = ""

    def shown(self, base_url: str, *, amount: int | None = None, expanded: bool = False) -> Json:
        """As the API shows it, and events."""
        intent: object = self.payment_intent or None
        if expanded and intent:
            intent = {"id": intent, "object": "payment_intent", "amount": self.amount, "status": self.method}
        return {
            "id": self.id,
            "object": "checkout.session",
            "amount_subtotal": self.amount,
            "amount_total": self.amount if amount is None else amount,
            "cancel_url": self.words.get("cancel_url"),
            "client_reference_id": self.words.get("client_reference_id"),
            "created": self.created,
            "currency": self.currency,
            "customer_details": None,
            "expires_at": self.expires_at,
            "livemode": False,
            "metadata": self.words.get("metadata", {}),
            "mode": "payment",
            "payment_intent": intent,
            "payment_status": self.payment_status,
            "status": self.status,
            "success_url": self.words.get("success_url"),
            "url": f"{base_url}/c/pay/{self.id}" if self.status == "open" else None,
        }


@dataclass(slots=True)
class Back:
    """One refund."""

    id: str
    session: Session
    amount: int
    metadata: Json
    created: int
    status: str = "succeeded"
    failure: str = ""

    def shown(self) -> Json:
        """As the API shows it, and events."""
        told = {
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "charge": self.session.payment_intent.replace("pi_", "ch_"),
            "created": self.created,
            "currency": self.session.currency,
            "metadata": self.metadata,
            "payment_intent": self.session.payment_intent,
            "reason": None,
            "status": self.status,
        }
        return told | ({"failure_reason": self.failure} if self.failure else {})


@dataclass(slots=True)
class Book:
    """All of it. Ids are never used again, also not by the next fake, because they hold the time at which this one
    began."""

    clock: Clock
    sessions: dict[str, Session] = field(default_factory=dict)
    refunds: dict[str, Back] = field(default_factory=dict)
    _began: str = ""
    _counted: int = 0

    def __post_init__(self) -> None:
        self._began = f"{self.clock.now():x}"

    def name(self, kind: str) -> str:
        """A new id: ``cs_test_…``, ``pi_…``, ``re_…``, ``evt_…``."""
        self._counted += 1
        return f"{kind}_{self._began}{self._counted:06d}"

    # -- sessions ----------------------------------------------------------------------------------------------------
    def open(self, account: StripeAccount, words: Json) -> Session:
        """A new session. Raises Refused."""
        _known(words, CHECKOUT)
        if text(words, "mode") != "payment":
            raise Refused(400, "This fake knows mode=payment only.", param="mode")
        for name in ("success_url", "cancel_url"):
            if not re.match(r"https?://[^/\s]+", text(words, name)):
                raise Refused(400, "Not a valid URL", code="url_invalid", param=name)
        if len(str(words.get("client_reference_id", ""))) > REFERENCE_MOST:
            raise Refused(400, "Invalid string: too long", param="client_reference_id")
        amount, currency = _sum(words)
        now = self.clock.now()
        ends = whole(words, "expires_at") if "expires_at" in words else (now + LONGEST) // SECOND
        if not now + SHORTEST <= ends * SECOND + SECOND <= now + LONGEST + 2 * SECOND:
            raise Refused(
                400, "The `expires_at` timestamp must be 30 minutes to 24 hours from now.", param="expires_at"
            )
        made = Session(self.name("cs_test"), account, amount, currency, words, now // SECOND, ends)
        self.sessions[made.id] = made
        return made

    def session(self, account: StripeAccount, name: str) -> Session:
        """One of this account's. Raises Refused."""
        found = self.sessions.get(name)
        if found is None or found.account is not account:
            raise not_there("checkout.session", name, "session")
        return found

    def expire(self, session: Session) -> None:
        """End one that is open. Raises Refused."""
        if session.status != "open":
            raise Refused(400, f'Only Checkout Sessions with a status in ["open"] can be expired: {session.status}.')
        session.status = "expired"

    def complete(self, session: Session, *, paid: bool) -> bool:
        """Its customer has done their part; ``paid`` False: the bank takes its time. False when it is over."""
        if session.status != "open":
            return False
        session.status, session.payment_intent = "complete", self.name("pi")
        session.payment_status = "paid" if paid else "unpaid"
        session.method = "succeeded" if paid else "processing"
        return True

    def decide(self, session: Session, *, paid: bool) -> None:
        """The bank has made up its mind."""
        session.payment_status = "paid" if paid else "unpaid"
        session.method = "succeeded" if paid else "requires_payment_method"

    # -- refunds -----------------------------------------------------------------------------------------------------
    def refund(self, account: StripeAccount, words: Json) -> Back:
        """A new refund. Raises Refused."""
        _known(words, REFUND)
        session = self.paid(account, text(words, "payment_intent"))
        left = session.amount - self.sent_back(session)
        amount = whole(words, "amount") if "amount" in words else left
        if not left:
            charge = session.payment_intent.replace("pi_", "ch_")
            raise Refused(400, f"Charge {charge} has already been refunded.", code="charge_already_refunded")
        if amount < 1:
            raise Refused(400, "Invalid positive integer", code="parameter_invalid_integer", param="amount")
        if amount > left:
            raise Refused(
                400, f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount"
            )
        metadata = words.get("metadata", {})
        made = Back(self.name("re"), session, amount, metadata, self.clock.now() // SECOND)
        self.refunds[made.id] = made
        return made

    def paid(self, account: StripeAccount, payment_intent: str) -> Session:
        """The session behind a payment intent that has money. Raises Refused."""
        for one in self.sessions.values():
            if one.account is account and one.payment_intent == payment_intent and one.payment_status == "paid":
                return one
        raise not_there("payment_intent", payment_intent, "payment_intent")

    def sent_back(self, session: Session) -> int:
        """How much of its money went back."""
        return sum(one.amount for one in self.refunds_of(session) if one.status == "succeeded")

    def charge(self, session: Session) -> Json:
        """The charge behind a session, as new versions of the API show it: without a list of its refunds."""
        return {
            "id": session.payment_intent.replace("pi_", "ch_"),
            "object": "charge",
            "amount": session.amount,
            "amount_refunded": self.sent_back(session),
            "currency": session.currency,
            "metadata": session.words.get("payment_intent_data", {}).get("metadata", {}),
            "payment_intent": session.payment_intent,
            "refunded": self.sent_back(session) == session.amount,
            "status": "succeeded",
        }

    def refunds_of(self, session: Session) -> list[Back]:
        """The newest first."""
        return [one for one in reversed(self.refunds.values()) if one.session is session]

    def __iter__(self) -> Iterator[Session]:
        return iter(self.sessions.values())


def _known(words: Json, names: frozenset[str]) -> None:
    for name in words:
        if name not in names:
            raise unknown(name)


def _sum(words: Json) -> tuple[int, str]:
    """The sum of all lines, and their currency. Raises Refused."""
    lines = items(words.get("line_items"))
    if not lines:
        raise missing("line_items")
    if len(lines) > LINES_MOST:
        raise Refused(400, f"Only {LINES_MOST} line items are allowed.", param="line_items")
    currencies = {text(line, "price_data", "currency") for line in lines}
    currency = currencies.pop()
    try:
        money.digits(currency.upper())
    except ConfigError:
        raise Refused(400, f"Invalid currency: {currency}", param="line_items[0][price_data][currency]") from None
    if currencies or currency != currency.lower():
        raise Refused(400, "All prices must have one currency, in small letters.", param="line_items")
    total = 0
    for line in lines:
        text(line, "price_data", "product_data", "name")
        amount, quantity = whole(line, "price_data", "unit_amount"), whole(line, "quantity")
        if amount < 1 or quantity < 1:
            raise Refused(400, "Invalid non-negative integer", code="parameter_invalid_integer", param="line_items")
        total += amount * quantity
    if currency.upper() in units.THREE and total % 10:
        raise Refused(400, "Amounts in this currency end in 0.", param="line_items")
    if total > AMOUNT_MOST * 10 ** max(0, units.digits(currency.upper())):
        raise Refused(400, "The amount is too large.", code="amount_too_large", param="line_items")
    return total, currency
