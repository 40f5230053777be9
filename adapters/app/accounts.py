"""The sample shops' accounts at the fakes: fresh secrets on one side, the settings that fit them on the other."""

from __future__ import annotations

import secrets
from typing import Any

from adapters.app.samples import Sample
from adapters.channels._twilio.render import RETRIES
from adapters.channels.ghala import GhalaSettings as GhalaChannel
from adapters.channels.twilio import TwilioSettings
from adapters.channels.whatsapp_cloud import WhatsAppCloudSettings
from adapters.payments._mpesa.paths import CONFIRMATION, VALIDATION, Segments
from adapters.payments.ghala import GhalaSettings as GhalaPayments
from adapters.payments.mpesa import MpesaSettings
from adapters.payments.stripe import StripeSettings
from adapters.phones.daraja.book import DarajaAccount
from adapters.phones.fronts import META
from adapters.phones.ghala.wire import CLASSIC, V2
from adapters.phones.meta.rules import FakeNumber
from adapters.phones.pay.requests import PATHS as PAY_PATHS
from adapters.phones.pay.requests import PayAccount
from adapters.phones.stripe.book import StripeAccount
from adapters.phones.twilio.names import PROVIDER as TWILIO
from adapters.phones.twilio.names import account_sid
from adapters.settings import Secret

GHALA_PATHS = {"classic": "/ghala", "v2": "/ghala/v2"}
"""Where the fake speaks which dialect of Ghala."""

TWILIO_PATH, TYPING_PATH = "/twilio", "/twilio/v3/Indicators/Typing.json"
"""Where the fake speaks Twilio."""

PROVIDERS = {
    ("ghala", "classic"): CLASSIC,
    ("ghala", "v2"): V2,
    ("twilio", "classic"): TWILIO,
    ("twilio", "v2"): TWILIO,
}
"""What the fake calls those who are not Meta, by channel and dialect (Twilio has but one way of speaking)."""


def fake_number(shop: Sample, owner: str = "") -> FakeNumber:
    """The shop's number at the fake provider, with fresh secrets. Twilio signs with what lets one in."""
    token = secrets.token_urlsafe()
    return FakeNumber(
        phone_number_id=shop.number_id,
        display_phone_number=shop.number,
        title=shop.title,
        waba_id="100000000000001",
        access_token=token,
        app_secret=token if shop.channel == "twilio" else secrets.token_hex(16),
        name=shop.name,
        about=shop.about,
        says=shop.says,
        flow=shop.flow,
        provider=PROVIDERS.get((shop.channel, shop.dialect), META),
        owner=owner,
    )


def fake_account(shop: Sample) -> PayAccount:
    """The shop's account at the fake payment provider, with fresh secrets."""
    return PayAccount(shop.name, shop.title, secrets.token_urlsafe(), secrets.token_hex(16), dialect=shop.dialect)


def channel_settings(shop: Sample, number: FakeNumber, url: str, *, pace: int, mark_read: bool) -> Any:
    """The settings of the shop's channel, for the fake at ``url``."""
    if shop.channel == "ghala":
        return GhalaChannel(
            path=shop.path,
            base_url=url + GHALA_PATHS[shop.dialect],
            api_key=Secret(number.access_token),
            webhook_secret=Secret(number.app_secret),
            number=number.digits,
            dialect=shop.dialect,
            messages_per_second=pace,
        )
    if shop.channel == "twilio":
        return TwilioSettings(
            path=shop.path,
            base_url=url + TWILIO_PATH,
            typing_url=url + TYPING_PATH,
            content_url=url + TWILIO_PATH,
            account_sid=account_sid(number),
            auth_token=Secret(number.access_token),
            number=number.digits,
            mark_read=mark_read,
            messages_per_second=pace,
        )
    return WhatsAppCloudSettings(
        path=shop.path,
        base_url=url,
        phone_number_id=number.phone_number_id,
        waba_id=number.waba_id,
        access_token=Secret(number.access_token),
        app_secret=Secret(number.app_secret),
        verify_token=Secret(secrets.token_urlsafe()),
        mark_read=mark_read,
        messages_per_second=pace,
    )


def webhook_of(shop: Sample, shop_url: str) -> str:
    """The address of the shop's channel, as it is entered at its provider."""
    return f"{shop_url}/s/{shop.name}{shop.path}" + (RETRIES if shop.channel == "twilio" else "")


def payments_settings(shop: Sample, account: PayAccount, url: str) -> GhalaPayments:
    """The settings of the shop's payments, for the fake at ``url``."""
    return GhalaPayments(
        path=shop.payments,
        base_url=url + PAY_PATHS[shop.dialect],
        dialect=shop.dialect,
        offers=("card",) if shop.daraja else ("mpesa", "card"),
        api_key=Secret(account.api_key),
        webhook_secret=Secret(account.webhook_secret),
    )


# -- M-Pesa ------------------------------------------------------------------------------------------------------------
def fake_daraja_account(shop: Sample) -> DarajaAccount:
    """The shop's app and shortcode at the fake Daraja, with fresh secrets."""
    key, secret, passkey = (secrets.token_urlsafe() for _ in range(3))
    return DarajaAccount(shop.name, shop.title, key, secret, passkey)


def daraja_settings(account: DarajaAccount, url: str) -> MpesaSettings:
    """How the shop reaches it there."""
    return MpesaSettings(
        base_url=url,
        consumer_key=Secret(account.key),
        consumer_secret=Secret(account.secret),
        passkey=Secret(account.passkey),
        shortcode=account.shortcode,
        callback_secret=Secret(secrets.token_hex()),
        by_hand=True,
    )


def register(account: DarajaAccount, settings: MpesaSettings, shop_url: str) -> None:
    """The shop's addresses for payments by hand, as ``run.py c2b`` registers them."""
    segments = Segments(account.name, settings.callback_secret)
    account.confirmation_url = f"{shop_url}{settings.path}/{segments.fixed(CONFIRMATION)}"
    account.validation_url = f"{shop_url}{settings.path}/{segments.fixed(VALIDATION)}"


# -- cards -------------------------------------------------------------------------------------------------------------
def by_card(shop: Sample) -> bool:
    """Whether its payments go through Stripe."""
    return shop.bank == "stripe"


def fake_card_account(shop: Sample) -> StripeAccount:
    """The shop's account at the fake Stripe, with fresh secrets."""
    key, signs = f"sk_test_{secrets.token_urlsafe()}", f"whsec_{secrets.token_hex(16)}"
    return StripeAccount(shop.name, shop.title, key, (signs,))


def card_settings(shop: Sample, account: StripeAccount, url: str) -> StripeSettings:
    """How the shop reaches it there."""
    return StripeSettings(
        path=shop.payments,
        base_url=url,
        secret_key=Secret(account.secret_key),
        webhook_secret=Secret(account.webhook_secrets[0]),
    )
