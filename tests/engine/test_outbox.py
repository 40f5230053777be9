"""What was wished for leaves: in order, at its pace, and each provider's answer has its plan."""

from __future__ import annotations

from itertools import pairwise

import pytest
import trio
import trio.testing

from engine import media_sent
from engine.address import HOUR
from engine.errors import StoreBusy, StoreFailed
from engine.lines import MEDIA_WAIT
from engine.messages import Outcome, OutcomeClass, StatusRank
from engine.outbox import OPERATOR_PAUSE, TRIES, OutboxSettings
from tests.engine.scripted import SHOP, TroubledStore, leaves, settled, store
from tests.engine.sending import (
    KIOSK,
    NEVER,
    PICTURE,
    RETRY,
    SENT,
    UNKNOWN,
    ScriptedChannel,
    channel,
    row,
    sending,
    status,
)

__all__ = ["channel", "store"]

Clock = trio.testing.MockClock
Kind = OutcomeClass


# -- order and pace --------------------------------------------------------------------------------------------------
async def test_one_customers_messages_leave_in_order_each_after_the_one_before_was_accepted(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.latency = 0.5
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1), row("ann", 2), row("ann", 3), row("ben", 1))
        await trio.sleep(60)
    assert channel.begun == [(0, "ann1"), (0, "ben1"), (500, "ann2"), (1_000, "ann3")]


async def test_a_row_is_claimed_on_disk_before_it_leaves_and_settled_after(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    gate = trio.Event()
    channel.answers["ann1"].append(gate)
    claiming = store.gate("claim")
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1))
        await settled()
        assert (channel.begun, await office.state("ann1")) == ([], "queued")
        claiming.set()
        await settled()
        assert (channel.order, await office.state("ann1")) == (["ann1"], "sending")
        gate.set()
        await settled()
        assert await office.state("ann1") == "sent"
        assert (await office.at("ann1")).provider_id == "p.ann1"


@pytest.mark.parametrize("per_second", [20, 80, 1_000])
async def test_a_number_keeps_its_pace_within_two_percent(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock, per_second: int
) -> None:
    channel.latency = 0.02
    count = 20 * per_second if per_second < 1_000 else 5_000
    async with sending(store, channel, pace=per_second) as office:
        await office.wish(*(row(f"c{number}x", 1) for number in range(count)))
        await trio.sleep(60)
    took = (channel.begun[-1][0] - channel.begun[0][0]) / 1000
    assert len(channel.begun) == count
    assert count / took == pytest.approx(per_second, rel=0.02)
    fullest = max(
        sum(1 for at, _ in channel.begun if start <= at < start + 1_000) for start in range(0, int(took * 1000), 500)
    )
    assert fullest <= 1.06 * per_second + 1


async def test_one_customer_gets_45_at_once_and_then_one_every_six_seconds(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with sending(store, channel) as office:
        await office.wish(*(row("ann", turn) for turn in range(1, 49)))
        await trio.sleep(60)
    moments = [at for at, _ in channel.begun]
    assert moments[:45] == [0] * 45
    assert moments[45:] == pytest.approx([6_000, 12_000, 18_000], abs=2)


async def test_replies_leave_before_bulk_that_was_there_first(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with sending(store, channel, OutboxSettings(lanes=1), pace=10) as office:
        await office.wish(*(row(f"c{number}x", 1, bulk=True) for number in range(30)))
        await trio.sleep(1)
        before = len(channel.begun)
        await office.wish(row("ann", 1))
        await trio.sleep(60)
    assert channel.order.index("ann1") <= before + 1
    assert len(channel.begun) == 31


# -- one plan per outcome class --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answers", "begun"),
    [
        pytest.param([], [0], id="accepted: sent once"),
        pytest.param([RETRY] * 4, [0, 1_000, 3_000, 7_000, 15_000], id="retry: after 1, 2, 4, 8 s"),
        pytest.param([Outcome(RETRY, wait=10_000)], [0, 10_000], id="retry: not before the provider asks for it"),
        pytest.param([Kind.THROTTLE_CUSTOMER] * 3, [0, 1_000, 5_000, 21_000], id="customer throttled: 1, 4, 16 s"),
        pytest.param([Kind.THROTTLE_NUMBER] * 3, [0, 1_000, 3_000, 7_000], id="number throttled: 1, 2, 4 s"),
        pytest.param([Outcome(Kind.THROTTLE_NUMBER, wait=30_000)], [0, 30_000], id="number throttled: as asked"),
        pytest.param([Kind.OPERATOR], [0, OPERATOR_PAUSE], id="operator: looked at again after five minutes"),
        pytest.param([UNKNOWN], [0, 60_000], id="unknown: once more after a minute"),
        pytest.param([NEVER], [0], id="never: not again"),
        pytest.param([Kind.NEEDS_TEMPLATE], [0], id="needs a template: held"),
    ],
)
async def test_what_follows_from_a_providers_answer(
    store: TroubledStore,
    channel: ScriptedChannel,
    autojump_clock: Clock,
    answers: list[Outcome | OutcomeClass],
    begun: list[int],
) -> None:
    channel.answers["ann1"].extend(answers)
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1), row("ann", 2))
        await trio.sleep(3_600)
        assert channel.moments("ann1") == pytest.approx(begun, abs=2)
        failed = len(begun) == 1 and len(answers) == 1
        end = "held" if Kind.NEEDS_TEMPLATE in answers else "failed"
        assert await office.state("ann1") == (end if failed else "sent")
        assert channel.moments("ann2") == pytest.approx([begun[-1]], abs=2), "the next one goes at once after it"
        assert office.outbox.counters.sent == (1 if failed else 2)


