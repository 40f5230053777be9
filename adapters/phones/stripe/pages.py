"""Everything of the fake Stripe that is not its API: the page behind a link, and the controls of tests.

    GET  /c/pay/ID                the hosted page; POST answers it, by form
    POST /control/refunds         {"payment": "pi_…", "amount": 500}: the owner refunds in the dashboard
    POST /control/refunds/ID      {"failure": "expired_or_canceled_card"}: a refund fails after all
    GET  /control/stats           counts of everything
    GET  /control/payments        every session: how it ended
    GET  /control/refunds         every refund
    GET  /control/faults          the plan of faults;  POST changes it (stripe/faults.py)

Wrong input is answered 400 with {"error": "a sentence"}.
"""

from __future__ import annotations

from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, TypeVar

import msgspec
from quart import Response, redirect, request
from quart.typing import ResponseReturnValue
from quart_trio import QuartTrio

from adapters.payments._stripe import units
from adapters.phones.common_pages import app_of, as_json, body
from adapters.phones.pay.pages import page
from adapters.phones.stripe.book import Back, Session
from adapters.phones.stripe.forms import Json
from adapters.phones.stripe.refused import Refused
from engine.errors import BadInput

if TYPE_CHECKING:
    from adapters.phones.fake_stripe import FakeStripe

APPROVE = "approve"
ANSWERS = {
    APPROVE: "Pay",
    "declined": "The bank says no",
    "no_funds": "Not enough money",
    "later": "Pay by bank: it arrives in a moment",
    "later_no": "Pay by bank: it will not arrive",
    "cancelled": "Back to the shop",
    "expired": "Let it expire",
}
"""What the page offers → its button. A card that is declined leaves the page open, for another card."""
DECLINED = {"declined": "Your card was declined.", "no_funds": "Your card has insufficient funds."}
HTML = "text/html; charset=utf-8"

S = TypeVar("S", bound=msgspec.Struct)


class _Wanted(msgspec.Struct):
    payment: str
    amount: int


class _Failure(msgspec.Struct):
    failure: str


def pages(fake: FakeStripe) -> QuartTrio:
    """The quart application; the fake's ASGI callable hands over what it does not answer itself."""
    app = app_of("stripe", fake)
    app.register_error_handler(Refused, lambda error: Response(error.body, error.status))
    _hosted(app, fake)
    _controls(app, fake)
    return app


def _hosted(app: QuartTrio, fake: FakeStripe) -> None:
    @app.route("/c/pay/<name>", methods=["GET", "POST"])
    async def pay(name: str) -> ResponseReturnValue:
        found = fake.book.sessions.get(name)
        if found is None:
            return Response(page("No such payment", ""), 404, content_type=HTML)
        if request.method == "POST" and (said := (await request.form).get("answer", "")) in ANSWERS:
            fake.answer(name, said)
            if said == "cancelled":
                return redirect(str(found.words["cancel_url"]), 303)
        return Response(hosted_page(found), 200, content_type=HTML)


def _controls(app: QuartTrio, fake: FakeStripe) -> None:
    @app.get("/control/payments")
    async def payments() -> Response:
        return as_json({"payments": [paid_shown(one) for one in fake.book]})

    @app.get("/control/refunds")
    async def refunds() -> Response:
        return as_json({"refunds": [refund_shown(one) for one in fake.book.refunds.values()]})

    @app.post("/control/refunds")
    async def refund() -> Response:
        wanted = await _read(_Wanted)
        return as_json(refund_shown(fake.refund(wanted.payment, wanted.amount)))

    @app.post("/control/refunds/<name>")
    async def fail(name: str) -> Response:
        return as_json(refund_shown(fake.fail_refund(name, (await _read(_Failure)).failure)))


def paid_shown(session: Session) -> Json:
    """A session in the words that every fake payment provider has for it (adapters.phones.controls)."""
    ends = {"complete": "success" if session.payment_status == "paid" else "pending", "expired": "failed"}
    told = {
        "id": session.id,
        "shop": session.account.name,
        "status": ends.get(session.status, "pending"),
        "amount": str(major(session.amount, session.currency)),
        "currency": session.currency.upper(),
        "reference": session.words.get("client_reference_id", ""),
    }
    return told | ({"transaction_reference": session.payment_intent} if session.payment_intent else {})


def refund_shown(back: Back) -> Json:
    """A refund in such words."""
    return {
        "id": back.id,
        "shop": back.session.account.name,
        "payment": back.session.payment_intent,
        "amount": str(major(back.amount, back.session.currency)),
        "currency": back.session.currency.upper(),
        "key": back.metadata.get("refund", ""),
        "status": back.status,
    }


def major(amount: int, currency: str) -> Decimal:
    """Stripe's units as people write them."""
    return Decimal(amount).scaleb(-units.digits(currency.upper()))


def hosted_page(session: Session) -> str:
    """The page behind a link, as far as its payment has come."""
    if session.status == "complete":
        thanks = "Thank you." if session.payment_status == "paid" else "Thank you. Your bank takes a moment."
        back = escape(str(session.words["success_url"]), quote=True)
        return page("Paid", f'<p>{thanks} Reference {escape(session.payment_intent)}</p><p><a href="{back}">Back</a>')
    if session.status == "expired":
        return page("Not paid", "<p>This link has expired.</p>")
    buttons = "".join(
        f'<button name="answer" value="{answer}"{" class=go" if answer == APPROVE else ""}>{title}</button>'
        for answer, title in ANSWERS.items()
    )
    note = f"<p><b>{escape(session.note)}</b></p>" if session.note else ""
    amount = f"{session.currency.upper()} {major(session.amount, session.currency):,f}"
    sum_of = f'{note}<p class="sum">{amount}</p><form method="post">{buttons}</form>'
    return page(escape(session.account.title), f"{sum_of}<small>A pretended card page: no money moves.</small>")


async def _read(kind: type[S]) -> S:
    try:
        return msgspec.json.decode(await body(), type=kind)
    except msgspec.DecodeError as error:
        raise BadInput(f"expected a JSON object: {error}") from None
