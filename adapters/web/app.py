"""The ASGI callable: webhook paths go straight to their handler, everything else to Quart.

Every shop also answers under ``/s/<shop name>/…``; the path only routes, the shop's own credentials decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

import trio
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope

from adapters.config import LOOPBACK
from adapters.web.access import OwnerConfig
from adapters.web.body import Bodies
from adapters.web.pages import pages
from adapters.web.payments import PaymentWebhook
from adapters.web.strangers import Strangers
from adapters.web.webhooks import Engine, WebCounters, Webhook, WebLimits
from engine.errors import ConfigError
from engine.ports import Channel, Provider

ANY_SEGMENT = "/*"
"""How a provider's path ends that takes one further segment."""


class Web:
    """All of one process's HTTP."""

    def __init__(
        self,
        channels: Sequence[Channel],
        engine: Engine,
        *,
        bodies: Bodies,
        limits: WebLimits,
        mark_read: frozenset[str] = frozenset(),
        providers: Sequence[Provider] = (),
        owners: Mapping[str, OwnerConfig] = MappingProxyType({}),
        trusted_proxies: Sequence[str] = LOOPBACK,
    ) -> None:
        """Raises ConfigError where a payment webhook has the path of a channel."""
        self.counters = WebCounters()
        self.strangers = Strangers(trusted_proxies)
        self.webhooks: Mapping[str, Webhook] = {
            path: Webhook(sharing, engine, bodies, limits, self.counters, mark_read, self.strangers)
            for path, sharing in _by_path((one.path, one) for one in channels).items()
        }
        self.payments: Mapping[str, PaymentWebhook] = {
            path: PaymentWebhook(sharing, engine, bodies, self.counters, self.strangers)
            for path, sharing in _by_path((path, one) for one in providers for path in one.paths).items()
        }
        for path in self.payments.keys() & self.webhooks.keys():
            raise ConfigError(f"{path} is the path of a channel and of a payment provider; give one of them another.")
        self._pages = pages(engine, self.counters, lambda: list(self.webhooks), owners)

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "http" and (webhook := self.webhooks.get(scope["path"])) is not None:
            await webhook(scope, receive, send)
        elif scope["type"] == "http" and (payment := self._payment(scope["path"])) is not None:
            await payment(scope, receive, send, _without_shop(scope["path"]))
        else:
            await self._pages(scope, receive, _shielded(send))

    def _payment(self, path: str) -> PaymentWebhook | None:
        return self.payments.get(path) or self.payments.get(path.rpartition("/")[0] + ANY_SEGMENT)


def _shielded(send: ASGISendCallable) -> ASGISendCallable:
    """Let an answer be finished once begun.

    Quart cancels a request's tasks as soon as it sees the disconnect that hypercorn reports after the answer; that
    cancels hypercorn in the middle of closing the connection, which then stays open until the client gives up.
    Bounded all the same: a client that does not read is given up by the server's GuardedStream.
    """

    async def finish(message: ASGISendEvent) -> None:
        with trio.CancelScope(shield=True):
            await send(message)

    return finish


Hooked = TypeVar("Hooked", Channel, Provider)


def _by_path(hooked: Iterable[tuple[str, Hooked]]) -> dict[str, list[Hooked]]:
    sharing: dict[str, list[Hooked]] = defaultdict(list)
    for path, one in hooked:
        sharing[path].append(one)
        sharing[f"/s/{one.shop}{path}"].append(one)
    return sharing


def _without_shop(path: str) -> str:
    """The path without the ``/s/<shop>`` in front."""
    return "/" + path.split("/", 3)[3] if path.startswith("/s/") and path.count("/") > 2 else path
