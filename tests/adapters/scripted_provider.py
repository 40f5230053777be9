"""A provider that says what a test tells it to: the phone page over real HTTP, and the phones' WebSocket.

It lives in a thread with a trio loop of its own, because the browser's driver blocks the thread it is used from. Tests
call it from any thread; ``heard`` waits for a frame that the phone sends and never sleeps.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import hypercorn.trio
import trio
from hypercorn.config import Config

from adapters.phones.page import PhoneShop, Receive, Scope, Send, page_app

Frame = dict[str, Any]

PATIENCE = 20.0  # s until a test that waits for a frame gives up

BAKERY = PhoneShop("200000000000002", "Mkate Bakery", "+254 700 000 900", "Cookies, cakes and more")
BURGERS = PhoneShop("200000000000003", "Burger Yetu", "+254 700 000 901")

NO_SHOP = "No shop has that number."
NOON = 1_790_000_000_000


def text(words: str, **more: object) -> Frame:
    return {"type": "text", "text": {"body": words}, **more}


def buttons(words: str, *titles: str) -> Frame:
    replies = [{"type": "reply", "reply": {"id": f"b{i}", "title": title}} for i, title in enumerate(titles, 1)]
    interactive = {"type": "button", "body": {"text": words}, "action": {"buttons": replies}}
    return {"type": "interactive", "interactive": interactive}


def choice_list(words: str, button: str, *rows: tuple[str, str], section: str = "") -> Frame:
    made = [
        {"id": f"r{i}", "title": title} | ({"description": more} if more else {})
        for i, (title, more) in enumerate(rows, 1)
    ]
    sections = [{"rows": made} | ({"title": section} if section else {})]
    interactive = {"type": "list", "body": {"text": words}, "action": {"button": button, "sections": sections}}
    return {"type": "interactive", "interactive": interactive}


def location_request(words: str) -> Frame:
    action = {"name": "send_location"}
    return {
        "type": "interactive",
        "interactive": {"type": "location_request_message", "body": {"text": words}, "action": action},
    }


class ScriptedProvider:
    """``script`` maps what a customer says to the bodies that come back; ``accepts`` off leaves sends unanswered."""

    def __init__(self) -> None:
        self.script: dict[str, list[Frame]] = {}
        self.accepts = True
        self.now = NOON
        self.refuses = False
        self.refusal = ""  # when set, every send is answered by this error
        self.last = ""  # the id of the phone's last message
        self.history: list[Frame] = []
        self.frames: list[Frame] = []
        self.dialled: list[tuple[str, dict[str, list[str]]]] = []
        self.shops = [BAKERY]
        self._page = page_app(lambda: self.shops)
        self._sockets: list[Send] = []
        self._changed = threading.Condition()
        self._counted = 0
        self.token: trio.lowlevel.TrioToken | None = None
        self.url = ""

    # -- called by tests, from their own thread --------------------------------------------------------------------
    def heard(self, wanted: Callable[[Frame], bool], count: int = 1) -> list[Frame]:
        """The first ``count`` frames from the phone that ``wanted`` likes, as soon as there are so many."""

        def found() -> list[Frame]:
            return [frame for frame in self.frames if wanted(frame)]

        with self._changed:
            if not self._changed.wait_for(lambda: len(found()) >= count, PATIENCE):
                raise AssertionError(f"the phone never sent that; it sent {self.frames}")
            return found()[:count]

    def heard_type(self, kind: str, count: int = 1) -> list[Frame]:
        return self.heard(lambda frame: frame["type"] == kind, count)

    def push(self, *frames: Frame) -> None:
        """Send frames to every phone that is connected, in order."""
        assert self.token is not None
        trio.from_thread.run(self._push, list(frames), trio_token=self.token)

    def says(self, *bodies: Frame, at: int | None = None) -> list[str]:
        """The shop says something; returns the messages' ids."""
        frames = [self.message(body, at) for body in bodies]
        self.push(*frames)
        return [frame["message_id"] for frame in frames]

    def drop(self) -> None:
        """Hang up on every phone."""
        assert self.token is not None
        trio.from_thread.run(self._drop, trio_token=self.token)

    def message(self, body: Frame, at: int | None = None) -> Frame:
        """A "message" frame, also kept as history."""
        frame = {"type": "message", "message_id": self._name("OUT"), "at": at or self.now, "body": body}
        self.history.append(frame)
        return frame

    # -- inside the trio thread ------------------------------------------------------------------------------------
    def _name(self, way: str) -> str:
        self._counted += 1
        return f"wamid.{way}{self._counted:04d}"

    async def _push(self, frames: list[Frame]) -> None:
        for frame in frames:
            for send in list(self._sockets):
                await send({"type": "websocket.send", "text": json.dumps(frame)})

    async def _drop(self) -> None:
        for send in list(self._sockets):
            await send({"type": "websocket.close", "code": 1012})

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._page(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._phone(scope, receive, send)
        else:
            for stage in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{stage}.complete"})

    async def _phone(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        if self.refuses:
            await send({"type": "websocket.close", "code": 1013})
            return
        await send({"type": "websocket.accept"})
        query = parse_qs(scope["query_string"].decode())
        shop = next((shop for shop in self.shops if shop.number == query["number"][0]), None)
        if shop is None:
            sorry = {"type": "error", "ref": None, "text": NO_SHOP}
            await send({"type": "websocket.send", "text": json.dumps(sorry)})
            await send({"type": "websocket.close", "code": 4404, "reason": NO_SHOP})
            return
        self.dialled.append((scope["path"].rpartition("/")[2], query))
        hello = {"type": "hello", "title": shop.title, "number": shop.display_number, "history": self.history}
        await send({"type": "websocket.send", "text": json.dumps(hello)})
        self._sockets.append(send)
        try:
            while (event := await receive())["type"] == "websocket.receive":
                await self._take(json.loads(event["text"]))
        finally:
            self._sockets.remove(send)

    async def _take(self, frame: Frame) -> None:
        if self.refusal:
            await self._push([{"type": "error", "ref": frame["ref"], "text": self.refusal}])
        elif self.accepts and "ref" in frame:
            await self._accept(frame)
        with self._changed:
            self.frames.append(frame)
            self._changed.notify_all()

    async def _accept(self, frame: Frame) -> None:
        wamid = self.last = self._name("IN")
        said = str(frame.get("text", frame.get("option", "")))
        kind = {"say": "text", "media": "image"}.get(frame["type"], frame["type"])
        mine = {"type": "mine", "message_id": wamid, "kind": kind, "text": said, "at": self.now}
        self.history.append(mine)
        await self._push([{"type": "accepted", "ref": frame["ref"], "message_id": wamid, "at": self.now}])
        for body in self.script.get(said, []):
            await self._push([{"type": "ticks", "message_id": wamid, "state": "read"}, self.message(body)])


@contextmanager
def running(provider: ScriptedProvider) -> Iterator[ScriptedProvider]:
    """Serve the provider on a free port of loopback while the block runs."""
    ready, stop = threading.Event(), trio.Event()

    async def serve() -> None:
        config = Config()
        config.bind = ["127.0.0.1:0"]
        config.graceful_timeout = 0.5
        config.errorlog = None
        provider.token = trio.lowlevel.current_trio_token()
        async with trio.open_nursery() as nursery:
            # hypercorn's own types know its typed dictionaries only; a bare ASGI callable is what they describe.
            app: Any = provider.app
            binds = await nursery.start(lambda task_status: _serve(app, config, stop, task_status))
            provider.url = binds[0]
            ready.set()

    thread = threading.Thread(target=trio.run, args=(serve,), name="scripted provider")
    thread.start()
    assert ready.wait(PATIENCE), "the scripted provider did not start"
    try:
        yield provider
    finally:
        assert provider.token is not None
        provider.token.run_sync_soon(stop.set)
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the scripted provider did not stop"


async def _serve(app: Any, config: Config, stop: trio.Event, task_status: Any) -> None:
    await hypercorn.trio.serve(app, config, shutdown_trigger=stop.wait, task_status=task_status)
