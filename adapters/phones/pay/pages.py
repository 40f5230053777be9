"""Everything of the fake provider that is not its API: what phones and cards answer with, and the controls of tests.

    GET  /prompts?phone=DIGITS     what M-Pesa asks on this phone now (on all: without phone)
    POST /prompts/ID               {"answer": "approve" | "cancelled" | "no_funds" | "wrong_pin" | "no_answer"}
    GET  /pay/ID                   the page behind a card's link; POST answers it, by form
    GET  /control/stats            counts of everything
    GET  /control/payments         every request: how it ended
    GET  /control/faults           the plan of faults;  POST changes it (pay/faults.py)

Wrong input is answered 400, what is over 409, both with {"error": "a sentence"}.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import msgspec
from quart import Response, request
from quart_trio import QuartTrio

from adapters.phones.meta import faults as plans
from adapters.phones.pay.requests import APPROVE, DECLINES, Request
from engine.errors import BadInput

if TYPE_CHECKING:
    from adapters.phones.fake_pay import FakePay

CARD_ANSWERS = {
    APPROVE: "Pay",
    "declined": "The bank says no",
    "no_funds": "Not enough money",
    "cancelled": "Cancel",
    "expired": "Let it expire",
}
"""What the card page offers → its button."""

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:22rem;margin:3rem auto;padding:0 1rem;color:#111;"
    "background:#f6f7f9}main{background:#fff;border-radius:12px;padding:1.5rem;box-shadow:0 1px 4px #0002}"
    "h1{font-size:1.1rem;margin:0}p.sum{font-size:2rem;margin:.5rem 0 1rem}button{display:block;width:100%;"
    "margin:.5rem 0;padding:.7rem;border:1px solid #ccc;border-radius:8px;background:#fff;font:inherit}"
    "button.go{background:#0a7d4f;border-color:#0a7d4f;color:#fff}small{color:#666}"
)


class _Answer(msgspec.Struct):
    answer: str


def pages(fake: FakePay) -> QuartTrio:
    """The quart application; the fake's ASGI callable hands over what it does not answer itself."""
    app = QuartTrio("sokoni-fake-pay")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.register_error_handler(BadInput, lambda error: _json({"error": str(error)}, 400))
    _prompts(app, fake)
    _cards(app, fake)
    _controls(app, fake)
    return app


def _prompts(app: QuartTrio, fake: FakePay) -> None:
    @app.get("/prompts")
    async def prompts() -> Response:
        return _json({"prompts": [prompt_shown(one) for one in fake.prompts(request.args.get("phone", ""))]})

    @app.post("/prompts/<name>")
    async def answer(name: str) -> Response:
        try:
            said = msgspec.json.decode(await _body(), type=_Answer).answer
        except msgspec.DecodeError:
            raise BadInput('expected {"answer": "approve"}, or a way to say no') from None
        if not fake.answer(name, said):
            return _json({"error": "This prompt is over, or was never there."}, 409)
        return _json({"success": True})


def _cards(app: QuartTrio, fake: FakePay) -> None:
    @app.route("/pay/<name>", methods=["GET", "POST"])
    async def pay(name: str) -> Response:
        found = fake.request(name)
        if found is None or found.method != "card":
            return Response(page("No such payment", ""), 404, content_type="text/html; charset=utf-8")
        if request.method == "POST" and (said := (await request.form).get("answer", "")) in CARD_ANSWERS:
            fake.answer(name, said)
        return Response(card_page(found), 200, content_type="text/html; charset=utf-8")


def _controls(app: QuartTrio, fake: FakePay) -> None:
    @app.get("/control/stats")
    async def stats() -> Response:
        return _json(fake.stats())

    @app.get("/control/payments")
    async def payments() -> Response:
        return _json({"payments": [one.shown(fake.url) | {"shop": one.account.name} for one in fake.requests()]})

    @app.route("/control/faults", methods=["GET", "POST"])
    async def faults() -> Response:
        if request.method == "POST":
            fake.faults = plans.changed(fake.faults, await _body())
        return _json(fake.faults)


def prompt_shown(request: Request) -> dict[str, object]:
    """What stands on the phone while M-Pesa asks."""
    return {
        "id": request.id,
        "phone": request.phone,
        "shop": request.account.title,
        "amount": f"{request.amount:,f}",
        "currency": request.currency,
        "expires_at": request.expires_at,
    }


def card_page(request: Request) -> str:
    """The page behind a card's link, as far as its payment has come."""
    if request.status == "success":
        return page("Paid", f"<p>Thank you. Reference {escape(request.transaction)}</p>")
    if not request.open:
        return page("Not paid", f"<p>{escape(request.reason.replace('_', ' '))}</p>")
    buttons = "".join(
        f'<button name="answer" value="{answer}"{" class=go" if answer == APPROVE else ""}>{title}</button>'
        for answer, title in CARD_ANSWERS.items()
    )
    amount = f"{escape(request.currency)} {request.amount:,f}"
    sum_of = f'<p class="sum">{amount}</p><form method="post">{buttons}</form>'
    return page(escape(request.account.title), f"{sum_of}<small>A pretended card page: no money moves.</small>")


def page(title: str, body: str) -> str:
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    return f"{head}<title>{title}</title><style>{STYLE}</style><main><h1>{title}</h1>{body}</main></html>"


async def _body() -> bytes:
    raw = await request.get_data()
    return raw if isinstance(raw, bytes) else raw.encode()


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, content_type="application/json")


assert set(CARD_ANSWERS) <= {APPROVE, *DECLINES}
