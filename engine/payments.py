"""Money: what a customer was asked to pay (Intent), what came in (Payment), and what a provider tells (PaymentNews).

Money first: what a provider tells of is recorded in a commit of its own before anything is made of it, together with
the letter that tells the customer's actor. The actor's turn then applies it, or lays it on the *payment desk*, where
the owner matches, refunds or credits it (quality.md 12). All amounts are integer minor units.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

import msgspec

from engine.address import Address, Link, Millis, customer_id


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
    ``provider_ref`` and ``link`` come with the provider's answer; ``reason`` says why it failed. ``told`` is what was
    overheard of it and is not recorded yet.
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
    told: Told | None = None


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


NEVER: Millis = 10**15
"""The moment of a question that does not come."""


class Told(msgspec.Struct, frozen=True):
    """Hearsay: what an unsigned call says became of an intent, and when it came. It is asked about before anything is
    made of it (quality.md 12; engine.hearsay)."""

    news: PaymentNews
    at: Millis


class RefundNews(msgspec.Struct, frozen=True):
    """What a provider tells of one refund, as its answer or by webhook. ``id`` is its own, recorded once, ``payment``
    the PaymentNews.id of the money that goes back, ``amount`` how much of it.

    ``key`` is ours (Payment.refund_key) where the provider was asked by us and echoes it; "" for one that the owner
    made at the provider. Not ``ok``: it was refused, or it failed later, and ``detail`` says why in a plain sentence;
    where a request was refused, so that there is no refund, ``id`` is the key itself.
    """

    id: str
    provider: str
    payment: str
    amount: int
    ok: bool = True
    key: str = ""
    detail: str = ""


class PaymentState(str, Enum):
    """RECORDED: in, nothing made of it yet. APPLIED: it pays its order. DESK: waits for the owner. REFUNDING: the owner
    wants some of it sent back, and its provider is asked to."""

    RECORDED = "recorded"
    APPLIED = "applied"
    DESK = "desk"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    CREDITED = "credited"


STATE_MOVES: Mapping[PaymentState, frozenset[PaymentState]] = {
    PaymentState.RECORDED: frozenset({PaymentState.APPLIED, PaymentState.DESK, PaymentState.REFUNDED}),
    PaymentState.DESK: frozenset(
        {
            PaymentState.RECORDED,
            PaymentState.DESK,
            PaymentState.APPLIED,
            PaymentState.REFUNDING,
            PaymentState.REFUNDED,
            PaymentState.CREDITED,
        }
    ),
    PaymentState.APPLIED: frozenset(
        {PaymentState.APPLIED, PaymentState.DESK, PaymentState.REFUNDING, PaymentState.REFUNDED}
    ),
    PaymentState.REFUNDING: frozenset({PaymentState.APPLIED, PaymentState.DESK, PaymentState.REFUNDED}),
    PaymentState.REFUNDED: frozenset({PaymentState.DESK}),
    PaymentState.CREDITED: frozenset(),
}
"""What paid an order that is cancelled goes back onto the desk, for the owner to refund or credit. Where a part is sent
back, a payment may stay where it is; what came back to the shop, because a refund failed later, lies on the desk. What
was nobody's is RECORDED anew once its provider tells whose it is (``claimed``)."""


UNKNOWN = "unknown"
"""Why a payment lies on the desk that belongs to no intent."""


