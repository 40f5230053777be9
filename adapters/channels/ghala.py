"""Channel ``ghala``: one business number through Ghala, which relays WhatsApp, in either of its dialects.

    POST path   genuine ─▶ parse               adapters/ghala/signing.py · _ghala/envelope.py, reading.py
    send        render ─▶ post ─▶ outcome      _ghala/render.py · answers.py, codes.py

    classic     POST /whatsapp/messages        our outbox key travels in the body and comes back in every status, which
                                               is how a send whose answer was lost is found again
    v2          POST /messages                 the key travels as Idempotency-Key: a send whose answer was lost is made
                                               again, and can't go out twice

No public specification exists (protocols.md 3.1), so every name is a setting (_ghala/names.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from adapters.channels._ghala import answers, render
from adapters.channels._ghala.names import DIALECTS
from adapters.channels._ghala.reading import deliver
from adapters.channels._whatsapp.render import Unsendable
from adapters.ghala import signing
from adapters.ghala.names import ADDRESS, BASE_URLS, CLASSIC, V2, changed
from adapters.kinds import Site
from adapters.settings import Secret
from engine.errors import ConfigError
from engine.messages import Limits, Outcome, OutcomeClass, Outgoing
from engine.ports import AnswerLost, Call, Channel, Delivery, Http, NotSent, Reply

KIND = "ghala"
THANKS = b'{"success":true,"message":"Received."}'


class GhalaSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator sets for one number; the descriptions are what a configuration error says is expected.

    A secret may be "" only where the whole server is ``insecure``.
    """

    path: Annotated[
        str,
        Meta(pattern=r"^/[A-Za-z0-9/_.~-]*\Z", description='the webhook\'s path, for example "/api/messages/incoming"'),
    ] = "/api/messages/incoming"
    api_key: Secret
    """Goes with every message as a bearer token."""
    webhook_secret: Secret
    """Signs every webhook."""
    number: Annotated[
        str, Meta(pattern=r"^[0-9]{0,15}\Z", description="the business number, digits without + (or empty)")
    ] = ""
    """Only needed where several shops share one account: which of them a message is for."""
    base_url: Annotated[
        str, Meta(pattern=ADDRESS, description="the API's address: https://HOST, or http:// on loopback")
    ] = ""
    """"": the dialect's own."""
    dialect: Annotated[str, Meta(pattern=r"^(classic|v2)\Z", description='a dialect: "classic" or "v2"')] = CLASSIC
    names: Annotated[tuple[str, ...], Meta(description='a list of "OURS=THEIRS"')] = ()
    """What the account calls differently (_ghala/names.py)."""
    messages_per_second: Annotated[int, Meta(ge=1, le=1000)] = 80
    """The number's own pace, which is WhatsApp's."""


Settings = GhalaSettings


def build(site: Site, settings: GhalaSettings) -> Ghala:
    """The channel of a shop. ``site.insecure`` believes unsigned webhooks when there is no webhook_secret; only the
    composition root says so. ``site.dev_mode`` processes and stores everything and sends nothing. Raises ConfigError
    when a secret is missing without ``insecure``, or a name is wrong."""
    missing = [name for name in ("api_key", "webhook_secret") if not getattr(settings, name)]
    if missing and not site.insecure:
        keys = ", ".join(f"shop.{site.shop}.channel.{name}" for name in missing)
        raise ConfigError(f"{keys}: missing; a channel does not start without its secrets.")
    return Ghala(site, settings)


def advice(shop: str, settings: GhalaSettings, public_url: str) -> Sequence[str]:
    """What to do at Ghala, step by step, for somebody who has never been there."""
    address = f"{public_url.rstrip('/')}/s/{shop}{settings.path}"
    steps = [
        "In Ghala's dashboard connect the shop's WhatsApp number.",
        f"Make an API key there and put it into shop.{shop}.channel.api_key.",
        f"Add a webhook with the address {address} for incoming messages and message statuses.",
        f"Put the secret that signs it into shop.{shop}.channel.webhook_secret.",
        f"Compare what Ghala's documentation in the dashboard calls things with dialect {settings.dialect!r}; what is "
        f"called otherwise goes into shop.{shop}.channel.names.",
        "Have the templates that the shop uses approved in Ghala's dashboard, under the same names.",
    ]
    if settings.dialect == V2:
        steps.append("Keep this machine's clock right (NTP): webhooks that are signed over 5 minutes away are refused.")
    return steps


class Ghala(Channel):
    """See ``engine.ports.Channel``. Holds no state but its settings."""

    limits: Limits = render.LIMITS
    thanks = Reply(200, "application/json", THANKS)

    def __init__(self, site: Site, settings: GhalaSettings) -> None:
        self.shop = site.shop
        self.path = settings.path
        self.settings = settings
        self.names = changed(DIALECTS[settings.dialect], settings.names, f"shop.{site.shop}.channel.names")
        self._keyed = settings.dialect == V2
        self._insecure = site.insecure
        self._dev_mode = site.dev_mode
        self._secret = settings.webhook_secret.encode()
        self._url = (settings.base_url or BASE_URLS[settings.dialect]).rstrip("/") + self.names.messages
        self._headers = {"authorization": f"Bearer {settings.api_key}", "content-type": "application/json"}

    # -- in ----------------------------------------------------------------------------------------------------------
    def genuine(self, call: Call) -> bool:
        """See ``adapters.ghala.signing``. Without a secret only ``insecure`` lets a body pass."""
        if not self._secret:
            return self._insecure
        return signing.genuine(call, self.settings.dialect, self._secret, self.names.signature, self.names.timestamp)

    def numbers(self) -> frozenset[str]:
        """The business number, where it is set."""
        return frozenset({self.settings.number} if self.settings.number else ())

    def parse(self, call: Call, shops: Mapping[str, str]) -> Delivery:
        """Read a genuine call. Raises BadInput when it is no JSON."""
        return deliver(call, shops, self.shop, self.names)

    # -- out ---------------------------------------------------------------------------------------------------------
    async def send(self, http: Http, outgoing: Outgoing) -> Outcome:
        """Send one message."""
        headers = {**self._headers, "idempotency-key": render.key(outgoing)} if self._keyed else self._headers
        try:
            body = render.body(outgoing, self.names)
            if self._dev_mode:
                return Outcome(OutcomeClass.SENT, f"dev:{outgoing.key}", reason=answers.DEVELOPMENT)
            answer = await http.post(self._url, headers, body)
        except Unsendable as error:
            return Outcome(OutcomeClass.NEVER, reason=str(error))
        except NotSent:
            return Outcome(OutcomeClass.RETRY, reason=answers.NOT_REACHED)
        except AnswerLost:
            return answers.lost(self._keyed)
        return answers.outcome(answer, self.names, keyed=self._keyed)
