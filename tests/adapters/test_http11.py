"""What hypercorn offers beside HTTP/1.1 is refused, and an answer never waits for a body that nobody will read."""

from __future__ import annotations

import pytest
import trio

from adapters.web.body import Bodies
from tests.adapters.test_server import REQUEST, Echo, read_until, serving, status_of, until

HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00"
"""The preface, and settings with an initial window of nothing: whoever says this reads no answer, ever."""


def asking(upgrade: bytes) -> bytes:
    """A request without a body that asks for another protocol."""
    return b"GET /hook HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: " + upgrade + b"\r\n\r\n"


@pytest.mark.parametrize(
    "said", [pytest.param(HTTP2_PREFACE, id="HTTP/2"), pytest.param(b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", id="HTTP/3")]
)
async def test_another_version_of_http_is_answered_505_and_its_connection_ends(said: bytes) -> None:
    app = Echo()
    async with serving(app) as (server, port):
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        await stream.send_all(said)
        with trio.fail_after(5):
            assert await status_of(stream) == 505
            assert await stream.receive_some() == b""
        await until(lambda: not server.open_connections)
        await stream.aclose()
    assert app.begun == 0


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(asking(b"h2c\r\nHTTP2-Settings: AAQAAAAA"), id="HTTP/2"),
        pytest.param(asking(b"websocket"), id="WebSocket, half a handshake"),
        pytest.param(
            asking(b"websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
            id="WebSocket",
        ),
    ],
)
async def test_an_upgrade_is_ignored_and_the_connection_stays_under_the_guards(asked: bytes) -> None:
    app = Echo()
    app.reply = b"{}"
    async with serving(app) as (server, port):
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        await stream.send_all(asked)
        with trio.fail_after(5):
            assert (await read_until(stream, b"{}")).startswith(b"HTTP/1.1 200")
        server.stop()
        with trio.fail_after(5):  # it is idle, so it is closed at once; the grace is not needed
            assert await stream.receive_some() == b""
        await stream.aclose()


@pytest.mark.parametrize(
    "chunk",
    [
        pytest.param(b"1\r\nx\r\n", id="in many little pieces"),
        pytest.param(b"400\r\n" + b"x" * 1024 + b"\r\n", id="long"),
    ],
)
async def test_a_body_that_is_given_up_while_more_of_it_comes_leaves_no_connection_behind(chunk: bytes) -> None:
    app = Echo(Bodies(most=1_000_000, seconds=0.05, everything=0, small=0))
    async with serving(app) as (server, port):
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        await stream.send_all(b"POST /hook HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 50)
        with trio.fail_after(5):
            assert await status_of(stream) == 408
            assert await stream.receive_some() == b""
        await until(lambda: not server.open_connections)
        await stream.aclose()


async def test_after_a_whole_body_that_nobody_read_the_connection_serves_on() -> None:
    """The queue is full of the body when it is given up: its end would have waited there for ever."""
    app = Echo(Bodies(most=1_000_000, seconds=0.05, everything=2, small=0))
    async with serving(app) as (_, port):
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        await stream.send_all(
            b"POST /hook HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"3\r\nxyz\r\n" * 11
            + b"0\r\n\r\n"
        )
        with trio.fail_after(5):
            assert await status_of(stream) == 408
            await stream.send_all(REQUEST)
            assert await status_of(stream) == 200
        await stream.aclose()
