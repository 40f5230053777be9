"""The controls of the fake Zoho; what its owner would see in a browser, as JSON.

    GET  /control/salesorders    every sales order of every organisation, with its status
    GET  /control/stock          every item: what is there, what is reserved

and what every fake has (common_pages.py); its faults stand in zoho/faults.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quart import Response
from quart_trio import QuartTrio

from adapters.phones.common_pages import app_of, as_json

if TYPE_CHECKING:
    from adapters.phones.fake_zoho import FakeZoho


def pages(fake: FakeZoho) -> QuartTrio:
    """The quart application; the fake's ASGI callable hands over what it does not answer itself."""
    app = app_of("zoho", fake)

    @app.get("/control/salesorders")
    async def salesorders() -> Response:
        return as_json({one.name: [order.shown() for order in one.orders] for one in fake.accounts})

    @app.get("/control/stock")
    async def stock() -> Response:
        return as_json({one.name: [one.shown(item) for item in one.items] for one in fake.accounts})

    return app
