"""The HTTP server: hypercorn's protocol on listeners of our own, with the guards that hypercorn leaves to others.

hypercorn limits slow headers and idle connections. It does not limit how many connections there are, nor a client
that never reads (its answer blocks for ever, shielded, and with it the shutdown). So the accept loop here stops
accepting at a cap (the excess waits in TCP, costing nothing), and each stream gives up on a client that does not take
its answer. What else of hypercorn's would let a client keep its connection for ever is switched off in
adapters/web/http11.py. Slow bodies and large ones are the handler's business (adapters/web/body.py).
"""

from __future__ import annotations

import logging
from contextlib import suppress
from math import inf
from typing import Any, cast

import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.events import Closed, RawData
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ASGIFramework, ConnectionState
from hypercorn.utils import parse_socket_addr

from adapters.web.http11 import Http11, Tasks
from engine.errors import ConfigError

log = logging.getLogger("sokoni.web")

BACKLOG = 4_096
"""Connections that the kernel keeps waiting while we are at the cap."""
FIRST_REQUEST_SECONDS = 10.0
"""How long a new connection may take to say its first request, so that those who only connect hold few places."""
KEEP_ALIVE_SECONDS = 75.0
KEEP_ALIVE_REQUESTS = 1_000_000
"""hypercorn closes a kept-alive connection after 1,000 requests by default; providers keep theirs for long."""
READ_BYTES = 64 * 1024
HEADER_BYTES = 16 * 1024
SEND_SECONDS = 10.0
ACCEPT_PAUSE = 0.1


class GuardedStream:
    """A socket stream that gives up on a client which does not read. It has what hypercorn uses, and no more:
    no ``do_handshake``, by which hypercorn knows that there is no TLS here."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self.socket = stream.socket

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self._stream.receive_some(max_bytes)

    async def send_all(self, data: bytes) -> None:
        if not data:
            return  # hypercorn ends an answer with nothing
        with trio.move_on_after(SEND_SECONDS) as scope:
            await self._stream.send_all(data)
        if scope.cancelled_caught:
            await trio.aclose_forcefully(self._stream)
            raise trio.BrokenResourceError("the client does not read")

    async def send_eof(self) -> None:
        await self._stream.send_eof()

    async def aclose(self) -> None:
        await self._stream.aclose()


class IdleDeadline:
    """What hypercorn calls its idle task, as a deadline on the read that is waiting anyway.

    hypercorn starts and cancels a task per request to close idle connections; that was a twentieth of a webhook.
    """

    def __init__(self) -> None:
        self.reading = trio.CancelScope()
        self._seconds = FIRST_REQUEST_SECONDS
        self._idle = False
        self._stopping = False

    async def restart(self, task_group: object, action: object) -> None:
        """The connection is idle from now on."""
        self._idle = True
        self.reading.deadline = -inf if self._stopping else trio.current_time() + self._seconds

    async def stop(self) -> None:
        """A request has begun."""
        self._seconds = KEEP_ALIVE_SECONDS
        self._idle = False
        self.reading.deadline = inf

    def begin_read(self) -> trio.CancelScope:
        """The scope of the next read."""
        self.reading = trio.CancelScope(deadline=self.reading.deadline)
        return self.reading

    def end(self) -> None:
        """The server stops: close now when idle, else after the answer."""
        self._stopping = True
        if self._idle:
            self.reading.deadline = -inf


class Connection(TCPServer):
    """One connection's life in hypercorn, in HTTP/1.1, idle ones ended by a deadline."""

    def __init__(self, app: Any, config: Config, context: WorkerContext, stream: GuardedStream) -> None:
        super().__init__(app, config, context, cast("Any", {}), cast("Any", stream))
        self.idleness = IdleDeadline()
        self.idle_task = cast("Any", self.idleness)

    async def run(self) -> None:
        """Until either side ends it."""
        socket = self.stream.socket
        try:
            client = parse_socket_addr(socket.family, socket.getpeername())
            server = parse_socket_addr(socket.family, socket.getsockname())
            state = ConnectionState(self.state)
            async with Tasks() as tasks:
                self._task_group = tasks
                protocol = Http11(
                    self.app, self.config, self.context, tasks, state, False, client, server, self.protocol_send
                )
                self.protocol = cast("Any", protocol)
                await self.idleness.restart(tasks, None)
                await self._read_data()
        except OSError:
            pass  # the client went away
        finally:
            await self._close()

    async def _read_data(self) -> None:
        while True:
            data = b""
            with self.idleness.begin_read(), suppress(trio.ClosedResourceError, trio.BrokenResourceError):
                data = bytes(await self.stream.receive_some(READ_BYTES))
            await self.protocol.handle(RawData(data) if data else Closed())
            if not data:
                return


