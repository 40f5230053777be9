"""What the tests of channel ``whatsapp_cloud`` share: a channel, its cases, envelopes, and a provider in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.channels.whatsapp_cloud import WhatsAppCloud, WhatsAppCloudSettings, build
from adapters.kinds import Site
from adapters.settings import Secret
from engine.address import Address
from engine.messages import AnyMessage, Outgoing, Purpose
from engine.ports import Answer, Delivery
from tests.adapters.calls import call

CASES = Path(__file__).parents[1] / "cases" / "whatsapp_cloud"
NUMBER = "200000000000002"
SHOPS = {NUMBER: "bakery", "200000000000003": "tickets"}
TOKEN, SECRET, WORD = "EAAG-access-token", "test_app_secret", "verify-me"
URL = f"https://graph.facebook.com/v26.0/{NUMBER}"

Case = dict[str, Any]


def settings(**changes: Any) -> WhatsAppCloudSettings:
    given: dict[str, Any] = {
        "path": "/api/whatsappwebhook",
        "phone_number_id": NUMBER,
        "access_token": Secret(TOKEN),
        "app_secret": Secret(SECRET),
        "verify_token": Secret(WORD),
    }
    return WhatsAppCloudSettings(**(given | changes))


def channel(**changes: Any) -> WhatsAppCloud:
    return build(Site("bakery"), settings(**changes))


def cases(name: str) -> list[Any]:
    """The cases of one file, each named by its title."""
    found = json.loads((CASES / f"{name}.json").read_text("utf-8"))
    return [pytest.param(case, id=case["title"]) for case in found]


def envelope(value: Mapping[str, object], field: str = "messages", number: str = NUMBER) -> Case:
    metadata = {"display_phone_number": "254700000900", "phone_number_id": number}
    change = {"field": field, "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    return {"object": "whatsapp_business_account", "entry": [{"id": "100000000000001", "changes": [change]}]}


def raw(body: object) -> bytes:
    """A body as Meta writes it: everything that is not ASCII as \\uXXXX."""
    return json.dumps(body, separators=(",", ":")).encode()


def parsed(body: object) -> Delivery:
    return channel().parse(call(raw(body)), SHOPS)


def delivery(expect: Case) -> Delivery:
    """What a case expects, with every default filled in."""
    return msgspec.convert(expect, Delivery)


def outgoing(message: AnyMessage, **changes: Any) -> Outgoing:
    given: dict[str, Any] = {
        "key": "bakery/c1:3:0",
        "address": Address("bakery", "c1"),
        "phone": "254700000001",
        "user_id": "KE.900000000000001",
        "message": message,
        "purpose": Purpose.REPLY,
        "created_at": 0,
        "attempts": 1,
    }
    return Outgoing(**(given | changes))


class Provider:
    """An ``Http`` that remembers what was posted and answers, or fails, as told."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.posts: list[tuple[str, Mapping[str, str], bytes]] = []
        self.gets: list[tuple[str, Mapping[str, str]]] = []
        self._answers = list(answers)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.posts.append((url, headers, body))
        return self._next()

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        self.gets.append((url, headers))
        return self._next()

    def _next(self) -> Answer:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, headers or {}, raw(body))


def accepted() -> Answer:
    return answer({"messaging_product": "whatsapp", "messages": [{"id": "wamid.OUT0001"}]})
