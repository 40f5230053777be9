"""Everything of the fake Daraja that is not its API: what phones answer with, and the controls of tests.

    GET  /control/payments         every prompt and payment by hand: how it ended

and what every fake has, prompts on phones among it (common_pages.py); its faults stand in daraja/faults.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quart import Response
from quart_trio import QuartTrio

from adapters.phones.common_pages import add_prompts, app_of, as_json
from adapters.phones.daraja.book import APPROVE, Book, DarajaAccount, Json, Push

if TYPE_CHECKING:
    from adapters.phones.fake_daraja import FakeDaraja


def pages(fake: FakeDaraja) -> QuartTrio:
    """The quart application; the fake's ASGI callable hands over what it does not answer itself."""
    app = app_of("daraja", fake)
    add_prompts(app, fake, prompt_shown)
    _controls(app, fake)
    return app


def _controls(app: QuartTrio, fake: FakeDaraja) -> None:
    @app.get("/control/payments")
    async def payments() -> Response:
        return as_json({"payments": shown(fake.book)})


def shown(book: Book) -> list[Json]:
    """The bank's book in the words that every fake payment provider has for it (adapters.phones.controls): prompts,
    then money that came by hand."""
    pushes = book.pushes.values()
    by_prompt = {one.receipt for one in pushes}
    rows = [_row(one.account, one.id, one.amount, one.reference, _end(one), one.receipt) for one in pushes]
    by_hand = [one for one in book.receipts.values() if one.number not in by_prompt]
    rows += [_row(one.account, one.number, one.amount, one.reference, "success", one.number) for one in by_hand]
    return rows


def _end(push: Push) -> str:
    return "pending" if push.open else "success" if push.said == APPROVE else "failed"


def _row(account: DarajaAccount, name: str, amount: int, reference: str, status: str, receipt: str) -> Json:
    told = {"id": name, "shop": account.name, "status": status, "amount": str(amount), "currency": "KES"}
    return told | {"reference": reference} | ({"transaction_reference": receipt} if receipt else {})


def prompt_shown(push: Push) -> Json:
    """What stands on the phone while M-Pesa asks."""
    return {
        "id": push.id,
        "phone": push.phone,
        "shop": push.account.title,
        "amount": f"{push.amount:,d}",
        "currency": "KES",
        "reference": push.reference,
        "expires_at": push.expires_at,
    }
