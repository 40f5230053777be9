"""Channel ``whatsapp_cloud``: one business number on Meta's WhatsApp Cloud API (Graph API v26.0).

    GET  path   challenge   Meta checks that the address is ours
    POST path   genuine ─▶ parse                             _whatsapp/parse.py and what it names
    send        render ─▶ (upload) ─▶ post ─▶ outcome        _whatsapp/render.py, media.py, answers.py, codes.py

Meta has no idempotency key: our outbox key travels as ``biz_opaque_callback_data`` and comes back in every status,
which is how a send whose answer was lost is found again.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
import trio
from msgspec import Meta

from adapters.channels._whatsapp.answers import number_problem, read_outcome, send_outcome, upload_outcome
from adapters.channels._whatsapp.media import upload_of
from adapters.channels._whatsapp.parse import PREFERENCE, parse
from adapters.channels._whatsapp.render import LIMITS, Body, Unsendable, body, read_receipt
from adapters.channels._whatsapp.templates import listed
from adapters.kinds import Site
from adapters.settings import Secret
from engine.errors import ConfigError
from engine.messages import Document, Image, Limits, Outcome, OutcomeClass, Outgoing
from engine.ports import AnswerLost, Call, Channel, Delivery, Http, NotSent, Reply
from engine.template_states import TemplateState

KIND = "whatsapp_cloud"

SIGNATURE = "x-hub-signature-256"
BASE_URLS = r"^(https://[^\s/?#@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)(/[^\s?#]*)?\Z"
"""Without TLS only on loopback: the access token travels in every request."""

NOT_REACHED = "WhatsApp could not be reached. Nothing to do: it will be sent again."
ANSWER_LOST = "WhatsApp's answer was lost, so nobody knows yet whether the message went out; its status will tell."


class WhatsAppCloudSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator sets for one number; the descriptions are what a configuration error says is expected.

    A secret may be "" only where the whole server is ``insecure``.
    """

    path: Annotated[
        str, Meta(pattern=r"^/[A-Za-z0-9/_.~-]*\Z", description='the webhook\'s path, for example "/webhook"')
    ]
    phone_number_id: Annotated[
        str, Meta(pattern=r"^[0-9]{1,32}\Z", description="the number's id (digits), which is not the number itself")
    ]
    waba_id: Annotated[
        str,
        Meta(pattern=r"^[0-9]{0,32}\Z", description="the id (digits) of the WhatsApp account that has the templates"),
    ] = ""
    """Where it is given, templates are known with status and quality."""
    access_token: Secret
    """A system user's token, permanent, with whatsapp_business_messaging."""
    app_secret: Secret
    """From the Meta app's basic settings; it signs every webhook."""
    verify_token: Secret
    """Any word; the same is typed into the webhook form of the Meta app."""
    base_url: Annotated[
        str, Meta(pattern=BASE_URLS, description="the Graph API's address: https://HOST, or http:// on loopback")
    ] = "https://graph.facebook.com"
    api_version: Annotated[
        str, Meta(pattern=r"^v[0-9]{1,3}\.[0-9]{1,3}\Z", description='a Graph API version, for example "v26.0"')
    ] = "v26.0"
    mark_read: bool = True
    """Whether the customer sees blue ticks, and typing… while the answer is made."""
    messages_per_second: Annotated[int, Meta(ge=1, le=1000)] = 80
    """The number's own pace: 80, or up to 1,000 where Meta has raised it (protocols 1.9)."""


Settings = WhatsAppCloudSettings


def build(site: Site, settings: WhatsAppCloudSettings) -> WhatsAppCloud:
    """The channel of a shop.

    ``site.insecure`` believes unsigned webhooks when there is no app_secret; only the composition root says so, after
    it has checked that everything is on loopback. ``site.dev_mode`` processes and stores everything and sends nothing.
    Raises ConfigError when a secret is missing without ``insecure``.
    """
    missing = [name for name in ("access_token", "app_secret", "verify_token") if not getattr(settings, name)]
    if missing and not site.insecure:
        keys = ", ".join(f"shop.{site.shop}.channel.{name}" for name in missing)
        raise ConfigError(f"{keys}: missing; a channel does not start without its secrets.")
    return WhatsAppCloud(site, settings)


def advice(shop: str, settings: WhatsAppCloudSettings, public_url: str) -> Sequence[str]:
    """What to do at Meta, step by step, for somebody who has never been there."""
    here = f"shop.{shop}.channel"
    address = f"{public_url.rstrip('/')}{settings.path}"
    return [
        "At developers.facebook.com make an app of the type Business and add the product WhatsApp.",
        f"WhatsApp > API Setup shows the phone number id (not the number itself): put it into {here}.phone_number_id.",
        "In Meta Business settings > System users make a system user, give it the app and the WhatsApp account, and "
        f"generate a permanent token with whatsapp_business_messaging: put it into {here}.access_token.",
        f"App settings > Basic shows the App Secret: put it into {here}.app_secret.",
        f"WhatsApp > Configuration > Webhook > Edit: enter the callback URL {address} and, as verify token, the same "
        f"word as in {here}.verify_token; the server must be running, for Meta calls it at once.",
        "There subscribe to the fields messages, account_update, message_template_status_update, "
        "message_template_quality_update and phone_number_quality_update.",
        f"Where the shop has templates: put the WhatsApp Business Account ID, also on API Setup, into {here}.waba_id; "
        "the token then needs whatsapp_business_management too.",
        "Numbers of one app share this address; those of another app enter it in their own app.",
    ]


