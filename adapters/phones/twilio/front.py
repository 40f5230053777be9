"""A fake of Twilio's Messages API in front of the simulated phones (protocols.md 2.5 to 2.7).

    POST /twilio/2010-04-01/Accounts/{sid}/Messages.json    Basic auth, a form: the message on the customer's phone
    GET  …/Messages.json?To=…&DateSent>=…&PageSize=…        what was said, newest first, page by page
    POST /twilio/v3/Indicators/Typing.json                  typing…
    GET  /twilio/v1/ContentAndApprovals?PageSize=…          the rules' templates, by SID, with their status

A send is put into WhatsApp's shape and held against the same rules, limits and faults as Meta's are; only how it is
asked for, refused and answered is Twilio's. Outside the 24-hour window Twilio accepts, and says so by status (63016);
so it does with a template that is paused (63041) or rejected (63040).
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import msgspec

from adapters.phones.meta import server
from adapters.phones.meta.account import Account
from adapters.phones.meta.errors import GraphError
from adapters.phones.meta.payloads import Json
from adapters.phones.meta.world import World
from adapters.phones.twilio.listing import contents, listed, message_of
from adapters.phones.twilio.names import CHANNEL, account_sid, rule_name, sid_of, wamid_of
from adapters.phones.twilio.refused import Refused, refused

BODY_BYTES = 256 * 1024
BODY = 1_600
ACCOUNTS = "/twilio/2010-04-01/Accounts/"
TYPING = "/twilio/v3/Indicators/Typing.json"
CONTENTS = "/twilio/v1/ContentAndApprovals"
LANGUAGE = "en"
"""Of a content template that no rule knows: its SID alone says which language it is in."""
STOPS, STARTS = frozenset({"stop", "unsubscribe", "end", "quit"}), frozenset({"start", "unstop"})
"""What a customer writes to opt out, and in again, where the account's ``opt_out`` is on."""
PICTURES = (".png", ".jpg", ".jpeg")

Scope = MutableMapping[str, Any]


class TwilioFront:
    """The ASGI callable for paths under ``/twilio/``."""

    def __init__(self, world: World, accounts: Iterable[Account]) -> None:
        self._world = world
        self._accounts = {account_sid(one.number): one for one in accounts}

    async def __call__(self, scope: Scope, receive: server.Receive, send: server.Send) -> None:
        """One request, or what the faults make of it."""
        world, posts = self._world, scope["method"] == "POST" and scope["path"].startswith(ACCOUNTS)
        world.counts["sends"] += posts
        if posts and world.mischief.strikes("hang"):
            await server.never(receive)
            return
        try:
            status, answer = await self._answered(scope, receive)
        except Refused as error:
            world.counts["requests_refused"] += 1
            await server.answer(send, error.status, error.body)
            return
        if posts and world.mischief.strikes("lost_answer"):
            await server.hang_up()
        else:
            await server.answer(send, status, answer)

    async def _answered(self, scope: Scope, receive: server.Receive) -> tuple[int, bytes]:
        account = self._allowed(scope)
        raw = await server.read(receive, BODY_BYTES)
        if raw is None:
            raise Refused(413, 20413, "The body is too large.")
        if scope["path"] == TYPING and scope["method"] == "POST":
            return 200, self._typing(account, raw)
        if scope["path"] == CONTENTS and scope["method"] == "GET":
            return 200, contents(self._world.rules.templates, _query(scope), _address(scope))
        if scope["path"] != f"{ACCOUNTS}{account_sid(account.number)}/Messages.json":
            raise Refused(404, 20404, "The requested resource was not found.")
        if scope["method"] == "GET":
            return 200, listed(account, _query(scope), scope["path"])
        answer = self._carried_out(account, raw)
        await self._world.dawdle()
        return 201, answer

    def _allowed(self, scope: Scope) -> Account:
        """By Basic auth: SID and token. Raises Refused."""
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        try:
            sid, _, token = b64decode(given.removeprefix(b"Basic "), validate=True).decode().partition(":")
        except (Error, UnicodeDecodeError):
            sid, token = "", ""
        account = self._accounts.get(sid)
        if account is None or token != account.number.access_token:
            raise Refused(401, 20003, "Authenticate")
        return account

    def _carried_out(self, account: Account, raw: bytes) -> bytes:
        said = dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
        if self._world.rules.opt_out and _opted_out(account, said.get("To", "")):
            raise Refused(400, 21610, "Attempt to send to unsubscribed recipient")
        try:
            taken = msgspec.json.decode(account.take(self._as_whatsapp(said), marketing=False))
        except GraphError as error:
            self._world.refusals[error.code] += 1
            raise refused(error) from None
        return msgspec.json.encode(message_of(account, said, sid_of(taken["messages"][0]["id"]), self._world.now()))

    def _as_whatsapp(self, said: dict[str, str]) -> bytes:
        name = rule_name(said.get("ContentSid", ""))
        known = [one.language for one in self._world.rules.templates if one.name == name]
        return as_whatsapp(said, next(iter(known), LANGUAGE))

    def _typing(self, account: Account, raw: bytes) -> bytes:
        wamid = wamid_of(str(msgspec.json.decode(raw).get("messageId", "")), account.number)
        phone = account.phones.owner(wamid) if wamid else None
        if phone is None:
            raise Refused(404, 20404, "There is no such message.")
        self._world.counts["read_marks"] += 1
        phone.show_typing(25)
        return b'{"success":true}'


