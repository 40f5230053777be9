"""Sending money back: asked for at once, under one key for ever, counted once through lost answers and restarts."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from contextlib import nullcontext

import pytest
import trio
import trio.testing

from engine.address import HOUR, MINUTE, Address
from engine.books import Refunded
from engine.breaker import IN_A_ROW, service_of
from engine.commit import Commit
from engine.payments import Payment, PaymentSettlement, PaymentState, RefundNews
from engine.ports import Answer, Http, NotSent, Refunder
from engine.sending_back import LEASE, LEASE_MOST, LOOK_BACK_SECONDS, TOLD_AT
from tests.engine.cash import CashDesk, ScriptedProvider, counting, intent, keep, paid
from tests.engine.scripted import SHOP, START, TroubledStore, settled, store
from tests.engine.sending import moment

__all__ = ["store"]

Clock = trio.testing.MockClock
NAME = "scripted:tx-a"
REFUNDING, DESK, APPLIED = PaymentState.REFUNDING, PaymentState.DESK, PaymentState.APPLIED
LOST = Refunded(reason="the answer was lost")
REFUSED = "The Stripe balance is too low."


class RefundingProvider(ScriptedProvider):
    """One that refunds under a key, once. ``before`` is what happens to the next requests: an error is raised, LOST is
    answered *after* it was carried out, as is what waits for an event, and a refusal (a text) instead of it."""

    kind = "scripted"

    def __init__(self, shop: str = SHOP) -> None:
        super().__init__(shop)
        self.before: deque[Refunded | Exception | str | trio.Event] = deque()
        self.asked_at: list[int] = []
        self.elsewhere: list[RefundNews] = []
        self.looked_at: list[int] = []
        self.made: defaultdict[str, int] = defaultdict(int)
        """Key → how much was sent back under it: the bank's own book."""

    async def refund(self, http: Http, payment: Payment, amount: int, key: str) -> Refunded:
        self.asked_at.append(moment())
        await trio.lowlevel.checkpoint()
        trouble = self.before.popleft() if self.before else None
        if isinstance(trouble, Exception):
            raise trouble
        name = payment.id.removeprefix("scripted:")
        if isinstance(trouble, str):
            return Refunded(RefundNews(key, self.kind, name, amount, ok=False, key=key, detail=trouble))
        self.made[key] = amount
        if isinstance(trouble, trio.Event):
            await trouble.wait()
            trouble = None
        return trouble or Refunded(RefundNews(f"re-{key}", self.kind, name, amount, key=key))

    async def refunds(self, http: Http, since: int) -> list[RefundNews]:
        self.looked_at.append(moment())
        await trio.lowlevel.checkpoint()
        if len(self.looked_at) == 2:
            raise OSError("a bug")
        return self.elsewhere


class Down:
    """A connection to nobody."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        raise NotSent("ConnectError")

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        raise NotSent("ConnectError")


class CallingRefunder(RefundingProvider):
    """One that is called."""

    async def refund(self, http: Http, payment: Payment, amount: int, key: str) -> Refunded:
        try:
            await http.post("", {}, b"")
        except NotSent:
            return LOST
        return await super().refund(http, payment, amount, key)


async def wish(desk: CashDesk, amount: int, *, frm: tuple[PaymentState, ...] = (PaymentState.DESK,)) -> None:
    """The owner's decision as a turn commits it."""
    address = Address(SHOP, "ann")
    before = await desk.store.wake(address)
    version = 1 + (before.version if before is not None else 0)
    one = PaymentSettlement(NAME, frm, REFUNDING, refund=amount)
    commit = Commit(address, version, b"{}", desk.clock.now(), f"w{version}", settlements=(one,))
    assert await desk.store.commit(commit) is None
    desk.cashier.offer(commit)


async def take_in_another(desk: CashDesk) -> None:
    """A second payment, which shall go back whole."""
    await keep(desk.store, (intent("b"),))
    await desk.store.record(SHOP, paid("b"), START)
    address, name = Address(SHOP, "ann"), "scripted:tx-b"
    for frm, to, refund in ((PaymentState.RECORDED, DESK, 0), (DESK, REFUNDING, 300_000)):
        before = await desk.store.wake(address)
        assert before is not None
        one = PaymentSettlement(name, (frm,), to, refund=refund)
        commit = Commit(
            address, before.version + 1, b"{}", desk.clock.now(), f"w{before.version + 1}", settlements=(one,)
        )
        assert await desk.store.commit(commit) is None
        desk.cashier.offer(commit)


