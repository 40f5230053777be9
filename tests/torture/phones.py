"""Customers' phones, plugged straight into the fake provider: no WebSocket in between that could fail too."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import trio

from adapters.phones.fake_meta import FakeMeta
from adapters.phones.meta.socket import Socket
from tests.torture.bakery import NUMBER, PRODUCTS

ORDER_NUMBER = re.compile(r"WA[0-9]{14}(?:-[0-9A-F]{4})?")
NAMES = ("Asha", "José", "O'Neil", "محمد", "प्रिया", "Anne-Marie")


@dataclass(slots=True)
class Said:
    """What the customer said, the id it got, and whether the shop has answered 200 for it, or shown it as read."""

    wamid: str
    text: str
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """One message of the shop as it came in. ``key`` is the shop's own id of it, ``turn`` and ``place`` its end."""

    key: str
    turn: int
    place: int
    text: str


@dataclass(slots=True)
class Placed:
    """An order as the customer meant it: its number as told, and quantities by sku."""

    number: str
    wanted: dict[str, int] = field(default_factory=dict)


class Phone(Socket):
    """One phone. Everything that happens to it is also told to ``happened``."""

    def __init__(
        self, fake: FakeMeta, digits: str, name: str = "Asha", happened: Callable[[], None] | None = None
    ) -> None:
        super().__init__(ticks=True)
        self.digits = digits
        self.said: dict[str, Said] = {}
        self.replies: list[Reply] = []
        self.orders: list[Placed] = []
        self._happened = happened or (lambda: None)
        self._news = trio.Event()
        self._desk = fake.desk(NUMBER.phone_number_id)
        self._customer, _ = self._desk.connect(digits, {"name": name})
        self._desk.online(self._customer, self)

    def push(self, frame: str) -> None:
        """What the provider shows on this phone."""
        told = json.loads(frame)
        if told["type"] == "message":
            self.replies.append(_reply(told["body"]))
        elif told["type"] == "ticks":  # "read" says as much as "delivered", and may overtake it
            self.said[told["message_id"]].acknowledged = True
        else:
            return
        self._happened()
        self._news.set()
        self._news = trio.Event()

    def say(self, text: str) -> Said:
        return self.do({"type": "say", "text": text}, text)

    def do(self, frame: dict[str, Any], text: str = "") -> Said:
        """Any frame of a phone (adapters/phones/meta/socket.py)."""
        # The tick can only come later: a webhook is posted by another task.
        accepted = self._desk.frame(self._customer, self, {"ref": len(self.said), **frame})
        assert accepted is not None
        said = Said(accepted["message_id"], text)
        self.said[said.wamid] = said
        return said

    def said_by_hand(self, wamid: str, text: str) -> Said:
        """Something that a test posts itself; the test sees whether it is acknowledged."""
        said = self.said[wamid] = Said(wamid, text, acknowledged=True)
        return said

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something that happens to this phone makes it so."""
        while not holds():
            await self._news.wait()

    @property
    def turn(self) -> int:
        """The latest turn of the shop that this phone has seen."""
        return max((reply.turn for reply in self.replies), default=0)

    async def ask(self, text: str) -> str:
        """Say something, and wait for the words of the turn that answers it."""
        before = self.turn
        self.say(text)
        await self.until(lambda: self.turn > before)
        return "\n".join(reply.text for reply in self.replies if reply.turn > before)

    async def all_acknowledged(self) -> None:
        await self.until(lambda: all(said.acknowledged for said in self.said.values()))

    async def order(self, draw: random.Random) -> Placed:
        """The bakery's script from "hi" to the order's number."""
        lines = draw.sample(range(len(PRODUCTS)), draw.choice((1, 1, 2)))
        wanted = {PRODUCTS[line].sku: draw.randint(1, 9) for line in lines}
        await self.ask("hi")
        for line in lines:
            await self.ask(f"{line + 1}, {wanted[PRODUCTS[line].sku]}")
        for words in ("done", draw.choice(NAMES), "12 Test Road, Nairobi", "skip"):
            await self.ask(words)
        told = ORDER_NUMBER.search(await self.ask("confirm"))
        placed = Placed(told[0] if told else "(none was told)", wanted)
        self.orders.append(placed)
        return placed


def _reply(body: dict[str, Any]) -> Reply:
    key = body.get("biz_opaque_callback_data", "::")
    _, turn, place = key.rsplit(":", 2)
    return Reply(key, int(turn or 0), int(place or 0), words_of(body))


def words_of(body: dict[str, Any]) -> str:
    """The words that the customer reads."""
    part = body[body["type"]]
    inner = part.get("body", "")
    return str(inner["text"] if isinstance(inner, dict) else inner)
