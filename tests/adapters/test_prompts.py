"""M-Pesa's question on a phone: who sees it, when, and what an answer does."""

from __future__ import annotations

import io

import pytest
import trio

from adapters.phones.meta.prompts import Prompt
from adapters.phones.sim import PhoneRefused
from adapters.phones.terminal import chat
from engine.errors import BadInput
from tests.adapters.fake_world import ASHA, BEN, NUMBER, START, world


class Bank:
    """Asks what it was given, and remembers what it heard."""

    def __init__(self, *prompts: Prompt) -> None:
        self.prompts = {prompt.id: prompt for prompt in prompts}
        self.heard: list[tuple[str, str]] = []

    def open(self, digits: str) -> list[Prompt]:
        return [prompt for prompt in self.prompts.values() if prompt.phone == digits]

    def answer(self, prompt: str, answer: str) -> bool:
        if answer not in ("approve", "cancelled"):
            raise BadInput(f"There is no answer {answer!r}.")
        self.heard.append((prompt, answer))
        return self.prompts.pop(prompt, None) is not None


def prompt(id: str = "p1", phone: str = ASHA) -> Prompt:
    return Prompt(id, phone, "Kahawa Direct", "KES 3,000", "ORD-7K2M9PQR", START + 60_000)


async def test_a_question_comes_to_every_line_of_its_phone_and_to_no_other() -> None:
    async with world() as here, here.phone() as asha, here.phone(BEN) as ben:
        bank = Bank(prompt())
        here.fake.prompts = bank
        here.fake.ask(prompt())
        asked = await asha.prompt()
        assert (asked["amount"], asked["title"], asked["reference"]) == ("KES 3,000", "Kahawa Direct", "ORD-7K2M9PQR")
        await asha.answer(asked, "approve")
        assert bank.heard == [("p1", "approve")]
        assert not ben.prompts


async def test_a_phone_that_comes_back_finds_what_is_still_asked() -> None:
    async with world() as here:
        here.fake.prompts = Bank(prompt("p1"), prompt("p2"), prompt("p3", BEN))
        async with here.phone() as asha:
            assert [(await asha.prompt())["id"], (await asha.prompt())["id"]] == ["p1", "p2"]


async def test_an_answer_that_there_is_not_is_refused_with_a_sentence() -> None:
    async with world() as here, here.phone() as asha:
        here.fake.prompts = Bank(prompt())
        with pytest.raises(PhoneRefused, match="There is no answer 'perhaps'"):
            await asha.answer({"id": "p1"}, "perhaps")


async def test_the_terminal_shows_it_and_pin_answers_it() -> None:
    async with world() as here:
        bank = Bank(prompt())
        here.fake.prompts = bank
        printed = io.StringIO()
        with trio.fail_after(10):
            await chat(here.url, NUMBER, ASHA, "Asha", input=io.StringIO("/pin no\n"), output=printed, answer=0.3)
        assert "[M-Pesa: pay KES 3,000 to Kahawa Direct (ORD-7K2M9PQR)? Type /pin]" in printed.getvalue()
        assert bank.heard == [("p1", "cancelled")]


@pytest.mark.parametrize(
    ("typed", "said"),
    [("/pin perhaps\n", "/pin stands alone, or with one of"), ("/pin\n", "M-Pesa asks nothing now.")],
)
async def test_a_pin_that_can_not_be_meant_sends_nothing(typed: str, said: str) -> None:
    async with world() as here:
        printed = io.StringIO()
        with trio.fail_after(10):
            await chat(here.url, NUMBER, ASHA, "Asha", input=io.StringIO(typed), output=printed, answer=0.2)
        assert said in printed.getvalue()
