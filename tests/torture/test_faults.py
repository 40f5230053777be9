"""Everything at once that a provider can do wrong, by seed: nothing lost, nothing out of order, nothing twice.

A provider that carries a send out, loses its answer *and* its status leaves no trace of it; then the send goes once
more, the row says ``doubled``, and only such a row may have reached the customer twice.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import trio

from adapters.phones.meta.faults import Batch, Delay, Fault, Faults, ServerError
from tests.torture.phones import Phone
from tests.torture.town import Courier, Town, body_of, text_from, town

CUSTOMERS = 10
BURST = ("hi", "1, 2", "2, 1", "cart", "3, 1", "remove 1", "help", "cart")

EVERYTHING = Faults(
    duplicate=Fault(rate=0.2),
    reorder=Fault(rate=0.1),
    delay=Delay(rate=0.1, ms=150),
    batch=Batch(rate=0.2, count=5),
    wrong_signature=Fault(rate=0.05),
    throttle=Fault(next=1),
    server_error=ServerError(rate=0.04, status=503),
    lost_answer=Fault(rate=0.08),
    hang=Fault(next=2),
)
NO_TRACE = Faults(lost_answer=Fault(rate=0.1), drop_status=Fault(rate=0.5), duplicate=Fault(rate=0.2))


async def talk(here: Town, draw: random.Random) -> None:
    """Half of the customers order step by step, half say everything at once."""
    async with trio.open_nursery() as customers:
        for number in range(CUSTOMERS):
            phone = here.newcomer()
            if number % 2:
                customers.start_soon(phone.order, random.Random(draw.random()))
            else:
                customers.start_soon(burst, phone)


async def burst(phone: Phone) -> None:
    for words in BURST:
        phone.say(words)
    await phone.until(lambda: phone.turn == len(BURST))
    await phone.all_acknowledged()


async def one_mixture(folder: Path, struck: Faults, seed: int, *, may_double: bool) -> None:
    async with town(folder, struck=struck, seed=seed, deadline=0.5, unknown_after=3_000) as here:
        await talk(here, random.Random(seed))
        here.fake.faults = Faults()
        for phone in here.phones:
            await phone.ask("menu")
            await phone.all_acknowledged()
        struck_at = here.fake.stats()["faults"]
        assert struck_at.get("duplicate"), "the faults did not strike"
        assert await here.verdict(may_double=may_double) == []


async def test_a_mixture_of_all_faults_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    """Duplicates, reordering, delays, batches, wrong signatures, 429, 5xx, lost answers, hangs."""
    await one_mixture(tmp_path, EVERYTHING, 1, may_double=False)


async def test_only_a_row_that_says_so_may_have_gone_out_twice(tmp_path: Path) -> None:
    """Lost answers whose statuses are lost too: sent once more, and counted as a known risk on the row."""
    await one_mixture(tmp_path, NO_TRACE, 2, may_double=True)


async def test_the_checker_sees_those_that_went_out_twice(tmp_path: Path) -> None:
    """The twin: a lost answer without any status, judged as if nothing might double."""
    struck = Faults(lost_answer=Fault(next=1), drop_status=Fault(rate=1.0))
    async with town(tmp_path, struck=struck, unknown_after=200) as here:
        await here.newcomer().ask("hi")
        await here.phones[0].until(lambda: len(here.phones[0].replies) == 2)
        found = await here.verdict()
        assert [fault for fault in found if "was accepted 2 times" in fault], found


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(10, 18))
async def test_more_mixtures_of_all_faults(tmp_path: Path, seed: int) -> None:
    """The same with other seeds."""
    await one_mixture(tmp_path, EVERYTHING, seed, may_double=False)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(20, 24))
async def test_more_mixtures_without_a_trace(tmp_path: Path, seed: int) -> None:
    """The same with other seeds."""
    await one_mixture(tmp_path, NO_TRACE, seed, may_double=True)


async def test_a_rush_is_answered_200_and_replied_to_or_503_and_taken_later(tmp_path: Path) -> None:
    """400 strangers at the same moment, a hold of half a second: each delivery is 200 or 503, whoever got 200 is
    replied to exactly once, and a 503 delivered again in the end is too."""
    async with town(tmp_path, hold_seconds=0.5) as here:
        courier, phones = Courier(here.url), [here.newcomer() for _ in range(400)]
        for phone in phones:
            phone.say("hi")  # the fake delivers these, 16 at a time
        raws = [body_of(text_from(phone.digits, f"wamid.rush.{phone.digits}", "1, 2")) for phone in phones]
        answers = await courier.post_all(raws)
        assert set(answers) <= {200, 503}
        while 503 in answers:
            late = [place for place, answer in enumerate(answers) if answer == 503]
            for place, answer in zip(late, await courier.post_all([raws[place] for place in late]), strict=True):
                answers[place] = answer
        for phone in phones:
            phone.said_by_hand(f"wamid.rush.{phone.digits}", "1, 2")
            await phone.until(lambda phone=phone: phone.turn == 2)  # type: ignore[misc]
            await phone.all_acknowledged()
        assert await here.verdict() == []
