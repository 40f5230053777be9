"""Payment provider ``stripe``: cards and whatever else Stripe Checkout takes, by a link (protocols.md 3.3).

    POST path            genuine ─▶ parse          a session is completed, paid later, failed, expired; refunds
    charge               POST /v1/checkout/sessions          a link to pay at
    ask                  GET  /v1/checkout/sessions/<id>     what became of it; a link that nobody wants is ended
    refund               POST /v1/refunds                    looked for first, then made once
    refunds              GET  /v1/refunds                    those that no webhook told of

Every request carries a key of ours as ``Idempotency-Key``, so that one whose answer was lost is simply made again. All
that a request says follows from the intent alone: under one key Stripe takes the same words only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Meta

from adapters.kinds import Site
from adapters.payments._stripe import answers, reading, signing, units
from adapters.payments._stripe.forms import TYPE, form
from adapters.settings import Secret
from engine.address import DAY, MINUTE, Millis
from engine.books import Charged, Refunded
from engine.errors import BadInput, ConfigError
from engine.payment_calls import Heard, Verdict
from engine.payments import Failure, Intent, IntentStatus, Payment, PaymentNews, RefundNews, Way
from engine.ports import Answer, AnswerLost, Call, Http, NotSent, Reply

KIND = "stripe"

BASE_URLS = r"^(https://[^\s/?#@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)(/[^\s?#]*)?\Z"
"""Without TLS only on loopback: the key travels in every request."""
SHORTEST: Millis = 35 * MINUTE
"""A link lives 30 minutes at least, counted from when Stripe takes the request; five more for our own retries."""
LONGEST: Millis = DAY - 10 * MINUTE
"""… and 24 hours at most."""
REFUNDS_LISTED = 100
PAGES_MOST = 20
"""Of refunds that are looked for at once."""
OURS = (IntentStatus.CREATED, IntentStatus.ASKING, IntentStatus.PENDING)
"""Where somebody may still be meant to pay at the link."""
EVENTS = (
    reading.COMPLETED,
    reading.LATER,
    reading.FAILED_LATER,
    reading.EXPIRED,
    "refund.created",
    "refund.updated",
    "refund.failed",
)
"""What the webhook endpoint must be subscribed to."""


class StripeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator sets for one shop; the descriptions are what a configuration error says is expected.

    A secret may be "" only where the whole server is ``insecure``.
    """

    path: Annotated[
        str,
        Meta(pattern=r"^/[A-Za-z0-9/_.~-]*\Z", description='the webhook\'s path, for example "/api/webhooks/stripe"'),
    ] = "/api/webhooks/stripe"
    secret_key: Secret
    """Goes with every request as a bearer token: ``sk_test_…``, ``sk_live_…`` or a restricted ``rk_…``."""
    webhook_secret: Secret
    """Signs every webhook: ``whsec_…``, the endpoint's own."""
    webhook_secret_next: Secret = Secret("")
    """A second one that is believed too, while the endpoint's secret is rolled."""
    base_url: Annotated[
        str, Meta(pattern=BASE_URLS, description="the API's address: https://HOST, or http:// on loopback")
    ] = "https://api.stripe.com"
    api_version: Annotated[
        str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(\.[a-z]+)?\Z", description='a version: "2026-06-24.dahlia"')
    ] = "2026-06-24.dahlia"
    success_url: Annotated[
        str, Meta(pattern=r"^(https?://\S+)?\Z", description="where a customer comes to after paying")
    ] = ""
    """"" is a small page of ours that leads back to WhatsApp."""
    cancel_url: Annotated[
        str, Meta(pattern=r"^(https?://\S+)?\Z", description="where a customer comes to who does not pay")
    ] = ""


Settings = StripeSettings


def build(site: Site, settings: StripeSettings) -> Stripe:
    """The provider of a shop. ``site.insecure`` believes unsigned webhooks when there is no webhook_secret; only the
    composition root says so. Raises ConfigError when a secret is missing without ``insecure``."""
    missing = [name for name in ("secret_key", "webhook_secret") if not getattr(settings, name)]
    if missing and not site.insecure:
        keys = ", ".join(f"shop.{site.shop}.payments.{name}" for name in missing)
        raise ConfigError(f"{keys}: missing; a payment provider does not start without its secrets.")
    return Stripe(site, settings)


def advice(shop: str, settings: StripeSettings, public_url: str) -> Sequence[str]:
    """What somebody with a Stripe test account does to connect this shop, step by step."""
    live = settings.secret_key.startswith(("sk_live_", "rk_live_"))
    endpoint = f"{public_url.rstrip('/')}/s/{shop}{settings.path}"
    steps = [
        "At dashboard.stripe.com switch to a sandbox (top left), or to live mode for real money.",
        f"Developers, API keys: copy the secret key (sk_test_…) to shop.{shop}.payments.secret_key. A restricted key "
        "(rk_…) will do with write access to Checkout Sessions and Refunds.",
        f"Developers, Webhooks, Add destination: the address is {endpoint}; events: {', '.join(EVENTS)}.",
        f"Copy that destination's signing secret (whsec_…) to shop.{shop}.payments.webhook_secret. To roll it, put the "
        "new one in webhook_secret_next, roll it at Stripe, then move it over.",
        "Settings, Payment methods: switch on what your customers use. In a sandbox the card 4242 4242 4242 4242 pays, "
        "4000 0000 0000 0002 is declined.",
    ]
    if not public_url.startswith("https://"):
        steps.append("Set server.public_url to the https:// address at which Stripe reaches this server.")
    if live:
        steps.append("The key is a live one: real cards are charged.")
    return steps


