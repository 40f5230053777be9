"""M-Pesa's prompts on the phones of the fake WhatsApp: one customer, one phone, both providers."""

from __future__ import annotations

from adapters.phones.fake_meta import FakeMeta
from adapters.phones.fake_pay import FakePay
from adapters.phones.meta.prompts import Prompt
from adapters.phones.pay.requests import Request


def put_on_phones(pay: FakePay, fake: FakeMeta) -> None:
    """From now on prompts of ``pay`` come up on the phones of ``fake``, and are answered there."""
    fake.prompts = OnPhones(pay)
    pay.on_prompt(lambda request: fake.ask(prompt_of(request)) if request.method == "mpesa" else None)


class OnPhones:
    """See ``adapters.phones.meta.prompts.Prompts``."""

    def __init__(self, pay: FakePay) -> None:
        self._pay = pay

    def open(self, digits: str) -> list[Prompt]:
        return [prompt_of(request) for request in self._pay.prompts(digits)]

    def answer(self, prompt: str, answer: str) -> bool:
        return self._pay.answer(prompt, answer)


def prompt_of(request: Request) -> Prompt:
    """What stands on the phone."""
    amount = f"{request.currency} {request.amount:,f}"
    return Prompt(request.id, request.phone, request.account.title, amount, request.shown_as, request.expires_at)