class Payment(msgspec.Struct, frozen=True):
    """Money that came in. ``id`` is ``<provider>:<news id>``. ``customer`` and ``order`` are "" while nobody knows.

    ``why`` says why it lies on the desk (a machine word of engine.paying), or what the owner noted; ``by`` who decided.

    ``refunded`` is how much was sent back, in all; more than came only until the provider tells that one of several
    refunds has failed. While it is REFUNDING, ``refunding`` is how much its provider shall
    send back now (0: it has answered), and ``back_to`` the state in which it stood. ``refunds`` counts the requests,
    ``refund_ref`` is the provider's id of the last refund, ``refund_problem`` why the last one was not made.
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
    refunded: int = 0
    refunding: int = 0
    refunds: int = 0
    back_to: str = ""
    refund_ref: str = ""
    refund_problem: str = ""

    @property
    def left(self) -> int:
        """What of it was not sent back."""
        return self.amount - self.refunded

    @property
    def refund_key(self) -> str:
        """The idempotency key of the refund that is under way, or of the last one."""
        return f"{self.shop}/{self.id}:refund:{self.refunds}"


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


def nobodys(payment: Payment) -> bool:
    """Whether nobody knows whose it is, and nothing was decided about it."""
    return payment.state is PaymentState.DESK and payment.why == UNKNOWN and not payment.intent and not payment.order


def claimed(payment: Payment, intent: Intent) -> Payment:
    """Money of nobody's, once its provider tells under the same id whose it is: its word may overtake our knowledge of
    the request, or come a second time by another way that knows more. It is the intent's as if it came just now."""
    return msgspec.structs.replace(
        payment,
        intent=intent.id,
        order=intent.order,
        customer=intent.customer,
        state=PaymentState.RECORDED,
        why="",
    )


RECEIPTS = frozenset({"mpesa"})
"""Providers whose transaction's number names one payment, however and however often it is told: once per shop."""


def has_receipt(news: PaymentNews) -> bool:
    """Whether the number of the transaction alone says which money it is."""
    return news.ok and bool(news.transaction) and news.provider in RECEIPTS


def folded(reference: str) -> str:
    """A reference or order number as it is compared when a person has typed it: ``ord 7k2m-9q`` is ``ORD7K2M9Q``."""
    return "".join([letter for letter in reference.upper() if letter not in " -"])


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
    that gets an order becomes the customer's whose turn it is. ``refund`` is how much of it shall go back where it
    becomes REFUNDING, else how much of it the owner has sent back by hand."""

    id: str
    frm: tuple[PaymentState, ...]
    to: PaymentState
    order: str = ""
    why: str = ""
    by: str = ""
    refund: int = 0


def settled(payment: Payment, one: PaymentSettlement, customer: str) -> Payment:
    """The payment after a settlement in a turn of ``customer``, as every store writes it."""
    sends = one.to is PaymentState.REFUNDING
    return msgspec.structs.replace(
        payment,
        state=one.to,
        order=one.order or payment.order,
        why=one.why or payment.why,
        by=one.by or payment.by,
        customer=customer if one.order and not payment.customer else payment.customer,
        refunded=payment.refunded if sends or not one.refund else min(payment.amount, payment.refunded + one.refund),
        refunding=one.refund if sends else payment.refunding,
        refunds=payment.refunds + sends,
        back_to=payment.state.value if sends else payment.back_to,
        refund_problem="" if sends else payment.refund_problem,
    )


def refund_told(payment: Payment, news: RefundNews, counted: int) -> Payment | None:
    """The payment after news of a refund, as every store writes it; None where they change nothing. ``counted``: how
    much of it had counted as sent back under this refund's id before."""
    under_way = payment.refunding > 0 and news.key == payment.refund_key
    still = 0 if under_way else payment.refunding
    if news.ok:
        sent = payment.refunded + news.amount
        return msgspec.structs.replace(payment, refunded=sent, refunding=still, refund_ref=news.id)
    if not under_way and not counted:
        return None
    sent = payment.refunded - counted
    return msgspec.structs.replace(payment, refunded=sent, refunding=still, refund_problem=news.detail)


def whose(payment: Payment) -> Address:
    """Whose turn decides about a payment. Money of nobody's is decided about by whoever paid it, as far as known."""
    if payment.customer:
        return Address(payment.shop, payment.customer)
    digits = phone_of(payment.payer)
    link = Link("phone", digits) if digits else Link("payment", payment.id)
    return Address(payment.shop, customer_id(payment.shop, link))


def phone_of(payer: str) -> str:
    """The digits of a payer's phone; "" where it is none."""
    digits = payer.removeprefix("+")
    return digits if digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15 else ""
