"""What every store promises about messages on their way, and about the statuses that come back."""

from __future__ import annotations

from functools import partial

import pytest

from engine.messages import Outcome, OutcomeClass, SendState, Status, StatusRank
from engine.ports import OutboxRow, Store
from tests.storage.values import ANN, BEN, NOW, FixedClock, Talk, key, out, sent, status, together

K = key("1:0")


class Outbox:
    @pytest.fixture
    async def queued(self, store: Store) -> Store:
        await Talk(store).commit(outbox=(out("1:0"),))
        return store

    @pytest.fixture
    async def sending(self, queued: Store) -> Store:
        await queued.claim([K], NOW)
        return queued

    async def row(self, store: Store, name: str = K) -> OutboxRow:
        found = await store.outbox_row(name)
        assert found is not None
        return found

    # -- queue -----------------------------------------------------------------------------------------------------
    async def test_waiting_goes_on_from_its_cursor(self, store: Store) -> None:
        for n, address in enumerate((ANN, BEN, ANN.__class__("kiosk", "ann"))):
            await Talk(store, address).commit(outbox=(out(f"{n}:0", address), out(f"{n}:1", address)))
        cursor, first = await store.waiting(0, 4)
        cursor, rest = await store.waiting(cursor, 4)
        assert [one.key.rpartition("/")[2] for one in first + rest] == [
            *("ann:0:0", "ann:0:1", "ben:1:0", "ben:1:1"),
            *("ann:2:0", "ann:2:1"),
        ]
        assert await store.waiting(cursor, 4) == (cursor, [])

    async def test_a_row_is_claimed_once(self, queued: Store) -> None:
        assert await queued.claim([K, "never/heard:1:0"], NOW) == {K}
        assert await queued.claim([K], NOW) == set()
        row = await self.row(queued)
        assert (row.state, row.outgoing.attempts) == (SendState.SENDING.value, 1)
        assert await queued.waiting(0, 10) == (0, [])

    async def test_of_two_who_claim_at_once_one_gets_it(self, queued: Store) -> None:
        ends = await together(*[partial(queued.claim, [K], NOW)] * 2)
        assert sorted(ends, key=len) == [set(), {K}]
        assert (await self.row(queued)).outgoing.attempts == 1

    async def test_an_unknown_key_has_no_row(self, store: Store) -> None:
        assert await store.outbox_row(K) is None

    @pytest.mark.parametrize(
        ("kind", "state"),
        [
            (OutcomeClass.RETRY, SendState.QUEUED),
            (OutcomeClass.THROTTLE_NUMBER, SendState.QUEUED),
            (OutcomeClass.THROTTLE_CUSTOMER, SendState.QUEUED),
            (OutcomeClass.OPERATOR, SendState.QUEUED),
            (OutcomeClass.NEVER, SendState.FAILED),
            (OutcomeClass.STOPPED, SendState.FAILED),
            (OutcomeClass.NEEDS_TEMPLATE, SendState.HELD),
            (OutcomeClass.HELD, SendState.HELD),
            (OutcomeClass.SKIPPED, SendState.SKIPPED),
            (OutcomeClass.UNKNOWN, SendState.UNKNOWN),
        ],
    )
    async def test_an_outcome_moves_its_row(self, sending: Store, kind: OutcomeClass, state: SendState) -> None:
        await sending.settle([(K, Outcome(kind, code=131, reason="why"))], NOW + 1)
        row = await self.row(sending)
        assert (row.state, row.code, row.reason) == (state.value, 131, "why")
        assert (await sending.waiting(0, 10))[1] == ([row.outgoing] if state is SendState.QUEUED else [])

    async def test_a_sent_row_carries_its_provider_id(self, sending: Store) -> None:
        await sending.settle([(K, Outcome(OutcomeClass.RETRY, code=131, reason="later"))], NOW)
        await sending.claim([K], NOW)
        await sending.settle([(K, sent("wamid.out"))], NOW)
        row = await self.row(sending)
        assert row == OutboxRow(row.outgoing, "sent", "wamid.out", 0, 0, "", False)
        assert row.outgoing.attempts == 2

    async def test_a_settled_row_is_not_settled_again(self, sending: Store) -> None:
        await sending.settle([(K, sent("wamid.out"))], NOW)
        await sending.settle([(K, Outcome(OutcomeClass.UNKNOWN))], NOW)
        await sending.settle([(K, Outcome(OutcomeClass.RETRY))], NOW)
        assert (await self.row(sending)).state == "sent"

    async def test_a_row_that_was_never_claimed_is_not_settled(self, queued: Store) -> None:
        await queued.settle([(K, Outcome(OutcomeClass.NEVER, code=1))], NOW)
        assert (await self.row(queued)).state == "queued"

    async def test_outcomes_of_many_rows_at_once(self, store: Store) -> None:
        await Talk(store).commit(outbox=tuple(out(f"1:{n}") for n in range(40)))
        keys = [key(f"1:{n}") for n in range(40)]
        assert await store.claim(keys, NOW) == set(keys)
        await together(*(partial(store.settle, [(name, sent(f"w{n}"))], NOW) for n, name in enumerate(keys)))
        assert [(await self.row(store, name)).provider_id for name in keys] == [f"w{n}" for n in range(40)]

    # -- unknown ---------------------------------------------------------------------------------------------------
    async def test_unknown_rows_come_oldest_first(self, store: Store) -> None:
        await Talk(store).commit(outbox=(out("1:0"), out("1:1"), out("1:2")))
        await store.claim([key("1:0"), key("1:1"), key("1:2")], NOW)
        lost = Outcome(OutcomeClass.UNKNOWN)
        await store.settle([(key("1:2"), lost)], NOW + 1)
        await store.settle([(key("1:0"), lost), (key("1:1"), sent("w"))], NOW + 2)
        await store.settle([(key("1:2"), lost)], NOW + 9)
        assert [(one.key, since) for one, since in await store.unknown(10)] == [
            (key("1:2"), NOW + 1),
            (key("1:0"), NOW + 2),
        ]
        assert len(await store.unknown(1)) == 1

    async def test_an_unknown_row_is_sent_once_more_and_marked(self, sending: Store) -> None:
        assert await sending.requeue([K], NOW) == set()
        await sending.settle([(K, Outcome(OutcomeClass.UNKNOWN))], NOW)
        assert await sending.requeue([K, "never/heard:1:0"], NOW) == {K}
        row = await self.row(sending)
        assert (row.state, row.doubled) == ("queued", True)
        assert await sending.unknown(10) == []
        assert await sending.claim([K], NOW) == {K}

    async def test_an_unknown_row_is_settled_by_a_later_look_up(self, sending: Store) -> None:
        await sending.settle([(K, Outcome(OutcomeClass.UNKNOWN))], NOW)
        await sending.settle([(K, sent("wamid.out"))], NOW)
        assert (await self.row(sending)).state == "sent"
        assert await sending.unknown(10) == []

    # -- statuses --------------------------------------------------------------------------------------------------
    async def test_statuses_only_move_forward(self, sending: Store) -> None:
        await sending.settle([(K, sent("w"))], NOW)
        for rank, expected in (
            (StatusRank.DELIVERED, 2),
            (StatusRank.SENT, 2),
            (StatusRank.READ, 3),
            (StatusRank.DELIVERED, 3),
            (StatusRank.PLAYED, 4),
            (StatusRank.NONE, 4),
        ):
            assert await sending.statuses([status(rank, "w")]) == set()
            assert (await self.row(sending)).rank == expected

    @pytest.mark.parametrize("state", ["sending", "unknown"])
    async def test_a_status_by_key_makes_an_unsettled_row_sent(self, sending: Store, state: str) -> None:
        if state == "unknown":
            await sending.settle([(K, Outcome(OutcomeClass.UNKNOWN, code=7))], NOW)
        assert await sending.statuses([status(StatusRank.SENT, "w", key=K)]) == {K}
        assert await sending.statuses([status(StatusRank.READ, "w", key=K)]) == set()
        await sending.settle([(K, Outcome(OutcomeClass.UNKNOWN))], NOW)
        row = await self.row(sending)
        assert (row.state, row.provider_id, row.rank, row.code) == ("sent", "w", 3, 0)

    async def test_several_statuses_of_one_message_in_one_batch(self, sending: Store) -> None:
        batch = [status(rank, "w", key=K) for rank in (StatusRank.READ, StatusRank.SENT, StatusRank.DELIVERED)]
        assert await sending.statuses(batch) == {K}
        assert (await self.row(sending)).rank == 3

    async def test_a_status_that_comes_first_waits_for_its_message(self, sending: Store) -> None:
        assert await sending.statuses([status(StatusRank.DELIVERED, "w"), status(StatusRank.SENT, "w")]) == set()
        assert (await self.row(sending)).state == "sending"
        await sending.settle([(K, sent("w"))], NOW)
        row = await self.row(sending)
        assert (row.state, row.rank) == ("sent", 2)

    async def test_a_status_by_key_brings_along_what_waited_for_its_provider_id(self, sending: Store) -> None:
        await sending.statuses([status(StatusRank.READ, "w")])
        assert await sending.statuses([status(StatusRank.SENT, "w", key=K)]) == {K}
        assert (await self.row(sending)).rank == 3

    async def test_a_failure_that_comes_first_fails_its_message(self, sending: Store) -> None:
        await sending.statuses([status(StatusRank.FAILED, "w", code=131026)])
        await sending.settle([(K, sent("w"))], NOW)
        row = await self.row(sending)
        assert (row.state, row.rank, row.code, row.reason) == ("failed", -1, 131026, "refused")

    async def test_a_failure_before_delivery_fails_the_row(self, sending: Store) -> None:
        await sending.settle([(K, sent("w"))], NOW)
        await sending.statuses([status(StatusRank.SENT, "w")])
        await sending.statuses([status(StatusRank.FAILED, "w", at=NOW - 5, code=131026)])
        await sending.statuses([status(StatusRank.SENT, "w", at=NOW + 5)])
        row = await self.row(sending)
        assert (row.state, row.rank, row.code, row.reason) == ("failed", -1, 131026, "refused")

    @pytest.mark.parametrize("failed_first", [True, False])
    async def test_a_failure_beside_a_delivery_is_only_noted(self, sending: Store, failed_first: bool) -> None:
        await sending.settle([(K, sent("w"))], NOW)
        pair = [status(StatusRank.FAILED, "w", code=131026), status(StatusRank.DELIVERED, "w")]
        for one in pair if failed_first else reversed(pair):
            await sending.statuses([one])
        row = await self.row(sending)
        assert (row.state, row.rank, row.code, row.reason) == ("sent", 2, 131026, "refused")

    async def test_a_status_finds_no_row_of_another_shop(self, sending: Store) -> None:
        await sending.settle([(K, sent("w"))], NOW)
        foreign = Status("kiosk", "w", StatusRank.READ, NOW, K)
        assert await sending.statuses([foreign]) == set()
        assert (await self.row(sending)).rank == 0

    async def test_a_status_whose_key_is_strange_is_found_by_provider_id(self, sending: Store) -> None:
        await sending.settle([(K, sent("w"))], NOW)
        await sending.statuses([status(StatusRank.READ, "w", key="strange")])
        assert (await self.row(sending)).rank == 3

    async def test_a_status_before_the_requeued_send_spares_it(self, sending: Store) -> None:
        await sending.settle([(K, Outcome(OutcomeClass.UNKNOWN))], NOW)
        await sending.requeue([K], NOW)
        await sending.statuses([status(StatusRank.DELIVERED, "w", key=K)])
        assert await sending.claim([K], NOW) == set()
        assert (await self.row(sending)).state == "sent"

    async def test_statuses_parked_over_a_day_are_swept(self, sending: Store, clock: FixedClock) -> None:
        await sending.statuses([status(StatusRank.READ, "w")])
        day = 24 * 60 * 60 * 1_000
        assert await sending.sweep(NOW + day) == 0
        assert await sending.sweep(NOW + day + 1) == 1
        await sending.settle([(K, sent("w"))], NOW)
        assert (await self.row(sending)).rank == 0
