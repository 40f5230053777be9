"""Channel ``twilio``: one business number on WhatsApp through Twilio (protocols.md 2).

    POST path   genuine ─▶ parse                              _twilio/signature.py · reading.py
    send        (look for it) ─▶ form ─▶ post ─▶ outcome      _twilio/render.py, listing.py, answers.py, codes.py
    fetch       list ─▶ messages                              _twilio/listing.py
    templates   list ─▶ states                                _twilio/templates.py

Messages and statuses come to the same address. Twilio has no idempotency key: our outbox key stands in the status
address and comes back in every status; and before a message is sent once more it is looked for among the latest to its
customer. Twilio repeats only webhooks that did not get through, so what was missed is fetched.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from msgspec import Meta

from adapters.channels._twilio import listing, render
from adapters.channels._twilio.answers import ANSWER_LOST, DEVELOPMENT, NOT_REACHED, outcome
from adapters.channels._twilio.reading import CHANNEL, KEY, SID, deliver, fields_of
from adapters.channels._twilio.signature import genuine
from adapters.channels._twilio.templates import listed
from adapters.channels._whatsapp.render import Unsendable
from adapters.kinds import Site
from adapters.settings import Secret
from engine.address import MINUTE, Millis
from engine.errors import ConfigError
from engine.messages import Limits, Outcome, OutcomeClass, Outgoing
from engine.ports import AnswerLost, Call, Channel, Delivery, Http, NotSent, Reply
from engine.template_states import TemplateState

KIND = "twilio"

ADDRESS = r"^(https://[^\s/?#@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)(/[^\s?#]*)?\Z"
"""Without TLS only on loopback: the account's token travels in every request."""
SIGNATURE = "x-twilio-signature"
FORM = "application/x-www-form-urlencoded"


class TwilioSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator sets for one number; the descriptions are what a configuration error says is expected."""

    path: Annotated[
        str,
        Meta(pattern=r"^/[A-Za-z0-9/_.~-]*\Z", description='the webhook\'s path, as "/api/twilio/webhook"'),
    ]
    account_sid: Annotated[
        str, Meta(pattern=r"^AC[0-9a-fA-F]{32}\Z", description="the account's SID, AC and 32 digits")
    ]
    auth_token: Secret
    """From the console's front page; it signs every webhook and goes with every request."""
    number: Annotated[str, Meta(pattern=r"^\+?[0-9]{6,15}\Z", description="the WhatsApp sender's number, +14155238886")]
    messaging_service_sid: Annotated[
        str, Meta(pattern=r"^(MG[0-9a-fA-F]{32})?\Z", description="a messaging service's SID, MG and 32 digits")
    ] = ""
    """Sends go through this service where there is one."""
    base_url: Annotated[
        str, Meta(pattern=ADDRESS, description="the API's address: https://HOST, or http:// on loopback")
    ] = "https://api.twilio.com"
    typing_url: Annotated[
        str, Meta(pattern=ADDRESS, description="the address that shows typing…: https://HOST, or http:// on loopback")
    ] = "https://messaging.twilio.com/v3/Indicators/Typing.json"
    content_url: Annotated[
        str, Meta(pattern=ADDRESS, description="the Content API's address: https://HOST, or http:// on loopback")
    ] = "https://content.twilio.com"
    """Where content templates are listed with WhatsApp's approval."""
    mark_read: bool = True
    """Whether the customer sees typing… while the answer is made."""
    fetch_minutes: Annotated[int, Meta(ge=0, le=1440)] = 5
    """How often messages are asked for that no webhook brought; 0: never."""
    messages_per_second: Annotated[int, Meta(ge=1, le=400)] = 80
    """The sender's own pace (protocols.md 2.6)."""


Settings = TwilioSettings


def build(site: Site, settings: TwilioSettings) -> Twilio:
    """The channel of a shop. ``site.insecure`` believes unsigned webhooks when there is no auth_token; only the
    composition root says so. Raises ConfigError when it is missing without ``insecure``, or when the public address is
    none that Twilio calls."""
    if not settings.auth_token and not site.insecure:
        raise ConfigError(
            f"shop.{site.shop}.channel.auth_token: missing; a channel does not start without its secrets."
        )
    if "_" in (urlsplit(site.public_url).hostname or ""):
        raise ConfigError("server.public_url: Twilio calls no host with an underscore; choose another name.")
    return Twilio(site, settings)


def advice(shop: str, settings: TwilioSettings, public_url: str) -> Sequence[str]:
    """What to do at Twilio, step by step, for somebody who has never been there."""
    address = f"{public_url.rstrip('/')}{settings.path}"
    return (
        "In Twilio's console (console.twilio.com) copy Account SID and Auth Token from the front page into "
        f"shop.{shop}.channel.account_sid and auth_token.",
        "To try it: Messaging > Try it out > Send a WhatsApp message shows the sandbox's number (+14155238886) and the "
        "join words; send these words from your phone. The sandbox takes one message per 3 s.",
        "For a shop: Messaging > Senders > WhatsApp senders, add the shop's number, and put it into "
        f"shop.{shop}.channel.number.",
        f"Enter {address}{render.RETRIES} as 'When a message comes in', method POST: in the sandbox's settings, or in "
        "the sender's. What stands behind # lets Twilio try again when this server is down.",
        "Statuses need no address of their own: each message names it.",
        "For messages after 24 hours make templates in the Content Template Builder, submit them for WhatsApp, and "
        f'name their SIDs in shop.{shop}.terms.templates, as "order=HX…". Their approval is looked at every hour: what '
        "needs one that is paused or not approved waits, and the owner is told.",
    )


