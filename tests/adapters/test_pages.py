"""/health and /ready, and everything that is not there; through ASGI, and once through the real server."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio
import trio.testing

from adapters.web.pages import FRESH
from adapters.web.server import Server
from engine.errors import StoreFailed
from engine.messages import Outcome, OutcomeClass
from tests.adapters.edge import WireChannel, call, edge, message
from tests.engine.scripted import Core, TroubledStore, core, settled, store
from tests.engine.sending import keep, row

__all__ = ["core", "store"]

Clock = trio.testing.MockClock


async def ready(web: Any) -> tuple[int, dict[str, Any]]:
    status, body = await call(web, "GET", "/ready")
    return status, json.loads(body)


@pytest.mark.parametrize("path", ["/health", "/s/bakery/health", "/hook/health", "/s/bakery/hook/health"])
async def test_a_living_process_says_so_whatever_its_store_does(
    core: Core, store: TroubledStore, autojump_clock: Clock, path: str
) -> None:
    async with edge(store) as made:
        made.engine.running = None
        status, body = await call(made.web, "GET", path)
    assert (status, json.loads(body)) == (200, {"status": "live"})


async def test_ready_means_that_the_store_works_and_webhooks_are_taken(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with edge(store) as made:
        await made.deliver(message("w1"))
        await made.deliver(message("w1"))
        await settled()
        status, report = await ready(made.web)
    assert (status, report["ready"], report["problems"]) == (200, True, {})
    assert (report["turns"], report["duplicates"], report["webhooks"], report["outbox"]["sent"]) == (1, 1, 2, 1)
    assert report["clock"] == {"jumps": 0}
    assert [(one["what"], one["late"]) for one in report["rounds"]] == [("sweep", False)]


async def test_a_store_that_fails_makes_it_503_with_the_reason(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    store.trouble["check"].append(StoreFailed("The disk is full."))
    async with edge(store) as made:
        status, report = await ready(made.web)
        assert (status, report["ready"], report["problems"]) == (503, False, {"store": "The disk is full."})
        assert (await ready(made.web))[0] == 503, "asked again at once, the disk is left alone"
        autojump_clock.jump(FRESH)
        assert (await ready(made.web))[0] == 200


async def test_a_disk_that_never_answers_makes_it_503_too(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    store.gate("check")
    async with edge(store) as made:
        status, report = await ready(made.web)
    assert (status, report["problems"]) == (503, {"store": "The disk took no write within 5 s."})


async def test_without_an_engine_it_is_503(core: Core, store: TroubledStore, autojump_clock: Clock) -> None:
    async with edge(store) as made:
        made.engine.running = None
        status, report = await ready(made.web)
    assert (status, report["ready"], list(report["problems"])) == (503, False, ["store"])


async def test_a_paused_number_is_told_and_is_no_reason_to_restart(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = WireChannel()
    channel.answers["ann1"].append(Outcome(OutcomeClass.OPERATOR, code=190, reason="The access token has expired."))
    async with edge(store, channel) as made:
        for turn in await keep(store, [row("ann", 1)]):
            made.running.outbox.offer(turn)
        await settled()
        status, report = await ready(made.web)
    assert (status, report["paused_numbers"]) == (200, {"bakery": "The access token has expired."})


async def test_what_is_not_there_is_404_in_json(core: Core, store: TroubledStore, autojump_clock: Clock) -> None:
    async with edge(store) as made:
        status, body = await call(made.web, "GET", "/admin.php")
    told = json.loads(body)
    assert (status, told["status"], told["message"]) == (404, 404, "There is nothing at this address.")


@pytest.mark.parametrize("path", [b"/health", b"/nothing"])
async def test_a_page_asked_for_with_connection_close_is_answered_and_closed(
    core: Core, store: TroubledStore, path: bytes
) -> None:
    async with edge(store) as made, trio.open_nursery() as nursery:
        server = Server(made.web, "127.0.0.1", 0, connections=10, grace=1)
        port = await nursery.start(server.run)
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        await stream.send_all(b"GET " + path + b" HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n")
        got = b""
        with trio.fail_after(5):
            while part := await stream.receive_some():
                got += part
        await stream.aclose()
        assert got.rstrip().endswith(b"}")
        server.stop()


@pytest.mark.parametrize(("path", "words"), [("/paid", "Thank you!"), ("/unpaid", "Nothing was paid.")])
async def test_who_comes_back_from_a_provider_s_page_is_led_to_the_chat(
    core: Core, store: TroubledStore, autojump_clock: Clock, path: str, words: str
) -> None:
    async with edge(store) as made:
        status, body = await call(made.web, "GET", path)
    assert status == 200
    assert words in body.decode()
    assert "WhatsApp" in body.decode()


PROBLEMS = [("GET", "/nothing", 404), ("POST", "/ready", 405), ("GET", "/ready", 500)]


@pytest.mark.parametrize(("method", "path", "status"), PROBLEMS, ids=["missing", "method", "a bug of ours"])
async def test_every_refusal_of_a_page_is_a_problem_and_tells_nothing(
    core: Core, store: TroubledStore, autojump_clock: Clock, method: str, path: str, status: int
) -> None:
    async with edge(store) as made:
        if status == 500:
            made.engine.running = "of a secret"  # type: ignore[assignment]
        answered, body = await call(made.web, method, path)
    problem = json.loads(body)
    assert (answered, problem["status"], problem["success"]) == (status, status, False)
    assert (problem["type"], bool(problem["title"]), bool(problem["detail"])) == ("about:blank", True, True)
    assert b"secret" not in body
