"""A market day with refunds: the owner sends money back over the shop and at Stripe itself, in parts and whole, while
every fault of Stripe's strikes. Stripe's book and the shop's are one in the end, and nobody was refunded twice."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from adapters.app import compose as composing
from adapters.app.laboratory import Laboratory
from adapters.app.samples import BURGERS, TICKETS
from adapters.papers.desk import PaperDesk
from adapters.phones.load import LoadOptions, run_load
from adapters.phones.meta.faults import Fault
from adapters.phones.meta.rules import Rules
from adapters.phones.stripe.faults import StripeFaults
from adapters.phones.stripe.refused import Refused
from engine.address import Sender
from engine.commit import Posted
from engine.events import DeskDecided, Inbound, Letter
from engine.orders import PaymentStatus
from engine.payments import Payment, PaymentState, whose
from storage import open_store
from storage.memory import MemoryStore
from tests.engine.scripted import TrioClock
from tests.simulation.market import PACE, PATIENCE, SETTLE, _undrawn, mixed
from tests.simulation.wire import rewire

BUYERS = 16
ROUNDS, ROUND_SECONDS = 12, 20.0
CALM_SECONDS = 4 * 3_600.0
"""Virtual: far longer than lost webhooks stay unknown, and refunds wait between two tries."""
SEEDS, MORE_SEEDS = range(6), range(6, 200)


class Owner:
    """Somebody who sends money back: over the shop, and now and then at Stripe itself."""

    def __init__(self, laboratory: Laboratory, draw: random.Random) -> None:
        self._laboratory = laboratory
        self._draw = draw
        self.decided = 0

    @property
    def store(self) -> MemoryStore:
        assert self._laboratory.process is not None
        running = self._laboratory.process.engine.running
        assert running is not None
        assert isinstance(running.store, MemoryStore)
        return running.store

    def payments(self) -> list[Payment]:
        return [one for one in self.store._till.payments.values() if one.provider == "stripe"]

    async def work(self) -> None:
        """Look at what came in, again and again."""
        for _ in range(ROUNDS):
            await trio.sleep(ROUND_SECONDS)
            for payment in self.payments():
                await self._look(payment)

    async def _look(self, payment: Payment) -> None:
        what = self._draw.choice(("leave", "leave", "part", "all", "twice", "dashboard", "come back"))
        amount = self._draw.randint(1, payment.amount) if what != "all" else 0
        if what == "dashboard":
            try:
                self._laboratory.stripe.refund(payment.transaction, amount)
            except Refused:
                return  # there is not so much of it left
        elif what == "come back":
            backs = [one for one in self._laboratory.stripe.book.refunds.values() if one.status == "succeeded"]
            if backs:
                self._laboratory.stripe.fail_refund(self._draw.choice(backs).id, "expired_or_canceled_card")
        elif what != "leave" and payment.state in (PaymentState.APPLIED, PaymentState.DESK):
            for _ in range(2 if what == "twice" else 1):
                await self._decide(payment, amount)

    async def _decide(self, payment: Payment, amount: int) -> None:
        self.decided += 1
        event = DeskDecided(payment.id, "refund", "owner", amount=amount, sent=payment.refunded)
        inbound = Inbound(f"decide:{self.decided}", payment.shop, Sender(), 0, event)
        assert self._laboratory.process is not None
        running = self._laboratory.process.engine.running
        assert running is not None
        await running.post_letters([Posted(Letter(whose(payment), inbound), TrioClock().now())])


def trouble(draw: random.Random) -> StripeFaults:
    """A few faults, and in every run answers and events that are lost: those are what may refund twice."""
    plan = mixed(StripeFaults, draw, without=("wrong_amount",))
    assert isinstance(plan, StripeFaults)
    return msgspec.structs.replace(plan, lost_answer=Fault(rate=0.3), never_call_back=Fault(rate=0.3))


async def market(seed: int, folder: Path, patch: pytest.MonkeyPatch) -> None:
    draw = random.Random(f"refunds/{seed}")
    rewire(patch)
    patch.setattr(composing, "open_store", lambda _, clock: open_store("memory://", clock))
    patch.setattr(PaperDesk, "_draw", _undrawn)
    laboratory = Laboratory(
        folder,
        shops=(BURGERS, TICKETS),
        messages_per_second=PACE,
        rules=Rules(retry_first=0.05),
        clock=TrioClock(),
    )
    async with trio.open_nursery() as nursery:
        await nursery.start(laboratory.run)
        laboratory.stripe.faults = trouble(draw)
        owner = Owner(laboratory, draw)
        nursery.start_soon(owner.work)
        options = LoadOptions(
            laboratory.url,
            shop="all",
            phones=BUYERS,
            arrivals=1.0,
            seconds=float(BUYERS),
            seed=seed,
            patience=PATIENCE,
            settle=SETTLE,
            pair_pace=False,
        )
        await run_load(options)
        await trio.sleep(ROUNDS * ROUND_SECONDS)
        laboratory.stripe.faults = StripeFaults()
        await trio.sleep(CALM_SECONDS)
        untrue = _untrue(laboratory, owner)
        nursery.cancel_scope.cancel()
    assert not untrue, "\n".join(untrue)
    assert owner.decided > 0


def _untrue(laboratory: Laboratory, owner: Owner) -> list[str]:
    """Where the shop's book is another than Stripe's."""
    book, told = laboratory.stripe.book, []
    known = {one.transaction: one for one in owner.payments()}
    for session in book:
        if session.payment_status != "paid":
            continue
        payment = known.pop(session.payment_intent, None)
        back = book.sent_back(session)
        if payment is None or payment.amount != session.amount:
            told.append(f"{session.id} was paid and the shop has {payment}")
        elif (payment.refunded, payment.refunding) != (back, 0):
            told.append(f"of {payment.id} {back} went back, and the shop says {payment}")
        elif (payment.state is PaymentState.REFUNDED) is not (back == session.amount):
            told.append(f"of {payment.id} {back} of {payment.amount} went back, and it is {payment.state}")
        elif payment.state is PaymentState.REFUNDING:
            told.append(f"{payment.id} waits for ever")
    keys = Counter(one.metadata["refund"] for one in book.refunds.values() if one.metadata)
    told += [f"{key} was refunded {times} times" for key, times in keys.items() if times > 1]
    told += [f"{name} was never paid" for name in known]
    return told + _orders(owner)


def _orders(owner: Owner) -> list[str]:
    """Orders whose payment status is another than what became of their money."""
    told = []
    for payment in owner.payments():
        order = owner.store._ledger.orders.get((payment.shop, payment.order))
        if order is None or payment.state is not PaymentState.APPLIED or payment.refund_problem:
            continue
        wanted = PaymentStatus.PARTLY_REFUNDED if payment.left < order.total else PaymentStatus.PAID
        if order.payment is not wanted:
            told.append(f"{order.number} is {order.payment} with {payment.left} of {order.total} left")
    kept = {(one.shop, one.order) for one in owner.payments() if one.state is not PaymentState.REFUNDED}
    for name in {(one.shop, one.order) for one in owner.payments()} - kept:
        order = owner.store._ledger.orders.get(name)
        if order is not None and order.payment in (PaymentStatus.PAID, PaymentStatus.PARTLY_REFUNDED):
            told.append(f"{order.number} is {order.payment}, and all its money went back")
    return told


@pytest.mark.parametrize("seed", SEEDS)
async def test_both_books_are_one(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: Any
) -> None:
    await market(seed, tmp_path, monkeypatch)


@pytest.mark.torture
@pytest.mark.parametrize("seed", MORE_SEEDS)
async def test_both_books_are_one_many_times(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: Any
) -> None:
    await market(seed, tmp_path, monkeypatch)
