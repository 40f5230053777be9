"""The rules of Daraja's requests, field by field (protocols.md 3.2)."""

from __future__ import annotations

import base64
import re
from urllib.parse import urlsplit

import msgspec

from adapters.payments._mpesa.paths import forbidden
from adapters.phones.daraja.book import DarajaAccount, Json
from adapters.phones.daraja.refused import NO_JSON, NO_MERCHANT, WRONG_PASSWORD, invalid

PHONE = re.compile(r"254[17][0-9]{8}")
STAMP = re.compile(r"20[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TUNNELS = ("ngrok", "mockbin", "requestbin")
KINDS = {"CustomerPayBillOnline": False, "CustomerBuyGoodsOnline": True}
"""TransactionType → whether a till is paid."""


def read(raw: bytes) -> Json:
    """The object that a body is. Raises Refused."""
    try:
        return msgspec.json.decode(raw, type=Json)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NO_JSON from None


def signed(account: DarajaAccount, said: Json) -> None:
    """Shortcode, password and time belong together. Raises Refused."""
    stamp, code = str(said.get("Timestamp", "")), str(said.get("BusinessShortCode", ""))
    if not STAMP.fullmatch(stamp):
        raise invalid("Timestamp")
    if code != account.shortcode:
        raise NO_MERCHANT
    if said.get("Password") != base64.b64encode(f"{code}{account.passkey}{stamp}".encode()).decode():
        raise WRONG_PASSWORD


def push(account: DarajaAccount, said: Json) -> tuple[int, str, str, str]:
    """Amount, phone, reference and address of a push that keeps the rules. Raises Refused."""
    signed(account, said)
    kind, amount, phone = said.get("TransactionType"), said.get("Amount"), str(said.get("PhoneNumber", ""))
    if kind not in KINDS:
        raise invalid("TransactionType")
    if not isinstance(amount, int) or isinstance(amount, bool) or amount < 1:
        raise invalid("Amount")
    if not PHONE.fullmatch(phone):
        raise invalid("PhoneNumber")
    if said.get("PartyA") != phone:
        raise invalid("PartyA")
    if said.get("PartyB") != (account.till if KINDS[kind] else account.shortcode):
        raise invalid("PartyB")
    reference = str(said.get("AccountReference", ""))
    if not 1 <= len(reference) <= 12:
        raise invalid("AccountReference")
    if not 1 <= len(str(said.get("TransactionDesc", ""))) <= 13:
        raise invalid("TransactionDesc")
    return amount, phone, reference, address(said, "CallBackURL")


def address(said: Json, field: str) -> str:
    """An address that Daraja calls: https, or loopback here, and none of its words. Raises Refused."""
    url = str(said.get(field, ""))
    parts = urlsplit(url)
    tls = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not tls or not parts.hostname or forbidden(url) or any(one in parts.hostname for one in TUNNELS):
        raise invalid(field)
    return url
