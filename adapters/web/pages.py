"""What is not hot: whether the process lives and whether it is ready, as JSON. Pages and the API join here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quart import Response
from quart_trio import QuartTrio

from adapters.web.webhooks import Engine, WebCounters
from engine.errors import StoreError


def pages(engine: Engine, counters: WebCounters, webhook_paths: Callable[[], list[str]]) -> QuartTrio:
    """The Quart application behind every path that is not a webhook."""
    app = QuartTrio("sokoni")

    async def health() -> dict[str, str]:
        return {"status": "live"}

    async def ready() -> tuple[dict[str, Any], int]:
        report = await _report(engine, counters)
        return report, 200 if report["ready"] else 503

    async def missing(_: Exception) -> Response:
        return Response('{"error": "There is nothing at this address."}\n', 404, content_type="application/json")

    app.add_url_rule("/health", "health", health)
    app.add_url_rule("/ready", "ready", ready)
    for number, path in enumerate(webhook_paths()):
        app.add_url_rule(f"{path}/health", f"health_{number}", health)
    app.register_error_handler(404, missing)
    return app


async def _report(engine: Engine, counters: WebCounters) -> dict[str, Any]:
    """Ready means: the store writes and reads, and webhooks are taken. Paused numbers are told, not fatal."""
    running = engine.running
    problems: dict[str, str] = {}
    if running is None:
        return {"ready": False, "problems": {"store": "not open; deliveries are answered 503 and come again"}}
    try:
        await running.store.check()
    except StoreError as error:
        problems["store"] = str(error)
    outbox, turns = running.outbox, running.around.counters
    return {
        "ready": not problems,
        "problems": problems,
        "paused_numbers": outbox.paused(),
        "quarantined": len(running.supervisor.quarantined),
        "actors_awake": len(running.supervisor.actors),
        "outbox": {
            "waiting": len(outbox.lines.rows),
            "sent": outbox.counters.sent,
            "failed": outbox.counters.failed,
            "retried": outbox.counters.retried,
            "unknown": outbox.unknown.seen,
            "doubled": outbox.unknown.sent_again,
        },
        "turns": turns.turns,
        "duplicates": turns.duplicates,
        "conflicts": turns.conflicts,
        "crashes": turns.crashes,
        "parked": turns.parked,
        "webhooks": counters.webhooks,
        "refused_signatures": counters.refused_signature,
        "unavailable": counters.unavailable,
    }
