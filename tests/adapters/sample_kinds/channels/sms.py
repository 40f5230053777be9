"""Channel ``sms``: plain text by a gateway that speaks JSON. A sample: all that it takes to add a channel.

POST path   genuine ─▶ parse     {"id", "from", "text", "at"} is a message, {"id", "state", "at"} a report
send        POST base_url/send   {"to", "text", "key"} → {"id"}
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from adapters.kinds import Site
from adapters.settings import Secret
from engine.address import Sender
from engine.errors import BadInput, ConfigError
from engine.events import Inbound, TextSaid
from engine.messages import Limits, Outcome, OutcomeClass, Outgoing, Refusal, Status, StatusRank, Template, Text
from engine.ports import AnswerLost, Call, Channel, Delivery, Http, NotSent, Reply

KIND = "sms"
RANKS = {"sent": StatusRank.SENT, "delivered": StatusRank.DELIVERED, "failed": StatusRank.FAILED}
OUTCOMES = {400: OutcomeClass.NEVER, 401: OutcomeClass.OPERATOR, 429: OutcomeClass.THROTTLE_NUMBER}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator sets."""

    path: Annotated[str, Meta(pattern=r"^/[a-z/]*\Z", description='the webhook\'s path, "/sms"')] = "/sms"
    number: str
    base_url: str
    gateway_key: Secret


class _Item(msgspec.Struct, frozen=True):
    id: str
    at: int
    sender: str = msgspec.field(default="", name="from")
    text: str = ""
    state: str = ""


def build(site: Site, settings: Settings) -> Sms:
    """The channel of a shop. Raises ConfigError without its key."""
    if not settings.gateway_key:
        raise ConfigError(f"shop.{site.shop}.channel.gateway_key: missing; a channel does not start without its key.")
    return Sms(site, settings)


class Sms(Channel):
    """See ``engine.ports.Channel``."""

    limits = Limits(text=480, question=480, list_question=480, buttons=0, rows=0, location_request=False)
    thanks = Reply()

    def __init__(self, site: Site, settings: Settings) -> None:
        self.shop = site.shop
        self.path = settings.path
        self._number = settings.number
        self._url = f"{settings.base_url}/send"
        self._key = settings.gateway_key.encode()

    def genuine(self, call: Call) -> bool:
        """HMAC-SHA256 of the body, as the gateway signs it."""
        given = call.headers.get("x-sms-signature", "").encode()
        return hmac.compare_digest(given, hmac.digest(self._key, call.raw, "sha256").hex().encode())

    def numbers(self) -> frozenset[str]:
        return frozenset({self._number})

    def parse(self, call: Call, shops: Mapping[str, str]) -> Delivery:
        """Read a genuine body. Raises BadInput when it is no list."""
        try:
            found = msgspec.json.decode(call.raw, type=list[Any])
        except msgspec.DecodeError:
            raise BadInput("Not a delivery of the gateway: expected a list.") from None
        said, reports, refused = list[Inbound](), list[Status](), list[Refusal]()
        for place, one in enumerate(found):
            try:
                item = msgspec.convert(one, _Item)
            except msgspec.ValidationError:
                refused.append(Refusal(f"[{place}]", "neither a message nor a report"))
                continue
            if item.state in RANKS:
                reports.append(Status(self.shop, item.id, RANKS[item.state], item.at))
            elif item.sender.isdigit():
                said.append(Inbound(item.id, self.shop, Sender(phone=item.sender), item.at, TextSaid(item.text)))
        return Delivery(tuple(said), tuple(reports), (), tuple(refused))

    async def send(self, http: Http, outgoing: Outgoing) -> Outcome:
        """Send one text; a picture goes as its address."""
        body = {"to": outgoing.phone, "text": words(outgoing), "key": outgoing.key}
        try:
            answer = await http.post(self._url, {"authorization": self._key.decode()}, msgspec.json.encode(body))
        except NotSent:
            return Outcome(OutcomeClass.RETRY, reason="The gateway could not be reached. It is tried again.")
        except AnswerLost:
            return Outcome(OutcomeClass.UNKNOWN, reason="The gateway's answer was lost.")
        if answer.status == 200:
            return Outcome(OutcomeClass.SENT, str(msgspec.json.decode(answer.body)["id"]))
        kind = OUTCOMES.get(answer.status, OutcomeClass.RETRY)
        return Outcome(kind, code=answer.status, reason=f"The gateway answered {answer.status}. See its console.")


def words(outgoing: Outgoing) -> str:
    """What of a message is text; with these limits nothing has buttons."""
    match outgoing.message:
        case Text(body):
            return body
        case Template(name, _, parameters):
            return " ".join((name, *parameters))
        case other:
            return " ".join(filter(None, (getattr(other, "caption", ""), getattr(other, "link", ""))))
