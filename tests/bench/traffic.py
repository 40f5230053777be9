"""A fast provider and its customers in one process: what a serving Sokoni is measured against.

    python -m tests.bench.traffic --server http://127.0.0.1:9000/api/whatsappwebhook --secret S --port 9001
        --rate 400 --seconds 20 --connections 64 --phones 5000

Posts signed webhooks on a planned schedule (open model: a late answer does not make the next message late), answers
every send at once, and counts what came of it. Prints one JSON object. asyncio protocols, because they cost the least:
this runs on the other core, and must not be what is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import re
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SAID = ("hi", "1, 2", "cart", "2, 1", "remove 2", "1, 1", "remove 1", "cart")
"""What a customer says in turn; each is answered with one message, and the cart never fills up."""
PHONE = 254_700_000_000
TO = re.compile(rb'"to":"\+([0-9]+)"')
KEY = re.compile(rb'"biz_opaque_callback_data":"([^"]+)"')
LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
QUIET = 3.0
"""Seconds without a reply after which what is missing counts as lost."""
DRAIN = 120.0


@dataclass
class Book:
    """What was planned, acknowledged and answered; times of one monotonic clock, in seconds."""

    planned: dict[int, deque[float]] = field(default_factory=dict)
    acks: list[float] = field(default_factory=list)
    ack_times: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    replies: list[float] = field(default_factory=list)
    reply_times: list[float] = field(default_factory=list)
    keys: set[bytes] = field(default_factory=set)
    doubled: int = 0
    courtesies: int = 0
    unasked: int = 0
    last_reply: float = 0.0


class Provider(asyncio.Protocol):
    """Answers every POST at once, like a Graph API without limits."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            found = LENGTH.search(self._buffer, 0, end)
            size = end + 4 + (int(found[1]) if found else 0)
            if len(self._buffer) < size:
                return
            self._answer(self._buffer[end + 4 : size])
            self._buffer = self._buffer[size:]

    def _answer(self, body: bytes) -> None:
        content = self.content(body)
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(content)
        assert self._transport is not None
        self._transport.write(head + content)

    def content(self, body: bytes) -> bytes:
        """What is answered to a request, once it is counted."""
        to, key = TO.search(body), KEY.search(body)
        if to is None:
            self._book.courtesies += 1
            return b'{"success":true}'
        self.count(int(to[1]), key[1] if key else b"", body)
        return b'{"messaging_product":"whatsapp","messages":[{"id":"wamid.OUT%d"}]}' % len(self._book.keys)

    def count(self, phone: int, key: bytes, body: bytes) -> None:
        """A message to this phone came."""
        book, now = self._book, time.perf_counter()
        if key in book.keys:
            book.doubled += 1
            return
        book.keys.add(key)
        waiting = book.planned.get(phone)
        if not waiting:
            book.unasked += 1
            return
        book.replies.append(now - waiting.popleft())
        book.reply_times.append(now)
        book.last_reply = now


class Customer(asyncio.Protocol):
    """One kept-alive connection that posts webhooks, one at a time."""

    def __init__(self, blaster: Blaster) -> None:
        self._blaster = blaster
        self._buffer = b""
        self._due = 0.0
        self._transport: asyncio.Transport | None = None
        self.phone = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def post(self, request: bytes, due: float, phone: int) -> None:
        assert self._transport is not None
        self._due, self.phone = due, phone
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        found = LENGTH.search(self._buffer, 0, end)
        if len(self._buffer) < end + 4 + (int(found[1]) if found else 0):
            return
        status = int(self._buffer[9:12])
        self._buffer = b""
        self._blaster.answered(self, status, self._due)

    def connection_lost(self, exc: Exception | None) -> None:
        self._blaster.lost(self)


