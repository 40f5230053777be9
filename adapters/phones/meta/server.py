"""The fake's HTTP server: hypercorn's protocol on connections of our own, because a fake must be able to hang up.

ASGI has no word for "close this connection without an answer", which is what a lost answer is. So each connection's
stream is known to the requests that it carries, through a context variable.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any, cast

import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext

from engine.errors import ConfigError

BACKLOG = 4_096
NEVER = 1e9
FRAME_BYTES = 512 * 1024

_connection: ContextVar[trio.SocketStream] = ContextVar("connection")


async def hang_up() -> None:
    """Close the connection that carries this request, now."""
    await trio.aclose_forcefully(_connection.get())


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
