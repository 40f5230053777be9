"""Payment provider ``ghala``: M-Pesa prompts and card links through Ghala, in either of its dialects.

    POST path            genuine ─▶ parse                       payment.success, payment.failed (v2: order.cancelled)
    charge               POST /orders                           a prompt on the phone, or a link to pay at
    ask                  GET  /orders/<id>                      what became of it, when no webhook told

Every request carries our intent's id, as ``Idempotency-Key`` and as a reference that comes back. So a request whose
answer was lost is simply made again under the same key, and news that overtake an answer are known as what they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote

import msgspec
from msgspec import Meta

from adapters.ghala import signing
from adapters.ghala.names import ADDRESS, BASE_URLS, CLASSIC, V2, idempotency_key
from adapters.kinds import Site
from adapters.payments._ghala import reading
from adapters.payments._ghala.names import DIALECTS, Json, changed, found, put
from adapters.settings import Secret, without
from engine.books import Charged
from engine.errors import BadInput, ConfigError
from engine.payment_calls import Heard, Verdict
from engine.payments import Failure, Intent, PaymentNews, Way
from engine.ports import Answer, AnswerLost, Call, Http, NotSent, Reply

KIND = "ghala"

WAYS = (Way.MPESA, Way.CARD)

NOT_REACHED = "Ghala could not be reached."
NOBODY_KNOWS = "Ghala's answer was lost or makes no sense; it is asked what became of the request."
UNUSABLE = "Ghala refuses this shop's key or plan. Check shop.payments and the account."
UNDER_WAY = 409
"""The same request is being carried out."""
AGAIN = frozenset({UNDER_WAY, 429, 503})
"""HTTP statuses of a request that was not carried out and may be made again (protocols.md §3.1)."""
OPERATORS = frozenset({401, 402, 403})
SAID = {
    Verdict.RECORDED: "Recorded.",
    Verdict.KNOWN: "Known already.",
    Verdict.NOTHING: "Nothing to record.",
}


class GhalaSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator sets for one shop; the descriptions are what a configuration error says is expected.

    A secret may be "" only where the whole server is ``insecure``.
    """

    path: Annotated[
        str,
        Meta(pattern=r"^/[A-Za-z0-9/_.~-]*\Z", description='the webhook\'s path, for example "/api/webhooks/ghala"'),
    ] = "/api/webhooks/ghala"
    api_key: Secret
    """Goes with every request as a bearer token."""
    webhook_secret: Secret
    """Signs every webhook."""
    base_url: Annotated[
        str, Meta(pattern=ADDRESS, description="the API's address: https://HOST, or http:// on loopback")
    ] = ""
    """"": the dialect's own."""
    dialect: Annotated[str, Meta(pattern=r"^(classic|v2)\Z", description='a dialect: "classic" or "v2"')] = CLASSIC
    offers: tuple[Annotated[str, Meta(pattern=r"^(mpesa|card)\Z")], ...] = ("mpesa", "card")
    """The ways to pay that the account can do."""
    names: tuple[str, ...] = ()
    """What the account calls differently, as OURS=THEIRS (_ghala/names.py)."""


Settings = GhalaSettings


def build(site: Site, settings: GhalaSettings) -> Ghala:
    """The provider of a shop. ``site.insecure`` believes unsigned webhooks when there is no webhook_secret; only the
    composition root says so. Raises ConfigError when a secret is missing without ``insecure``, or a name is wrong."""
    missing = [name for name in ("api_key", "webhook_secret") if not getattr(settings, name)]
    if missing and not site.insecure:
        keys = ", ".join(f"shop.{site.shop}.payments.{name}" for name in missing)
        raise ConfigError(f"{keys}: missing; a payment provider does not start without its secrets.")
    return Ghala(site, settings)


def advice(shop: str, settings: GhalaSettings, public_url: str) -> Sequence[str]:
    """What to do at Ghala, step by step, for somebody who has never been there."""
    here = f"shop.{shop}.payments"
    return [
        "In Ghala's dashboard switch on the ways to pay that the account shall take (M-Pesa, card), and list them in "
        f"{here}.offers.",
        f"Make an API key there and put it into {here}.api_key.",
        f"Add a webhook with the address {public_url.rstrip('/')}/s/{shop}{settings.path} for payment events.",
        f"Put the secret that signs it into {here}.webhook_secret.",
        f"Compare what Ghala's documentation in the dashboard calls things with dialect {settings.dialect!r}; what is "
        f"called otherwise goes into {here}.names.",
        "Pay a small order yourself before customers do: Ghala has no public sandbox that we know of.",
    ]