class Blaster:
    """Posts on schedule as long as there is a free connection; behind schedule, as soon as there is one."""

    def __init__(self, options: argparse.Namespace, book: Book) -> None:
        self._options, self._book = options, book
        url = urlsplit(options.server)
        self._host, self._port, self._path = url.hostname or "", url.port or 80, url.path
        self._secret = options.secret.encode()
        self._free: deque[Customer] = deque()
        self._late: deque[tuple[float, int]] = deque()
        self._said = [0] * options.phones
        self._busy = [False] * options.phones
        self._count = 0
        self.begun = 0.0
        self.finished = asyncio.Event()
        self.worst_lag = 0.0
        self.broken = 0
        self._outstanding = 0
        self._over = False

    async def run(self) -> None:
        loop, options = asyncio.get_running_loop(), self._options
        for _ in range(options.connections):
            _, customer = await loop.create_connection(lambda: Customer(self), self._host, self._port)
            self._free.append(customer)
        self.begun = time.perf_counter()
        total = round(options.rate * options.seconds)
        for number in range(total):
            due = self.begun + number / options.rate
            if self.enough():
                break
            wait = due - time.perf_counter()
            if wait > 0.001 or number % 20 == 0:
                await asyncio.sleep(max(0.0, wait))
            self.worst_lag = max(self.worst_lag, time.perf_counter() - due)
            self._offer(due)
        self._over = True
        self._late.clear()
        if self._outstanding == 0:
            self.finished.set()
        await asyncio.wait_for(self.finished.wait(), DRAIN)

    def _offer(self, due: float) -> None:
        if self._free:
            self._post(self._free.popleft(), due)
        else:
            self._late.append((due, 0))

    def enough(self) -> bool:
        """Whether to end before the time is over."""
        return False

    def settled(self) -> bool:
        """Whether all has come that follows the replies."""
        return True

    def next_words(self) -> tuple[int, str] | None:
        """Which phone speaks next, and what it says; None when nobody has anything to say now."""
        phone = self._count % self._options.phones
        self._count += 1
        return phone, SAID[self._said[phone] % len(SAID)]

    def _post(self, connection: Customer, due: float) -> None:
        if self._options.statuses:
            connection.post(self._sign(self._status_body()), due, 0)
        elif (words := self.next_words()) is not None:
            phone, said = words
            connection.post(self._sign(self._body(phone, said)), due, PHONE + phone)
            self._book.planned.setdefault(PHONE + phone, deque()).append(due)
        else:
            self._free.append(connection)
            return
        self._outstanding += 1

    def answered(self, connection: Customer, status: int, due: float) -> None:
        now = time.perf_counter()
        self._book.statuses[status] += 1
        self._outstanding -= 1
        if status == 200:
            self._book.acks.append(now - due)
            self._book.ack_times.append(now)
        elif connection.phone and (waiting := self._book.planned.get(connection.phone)):
            waiting.pop()  # a refused message is owed nothing; here nobody delivers it again
        if self._late:
            self._post(connection, self._late.popleft()[0])
        else:
            self._free.append(connection)
        if self._over and self._outstanding == 0:
            self.finished.set()

    def lost(self, connection: Customer) -> None:
        self.broken += 1

    def _body(self, phone: int, said: str) -> bytes:
        self._said[phone] += 1
        digits = PHONE + phone
        return (
            '{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":'
            '{"messaging_product":"whatsapp","metadata":{"display_phone_number":"911","phone_number_id":"%s"},'
            '"contacts":[{"profile":{"name":"Asha"},"wa_id":"%d"}],"messages":[{"from":"%d","id":"wamid.%s.%d.%d",'
            '"timestamp":"%d","type":"text","text":{"body":"%s"}}]}}]}]}'
            % (
                self._options.number,
                digits,
                digits,
                self._options.run,
                phone,
                self._said[phone],
                time.time(),
                said,
            )
        ).encode()

    def _status_body(self) -> bytes:
        """A batch of statuses for messages that nobody sent: looked up, found early, parked."""
        self._count += 1
        statuses = ",".join(
            '{"id":"wamid.S%s.%d.%d","status":"%s","timestamp":"%d","recipient_id":"254700000001"}'
            % (self._options.run, self._count, n, ("sent", "delivered", "read")[n % 3], time.time())
            for n in range(self._options.statuses)
        )
        return (
            '{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":'
            '{"messaging_product":"whatsapp","metadata":{"display_phone_number":"911","phone_number_id":"%s"},'
            '"statuses":[%s]}}]}]}' % (self._options.number, statuses)
        ).encode()

    def _sign(self, body: bytes) -> bytes:
        digest = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        return (
            b"POST %s HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nX-Hub-Signature-256: sha256=%s\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (self._path.encode(), digest.encode(), len(body), body)
        )


def quantile(values: list[float], share: float) -> float:
    """The value that ``share`` of all do not exceed; 0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def per_second(times: list[float], begun: float, seconds: float) -> list[int]:
    """How many of these moments fall into each second."""
    counts = [0] * int(seconds)
    for moment in times:
        if 0 <= moment - begun < len(counts):
            counts[int(moment - begun)] += 1
    return counts


async def measure(options: argparse.Namespace) -> dict[str, object]:
    """Run the traffic, wait until the replies are in, and report."""
    book = Book()
    return await measured(options, book, Blaster(options, book), lambda: Provider(book))


async def measured(
    options: argparse.Namespace, book: Book, blaster: Blaster, provider: Callable[[], Provider]
) -> dict[str, object]:
    """The same with this traffic and this provider."""
    server = await asyncio.get_running_loop().create_server(provider, "127.0.0.1", options.port)
    await blaster.run()
    ended = time.perf_counter()
    while any(book.planned.values()) or not blaster.settled():
        if time.perf_counter() - max(ended, book.last_reply) > QUIET:
            break
        await asyncio.sleep(0.05)
    server.close()
    missing = sum(map(len, book.planned.values()))
    took = max(book.reply_times, default=ended) - blaster.begun
    return {
        "offered": round(options.rate * options.seconds),
        "statuses": dict(book.statuses),
        "replies": len(book.replies),
        "missing": missing,
        "doubled": book.doubled,
        "unasked": book.unasked,
        "courtesies": book.courtesies,
        "broken_connections": blaster.broken,
        "ack_p50_ms": quantile(book.acks, 0.5) * 1000,
        "ack_p99_ms": quantile(book.acks, 0.99) * 1000,
        "reply_p50_ms": quantile(book.replies, 0.5) * 1000,
        "reply_p99_ms": quantile(book.replies, 0.99) * 1000,
        "acks_per_second": len(book.acks) / (ended - blaster.begun),
        "replies_per_second": len(book.replies) / took if took > 0 else 0.0,
        "acks_each_second": per_second(book.ack_times, blaster.begun, options.seconds),
        "replies_each_second": per_second(book.reply_times, blaster.begun, options.seconds),
        "generator_lag_ms": blaster.worst_lag * 1000,
    }


def arguments(about: str | None) -> argparse.ArgumentParser:
    """The options that every traffic has."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--number", default="200000000000002")
    parser.add_argument("--port", type=int, required=True, help="where the provider listens")
    parser.add_argument("--rate", type=float, default=400.0, help="webhooks per second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--phones", type=int, default=5_000)
    parser.add_argument("--statuses", type=int, default=0, help="post batches of so many statuses instead of messages")
    parser.add_argument("--run", default=str(time.time_ns()), help="makes message ids of this run unique")
    return parser


if __name__ == "__main__":
    json.dump(asyncio.run(measure(arguments(__doc__).parse_args())), sys.stdout)
