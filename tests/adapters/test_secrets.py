"""No secret of any kind shows: not in what holds it, not in a reason, an error, a log line or the address of a call.

Every channel and payment provider in its folder is tried, also those that are added later.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from adapters.channels import kinds as channels
from adapters.kinds import Kind, Site
from adapters.payments import kinds as providers
from adapters.settings import Secret
from engine.messages import Document, Text
from engine.payments import Intent
from engine.ports import Answer, AnswerLost, NotSent
from tests.adapters.whatsapp_cloud import outgoing
from tests.engine.cash import intent

CANARY = "c4n4ry-5ecret"
EVERY = [*[("channels", kind) for kind in channels().values()], *[("payments", kind) for kind in providers().values()]]
IDS = [f"{room}.{kind.name}" for room, kind in EVERY]
VALUES = {
    "path": "/hook",
    "account_sid": "AC" + "0" * 32,
    "from_number": "whatsapp:+254700000001",
    "number": "254700000001",
    "shortcode": "174379",
}
"""Of required settings that are no secrets; "1" for any other."""


def settings_of(kind: Kind[Any]) -> msgspec.Struct:
    """What an operator sets, each secret with a text of its own that is then looked for."""
    given: dict[str, object] = {}
    for field in msgspec.structs.fields(kind.settings):
        if field.type is Secret:
            given[field.name] = Secret(f"{CANARY}-{field.name}")
        elif field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT:
            given[field.name] = VALUES.get(field.name, "1")
    return kind.settings(**given)


class Echo:
    """A provider that says back whatever it was given, as Meta does with an access token in its error 190."""

    def __init__(self, reply: int | Exception) -> None:
        self.reply = reply
        self.urls: list[str] = []

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.urls.append(url)
        if isinstance(self.reply, Exception):
            raise self.reply
        said = f"{' '.join(headers.values())} {body.decode('latin-1')}"
        error = {"message": said, "code": 190, "error_user_msg": said, "type": said}
        return Answer(self.reply, {}, msgspec.json.encode({"error": error, "message": said, "detail": said}))

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        return await self.post(url, headers, b"")


REPLIES: list[int | Exception] = [200, 302, 400, 401, 403, 404, 409, 429, 500, NotSent("no"), AnswerLost("lost")]


@pytest.mark.parametrize(("room", "kind"), EVERY, ids=IDS)
def test_what_holds_a_secret_does_not_show_it(room: str, kind: Kind[Any]) -> None:
    settings = settings_of(kind)
    built = kind.build(Site("bakery", "https://shop.example.test"), settings)
    assert any(isinstance(getattr(settings, name), Secret) for name in settings.__struct_fields__)
    for thing in (settings, built):
        assert CANARY not in f"{thing!r} {thing!s} {thing}"


@pytest.mark.parametrize("reply", REPLIES, ids=str)
@pytest.mark.parametrize(("room", "kind"), EVERY, ids=IDS)
async def test_nothing_that_is_said_of_a_call_shows_a_secret(
    room: str, kind: Kind[Any], reply: int | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    built = kind.build(Site("bakery", "https://shop.example.test"), settings_of(kind))
    http = Echo(reply)
    said: list[object] = []
    if room == "channels":
        said += [await built.send(http, outgoing(Text("hi")))]
        said += [await built.send(http, outgoing(Document("a.pdf", content=b"%PDF")))]
        said += [await built.mark_read(http, "wamid.1")]
    else:
        asked: Intent = msgspec.structs.replace(intent("bakery/ann:1:pay"), provider_ref="r1", provider=kind.name)
        said += [await built.charge(http, asked), await built.ask(http, asked)]
    if hasattr(built, "check"):
        said += [await built.check(http)]
    assert http.urls, "it was called"
    assert CANARY not in f"{said!r} {http.urls}"
    assert not [record for record in caplog.records if CANARY in str(record.__dict__)]


@pytest.mark.parametrize(("room", "kind"), EVERY, ids=IDS)
def test_advice_shows_no_secret(room: str, kind: Kind[Any]) -> None:
    advice = getattr(kind.module, "advice", lambda *_: ())
    assert CANARY not in str(advice("bakery", settings_of(kind), "https://shop.example.test"))


def test_a_kind_that_showed_its_secret_would_be_noticed() -> None:
    class Careless(msgspec.Struct):
        token: str

    assert CANARY in repr(Careless(CANARY))
    assert CANARY not in repr(Secret(CANARY))
