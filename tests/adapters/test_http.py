"""A sender lane against real servers on loopback: what is known when a send goes wrong."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import trio
from trio.testing import MockClock

from adapters.http import ANSWER_BYTES, LIST_BYTES, LaneHttp, shared_tls
from engine.ports import AnswerLost, NotSent

TLS = shared_tls()
BODY = b'{"to":"+254700000001"}'
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


@dataclass
class Peer:
    """One accepted connection, as the server's script sees it."""

    stream: trio.SocketStream
    head: bytes = b""
    buffer: bytes = b""

    async def request(self) -> bytes:
        """The body of the next request, or b"" when the client has closed."""
        while b"\r\n\r\n" not in self.buffer:
            if not await self._more():
                return b""
        self.head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        length = int(self.head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(self.buffer) < length:
            if not await self._more():
                return b""
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return body

    async def _more(self) -> bool:
        data = await self.stream.receive_some()
        self.buffer += data
        return bool(data)

    async def say(self, data: bytes) -> None:
        await self.stream.send_all(data)

    def reset(self) -> None:
        """Close with a RST rather than a FIN."""
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.stream.socket.close()


Script = Callable[[Peer], Awaitable[None]]


@dataclass
class Server:
    url: str
    closed: trio.Event = field(default_factory=trio.Event)
    connections: int = 0


@asynccontextmanager
async def serving(script: Script) -> AsyncIterator[Server]:
    """A server on loopback that runs ``script`` for every connection; ``closed`` is set when the first has ended."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    server = Server(f"http://127.0.0.1:{listener.socket.getsockname()[1]}/v26.0/2/messages")

    async def handle(stream: trio.SocketStream) -> None:
        server.connections += 1
        try:
            await script(Peer(stream))
        finally:
            with trio.CancelScope(shield=True):
                await stream.aclose()
            server.closed.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, handle, [listener])
        yield server
        nursery.cancel_scope.cancel()


async def test_the_answer_has_status_lower_case_headers_and_body_and_the_connection_is_kept() -> None:
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        while body := await peer.request():
            seen.append(body)
            await peer.say(b"HTTP/1.1 400 Bad\r\nRetry-After: 7\r\nContent-Length: 5\r\n\r\nhello")

    async with serving(script) as server, LaneHttp(TLS) as lane:
        first = await lane.post(server.url, {"x": "y"}, BODY)
        await lane.post(server.url, {}, b"second")
    assert (first.status, first.headers["retry-after"], first.body) == (400, "7", b"hello")
    assert seen == [BODY, b"second"]
    assert server.connections == 1


async def test_the_request_line_and_headers_are_what_was_asked_for() -> None:
    heads: list[bytes] = []

    async def script(peer: Peer) -> None:
        await peer.request()
        heads.append(peer.head)
        await peer.say(OK)

    async with serving(script) as server, LaneHttp(TLS) as lane:
        await lane.post(server.url, {"authorization": "Bearer t", "content-type": "application/json"}, BODY)
    lines = heads[0].lower().split(b"\r\n")
    assert lines[0] == b"post /v26.0/2/messages http/1.1"
    host = server.url.split("/")[2].encode()
    expected = {b"host: " + host, b"authorization: bearer t", b"content-type: application/json", b"content-length: 22"}
    assert set(lines[1:]) == expected


async def test_a_question_has_no_body_and_shares_the_lanes_connection() -> None:
    heads: list[bytes] = []

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.say(OK)
        while b"\r\n\r\n" not in peer.buffer:
            assert await peer._more()
        heads.append(peer.buffer)
        await peer.say(OK)

    async with serving(script) as server, LaneHttp(TLS) as lane:
        await lane.post(server.url, {}, BODY)
        assert (await lane.get(server.url + "?id=7", {"authorization": "Bearer t"})).body == b"{}"
    lines = heads[0].lower().rstrip().split(b"\r\n")
    host = server.url.split("/")[2].encode()
    assert lines == [b"get /v26.0/2/messages?id=7 http/1.1", b"host: " + host, b"authorization: bearer t"]
    assert server.connections == 1


async def test_a_redirect_is_not_followed() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.say(b"HTTP/1.1 307 Moved\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n")
        assert await peer.request() == b""

    async with serving(script) as server:
        async with LaneHttp(TLS) as lane:
            assert (await lane.post(server.url, {}, BODY)).status == 307
        await server.closed.wait()


async def test_nobody_listening_is_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with LaneHttp(TLS) as lane:
            with pytest.raises(NotSent):
                await lane.post(f"http://127.0.0.1:{unused.getsockname()[1]}/", {}, BODY)


async def test_a_failed_tls_handshake_is_not_sent() -> None:
    async def script(peer: Peer) -> None:
        await peer.say(b"this is no TLS\r\n")
        await peer.stream.receive_some()

    async with serving(script) as server, LaneHttp(TLS) as lane:
        with pytest.raises(NotSent):
            await lane.post(server.url.replace("http:", "https:"), {}, BODY)


async def test_a_connection_that_was_closed_while_idle_is_replaced_and_the_message_arrives_once() -> None:
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        seen.append(await peer.request())
        await peer.say(OK)

    async with serving(script) as server, LaneHttp(TLS) as lane:
        await lane.post(server.url, {}, b"one")
        await server.closed.wait()
        await lane.post(server.url, {}, b"two")
    assert seen == [b"one", b"two"]
    assert server.connections == 2


async def test_a_connection_idle_for_too_long_is_not_used_again() -> None:
    async def script(peer: Peer) -> None:
        while await peer.request():
            await peer.say(OK)

    async with serving(script) as server, LaneHttp(TLS, idle=0.0) as lane:
        await lane.post(server.url, {}, BODY)
        await lane.post(server.url, {}, BODY)
    assert server.connections == 2


@pytest.mark.parametrize("hard", [False, True], ids=["closed", "reset"])
async def test_a_request_that_was_read_and_then_dropped_is_an_answer_lost(hard: bool) -> None:
    seen: list[bytes] = []

    async def script(peer: Peer) -> None:
        seen.append(await peer.request())
        await peer.say(OK)
        seen.append(await peer.request())
        if hard:
            peer.reset()

    async with serving(script) as server, LaneHttp(TLS) as lane:
        await lane.post(server.url, {}, b"one")
        with pytest.raises(AnswerLost):
            await lane.post(server.url, {}, b"two")
    assert seen == [b"one", b"two"]
    assert server.connections == 1


async def test_a_request_that_could_not_be_written_whole_is_not_sent() -> None:
    async def script(peer: Peer) -> None:
        await peer.stream.receive_some(100)
        peer.reset()

    async with serving(script) as server, LaneHttp(TLS) as lane:
        with pytest.raises(NotSent):
            await lane.post(server.url, {}, bytes(32 * 1024 * 1024))


async def test_an_answer_that_breaks_off_is_an_answer_lost() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")

    async with serving(script) as server, LaneHttp(TLS) as lane:
        with pytest.raises(AnswerLost):
            await lane.post(server.url, {}, BODY)


async def test_an_answer_that_is_no_http_is_an_answer_lost() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.say(b"SSH-2.0-server\r\n\r\n")

    async with serving(script) as server, LaneHttp(TLS) as lane:
        with pytest.raises(AnswerLost):
            await lane.post(server.url, {}, BODY)


async def test_an_endless_answer_is_cut_and_its_connection_not_used_again() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.say(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                await peer.say(bytes(8192))
        except trio.BrokenResourceError:
            return

    async with serving(script) as server, LaneHttp(TLS) as lane:
        assert (await lane.post(server.url, {}, BODY)).body == bytes(ANSWER_BYTES)
        await lane.post(server.url, {}, BODY)
    assert server.connections == 2


async def test_an_answer_to_a_question_may_be_a_page_of_a_list() -> None:
    async def script(peer: Peer) -> None:
        await peer.stream.receive_some()
        try:
            await peer.say(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(2 * LIST_BYTES))
        except trio.BrokenResourceError:
            return

    async with serving(script) as server, LaneHttp(TLS) as lane:
        assert (await lane.get(server.url, {})).body == bytes(LIST_BYTES)


async def test_silence_after_the_request_is_an_answer_lost_at_the_deadline(mock_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        mock_clock.jump(10.1)
        await peer.request()

    async with serving(script) as server, LaneHttp(TLS) as lane:
        with pytest.raises(AnswerLost):
            await lane.post(server.url, {}, BODY)


async def test_silence_before_the_request_is_not_sent_at_the_deadline(mock_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        await peer.stream.receive_some()  # the start of a TLS handshake that goes no further
        mock_clock.jump(4.1)
        await peer.stream.receive_some()

    async with serving(script) as server, LaneHttp(TLS) as lane:
        with pytest.raises(NotSent):
            await lane.post(server.url.replace("http:", "https:"), {}, BODY)


async def test_after_a_deadline_the_lane_works_again(mock_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        if server.connections == 1:
            mock_clock.jump(10.1)
            await peer.request()
        else:
            await peer.say(OK)

    async with serving(script) as server, LaneHttp(TLS) as lane:
        with pytest.raises(AnswerLost):
            await lane.post(server.url, {}, BODY)
        assert (await lane.post(server.url, {}, BODY)).status == 200


async def test_a_caller_s_own_cancellation_is_not_taken_for_an_outcome() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        scope.cancel()
        await peer.request()

    async with serving(script) as server, LaneHttp(TLS) as lane:
        with trio.CancelScope() as scope:
            await lane.post(server.url, {}, BODY)
        assert scope.cancelled_caught
