"""A fake of Ghala's send API in front of the simulated phones, in both dialects (protocols.md 3.1, flows.md §4).

    POST /ghala/whatsapp/messages    classic: bearer key; WhatsApp's own parts, "reference" comes back in statuses
    POST /ghala/v2/messages          v2: bearer key, Idempotency-Key; templates as in the sample of 3.1

A send is put into WhatsApp's shape and held against the same rules, limits and faults as Meta's are; only how it is
asked for, refused and answered is Ghala's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import msgspec

from adapters.phones.ghala.keys import Keys
from adapters.phones.ghala.refused import Refused, refused
from adapters.phones.ghala.wire import CLASSIC, V2, ghala_id
from adapters.phones.meta import server
from adapters.phones.meta.account import Account
from adapters.phones.meta.errors import GraphError
from adapters.phones.meta.payloads import Json
from adapters.phones.meta.world import World

BODY_BYTES = 1024 * 1024
PATHS = {"/ghala/whatsapp/messages": CLASSIC, "/ghala/v2/messages": V2}
FLAT = {"template_name": ("name",), "template_language": ("language", "code"), "template_components": ("components",)}
"""Where v2's flat names of a template stand in WhatsApp's own."""
KEY_AT_MOST = 255

Scope = MutableMapping[str, Any]
Front = Callable[[Scope, server.Receive, server.Send], Awaitable[None]]


class GhalaFront:
    """The ASGI callable for paths under ``/ghala/``."""

    def __init__(self, world: World, accounts: Iterable[Account]) -> None:
        self._world = world
        self._accounts = {f"Bearer {one.number.access_token}": (one, Keys()) for one in accounts}

    async def __call__(self, scope: Scope, receive: server.Receive, send: server.Send) -> None:
        """Take one send, or what the faults make of it."""
        world = self._world
        world.counts["sends"] += 1
        if world.mischief.strikes("hang"):
            await server.never(receive)
            return
        try:
            answer = await self._taken(scope, receive)
        except Refused as error:
            world.counts["requests_refused"] += 1
            after = [(b"retry-after", b"1")] if error.status == 429 else []
            await server.answer(send, error.status, error.body, after)
            return
        if world.mischief.strikes("lost_answer"):
            await server.hang_up()
        else:
            await server.answer(send, 200, answer)

    async def _taken(self, scope: Scope, receive: server.Receive) -> bytes:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        dialect = PATHS.get(scope["path"])
        if dialect is None or scope["method"] != "POST":
            raise Refused(404, "not_found", f"There are {', '.join(PATHS)}, by POST.")
        account, keys = self._accounts.get(headers.get(b"authorization", ""), (None, None))
        if account is None or keys is None or account.number.provider != dialect:
            raise Refused(401, "not_authenticated", "The key is missing or wrong.")
        raw = await server.read(receive, BODY_BYTES)
        if raw is None:
            raise Refused(413, "too_large", f"A body has at most {BODY_BYTES} bytes.")
        if dialect == CLASSIC:
            answer = self._carried_out(account, raw, "")
            await self._world.dawdle()
            return answer
        return await self._once(account, keys, headers.get(b"idempotency-key", ""), raw)

    async def _once(self, account: Account, keys: Keys, key: str, raw: bytes) -> bytes:
        """v2: a key that was answered has that answer, and nothing is done."""
        if not 1 <= len(key) <= KEY_AT_MOST:
            raise Refused(422, "invalid_request", "Idempotency-Key is missing.")
        before = keys.begin(key, raw)
        if before is not None:
            self._world.counts["sends_repeated"] += 1
            return before
        answer = None
        try:
            answer = self._carried_out(account, raw, key)
            await self._world.dawdle()
        finally:
            keys.end(key, raw, answer)
        return answer

    def _carried_out(self, account: Account, raw: bytes, key: str) -> bytes:
        try:
            taken = msgspec.json.decode(account.take(as_whatsapp(raw, key), marketing=False))
        except GraphError as error:
            self._world.refusals[error.code] += 1
            raise refused(error) from None
        wamid = taken["messages"][0]["id"]
        return msgspec.json.encode({"id": ghala_id(wamid), "status": "sent", "wa_message_id": wamid})


def as_whatsapp(raw: bytes, key: str) -> bytes:
    """A send in WhatsApp's own shape. ``key`` is v2's; classic has it in the body. Raises Refused."""
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = None
    if not isinstance(body, dict) or not isinstance(to := body.pop("to", None), str) or not to.isdigit():
        raise Refused(422, "invalid_request", "The body is a JSON object, and to is a phone number in digits.")
    reference = key or body.pop("reference", "")
    if key and body.get("type") == "template":
        body["template"] = _template(body)
    known = {"messaging_product": "whatsapp", "to": f"+{to}", "biz_opaque_callback_data": reference}
    return msgspec.json.encode(known | body)


def _template(body: Json) -> Json:
    template: Json = {}
    for flat, path in FLAT.items():
        if flat in body:
            inner = template
            for part in path[:-1]:
                inner = inner.setdefault(part, {})
            inner[path[-1]] = body.pop(flat)
    return template
