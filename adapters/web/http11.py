"""HTTP/1.1 and nothing else, over hypercorn's own protocol, and applications that never hold up a connection.

Left as it comes, hypercorn also speaks HTTP/2 to whoever begins with it or asks for ``Upgrade: h2c``. None of our
guards hold there: a client that opens no window is owed an answer for ever, in a shielded wait that no stop ends, and
one connection is a hundred requests. Nor does a refused WebSocket handshake ever end. A provider or a reverse proxy
needs neither, and a server may ignore an upgrade (RFC 9110, 7.8).

Hypercorn gives each application a bounded queue of what its client sends. One that answers without having read the
whole body leaves that queue full: whoever fills it waited for ever, the application itself among them, which is to be
told that the connection ended. Here the end is the queue's closing, which wakes them all and waits for nobody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

import h11
import trio
from hypercorn.config import Config
from hypercorn.events import Closed
from hypercorn.protocol.events import Request
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.trio.task_group import TaskGroup, _handle
from hypercorn.typing import AppWrapper, ASGIReceiveEvent, ASGISendEvent, Scope

VERSIONS = (b"1.1", b"1.0")
VERSION_NOT_SUPPORTED = 505


class Http11(H11Protocol):
    """One connection's requests, whatever its client would rather speak."""

    async def _check_protocol(self, event: h11.Request) -> None:
        """Hypercorn goes over to HTTP/2 here; an ``Upgrade`` is ignored instead."""

    async def _create_stream(self, request: h11.Request) -> None:
        if request.http_version not in VERSIONS:
            await self._send_error_response(VERSION_NOT_SUPPORTED)
            await self.send(Closed())
            return
        self.stream = HTTPStream(
            self.app,
            self.config,
            self.context,
            self.task_group,
            self.ssl,
            self.client,
            self.server,
            self.stream_send,
            STREAM_ID,
        )
        await self.stream.handle(
            Request(
                stream_id=STREAM_ID,
                headers=list(request.headers),
                http_version=request.http_version.decode(),
                method=request.method.decode("ascii").upper(),
                raw_path=request.target,
                state=self.connection_state,
            )
        )
        self.keep_alive_requests += 1
        await self.context.mark_request()


class Tasks(TaskGroup):
    """One connection's applications."""

    async def spawn_app(
        self,
        app: AppWrapper,
        config: Config,
        scope: Scope,
        send: Callable[[ASGISendEvent | None], Awaitable[None]],
    ) -> Callable[[ASGIReceiveEvent], Awaitable[None]]:
        """Start ``app``; returns how its client's messages are handed to it."""
        sender, receiver = trio.open_memory_channel[ASGIReceiveEvent](config.max_app_queue_size)

        async def receive() -> ASGIReceiveEvent:
            try:
                return await receiver.receive()
            except trio.EndOfChannel:
                return {"type": "http.disconnect"}

        async def hand(message: ASGIReceiveEvent) -> None:
            if message["type"] == "http.disconnect":
                sender.close()
            else:
                with suppress(trio.ClosedResourceError):  # what nobody will read
                    await sender.send(message)

        assert self._nursery is not None
        self._nursery.start_soon(
            _handle, app, config, scope, receive, send, trio.to_thread.run_sync, trio.from_thread.run
        )
        return hand
