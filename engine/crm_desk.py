"""One shop's desk for its CRM: what goes wrong there, what waits, and how that is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
import trio

from engine.address import Millis
from engine.backoffice import Counted
from engine.ports import Crm
from engine.trouble import Trouble


class Served(NamedTuple):
    """A shop's CRM, and how often its stock is asked for."""

    crm: Crm
    every: Millis


class CrmState(msgspec.Struct, frozen=True):
    """How a shop stands with its CRM. ``reasons``: what fails now, as sentences; empty when it works. ``retry_in``: ms
    until the next try. ``stock_at``: as of when the stock is, None before the first time. ``waiting``: orders that the
    CRM has not heard of (1000: or more), ``refused`` those that it does not take, with the reason. The rest is of the
    last stocktake.
    """

    title: str
    reasons: tuple[str, ...] = ()
    retry_in: Millis = 0
    stock_at: Millis | None = None
    waiting: int = 0
    told: int = 0
    refused: Mapping[str, str] = {}
    faults: tuple[str, ...] = ()
    counted: Counted = Counted()

    @property
    def works(self) -> bool:
        return not self.reasons


class Aside(msgspec.Struct):
    """An order that made trouble: how often, why, and until when it is left alone (trio's clock)."""

    failures: int = 0
    reason: str = ""
    until: float = 0.0


class Desk:
    """One shop's dealings."""

    def __init__(self, served: Served) -> None:
        self.crm, self.every = served
        self.orders, self.stock = Trouble(), Trouble()
        self.stock_due = 0.0
        self.stock_at: Millis | None = None
        self.mark = ""
        self.owner_told = False
        self.waiting = 0
        self.asides: dict[str, Aside] = {}
        self.told = 0
        self.faults: tuple[str, ...] = ()
        self.counted = Counted()
        self.work = trio.Event()
        self.asked: list[trio.Event] = []

    def aside(self, now: float) -> dict[str, str]:
        """Orders that are left alone now, with the reason."""
        return {number: one.reason for number, one in self.asides.items() if one.until > now}

    def next_at(self, now: float) -> float:
        """When there is something to do again, if nobody asks before."""
        times = [max(self.stock_due, self.stock.retry_at)]
        times += [one.until for one in self.asides.values() if one.until > now]
        if self.orders.failures:
            times.append(self.orders.retry_at)
        return min(times)

    def state(self, now: float) -> CrmState:
        """How the shop stands with its CRM."""
        troubles = [one for one in (self.orders, self.stock) if one.failures]
        retry = min((one.retry_at for one in troubles), default=now)
        return CrmState(
            title=self.crm.title,
            reasons=tuple(dict.fromkeys(one.reason for one in troubles)),
            retry_in=max(0, round((retry - now) * 1000)),
            stock_at=self.stock_at,
            waiting=self.waiting,
            told=self.told,
            refused=self.aside(now),
            faults=self.faults,
            counted=self.counted,
        )
