"""Papers on the web: ``/qr/<file>`` and ``/papers/<file>``, also under ``/s/<shop>/…``. The name is the only key.

Nothing is listed, nothing is a path of a file system, and every name that is not ours is answered as if nothing were
there.
"""

from __future__ import annotations

import logging

import trio
from quart import Response, request
from quart_trio import QuartTrio

from adapters.web.problem import MISSING, STORE_OUT, problem
from adapters.web.webhooks import Engine
from engine.errors import StoreError
from engine.invoices import FILED
from engine.papering import FETCHED
from engine.running import Running

log = logging.getLogger("sokoni.papers")

HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Disposition": "inline",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
"""A paper is somebody's: shared caches and search engines keep none, and a cancelled ticket is not shown from one."""


PREVIEWS = ("WhatsApp/", "facebookexternalhit/", "TelegramBot", "Slackbot", "Twitterbot")
"""Who fetches a link that somebody pastes into a chat, by the start of its User-Agent."""

KINDS = {"png": "image/png", "jpg": "image/jpeg", "pdf": "application/pdf"}
"""By how our names end."""


def add_papers(app: QuartTrio, engine: Engine) -> None:
    """Let the application serve papers."""

    async def paper(file: str, shop: str = "") -> Response:
        running = engine.running
        if running is None or running.papers is None:
            return problem(503, STORE_OUT)
        whose, paper = _named(running, shop, file)
        found = await running.papers.make(whose, paper) if paper else None
        if found is None:
            return problem(404, MISSING)
        if paper.startswith(FILED) and _by_a_person():
            await _note(running, whose, paper)
        return Response(found, 200, headers=HEADERS, content_type=KINDS[file.rpartition(".")[2]])

    for folder in ("qr", "papers"):
        app.add_url_rule(f"/{folder}/<file>", folder, paper)
        app.add_url_rule(f"/s/<shop>/{folder}/<file>", f"{folder}_of_shop", paper)


def _named(running: Running, shop: str, file: str) -> tuple[str, str]:
    """The shop, or whichever shop signed the name, and the paper; "" where it is none of ours."""
    assert running.papers is not None
    for name in (shop,) if shop else tuple(running.around.shops):
        paper = running.papers.named(name, file)
        if paper is not None:
            return name, paper
    return shop, ""


def _by_a_person() -> bool:
    """Whether this looks like somebody who opens a link: no provider, and no chat that makes a preview of it."""
    fetched = f"?{request.query_string.decode('latin-1')}" == FETCHED
    return request.method == "GET" and not fetched and not request.headers.get("User-Agent", "").startswith(PREVIEWS)


async def _note(running: Running, shop: str, paper: str) -> None:
    """That it was opened; a store that can't keep it now is no reason not to show the paper."""
    try:
        with trio.CancelScope(shield=True):
            await running.store.note_opened(shop, paper, running.around.clock.now())
    except StoreError as error:
        log.warning("opening_not_kept", exc_info=error, extra={"shop": shop})