class Stripe:
    """See ``engine.ports.Provider`` and ``Refunder``. Holds no state but its settings."""

    kind = KIND

    def __init__(self, site: Site, settings: StripeSettings) -> None:
        self.shop = site.shop
        self.paths: tuple[str, ...] = (settings.path,)
        self.ways = frozenset({Way.CARD})
        self._insecure = site.insecure
        self._secrets = tuple(one for one in (settings.webhook_secret, settings.webhook_secret_next) if one)
        self._sessions = settings.base_url.rstrip("/") + "/v1/checkout/sessions"
        self._refunds = settings.base_url.rstrip("/") + "/v1/refunds"
        self._paid = settings.success_url or f"{site.public_url}/paid"
        self._unpaid = settings.cancel_url or f"{site.public_url}/unpaid"
        allowed = {"authorization": f"Bearer {settings.secret_key}"} if settings.secret_key else {}
        self._headers = {**allowed, "stripe-version": settings.api_version}

    # -- in ----------------------------------------------------------------------------------------------------------
    def genuine(self, call: Call) -> bool:
        """Signed with one of the secrets in the last five minutes. Without a secret only ``insecure`` lets a body
        pass."""
        if not self._secrets:
            return self._insecure
        return signing.good(call.headers.get(signing.HEADER, ""), self._secrets, call.raw, call.at)

    def parse(self, call: Call) -> Heard:
        """Read a genuine body. Raises BadInput when it is no event or says too little."""
        return Heard(*reading.event(call.raw, self.shop))

    def answer(self, call: Call, verdict: Verdict) -> Reply:
        """Stripe looks at the status only."""
        return Reply(200, "application/json", b'{"received": true}')

    # -- out ---------------------------------------------------------------------------------------------------------
    async def charge(self, http: Http, intent: Intent) -> Charged:
        """Ask for a link to pay at, as often as it takes: Stripe knows the key."""
        try:
            answer = await self._post(http, self._sessions, self._request(intent), intent.id)
        except NotSent:
            return Charged(intent.id, asked=False, again=True, reason=answers.NOT_REACHED)
        except AnswerLost:
            return Charged(intent.id, asked=True, again=True, provider=KIND, reason=answers.NOBODY_KNOWS)
        except BadInput as error:
            return Charged(intent.id, False, provider=KIND, failure=Failure.REFUSED.value, reason=str(error))
        if not 200 <= answer.status < 300:
            return answers.uncharged(intent, answer)
        session = _object(answer)
        name, link = reading.text(session, "id"), reading.text(session, "url")
        if not name:
            return Charged(intent.id, asked=True, again=True, provider=KIND, reason=answers.NOBODY_KNOWS)
        shown = link if link.startswith(("https://", "http://")) else ""
        return Charged(intent.id, asked=True, provider=KIND, provider_ref=name, link=shown)

    async def ask(self, http: Http, intent: Intent) -> PaymentNews | None:
        """What became of a request. A link that nobody shall pay at any more, because its order was cancelled or
        because it never reached its customer, is ended: what is paid there before that is money like all other."""
        try:
            name = intent.provider_ref
            if not name:
                answer = await self._post(http, self._sessions, self._request(intent), intent.id)
                if answers.refused(answer):  # else it would be there: so nobody was asked
                    return _never_arrived(intent)
                name = reading.text(_object(answer), "id")  # the rest is as it was when it was new
            session = await self._session(http, name) if name else {}
            if not session:
                return None
            found = self._became(session, intent)
            if found is None and _to_be_ended(session, intent):
                ended = await self._post(http, f"{self._sessions}/{_part(session)}/expire", b"", "")
                return self._became(_object(ended), intent)
            return found
        except (NotSent, AnswerLost, BadInput):
            return None  # it is asked again later

    async def refund(self, http: Http, payment: Payment, amount: int, key: str) -> Refunded:
        """Send money back. Whether an earlier try has done it is looked up first: Stripe remembers a key for a day
        only, and a shop may have been down for longer."""
        try:
            before = await self._refunded_before(http, payment, key)
            if before is not None:
                return Refunded(before)
            body = {
                "payment_intent": payment.transaction,
                "amount": units.theirs(amount, payment.currency),
                "metadata": {"refund": key},
            }
            answer = await self._post(http, self._refunds, form(body), key)
            if 200 <= answer.status < 300:
                return Refunded(reading.refund(_object(answer)))
        except NotSent:
            return Refunded(reason=answers.NOT_REACHED)
        except _Unanswered as error:
            answer = error.answer
        except (AnswerLost, BadInput):
            return Refunded(reason=answers.NOBODY_KNOWS)
        return _unrefunded(payment, amount, key, answer)

    async def refunds(self, http: Http, since: Millis) -> Sequence[RefundNews]:
        """Page by page, the newest first. Those of another shop on the same account are told too; nobody knows them."""
        found: list[RefundNews] = []
        query = {"created[gte]": str(since // 1000), "limit": str(REFUNDS_LISTED)}
        try:
            for _ in range(PAGES_MOST):
                page = _object(await http.get(f"{self._refunds}?{urlencode(query)}", self._headers))
                listed = reading.listed(page)
                found += reading.refunds(listed)
                if not listed or page.get("has_more") is not True:
                    break
                query["starting_after"] = reading.text(listed[-1], "id")
        except (NotSent, AnswerLost, BadInput):
            pass  # the next look finds them
        return found

    # -- parts -------------------------------------------------------------------------------------------------------
    def _request(self, intent: Intent) -> bytes:
        """Raises BadInput where Stripe knows no such part of the currency."""
        life = min(max(intent.expires_at - intent.created_at, SHORTEST), LONGEST)
        named = {"intent": intent.id, "order": intent.order, "shop": intent.shop}
        price = {
            "currency": intent.currency.lower(),
            "unit_amount": units.theirs(intent.amount, intent.currency),
            "product_data": {"name": intent.order},
        }
        body = {
            "mode": "payment",
            "line_items": [{"price_data": price, "quantity": 1}],
            "client_reference_id": intent.id,
            "metadata": named,
            "payment_intent_data": {"metadata": named, "description": intent.order},
            "success_url": self._paid,
            "cancel_url": self._unpaid,
            "expires_at": (intent.created_at + life) // 1000,
        }
        return form(body)

    async def _post(self, http: Http, url: str, body: bytes, key: str) -> Answer:
        headers = {**self._headers, "content-type": TYPE}
        return await http.post(url, {**headers, "idempotency-key": key} if key else headers, body)

    async def _session(self, http: Http, name: str) -> Mapping[str, object]:
        url = f"{self._sessions}/{quote(name, safe='')}?{urlencode({'expand[]': 'payment_intent'})}"
        return _object(await http.get(url, self._headers))

    def _became(self, session: Mapping[str, object], intent: Intent) -> PaymentNews | None:
        """How a session ended; None while it is open or its money is on the way."""
        told = {**session, "client_reference_id": intent.id}
        if told.get("status") == "complete":
            method = told.get("payment_intent")
            ended = isinstance(method, dict) and method.get("status") in reading.PI_ENDED
            return reading.failed(told, Failure.REFUSED) if ended else reading.paid(told)
        why = Failure.EXPIRED if intent.provider_ref else Failure.UNREACHABLE
        return reading.failed(told, why) if told.get("status") == "expired" else None

    async def _refunded_before(self, http: Http, payment: Payment, key: str) -> RefundNews | None:
        """The refund that an earlier try under this key made. Raises _Unanswered where that can't be known now."""
        query = urlencode({"payment_intent": payment.transaction, "limit": REFUNDS_LISTED})
        answer = await http.get(f"{self._refunds}?{query}", self._headers)
        if answer.status != 200:
            raise _Unanswered(answer)
        found = reading.refunds(reading.listed(_object(answer)))
        return next((one for one in found if one.key == key), None)


class _Unanswered(Exception):
    """Stripe answered a question with something else than an answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def _object(answer: Answer) -> dict[str, object]:
    """The object of an answer; nothing for a refusal. Raises BadInput."""
    return reading.decoded(answer.body) if 200 <= answer.status < 300 else {}


def _to_be_ended(session: Mapping[str, object], intent: Intent) -> bool:
    return session.get("status") == "open" and (intent.status not in OURS or not intent.provider_ref)


def _part(session: Mapping[str, object]) -> str:
    return quote(reading.text(session, "id"), safe="")


def _never_arrived(intent: Intent) -> PaymentNews:
    """The answer to a request was lost, and Stripe has no session by its key."""
    why = Failure.UNREACHABLE
    return PaymentNews(f"failed-{intent.id}", KIND, False, 0, "", intent.id, failure=why, detail="never arrived")


def _unrefunded(payment: Payment, amount: int, key: str, answer: Answer) -> Refunded:
    """What any answer but 200 means. Without a right key nobody can look what an earlier try has done: it waits."""
    code, sentence = answers.said(answer)
    why = answers.OPERATORS.get(answer.status) or sentence
    if not answers.refused(answer) or code == "idempotency_error":
        return Refunded(reason=why or answers.NOBODY_KNOWS)
    of = payment.id.removeprefix(f"{KIND}:")
    return Refunded(RefundNews(key, KIND, of, amount, ok=False, key=key, detail=why or "Stripe refuses it."))
