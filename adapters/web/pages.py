"""What is not hot: whether the process lives and whether it is ready, as JSON. Pages and the API join here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Any

import trio
from quart import Response
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException

from adapters.api.serving import Api
from adapters.web.access import OwnerConfig
from adapters.web.metrics import CONTENT_TYPE, exposition
from adapters.web.paid import add_paid_pages
from adapters.web.papers import add_papers
from adapters.web.problem import MISSING, problem
from adapters.web.short_links import add_short_links
from adapters.web.webhooks import Engine, WebCounters
from engine.address import Millis
from engine.breaker import Report
from engine.crm_desk import CrmState
from engine.errors import StoreError
from engine.ports import Store
from engine.rounds import Round
from engine.timers import ClockWatch

FRESH = 1.0
CHECK_SECONDS = 5.0


class DiskCheck:
    """Whether the store takes writes. Asked at most once in FRESH seconds: each asking costs a synced commit, and
    anybody may ask."""

    def __init__(self) -> None:
        self._asked = -inf
        self._problem = ""

    async def problem(self, store: Store) -> str:
        """What is wrong, in a sentence; "" when all is well."""
        if trio.current_time() - self._asked >= FRESH:
            self._asked = trio.current_time()
            self._problem = await _trouble(store)
        return self._problem


async def _trouble(store: Store) -> str:
    try:
        with trio.fail_after(CHECK_SECONDS):
            await store.check()
    except StoreError as error:
        return str(error)
    except trio.TooSlowError:
        return f"The disk took no write within {CHECK_SECONDS:g} s."
    return ""


def pages(
    engine: Engine,
    counters: WebCounters,
    webhook_paths: Callable[[], list[str]],
    owners: Mapping[str, OwnerConfig],
) -> QuartTrio:
    """The Quart application behind every path that is not a webhook; the owners' API stands in front of it."""
    app = QuartTrio("sokoni")
    disk = DiskCheck()

    async def health(shop: str = "") -> dict[str, str]:
        """The process lives; the same for each of its shops."""
        return {"status": "live"}

    async def ready() -> tuple[dict[str, Any], int]:
        report = await _report(engine, counters, disk)
        return report, 200 if report["ready"] else 503

    async def metrics() -> Response:
        return Response(exposition(engine.running, counters), 200, content_type=CONTENT_TYPE)

    async def refused(error: HTTPException) -> Response:
        return problem(error.code or 500, MISSING if error.code == 404 else error.description or error.name)

    app.add_url_rule("/health", "health", health)
    app.add_url_rule("/s/<shop>/health", "health_of_shop", health)
    app.add_url_rule("/ready", "ready", ready)
    app.add_url_rule("/metrics", "metrics", metrics)
    for number, path in enumerate(webhook_paths()):
        app.add_url_rule(f"{path}/health", f"health_{number}", health)
    add_papers(app, engine)
    add_paid_pages(app)
    add_short_links(app, engine)
    app.register_error_handler(HTTPException, refused)
    app.asgi_app = Api(engine, owners).before(app.asgi_app)  # type: ignore[method-assign,assignment]
    return app


def _crm(state: CrmState | None) -> dict[str, Any]:
    """How a shop stands with its CRM; anybody may read this, so no order and no product is named."""
    if state is None:
        return {}
    return {
        "title": state.title,
        "works": state.works,
        "reasons": list(state.reasons),
        "retry_in_ms": state.retry_in,
        "stock_at": state.stock_at,
        "waiting": state.waiting,
        "told": state.told,
        "refused": len(state.refused),
    }


async def _report(engine: Engine, counters: WebCounters, disk: DiskCheck) -> dict[str, Any]:
    """Ready means: the store writes and reads, and webhooks are taken. Paused numbers and CRMs that are down are told,
    not fatal."""
    running = engine.running
    problems: dict[str, str] = {}
    if running is None:
        return {"ready": False, "problems": {"store": "not open; deliveries are answered 503 and come again"}}
    if problem := await disk.problem(running.store):
        problems["store"] = problem
    outbox, turns = running.outbox, running.around.counters
    return {
        "ready": not problems,
        "problems": problems,
        "paused_numbers": outbox.paused(),
        "breakers": [_breaker(one) for one in running.breakers.reports()],
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
        "payments": {
            "asked_for": running.cashier.counters.charged,
            "refused": running.cashier.counters.refused,
            "asked_about": running.cashier.counters.asked,
            "recorded": running.cashier.counters.told,
        },
        "clock": _clock(running.scheduler.watch),
        "rounds": [_round(one, running.around.clock.now()) for one in running.rounds.listed()],
        "crm": {shop: _crm(running.crm.state(shop)) for shop in running.crm.shops},
        "turns": turns.turns,
        "duplicates": turns.duplicates,
        "conflicts": turns.conflicts,
        "crashes": turns.crashes,
        "parked": turns.parked,
        "webhooks": counters.webhooks,
        "refused_signatures": counters.refused_signature,
        "barred": counters.barred,
        "unavailable": counters.unavailable,
    }


def _clock(watch: ClockWatch) -> dict[str, Any]:
    """Jumps of the machine's clock since the process began."""
    last = watch.last
    return {"jumps": watch.jumps} | ({"last_jump_ms": last.by, "last_jump_at": last.at} if last is not None else {})


def _round(one: Round, now: Millis) -> dict[str, Any]:
    return {"what": one.what, "shop": one.shop, "every_seconds": one.every / 1000, "at": one.at, "late": one.late(now)}


def _breaker(report: Report) -> dict[str, Any]:
    return {
        "service": report.service,
        "shop": report.shop,
        "state": report.state.value,
        "reason": report.reason,
        "next_try_in_seconds": round(report.next_try / 1000, 1),
        "opened": report.opened,
    }