def _query(scope: Scope) -> Mapping[str, Sequence[str]]:
    return parse_qs(scope["query_string"].decode())


def _address(scope: Scope) -> str:
    """The address that was asked, without its query."""
    host = next((value.decode() for name, value in scope["headers"] if name == b"host"), "")
    return f"{scope['scheme']}://{host}{scope['path']}"


def _opted_out(account: Account, to: str) -> bool:
    """Whether the last such word that this customer wrote was one of STOPS."""
    bare = to.removeprefix(CHANNEL)
    phone = next((one for one in account.phones if bare in (f"+{one.digits}", one.user_id)), None)
    words = [one.text.strip().lower() for one in phone.records.values() if one.mine] if phone else []
    return next((word in STOPS for word in reversed(words) if word in STOPS | STARTS), False)


def as_whatsapp(said: dict[str, str], language: str) -> bytes:
    """A send in WhatsApp's own shape; ``language`` is its content template's. Raises Refused."""
    to = said.get("To", "")
    if not to:
        raise Refused(400, 21604, "A 'To' phone number is required.")
    if not to.startswith(CHANNEL) or not (said.get("From") or said.get("MessagingServiceSid")):
        raise Refused(400, 21211, "Invalid 'To' or 'From' Phone Number.")
    bare = to.removeprefix(CHANNEL)
    whom = {"to": bare} if bare.startswith("+") else {"recipient": bare}
    hook = parse_qs(urlsplit(said.get("StatusCallback", "")).query)
    key = hook.get("key", [""])[0]
    return msgspec.json.encode(
        {"messaging_product": "whatsapp", "biz_opaque_callback_data": key, **whom, **_content(said, language)}
    )


def _content(said: dict[str, str], language: str) -> Json:
    body = said.get("Body", "")
    if len(body) > BODY:
        raise Refused(400, 21617, "The concatenated message body exceeds the 1600 character limit")
    if sid := said.get("ContentSid"):
        values = msgspec.json.decode(said.get("ContentVariables", "{}"), type=dict[str, str])
        parameters = [{"type": "text", "text": values[place]} for place in sorted(values, key=int)]
        components = [{"type": "body", "parameters": parameters}] if parameters else []
        template = {"name": rule_name(sid), "language": {"code": language}, "components": components}
        return {"type": "template", "template": template}
    if link := said.get("MediaUrl"):
        kind = "image" if urlsplit(link).path.lower().endswith(PICTURES) else "document"
        named = {"filename": urlsplit(link).path.rpartition("/")[2]} if kind == "document" else {}
        return {"type": kind, kind: {"link": link, **({"caption": body} if body else {}), **named}}
    if not body.strip():
        raise Refused(400, 21602, "Message body is required.")
    return {"type": "text", "text": {"body": body}}