async def test_a_refused_message_keeps_the_providers_code_and_sentence(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.answers["ann1"].append(Outcome(NEVER, code=131026, reason="This phone has no WhatsApp."))
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1))
        await trio.sleep(1)
        found = await office.at("ann1")
    assert (found.code, found.reason) == (131026, "This phone has no WhatsApp.")
    assert office.outbox.counters.failed == 1


async def test_waits_between_tries_grow_to_an_hour_and_after_six_the_message_is_given_up(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.answers["ann1"].extend([Outcome(RETRY, code=2, reason="Meta is out.")] * 50)
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1), row("ann", 2))
        await trio.sleep(24 * 3_600)
        found = await office.at("ann1")
    moments = channel.moments("ann1")
    waits = [later - earlier for earlier, later in pairwise(moments)]
    assert len(moments) == TRIES
    assert waits == sorted(waits)
    assert waits[-1] == pytest.approx(HOUR, abs=2)
    assert 5.5 * HOUR < moments[-1] < 6.5 * HOUR
    assert (found.state, found.code) == ("failed", 2)
    assert found.reason == f"Given up after {TRIES} tries. Meta is out."
    assert channel.moments("ann2") == [moments[-1]]


async def test_a_channel_is_told_how_often_a_message_was_begun(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.answers["ann1"].extend([OutcomeClass.RETRY, OutcomeClass.UNKNOWN])
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1), row("ann", 2))
        await trio.sleep(120)
        assert (await office.at("ann1")).outgoing.attempts == 3
    assert channel.attempts == [1, 2, 3, 1]


async def test_a_success_between_failures_begins_the_waits_anew(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.answers["ann1"].extend([RETRY] * 3)
    channel.answers["ann2"].append(RETRY)
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1), row("ann", 2))
        await trio.sleep(60)
    assert channel.moments("ann2") == pytest.approx([7_000, 8_000], abs=2)


async def test_a_throttled_number_sends_nothing_while_others_go_on_and_a_burst_of_refusals_counts_once(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.latency = 0.1
    channel.always = Kind.THROTTLE_NUMBER
    async with sending(store, channel, OutboxSettings(lanes=8)) as office:
        await office.wish(*(row(f"c{number}x", 1) for number in range(40)), row("ann", 1, shop=KIOSK))
        await trio.sleep(0.5)
        assert len(channel.begun) == 8, "what was claimed ahead has not left either"
        assert office.outbox.paused() == {SHOP: "The provider answered code 0."}
        assert office.kiosk.order == ["kiosk/ann1"]
        channel.always = None
        await trio.sleep(0.5)
        assert len(channel.begun) == 8
        await trio.sleep(1)
        assert office.outbox.paused() == {}
    assert sorted(channel.accepted) == sorted(f"c{number}x1" for number in range(40))


async def test_a_number_that_needs_its_operator_waits_and_goes_on_when_resumed(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.answers["ann1"].append(Outcome(Kind.OPERATOR, code=190, reason="The access token has expired."))
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1))
        await trio.sleep(20)
        await office.wish(row("ben", 1))
        await trio.sleep(20)
        assert channel.order == ["ann1"]
        assert office.outbox.paused() == {SHOP: "The access token has expired."}
        assert await office.state("ann1") == "queued"
        office.outbox.resume(SHOP)
        await settled()
        assert office.outbox.paused() == {}
    assert channel.begun[1:] == [(40_000, "ann1"), (40_000, "ben1")]


