"""An order's steps: what each row means, and that the whole is as its worst step."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from engine.invoice_book import PaperSent
from engine.messages import SendState, StatusRank
from engine.orders import OrderStatus
from engine.processing import (
    LOOKED_BACK,
    READ_AT_MOST,
    READ_AT_ONCE,
    UNPAID_YET,
    Progress,
    StepName,
    StepState,
    Sync,
    jobs,
    steps,
    whole,
)

NOW = 10**12
NONE, WAITING, DONE, FAILED = StepState.NONE, StepState.WAITING, StepState.DONE, StepState.FAILED
SENT = PaperSent("k", NOW, SendState.SENT, StatusRank.NONE)
ALL = Progress("WS1", NOW, OrderStatus.CONFIRMED, False, "INV-2025-0001", SENT, Sync(tried=True, heard=True), told=True)


def stands(one: Progress, refused: Mapping[str, str] | None = None) -> dict[StepName, tuple[StepState, str]]:
    return {step.name: (step.state, step.reason) for step in steps(one, refused or {})}


def test_all_is_done_when_each_is() -> None:
    assert set(stands(ALL).values()) == {(DONE, "")}
    assert whole(steps(ALL, {})) is DONE


def test_where_nobody_wishes_for_anything_there_is_nothing() -> None:
    bare = Progress("WS1", NOW, OrderStatus.CONFIRMED, False)
    assert set(stands(bare).values()) == {(NONE, "")}
    assert whole(steps(bare, {})) is NONE


@pytest.mark.parametrize(
    ("state", "told", "wanted", "reason"),
    [
        (SendState.QUEUED, "", WAITING, ""),
        (SendState.SENDING, "", WAITING, ""),
        (SendState.HELD, "", WAITING, "It goes when the customer writes."),
        (SendState.HELD, "The template is paused.", WAITING, "The template is paused."),
        (SendState.UNKNOWN, "", WAITING, "Nobody knows yet whether the provider has it."),
        (SendState.FAILED, "This number is not on WhatsApp.", FAILED, "This number is not on WhatsApp."),
        (SendState.SKIPPED, "", FAILED, "It was not sent on purpose."),
        (SendState.SENT, "read long ago", DONE, ""),
    ],
)
def test_sending_stands_as_its_last_message_does(state: SendState, told: str, wanted: StepState, reason: str) -> None:
    one = replace(ALL, sent=replace(SENT, state=state, reason=told))
    assert stands(one)[StepName.SEND] == (wanted, reason)
    assert whole(steps(one, {})) is wanted


def test_nobody_waits_for_a_message_of_an_order_that_is_cancelled() -> None:
    failed = replace(ALL, sent=replace(SENT, state=SendState.FAILED), status=OrderStatus.CANCELLED)
    assert stands(failed)[StepName.SEND] == (NONE, "The order is cancelled.")
    assert whole(steps(failed, {})) is DONE


@pytest.mark.parametrize(
    ("sync", "status", "held", "refused", "wanted"),
    [
        (Sync(tried=False, heard=False), OrderStatus.CONFIRMED, False, "", (WAITING, "")),
        (Sync(tried=False, heard=False), OrderStatus.CONFIRMED, True, "", (WAITING, UNPAID_YET)),
        (Sync(tried=True, heard=False), OrderStatus.CONFIRMED, False, "No such item.", (FAILED, "No such item.")),
        (Sync(tried=True, heard=True), OrderStatus.CONFIRMED, False, "No such item.", (DONE, "")),
        (Sync(tried=True, heard=False), OrderStatus.CANCELLED, True, "", (WAITING, "")),
        (Sync(tried=False, heard=True), OrderStatus.CANCELLED, False, "", (NONE, "")),
    ],
)
def test_the_crm_hears_of_what_it_shall(
    sync: Sync, status: OrderStatus, held: bool, refused: str, wanted: tuple[StepState, str]
) -> None:
    one = replace(ALL, sync=sync, status=status, held=held)
    assert stands(one, {"WS1": refused} if refused else {})[StepName.CRM] == wanted


def test_the_worst_step_is_how_the_order_stands() -> None:
    waits = replace(ALL, told=False)
    assert whole(steps(waits, {})) is WAITING
    assert whole(steps(replace(waits, sent=replace(SENT, state=SendState.FAILED)), {})) is FAILED


class Book:
    """So many orders, of which every hundredth waits."""

    def __init__(self, count: int) -> None:
        self.rows = [replace(ALL, order=f"WS{n}", told=n % 100 != 0) for n in range(count)]
        self.reads: list[int] = []

    async def progress(self, shop: str, number: str) -> Progress | None:
        return next((one for one in self.rows if one.order == number), None)

    async def progresses(
        self, shop: str, since: int, limit: int, offset: int = 0, unfinished: bool = False
    ) -> list[Progress]:
        assert since == NOW - LOOKED_BACK
        self.reads.append(limit)
        return [one for one in self.rows if not (unfinished and one.told)][offset : offset + limit]

    async def sync_again(self, shop: str, number: str) -> bool:
        return False


async def test_orders_are_looked_through_some_at_a_time_and_no_further_than_needed() -> None:
    book = Book(1_050)
    found = await jobs(book, "dealer", {}, [WAITING], NOW, 2, 1)
    assert [one.progress.order for one in found] == ["WS100", "WS200"]
    assert book.reads == [READ_AT_ONCE], "what is finished is not even read"
    assert len(await jobs(book, "dealer", {}, [WAITING, FAILED], NOW, 99)) == 11
    book.reads.clear()
    assert len(await jobs(book, "dealer", {}, [DONE], NOW, 300)) == 300
    assert book.reads == [READ_AT_ONCE] * 2
    assert await jobs(Book(READ_AT_MOST + 99), "dealer", {}, [FAILED, DONE], NOW, 9, READ_AT_MOST) == []
    assert [one.progress.order for one in await jobs(book, "dealer", {}, [], NOW, 3, 1)] == ["WS1", "WS2", "WS3"]
