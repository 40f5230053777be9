"""One visit: steps that several messages answer, asides, paying, and what is judged of a shop that gets it wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeAlias

import msgspec
import pytest
import trio

from adapters.app.samples import SHOPS
from adapters.phones.buyers import EVERYWHERE, flows
from adapters.phones.load_report import Tally
from adapters.phones.meta.prompts import Prompt
from adapters.phones.script import Buyers, Person, Step, answer
from adapters.phones.sim import SimPhone
from adapters.phones.visit import End, Visit, leftovers
from engine.flows import names
from tests.adapters.fake_world import ASHA, START, World, world

Messages: TypeAlias = "Sequence[str | dict[str, Any]]"

TICKET = {"type": "image", "image": {"link": "https://shop.test/qr.png", "caption": "BKG-1"}}
PAPER = {"type": "document", "document": {"link": "https://shop.test/r.pdf", "filename": "receipt-1.pdf"}}

HI = Step("hi", ("hi",), (answer("^Welcome"),))
BUY = Step("buy", ("buy",), (answer(r"Order \*(.)\*", r"\[document receipt-"), answer("What name")), instead="less")
NAME = Step("name", ("Asha",), (answer(r"Order \*(.)\*", r"\[document receipt-"),), when=re.compile("What name"))
LEAVE = Step("cancel", ("cancel",), (answer("Cancelled"),))
BUYERS = Buyers(
    flow="counter",
    people={"buyer": Person(1.0, (HI, BUY, NAME))},
    done=re.compile(r"Order \*(.)\*"),
    sold_out=re.compile("sold out"),
    leave=LEAVE,
    asides=re.compile("^By the way"),
)


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": {"body": said}}


class Parrot:
    """A shop that answers what it is told to: said → messages; ``later``: from the second time on."""

    def __init__(self, later: Mapping[str, Messages] = MappingProxyType({}), **answers: Messages) -> None:
        self.answers: dict[str, Messages] = {"hi": ["Welcome"], "cancel": ["Cancelled"]} | answers
        self.later = later
        self.heard: list[str] = []
        self.here: World

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        raw, more = b"", True
        while more:
            event = await receive()
            raw, more = raw + event.get("body", b""), event.get("more_body", False)
        for entry in msgspec.json.decode(raw)["entry"]:
            for message in entry["changes"][0]["value"].get("messages", ()):
                await self._answer(message["from"], message["text"]["body"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async def _answer(self, who: str, said: str) -> None:
        answers = self.later if said in self.heard and said in self.later else self.answers
        self.heard.append(said)
        for one in answers[said]:
            await self.here.send(who, **(text(one) if isinstance(one, str) else one))


async def visited(parrot: Parrot, person: Person | None = None, patience: float = 3.0) -> tuple[End, Tally]:
    """A whole visit and what comes after it."""
    tally = Tally()
    async with world(hook=parrot) as here, here.phone() as phone:
        parrot.here = here
        visit = Visit(phone, BUYERS, tally, patience)
        with trio.fail_after(20):
            end = await visit.run(person or BUYERS.people["buyer"], trio.current_time())
        await trio.sleep(0.1)
        leftovers(phone, BUYERS, visit.last, tally)
    return end, tally


def faults(tally: Tally) -> dict[str, int]:
    """What was counted, where it is not 0."""
    told = {name: getattr(tally, name) for name in ("lost", "doubled", "out_of_order", "orders_doubled")}
    return {name: count for name, count in (told | tally.surprises).items() if count}


async def test_an_answer_of_two_messages_is_one_turn() -> None:
    end, tally = await visited(Parrot(buy=["Order *1*", PAPER]))
    assert (end, faults(tally), tally.orders) == (End.ORDERED, {}, 1)
    assert {name: len(turns) for name, turns in tally.turns.items()} == {"hi": 1, "buy": 1}


async def test_a_step_that_is_only_for_strangers_is_taken_when_it_is_asked_for() -> None:
    parrot = Parrot(buy=["What name?"], Asha=["Order *1*", PAPER])
    end, tally = await visited(parrot)
    assert (end, faults(tally)) == (End.ORDERED, {})
    assert parrot.heard == ["hi", "buy", "Asha"]


@pytest.mark.parametrize(
    ("messages", "found"),
    [
        ([PAPER, "Order *1*"], {"out_of_order": 1}),
        (["Order *1*", "Order *1*", PAPER], {"doubled": 1}),
        (["Order *1*", PAPER, PAPER], {"doubled": 1}),
        (["Order *1*", PAPER, "Order *2*"], {"out_of_order": 1}),
        (["Order *1*", "By the way, we open late.", PAPER], {}),
        (["Welcome", "Order *1*", PAPER], {"doubled": 1}),
        (["Order *1*", PAPER, "How is the weather?"], {"after the visit": 1}),
    ],
)
async def test_messages_of_an_answer_are_told_apart(messages: list[Any], found: dict[str, int]) -> None:
    end, tally = await visited(Parrot(buy=messages))
    assert (end, faults(tally)) == (End.ORDERED, found)


async def test_half_an_answer_is_a_lost_one() -> None:
    end, tally = await visited(Parrot(buy=["Order *1*"]), patience=0.5)
    assert (end, faults(tally)) == (End.LOST, {"lost": 1})


async def test_who_finds_it_sold_out_tries_something_else_once_and_goes_home() -> None:
    parrot = Parrot(buy=["It is sold out."], less=["Order *1*", PAPER])
    assert (await visited(parrot))[0] is End.ORDERED
    parrot = Parrot(buy=["It is sold out."], less=["That is sold out too."])
    end, tally = await visited(parrot)
    assert (end, faults(tally)) == (End.SOLD_OUT, {})
    assert parrot.heard == ["hi", "buy", "less", "cancel"]


async def test_a_step_done_twice_waits_for_all_of_both_answers() -> None:
    twice = replace(BUY, twice=True, again=answer("Once more", "image"))
    person = Person(1.0, (HI, twice))
    shown = Parrot({"buy": ["Once more: order *1*.", TICKET]}, buy=["Order *1*", PAPER])
    end, tally = await visited(shown, person)
    assert (end, faults(tally)) == (End.ORDERED, {})
    end, tally = await visited(Parrot(buy=["Order *1*", PAPER]), person)
    assert (end, faults(tally)) == (End.UNEXPECTED, {"buy again": 1, "doubled": 1})


# -- paying ----------------------------------------------------------------------------------------------------------
PAID = Step("pay", answers=(answer("Receipt"),), pays="approve")


class Bank:
    """Asks one phone, and sends a receipt once it is answered."""

    def __init__(self, here: World, *prompts: Prompt) -> None:
        self.prompts = list(prompts)
        self.heard: list[str] = []
        self._here = here

    def open(self, digits: str) -> list[Prompt]:
        return self.prompts

    def answer(self, prompt: str, answer: str) -> bool:
        self.heard.append(answer)
        return True


async def _pays(phone: SimPhone, here: World, tally: Tally) -> End:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_receipt, here)
        end = await Visit(phone, BUYERS, tally, 3.0).run(Person(1.0, (PAID,)), trio.current_time())
        nursery.cancel_scope.cancel()
    return end


async def _receipt(here: World) -> None:
    bank = here.fake.prompts
    assert isinstance(bank, Bank)
    while not bank.heard:
        await trio.lowlevel.checkpoint()
    await here.send(ASHA, **text("Receipt. Order *1*"))


async def test_a_phone_answers_what_mpesa_asks_and_one_question_too_many_is_counted() -> None:
    def prompt(name: str) -> Prompt:
        return Prompt(name, ASHA, "Kahawa", "KES 1", "ORD-1", START + 60_000)

    async with world() as here:
        await here.greet()
        here.fake.prompts = bank = Bank(here, prompt("p1"), prompt("p2"))
        tally = Tally()
        async with here.phone() as phone:
            assert await _pays(phone, here, tally) is End.ORDERED
            leftovers(phone, BUYERS, (), tally)
            leftovers(phone, BUYERS, (), patient := Tally(), End.LOST)
    assert bank.heard == ["approve"]
    assert (tally.asked_twice, patient.asked_twice) == (1, 0), "who gave up may be asked once after that"
    assert {"rings", "pay"} == tally.turns.keys()


async def test_money_that_nobody_asks_for_is_a_lost_answer() -> None:
    end, tally = await visited(Parrot(), Person(1.0, (HI, PAID)), patience=0.3)
    assert (end, faults(tally)) == (End.LOST, {"lost": 1})


# -- the buyers as data ----------------------------------------------------------------------------------------------
def test_every_sample_shop_has_its_buyers() -> None:
    assert {shop.flow for shop in SHOPS} == flows().keys() <= set(names())


@pytest.mark.parametrize("flow", flows())
def test_the_same_few_kinds_of_people_come_everywhere(flow: str) -> None:
    buyers = flows()[flow]
    assert set(EVERYWHERE) <= buyers.people.keys()
    assert sum(person.often for person in buyers.people.values()) == pytest.approx(1.0)
    assert buyers.people["dawdler"].dawdles > 0
    assert any(step.twice for step in buyers.people["double_tapper"].steps)
    assert buyers.replies < 45, "more than a burst of Meta's: a phone would never be rested enough"


@pytest.mark.parametrize("flow", flows())
def test_every_step_says_something_or_pays(flow: str) -> None:
    for person in flows()[flow].people.values():
        for step in person.steps:
            assert bool(step.says) != bool(step.pays), step
            assert step.answers, step
