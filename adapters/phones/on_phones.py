"""M-Pesa's prompts on the phones of the fake WhatsApp: one customer, one phone, whoever has it asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from adapters.phones.daraja.book import Push
from adapters.phones.fake_daraja import FakeDaraja
from adapters.phones.fake_meta import FakeMeta
from adapters.phones.fake_pay import FakePay
from adapters.phones.meta.prompts import Prompt, Prompts
from adapters.phones.pay.requests import Request


class Asking(Prompts, Protocol):
    """A payment provider that puts prompts on phones."""

    def watched(self, watcher: Callable[[Prompt], None]) -> None:
        """Call ``watcher`` with every new prompt."""


def put_on_phones(fake: FakeMeta, *providers: Asking) -> None:
    """From now on prompts of these providers come up on the phones of ``fake``, and are answered there."""
    fake.prompts = OfAll(providers)
    for one in providers:
        one.watched(fake.ask)


class OfAll:
    """See ``adapters.phones.meta.prompts.Prompts``: the prompts of several, by names that no two of them share."""

    def __init__(self, providers: Sequence[Prompts]) -> None:
        self._providers = providers

    def open(self, digits: str) -> list[Prompt]:
        found = [prompt for one in self._providers for prompt in one.open(digits)]
        return sorted(found, key=lambda prompt: prompt.expires_at)

    def answer(self, prompt: str, answer: str) -> bool:
        return any(one.answer(prompt, answer) for one in self._providers)


class OfGhala:
    """The prompts of a fake Ghala."""

    def __init__(self, pay: FakePay) -> None:
        self._pay = pay

    def open(self, digits: str) -> list[Prompt]:
        return [_asked_by_ghala(request) for request in self._pay.prompts(digits)]

    def answer(self, prompt: str, answer: str) -> bool:
        return self._pay.answer(prompt, answer)

    def watched(self, watcher: Callable[[Prompt], None]) -> None:
        """See Asking."""
        self._pay.on_prompt(lambda one: watcher(_asked_by_ghala(one)) if one.method == "mpesa" else None)


class OfDaraja:
    """The prompts of a fake Daraja."""

    def __init__(self, daraja: FakeDaraja) -> None:
        self._daraja = daraja

    def open(self, digits: str) -> list[Prompt]:
        return [_asked_by_daraja(push) for push in self._daraja.prompts(digits)]

    def answer(self, prompt: str, answer: str) -> bool:
        return self._daraja.answer(prompt, answer)

    def watched(self, watcher: Callable[[Prompt], None]) -> None:
        """See Asking."""
        self._daraja.on_prompt(lambda push: watcher(_asked_by_daraja(push)))


def _asked_by_ghala(one: Request) -> Prompt:
    amount = f"{one.currency} {one.amount:,f}"
    return Prompt(one.id, one.phone, one.account.title, amount, one.shown_as, one.expires_at)


def _asked_by_daraja(one: Push) -> Prompt:
    return Prompt(one.id, one.phone, one.account.title, f"KES {one.amount:,d}", one.reference, one.expires_at)