class Twilio(Channel):
    """See ``engine.ports.Channel``. Holds no state but its settings."""

    limits: Limits = render.LIMITS
    thanks = Reply(200, "text/xml", b'<?xml version="1.0" encoding="UTF-8"?><Response/>')

    def __init__(self, site: Site, settings: TwilioSettings) -> None:
        self.shop = site.shop
        self.path = settings.path
        self.settings = settings
        self._public_url = site.public_url
        self._insecure = site.insecure
        self._dev_mode = site.dev_mode
        self._token = settings.auth_token.encode()
        self._number = settings.number.removeprefix("+")
        self._hook = f"{site.public_url}{settings.path}"
        base = settings.base_url.rstrip("/")
        self._contents = f"{settings.content_url.rstrip('/')}/v1/ContentAndApprovals"
        self._messages = f"{base}/2010-04-01/Accounts/{settings.account_sid}/Messages.json"
        basic = b64encode(f"{settings.account_sid}:{settings.auth_token}".encode()).decode()
        self._allowed = {"authorization": f"Basic {basic}"}
        self._headers = {**self._allowed, "content-type": FORM}

    # -- in ----------------------------------------------------------------------------------------------------------
    def genuine(self, call: Call) -> bool:
        """Signed with the auth token over the address that was called (protocols.md 2.2). Without a token only
        ``insecure`` lets a call pass."""
        if not self._token:
            return self._insecure
        return genuine(self._token, self._public_url + call.target, call.raw, call.headers.get(SIGNATURE, ""))

    def numbers(self) -> frozenset[str]:
        """The number's digits and, where there is one, its messaging service."""
        return frozenset({self._number, self.settings.messaging_service_sid} - {""})

    def parse(self, call: Call, shops: Mapping[str, str]) -> Delivery:
        """Read a genuine call. Raises BadInput when it is neither a form nor a JSON object."""
        said = fields_of(call.raw, call.headers.get("content-type", ""))
        query = call.target.partition("?")[2]
        key = parse_qs(query).get(KEY, [""])[0] if query else ""
        return deliver(said, shops, key, call.at)

    @property
    def fetch_every(self) -> Millis:
        """As set; in development mode the real account is left alone."""
        return 0 if self._dev_mode else self.settings.fetch_minutes * MINUTE

    async def fetch(self, http: Http, since: Millis) -> Delivery:
        """The number's messages since then (protocols.md 2.3). Raises NotSent or AnswerLost."""
        query = listing.page_of(since, {"To": f"{CHANNEL}+{self._number}"})
        listed = await listing.pages(http, f"{self._messages}?{query}", self._allowed, since=since)
        return listing.missed(self.shop, listed, since)

    @property
    def multilingual(self) -> bool:
        """A content template is in one language; its SID names that alone."""
        return False

    async def templates(self, http: Http) -> Sequence[TemplateState] | Outcome | None:
        """See ports.Channel; in development mode the real account is left alone."""
        return None if self._dev_mode else await listed(http, self._contents, self._allowed)

    # -- out ---------------------------------------------------------------------------------------------------------
    async def send(self, http: Http, outgoing: Outgoing) -> Outcome:
        """Send one message."""
        try:
            said = render.form(outgoing, self._number, self.settings.messaging_service_sid, self._hook)
            if self._dev_mode:
                return Outcome(OutcomeClass.SENT, f"dev:{outgoing.key}", reason=DEVELOPMENT)
            answer = await http.post(self._messages, self._headers, render.encoded(said))
        except Unsendable as error:
            return Outcome(OutcomeClass.NEVER, reason=str(error))
        except NotSent:
            return Outcome(OutcomeClass.RETRY, reason=NOT_REACHED)
        except AnswerLost:
            return Outcome(OutcomeClass.UNKNOWN, reason=ANSWER_LOST)
        return outcome(answer, outgoing.attempts)

    async def found(self, http: Http, outgoing: Outgoing) -> Sequence[str]:
        """Messages to this customer that say the same, and are not older than the row. Without words nothing can be
        told apart. Raises NotSent where the list can't be had."""
        try:
            body = render.form(outgoing, self._number, "", self._hook).get("Body", "")
        except Unsendable:
            return ()
        if not body or self._dev_mode:
            return ()
        query = urlencode({"To": listing.addressed(outgoing), "PageSize": str(listing.FOUND_AMONG)})
        try:
            listed = await listing.pages(http, f"{self._messages}?{query}", self._allowed, most=1)
        except AnswerLost:
            raise NotSent("no list") from None
        return listing.sent_already(outgoing, body, listed)

    async def mark_read(self, http: Http, inbound_id: str) -> Outcome:
        """typing… while the answer is made (protocols.md 2.5)."""
        if not self.settings.mark_read or self._dev_mode or not SID.fullmatch(inbound_id):
            return Outcome(OutcomeClass.SENT)
        body = msgspec.json.encode({"channel": "WHATSAPP", "messageId": inbound_id})
        headers = {**self._allowed, "content-type": "application/json"}
        try:
            answer = await http.post(self.settings.typing_url, headers, body)
        except (NotSent, AnswerLost):
            return Outcome(OutcomeClass.RETRY, reason=NOT_REACHED)
        return Outcome(OutcomeClass.SENT if answer.status < 300 else OutcomeClass.NEVER, code=answer.status)
