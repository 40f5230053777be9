"""What is asked of the fakes' controls, and how a shop's books are compared with what its customers saw and paid."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import msgspec
import pytest

from adapters.phones.audit import Look, disagreements
from adapters.phones.controls import Controls, Paid
from adapters.phones.meta.books import Account, Received, Shelf
from adapters.phones.sim import LineLost
from engine.errors import BadInput, ConfigError
from tests.adapters.fake_world import world
from tests.adapters.ghala import till
from tests.adapters.test_fake_pay import CARD, MPESA, order

BEFORE = Account((Shelf("cookie", left=10, stock=10, sold=0, asked=0),))
SOLD_TWO = Shelf("cookie", left=8, stock=8, sold=2, asked=2)
PAID = {"TX1": Paid("bakery", 5_000, "KES")}


def booked(**changes: object) -> Account:
    """Two cookies sold, and paid for."""
    received = msgspec.structs.replace(Received("TX1", 5_000, "KES", settled=True), **changes)
    return Account((SOLD_TWO,), (received,))


def shelf(**changes: int) -> Account:
    return Account((msgspec.structs.replace(SOLD_TWO, **changes),))


CASES: dict[str, tuple[Account, dict[str, Paid], int, list[str]]] = {
    "all is well": (booked(), PAID, 0, []),
    "more held than there is": (shelf(left=-3), {}, 0, ["3 more of cookie were sold or held than there are"]),
    "stock that went nowhere": (shelf(stock=7), {}, 0, ["of cookie there were 10 and 0 sold, now 7 and 2"]),
    "said to be sold out, and was not": (
        *(shelf(), {}, 4),
        ["4 buyers were told that something is sold out, and nothing was"],
    ),
    "said to be sold out, and may have been": (shelf(asked=9), {}, 4, []),
    "money that the shop does not know": (
        *(shelf(), PAID, 0),
        ["1 payments that the bank made are not in the shop's books (TX1)"],
    ),
    "money of another shop": (shelf(), {"TX1": Paid("coffee", 5_000, "KES")}, 0, []),
    "money that nobody paid": (booked(), {}, 0, ["1 payments in the shop's books were never made (TX1)"]),
    "another sum": (
        *(booked(amount=4_900), PAID, 0),
        ["1 payments stand in the shop's books with another sum (TX1)"],
    ),
    "another currency": (
        *(booked(currency="USD"), PAID, 0),
        ["1 payments stand in the shop's books with another sum (TX1)"],
    ),
    "nothing was made of it": (
        *(booked(settled=False), PAID, 0),
        ["1 payments came in and nothing was made of them (TX1)"],
    ),
    "money whose number nobody told": (booked(transaction=""), PAID, 0, []),
    "another sum without a number": (
        *(booked(transaction="", amount=4_900), PAID, 0),
        [
            "1 payments that the bank made are not in the shop's books (TX1)",
            "1 payments in the shop's books were never made (without a number)",
        ],
    ),
    "many at once": (
        *(shelf(), {f"TX{n}": PAID["TX1"] for n in range(5)}, 0),
        ["5 payments that the bank made are not in the shop's books (TX0, TX1, TX2, …)"],
    ),
}


@pytest.mark.parametrize("title", CASES)
def test_books_are_compared(title: str) -> None:
    after, bank, refused, said = CASES[title]
    assert disagreements(Look(BEFORE, {}), Look(after, bank), "bakery", refused=refused, most=2) == said


def test_what_was_so_before_is_nobodys_fault_now() -> None:
    look = Look(booked(settled=False), {"TX0": PAID["TX1"]})
    assert disagreements(look, look, "bakery", refused=0, most=2) == []


def test_a_number_that_comes_later_is_no_payment_that_was_never_made() -> None:
    before = Look(booked(transaction=""), PAID)
    assert disagreements(before, Look(booked(), PAID), "bakery", refused=0, most=2) == []


# -- the controls ----------------------------------------------------------------------------------------------------
class OneShelf:
    """Books with one product in them."""

    async def account(self, shop: str) -> Account | None:
        return BEFORE if shop == "bakery" else None


@asynccontextmanager
async def controls(target: str) -> AsyncIterator[Controls]:
    async with httpx.AsyncClient() as client:
        yield Controls(target, client)


async def test_books_are_shown_where_somebody_keeps_them() -> None:
    async with world() as here, controls(here.url) as asked:
        assert await asked.account("bakery") is None
        here.fake.books = OneShelf()
        assert await asked.account("bakery") == BEFORE
        assert await asked.account("butcher") is None


async def test_shops_are_found_by_name_and_the_only_one_without() -> None:
    async with world() as here, controls(here.url) as asked:
        [only] = await asked.shops("")
        assert (only.name, only.flow) == ("bakery", "counter")
        assert await asked.shops("all") == await asked.shops("bakery") == [only]
        with pytest.raises(BadInput, match=r"no single shop 'butcher'.*choose one of: bakery"):
            await asked.shops("butcher")


async def test_several_shops_must_be_chosen_among() -> None:
    async with world() as here, controls(here.url) as asked:
        [number] = here.fake.numbers()
        here.fake.numbers = lambda: [number, msgspec.structs.replace(number, name="kiosk")]  # type: ignore[method-assign]
        with pytest.raises(BadInput, match=r"several shops: bakery, kiosk; choose one with --shop NAME, or --shop all"):
            await asked.shops("")
        assert [one.name for one in await asked.shops("all")] == ["bakery", "kiosk"]


async def test_who_is_no_fake_provider_is_told_so() -> None:
    async with till() as bank, controls(bank.fake.url) as asked:
        with pytest.raises(ConfigError, match="is not a fake provider of Sokoni"):
            await asked.shops("")


async def test_payments_of_the_bank_are_read_in_minor_units_and_only_those_that_were_made() -> None:
    async with till() as bank, controls("") as asked:
        await order(bank, MPESA)
        link = (await order(bank, CARD, key="k2")).json()["payment_url"]
        assert await asked.payments([bank.fake.url]) == {}
        await asked.pay(link, "approve")
        assert list((await asked.payments([bank.fake.url])).values()) == [Paid("kiosk", 299_950, "KES")]
        assert await asked.payments([]) == {}


async def test_a_link_that_leads_nowhere_is_said() -> None:
    async with till() as bank, controls("") as asked:
        for link in (f"{bank.fake.url}/pay/nothing", "http://127.0.0.1:9/pay/1"):
            with pytest.raises(LineLost, match="pay"):
                await asked.pay(link, "approve")
