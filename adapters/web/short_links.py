"""``/l/<token>``: leads whoever follows a campaign's link to where its owner wants them, and notes that they came.

Nothing is looked up for a token that we did not make, and nobody is led anywhere but to an address in our own rows.
Noting comes second: a disk that takes no writes just then does not keep a customer from the shop's page.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import trio
from quart import Response, request
from quart_trio import QuartTrio

from adapters.web.problem import MISSING, STORE_OUT, problem
from adapters.web.webhooks import Engine
from engine.errors import StoreError
from engine.running import Running
from engine.short_links import KEY, PATH, Followed, followed, is_machine

NOTE_SECONDS = 2.0
"""How long a customer waits for their click to be noted."""
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
"""The next page does not learn the token from us, and no cache swallows a click."""


def add_short_links(app: QuartTrio, engine: Engine) -> None:
    """Let the application serve short links."""
    keys: WeakKeyDictionary[Running, bytes] = WeakKeyDictionary()

    async def key_of(running: Running) -> bytes:
        """Asked for once for each store: it stays the same."""
        if running not in keys:
            keys[running] = await running.store.key(KEY)
        return keys[running]

    async def lead(token: str) -> Response:
        running = engine.running
        if running is None:
            return problem(503, STORE_OUT)
        try:
            found = followed(await key_of(running), token)
            url = await running.store.link_target(found.link) if found is not None else None
        except StoreError:
            return problem(503, STORE_OUT)
        if found is None or url is None:
            return problem(404, MISSING)
        if request.method == "GET" and not is_machine(request.headers.get("User-Agent", "")):
            await _note(running, found)
        return Response(b"", 302, headers={**HEADERS, "Location": url})

    app.add_url_rule(f"{PATH}<token>", "short_link", lead)


async def _note(running: Running, found: Followed) -> None:
    """Keep the click, or let it be: the customer wants to see the page."""
    with trio.move_on_after(NOTE_SECONDS):
        try:
            await running.store.note_click(found.link, found.customer, running.around.clock.now())
        except StoreError:
            return