class Server:
    """Serves one ASGI callable on one address until told to stop."""

    def __init__(self, app: ASGIFramework, host: str, port: int, *, connections: int, grace: float) -> None:
        self._app = ASGIWrapper(app)
        self._host = host
        self._port = port
        self._slots = trio.Semaphore(connections)
        self._grace = grace
        self._context = WorkerContext(None)
        self._config = _config()
        self._idle: set[IdleDeadline] = set()
        self._stop = trio.Event()
        self.stopped = trio.Event()
        self.open_connections = 0

    async def run(self, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED) -> None:
        """Accept until ``stop``; then let requests under way finish for ``grace`` seconds. Reports the bound port.

        Raises ConfigError when the address can't be had.
        """
        listener = await self._listen()
        try:
            async with listener:  # closed also when we are cancelled
                await self._serve(listener, task_status)
        finally:
            self.stopped.set()

    async def _serve(self, listener: trio.SocketListener, task_status: trio.TaskStatus[int]) -> None:
        async with trio.open_nursery() as connections:
            async with trio.open_nursery() as accepting:
                accepting.start_soon(self._accept, listener, connections)
                task_status.started(listener.socket.getsockname()[1])
                await self._stop.wait()
                accepting.cancel_scope.cancel()
            await listener.aclose()
            await self._context.terminated.set()  # busy connections close after their answer
            for idleness in self._idle:
                idleness.end()
            connections.cancel_scope.deadline = trio.current_time() + self._grace

    def stop(self) -> None:
        """Begin to stop; ``run`` returns when it is done."""
        self._stop.set()

    async def _listen(self) -> trio.SocketListener:
        try:
            listeners = await trio.open_tcp_listeners(self._port, host=self._host, backlog=BACKLOG)
        except OSError as error:
            raise ConfigError(
                f"server.bind: can't listen on {self._host}:{self._port} ({error.strerror or error}). "
                "Is another process using this port? Choose another one, or stop it."
            ) from error
        for spare in listeners[1:]:
            await spare.aclose()
        return listeners[0]

    async def _accept(self, listener: trio.SocketListener, connections: trio.Nursery) -> None:
        while True:
            await self._slots.acquire()
            try:
                stream = await listener.accept()
            except OSError as error:  # out of file descriptors, or the client is gone already
                self._slots.release()
                log.warning("accept_failed", extra={"code": error.errno or 0})
                await trio.sleep(ACCEPT_PAUSE)
            except BaseException:
                self._slots.release()
                raise
            else:
                connections.start_soon(self._connection, stream)

    async def _connection(self, stream: trio.SocketStream) -> None:
        self.open_connections += 1
        try:
            connection = Connection(self._app, self._config, self._context, GuardedStream(stream))
            self._idle.add(connection.idleness)
            try:
                await connection
            finally:
                self._idle.discard(connection.idleness)
        except Exception as error:  # one connection's trouble is never another's
            log.warning("connection_failed", exc_info=error)
        finally:
            self.open_connections -= 1
            self._slots.release()
            await trio.aclose_forcefully(stream)


def _config() -> Config:
    config = Config()
    config.keep_alive_max_requests = KEEP_ALIVE_REQUESTS
    config.h11_max_incomplete_size = HEADER_BYTES
    config.include_server_header = False
    config.include_date_header = False  # no provider reads it, and it is formatted for every answer
    config.accesslog = None
    config.errorlog = logging.getLogger("sokoni.http")
    return config
