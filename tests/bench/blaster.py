"""Fires signed webhooks at a fixed plan, whatever the server does, and records what was acknowledged and when.

    python -m tests.bench.blaster --url http://127.0.0.1:8080/api/whatsappwebhook --secret S --number-id 200000000000002
        --rate 600 --seconds 30 --connections 64 --phones 5000 --json blast.json --record rows.json
    … --statuses 100 --provider http://127.0.0.1:8090     batches of 100 statuses of what that provider has accepted

The load is open: message i is due at start + i/rate, and its acknowledgement is timed from that moment, so a server
that makes its clients wait can't hide it. All bodies are made and signed before the start. Each message is new, and
comes from phone i modulo --phones. Prints figures as JSON; times are milliseconds.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import sys
import time
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import trio

from adapters.phones.load_report import figures
from tests.bench.wire import Wire

FIRST_PHONE = 254_710_000_000
LEAD = 0.2
"""Seconds between "everything is connected" and the first message."""
PATIENCE = 30.0


@dataclass(frozen=True)
class Shot:
    """One request: the bytes as sent, and what it carries (``id`` and ``phone`` of a message, else empty)."""

    raw: bytes
    id: str = ""
    phone: str = ""


@dataclass
class Outcome:
    """Per shot, in the order of the plan: monotonic seconds (0: never) and the HTTP status (0: no answer)."""

    planned: array[float]
    sent: array[float]
    acked: array[float]
    status: array[int]
    reconnects: int = 0
    fired: list[Shot] = field(default_factory=list)

    def report(self) -> dict[str, Any]:
        """The figures. ``ack`` is from the plan, ``answer`` from the sending, ``lag`` is the blaster's own delay."""
        good = [at for at, status in enumerate(self.status) if status == 200]
        seconds = max(self.acked, default=0.0) - self.planned[0] if good else 0.0
        return {
            "shots": len(self.planned),
            "statuses": {str(status): times for status, times in sorted(Counter(self.status).items())},
            "reconnects": self.reconnects,
            "seconds": round(seconds, 3),
            "acked_per_second": round(len(good) / seconds, 1) if seconds else 0.0,
            "ack": msgspec.to_builtins(figures(array("d", (self.acked[at] - self.planned[at] for at in good)))),
            "answer": msgspec.to_builtins(figures(array("d", (self.acked[at] - self.sent[at] for at in good)))),
            "lag": msgspec.to_builtins(
                figures(array("d", (s - p for s, p in zip(self.sent, self.planned, strict=True) if s)))
            ),
        }

    def rows(self) -> list[dict[str, Any]]:
        """Every shot, for a checker that compares with what the provider got."""
        return [
            {"id": shot.id, "phone": shot.phone, "planned": planned, "acked": acked, "status": status}
            for shot, planned, acked, status in zip(self.fired, self.planned, self.acked, self.status, strict=True)
        ]


class Gun:
    """Makes shots for one webhook."""

    def __init__(self, url: str, secret: str, number_id: str) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self._head = (
            f"POST {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        ).encode()
        self._secret = secret.encode()
        self._number_id = number_id

    def message(self, at: int, phone: str, text: str, run: str) -> Shot:
        """A new text message of this phone."""
        wamid = f"wamid.{run}{at:09}"
        value = {
            "contacts": [{"profile": {"name": "Bench"}, "wa_id": phone, "user_id": f"KE.{phone}"}],
            "messages": [
                {
                    "from": phone,
                    "from_user_id": f"KE.{phone}",
                    "id": wamid,
                    "timestamp": str(int(time.time())),
                    "type": "text",
                    "text": {"body": text},
                }
            ],
        }
        return Shot(self._signed(value), wamid, phone)

    def statuses(self, sent: Sequence[tuple[float, str, str, str]], state: str) -> Shot:
        """One batch that says ``state`` of these sends, given as the bench provider's rows."""
        now = str(int(time.time()))
        rows = [
            {"id": wamid, "status": state, "timestamp": now, "recipient_id": to, "biz_opaque_callback_data": key}
            for _, wamid, to, key in sent
        ]
        return Shot(self._signed({"statuses": rows}))

    def _signed(self, more: dict[str, Any]) -> bytes:
        metadata = {"display_phone_number": "254700000900", "phone_number_id": self._number_id}
        value = {"messaging_product": "whatsapp", "metadata": metadata} | more
        change = {"field": "messages", "value": value}
        envelope = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}
        body = msgspec.json.encode(envelope)
        digest = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        head = f"X-Hub-Signature-256: sha256={digest}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        return self._head + head + body


