"""What is still missing or wrong before a shop serves, in plain words: what no type can say, and nothing refuses.

A kind's file may name ``advice(shop, settings, public_url) -> Sequence[str]``: what to do at its provider, step by
step, with each address and where each value comes from. What it builds may have ``async check(http) -> str``: whether
the provider takes the credentials, "" when it does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from ipaddress import ip_address
from types import ModuleType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from adapters.config import Config, ShopConfig
from adapters.loading import is_loopback
from adapters.settings import Secret
from engine import announcing, dues, unbooking, waitlist

PLACEHOLDER = re.compile(
    r"(?i)^((sk|rk)_(test|live)_|whsec_)?(x{3,}|\.{3}|…|\*{3,}|<.*>|\{.*\}|\$\{?\w+\}?"
    r"|(your|my|put|insert|paste|enter)[ _-].*|change"
    r"|.*change[ _-]?me.*|.*replace[ _-]?me.*|todo|tbd|test|example|dummy|placeholder|secret|token|password|key)$"
)
"""What documentation and templates write where a secret belongs."""
SHORTEST = 6
"""Characters of any provider's secret."""
PRIVATE_ENDS = (".local", ".localhost", ".internal", ".lan", ".home", ".test", ".example", ".invalid")
"""Names that no provider can look up (RFC 2606, RFC 6762, RFC 8375)."""
TEMPLATES = {
    "micro_sales": {"order": "a customer who is silent for a day can't be asked how to pay for an order of the API's"},
    "wholesale": {dues.KIND: "a dealer who is silent for a day is not reminded of what is due"},
    "ticketing": {
        unbooking.TEMPLATE: "who is silent for a day does not hear that a booking was cancelled",
        waitlist.TEMPLATE: "who is silent for a day does not hear of a seat that became free",
    },
}
"""By flow: the purposes of terms.templates, and what happens without."""
UNHEARD = "one of the shop's own people who is silent for a day hears of new orders only when they write"


class Grade(str, Enum):
    """WRONG: it can't start, or nothing would work. MISSING: it works, but something does not. TO_DO: a step outside.
    FINE: what was looked at and is well."""

    WRONG = "wrong"
    MISSING = "missing"
    TO_DO = "to do"
    FINE = "fine"


class Finding(NamedTuple):
    """One sentence, about one shop or ("") all."""

    grade: Grade
    shop: str
    sentence: str


def findings(config: Config, modules: dict[tuple[str, str], ModuleType]) -> list[Finding]:
    """All that the configuration itself shows. ``modules``: the file of each kind, by its room and name."""
    found = list(_address(config))
    for shop in config.shops:
        found += [*_secrets(shop), *_owner(shop), *_ways(shop), *_templates(shop)]
        found += _advice(shop, config.server.public_url, modules)
    return found


# -- the address -----------------------------------------------------------------------------------------------------
def _address(config: Config) -> Iterator[Finding]:
    server = config.server
    if server.insecure:
        yield Finding(Grade.MISSING, "", "server.insecure is on: for trying out on this machine, never for customers.")
        return
    parts = urlsplit(server.public_url)
    host = parts.hostname or ""
    if parts.scheme != "https":
        yield Finding(Grade.WRONG, "", "server.public_url begins with http://; every provider calls https:// only.")
    if why := _unreachable(host):
        yield Finding(Grade.WRONG, "", f"server.public_url: no provider can call {host}: {why}.")
    if parts.port not in (None, 443):
        yield Finding(Grade.MISSING, "", f"server.public_url names port {parts.port}; some providers call 443 only.")
    if not is_loopback(server.host):
        what = "put a reverse proxy with TLS in front and bind to 127.0.0.1"
        yield Finding(Grade.MISSING, "", f"server.bind takes unencrypted HTTP from other machines; {what}.")


def _unreachable(host: str) -> str:
    """Why nobody outside can call a host, "" when they can."""
    if is_loopback(host):
        return "it is this machine"
    try:
        address = ip_address(host)
    except ValueError:
        if "." not in host or host.endswith(PRIVATE_ENDS):
            return "it is no name of the internet's"
        return ""
    if address.is_global:
        return "it is a number, for which certificates that providers take are hardly to be had; use a name"
    return "it is an address of a private network"


# -- a shop ----------------------------------------------------------------------------------------------------------
def _parts(shop: ShopConfig) -> list[tuple[str, str, str, Any]]:
    """(Room, kind, path of its keys, settings) of everything that a shop has outside."""
    here = f"shop.{shop.name}"
    found: list[tuple[str, str, str, Any]] = [
        ("channels", shop.channel.kind, f"{here}.channel", shop.channel.settings),
        *[("payments", one.kind, f"{here}.payments", one.settings) for one in shop.payments],
    ]
    crm = getattr(shop, "crm", None)
    return found if crm is None else [*found, ("crm", crm.kind, f"{here}.crm", crm.settings)]


def _secrets(shop: ShopConfig) -> Iterator[Finding]:
    for _, _, path, settings in _parts(shop):
        for field in msgspec.structs.fields(settings):
            value = getattr(settings, field.name)
            if isinstance(value, Secret) and value and (PLACEHOLDER.match(value) or len(value) < SHORTEST):
                yield Finding(Grade.WRONG, shop.name, f"{path}.{field.name} is a placeholder, not a secret.")


def _owner(shop: ShopConfig) -> Iterator[Finding]:
    if not shop.owner.secrets:
        how = f"make one with `run.py token` and put its hash into shop.{shop.name}.owner.secrets"
        yield Finding(Grade.MISSING, shop.name, f"The owner's API is closed, for there is no secret; {how}.")


def _ways(shop: ShopConfig) -> Iterator[Finding]:
    here = f"shop.{shop.name}"
    if "bank" in shop.terms.ways and not shop.terms.bank:
        yield Finding(Grade.MISSING, shop.name, f"{here}.terms.bank is empty: to which account is money sent?")


def _templates(shop: ShopConfig) -> Iterator[Finding]:
    mapped = {one.partition("=")[0] for one in shop.terms.templates}
    heard = {announcing.TEMPLATE: UNHEARD} if shop.owner.phones or shop.owner.staff else {}
    for purpose, what in (TEMPLATES.get(shop.flow, {}) | heard).items():
        if purpose not in mapped:
            how = f"map one with shop.{shop.name}.terms.templates"
            yield Finding(Grade.MISSING, shop.name, f"There is no template for {purpose}: {what}; {how}.")


def _advice(shop: ShopConfig, public_url: str, modules: dict[tuple[str, str], ModuleType]) -> Iterator[Finding]:
    for room, kind, _, settings in _parts(shop):
        advice = getattr(modules.get((room, kind)), "advice", None)
        told: Sequence[str] = advice(shop.name, settings, public_url) if advice is not None else ()
        path = getattr(settings, "path", "")
        if not told and path:
            told = (f"Enter {public_url.rstrip('/')}/s/{shop.name}{path} as the webhook's address.",)
        for sentence in told:
            yield Finding(Grade.TO_DO, shop.name, f"{kind}: {sentence}")
