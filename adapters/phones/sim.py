"""A simulated phone: one customer's line to the fake provider, for the load test, for tests, for anybody's script.

    async with open_phone("http://127.0.0.1:8081", number, "254700000001", name="Asha") as phone:
        await phone.say("hi")
        menu = await phone.wait_for("Brownie")
        await phone.say("1, 2")

Nothing here waits for ever by itself: put ``trio.fail_after`` around what must be quick.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias
from urllib.parse import urlencode, urlsplit

import msgspec
import trio
from trio_websocket import ConnectionClosed, HandshakeError, WebSocketConnection, wrap_client_stream

from engine.address import Millis
from engine.errors import SokoniError

FRAME_BYTES = 4 * 1024 * 1024
"""The hello carries the whole history."""
QUEUE = 64
"""Frames that may lie between the connection and the phone."""
FILES = ("document", "image")

Json: TypeAlias = dict[str, Any]
Wanted: TypeAlias = "str | Callable[[Received], bool]"


class PhoneRefused(SokoniError):
    """The provider did not take what the phone did; the sentence is the provider's."""


class LineLost(SokoniError):
    """The connection to the provider is gone, or was never there."""


class Received(msgspec.Struct, frozen=True):
    """One message of the shop. ``body`` is what the shop posted; ``seen`` is the trio time when it came in."""

    id: str
    at: Millis
    body: Json
    seen: float

    @property
    def text(self) -> str:
        """The words that the customer reads."""
        part = self.body.get(self.body.get("type", "text"), {})
        inner = part.get("body", part.get("caption", "")) if isinstance(part, dict) else ""
        return str(inner.get("text", "") if isinstance(inner, dict) else inner)

    @property
    def shown(self) -> str:
        """What stands on the screen: the words, and of a file its kind and name, ``[document receipt-1.pdf]``."""
        kind = self.body.get("type", "text")
        if kind not in FILES:
            return self.text
        return f"[{kind} {self.body[kind].get('filename', '')}] {self.text}".replace(" ]", "]")

    @property
    def options(self) -> list[tuple[str, str]]:
        """What can be tapped: (id, title)."""
        action = self.body.get("interactive", {}).get("action", {})
        buttons = [one["reply"] for one in action.get("buttons", ())]
        rows = [row for section in action.get("sections", ()) for row in section.get("rows", ())]
        return [(one["id"], one["title"]) for one in buttons + rows]


