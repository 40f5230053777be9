"""Where a customer comes to from a provider's page: ``/paid`` and ``/unpaid``, which lead back to the chat.

They know nothing and believe nothing: whether money came is told by the provider's signed webhook alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from quart import Response
from quart_trio import QuartTrio

HEADERS = {
    "Cache-Control": "public, max-age=3600",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
SAID = {
    "paid": ("Thank you!", "You can go back to WhatsApp now. Your receipt comes there."),
    "unpaid": ("Nothing was paid.", "You can go back to WhatsApp now. Your order is still there."),
}
STYLE = "body{font:18px/1.5 system-ui,sans-serif;max-width:24rem;margin:20vh auto;padding:0 1rem;text-align:center}"


def add_paid_pages(app: QuartTrio) -> None:
    """Let the application serve both."""
    for name, (title, text) in SAID.items():
        app.add_url_rule(f"/{name}", name, _page(title, text))


def _page(title: str, text: str) -> Callable[[], Awaitable[Response]]:
    html = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style><h1>{title}</h1><p>{text}</p></html>"
    )

    async def page() -> Response:
        return Response(html, 200, headers=HEADERS, content_type="text/html; charset=utf-8")

    return page
