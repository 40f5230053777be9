"""One file and its cases are enough to add a channel: a sample, ``sms``, serves the bakery from a configuration file,
and nothing else in the house knows of it."""

from __future__ import annotations

import hmac
import json
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from adapters import channels
from adapters.app.compose import compose, read_config
from adapters.kinds import Site
from adapters.settings import Secret
from engine.errors import ConfigError
from engine.ports import Channel
from tests.adapters.calls import call
from tests.adapters.fake_world import serve_hook
from tests.engine.world import BAKERY_CSV

FOLDER = Path(__file__).parent / "sample_kinds" / "channels"
CASES = json.loads((FOLDER / "sms_cases.json").read_text("utf-8"))
KEY, ASHA = "gateway-key", "254700000001"
CONFIG = f"""
[server]
bind = "127.0.0.1:0"
public_url = "http://127.0.0.1"
[storage]
url = "sqlite:///shop.db"
[[shop]]
name = "bakery"
flow = "counter"
currency = "INR"
locale = "en_IN"
catalogue = "{BAKERY_CSV}"
[shop.channel]
kind = "sms"
number = "900"
base_url = "GATEWAY"
gateway_key = "{KEY}"
"""
PURCHASE = (
    ("hi", "Chocolate Chip Cookie"),
    ("1, 2", "Added 2 × Chocolate Chip Cookie"),
    ("done", "name"),
    ("Asha Rao", "deliver"),
    ("12 MG Road, Bengaluru", "instructions"),
    ("skip", "1. Confirm"),
    ("1", "WA20"),
)


@pytest.fixture(autouse=True)
def _sms(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The sample's folder looked into like the house's own."""
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(FOLDER)])
    channels.kinds.cache_clear()
    yield
    channels.kinds.cache_clear()
    sys.modules.pop("adapters.channels.sms", None)


def sms() -> Channel:
    kind = channels.kinds()["sms"]
    return kind.build(Site("bakery"), kind.settings(number="900", base_url="http://x", gateway_key=Secret(KEY)))


def signed(body: object) -> tuple[bytes, dict[str, str]]:
    raw = json.dumps(body).encode()
    return raw, {"x-sms-signature": hmac.digest(KEY.encode(), raw, "sha256").hex()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["title"])
def test_a_delivery_is_read(case: dict[str, Any]) -> None:
    raw, headers = signed(case["body"])
    assert sms().genuine(call(raw, headers))
    assert not sms().genuine(call(raw + b" ", headers))
    found = sms().parse(call(raw), {"900": "bakery"})
    assert [getattr(one.event, "text", "") for one in found.inbounds] == case["messages"]
    assert (len(found.statuses), len(found.refusals)) == (case["reports"], case["refused"])


def test_it_does_not_start_without_its_key() -> None:
    kind = channels.kinds()["sms"]
    with pytest.raises(ConfigError, match=r"shop\.bakery\.channel\.gateway_key: missing"):
        kind.build(Site("bakery"), kind.settings(number="900", base_url="http://x", gateway_key=Secret("")))


class Gateway:
    """What the gateway got; waits for words."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._more = trio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        self.texts.append(json.loads(body)["text"])
        answer = json.dumps({"id": f"o{len(self.texts)}"}).encode()
        length = str(len(answer)).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": answer})
        self._more.set()

    async def until(self, words: str) -> None:
        while not any(words in text for text in self.texts):
            self._more = trio.Event()
            await self._more.wait()


@asynccontextmanager
async def shop(folder: Path) -> AsyncIterator[tuple[Gateway, httpx.AsyncClient]]:
    """The bakery on the sample channel, composed from its file, and a client that posts as the gateway does."""
    gateway = Gateway()
    async with trio.open_nursery() as nursery:
        address = f"http://127.0.0.1:{await nursery.start(serve_hook, gateway)}"
        (folder / "shop.toml").write_text(CONFIG.replace("GATEWAY", address), "utf-8")
        port = await nursery.start(compose(read_config(folder / "shop.toml")).run)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            yield gateway, client
        nursery.cancel_scope.cancel()


async def test_a_customer_buys_by_plain_text_alone(tmp_path: Path) -> None:
    async with shop(tmp_path) as (gateway, client):
        for number, (words, answer) in enumerate(PURCHASE):
            raw, headers = signed([{"id": f"s{number}", "from": ASHA, "text": words, "at": int(time.time() * 1000)}])
            with trio.fail_after(10):
                for _ in range(2):  # told twice, done once
                    assert (await client.post("/sms", content=raw, headers=headers)).status_code == 200
                await gateway.until(answer)
        assert len(gateway.texts) == len(PURCHASE)
        assert (await client.post("/sms", content=raw, headers={"x-sms-signature": "0"})).status_code == 401
