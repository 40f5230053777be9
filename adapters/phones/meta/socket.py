"""The WebSocket between a simulated phone and the fake: ``/phone/<digits>?number=…&name=…``.

    ws://HOST:PORT/phone/<digits>?number=<phone_number_id>&name=<profile name>
        &username=…  &user_id=KE.…  &hide_phone=1 (the shop sees no phone number)  &ticks=0 (messages only)

JSON text frames; ``type`` says what. From the phone: say, tap, location, media, reaction, edit, delete, order, raw
(each with its own ``ref``) and read. To the phone: hello, accepted, mine, message, ticks, typing, error.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol
from urllib.parse import parse_qsl

import msgspec
import trio

from adapters.phones.meta.payloads import Json
from adapters.phones.meta.phones import Phone, encode
from engine.errors import BadInput

QUEUE = 2_000
"""Frames that may wait for one phone. A phone that does not read is cut off; its history has the messages."""
CUT_OFF = 1013
REFUSED = 4404

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Desk(Protocol):
    """What a socket asks of a business number. ``connect`` and ``frame`` raise BadInput with a sentence."""

    def connect(self, digits: str, query: Json) -> tuple[Phone, Json]:
        """The phone, and the hello that greets it."""

    def online(self, phone: Phone, line: Socket) -> None:
        """The hello was sent; from here on the phone gets everything."""

    def frame(self, phone: Phone, line: Socket, frame: Json) -> Json | None:
        """Do what one frame of the phone asks for; returns the frame that answers it."""


class Socket:
    """One open connection, with its queue of frames to send."""

    def __init__(self, *, ticks: bool) -> None:
        self.ticks = ticks
        self.overrun = False
        self._frames: deque[str] = deque()
        self._more = trio.Event()

    def push(self, frame: str) -> None:
        """Send a frame soon; never waits."""
        if len(self._frames) >= QUEUE:
            self.overrun = True
        else:
            self._frames.append(frame)
        self._more.set()

    async def pump(self, send: Send) -> None:
        """Send what was pushed until the phone does not keep up."""
        while not self.overrun:
            while self._frames:
                await send({"type": "websocket.send", "text": self._frames.popleft()})
            self._more = trio.Event()
            await self._more.wait()


async def serve_phone(desk_of: Callable[[str], Desk], scope: Scope, receive: Receive, send: Send) -> None:
    """One connection from handshake to close. ``desk_of`` raises BadInput for a business number that is not here."""
    await receive()
    await send({"type": "websocket.accept"})
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    try:
        desk = desk_of(query.get("number", ""))
        phone, hello = desk.connect(scope["path"].removeprefix("/phone/"), query)
    except BadInput as error:
        await send({"type": "websocket.send", "text": encode({"type": "error", "ref": None, "text": str(error)})})
        await send({"type": "websocket.close", "code": REFUSED, "reason": str(error)[:100]})
        return
    line = Socket(ticks=query.get("ticks") != "0")
    line.push(encode(hello))
    desk.online(phone, line)
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_pump, line, send, nursery.cancel_scope)
            await _listen(desk, phone, line, receive)
            nursery.cancel_scope.cancel()
    finally:
        phone.lines.remove(line)


async def _pump(line: Socket, send: Send, scope: trio.CancelScope) -> None:
    await line.pump(send)
    await send({"type": "websocket.close", "code": CUT_OFF, "reason": "This phone does not read."})
    scope.cancel()


async def _listen(desk: Desk, phone: Phone, line: Socket, receive: Receive) -> None:
    while True:
        event = await receive()
        if event["type"] != "websocket.receive":
            return
        frame = _decoded(event.get("text"))
        ref = frame.get("ref") if frame else None
        try:
            if frame is None:
                raise BadInput("A frame is a JSON object, sent as text.")
            answer = desk.frame(phone, line, frame)
        except BadInput as error:
            answer = {"type": "error", "ref": ref, "text": str(error)}
        if answer is not None:
            line.push(encode(answer))


def _decoded(text: str | None) -> Json | None:
    try:
        frame = msgspec.json.decode(text or "")
    except (msgspec.DecodeError, UnicodeError):
        return None
    return frame if isinstance(frame, dict) else None
