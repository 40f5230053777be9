"""While a CRM is down: what is used meanwhile, who hears of it, and when it is tried again."""

from __future__ import annotations

import trio
import trio.testing

from engine.trouble import MOST_SECONDS, TOLD_FROM, Trouble
from tests.engine.backoffice import BUSY, DOWN, LOCKED, dealing
from tests.engine.scripted import SHOP, START, TroubledStore, settled, store

__all__ = ["store"]

Clock = trio.testing.MockClock


async def test_the_owner_hears_once_that_it_is_down_and_once_that_it_is_back(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with dealing(store) as office:
        await settled()
        office.crm.always = DOWN
        await office.sell("W1")
        await trio.sleep(7000)
        (notice,) = await store.owner_notices(SHOP, 9)
        assert (notice.kind, notice.count) == ("crm_down", 1)
        assert "The last known stock is used, that of 2026-09-21 14:13 UTC." in notice.detail
        assert office.state.reasons == ("It can't be reached.",)
        assert office.state.stock_at == START, "the last known stock, and how old it is"
        assert 0 <= office.state.retry_in <= MOST_SECONDS * 1000
        assert await office.on_hand() == 49
        office.crm.always = None
        await trio.sleep(2 * MOST_SECONDS)
        assert await office.notices() == ["crm_down", "crm_back"]
        assert office.state.works


async def test_a_hiccup_is_not_told(store: TroubledStore, autojump_clock: Clock) -> None:
    async with dealing(store) as office:
        office.crm.answers.extend([DOWN] * (TOLD_FROM - 1))
        await office.sell("W1")
        await trio.sleep(60)
        assert list(office.crm.book) == ["W1"]
        assert await office.notices() == []


async def test_what_only_the_operator_can_mend_is_told_at_once(store: TroubledStore, autojump_clock: Clock) -> None:
    async with dealing(store) as office:
        office.crm.always = LOCKED
        await office.sell("W1")
        await settled()
        (notice,) = await store.owner_notices(SHOP, 9)
        assert notice.detail == (
            "The ledger can't be used: The token is refused. Our own count is used, for none was taken over yet. "
            "Orders wait until it is back."
        )


async def test_that_it_is_down_is_not_told_again_by_the_next_process_but_that_it_is_back_is(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with dealing(store) as office:
        office.crm.always = LOCKED
        await settled()
    await trio.sleep(7200)
    async with dealing(store) as office:
        office.crm.always = LOCKED
        await settled()
        assert await office.notices() == ["crm_down"]
        office.crm.always = None
        await trio.sleep(MOST_SECONDS + 1)
        assert await office.notices() == ["crm_down", "crm_back"]


async def test_a_wait_that_it_asks_for_is_kept_also_when_the_owner_is_in_a_hurry(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with dealing(store) as office:
        await settled()
        office.crm.answers.append(BUSY)
        await office.sell("W1")
        await settled()
        office.sync.ask(SHOP)
        await trio.sleep(3599)
        assert len(office.crm.pushed) == 1
        await trio.sleep(2)
        assert list(office.crm.book) == ["W1"]


async def test_the_owner_may_hurry_a_try(store: TroubledStore, autojump_clock: Clock) -> None:
    async with dealing(store) as office:
        office.crm.always = DOWN
        await office.sell("W1")
        await trio.sleep(1000)
        office.crm.always = None
        office.sync.ask(SHOP)
        await settled()
        assert list(office.crm.book) == ["W1"]


def test_trouble_doubles_its_pause_up_to_a_limit() -> None:
    trouble, pauses = Trouble(), []
    for _ in range(12):
        trouble.failed(DOWN, 100.0)
        pauses.append(trouble.retry_at - 100.0)
    assert pauses[:4] == [2, 4, 8, 16]
    assert pauses[-1] == MOST_SECONDS
    trouble.over()
    assert (trouble.failures, trouble.reason, trouble.retry_at) == (0, "", 0.0)
