"""A network in memory: every server of a laboratory and every client of it in one process, on a virtual clock.

Servers (the shops, the fakes) are mounted by their address instead of listening on it; sender lanes, browsers' clients
and the phones' WebSockets call them as ASGI applications. So hours of retries cost nothing, a seed gives the same run
again, and a thousand runs fit into minutes. What is real all the same: every byte of every request and answer.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import httpx
import msgspec
import pytest
import trio
from trio_websocket import ConnectionClosed

from adapters.http import DEADLINE
from adapters.phones.meta import server as fakes_server
from adapters.phones.sim import PhoneRefused, SimPhone
from adapters.web.server import Server
from engine.ports import Answer, AnswerLost, NotSent

App = Callable[[Any, Any, Any], Awaitable[Any]]
Json = dict[str, Any]
CLIENT = httpx.AsyncClient
HOST = "127.0.0.1"
FIRST_PORT = 40_001


class HungUp(Exception):
    """The server closed the connection instead of answering."""


class _Stream:
    """What a fake hangs up on."""

    def __init__(self) -> None:
        self.cut = trio.Event()

    async def aclose(self) -> None:
        self.cut.set()


class Wire:
    """Who answers at which port. ``calls`` counts requests."""

    def __init__(self) -> None:
        self._apps: dict[int, App] = {}
        self.calls = 0

    # -- servers -------------------------------------------------------------------------------------------------------
    def mount(self, app: App, port: int = 0) -> int:
        """Let ``app`` answer at this port, or at the next free one; which one it is."""
        port = port or max(self._apps, default=FIRST_PORT - 1) + 1
        self._apps[port] = app
        return port

    # -- requests ------------------------------------------------------------------------------------------------------
    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One HTTP exchange. Raises HungUp, NotSent where nobody listens, and trio.TooSlowError after the deadline."""
        self.calls += 1
        parts = urlsplit(url)
        app = self._apps.get(parts.port or 80)
        if app is None:
            raise NotSent("nobody listens")
        exchange = _Exchange(body)
        with trio.fail_after(DEADLINE):
            await exchange.run(app, _scope(method, url, {"host": parts.netloc, **headers}))
        if exchange.status == 0:
            raise HungUp
        return Answer(exchange.status, exchange.headers, bytes(exchange.body))

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[WireHttp]:
        """A sender lane's connection."""
        yield WireHttp(self)

    def client(self, **options: Any) -> httpx.AsyncClient:
        """An httpx client of this network."""
        return CLIENT(transport=WireTransport(self), **options)

    # -- phones --------------------------------------------------------------------------------------------------------
    @asynccontextmanager
    async def phone(
        self, target: str, number: str, digits: str, *, name: str = "", query: dict[str, str] | None = None
    ) -> AsyncIterator[SimPhone]:
        """See ``adapters.phones.sim.open_phone``."""
        wanted = {"number": number, "name": name or f"+{digits}"} | (query or {})
        url = f"{target}/phone/{digits}?{urlencode(wanted)}"
        socket = WireSocket()
        async with trio.open_nursery() as nursery:
            app = self._apps[urlsplit(url).port or 80]
            nursery.start_soon(app, _scope("GET", url, {}) | {"type": "websocket"}, socket.to_app, socket.from_app)
            hello = msgspec.json.decode(await socket.get_message())
            if hello["type"] == "error":
                raise PhoneRefused(hello["text"])
            phone = SimPhone(socket, hello)  # type: ignore[arg-type]  # it has what a phone uses
            nursery.start_soon(phone.listen)
            yield phone
            nursery.cancel_scope.cancel()


class WireHttp:
    """See ``engine.ports.Http``: a request that nobody took was not sent, whatever else went wrong is unknown."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        return await self._call("POST", url, headers, body)

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        return await self._call("GET", url, headers, b"")

    async def _call(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            return await self._wire.request(method, url, headers, body)
        except HungUp:
            raise AnswerLost("hung up") from None
        except trio.TooSlowError:
            raise AnswerLost("no answer in time") from None

    async def __aenter__(self) -> WireHttp:
        return self

    async def __aexit__(self, *error: object) -> None:
        pass

    async def aclose(self) -> None:
        pass


class WireTransport(httpx.AsyncBaseTransport):
    """What an httpx client sends through."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        found = await self._wire.request(request.method, str(request.url), dict(request.headers), body)
        return httpx.Response(found.status, headers=dict(found.headers), content=found.body)


