"""One customer's flood of messages is that customer's own trouble: nobody else waits for it, and none of it is lost."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from engine import lines as lines_module
from engine import spilled as spilled_module
from engine.lines import LINE_AT_MOST
from engine.outbox import OutboxSettings
from tests.engine.scripted import TroubledStore, settled, store
from tests.engine.sending import RETRY, ScriptedChannel, channel, row, sending

__all__ = ["channel", "store"]

Clock = trio.testing.MockClock
FLOOD = 4 * LINE_AT_MOST


async def test_others_are_answered_at_once_while_one_customer_has_more_to_get_than_memory_holds(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with sending(store, channel, OutboxSettings(in_memory=2 * LINE_AT_MOST + 20)) as office:
        await settled()
        for turn in range(1, FLOOD + 1):
            await office.wish(row("flood", turn))
        await trio.sleep(1)
        before = trio.current_time()
        await office.wish(row("ann", 1))
        await settled()
        assert channel.moments("ann1") == [round(before * 1000)]
        assert len(office.outbox.lines.rows) <= LINE_AT_MOST


@pytest.mark.parametrize("page", [1, 7, 1_000])
async def test_a_flood_is_answered_to_the_end_in_order_and_once(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(spilled_module, "PAGE", page)
    monkeypatch.setattr(lines_module, "LINE_AT_MOST", 6)
    channel.answers["flood3"].append(RETRY)
    channel.latency = 0.01
    async with sending(store, channel) as office:
        for turn in range(1, 60):
            await office.wish(row("flood", turn))
        for turn in range(60, 120):
            await trio.sleep(1.7)  # also while rows are being read back
            await office.wish(row("flood", turn), row("ben", turn))
        await trio.sleep(3_600)
        assert office.outbox.lines.rows == {}
    assert [name for name in channel.accepted if name.startswith("flood")] == [f"flood{turn}" for turn in range(1, 120)]
    assert [name for name in channel.accepted if name.startswith("ben")] == [f"ben{turn}" for turn in range(60, 120)]


async def test_the_rest_of_a_flood_is_not_forgotten_while_its_line_stands_empty(
    store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store is slow to read the rest back, and the pair's pace is paid off meanwhile."""
    monkeypatch.setattr(lines_module, "LINE_AT_MOST", 2)
    async with sending(store, channel) as office:
        await settled()
        reading = store.linger("waiting")
        for turn in (1, 2, 3):
            await office.wish(row("flood", turn))
        await trio.sleep(120)
        await office.wish(row("flood", 4))
        await settled()
        assert channel.accepted == ["flood1", "flood2"], "the fourth waits behind the third"
        reading.set()
        await trio.sleep(60)
    assert channel.accepted == ["flood1", "flood2", "flood3", "flood4"]