class WhatsAppCloud(Channel):
    """See ``engine.ports.Channel``. Holds no state but its settings."""

    limits: Limits = LIMITS
    thanks = Reply()

    def __init__(self, site: Site, settings: WhatsAppCloudSettings) -> None:
        self.shop = site.shop
        self.path = settings.path
        self.settings = settings
        self._insecure = site.insecure
        self._dev_mode = site.dev_mode
        self._app_secret = settings.app_secret.encode()
        self._verify_token = settings.verify_token.encode()
        number = f"{settings.base_url.rstrip('/')}/{settings.api_version}/{settings.phone_number_id}"
        self._number_url = number
        self._templates_url = f"{number.rpartition('/')[0]}/{settings.waba_id}/message_templates"
        self._messages_url, self._media_url = f"{number}/messages", f"{number}/media"
        self._authorization = f"Bearer {settings.access_token}"
        self._headers = {"authorization": self._authorization, "content-type": "application/json"}

    # -- in ----------------------------------------------------------------------------------------------------------
    def challenge(self, query: Mapping[str, str]) -> str | None:
        """Meta's GET: the challenge verbatim when mode and token are right (protocols 1.2)."""
        token = query.get("hub.verify_token", "").encode("utf-8", "surrogatepass")
        right = bool(self._verify_token) and hmac.compare_digest(token, self._verify_token)
        return query.get("hub.challenge") if right and query.get("hub.mode") == "subscribe" else None

    def genuine(self, call: Call) -> bool:
        """HMAC-SHA256 of the raw bytes under the App Secret (protocols 1.3), written exactly as Meta writes it: upper
        case, spaces or another prefix are not Meta's. Without a secret only ``insecure`` lets a body pass."""
        if not self._app_secret:
            return self._insecure
        given = call.headers.get(SIGNATURE, "").encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._app_secret, call.raw, "sha256").hex()
        return hmac.compare_digest(given, f"sha256={digest}".encode())

    def numbers(self) -> frozenset[str]:
        """The phone number id; Meta's display number is never used for routing."""
        return frozenset({self.settings.phone_number_id})

    def parse(self, call: Call, shops: Mapping[str, str]) -> Delivery:
        """Read a genuine body: everything of protocols 1.4 to 1.6."""
        return parse(call.raw, shops)

    # -- out ---------------------------------------------------------------------------------------------------------
    async def send(self, http: Http, outgoing: Outgoing) -> Outcome:
        """Send one message, after uploading its file where it has one of ours."""
        try:
            if self._dev_mode:
                return self._would_send(outgoing)
            uploaded = await self._upload(http, outgoing)
            if uploaded.kind is not OutcomeClass.SENT:
                return uploaded
            answer = await http.post(self._messages_url, self._headers, _json(body(outgoing, uploaded.provider_id)))
        except Unsendable as error:
            return Outcome(OutcomeClass.NEVER, reason=str(error))
        except NotSent:
            return Outcome(OutcomeClass.RETRY, reason=NOT_REACHED)
        except AnswerLost:
            return Outcome(OutcomeClass.UNKNOWN, reason=ANSWER_LOST)
        return send_outcome(answer, outgoing.attempts)

    async def _upload(self, http: Http, outgoing: Outgoing) -> Outcome:
        """Upload the message's file; SENT with the media id, or SENT with none when there is nothing to upload."""
        message = outgoing.message
        if not isinstance(message, (Image, Document)) or not (message.path or message.content):
            return Outcome(OutcomeClass.SENT)
        body(outgoing, "checked first")  # an upload for a message that can't be sent would be for nothing
        upload = await trio.to_thread.run_sync(upload_of, message)
        headers = {"authorization": self._authorization, "content-type": upload.content_type}
        try:
            answer = await http.post(self._media_url, headers, upload.body)
        except AnswerLost:
            return Outcome(OutcomeClass.RETRY, reason=NOT_REACHED)
        return upload_outcome(answer, outgoing.attempts)

    def _would_send(self, outgoing: Outgoing) -> Outcome:
        """Development mode: the message is checked and its row says what would have gone out."""
        body(outgoing, "not uploaded")
        return Outcome(OutcomeClass.SENT, f"dev:{outgoing.key}", reason="Development mode: stored and not sent.")

    async def check(self, http: Http) -> str:
        """Whether Meta takes the access token for this number: "" when it does, else a sentence for the operator."""
        fields = "?fields=display_phone_number"
        try:
            answer = await http.get(self._number_url + fields, {"authorization": self._authorization})
        except NotSent:
            return "WhatsApp could not be reached; check this machine's network, and base_url."
        except AnswerLost:
            return "WhatsApp did not answer; try again."
        return number_problem(answer)

    @property
    def account(self) -> str:
        """See ports.Channel."""
        return self.settings.waba_id

    async def templates(self, http: Http) -> Sequence[TemplateState] | Outcome | None:
        """See ports.Channel. Nothing is asked where there is no waba_id, and in development mode."""
        if not self.settings.waba_id or self._dev_mode:
            return None
        return await listed(http, self._templates_url, {"authorization": self._authorization})

    async def mark_read(self, http: Http, inbound_id: str) -> Outcome:
        """Blue ticks and "typing…"; nothing where the setting is off or the letter is no message of Meta's."""
        if not self.settings.mark_read or self._dev_mode or inbound_id.startswith(PREFERENCE):
            return Outcome(OutcomeClass.SENT)
        try:
            return read_outcome(await http.post(self._messages_url, self._headers, _json(read_receipt(inbound_id))))
        except NotSent:
            return Outcome(OutcomeClass.RETRY, reason=NOT_REACHED)
        except AnswerLost:
            return Outcome(OutcomeClass.UNKNOWN, reason=ANSWER_LOST)


def _json(content: Body) -> bytes:
    return msgspec.json.encode(content)
