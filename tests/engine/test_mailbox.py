"""A mailbox keeps order and its bounds; a receipt tells whether everything of one delivery was kept."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from engine import mailbox as mailbox_module
from engine.mailbox import Backlog, Envelope, Mailbox, Receipt
from tests.engine.scripted import letter


def envelope(text: str = "hi", receipt: Receipt | None = None) -> Envelope:
    return Envelope(letter(text), receipt or Receipt(1))


@pytest.mark.parametrize(
    ("ends", "kept"),
    [((), True), ((True,), True), ((True, True), True), ((True, False), False), ((False, True), False)],
)
async def test_a_delivery_is_kept_when_every_letter_of_it_was(ends: tuple[bool, ...], kept: bool) -> None:
    receipt = Receipt(len(ends))
    for end in ends:
        receipt.settle(end)
    assert await receipt.wait() is kept


async def test_a_delivery_is_not_answered_before_its_last_letter_met_its_end(autojump_clock: object) -> None:
    receipt = Receipt(2)
    receipt.settle(False)
    with trio.move_on_after(3_600) as waited:
        await receipt.wait()
    assert waited.cancelled_caught


def test_a_full_mailbox_refuses_one_more_and_takes_it_when_one_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox_module, "MAILBOX_SIZE", 3)
    mailbox = Mailbox(Backlog())
    assert [mailbox.put(envelope()) for _ in range(4)] == [True, True, True, False]
    mailbox.letters.popleft()
    assert mailbox.put(envelope())


def test_all_mailboxes_together_are_bounded_until_letters_meet_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox_module, "LETTERS_AT_MOST", 2)
    backlog = Backlog()
    first, second = Mailbox(backlog), Mailbox(backlog)
    assert [first.put(envelope()), second.put(envelope()), first.put(envelope())] == [True, True, False]
    second.current = second.letters.popleft()
    assert not first.put(envelope()), "a letter counts while it is being handled"
    second.settle(True)
    assert first.put(envelope())


def test_letters_put_first_keep_their_order_and_are_never_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox_module, "MAILBOX_SIZE", 1)
    mailbox = Mailbox(Backlog())
    mailbox.put(envelope("c"))
    one, two = envelope("a"), envelope("b")
    mailbox.put_first([one, two])
    assert [waiting.letter.inbound.event for waiting in mailbox.letters][:2] == [
        one.letter.inbound.event,
        two.letter.inbound.event,
    ]
    assert len(mailbox.letters) == 3


async def test_a_reader_that_goes_leaves_no_letter_unanswered() -> None:
    backlog = Backlog()
    mailbox = Mailbox(backlog)
    receipt = Receipt(3)
    for text in ("a", "b", "c"):
        mailbox.put(envelope(text, receipt))
    mailbox.current = mailbox.letters.popleft()
    mailbox.refuse_all()
    assert await receipt.wait() is False
    assert backlog.letters == 0


async def test_a_parked_reader_wakes_for_a_letter_and_may_be_cancelled() -> None:
    mailbox = Mailbox(Backlog())
    woken = trio.Event()

    async def read() -> None:
        await mailbox.park()
        woken.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(mailbox.park)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        assert not woken.is_set()
        mailbox.put(envelope())
        await woken.wait()
