"""Payment provider ``mpesa``: M-Pesa through Safaricom's Daraja, without anybody in between (protocols.md 3.2).

    charge               POST /mpesa/stkpush/v1/processrequest     a prompt on the phone
    POST path/<token>    genuine ─▶ parse                          what became of it, unsigned: hearsay
    ask                  POST /mpesa/stkpushquery/v1/query         what became of it, believed
    POST path/<token>    C2B: may this be paid? it is paid         money that people sent by hand

Daraja knows no idempotency key. So a push whose answer was lost is never made again: its callback comes to an address
that names the intent, and teaches the id by which it can be asked about. Where no callback comes while a prompt can
last, the customer may try again; money that comes after all is counted all the same.

C2B's confirmations can't be asked about without an operator's initiator. They are believed by their unguessable path
(and ``allowed_ips``), as documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from adapters.kinds import Site
from adapters.payments._mpesa import codes, paths, prompting, reading
from adapters.payments._mpesa.advising import advice
from adapters.payments._mpesa.codes import Meaning, Refusal
from adapters.payments._mpesa.paths import CONFIRMATION, PROMPT, VALIDATION, Segments
from adapters.payments._mpesa.tokens import NOT_REACHED, App, NoToken, tokens_of
from adapters.settings import Secret
from engine.address import Millis
from engine.books import Charged
from engine.errors import ConfigError
from engine.payment_calls import Heard, Verdict
from engine.payments import Failure, Intent, PaymentNews, Way
from engine.ports import Answer, AnswerLost, Call, Http, NotSent, Reply

__all__ = ["KIND", "Mpesa", "MpesaSettings", "Settings", "advice", "build"]

KIND = "mpesa"

HOSTS = {"sandbox": "https://sandbox.safaricom.co.ke", "production": "https://api.safaricom.co.ke"}
BASE_URLS = r"^(https://[^\s/?#@]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)?/?\Z"
"""Without TLS only on loopback: keys travel in every request."""
PUSH, QUERY = "/mpesa/stkpush/v1/processrequest", "/mpesa/stkpushquery/v1/query"
REGISTER = "/mpesa/c2b/v2/registerurl"
LOST_AFTER: Millis = 110_000
"""How long after it was wished for a push whose answer was lost can still be heard of: it leaves within 45 s, and its
prompt lasts 60."""
SECRETS = ("consumer_key", "consumer_secret", "passkey", "callback_secret")
VERDICTS = {Verdict.WELCOME: "0", Verdict.NOT_OWED: "C2B00012", Verdict.OTHER_AMOUNT: "C2B00013"}
"""What C2B's question is answered with; C2B00016 is any other reason."""
DECIDED = (Meaning.UNDER_WAY, Meaning.BUSY, Meaning.OPERATOR)
"""What Daraja says with 500 though it works."""
NOT_KENYAN = "M-Pesa needs a Kenyan number"
NO_SHILLINGS = f"M-Pesa takes {reading.CURRENCY} only."


class MpesaSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator sets for one shop; the descriptions are what a configuration error says is expected.

    A secret may be "" only where the whole server is ``insecure``, callback_secret never: nothing else tells Daraja's
    calls from anybody's.
    """

    environment: Annotated[
        str, Meta(pattern=r"^(sandbox|production)\Z", description='an environment: "sandbox" or "production"')
    ] = "sandbox"
    base_url: Annotated[
        str, Meta(pattern=BASE_URLS, description="the API's address: https://HOST, or http:// on loopback")
    ] = ""
    """"": the environment's own."""
    consumer_key: Secret
    consumer_secret: Secret
    """The app's, at developer.safaricom.co.ke."""
    passkey: Secret
    """Lipa Na M-Pesa Online's, for the shortcode."""
    shortcode: Annotated[str, Meta(pattern=r"^[0-9]{5,10}\Z", description="a paybill or store number: digits")]
    till: Annotated[str, Meta(pattern=r"^([0-9]{5,10})?\Z", description="a till number: digits")] = ""
    """Customers pay this till ("buy goods"); "" is the paybill ``shortcode`` itself."""
    callback_secret: Secret
    """Any long random text of our own: it makes the addresses of callbacks unguessable."""
    path: Annotated[
        str,
        Meta(
            pattern=r"^(?!(?i:.*(mpesa|safaricom|exe|cmd|sql|query)))/[A-Za-z0-9/_.~-]*[A-Za-z0-9_.~-]\Z",
            description='the path of its calls, for example "/pay/m", without the words that Daraja forbids',
        ),
    ] = "/pay/m"
    allowed_ips: tuple[str, ...] = ()
    """Addresses and networks that Daraja calls from; none: any."""
    by_hand: bool = False
    """Whether people may pay with paybill and account number, without a prompt (C2B)."""


Settings = MpesaSettings


