"""Who writes faster than can be read loses nothing: their messages are kept, in order, and they hear so once."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from engine import slowing
from engine.address import Link
from engine.conversation import Conversation, advance
from engine.effects import Say
from engine.errors import StoreBusy
from engine.events import Inbound
from engine.facts import Facts
from engine.flows import flow_named
from engine.slowing import AT_ONCE, INTERVAL, TOLD_EVERY
from engine.supervisor import IDLE_SECONDS
from tests.engine.scripted import START, Core, TroubledStore, core, customer_of, inbound, letter, store
from tests.engine.sending import ScriptedChannel, channel
from tests.engine.shops import bakery
from tests.engine.test_running import running

__all__ = ["channel", "core", "store"]

Clock = trio.testing.MockClock
ANN = customer_of(Link("phone", "254700000001"))
FLOOD = 3 * AT_ONCE


def words(core: Core) -> list[str]:
    """What customers wrote, in the order in which it was handled."""
    return [word for word in core.heard if word != "tick"]


def written(start: int, end: int) -> list[Inbound]:
    return [inbound(f"m{number}", id=f"w{number}") for number in range(start, end)]


async def test_a_flood_is_kept_and_answered_in_order_at_the_pace_and_others_do_not_wait(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with running(store, channel) as made:
        assert await made.post(written(0, FLOOD)).wait(), "each is durable when it is answered"
        assert len(words(core)) == AT_ONCE
        assert await made.post([inbound("hello", phone="254700000002")]).wait()
        assert words(core)[-1] == "hello"
        await trio.sleep(10.5 * INTERVAL / 1000)
        assert len(words(core)) == AT_ONCE + 1 + 10
        assert await made.post(written(FLOOD, FLOOD + 1)).wait()
        await trio.sleep((FLOOD + 2) * INTERVAL / 1000)
        assert made.around.counters.slowed == FLOOD - AT_ONCE + 1
    assert [word for word in words(core) if word != "hello"] == [f"m{number}" for number in range(FLOOD + 1)]


async def test_without_the_limit_a_flood_is_answered_as_it_comes(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slowing, "AT_ONCE", 10**9)
    async with running(store, channel) as made:
        assert await made.post(written(0, FLOOD)).wait()
        assert len(words(core)) == FLOOD


async def test_somebody_who_writes_as_people_do_is_never_slowed(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with running(store, channel) as made:
        for number in range(0, 300, 3):
            assert await made.post(written(number, number + 3)).wait()
            await trio.sleep(3 * INTERVAL / 1000)
        assert made.around.counters.slowed == 0


async def test_it_is_said_once_in_a_window_that_they_write_too_fast(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with running(store, channel) as made:
        await made.post(written(0, FLOOD)).wait()
        await trio.sleep(1)
        assert core.heard.count("tick") == 1
        await trio.sleep(TOLD_EVERY / 1000)
        await made.post(written(FLOOD, 2 * FLOOD)).wait()
        await trio.sleep(1)
        assert core.heard.count("tick") == 2


async def test_a_message_that_waits_and_comes_again_is_answered_once_and_in_its_place(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with running(store, channel) as made:
        await made.post(written(0, FLOOD)).wait()
        await trio.sleep(3 * INTERVAL / 1000)
        assert await made.post(written(AT_ONCE, FLOOD)).wait(), "the provider did not hear our answer"
        await trio.sleep(2 * FLOOD * INTERVAL / 1000)
    assert words(core) == [f"m{number}" for number in range(FLOOD)]


async def test_what_waits_survives_a_restart_and_stays_before_what_is_written_then(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with running(store, channel) as made:
        await made.post(written(0, FLOOD)).wait()
    async with running(store, channel) as made:
        assert await made.post(written(FLOOD, FLOOD + 3)).wait()
        await trio.sleep(2 * FLOOD * INTERVAL / 1000)
        assert await store.posted(START + 10**12, 9) == []
    assert words(core) == [f"m{number}" for number in range(FLOOD + 3)]


async def test_who_has_messages_waiting_is_not_put_to_sleep(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with running(store, channel) as made:
        await made.post(written(0, AT_ONCE + 5)).wait()
        made.supervisor.retire(trio.current_time() + 1)
        assert ANN in made.supervisor.actors
        await trio.sleep(3 * IDLE_SECONDS)
        assert ANN not in made.supervisor.actors


async def test_a_busy_store_refuses_and_the_provider_comes_again(
    core: Core, store: TroubledStore, channel: ScriptedChannel, autojump_clock: Clock
) -> None:
    async with running(store, channel) as made:
        await made.post(written(0, AT_ONCE)).wait()
        store.trouble["post"].append(StoreBusy("full"))
        assert not await made.post(written(AT_ONCE, AT_ONCE + 1)).wait()
        assert await made.post(written(AT_ONCE, AT_ONCE + 1)).wait()
        await trio.sleep(60)
    assert words(core) == [f"m{number}" for number in range(AT_ONCE + 1)]


@pytest.mark.parametrize(("silent_until", "said"), [(0, True), (START + 1, False)], ids=["alone", "with a human"])
def test_the_customer_hears_that_nothing_is_lost_unless_a_human_answers(silent_until: int, said: bool) -> None:
    shop, flow = bakery(), flow_named("counter")
    c = Conversation(flow.name, flow.version, flow.initial, 1, phone="254700000001", silent_until=silent_until)
    facts = Facts(START, "bakery/ann:2")
    turn = advance(c, slowing.told(letter("hi"), START).letter.inbound, shop, facts)
    texts = [effect.text for effect in turn.effects if isinstance(effect, Say)]
    assert ["I kept your messages" in text for text in texts] == [True] * said
    assert turn.conversation.state == c.state
