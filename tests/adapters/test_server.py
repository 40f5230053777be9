"""The HTTP server's guards, on real sockets: too many connections, slow bodies, clients that never read, stopping."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope

from adapters.web import server as server_module
from adapters.web.answer import answer
from adapters.web.body import Bodies, BodyError
from adapters.web.server import Server
from engine.errors import ConfigError

REQUEST = b"POST /hook HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\n\r\n{}"


class Echo:
    """Answers each request with its body; while ``gate`` is unset, answers wait."""

    def __init__(self, bodies: Bodies | None = None) -> None:
        self.bodies = bodies or Bodies(most=1_000, seconds=5)
        self.gate = trio.Event()
        self.gate.set()
        self.begun = 0
        self.reply = b""

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        assert scope["type"] == "http"
        self.begun += 1
        lengths = [value.decode() for name, value in scope["headers"] if name == b"content-length"]
        try:
            body = await self.bodies.read(receive, lengths[0] if lengths else None)
        except BodyError as error:
            await answer(send, error.status, b"")
            return
        self.bodies.done(len(body))
        await self.gate.wait()
        await answer(send, 200, self.reply or body)


@asynccontextmanager
async def serving(app: Echo, *, connections: int = 100, grace: float = 1.0) -> AsyncIterator[tuple[Server, int]]:
    server = Server(app, "127.0.0.1", 0, connections=connections, grace=grace)
    async with trio.open_nursery() as nursery:
        port = await nursery.start(server.run)
        yield server, port
        server.stop()


async def status_of(stream: trio.SocketStream) -> int:
    return int((await read_until(stream, b"\r\n\r\n")).split(b" ")[1])


async def read_until(stream: trio.SocketStream, end: bytes) -> bytes:
    got = b""
    while end not in got:
        part = await stream.receive_some()
        if not part:
            raise EOFError(got)
        got += part
    return got


async def until(condition: Callable[[], bool]) -> None:
    with trio.fail_after(10):
        while not condition():
            await trio.lowlevel.checkpoint()


async def test_a_request_is_answered_and_its_connection_kept() -> None:
    async with serving(Echo()) as (_, port):
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        for _ in range(3):
            await stream.send_all(REQUEST)
            assert (await read_until(stream, b"{}")).startswith(b"HTTP/1.1 200")
        await stream.aclose()


async def test_a_connection_that_asked_to_be_closed_is_closed() -> None:
    async with serving(Echo()) as (_, port):
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        await stream.send_all(REQUEST.replace(b"Host", b"Connection: close\r\nHost"))
        with trio.fail_after(2):
            got = b""
            while part := await stream.receive_some():
                got += part
        await stream.aclose()
        assert got.endswith(b"{}")


async def test_connections_over_the_cap_wait_in_tcp_and_are_served_when_one_ends() -> None:
    app = Echo()
    async with serving(app, connections=2) as (server, port):
        streams = [await trio.open_tcp_stream("127.0.0.1", port) for _ in range(3)]
        app.gate = trio.Event()
        for stream in streams:
            await stream.send_all(REQUEST)
        await until(lambda: app.begun == 2)
        app.gate.set()
        assert server.open_connections == 2
        for stream in streams[:2]:
            assert await status_of(stream) == 200
            await stream.aclose()
        with trio.fail_after(5):
            assert await status_of(streams[2]) == 200
        await streams[2].aclose()


@pytest.mark.parametrize("said", [b"", REQUEST[:20]], ids=["nothing", "half a header"])
async def test_a_connection_that_never_says_a_request_is_closed_soon(
    monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(server_module, "FIRST_REQUEST_SECONDS", 0.05)
    async with serving(Echo()) as (_, port):
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        await stream.send_all(said)
        with trio.fail_after(5):
            assert await stream.receive_some() == b""
        await stream.aclose()


async def test_a_connection_that_has_said_one_is_kept_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "FIRST_REQUEST_SECONDS", 0.05)
    app = Echo()
    app.gate = trio.Event()
    async with serving(app) as (_, port):
        kept = await trio.open_tcp_stream("127.0.0.1", port)
        await kept.send_all(REQUEST)
        await until(lambda: app.begun == 1)
        silent = await trio.open_tcp_stream("127.0.0.1", port)
        with trio.fail_after(5):
            assert await silent.receive_some() == b"", "that long it took"
            app.gate.set()
            assert await status_of(kept) == 200
            later = await trio.open_tcp_stream("127.0.0.1", port)
            assert await later.receive_some() == b"", "and once more"
            await kept.send_all(REQUEST)
            assert await status_of(kept) == 200
        for stream in (kept, silent, later):
            await stream.aclose()


async def test_a_slow_body_is_given_up_and_answered_408() -> None:
    async with serving(Echo(Bodies(most=1_000, seconds=0.05))) as (_, port):
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        await stream.send_all(REQUEST[:-1])
        with trio.fail_after(5):
            assert await status_of(stream) == 408
        await stream.aclose()


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", id="announced"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n",
            id="in chunks",
        ),
    ],
)
async def test_a_body_over_the_cap_is_answered_413(request_bytes: bytes) -> None:
    async with serving(Echo()) as (_, port):
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        await stream.send_all(request_bytes)
        with trio.fail_after(5):
            assert await status_of(stream) == 413
        await stream.aclose()


async def test_bodies_share_one_budget_and_what_is_over_it_waits() -> None:
    bodies = Bodies(most=10, seconds=5, everything=10, small=0)

    def sender(body: bytes) -> ASGIReceiveCallable:
        async def receive() -> object:
            return {"type": "http.request", "body": body, "more_body": False}

        return receive  # type: ignore[return-value]  # only the one kind of message that is needed

    first = await bodies.read(sender(b"12345678"), None)
    second: list[bytes] = []

    async def read_second() -> None:
        second.append(await bodies.read(sender(b"abcdef"), None))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read_second)
        await trio.testing.wait_all_tasks_blocked()
        assert not second
        bodies.done(len(first))
    assert second == [b"abcdef"]


async def test_a_client_that_never_reads_is_given_up_and_does_not_block_the_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_module, "SEND_SECONDS", 0.2)
    app = Echo()
    app.reply = b"x" * 50_000_000
    with trio.fail_after(10):
        async with serving(app) as (server, port):
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            await stream.send_all(REQUEST)
            await until(lambda: app.begun == 1)
        assert server.open_connections == 0
    await stream.aclose()


async def test_a_stop_lets_a_request_under_way_finish_and_closes_idle_connections() -> None:
    app = Echo()
    server = Server(app, "127.0.0.1", 0, connections=10, grace=5)
    async with trio.open_nursery() as nursery:
        port = await nursery.start(server.run)
        idle = await trio.open_tcp_stream("127.0.0.1", port)
        busy = await trio.open_tcp_stream("127.0.0.1", port)
        app.gate = trio.Event()
        await busy.send_all(REQUEST)
        await until(lambda: app.begun == 1 and server.open_connections == 2)
        server.stop()
        with trio.fail_after(3):
            assert await idle.receive_some() == b""
        app.gate.set()
        assert await status_of(busy) == 200
        await idle.aclose()
        await busy.aclose()
    assert server.stopped.is_set()


async def test_a_request_that_never_ends_does_not_outlive_the_grace() -> None:
    app = Echo()
    with trio.fail_after(5):
        async with serving(app, grace=0.1) as (_, port):
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            app.gate = trio.Event()
            await stream.send_all(REQUEST)
            await until(lambda: app.begun == 1)
    await stream.aclose()


async def test_an_address_in_use_is_named_with_what_to_do() -> None:
    async with serving(Echo()) as (_, port):
        other = Server(Echo(), "127.0.0.1", port, connections=1, grace=1)
        with pytest.raises(ConfigError, match=f"127.0.0.1:{port}.*another process"):
            await other.run()


async def test_garbage_instead_of_http_is_answered_400_and_harms_nobody() -> None:
    async with serving(Echo()) as (_, port):
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        await stream.send_all(b"\x16\x03\x01 not http at all\r\n\r\n")
        assert await status_of(stream) == 400
        await stream.aclose()
        good = await trio.open_tcp_stream("127.0.0.1", port)
        await good.send_all(REQUEST)
        assert await status_of(good) == 200
        await good.aclose()
