"""What Prometheus reads: counters and states by shop and service, and nothing of any customer."""

from __future__ import annotations

import json
import re

import trio.testing

from engine.breaker import IN_A_ROW
from tests.adapters.edge import call, edge, message
from tests.engine.scripted import Core, TroubledStore, core, settled, store

__all__ = ["core", "store"]

Clock = trio.testing.MockClock
SAMPLE = re.compile(r'sokoni_[a-z_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? [0-9.e+]+')


def samples(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(SAMPLE.fullmatch(line) for line in lines), "the text format"
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


async def test_metrics_tell_what_was_done_by_shop_and_channel(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with edge(store) as made:
        assert await made.deliver(message("w1", "hi", sender="254700000077")) == 200
        assert await made.deliver(message("w2", "hi"), secret="wrong") == 401
        await settled()
        status, body = await call(made.web, "GET", "/metrics")
    text = body.decode()
    told = samples(text)
    assert (status, told["sokoni_turns_total"], told["sokoni_webhooks_total"]) == (200, 1, 2)
    assert told["sokoni_refused_signatures_total"] == 1
    assert told["sokoni_clock_jumps_total"] == 0
    assert told['sokoni_round_age_seconds{what="sweep",shop=""}'] >= 0
    assert told['sokoni_sends_total{shop="bakery",channel="adapters.edge",outcome="sent"}'] == 1
    assert told['sokoni_breaker_state{service="adapters.edge",shop="bakery"}'] == 0
    assert text.count("# HELP") == text.count("# TYPE") == len(set(re.findall(r"# TYPE (\S+)", text)))
    assert "254700000077" not in text


async def test_an_open_breaker_is_seen_at_ready_and_in_metrics_and_does_not_make_the_process_unready(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with edge(store) as made:
        (breaker,) = made.running.breakers._all.values()
        for _ in range(IN_A_ROW):
            breaker.failed("it answered HTTP 503")
        told = samples((await call(made.web, "GET", "/metrics"))[1].decode())
        status, body = await call(made.web, "GET", "/ready")
    labels = '{service="adapters.edge",shop="bakery"}'
    assert (told[f"sokoni_breaker_state{labels}"], told[f"sokoni_breaker_opened_total{labels}"]) == (2, 1)
    assert status == 200
    assert json.loads(body)["breakers"] == [
        {
            "service": "adapters.edge",
            "shop": "bakery",
            "state": "open",
            "reason": "it answered HTTP 503",
            "next_try_in_seconds": 10.0,
            "opened": 1,
        }
    ]


async def test_while_the_store_is_out_the_edge_is_still_told_of(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with edge(store) as made:
        made.engine.running = None
        told = samples((await call(made.web, "GET", "/metrics"))[1].decode())
    assert told["sokoni_store_open"] == 0
    assert "sokoni_turns_total" not in told