# -- media -----------------------------------------------------------------------------------------------------------
async def test_what_follows_media_waits_until_it_is_delivered(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1, message=PICTURE), row("ann", 2))
        await trio.sleep(1)
        await office.outbox.noted([status("ann1", StatusRank.SENT)])
        await trio.sleep(1)
        assert channel.order == ["ann1"]
        await office.outbox.noted([status("ann1", StatusRank.DELIVERED)])
        await settled()
    assert channel.begun[1:] == [(2_000, "ann2")]


async def test_what_follows_media_waits_three_seconds_when_nothing_is_heard(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1, message=PICTURE), row("ann", 2), row("ben", 1))
        await trio.sleep(60)
    assert sorted(channel.begun) == [(0, "ann1"), (0, "ben1"), (round(MEDIA_WAIT), "ann2")]


async def test_what_follows_media_that_failed_does_not_wait(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.answers["ann1"].append(NEVER)
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1, message=PICTURE), row("ann", 2))
        await trio.sleep(60)
    assert channel.begun == [(0, "ann1"), (0, "ann2")]


async def test_media_that_is_never_reported_delivered_is_forgotten(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_sent, "AT_MOST", 5)
    async with sending(store, channel) as office:
        await office.wish(*(row(f"c{number}x", 1, message=PICTURE) for number in range(20)))
        await trio.sleep(60)
        assert len(office.outbox._media._whose) == 5


# -- what goes wrong inside ------------------------------------------------------------------------------------------
async def test_a_channel_that_crashes_leaves_the_send_unknown_and_the_lane_alive(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    channel.answers["ann1"].append(RuntimeError("a bug"))
    async with sending(store, channel, OutboxSettings(lanes=1)) as office:
        await office.wish(row("ann", 1), row("ben", 1))
        await trio.sleep(1)
        assert channel.accepted == ["ben1"]
        assert await office.state("ann1") == "unknown"


@pytest.mark.parametrize("call", ["claim", "settle", "requeue"])
async def test_a_busy_store_is_waited_for_and_nothing_is_sent_twice(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock, call: str
) -> None:
    store.trouble[call].extend([StoreBusy("full"), StoreBusy("full")])
    channel.answers["ann1"].append(UNKNOWN if call == "requeue" else SENT)
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1), row("ann", 2))
        await trio.sleep(120)
        assert await office.state("ann1") == "sent"
    assert channel.accepted == ["ann1", "ann2"]


@pytest.mark.parametrize("call", ["claim", "settle", "waiting", "requeue"])
async def test_a_failing_store_ends_the_outbox(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock, call: str
) -> None:
    store.trouble[call].append(StoreFailed("gone"))
    channel.answers["ann1"].append(UNKNOWN)

    async def run() -> None:
        async with sending(store, channel) as office:
            await office.wish(row("ann", 1))
            await trio.sleep(120)

    with pytest.raises(ExceptionGroup) as caught:
        await run()
    assert [type(error) for error in leaves(caught.value)] == [StoreFailed]


async def test_customers_who_wait_for_nothing_are_forgotten_also_while_others_write_on(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with sending(store, channel) as office:
        for number in range(200):
            await office.wish(row(f"c{number}x", 1))
            await trio.sleep(1)
        assert len(office.outbox.lines._lines) < 60


async def test_a_row_that_somebody_else_has_sent_meanwhile_is_not_sent_again(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    claiming = store.gate("claim")
    async with sending(store, channel) as office:
        await office.wish(row("ann", 1), row("ann", 2))
        await settled()
        key = status("ann1", StatusRank.SENT).key
        await TroubledStore.__mro__[1].claim(store, [key], 0)  # type: ignore[attr-defined]  # another process
        claiming.set()
        await trio.sleep(1)
    assert channel.order == ["ann2"]