class _Exchange:
    """One request on its way through an application, and its answer."""

    def __init__(self, body: bytes) -> None:
        self._pieces: list[Json] = [{"type": "http.request", "body": body, "more_body": False}]
        self._stream = _Stream()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()

    async def run(self, app: App, scope: Json) -> None:
        """Until the application has answered or hung up."""
        fakes_server._connection.set(self._stream)  # type: ignore[arg-type]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._answer, app, scope, nursery.cancel_scope)
            await self._stream.cut.wait()
            nursery.cancel_scope.cancel()

    async def _answer(self, app: App, scope: Json, done: trio.CancelScope) -> None:
        await app(scope, self._receive, self._send)
        done.cancel()

    async def _receive(self) -> Json:
        if not self._pieces:
            await trio.sleep_forever()
        return self._pieces.pop()

    async def _send(self, event: Json) -> None:
        await trio.lowlevel.checkpoint()
        if event["type"] == "http.response.start":
            self.status = event["status"]
            self.headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in event["headers"]}
        elif event["type"] == "http.response.body":
            self.body += event.get("body", b"")


class WireSocket:
    """A phone's end of a WebSocket, as far as SimPhone uses one, and the application's end."""

    def __init__(self) -> None:
        self._out, self.to_app_next = trio.open_memory_channel[Json](10_000)
        self._in, self._next = trio.open_memory_channel[str | None](10_000)
        self._out.send_nowait({"type": "websocket.connect"})

    async def to_app(self) -> Json:
        return await self.to_app_next.receive()

    async def from_app(self, event: Json) -> None:
        await trio.lowlevel.checkpoint()
        if event["type"] == "websocket.send":
            self._in.send_nowait(event["text"])
        elif event["type"] == "websocket.close":
            self._in.send_nowait(None)

    async def send_message(self, text: str) -> None:
        await trio.lowlevel.checkpoint()
        self._out.send_nowait({"type": "websocket.receive", "text": text})

    async def get_message(self) -> str:
        text = await self._next.receive()
        if text is None:
            raise ConnectionClosed(None)
        return text


def _scope(method: str, url: str, headers: Mapping[str, str]) -> Json:
    parts = urlsplit(url)
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(parts.path),
        "raw_path": parts.path.encode("latin-1"),
        "query_string": parts.query.encode("latin-1"),
        "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        "client": (HOST, 1),
        "server": (HOST, parts.port or 80),
        "subprotocols": [],
        "extensions": {},
    }


# -- putting a laboratory on the wire --------------------------------------------------------------------------------
class _Listener:
    """An address that was asked for and is not listened on."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = self

    def getsockname(self) -> tuple[str, int]:
        return HOST, self.port

    async def __aenter__(self) -> _Listener:
        return self

    async def __aexit__(self, *error: object) -> None:
        pass


def rewire(patch: pytest.MonkeyPatch) -> Wire:
    """From now on whatever would listen, connect, or wait for a thread in this process does so on a wire in memory."""
    wire = Wire()

    async def listen(host: str, port: int) -> _Listener:
        return _Listener(wire.mount(_refuse, port))

    async def serve(app: App, listener: _Listener, *, task_status: trio.TaskStatus[int]) -> None:
        wire.mount(app, listener.port)
        task_status.started(listener.port)
        await trio.sleep_forever()

    async def run(server: Server, task_status: trio.TaskStatus[int]) -> None:
        task_status.started(wire.mount(server._app.app, server._port))
        await trio.sleep_forever()

    async def at_once(work: Callable[..., Any], *arguments: Any, **_: Any) -> Any:
        await trio.lowlevel.checkpoint()
        return work(*arguments)

    patch.setattr(fakes_server, "listen", listen)
    patch.setattr(fakes_server, "serve", serve)
    patch.setattr(Server, "run", run)
    patch.setattr(trio.to_thread, "run_sync", at_once)
    patch.setattr(httpx, "AsyncClient", wire.client)
    for module in [module for name, module in sys.modules.items() if name.startswith("adapters.")]:
        for name, stand_in in (("LaneHttp", lambda *_, **__: WireHttp(wire)), ("open_phone", wire.phone)):
            if hasattr(module, name) and module.__name__ != "adapters.http":
                patch.setattr(module, name, stand_in)
    return wire


async def _refuse(scope: Any, receive: Any, send: Any) -> None:
    await fakes_server.hang_up()