async def take_in(store: TroubledStore) -> None:
    """A payment that lies on the desk."""
    await keep(store, (intent("a"),))
    await store.record(SHOP, paid("a"), START)
    one = PaymentSettlement(NAME, (PaymentState.RECORDED,), DESK)
    assert await store.commit(Commit(Address(SHOP, "ann"), 2, b"{}", START, "w2", settlements=(one,))) is None


async def standing(desk: CashDesk) -> Payment:
    found = await desk.store.payment(SHOP, NAME)
    assert found is not None
    return found


def test_a_provider_without_refunds_is_none_that_refunds() -> None:
    assert isinstance(RefundingProvider(), Refunder)
    assert not isinstance(ScriptedProvider(), Refunder)


async def test_a_wish_is_asked_for_at_once_and_once(store: TroubledStore, autojump_clock: Clock) -> None:
    await take_in(store)
    provider = RefundingProvider()
    async with counting(store, provider) as desk:
        await wish(desk, 5_000)
        await settled()
        assert provider.asked_at == [0]
        found = await standing(desk)
        assert (found.refunded, found.refunding) == (5_000, 0)
        assert f"refunded:scripted:re-{found.refund_key}" in await desk.letters()
        await trio.sleep(HOUR / 1000)
    assert provider.asked_at == [0]


