"""The fake's HTTP server: hypercorn's protocol on connections of our own, because a fake must be able to hang up.

ASGI has no word for "close this connection without an answer", which is what a lost answer is. So each connection's
stream is known to the requests that it carries, through a context variable.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextvars import ContextVar
from typing import Any, Protocol, cast

import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext

from engine.errors import ConfigError

BACKLOG = 4_096
NEVER = 1e9
FRAME_BYTES = 512 * 1024

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_connection: ContextVar[trio.SocketStream] = ContextVar("connection")


async def hang_up() -> None:
    """Close the connection that carries this request, now."""
    await trio.aclose_forcefully(_connection.get())


async def read(receive: Receive, most: int) -> bytes | None:
    """A request's body; None when it is longer than ``most`` bytes."""
    body, more = b"", True
    while more:
        event = await receive()
        body, more = body + event.get("body", b""), event.get("more_body", False)
        if len(body) > most:
            return None
    return body


async def answer(send: Send, status: int, body: bytes, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
    """Answer with JSON."""
    plain = [(b"content-type", b"application/json; charset=UTF-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*plain, *headers]})
    await send({"type": "http.response.body", "body": body})


async def never(receive: Receive) -> None:
    """Leave a request without an answer until its client goes away."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def listen(host: str, port: int) -> trio.SocketListener:
    """A listener on this address (port 0: any). Raises ConfigError when it can't be had."""
    try:
        listeners = await trio.open_tcp_listeners(port, host=host, backlog=BACKLOG)
    except OSError as error:
        raise ConfigError(
            f"the fake provider can't listen on {host}:{port} ({error.strerror or error}); choose another port"
        ) from error
    for spare in listeners[1:]:
        await spare.aclose()
    return listeners[0]


class Fake(Protocol):
    """An ASGI callable with an address of its own."""

    url: str


async def serve_at(
    fake: Fake, host: str, port: int, *lives: Callable[[], Awaitable[None]], task_status: trio.TaskStatus[int]
) -> None:
    """Serve a fake at this address, and run what lives beside it, until cancelled; reports the bound port. Raises
    ConfigError when the address can't be had."""
    listener = await listen(host, port)
    async with listener, trio.open_nursery() as nursery:
        fake.url = f"http://{host}:{listener.socket.getsockname()[1]}"
        for life in lives:
            nursery.start_soon(life)
        await serve(fake, listener, task_status=task_status)


async def serve(app: Any, listener: trio.SocketListener, *, task_status: trio.TaskStatus[int]) -> None:
    """Serve an ASGI callable until cancelled; reports the bound port."""
    wrapped, config, context = ASGIWrapper(app), _config(), WorkerContext(None)

    async def connection(stream: trio.SocketStream) -> None:
        _connection.set(stream)
        try:
            await TCPServer(wrapped, config, context, cast("Any", {}), cast("Any", stream))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the client, or a fault, closed it under our hands
        finally:
            await trio.aclose_forcefully(stream)

    async with trio.open_nursery() as nursery:
        task_status.started(listener.socket.getsockname()[1])
        await trio.serve_listeners(connection, [listener], handler_nursery=nursery)


def _config() -> Config:
    config = Config()
    config.keep_alive_timeout = NEVER
    config.keep_alive_max_requests = int(NEVER)
    config.websocket_max_message_size = FRAME_BYTES
    config.include_server_header = False
    config.accesslog = None
    config.errorlog = logging.getLogger("sokoni.fake")
    return config