class SimPhone:
    """Made by ``open_phone``. ``received`` is everything since the connection, or since ``forget``; ``count`` counts it
    all. ``ticks`` is the state of own messages."""

    def __init__(self, socket: WebSocketConnection, hello: Json) -> None:
        self._socket = socket
        self._refs = 0
        self._waiting: dict[int, _Answer] = {}
        self._unread: deque[Received] = deque()
        self._news = trio.Event()
        self._lost: LineLost | None = None
        self.title: str = hello.get("title", "")
        self.history: list[Json] = hello.get("history", [])
        self.received: list[Received] = []
        self.ticks: dict[str, str] = {}
        self.prompts: deque[Json] = deque()
        self.typing = 0
        self.count = 0

    # -- what a customer does ----------------------------------------------------------------------------------------
    async def say(self, text: str) -> str:
        """Write a text; returns its message id. Raises PhoneRefused or LineLost, as everything here does."""
        return await self.do({"type": "say", "text": text})

    async def tap(self, message: Received, option: str) -> str:
        """Tap a button or row, by its id or by its title."""
        chosen = next((id for id, title in message.options if option in (id, title)), option)
        return await self.do({"type": "tap", "message_id": message.id, "option": chosen})

    async def prompt(self) -> Json:
        """The next question of M-Pesa's on this phone (meta/prompts.py)."""
        while not self.prompts:
            if self._lost is not None:
                raise self._lost
            await self._until_news()
        return self.prompts.popleft()

    async def answer(self, prompt: Json, answer: str) -> None:
        """Answer it: ``approve``, or a way to say no."""
        await self.do({"type": "prompt", "id": prompt["id"], "answer": answer})

    async def read(self, message: Received) -> None:
        """Look at a message: the shop gets its blue ticks."""
        await self._send({"type": "read", "message_id": message.id})

    async def do(self, frame: Json) -> str:
        """Anything else of the protocol (meta/socket.py); returns the message id."""
        self._refs += 1
        answer = self._waiting[self._refs] = _Answer()
        await self._send(frame | {"ref": self._refs})
        await answer.come.wait()
        if answer.error is not None:
            raise answer.error
        return answer.message_id

    # -- what a customer sees ----------------------------------------------------------------------------------------
    async def wait_for(self, wanted: Wanted = lambda _: True) -> Received:
        """The next message that has these words, or for which ``wanted`` is true. Earlier ones are passed over."""
        fits = (lambda message: wanted in message.text) if isinstance(wanted, str) else wanted
        while True:
            while self._unread:
                message = self._unread.popleft()
                if fits(message):
                    return message
            if self._lost is not None:
                raise self._lost
            await self._until_news()

    def drain(self) -> list[Received]:
        """What has come and was not waited for."""
        waiting = list(self._unread)
        self._unread.clear()
        return waiting

    def forget(self) -> None:
        """Let go of what was received, for a phone that lives long."""
        self.received.clear()

    async def until_ticks(self, message_id: str, state: str) -> None:
        """Wait until one's own message is "delivered" or "read"."""
        while self.ticks.get(message_id) != state:
            if self._lost is not None:
                raise self._lost
            await self._until_news()

    async def _until_news(self) -> None:
        self._news = trio.Event()
        await self._news.wait()

    # -- the line ------------------------------------------------------------------------------------------------------
    async def _send(self, frame: Json) -> None:
        try:
            await self._socket.send_message(msgspec.json.encode(frame).decode())
        except ConnectionClosed as error:
            raise LineLost("The line to the provider is lost.") from error

    async def listen(self) -> None:
        """Take in frames until the line is lost; ``open_phone`` runs it."""
        try:
            while True:
                self._take(msgspec.json.decode(await self._socket.get_message()))
        except ConnectionClosed:
            self._lost = LineLost("The line to the provider is lost.")
            for answer in self._waiting.values():
                answer.give(error=self._lost)
            self._waiting.clear()
        self._news.set()

    def _take(self, frame: Json) -> None:
        kind = frame["type"]
        if kind == "message":
            message = Received(frame["message_id"], frame["at"], frame["body"], trio.current_time())
            self.count += 1
            self.received.append(message)
            self._unread.append(message)
        elif kind == "ticks":
            self.ticks[frame["message_id"]] = frame["state"]
        elif kind == "typing":
            self.typing += 1
        elif kind == "prompt":
            self.prompts.append(frame)
        elif kind in ("accepted", "prompted", "error"):
            self._settle(frame)
        self._news.set()

    def _settle(self, frame: Json) -> None:
        answer = self._waiting.pop(frame.get("ref"), None)  # type: ignore[arg-type]  # any JSON may stand there
        if answer is None:
            return
        if frame["type"] == "error":
            answer.give(error=PhoneRefused(frame["text"]))
        else:
            answer.give(message_id=frame.get("message_id", ""))


class _Answer:
    def __init__(self) -> None:
        self.come = trio.Event()
        self.message_id = ""
        self.error: SokoniError | None = None

    def give(self, *, message_id: str = "", error: SokoniError | None = None) -> None:
        self.message_id, self.error = message_id, error
        self.come.set()


@asynccontextmanager
async def open_phone(
    target: str, number: str, digits: str, *, name: str = "", query: dict[str, str] | None = None
) -> AsyncIterator[SimPhone]:
    """Connect one phone to the provider at ``target`` (its base URL) and a business number there.

    ``query`` are further parameters of the protocol, as ``{"hide_phone": "1"}``. Raises LineLost when nobody answers,
    PhoneRefused when the provider has no such number.
    """
    wanted = {"number": number, "name": name or f"+{digits}"} | (query or {})
    stream = await _dial(target)
    failure: Exception | None = None
    # The stream is closed here: a WebSocket whose handshake was refused would leave it open.
    async with stream, trio.open_nursery() as nursery:
        try:
            path = f"/phone/{digits}?{urlencode(wanted)}"
            yield await _greeted(nursery, stream, urlsplit(target).netloc, path)
        except Exception as error:
            failure = error
        nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def _dial(target: str) -> trio.SocketStream:
    parts = urlsplit(target)
    try:
        return await trio.open_tcp_stream(parts.hostname or "127.0.0.1", parts.port or 80)
    except OSError as error:
        raise LineLost(f"Nobody answers at {target}.") from error


async def _greeted(nursery: trio.Nursery, stream: trio.SocketStream, host: str, path: str) -> SimPhone:
    try:
        socket = await wrap_client_stream(
            nursery, stream, host, path, message_queue_size=QUEUE, max_message_size=FRAME_BYTES
        )
        hello = msgspec.json.decode(await socket.get_message())
    except (HandshakeError, ConnectionClosed) as error:
        raise LineLost("The provider hung up before it said hello.") from error
    if hello["type"] == "error":
        raise PhoneRefused(hello["text"])
    phone = SimPhone(socket, hello)
    nursery.start_soon(phone.listen)
    return phone
