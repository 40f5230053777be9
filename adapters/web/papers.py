"""Papers on the web: ``/qr/<file>`` and ``/papers/<file>``, also under ``/s/<shop>/…``. The name is the only key.

Nothing is listed, nothing is a path of a file system, and every name that is not ours is answered as if nothing were
there.
"""

from __future__ import annotations

from quart import Response
from quart_trio import QuartTrio

from adapters.web.problem import MISSING, STORE_OUT, problem
from adapters.web.webhooks import Engine
from engine.running import Running

HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Disposition": "inline",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
"""A paper is somebody's: shared caches and search engines keep none, and a cancelled ticket is not shown from one."""


KINDS = {"png": "image/png", "jpg": "image/jpeg", "pdf": "application/pdf"}
"""By how our names end."""


def add_papers(app: QuartTrio, engine: Engine) -> None:
    """Let the application serve papers."""

    async def paper(file: str, shop: str = "") -> Response:
        running = engine.running
        if running is None or running.papers is None:
            return problem(503, STORE_OUT)
        found = await _made(running, shop, file)
        if found is None:
            return problem(404, MISSING)
        return Response(found, 200, headers=HEADERS, content_type=KINDS[file.rpartition(".")[2]])

    for folder in ("qr", "papers"):
        app.add_url_rule(f"/{folder}/<file>", folder, paper)
        app.add_url_rule(f"/s/<shop>/{folder}/<file>", f"{folder}_of_shop", paper)


async def _made(running: Running, shop: str, file: str) -> bytes | None:
    """The paper of a shop, or of whichever shop signed the name."""
    assert running.papers is not None
    for name in (shop,) if shop else tuple(running.around.shops):
        paper = running.papers.named(name, file)
        if paper is not None:
            return await running.papers.make(name, paper)
    return None