def build(site: Site, settings: MpesaSettings) -> Mpesa:
    """The provider of a shop. Raises ConfigError when a secret is missing without ``insecure``, for an address that is
    none, where Daraja would refuse the address of our callbacks, and for a shop that sells in another currency: a
    prompt names none, so its sum would be asked for in shillings."""
    here = f"shop.{site.shop}.payments"
    if site.currency not in ("", reading.CURRENCY):
        raise ConfigError(f"{here}: {NO_SHILLINGS} shop.{site.shop}.currency is {site.currency}.")
    missing = [name for name in SECRETS if not getattr(settings, name)]
    if missing and (not site.insecure or "callback_secret" in missing):
        keys = ", ".join(f"{here}.{name}" for name in missing)
        raise ConfigError(f"{keys}: missing; a payment provider does not start without its secrets.")
    if odd := [one for one in settings.allowed_ips if not _is_network(one)]:
        raise ConfigError(f"{here}.allowed_ips: expected addresses or networks, found {', '.join(odd)}")
    if word := paths.forbidden(site.public_url + settings.path):
        raise ConfigError(
            f"server.public_url and {here}.path: Daraja refuses addresses with the word {word!r}; choose others."
        )
    return Mpesa(site, settings)


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


class Mpesa:
    """See ``engine.ports.Provider`` and ``Outspoken``. All of an app's providers share one access token."""

    kind = KIND

    def __init__(self, site: Site, settings: MpesaSettings) -> None:
        self.shop = site.shop
        self.paths: tuple[str, ...] = (f"{settings.path}/*",)
        self.ways = frozenset({Way.MPESA})
        self.settings = settings
        self._now = site.now
        self._segments = Segments(site.shop, settings.callback_secret)
        self._callbacks = f"{site.public_url}{settings.path}/"
        self._base = (settings.base_url or HOSTS[settings.environment]).rstrip("/")
        self._tokens = tokens_of(App(self._base, settings.consumer_key, settings.consumer_secret))
        self._numbers = frozenset(filter(None, (settings.shortcode, settings.till)))

    # -- in ----------------------------------------------------------------------------------------------------------
    def genuine(self, call: Call) -> bool:
        """Whether a call came to an address that only Daraja knows, and from where it may come."""
        found = self._called(call)
        known = found is not None and (found[0] == PROMPT or self.settings.by_hand)
        return known and paths.comes_from(call.client, self.settings.allowed_ips)

    def parse(self, call: Call) -> Heard:
        """Read a genuine call. Raises BadInput."""
        what, intent = self._called(call) or ("", "")
        if what == PROMPT:
            return Heard(hearsay=(reading.callback(call.raw, intent),))
        if what == VALIDATION:
            return Heard(question=reading.question(call.raw))
        return Heard((reading.confirmation(call.raw, self._numbers),))

    def answer(self, call: Call, verdict: Verdict) -> Reply:
        """As protocols.md 3.2 words it. Only C2B's question has more than one answer."""
        what, _ = self._called(call) or ("", "")
        told: dict[str, object] = {"ResultCode": 0, "ResultDesc": "Accepted"}
        if what == VALIDATION:
            welcome = verdict is Verdict.WELCOME
            told = {
                "ResultCode": VERDICTS.get(verdict, "C2B00016"),
                "ResultDesc": "Accepted" if welcome else "Rejected",
            }
        elif what == CONFIRMATION:
            told = {"ResultCode": 0, "ResultDesc": "Success"}
        return Reply(200, "application/json", msgspec.json.encode(told))

    def _called(self, call: Call) -> tuple[str, str] | None:
        return self._segments.read(call.path.rpartition("/")[2])

    # -- out ---------------------------------------------------------------------------------------------------------
    async def charge(self, http: Http, intent: Intent) -> Charged:
        """Put a prompt on the phone. Once: where nobody knows whether it was put there, it is not asked again."""
        if intent.currency != reading.CURRENCY:  # of before the shop's currency was changed
            return Charged(intent.id, False, provider=KIND, failure=Failure.UNREACHABLE.value, reason=NO_SHILLINGS)
        phone = prompting.msisdn(intent.phone)
        if not phone:
            return Charged(intent.id, False, provider=KIND, failure=Failure.REFUSED.value, reason=NOT_KENYAN)
        try:
            answer = await self._post(http, PUSH, self._push(intent, phone))
        except NoToken as error:
            return _uncharged(intent, error.refusal)
        except NotSent:
            return _uncharged(intent, NOT_REACHED)
        except AnswerLost:
            return _unsure(intent)
        told = codes.decoded(answer.body)
        name = reading.text(told, "CheckoutRequestID")
        if 200 <= answer.status < 300:
            taken = name and reading.text(told, "ResponseCode") == codes.PAID
            return Charged(intent.id, asked=True, provider=KIND, provider_ref=name) if taken else _unsure(intent)
        return _uncharged(intent, codes.refusal(answer))

    async def ask(self, http: Http, intent: Intent) -> PaymentNews | None:
        """What became of a prompt. The id to ask by is Daraja's, from its answer or else from the callback."""
        told = intent.told.news.provider_ref if intent.told is not None else ""
        name = intent.provider_ref or told
        if not name:
            return reading.never_heard_of(intent) if self._now() >= intent.created_at + LOST_AFTER else None
        try:
            answer = await self._post(http, QUERY, {**self._signed(), "CheckoutRequestID": name})
        except (NoToken, NotSent, AnswerLost):
            return None  # it is asked again later
        result = codes.decoded(answer.body)
        code = reading.text(result, "ResultCode")
        if not 200 <= answer.status < 300 or not code or reading.text(result, "CheckoutRequestID") not in ("", name):
            return None
        if code == codes.PAID:
            return reading.paid(intent, name)
        return None if code in codes.UNDER_WAY else reading.failed(intent.id, name, code)

    def works(self, answer: Answer) -> bool:
        """Daraja says with 500 that a prompt is still on the phone, or that a phone is busy."""
        return answer.status < 500 or codes.refusal(answer).meaning in (
            Meaning.UNDER_WAY,
            Meaning.BUSY,
            Meaning.OPERATOR,
        )

    async def check(self, http: Http) -> str:
        """Whether Daraja takes the app's keys: "" when it does, else a sentence for the operator."""
        try:
            await self._tokens.current(http)
        except NoToken as error:
            return error.refusal.sentence
        return ""

    async def register_c2b(self, http: Http) -> str:
        """Tell Daraja where C2B is asked and confirmed (once, in production): "" when it took them, else why not."""
        body = {
            "ShortCode": self.settings.shortcode,
            "ResponseType": "Completed",
            "ConfirmationURL": self._callbacks + self._segments.fixed(CONFIRMATION),
            "ValidationURL": self._callbacks + self._segments.fixed(VALIDATION),
        }
        try:
            answer = await self._post(http, REGISTER, body)
        except NoToken as error:
            return error.refusal.sentence
        except (NotSent, AnswerLost):
            return "Daraja did not answer; try again."
        if 200 <= answer.status < 300:
            return ""
        already = b"already registered" in answer.body.lower()
        return "The addresses were registered before." if already else codes.refusal(answer).sentence

    # -- parts -------------------------------------------------------------------------------------------------------
    def _signed(self) -> dict[str, Any]:
        stamp = prompting.timestamp(self._now())
        code = self.settings.shortcode
        signed = prompting.password(code, self.settings.passkey, stamp)
        return {"BusinessShortCode": code, "Password": signed, "Timestamp": stamp}

    def _push(self, intent: Intent, phone: str) -> Mapping[str, object]:
        till = self.settings.till
        return {
            **self._signed(),
            "TransactionType": "CustomerBuyGoodsOnline" if till else "CustomerPayBillOnline",
            "Amount": prompting.whole_shillings(intent.amount, intent.currency),
            "PartyA": phone,
            "PartyB": till or self.settings.shortcode,
            "PhoneNumber": phone,
            "CallBackURL": self._callbacks + self._segments.prompt(intent.id),
            "AccountReference": prompting.account(intent),
            "TransactionDesc": prompting.description(intent),
        }

    async def _post(self, http: Http, path: str, body: Mapping[str, object]) -> Answer:
        """One request, and once more with a new token where the old one was refused: nothing was carried out then.
        Raises NoToken, NotSent and AnswerLost."""
        raw = msgspec.json.encode(body)
        token = await self._tokens.current(http)
        answer = await http.post(self._base + path, _headers(token.access), raw)
        if 200 <= answer.status < 300 or codes.refusal(answer).meaning is not Meaning.TOKEN:
            return answer
        self._tokens.drop(token)
        token = await self._tokens.current(http)
        return await http.post(self._base + path, _headers(token.access), raw)


def _headers(access: Secret) -> dict[str, str]:
    return {"authorization": f"Bearer {access}", "content-type": "application/json"}


def _unsure(intent: Intent) -> Charged:
    return Charged(intent.id, asked=True, provider=KIND, reason=codes.NO_TELLING)


def _uncharged(intent: Intent, refusal: Refusal) -> Charged:
    """What a push means that was not accepted."""
    match refusal.meaning:
        case Meaning.NOT_NOW:
            return Charged(intent.id, asked=False, again=True, reason=refusal.sentence)
        case Meaning.UNSURE | Meaning.UNDER_WAY:
            return _unsure(intent)
        case Meaning.BUSY:
            said, failure = codes.RESULTS["1001"].said, Failure.REFUSED
        case _:
            said, failure = refusal.sentence, Failure.UNREACHABLE
    return Charged(intent.id, False, provider=KIND, failure=failure.value, reason=said)
