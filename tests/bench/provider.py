"""The fastest fake provider that can be had: takes every send, remembers when, and uses as little of a core as it can.

    python -m tests.bench.provider --port 8090 --latency-ms 20 --json provider.json

It prints {"port": …} once it listens, and writes its figures when it is stopped (SIGINT or SIGTERM). Meanwhile:

    POST anything    200 with a wamid (wamid.BENCH000000000001 …), or {"success": true} for a read mark
    GET /stats       the figures so far
    GET /sent        every accepted send: [at, wamid, to, key]; ``at`` is time.monotonic(), the same for all processes
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import trio

from tests.bench.wire import Wire

READ_MARK = b'"status":"read"'
KEY = b'"biz_opaque_callback_data":"'
TO = b'"to":"'
BACKLOG = 4_096


class Provider:
    """``sent`` is what was accepted: (monotonic seconds, number, recipient, key). ``latency`` in seconds."""

    def __init__(self, latency: float = 0.0) -> None:
        self._latency = latency
        self.sent: list[tuple[float, int, bytes, bytes]] = []
        self.read_marks = 0
        self.connections = 0

    async def serve(self, port: int, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve on loopback until cancelled; reports the bound port."""
        [listener] = await trio.open_tcp_listeners(port, host="127.0.0.1", backlog=BACKLOG)
        task_status.started(listener.socket.getsockname()[1])
        await trio.serve_listeners(self._connection, [listener])

    async def _connection(self, stream: trio.SocketStream) -> None:
        self.connections += 1
        wire = Wire(stream)
        async with stream:
            while (message := await wire.message()) is not None:
                head, body = message
                answer = self._post(body) if head.startswith(b"post") else self._get(head)
                if self._latency:
                    await trio.sleep(self._latency)
                try:
                    await stream.send_all(answer)
                except trio.BrokenResourceError:
                    return

    def _post(self, body: bytes) -> bytes:
        if READ_MARK in body:
            self.read_marks += 1
            return _answer(b'{"success":true}')
        number = len(self.sent) + 1
        self.sent.append((time.monotonic(), number, _field(body, TO), _field(body, KEY)))
        return _answer(b'{"messaging_product":"whatsapp","contacts":[],"messages":[{"id":"%s"}]}' % wamid(number))

    def _get(self, head: bytes) -> bytes:
        if head.startswith(b"get /sent"):
            rows = [(at, wamid(number).decode(), to.decode(), key.decode()) for at, number, to, key in self.sent]
            return _answer(msgspec.json.encode(rows))
        return _answer(msgspec.json.encode(self.stats()))

    def stats(self) -> dict[str, Any]:
        """Counts, and the rate between the first and the last send."""
        keys = [key for _, _, _, key in self.sent if key]
        seconds = self.sent[-1][0] - self.sent[0][0] if len(self.sent) > 1 else 0.0
        return {
            "sent": len(self.sent),
            "doubled": len(keys) - len(set(keys)),
            "read_marks": self.read_marks,
            "connections": self.connections,
            "seconds": round(seconds, 3),
            "per_second": round((len(self.sent) - 1) / seconds, 1) if seconds else 0.0,
        }


def wamid(number: int) -> bytes:
    """The id of the nth accepted send."""
    return b"wamid.BENCH%012d" % number


def _answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def _field(body: bytes, name: bytes) -> bytes:
    """A string of the body, found without parsing; our senders write compact JSON without escapes in these."""
    at = body.find(name)
    return body[at + len(name) : body.find(b'"', at + len(name))] if at >= 0 else b""


async def _main(options: argparse.Namespace) -> None:
    provider = Provider(options.latency_ms / 1000)
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            print(msgspec.json.encode({"port": await nursery.start(provider.serve, options.port)}).decode(), flush=True)
            await anext(signals)
            nursery.cancel_scope.cancel()
    figures = msgspec.json.format(msgspec.json.encode(provider.stats()))
    print(figures.decode(), flush=True)
    if options.json:
        await trio.Path(options.json).write_bytes(figures + b"\n")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.provider", description=str(__doc__).splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="on loopback (default: any)")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="wait so long before each answer")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there at the end")
    trio.run(_main, parser.parse_args(arguments))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
