"""What a load test asks of the fakes that a shop talks to: which shops there are, what was counted, what was paid."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec

from adapters.http import LaneHttp, shared_tls
from adapters.phones.meta.books import Account
from adapters.phones.sim import LineLost
from engine.errors import BadInput, ConfigError
from engine.money import digits
from engine.ports import AnswerLost, NotSent

ALL = "all"
"""Stands for every shop of a target."""

FORM = {"content-type": "application/x-www-form-urlencoded"}


class Shop(msgspec.Struct, frozen=True):
    """One shop as its fake provider lists it. ``flow`` is "" where it does not say."""

    phone_number_id: str
    name: str = ""
    title: str = ""
    flow: str = ""

    @property
    def called(self) -> str:
        """Its name, else its number."""
        return self.name or self.phone_number_id


class _Shops(msgspec.Struct, frozen=True):
    numbers: tuple[Shop, ...]


class Paid(msgspec.Struct, frozen=True):
    """One payment that the bank made, in minor units."""

    shop: str
    amount: int
    currency: str


class _Asked(msgspec.Struct, frozen=True):
    shop: str
    amount: Decimal
    currency: str
    status: str
    transaction_reference: str = ""


class _Payments(msgspec.Struct, frozen=True):
    payments: tuple[_Asked, ...]


class Controls:
    """The controls of the fake provider at ``target``, and of the payment providers of its shops."""

    def __init__(self, target: str, client: httpx.AsyncClient) -> None:
        self._target = target
        self._client = client
        self._tls = shared_tls()

    async def shops(self, wanted: str) -> list[Shop]:
        """The shop with this name, title or number; every one for ``all``, the only one for "". Raises ConfigError when
        nobody answers, and BadInput with a sentence that names the shops there are."""
        try:
            answer = await self._client.get(f"{self._target}/control/numbers")
            found = msgspec.json.decode(answer.content, type=_Shops).numbers
        except httpx.HTTPError as error:
            raise ConfigError(f"nobody answers at {self._target}; is the demo or the fake provider running?") from error
        except msgspec.MsgspecError as error:
            raise ConfigError(f"{self._target} is not a fake provider of Sokoni") from error
        if wanted == ALL:
            return list(found)
        fits = [one for one in found if wanted in ("", one.name, one.title, one.phone_number_id)]
        names = ", ".join(one.called for one in found)
        if not wanted and len(fits) > 1:
            raise BadInput(f"{self._target} has several shops: {names}; choose one with --shop NAME, or --shop {ALL}")
        if len(fits) != 1:
            raise BadInput(f"there is no single shop {wanted!r} at {self._target}; choose one of: {names}")
        return fits

    async def stats(self) -> dict[str, Any]:
        """What the provider counts."""
        stats: dict[str, Any] = msgspec.json.decode((await self._client.get(f"{self._target}/control/stats")).content)
        return stats

    async def account(self, shop: str) -> Account | None:
        """A shop's own books; None where they can't be looked into."""
        answer = await self._client.get(f"{self._target}/control/books", params={"shop": shop})
        return msgspec.json.decode(answer.content, type=Account) if answer.status_code == httpx.codes.OK else None

    async def payments(self, banks: Iterable[str]) -> dict[str, Paid]:
        """What the payment providers at ``banks`` were paid, by transaction."""
        paid: dict[str, Paid] = {}
        for bank in banks:
            answer = await self._client.get(f"{bank}/control/payments")
            asked = msgspec.json.decode(answer.content, type=_Payments).payments
            paid |= {one.transaction_reference: _paid(one) for one in asked if one.status == "success"}
        return paid

    async def pay(self, link: str, said: str) -> None:
        """Answer the card page behind a link ("approve", or a way to say no). Raises LineLost. One connection each, for
        a pool shared by many buyers would be the slowest part of the test (adapters.http)."""
        async with LaneHttp(self._tls) as http:
            try:
                answer = await http.post(link, FORM, urlencode({"answer": said}).encode())
            except (NotSent, AnswerLost) as error:
                raise LineLost(f"Nobody answers at {link}.") from error
        if answer.status != httpx.codes.OK:
            raise LineLost(f"There is nothing to pay at {link}.")


def _paid(asked: _Asked) -> Paid:
    return Paid(asked.shop, int(asked.amount.scaleb(digits(asked.currency))), asked.currency)


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What happened at the provider between two looks at its counts."""

    def less(name: str) -> dict[str, int]:
        changes = {key: count - before[name].get(key, 0) for key, count in after[name].items()}
        return {key: count for key, count in changes.items() if count}

    waiting = {"webhooks_waiting": after["webhooks_waiting"]}
    return {name: less(name) for name in ("counts", "refused", "faults")} | waiting
