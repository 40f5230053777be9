"""Everything of the fake Daraja that is not its API: what phones answer with, and the controls of tests.

    GET  /prompts?phone=DIGITS     what M-Pesa asks on this phone now (on all: without phone)
    POST /prompts/ID               {"answer": "approve" | "cancelled" | "no_funds" | "wrong_pin" | "no_answer"}
    GET  /control/stats            counts of everything
    GET  /control/payments         every prompt and payment by hand: how it ended
    GET  /control/faults           the plan of faults;  POST changes it (daraja/faults.py)

Wrong input is answered 400, what is over 409, both with {"error": "a sentence"}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from quart import Response, request
from quart_trio import QuartTrio

from adapters.phones.daraja.book import APPROVE, Book, DarajaAccount, Json, Push
from adapters.phones.meta import faults as plans
from engine.errors import BadInput

if TYPE_CHECKING:
    from adapters.phones.fake_daraja import FakeDaraja


class _Answer(msgspec.Struct):
    answer: str


def pages(fake: FakeDaraja) -> QuartTrio:
    """The quart application; the fake's ASGI callable hands over what it does not answer itself."""
    app = QuartTrio("sokoni-fake-daraja")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.register_error_handler(BadInput, lambda error: _json({"error": str(error)}, 400))
    _prompts(app, fake)
    _controls(app, fake)
    return app


def _prompts(app: QuartTrio, fake: FakeDaraja) -> None:
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


def _controls(app: QuartTrio, fake: FakeDaraja) -> None:
    @app.get("/control/stats")
    async def stats() -> Response:
        return _json(fake.stats())

    @app.get("/control/payments")
    async def payments() -> Response:
        return _json({"payments": shown(fake.book)})

    @app.route("/control/faults", methods=["GET", "POST"])
    async def faults() -> Response:
        if request.method == "POST":
            fake.faults = plans.changed(fake.faults, await _body())
        return _json(fake.faults)


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


async def _body() -> bytes:
    raw = await request.get_data()
    return raw if isinstance(raw, bytes) else raw.encode()


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, content_type="application/json")
