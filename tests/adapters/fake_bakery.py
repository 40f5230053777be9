"""A bakery of one screen behind the fake provider, which misbehaves on demand: what the load test must notice."""

from __future__ import annotations

from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from tests.adapters.fake_world import World, world

ANSWERS = {
    "hi": "Welcome!\n1. Cookie – ₹50\n2. Oatmeal Raisin – ₹45\nSend an item number and how many you want.",
    "cart": "Your cart:\n1. Cookie\nTotal: ₹100.00",
    "remove 2": "Removed Oatmeal Raisin.\nYour cart: 2 × Cookie. Add more, or say *done*.",
    "done": "Lovely! What name shall we put on the order?",
    "edit": "Of course. Here is the menu again:",
    "cancel": "Cancelled: your cart is empty again.",
}
NEXT = {"name": "Where shall we deliver?", "address": "Any instructions for us?", "note": "Shall I place this order?"}
FOLLOWS = {"done": "name", "name": "address", "address": "note", "note": ""}


class Bakery:
    """``mistake`` is what it does wrong, the first time it could, or always with ``always``."""

    def __init__(self, mistake: str = "", *, always: bool = False) -> None:
        self.mistake = mistake
        self.always = always
        self.orders = 0
        self.here: World
        self._expects: dict[str, str] = {}
        self._order: dict[str, str] = {}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        raw, more = b"", True
        while more:
            event = await receive()
            raw, more = raw + event.get("body", b""), event.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
        for entry in msgspec.json.decode(raw)["entry"]:
            for message in entry["changes"][0]["value"].get("messages", ()):
                await self._serve(message["from"], message["text"]["body"])

    async def _serve(self, who: str, said: str) -> None:
        answer = "" if self.mistake == "gone" and said == "confirm" else self._answer(who, said)
        answers = [answer]
        if said == "done" and self._errs("lost"):
            answers = []
        elif said == "done" and self._errs("doubled"):
            answers = [answer, answer]
        elif said == "done" and self._errs("old"):
            answers = [ANSWERS["hi"], answer]
        elif said == "done" and self._errs("nonsense"):
            answers = ["How is the weather?"]
        elif ", " in said and self._errs("sold out"):
            answers = [f"Of item {said[0]}, 0 are left.\nYour cart is empty."]
        elif said == "confirm" and self._errs("gone", keep=True):
            answers = ["Cookie is gone, sorry. Here is the menu again:"]
        elif said == "confirm" and self._errs("late double"):
            answers = [answer, answer]
        for one in answers:
            await self.here.send(who, type="text", text={"body": one})

    def _answer(self, who: str, said: str) -> str:
        expects = self._expects.pop(who, "")
        if said == "confirm":
            return self._placed(who)
        if said == "hi":
            self._order.pop(who, None)
        if said in ANSWERS:
            self._expects[who] = FOLLOWS.get(said, "")
            return ANSWERS[said]
        if expects:
            self._expects[who] = FOLLOWS[expects]
            return NEXT[expects]
        return f"Added.\nYour cart: {said}. Add more, or say *done*."

    def _placed(self, who: str) -> str:
        if who not in self._order or self._errs("second order"):
            self.orders += 1
            self._order[who] = f"WA{20251018000000 + self.orders}"
        return f"Thank you! Your order *{self._order[who]}* is placed."

    def _errs(self, mistake: str, *, keep: bool = False) -> bool:
        if self.mistake != mistake:
            return False
        if not self.always and not keep:
            self.mistake = ""
        return True


@asynccontextmanager
async def bakery_world(bakery: Bakery, **options: Any) -> AsyncIterator[World]:
    """The fake provider with this bakery behind it."""
    async with world(hook=bakery, **options) as here:
        bakery.here = here
        yield here
