"""The controls of the fake Zoho; what its owner would see in a browser, as JSON.

    GET  /control/stats          counts of everything
    GET  /control/salesorders    every sales order of every organisation, with its status
    GET  /control/stock          every item: what is there, what is reserved
    GET  /control/faults         the plan of faults;  POST changes it (zoho/faults.py)

Wrong input is answered 400 with {"error": "a sentence"}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from quart import Response, request
from quart_trio import QuartTrio

from adapters.phones.meta import faults as plans
from engine.errors import BadInput

if TYPE_CHECKING:
    from adapters.phones.fake_zoho import FakeZoho


def pages(fake: FakeZoho) -> QuartTrio:
    """The quart application; the fake's ASGI callable hands over what it does not answer itself."""
    app = QuartTrio("sokoni-fake-zoho")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.register_error_handler(BadInput, lambda error: _json({"error": str(error)}, 400))

    @app.get("/control/stats")
    async def stats() -> Response:
        return _json(fake.stats())

    @app.get("/control/salesorders")
    async def salesorders() -> Response:
        return _json({one.name: [order.shown() for order in one.orders] for one in fake.accounts})

    @app.get("/control/stock")
    async def stock() -> Response:
        return _json({one.name: [one.shown(item) for item in one.items] for one in fake.accounts})

    @app.route("/control/faults", methods=["GET", "POST"])
    async def faults() -> Response:
        if request.method == "POST":
            raw = await request.get_data()
            fake.faults = plans.changed(fake.faults, raw if isinstance(raw, bytes) else raw.encode())
        return _json(fake.faults)

    return app


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, content_type="application/json")
