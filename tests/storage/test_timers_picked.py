"""The timers' bench runs, and picks whole batches however many others wait."""

from __future__ import annotations

from tests.bench.timers import BATCH, timer_figures


async def test_whole_batches_are_picked_among_few_and_among_many() -> None:
    figures = await timer_figures(waiting=3_000, due=2 * BATCH)
    assert [what.partition(", ")[2].partition(":")[0] for what, _, _ in figures[::2]] == ["1,000 wait", "3,000 wait"]
    assert all(value > 0 for _, value, _ in figures)
