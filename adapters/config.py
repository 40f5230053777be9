"""The configuration of ``run.py serve`` as values that can be trusted; ``adapters.loading`` reads and checks it.

README.md, "Settings", lists every key with its default; a test compares it with the structs below.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from adapters.terms import TermsConfig
from adapters.web.access import OwnerConfig

Switch = bool
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Seconds = Annotated[float, Meta(ge=0.1, le=3_600)]
LOOPBACK = ("127.0.0.0/8", "::1")
Minutes = Annotated[int, Meta(ge=1, le=10_080)]


class ServerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The HTTP edge. ``insecure`` lets channels start without secrets, on loopback only."""

    bind: Annotated[str, Meta(description='HOST:PORT, for example "127.0.0.1:8080"')] = "127.0.0.1:8080"
    public_url: Annotated[str, Meta(description='the address that providers call, "https://HOST"')]
    insecure: Switch = False
    trusted_proxies: tuple[str, ...] = LOOPBACK
    """Whose X-Forwarded-For is believed: addresses or networks of reverse proxies."""
    connections: Count = 2_048
    in_process: Count = 32
    body_limit_kb: Annotated[int, Meta(ge=16, le=65_536)] = 3_072
    body_seconds: Seconds = 10.0
    hold_seconds: Seconds = 10.0
    grace_seconds: Annotated[float, Meta(ge=1, le=20)] = 20.0

    @property
    def host(self) -> str:
        """The host of ``bind``, without the brackets of an IPv6 address."""
        return self.bind.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port of ``bind``; 0 takes any free one."""
        return int(self.bind.rpartition(":")[2])


class StorageConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Where everything durable lies. After ``load`` the path in ``url`` is absolute."""

    url: Annotated[
        str, Meta(pattern=r"^sqlite:///[^?#]+$", description='"sqlite:///PATH", for example "sqlite:///data/shop.db"')
    ]

    @property
    def path(self) -> Path:
        """The database file."""
        return Path(self.url.removeprefix("sqlite:///"))


class OutboxConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How messages leave. ``in_memory`` counts rows; the rest wait on disk."""

    lanes: Annotated[int, Meta(ge=1, le=256)] = 32
    unknown_after_seconds: Seconds = 60.0
    in_memory: Count = 20_000


class ChannelConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What every channel has. ``settings`` is the struct of its own kind. ``dev_mode``: all is stored, nothing sent."""

    kind: str
    dev_mode: Switch = False
    settings: Any


class PaymentsConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One of those who take payments for a shop. ``settings`` is the struct of the provider's own kind."""

    kind: str
    settings: Any


class CrmConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A shop's books elsewhere. ``settings`` is the struct of the CRM's own kind; stock is fetched every so often."""

    kind: str
    stock_minutes: Minutes = 15
    settings: Any


class ShopConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One ``[[shop]]``. ``title`` is what customers see; empty means the name with a capital letter. It sells what its
    ``catalogue`` or its ``events`` hold; a path of "." is no file."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[a-z][a-z0-9-]{0,39}$",
            description="1 to 40 small letters, digits and hyphens, starting with a letter",
        ),
    ]
    flow: str
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", description='a currency code, for example "INR"')]
    locale: str
    catalogue: Path = Path()
    events: Path = Path()
    title: Annotated[str, Meta(max_length=80, description="up to 80 characters")] = ""
    timezone: str = "UTC"
    languages: tuple[str, ...] = ("en",)
    session_minutes: Minutes = 30
    handover_minutes: Minutes = 60
    handover_word: Annotated[str, Meta(min_length=1, max_length=40, description="a word")] = "bot"
    terms: TermsConfig = TermsConfig()
    owner: OwnerConfig = OwnerConfig()
    payments: tuple[PaymentsConfig, ...] = ()
    crm: CrmConfig | None = None
    channel: ChannelConfig


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. ``warnings`` are sentences that must be shown loudly at start."""

    server: ServerConfig
    storage: StorageConfig
    outbox: OutboxConfig
    shops: tuple[ShopConfig, ...]
    warnings: tuple[str, ...] = ()
