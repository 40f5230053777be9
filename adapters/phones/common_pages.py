"""What the pages of every fake have in common: counts, the plan of faults, and questions that come up on phones.

    GET  /control/stats            counts of everything
    GET  /control/faults           the plan of faults;  POST changes it
    GET  /prompts?phone=DIGITS     what M-Pesa asks on this phone now (on all: without phone)
    POST /prompts/ID               {"answer": "approve" | "cancelled" | "no_funds" | "wrong_pin" | "no_answer"}

Wrong input is answered 400, what is over 409, both with {"error": "a sentence"}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import msgspec
from quart import Response, request
from quart_trio import QuartTrio

from adapters.phones.meta import faults as plans
from engine.errors import BadInput

Asked = TypeVar("Asked")
"""What one fake calls a question on a phone."""


class Troubled(Protocol):
    """A fake that makes trouble on demand, and counts."""

    faults: Any

    def stats(self) -> dict[str, Any]:
        """Counts of everything since the start."""


class Asking(Protocol[Asked]):
    """A fake that asks for money on phones."""

    def prompts(self, phone: str = "") -> list[Asked]:
        """What is asked now, oldest first: on one phone, or on all."""

    def answer(self, name: str, said: str) -> bool:
        """Answer one; False when there is nothing to answer any more. Raises BadInput for a word that is no answer."""


class _Answer(msgspec.Struct):
    answer: str


def app_of(name: str, fake: Troubled) -> QuartTrio:
    """An application with the controls that every fake has; its ASGI callable hands over what is not its API."""
    app = QuartTrio(f"sokoni-fake-{name}")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.register_error_handler(BadInput, lambda error: as_json({"error": str(error)}, 400))

    @app.get("/control/stats")
    async def stats() -> Response:
        return as_json(fake.stats())

    @app.route("/control/faults", methods=["GET", "POST"])
    async def faults() -> Response:
        if request.method == "POST":
            fake.faults = plans.changed(fake.faults, await body())
        return as_json(fake.faults)

    return app


def add_prompts(app: QuartTrio, fake: Asking[Asked], shown: Callable[[Asked], Mapping[str, object]]) -> None:
    """Let an application answer for its phones; ``shown`` is what stands on one while it is asked."""

    @app.get("/prompts")
    async def prompts() -> Response:
        found: Sequence[Asked] = fake.prompts(request.args.get("phone", ""))
        return as_json({"prompts": [shown(one) for one in found]})

    @app.post("/prompts/<name>")
    async def answer(name: str) -> Response:
        try:
            said = msgspec.json.decode(await body(), type=_Answer).answer
        except msgspec.DecodeError:
            raise BadInput('expected {"answer": "approve"}, or a way to say no') from None
        if not fake.answer(name, said):
            return as_json({"error": "This prompt is over, or was never there."}, 409)
        return as_json({"success": True})


async def body() -> bytes:
    """What a request carries."""
    raw = await request.get_data()
    return raw if isinstance(raw, bytes) else raw.encode()


def as_json(value: object, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(msgspec.json.encode(value), status, content_type="application/json")