async def test_what_an_earlier_process_left_is_asked_for_under_the_same_key(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    await take_in(store)
    provider = RefundingProvider()
    provider.before.append(LOST)
    async with counting(store, provider) as desk:
        await wish(desk, 5_000)
        await settled()
        assert (await standing(desk)).refunding == 5_000
    async with counting(store, provider) as desk:
        await trio.sleep(2 * LEASE / 1000)
        assert (await standing(desk)).refunded == 5_000
    assert len(provider.asked_at) == 2
    assert list(provider.made.values()) == [5_000]


async def test_a_lost_answer_is_asked_for_again_in_growing_gaps_and_the_owner_hears_of_it(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    await take_in(store)
    provider = RefundingProvider()
    provider.before.extend([LOST, LOST, OSError("a bug"), LOST, LOST, LOST, LOST, LOST])
    async with counting(store, provider) as desk:
        await wish(desk, 5_000)
        await trio.sleep(6 * HOUR / 1000)
        (notice,) = await store.owner_notices(SHOP, 9)
        assert (notice.kind, notice.count) == ("refund_waits", 1)
        assert "scripted:tx-a" in notice.detail
        assert (await standing(desk)).refunded == 5_000
    assert len(provider.asked_at) == 9 > TOLD_AT
    gaps = [after - before for before, after in zip(provider.asked_at, provider.asked_at[1:], strict=False)]
    assert gaps == sorted(gaps)
    assert LEASE <= gaps[0] < LEASE + MINUTE
    assert LEASE_MOST <= gaps[-1] < LEASE_MOST + MINUTE
    assert list(provider.made.values()) == [5_000]


async def test_a_refusal_is_told_to_the_owner_and_a_second_wish_has_a_key_of_its_own(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    await take_in(store)
    provider = RefundingProvider()
    provider.before.append(REFUSED)
    async with counting(store, provider) as desk:
        await wish(desk, 5_000)
        await settled()
        (notice,) = await store.owner_notices(SHOP, 9)
        assert (notice.kind, REFUSED in notice.detail) == ("refund_failed", True)
        found = await standing(desk)
        assert (found.refunding, found.refund_problem) == (0, REFUSED)
        back = PaymentSettlement(NAME, (REFUNDING,), DESK)
        commit = Commit(Address(SHOP, "ann"), 4, b"{}", START, "w4", settlements=(back,))
        assert await store.commit(commit) is None
        await wish(desk, 5_000)
        await settled()
        assert (await standing(desk)).refunded == 5_000
    assert list(provider.made) == [f"{SHOP}/{NAME}:refund:2"]


async def test_the_webhook_may_be_quicker_than_the_answer(store: TroubledStore, autojump_clock: Clock) -> None:
    await take_in(store)
    provider = RefundingProvider()
    answers = trio.Event()
    provider.before.append(answers)
    async with counting(store, provider) as desk:
        await wish(desk, 5_000)
        await settled()
        key = (await standing(desk)).refund_key
        news = RefundNews(f"re-{key}", "scripted", "tx-a", 5_000, key=key)
        assert await desk.cashier.refunds.record(SHOP, news) is True
        answers.set()
        await trio.sleep(HOUR / 1000)
        assert (await standing(desk)).refunded == 5_000
        assert (await desk.letters()).count(f"refunded:scripted:re-{key}") == 1
    assert provider.asked_at == [0]


async def test_a_refund_whose_turn_came_twice_is_not_made_after_it_was_refused(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    """A lane that hangs longer than the lease: what waits for it is due again, and waits twice."""
    await take_in(store)
    provider, hangs = RefundingProvider(), trio.Event()
    provider.before.extend([hangs, REFUSED])
    async with counting(store, provider) as desk:
        await wish(desk, 5_000)
        await settled()
        await take_in_another(desk)
        await trio.sleep(1.5 * LEASE / 1000)
        hangs.set()
        await trio.sleep(10 * LEASE / 1000)
        found = await desk.store.payment(SHOP, "scripted:tx-b")
        assert found is not None
        assert (found.refunding, found.refund_problem) == (0, REFUSED)
    assert found.refund_key not in provider.made, "its owner was told that it was not made, and may wish for it anew"


async def test_while_a_provider_rests_refunds_wait(store: TroubledStore, autojump_clock: Clock) -> None:
    await take_in(store)
    provider = RefundingProvider()
    async with counting(store, provider) as desk:
        breaker = desk.breakers.of(service_of(provider), SHOP, "")
        for _ in range(IN_A_ROW):
            breaker.failed("it is out")
        await wish(desk, 5_000)
        await settled()
        assert provider.asked_at == []
        await trio.sleep(2 * LEASE / 1000)
        assert (await standing(desk)).refunded == 5_000


async def test_calls_about_refunds_tell_the_breaker_how_the_provider_is(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    provider = CallingRefunder()
    await take_in(store)
    async with counting(store, provider, connect=lambda: nullcontext(Down())) as desk:
        await wish(desk, 5_000)
        await trio.sleep(HOUR / 1000)
        assert not desk.breakers.of(service_of(provider), SHOP, "").closed
        assert (await standing(desk)).refunding == 5_000, "it waits"


async def test_money_of_a_provider_that_is_gone_waits(store: TroubledStore, autojump_clock: Clock) -> None:
    await take_in(store)
    async with counting(store, RefundingProvider("other")) as desk:
        await wish(desk, 5_000)
        await trio.sleep(HOUR / 1000)
        assert (await standing(desk)).refunding == 5_000


async def test_refunds_whose_webhooks_were_lost_are_looked_for(store: TroubledStore, autojump_clock: Clock) -> None:
    await take_in(store)
    provider = RefundingProvider()
    async with counting(store, provider) as desk:
        await settled()
        provider.elsewhere = [RefundNews("re_9", "scripted", "tx-a", 700), RefundNews("re_8", "scripted", "tx-z", 1)]
        await trio.sleep(5 * LOOK_BACK_SECONDS / 2)
        assert provider.looked_at == [0, 1_800_000, 3_600_000]
        assert (await standing(desk)).refunded == 700
        assert (await desk.letters()).count("refunded:scripted:re_9") == 1


@pytest.mark.parametrize("state", [APPLIED])
async def test_an_applied_payment_goes_the_same_way(
    store: TroubledStore, autojump_clock: Clock, state: PaymentState
) -> None:
    await take_in(store)
    move = PaymentSettlement(NAME, (DESK,), state)
    assert await store.commit(Commit(Address(SHOP, "ann"), 3, b"{}", START, "w3", settlements=(move,))) is None
    async with counting(store, RefundingProvider()) as desk:
        await wish(desk, 300_000, frm=(APPLIED,))
        await settled()
        assert (await standing(desk)).back_to == state.value
