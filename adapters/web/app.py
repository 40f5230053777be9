"""The ASGI callable: webhook paths go straight to their handler, everything else to Quart.

Every shop also answers under ``/s/<shop name>/…``; the path only routes, the shop's own credentials decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

import trio
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope

from adapters.web.access import OwnerConfig
from adapters.web.body import Bodies
from adapters.web.pages import pages
from adapters.web.payments import PaymentWebhook
from adapters.web.webhooks import Engine, WebCounters, Webhook, WebLimits
from engine.errors import ConfigError
from engine.ports import Channel, Provider


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
    ) -> None:
        """Raises ConfigError where a payment webhook has the path of a channel."""
        self.counters = WebCounters()
        self.webhooks: Mapping[str, Webhook] = {
            path: Webhook(sharing, engine, bodies, limits, self.counters, mark_read)
            for path, sharing in _by_path(channels).items()
        }
        self.payments: Mapping[str, PaymentWebhook] = {
            path: PaymentWebhook(sharing, engine, bodies, self.counters)
            for path, sharing in _by_path(providers).items()
        }
        for path in self.payments.keys() & self.webhooks.keys():
            raise ConfigError(f"{path} is the path of a channel and of a payment provider; give one of them another.")
        self._pages = pages(engine, self.counters, lambda: list(self.webhooks), owners)

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "http" and (webhook := self.webhooks.get(scope["path"])) is not None:
            await webhook(scope, receive, send)
        elif scope["type"] == "http" and (payment := self.payments.get(scope["path"])) is not None:
            await payment(scope, receive, send)
        else:
            await self._pages(scope, receive, _shielded(send))


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


def _by_path(hooked: Sequence[Hooked]) -> dict[str, list[Hooked]]:
    sharing: dict[str, list[Hooked]] = defaultdict(list)
    for one in hooked:
        sharing[one.path].append(one)
        sharing[f"/s/{one.shop}{one.path}"].append(one)
    return sharing