class Ghala:
    """See ``engine.ports.Provider``. Holds no state but its settings."""

    def __init__(self, site: Site, settings: GhalaSettings) -> None:
        self.shop = site.shop
        self.paths: tuple[str, ...] = (settings.path,)
        self.ways = frozenset(way for way in WAYS if way.value in settings.offers)
        self.names = changed(DIALECTS[settings.dialect], settings.names, f"shop.{site.shop}.payments.names")
        self._dialect = settings.dialect
        self._uuids = settings.dialect == V2
        self._insecure = site.insecure
        self._key = settings.api_key
        self._secret = settings.webhook_secret.encode()
        self._orders = (settings.base_url or BASE_URLS[settings.dialect]).rstrip("/") + self.names.orders
        allowed = {"authorization": f"Bearer {settings.api_key}"} if settings.api_key else {}
        self._headers = {**allowed, "content-type": "application/json"}

    # -- in ----------------------------------------------------------------------------------------------------------
    def genuine(self, call: Call) -> bool:
        """See ``adapters.ghala.signing``. Without a secret only ``insecure`` lets a body pass."""
        if not self._secret:
            return self._insecure
        return signing.genuine(call, self._dialect, self._secret, self.names.signature, self.names.timestamp)

    def parse(self, call: Call) -> Heard:
        """Read a genuine body. Raises BadInput when it is no envelope or says too little."""
        return Heard(tuple(reading.webhook(call, self.names)))

    def answer(self, call: Call, verdict: Verdict) -> Reply:
        """flows.md §4: ``{"success": true, "message": …}``."""
        body = msgspec.json.encode({"success": True, "message": SAID[verdict]})
        return Reply(200, "application/json", body)

    # -- out ---------------------------------------------------------------------------------------------------------
    async def charge(self, http: Http, intent: Intent) -> Charged:
        """Ask for money, as often as it takes: Ghala knows the key."""
        headers = {**self._headers, "idempotency-key": idempotency_key(intent.id) if self._uuids else intent.id}
        try:
            answer = await http.post(self._orders, headers, self._request(intent))
        except NotSent:
            return Charged(intent.id, asked=False, again=True, reason=NOT_REACHED)
        except AnswerLost:
            return Charged(intent.id, asked=True, again=True, provider=KIND, reason=NOBODY_KNOWS)
        return self._answered(intent, answer)

    async def ask(self, http: Http, intent: Intent) -> PaymentNews | None:
        """What became of a request, found by Ghala's id, or by ours where its answer was lost."""
        name = intent.provider_ref or intent.id
        try:
            answer = await http.get(f"{self._orders}/{quote(name, safe='')}", self._headers)
            if answer.status == 404 and not intent.provider_ref:
                return _never_arrived(intent)
            body = _inner(answer, self.names.data) if answer.status == 200 else {}
            paid = reading.status(body, self.names)
            if paid is None:
                return None
            put(body, self.names.reference, intent.id)
            return reading.news(body, self.names, order=self.names.id, ok=paid)
        except (NotSent, AnswerLost, BadInput):
            return None  # it is asked again later

    def _request(self, intent: Intent) -> bytes:
        names, body = self.names, Json()
        put(body, names.amount, reading.major(intent.amount, intent.currency))
        put(body, names.currency, intent.currency)
        put(body, names.method, names.mpesa if intent.way is Way.MPESA else names.card)
        if intent.phone:
            put(body, names.phone, intent.phone)
        put(body, names.reference, intent.id)
        put(body, names.account, intent.reference)
        return NUMBERS.encode(body)

    def _answered(self, intent: Intent, answer: Answer) -> Charged:
        try:
            body = _inner(answer, self.names.data)
        except BadInput:
            body = {}
        if 200 <= answer.status < 300:
            return self._taken(intent, body)
        said = next((text for key in ("message", "error") if isinstance(text := found(body, key), str)), "")
        said = without(said, self._key)
        if answer.status in AGAIN or answer.status >= 500:
            if answer.status in AGAIN:
                has_it = KIND if answer.status == UNDER_WAY else ""
                return Charged(intent.id, asked=False, again=True, provider=has_it, reason=said or NOBODY_KNOWS)
            return Charged(intent.id, asked=True, again=True, provider=KIND, reason=said or NOBODY_KNOWS)
        if answer.status in OPERATORS:
            return Charged(intent.id, False, provider=KIND, failure=Failure.UNREACHABLE.value, reason=UNUSABLE)
        return Charged(intent.id, False, provider=KIND, failure=Failure.REFUSED.value, reason=said)

    def _taken(self, intent: Intent, body: Json) -> Charged:
        """The answer to a request that Ghala has; one that failed at once says so in its status."""
        if reading.status(body, self.names) is False:
            failure, reason = reading.why(body, self.names)
            return Charged(intent.id, False, provider=KIND, failure=failure.value, reason=reason)
        order, link = found(body, self.names.id), found(body, self.names.link)
        known = isinstance(order, (str, int)) and not isinstance(order, bool)
        shown = (
            link if isinstance(link, str) and link.startswith(("https://", "http://")) and link.isprintable() else ""
        )
        if not known:
            return Charged(intent.id, asked=True, again=True, provider=KIND, reason=NOBODY_KNOWS)
        return Charged(intent.id, asked=True, provider=KIND, provider_ref=str(order), link=shown)


NUMBERS = msgspec.json.Encoder(decimal_format="number")


def _inner(answer: Answer, data: str) -> Json:
    """The object that an answer is about: inside an envelope, or the answer itself. Raises BadInput."""
    body = reading.decoded(answer.body)
    inner = found(body, data)
    return inner if isinstance(inner, dict) else body


def _never_arrived(intent: Intent) -> PaymentNews:
    """Ghala does not know a request whose answer was lost: nobody was asked."""
    return PaymentNews(
        f"failed-{intent.id}", KIND, False, 0, "", intent.id, failure=Failure.UNREACHABLE, detail="never arrived"
    )
