"""One serving process: a message end to end, the store lost and found again, an apology, and a stop that ends."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from adapters.app.outage import APOLOGY, APOLOGY_AFTER, STEADY_SECONDS
from adapters.app.process import REOPEN_SECONDS, Opened, Process, Settings
from adapters.web import server as server_module
from engine import supervisor as supervisor_module
from engine.address import Address, Link, customer_id
from engine.catalogue import Product
from engine.errors import ConfigError, StoreError, StoreFailed, StoreLocked
from engine.messages import Text
from engine.phrases import say
from engine.ports import Store
from engine.supervisor import TooManyRestarts
from tests.adapters.edge import PATH, SECRET, WireChannel, call, deliver, message
from tests.engine.scripted import ALWAYS, BAKERY, Core, TrioClock, TroubledStore, core, leaves, settled, store, texts
from tests.engine.sending import no_http

__all__ = ["core", "store"]

Clock = trio.testing.MockClock
ANN = Address("bakery", customer_id("bakery", Link("phone", "254700000001")))
COOKIE = Product("cookie", "Chocolate Chip Cookie", 5_000, stock=100)


class Disk:
    """What outlives the running part: one store, which can be out, or open and take nothing."""

    def __init__(self, store: TroubledStore) -> None:
        self.store = store
        self.out: StoreError | None = None
        self.opened = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Store]:
        if self.out is not None:
            raise self.out
        self.opened += 1
        self.store.always.clear()
        await self.store.reopened(0)
        yield self.store

    def fail(self, *, out: bool = False) -> None:
        """From now on nothing is written; with ``out`` it can't be opened again either."""
        failed = StoreFailed("the disk refused")
        self.store.always |= dict.fromkeys(("commit", "settle", "claim", "statuses"), failed)
        self.out = failed if out else None


class Shopfront:
    """A process over a disk and a scripted channel, and what its customers have been told."""

    def __init__(self, store: TroubledStore, *, grace: float = 20.0, port: int = 0, language: str = "en") -> None:
        self.disk = Disk(store)
        self.channel = WireChannel()
        self.told: list[tuple[str, str]] = []
        self.apology = say(language, APOLOGY)
        self._send = self.channel.send
        self.channel.send = self._hear  # type: ignore[method-assign]  # it only listens
        shop = msgspec.structs.replace(BAKERY, languages=(language,))
        opened = Opened(shop, self.channel, 1_000_000.0, True, "digest", [COOKIE])
        settings = Settings("127.0.0.1", port, grace_seconds=grace)
        self.process = Process(settings, [opened], self.disk.open, no_http, TrioClock())
        self.port = 0

    async def _hear(self, http: Any, row: Any) -> Any:
        self.told.append((row.phone, texts([row])[0]))
        if isinstance(row.message, Text) and row.message.body == self.apology:
            return await self._apology()
        return await self._send(http, row)

    apology_takes: float = 0.0
    apology_crashes = False

    async def _apology(self) -> object:
        await trio.sleep(self.apology_takes)
        if self.apology_crashes:
            raise RuntimeError("a bug")
        return None

    async def deliver(self, *items: dict[str, str]) -> int:
        return await deliver(self.process.web, *items)

    def apologies(self) -> list[str]:
        return [phone for phone, text in self.told if text == self.apology]


@asynccontextmanager
async def serving(store: TroubledStore, *, grace: float = 20.0, language: str = "en") -> AsyncIterator[Shopfront]:
    front = Shopfront(store, grace=grace, language=language)
    async with trio.open_nursery() as nursery:
        front.port = await nursery.start(front.process.run)
        try:
            yield front
        finally:
            store.open_gates()
            nursery.cancel_scope.cancel()


async def until(condition: Callable[[], bool]) -> None:
    """Real sockets: let everybody run until it is so."""
    with trio.fail_after(10):
        while not condition():
            await trio.lowlevel.checkpoint()


def request(*items: dict[str, str]) -> bytes:
    body = json.dumps(items).encode()
    head = f"POST {PATH} HTTP/1.1\r\nHost: shop\r\nX-Signature: {SECRET}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def answer(stream: trio.SocketStream) -> bytes:
    with trio.fail_after(10):
        return bytes(await stream.receive_some())


# -- serving ---------------------------------------------------------------------------------------------------------
async def test_a_message_over_http_becomes_a_turn_of_the_real_flow_and_a_reply(store: TroubledStore) -> None:
    async with serving(store) as front:
        stream = await trio.open_tcp_stream("127.0.0.1", front.port)
        await stream.send_all(request(message("w1", "hi")))
        assert (await answer(stream)).startswith(b"HTTP/1.1 200")
        await until(lambda: bool(front.told) and front.channel.read == ["w1"])
        await stream.aclose()
    ((phone, text),) = front.told
    assert phone == "254700000001"
    assert "Chocolate Chip Cookie" in text, "the menu of the catalogue that the store holds"
    assert await store.wake(ANN) is not None


