"""From a TOML file and the environment to a Config, or to one ConfigError that names every mistake at once.

``adapters.settings`` reads the single values; here stand the rules that join several of them.
"""

from __future__ import annotations

import ipaddress
import tomllib
import zoneinfo
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import babel
import msgspec
from babel.numbers import is_currency

from adapters.config import (
    ChannelConfig,
    Config,
    CrmConfig,
    OutboxConfig,
    PaymentsConfig,
    ServerConfig,
    ShopConfig,
    StorageConfig,
)
from adapters.settings import Reader, meant, shown
from adapters.terms import TermsConfig, invoice_problems, terms_problems
from adapters.web.access import OwnerConfig, owner_problems, phone_problems
from engine.errors import ConfigError

NO_SETTINGS = frozenset({"SOKONI_VENV", "SOKONI_CHROMIUM"})
"""Variables of ours that are no settings: the folder of the environment (run.py), the browser of the tests."""

INSECURE = (
    "server.insecure is on: webhooks are believed without a signature, "
    "so anybody who reaches this machine's loopback can write as any customer. Never use it for a real shop."
)

Part = TypeVar("Part", bound=msgspec.Struct)
Kinds = Mapping[str, type[msgspec.Struct]]


def load(
    path: Path,
    environ: Mapping[str, str],
    kinds: Kinds,
    flows: Collection[str],
    providers: Kinds | None = None,
    crms: Kinds | None = None,
) -> Config:
    """Read and check ``path``. ``kinds`` are the channels with their settings structs, ``providers`` those of
    payments, ``crms`` the CRMs, ``flows`` the shops' flows.

    Raises ConfigError.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not a TOML file: {error}.") from None
    loading = _Loading(tables, Reader(environ, path.absolute().parent), kinds, flows, providers or {}, crms or {})
    config = loading.config()
    if config is None:
        problems = loading.reader.problems
        count = "one mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        raise ConfigError("\n  ".join([f"{path} has {count}:", *problems]))
    return config


class _Loading:
    """One ``load``: problems gather in ``reader``, and a part that has one is None."""

    def __init__(
        self,
        tables: Mapping[str, Any],
        reader: Reader,
        kinds: Kinds,
        flows: Collection[str],
        providers: Kinds,
        crms: Kinds,
    ) -> None:
        self.reader = reader
        self._tables = tables
        self._kinds = kinds
        self._providers = providers
        self._crms = crms
        self._flows = flows

    def config(self) -> Config | None:
        """The whole, or None when there are problems."""
        self.reader.refuse_unknown(self._tables, ("server", "storage", "outbox", "shop"), "")
        server = self._table(ServerConfig, "server")
        storage = self._table(StorageConfig, "storage")
        outbox = self._table(OutboxConfig, "outbox")
        shops = list(self._shops(insecure=server is not None and server.insecure))
        self.reader.problems += [*(server_problems(server) if server else ()), *twins(shops)]
        self.reader.refuse_unknown_variables(NO_SETTINGS)
        if self.reader.problems or server is None or storage is None or outbox is None:
            return None
        storage = StorageConfig(url=f"sqlite:///{self.reader.folder / storage.path}")
        warnings = (INSECURE,) if server.insecure else ()
        return Config(server=server, storage=storage, outbox=outbox, shops=tuple(shops), warnings=warnings)

    def _table(self, struct: type[Part], name: str) -> Part | None:
        values = self.reader.values(struct, self._tables.get(name, {}), name)
        return _built(struct, values)

    def _shops(self, insecure: bool) -> Iterator[ShopConfig]:
        tables = self._tables.get("shop", [])
        if not isinstance(tables, list) or not tables:
            self.reader.problems.append("shop: expected at least one [[shop]] table")
            return
        for number, table in enumerate(tables, 1):
            name = table.get("name") if isinstance(table, dict) else None
            path = f"shop.{name}" if isinstance(name, str) and name else f"shop.{number}"
            if (shop := self._shop(path, table, insecure)) is not None:
                yield shop

    def _shop(self, path: str, table: object, insecure: bool) -> ShopConfig | None:
        values = self.reader.values(ShopConfig, table, path, nested=("channel", "terms", "owner", "payments", "crm"))
        if not isinstance(table, dict):
            return None
        channel = self._channel(f"{path}.channel", table.get("channel"), insecure)
        terms_table = table.get("terms", {})
        terms = self.reader.values(TermsConfig, terms_table, f"{path}.terms")
        self.reader.problems += terms_problems(f"{path}.terms", terms)
        self.reader.problems += invoice_problems(f"{path}.terms", terms, values.get("flow", ""))
        owner = self.reader.values(OwnerConfig, table.get("owner", {}), f"{path}.owner")
        self.reader.problems += owner_problems(f"{path}.owner", owner.get("secrets", ()))
        self.reader.problems += phone_problems(f"{path}.owner", owner.get("phones", ()), owner.get("staff", ()))
        values |= {"terms": TermsConfig(**terms), "owner": OwnerConfig(**owner)}
        values |= {"payments": tuple(self._payments(f"{path}.payments", table.get("payments", []), insecure))}
        if "crm" in table and (crm := self._crm(f"{path}.crm", table["crm"], insecure)) is not None:
            values |= {"crm": crm}
        shop = _built(ShopConfig, values | ({"channel": channel} if channel else {}))
        self.reader.problems += shop_problems(path, values, self._flows)
        return shop and msgspec.structs.replace(shop, title=shop.title or shop.name.capitalize())

    def _channel(self, path: str, table: object, insecure: bool) -> ChannelConfig | None:
        if not isinstance(table, dict):
            self.reader.problems.append(f"{path}: missing; expected a [shop.channel] table with a kind")
            return None
        values = self._of_a_kind(ChannelConfig, self._kinds, "channel", path, table, insecure)
        return _built(ChannelConfig, values)

    def _payments(self, path: str, given: object, insecure: bool) -> Iterator[PaymentsConfig]:
        """``[shop.payments]`` is one provider, ``[[shop.payments]]`` one of several; each kind at most once, for its
        name is what settings, payments and the environment call it by."""
        tables = [given] if isinstance(given, dict) else given
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self.reader.problems.append(f"{path}: expected a [shop.payments] table, or several [[shop.payments]]")
            return
        several = len(tables) > 1
        seen: set[str] = set()
        for table in tables:
            kind = str(table.get("kind", ""))
            where = f"{path}.{kind}" if several and kind in self._providers else path
            if kind and kind in seen:
                self.reader.problems.append(f"{path}: {kind} stands here twice; each kind once")
            seen.add(kind)
            values = self._of_a_kind(PaymentsConfig, self._providers, "payment provider", where, table, insecure)
            if (made := _built(PaymentsConfig, values)) is not None:
                yield made

    def _crm(self, path: str, table: object, insecure: bool) -> CrmConfig | None:
        if not isinstance(table, dict):
            self.reader.problems.append(f"{path}: expected a [shop.crm] table with a kind")
            return None
        return _built(CrmConfig, self._of_a_kind(CrmConfig, self._crms, "CRM", path, table, insecure))

    def _of_a_kind(
        self, common: type[msgspec.Struct], kinds: Kinds, noun: str, path: str, table: dict[str, Any], insecure: bool
    ) -> dict[str, Any]:
        """The common keys first: only they say which struct reads the rest, as ``settings``."""
        shared = [field for field in common.__struct_fields__ if field != "settings"]
        given = {key: value for key, value in table.items() if key in shared}
        values = self.reader.values(common, given, path, nested=("settings",))
        kind = values.get("kind", "")
        struct = kinds.get(str(kind))
        if struct is None:
            if "kind" in values:
                self.reader.problems.append(f"{path}.kind: unknown {noun} {shown(kind)}{meant(kind, kinds)}")
            return {}
        rest = {key: value for key, value in table.items() if key not in shared}
        settings = _built(struct, self.reader.values(struct, rest, path, empty_secrets=insecure))
        return values | ({"settings": settings} if settings is not None else {})


def _built(struct: type[Part], values: Mapping[str, Any]) -> Part | None:
    """The struct, or None when a required value is missing (which is a problem already)."""
    required = {field.name for field in msgspec.structs.fields(struct) if field.required}
    return struct(**values) if required <= values.keys() else None


# -- rules -----------------------------------------------------------------------------------------------------------
def server_problems(server: ServerConfig) -> list[str]:
    """What is wrong with the addresses, and with ``insecure`` off loopback."""
    problems = []
    if not _is_bind(server.bind):
        problems.append(f'server.bind: expected HOST:PORT, for example "127.0.0.1:8080", found {shown(server.bind)}')
    if odd := [one for one in server.trusted_proxies if not _is_network(one)]:
        problems.append(f"server.trusted_proxies: expected addresses or networks, found {', '.join(map(shown, odd))}")
    host = _url_host(server.public_url)
    if host is None:
        problems.append(f'server.public_url: expected "https://HOST" without a path, found {shown(server.public_url)}')
    elif server.insecure and not problems:
        outside = [
            f"server.{name} is {shown(value)}"
            for name, value, where in (
                ("bind", server.bind, server.host),
                ("public_url", server.public_url, host),
            )
            if not is_loopback(where)
        ]
        if outside:
            problems.append(
                "server.insecure: allowed only when bind and public_url are both on loopback "
                f"(127.0.0.1, ::1, localhost); {' and '.join(outside)}"
            )
    return problems


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def shop_problems(path: str, values: Mapping[str, Any], flows: Collection[str]) -> list[str]:
    """What no type can say: does the flow exist, the currency, the locale, the time zone, the file?"""
    rules: list[tuple[str, Callable[[Any], bool], str]] = [
        ("flow", flows.__contains__, f"one of {', '.join(sorted(flows))}"),
        ("currency", is_currency, 'a currency code of ISO 4217, for example "INR"'),
        ("locale", _is_locale, 'a locale, for example "en_IN"'),
        ("timezone", _is_timezone, 'a time zone, for example "Asia/Kolkata"'),
        ("languages", lambda codes: bool(codes) and all(map(_is_locale, codes)), 'languages, for example ["en", "hi"]'),
        ("catalogue", Path.is_file, "a file that is there"),
        ("events", Path.is_file, "a file that is there"),
    ]
    problems = [
        f"{path}.{key}: expected {what}, found {shown(values[key])}"
        for key, holds, what in rules
        if key in values and not holds(values[key])
    ]
    if "catalogue" not in values and "events" not in values:
        problems.append(f"{path}.catalogue: missing; expected a file of products, or events: a file of events")
    return problems


def twins(shops: Sequence[ShopConfig]) -> list[str]:
    """Two shops of one name or of one business number: letters could not tell whose they are."""
    names = Counter(shop.name for shop in shops)
    numbers: dict[tuple[str, str], list[str]] = {}
    for shop in shops:
        number = getattr(shop.channel.settings, "phone_number_id", "")
        if number:
            numbers.setdefault((shop.channel.kind, number), []).append(shop.name)
    return [f"shop.{name}: {count} shops have this name" for name, count in names.items() if count > 1] + [
        f"shop.{owners[1]}.channel.phone_number_id: {number} is also that of shop {owners[0]}"
        for (_, number), owners in numbers.items()
        if len(set(owners)) > 1
    ]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_bind(bind: str) -> bool:
    host, _, port = bind.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    plain = bool(host) and ":" not in host and not any(letter.isspace() for letter in host)
    return (bracketed or plain) and port.isascii() and port.isdigit() and int(port) < 65_536


def _url_host(url: str) -> str | None:
    """The host of an http(s) address that has nothing behind its port, else None."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and not parts.path.strip("/") and not (parts.query or parts.fragment)
        good = good and "@" not in parts.netloc and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    return parts.hostname if good else None


def _is_locale(text: str) -> bool:
    try:
        babel.Locale.parse(text)
    except (ValueError, babel.UnknownLocaleError):
        return False
    return True


def _is_timezone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return False
    return True
