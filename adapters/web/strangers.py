"""Who sends wrong signatures again and again is not listened to for a while: 429, nothing read, nothing verified.

Bounded in memory, and never for long: an address that a provider shares with somebody else is heard again after
``BARRED_SECONDS``, and Meta, M-Pesa and Stripe come again until then. Behind a reverse proxy the address is what the
proxy says in X-Forwarded-For; anybody else may write that header, so it is believed of trusted proxies only. A trusted
proxy that names nobody is never barred: everybody comes through it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import trio
from hypercorn.typing import HTTPScope

from adapters.config import LOOPBACK

REFUSALS = 20
"""Wrong signatures of one address within WITHIN_SECONDS, after which it is barred."""
WITHIN_SECONDS = 60.0
BARRED_SECONDS = 60.0
REMEMBERED = 10_000
"""Addresses that are remembered, the latest ones."""
NETWORK_BITS = 64
"""Of an IPv6 address: whoever has one has all that share these."""
FORWARDED = b"x-forwarded-for"
HOPS_AT_MOST = 20
"""Of a forwarded header that are looked at, from the right."""


class _Seen:
    """Refusals of one address since the first of them; ``until``: barred."""

    __slots__ = ("count", "since", "until")

    def __init__(self, since: float) -> None:
        self.count = 0
        self.since = since
        self.until = 0.0


class Strangers:
    """Counts refusals by address. ``proxies``: addresses and networks whose X-Forwarded-For is believed."""

    def __init__(self, proxies: Sequence[str] = LOOPBACK) -> None:
        """Raises ValueError for what is no address or network."""
        networks = [ip_network(one, strict=False) for one in proxies]
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._trusted = lru_cache(maxsize=1024)(lambda found: any(found in network for network in networks))

    def barred(self, scope: HTTPScope) -> bool:
        """Whether this request comes from an address that is not listened to now."""
        if not self._seen:
            return False
        seen = self._seen.get(self.client(scope))
        return seen is not None and seen.until > trio.current_time()

    def judged(self, scope: HTTPScope, *, genuine: bool) -> None:
        """This request's signature was right or wrong. A right one makes good what else came from its address."""
        if not genuine:
            self._refused(scope)
        elif self._seen:
            self._seen.pop(self.client(scope), None)

    def _refused(self, scope: HTTPScope) -> None:
        client = self.client(scope)
        if not client:
            return
        now = trio.current_time()
        seen = self._seen.get(client)
        if seen is None or now - seen.since >= WITHIN_SECONDS:
            seen = self._seen[client] = _Seen(now)
        self._seen.move_to_end(client)
        seen.count += 1
        if seen.count >= REFUSALS:
            seen.until, seen.count, seen.since = now + BARRED_SECONDS, 0, now
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

    def client(self, scope: HTTPScope) -> str:
        """The address, or IPv6 network, that a request comes from; "" where a trusted proxy does not say."""
        peer = scope.get("client")
        address = _address(peer[0]) if peer else None
        if address is None or not self._trusted(address):
            return _name(address)
        for said in self._forwarded(scope):
            address = _address(said)
            if address is None or not self._trusted(address):
                return _name(address)
        return ""

    @staticmethod
    def _forwarded(scope: HTTPScope) -> list[str]:
        """The hops that a proxy tells of, the nearest first."""
        hops = [
            hop for name, value in scope["headers"] if name == FORWARDED for hop in value.decode("latin1").split(",")
        ]
        return [hop.strip() for hop in hops[-HOPS_AT_MOST:]][::-1]


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _name(address: IPv4Address | IPv6Address | None) -> str:
    if isinstance(address, IPv6Address):
        return str(ip_network((address, NETWORK_BITS), strict=False))
    return str(address or "")
