"""The fake provider with a shop of a few lines behind it: the real thing for both ends of the phones' WebSocket.

The shop answers what ``ANSWERS`` says, marks everything read with typing, and keeps the webhooks it got.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import hypercorn.trio
import msgspec
import trio
from hypercorn.config import Config

from adapters.phones.fake_meta import FakeMeta
from adapters.phones.meta.rules import FakeNumber
from adapters.phones.page import Receive, Scope, Send
from tests.adapters.scripted_provider import PATIENCE, Frame, buttons, choice_list, text

NUMBER = "200000000000002"
TOKEN = "a token"

ANSWERS: dict[str, list[Frame]] = {
    "hi": [buttons("*Karibu!* What would you like?", "Cakes", "Help")],
    "Cakes": [choice_list("Which cake?", "View cakes", ("Red Velvet", "1 kg"), ("Carrot", ""))],
    "Red Velvet": [text("One Red Velvet."), text("Anything else?")],
}


class WallClock:
    def now(self) -> int:
        return time.time_ns() // 1_000_000


class TinyShop:
    """The shop's webhook, and the address of the provider before it."""

    def __init__(self) -> None:
        self.url = ""
        self.values: list[Frame] = []  # of webhooks with messages

    async def webhook(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for stage in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{stage}.complete"})
            return
        raw, more = b"", True
        while more:
            event = await receive()
            raw, more = raw + event.get("body", b""), event.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
        for entry in msgspec.json.decode(raw)["entry"]:
            for change in entry["changes"]:
                if change["value"].get("messages"):
                    self.values.append(change["value"])
                    await self._answer(change["value"])

    async def _answer(self, value: Frame) -> None:
        for message in value["messages"]:
            typing = {"status": "read", "message_id": message["id"], "typing_indicator": {"type": "text"}}
            await self.post(typing)
            reply = message.get("interactive", {})
            said = message.get("text", {}).get("body") or reply.get(reply.get("type"), {}).get("title", "")
            to = {"to": "+" + message["from"]} if "from" in message else {"recipient": message["from_user_id"]}
            for body in ANSWERS.get(said, []):
                await self.post(to | body)

    async def post(self, body: Frame) -> None:
        """What the shop sends through the Graph API."""
        async with httpx.AsyncClient(base_url=self.url, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
            answer = await client.post(f"/v26.0/{NUMBER}/messages", json={"messaging_product": "whatsapp"} | body)
            answer.raise_for_status()


@contextmanager
def tiny_shop() -> Iterator[TinyShop]:
    """Run provider and shop in a thread of their own while the block runs."""
    shop = TinyShop()
    ready, stop = threading.Event(), trio.Event()
    tokens: list[trio.lowlevel.TrioToken] = []

    async def main() -> None:
        tokens.append(trio.lowlevel.current_trio_token())
        config = Config()
        config.bind = ["127.0.0.1:0"]
        config.errorlog = None
        async with trio.open_nursery() as nursery:
            app: Any = shop.webhook
            binds = await nursery.start(lambda task_status: _serve(app, config, task_status))
            number = FakeNumber(
                phone_number_id=NUMBER,
                display_phone_number="+254 700 000 900",
                title="Mkate Bakery",
                waba_id="100000000000001",
                access_token=TOKEN,
                app_secret="a secret",
                webhook_url=binds[0] + "/hook",
            )
            fake = FakeMeta([number], clock=WallClock())
            shop.url = f"http://127.0.0.1:{await nursery.start(fake.serve, '127.0.0.1', 0)}"
            ready.set()
            await stop.wait()
            nursery.cancel_scope.cancel()

    thread = threading.Thread(target=trio.run, args=(main,), name="tiny shop")
    thread.start()
    assert ready.wait(PATIENCE), "the tiny shop did not start"
    try:
        yield shop
    finally:
        tokens[0].run_sync_soon(stop.set)
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the tiny shop did not stop"


async def _serve(app: Any, config: Config, task_status: Any) -> None:
    await hypercorn.trio.serve(app, config, task_status=task_status)
