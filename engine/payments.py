"""Money: what a customer was asked to pay (Intent), what came in (Payment), and what a provider tells (PaymentNews).

Money first: what a provider tells of is recorded in a commit of its own before anything is made of it, together with
the letter that tells the customer's actor. The actor's turn then applies it, or lays it on the *payment desk*, where
the owner matches, refunds or credits it (quality.md 12). All amounts are integer minor units.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import msgspec

from engine.address import Millis


class Way(str, Enum):
    """How a customer pays. A provider may offer several; ``bank`` and ``cash`` need none."""

    MPESA = "mpesa"
    CARD = "card"
    BANK = "bank"
    CASH = "cash"


ASK_NOBODY = frozenset({Way.BANK, Way.CASH})
"""Ways without a provider: an intent by one of these is PENDING as soon as it is a row, whatever it says itself."""


class IntentStatus(str, Enum):
    """CREATED: wished, the provider was not asked yet. ASKING: claimed by the cashier. PENDING: the provider has it."""

    CREATED = "created"
    ASKING = "asking"
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (IntentStatus.CREATED, IntentStatus.ASKING, IntentStatus.PENDING)
"""Where an intent stands while money may be expected for it."""

INTENT_MOVES: Mapping[IntentStatus, frozenset[IntentStatus]] = {
    IntentStatus.CREATED: frozenset(
        {IntentStatus.ASKING, IntentStatus.PENDING, IntentStatus.PAID, IntentStatus.FAILED, IntentStatus.CANCELLED}
    ),
    IntentStatus.ASKING: frozenset(
        {IntentStatus.CREATED, IntentStatus.PENDING, IntentStatus.PAID, IntentStatus.FAILED, IntentStatus.CANCELLED}
    ),
    IntentStatus.PENDING: frozenset({IntentStatus.PAID, IntentStatus.FAILED, IntentStatus.CANCELLED}),
    IntentStatus.FAILED: frozenset({IntentStatus.PAID}),
    IntentStatus.CANCELLED: frozenset({IntentStatus.PAID}),
    IntentStatus.PAID: frozenset(),
}
"""A provider may tell of success after we gave up on it: money counts however late it comes."""


class Intent(msgspec.Struct, frozen=True):
    """One request to pay for one order or booking by one way.

    ``id`` is derived, ``<address>:<turn>:pay``, and is the idempotency key towards the provider. ``order`` is the order
    number or booking id. ``reference`` is what a person sees or types (bank reference, account of a prompt).
    ``provider_ref`` and ``link`` come with the provider's answer; ``reason`` says why it failed.
    """

    id: str
    shop: str
    customer: str
    order: str
    way: Way
    amount: int
    currency: str
    created_at: Millis
    expires_at: Millis
    phone: str = ""
    reference: str = ""
    status: IntentStatus = IntentStatus.CREATED
    provider: str = ""
    provider_ref: str = ""
    link: str = ""
    reason: str = ""


class IntentMove(msgspec.Struct, frozen=True):
    """Move an intent in a turn's commit. Where it stands elsewhere than in ``frm``, or INTENT_MOVES does not allow it,
    nothing happens: the provider may have been quicker, and what it told is on its way as a letter."""

    id: str
    frm: tuple[IntentStatus, ...]
    to: IntentStatus
    reason: str = ""


class Failure(str, Enum):
    """Why a payment did not come, in our words; what a provider calls it stands beside it as text."""

    CANCELLED = "cancelled"
    NO_FUNDS = "no_funds"
    WRONG_PIN = "wrong_pin"
    NO_ANSWER = "no_answer"
    EXPIRED = "expired"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


class PaymentNews(msgspec.Struct, frozen=True):
    """What a provider tells of one payment, by webhook or when asked.

    ``id`` is unique per provider: the event's or the transaction's own; recorded once, whatever arrives twice.
    ``intent`` is our id where the provider echoes it; else it is found by ``provider_ref``, else by ``reference``
    (an order number or a bank reference that a person typed). ``by`` is the owner who saw the money in the bank or in
    cash: such news have the provider "bank" or "cash" and come the same way as all others.
    """

    id: str
    provider: str
    ok: bool
    amount: int
    currency: str
    intent: str = ""
    provider_ref: str = ""
    reference: str = ""
    transaction: str = ""
    payer: str = ""
    failure: Failure = Failure.REFUSED
    detail: str = ""
    by: str = ""


class PaymentState(str, Enum):
    """RECORDED: in, nothing made of it yet. APPLIED: it pays its order. DESK: waits for the owner."""

    RECORDED = "recorded"
    APPLIED = "applied"
    DESK = "desk"
    REFUNDED = "refunded"
    CREDITED = "credited"


STATE_MOVES: Mapping[PaymentState, frozenset[PaymentState]] = {
    PaymentState.RECORDED: frozenset({PaymentState.APPLIED, PaymentState.DESK}),
    PaymentState.DESK: frozenset({PaymentState.APPLIED, PaymentState.REFUNDED, PaymentState.CREDITED}),
    PaymentState.APPLIED: frozenset({PaymentState.DESK, PaymentState.REFUNDED}),
    PaymentState.REFUNDED: frozenset(),
    PaymentState.CREDITED: frozenset(),
}
"""What paid an order that is cancelled goes back onto the desk, for the owner to refund or credit."""


UNKNOWN = "unknown"
"""Why a payment lies on the desk that belongs to no intent."""


class Payment(msgspec.Struct, frozen=True):
    """Money that came in. ``id`` is ``<provider>:<news id>``. ``customer`` and ``order`` are "" while nobody knows.

    ``why`` says why it lies on the desk (a machine word of engine.paying), or what the owner noted; ``by`` who decided.
    """

    id: str
    shop: str
    provider: str
    amount: int
    currency: str
    at: Millis
    intent: str = ""
    order: str = ""
    customer: str = ""
    transaction: str = ""
    payer: str = ""
    reference: str = ""
    state: PaymentState = PaymentState.RECORDED
    why: str = ""
    by: str = ""


def recorded(shop: str, news: PaymentNews, intent: Intent | None, at: Millis) -> Payment:
    """The payment that a provider told of; on the desk when nobody knows whose it is."""
    return Payment(
        id=f"{news.provider}:{news.id}",
        shop=shop,
        provider=news.provider,
        amount=news.amount,
        currency=news.currency,
        at=at,
        intent=intent.id if intent is not None else "",
        order=intent.order if intent is not None else "",
        customer=intent.customer if intent is not None else "",
        transaction=news.transaction,
        payer=news.payer,
        reference=news.reference,
        state=PaymentState.RECORDED if intent is not None else PaymentState.DESK,
        why="" if intent is not None else UNKNOWN,
        by=news.by,
    )


def same_money(known: Payment, news: PaymentNews) -> bool:
    """Whether news of a request that ``known`` has paid tell of that money once more, though under another id.

    A provider may say that a request is paid before it knows the transaction's number, and tell of it again with the
    number: by webhook after a question, or the other way round. Two numbers are two payments.
    """
    one_has_no_number = bool(known.transaction) is not bool(news.transaction)
    same_sum = (known.amount, known.currency) == (news.amount, news.currency)
    return one_has_no_number and same_sum and known.provider == news.provider


class PaymentSettlement(msgspec.Struct, frozen=True):
    """What a turn makes of a recorded payment. Refused (Conflict PAYMENT_MOVED) unless it stands in one of ``frm`` and
    STATE_MOVES allows it. ``order``, ``why`` and ``by`` are written where they are not empty. A payment of nobody's
    that gets an order becomes the customer's whose turn it is."""

    id: str
    frm: tuple[PaymentState, ...]
    to: PaymentState
    order: str = ""
    why: str = ""
    by: str = ""
