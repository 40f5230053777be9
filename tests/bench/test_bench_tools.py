"""The bench tools measure what they say: signed webhooks on plan, every send remembered, nothing hidden."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import trio
import trio.testing

from tests.adapters.fake_world import NUMBER, SECRET, Hook, serve_hook
from tests.bench.blaster import Gun, blast, sent_by
from tests.bench.provider import Provider
from tests.bench.wire import Wire


@asynccontextmanager
async def hooked() -> AsyncIterator[tuple[Hook, Gun]]:
    hook = Hook()
    async with trio.open_nursery() as nursery:
        port = await nursery.start(serve_hook, hook)
        yield hook, Gun(f"http://127.0.0.1:{port}/hook", SECRET, NUMBER)
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def providing() -> AsyncIterator[tuple[Provider, str]]:
    provider = Provider()
    async with trio.open_nursery() as nursery:
        port = await nursery.start(provider.serve, 0)
        yield provider, f"http://127.0.0.1:{port}"
        nursery.cancel_scope.cancel()


async def test_the_blaster_fires_every_message_once_signed_and_on_its_plan() -> None:
    async with hooked() as (hook, gun):
        shots = [gun.message(at, f"25471000000{at % 3}", "hi", "run.") for at in range(20)]
        outcome = await blast(gun, shots, 2_000.0, 4)
        assert sorted(message["id"] for message in hook.messages) == [shot.id for shot in shots]
        assert all(hook.genuine(at) for at in range(20))
    report = outcome.report()
    assert (report["shots"], report["statuses"], report["ack"]["count"]) == (20, {"200": 20}, 20)
    assert [row["id"] for row in outcome.rows()] == [shot.id for shot in shots]
    assert all(
        planned <= sent <= acked
        for planned, sent, acked in zip(outcome.planned, outcome.sent, outcome.acked, strict=True)
    )


async def test_refusals_are_counted_and_left_out_of_the_times() -> None:
    async with hooked() as (hook, gun):
        hook.answers = [503, 401]
        shots = [gun.message(at, "254710000000", "hi", "run.") for at in range(5)]
        outcome = await blast(gun, shots, 1_000.0, 1)
    report = outcome.report()
    assert report["statuses"] == {"200": 3, "401": 1, "503": 1}
    assert report["ack"]["count"] == 3


async def test_the_wait_for_a_free_connection_counts_as_waiting() -> None:
    async with hooked() as (hook, gun):
        hook.gate = trio.Event()
        shots = [gun.message(at, "254710000000", "hi", "run.") for at in range(2)]
        async with trio.open_nursery() as nursery:
            outcomes = []

            async def fire() -> None:
                outcomes.append(await blast(gun, shots, 1_000_000.0, 1))

            nursery.start_soon(fire)
            await hook.until(lambda: len(hook.raw) == 1)
            hook.gate.set()
    [outcome] = outcomes
    assert outcome.planned[1] < outcome.acked[0] <= outcome.sent[1], "the second waited for the first's connection"
    report = outcome.report()
    assert report["ack"]["worst"] > report["answer"]["p50"], "and that is in its time from the plan"


async def test_the_provider_takes_every_send_and_remembers_key_and_recipient() -> None:
    async with providing() as (provider, url), httpx.AsyncClient(base_url=url) as client:
        for at in range(3):
            body = {"to": f"+25471000000{at}", "biz_opaque_callback_data": f"bakery/c:{at // 2}:1"}
            answer = await client.post("/v26.0/1/messages", json=body)
            assert answer.json()["messages"] == [{"id": f"wamid.BENCH{at + 1:012}"}]
        mark = await client.post("/v26.0/1/messages", json={"status": "read", "message_id": "wamid.1"})
        assert mark.json() == {"success": True}
        rows = await sent_by(url)
        assert [(wamid, to, key) for _, wamid, to, key in rows] == [
            ("wamid.BENCH000000000001", "+254710000000", "bakery/c:0:1"),
            ("wamid.BENCH000000000002", "+254710000001", "bakery/c:0:1"),
            ("wamid.BENCH000000000003", "+254710000002", "bakery/c:1:1"),
        ]
        stats = (await client.get("/stats")).json()
        assert (stats["sent"], stats["doubled"], stats["read_marks"]) == (3, 1, 1)
        assert provider.connections == 2


async def test_batches_of_statuses_are_about_what_the_provider_accepted() -> None:
    async with hooked() as (hook, gun):
        sent = [(0.0, f"wamid.BENCH{at:012}", "+254710000000", f"k:{at}") for at in range(100)]
        await blast(gun, [gun.statuses(sent, "delivered")], 100.0, 1)
        assert hook.genuine(0)
        assert [one["biz_opaque_callback_data"] for one in hook.statuses] == [f"k:{at}" for at in range(100)]


async def test_messages_are_read_however_they_are_cut() -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    whole = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /x HTTP/1.1\r\n\r\n"
    wire = Wire(theirs)  # type: ignore[arg-type]  # any stream will do
    for at in range(len(whole)):
        await ours.send_all(whole[at : at + 1])
    assert await wire.message() == (b"post / http/1.1\r\ncontent-length: 3", b"abc")
    assert await wire.message() == (b"get /x http/1.1", b"")
    await ours.aclose()
    assert await wire.message() is None
