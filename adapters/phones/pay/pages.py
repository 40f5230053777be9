"""Everything of the fake provider that is not its API: what phones and cards answer with, and the controls of tests.

    GET  /pay/ID                   the page behind a card's link; POST answers it, by form
    GET  /control/payments         every request: how it ended

and what every fake has, prompts on phones among it (common_pages.py); its faults stand in pay/faults.py.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from quart import Response, request
from quart_trio import QuartTrio

from adapters.phones.common_pages import add_prompts, app_of, as_json
from adapters.phones.pay.requests import APPROVE, DECLINES, Request

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


def pages(fake: FakePay) -> QuartTrio:
    """The quart application; the fake's ASGI callable hands over what it does not answer itself."""
    app = app_of("pay", fake)
    add_prompts(app, fake, prompt_shown)
    _cards(app, fake)
    _controls(app, fake)
    return app


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
    @app.get("/control/payments")
    async def payments() -> Response:
        return as_json({"payments": [one.shown(fake.url) | {"shop": one.account.name} for one in fake.requests()]})


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


assert set(CARD_ANSWERS) <= {APPROVE, *DECLINES}