async def blast(gun: Gun, shots: Sequence[Shot], rate: float, connections: int) -> Outcome:
    """Fire all shots at ``rate`` per second over so many kept-alive connections."""
    streams = [await trio.open_tcp_stream(gun.host, gun.port) for _ in range(min(connections, len(shots)))]
    start = time.monotonic() + LEAD
    zeros = array("d", bytes(8 * len(shots)))
    planned = array("d", (start + at / rate for at in range(len(shots))))
    outcome = Outcome(planned, zeros[:], zeros[:], array("i", bytes(4 * len(shots))), fired=list(shots))
    turns = iter(range(len(shots)))
    async with trio.open_nursery() as nursery:
        for stream in streams:
            nursery.start_soon(_fire, gun, stream, shots, turns, outcome)
    return outcome


async def _fire(
    gun: Gun, stream: trio.SocketStream, shots: Sequence[Shot], turns: Iterator[int], outcome: Outcome
) -> None:
    """One connection: takes the next shot of the plan, waits for its moment, fires, waits for the answer."""
    wire = Wire(stream)
    for at in turns:
        await trio.sleep(max(0.0, outcome.planned[at] - time.monotonic()))
        outcome.sent[at] = time.monotonic()
        answer = None
        with trio.move_on_after(PATIENCE):
            try:
                await stream.send_all(shots[at].raw)
                answer = await wire.message()
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                answer = None
        if answer is not None:
            outcome.acked[at] = time.monotonic()
            outcome.status[at] = int(answer[0][9:12])
        if answer is None or b"\nconnection: close" in answer[0]:
            await trio.aclose_forcefully(stream)
            outcome.reconnects += 1
            stream = await trio.open_tcp_stream(gun.host, gun.port)
            wire = Wire(stream)
    await stream.aclose()


async def _main(options: argparse.Namespace) -> dict[str, Any]:
    gun = Gun(options.url, options.secret, options.number_id)
    if options.statuses:
        shots = _batches(gun, await sent_by(options.provider), options.statuses)
    else:
        run = f"B{time.time_ns() // 1_000_000:x}."
        phones = [str(FIRST_PHONE + at) for at in range(options.phones)]
        wanted = range(round(options.rate * options.seconds))
        shots = [gun.message(at, phones[at % len(phones)], options.text, run) for at in wanted]
    outcome = await blast(gun, shots, options.rate, options.connections)
    if options.record:
        await trio.Path(options.record).write_bytes(msgspec.json.encode(outcome.rows()))
    return outcome.report()


def _batches(gun: Gun, sent: Sequence[tuple[float, str, str, str]], size: int) -> list[Shot]:
    """Delivered for all, then read for all."""
    starts = range(0, len(sent), size)
    return [gun.statuses(sent[at : at + size], state) for state in ("delivered", "read") for at in starts]


async def sent_by(url: str) -> list[tuple[float, str, str, str]]:
    """Everything that a bench provider has accepted."""
    parts = urlsplit(url)
    stream = await trio.open_tcp_stream(parts.hostname or "127.0.0.1", parts.port or 80)
    async with stream:
        await stream.send_all(b"GET /sent HTTP/1.1\r\nHost: bench\r\n\r\n")
        answer = await Wire(stream).message()
    return msgspec.json.decode(answer[1] if answer else b"[]", type=list[tuple[float, str, str, str]])


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.blaster", description=str(__doc__).splitlines()[0])
    parser.add_argument("--url", required=True, help="the webhook")
    parser.add_argument("--secret", required=True, help="the app secret that signs")
    parser.add_argument("--number-id", required=True, help="the shop's phone_number_id")
    parser.add_argument("--rate", type=float, default=600.0, help="requests per second (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long (default: %(default)s)")
    parser.add_argument("--connections", type=int, default=64, help="kept-alive connections (default: %(default)s)")
    parser.add_argument("--phones", type=int, default=5_000, help="different customers (default: %(default)s)")
    parser.add_argument("--text", default="hi", help="what each message says (default: %(default)s)")
    parser.add_argument("--statuses", type=int, default=0, metavar="N", help="batches of N statuses instead")
    parser.add_argument("--provider", default="", metavar="URL", help="whose sends the statuses are about")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--record", type=Path, metavar="FILE", help="write a row per request there")
    options = parser.parse_args(arguments)
    told = msgspec.json.format(msgspec.json.encode(trio.run(_main, options)))
    print(told.decode())
    if options.json:
        options.json.write_bytes(told + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