# -- the store is lost -----------------------------------------------------------------------------------------------
async def test_when_the_store_fails_deliveries_are_503_until_it_is_open_again_and_then_handled(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with serving(store) as front:
        assert await front.deliver(message("w1", "one")) == 200
        front.disk.fail(out=True)
        assert await front.deliver(message("w2", "two")) == 503
        assert trio.current_time() < 1, "at once, not after the hold"
        await settled()
        assert (await call(front.process.web, "GET", "/ready"))[0] == 503
        assert await front.deliver(message("w2", "two")) == 503
        front.disk.out = None
        await trio.sleep(REOPEN_SECONDS + 1)
        assert (await call(front.process.web, "GET", "/ready"))[0] == 200
        assert await front.deliver(message("w1", "one")) == 200
        assert await front.deliver(message("w2", "two")) == 200
    assert await store.said_to(ANN) == ("one", "two")
    assert front.disk.opened == 2


async def test_what_was_being_sent_when_the_store_failed_is_sent_once_more_later(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with serving(store) as front:
        front.channel.latency = 1
        await front.deliver(message("w1", "one"))
        await trio.sleep(0.5)
        front.disk.fail()
        await trio.sleep(10)
        assert front.channel.accepted == [f"{ANN.customer}1"]
        await trio.sleep(120)
    assert front.channel.accepted == [f"{ANN.customer}1"] * 2, "nobody knew: the answer was never written"


# -- an outage -------------------------------------------------------------------------------------------------------
async def test_a_long_outage_is_apologised_for_once_to_each_customer_who_waits(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with serving(store) as front:
        assert await front.deliver(message("w0", "hi", sender="0")) == 200
        front.disk.fail(out=True)
        for number in (1, 2):
            assert await front.deliver(message(f"w{number}", sender=str(number))) == 503
        await trio.sleep(APOLOGY_AFTER - 2)
        assert front.apologies() == [], "a short outage is nobody's business"
        await trio.sleep(2 * REOPEN_SECONDS)
        assert await front.deliver(message("w3", sender="3")) == 503
        assert await front.deliver(message("w1", sender="1")) == 503, "its provider tries again"
        await trio.sleep(300)
        assert sorted(front.apologies()) == ["1", "2", "3"]


async def test_the_apology_is_in_the_shops_language(core: Core, store: TroubledStore, autojump_clock: Clock) -> None:
    async with serving(store, language="ur") as front:
        assert front.apology != APOLOGY
        front.disk.fail(out=True)
        assert await front.deliver(message("w1", sender="1")) == 503
        await trio.sleep(APOLOGY_AFTER + 2 * REOPEN_SECONDS)
        assert front.apologies() == ["1"]


async def test_nobody_is_told_of_a_short_outage(core: Core, store: TroubledStore, autojump_clock: Clock) -> None:
    async with serving(store) as front:
        front.disk.fail(out=True)
        assert await front.deliver(message("w1")) == 503
        await trio.sleep(APOLOGY_AFTER - 5)
        front.disk.out = None
        await trio.sleep(300)
        assert front.apologies() == []


async def test_a_store_that_opens_but_takes_nothing_is_still_the_same_outage(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with serving(store) as front:
        for _ in range(60):
            front.disk.fail()
            await front.deliver(message("w1", sender="1"))
            await trio.sleep(1)
        assert front.disk.opened > 10
        assert front.apologies() == ["1"]


async def test_a_new_outage_is_apologised_for_anew_and_not_to_those_who_were_served_meanwhile(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with serving(store) as front:
        for who in ("1", "2"):
            front.disk.fail(out=True)
            assert await front.deliver(message(f"w{who}", sender=who), message(f"x{who}", sender="9")) == 503
            await trio.sleep(APOLOGY_AFTER + 10)
            front.disk.out = None
            await trio.sleep(STEADY_SECONDS + 10)
            assert await front.deliver(message(f"w{who}", sender=who), message(f"x{who}", sender="9")) == 200
        assert sorted(front.apologies()) == ["1", "2", "9", "9"]


async def test_who_waited_long_before_is_not_told_of_an_outage_now(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with serving(store) as front:
        gate = store.gate("commit")
        assert await front.deliver(message("w1", sender="1")) == 503, "only slow"
        gate.set()
        await trio.sleep(600)
        front.disk.fail(out=True)
        assert await front.deliver(message("w2", sender="2")) == 503
        await trio.sleep(300)
        assert front.apologies() == ["2"]


async def test_a_provider_that_hangs_or_a_channel_that_crashes_does_not_keep_the_store_closed(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with serving(store) as front:
        front.apology_takes, front.apology_crashes = 4.0, True
        front.disk.fail(out=True)
        for number in range(5):
            await front.deliver(message(f"w{number}", sender=str(number)))
        await trio.sleep(APOLOGY_AFTER + 5)
        front.disk.out = None
        await trio.sleep(15)
        assert front.disk.opened == 2
        assert 2 <= len(front.apologies()) < 5


# -- when it can't go on ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("error", [StoreFailed("damaged"), StoreLocked("another process")], ids=["failed", "locked"])
async def test_a_store_that_can_not_be_opened_at_the_start_ends_the_process(
    store: TroubledStore, autojump_clock: Clock, error: StoreError
) -> None:
    front = Shopfront(store)
    front.disk.out = error
    with pytest.raises(ExceptionGroup) as caught:
        await front.process.run()
    assert leaves(caught.value) == [error]
    assert front.process.stopped.is_set()


async def test_an_address_in_use_ends_the_process_with_a_sentence(core: Core, store: TroubledStore) -> None:
    async with serving(store) as front:
        second = Shopfront(TroubledStore(TrioClock()), port=front.port)
        with pytest.raises(ExceptionGroup) as caught:
            await second.process.run()
    assert [type(error) for error in leaves(caught.value)] == [ConfigError]


async def test_too_many_crashes_end_the_process_so_that_its_service_manager_starts_it_afresh(
    core: Core, store: TroubledStore, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "TOTAL_RESTARTS", 4)
    core.crash["bad"] = ALWAYS

    async def run() -> None:
        async with serving(store) as front:
            for number in range(4):
                await front.deliver(message(f"w{number}", "bad", sender=str(number)))
            await trio.sleep_forever()

    with pytest.raises(ExceptionGroup) as caught:
        await run()
    assert [type(error) for error in leaves(caught.value)] == [TooManyRestarts]


# -- stopping --------------------------------------------------------------------------------------------------------
async def test_a_stop_answers_the_request_under_way_after_its_commit_and_takes_no_more(
    core: Core, store: TroubledStore
) -> None:
    async with serving(store) as front:
        stream = await trio.open_tcp_stream("127.0.0.1", front.port)
        gate = store.gate("commit")
        await stream.send_all(request(message("w1", "one"), message("w2", "two")))
        await until(lambda: core.heard == ["one"])
        front.process.stop()
        await settled()
        with pytest.raises(OSError, match=r"127\.0\.0\.1"):
            await trio.open_tcp_stream("127.0.0.1", front.port)
        gate.set()
        assert (await answer(stream)).startswith(b"HTTP/1.1 200")
        await stream.aclose()
        with trio.fail_after(10):
            await front.process.stopped.wait()
    assert await store.said_to(ANN) == ("one", "two")


async def test_a_stop_settles_the_send_under_way_and_leaves_the_others_queued(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with serving(store) as front:
        front.channel.latency = 3
        await front.deliver(message("w1", "one"), message("w2", "two"))
        front.process.stop()
        await front.process.stopped.wait()
        assert trio.current_time() == pytest.approx(3, abs=0.1)
    states = [await store.outbox_row(commit.outbox[0].key) for commit in store.commits]
    assert [found.state for found in states if found is not None] == ["sent", "queued"]


async def test_a_stop_is_bounded_also_when_the_provider_hangs(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with serving(store) as front:
        front.channel.always = trio.Event()
        await front.deliver(*(message(f"w{number}", sender=str(number)) for number in range(50)))
        await settled()
        front.process.stop()
        await front.process.stopped.wait()
        assert 1 < trio.current_time() <= 20
    states = [await store.outbox_row(commit.outbox[0].key) for commit in store.commits]
    assert "sending" in {found.state for found in states if found is not None}, "the next start finds it unknown"


async def ask(stream: trio.SocketStream, questions: bytes) -> None:
    """Send all that the other side takes."""
    with suppress(trio.BrokenResourceError):
        await stream.send_all(questions)


async def test_a_stop_is_bounded_also_when_a_client_never_reads(
    core: Core, store: TroubledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "SEND_SECONDS", 1.0)
    question = f"GET {PATH}?token={SECRET}&challenge={'x' * 12_000} HTTP/1.1\r\nHost: shop\r\n\r\n".encode()
    async with serving(store, grace=2.0) as front, trio.open_nursery() as nursery:
        stream = await trio.open_tcp_stream("127.0.0.1", front.port)
        nursery.start_soon(ask, stream, question * 2_000)
        await trio.testing.wait_all_tasks_blocked(0.05)  # the pipe is full in both directions
        front.process.stop()
        with trio.fail_after(15):
            await front.process.stopped.wait()
        nursery.cancel_scope.cancel()
    await stream.aclose()


async def test_a_stop_in_the_midst_of_an_outage_ends_at_once(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with serving(store) as front:
        front.disk.fail(out=True)
        assert await front.deliver(message("w1")) == 503
        await trio.sleep(10)
        front.process.stop()
        await front.process.stopped.wait()
        assert trio.current_time() == pytest.approx(10, abs=0.1)
        assert front.process.stopping
