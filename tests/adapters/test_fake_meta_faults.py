"""Faults on demand, each shown to do what it says, and webhooks that come until they are answered 200."""

from __future__ import annotations

import httpx
import pytest
import trio
import trio.testing

from adapters.phones.meta import webhooks
from adapters.phones.meta.faults import Batch, Delay, Fault, Faults, Mischief, ServerError
from adapters.phones.meta.later import Later
from adapters.phones.meta.rules import Rules
from tests.adapters.fake_world import ASHA, BEN, NUMBER, world

QUICK = Rules(window=False, retry_first=0.001)
ALWAYS = Fault(rate=1)
ONCE = Fault(next=1)


async def test_without_faults_one_phones_messages_come_one_after_another_and_once() -> None:
    async with world() as here, here.phone() as phone:
        here.hook.gate = trio.Event()
        for at in range(20):
            await phone.say(str(at))
        await here.hook.until(lambda: len(here.hook.raw) == 1)
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert here.hook.texts() == ["0"], "the second waits until the first was answered"
        here.hook.gate.set()
        await here.hook.until(lambda: len(here.hook.raw) == 20)
        assert here.hook.texts() == [str(at) for at in range(20)]
        assert all(here.hook.genuine(at) for at in range(20))


async def test_two_phones_do_not_wait_for_each_other() -> None:
    async with world() as here, here.phone() as asha, here.phone(BEN) as ben:
        here.hook.gate = trio.Event()
        await asha.say("from Asha")
        await ben.say("from Ben")
        await here.hook.until(lambda: len(here.hook.raw) == 2)
        here.hook.gate.set()


async def test_a_refused_webhook_comes_again_until_200() -> None:
    async with world(rules=QUICK) as here, here.phone() as phone:
        here.hook.answers = [503, 500, 404]
        wamid = await phone.say("hi")
        await phone.until_ticks(wamid, "delivered")
        assert len(set(here.hook.raw)) == 1, "the very same bytes"
        assert len(here.hook.raw) == 4
        assert here.fake.stats()["counts"]["webhooks_retried"] == 3
        assert here.fake.stats()["webhooks_waiting"] == 0


async def test_a_refused_webhook_does_not_hold_up_the_next() -> None:
    async with world(rules=Rules(retry_first=0.3)) as here, here.phone() as phone:
        here.hook.answers = [503]
        await phone.say("first")
        await phone.say("second")
        await here.hook.until(lambda: len(here.hook.raw) == 3)
        assert here.hook.texts() == ["first", "second", "first"]


async def test_duplicate_posts_the_same_bytes_twice() -> None:
    async with world(faults=Faults(duplicate=ONCE)) as here, here.phone() as phone:
        await phone.say("hi")
        await here.hook.until(lambda: len(here.hook.raw) == 2)
        assert here.hook.raw[0] == here.hook.raw[1]
        assert here.fake.stats()["faults"] == {"duplicate": 1}


async def test_doubles_and_new_attempts_are_not_doubled_again() -> None:
    async with world(rules=QUICK, faults=Faults(duplicate=ALWAYS)) as here, here.phone() as phone:
        here.hook.answers = [503, 503]
        for _ in range(5):
            await phone.say("hi")
        await here.hook.until(lambda: len(here.hook.raw) == 12)
        last = await phone.say("nothing else came between")
        await here.hook.until(lambda: here.hook.messages[-1]["id"] == last)
        assert len(here.hook.raw) <= 14
        assert here.fake.stats()["faults"] == {"duplicate": 6}


async def test_reorder_lets_the_next_message_overtake() -> None:
    async with world(faults=Faults(reorder=ONCE)) as here, here.phone() as phone:
        await phone.say("first")
        await phone.say("second")
        await here.hook.until(lambda: len(here.hook.raw) == 2)
        assert here.hook.texts() == ["second", "first"]


async def test_a_message_that_nobody_overtakes_comes_all_the_same() -> None:
    async with world(faults=Faults(reorder=ONCE)) as here, here.phone() as phone:
        wamid = await phone.say("alone")
        await phone.until_ticks(wamid, "delivered")


async def test_delay_holds_a_message_back_and_nothing_else() -> None:
    async with world(faults=Faults(delay=Delay(next=1, ms=3_600_000))) as here, here.phone() as phone:
        await phone.say("in an hour")
        await phone.say("at once")
        await here.hook.until(lambda: len(here.hook.raw) == 1)
        assert here.hook.texts() == ["at once"]


async def test_a_delayed_message_comes_in_the_end() -> None:
    async with world(faults=Faults(delay=Delay(next=1, ms=1))) as here, here.phone() as phone:
        wamid = await phone.say("late")
        await phone.until_ticks(wamid, "delivered")


@pytest.mark.parametrize("seed", range(6))
async def test_batch_puts_many_messages_into_one_webhook(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "BATCH_WAIT", 3_600.0)  # a batch fills up, however slow the machine is
    async with world(seed=seed, faults=Faults(batch=Batch(rate=1, count=5))) as here:
        async with here.phone() as asha, here.phone(BEN, name="Ben Test") as ben:
            for at in range(5):
                await (asha, ben)[at % 2].say(str(at))
            await here.hook.until(lambda: len(here.hook.messages) == 5)
        assert len(here.hook.raw) == 1
        assert here.hook.texts() == ["0", "1", "2", "3", "4"]
        names = {contact["wa_id"]: contact["profile"]["name"] for v in here.hook.values for contact in v["contacts"]}
        assert names == {ASHA: "Asha Test", BEN: "Ben Test"}


async def test_a_batch_that_does_not_fill_up_is_posted_all_the_same() -> None:
    async with world(faults=Faults(batch=Batch(rate=1, count=1000))) as here, here.phone() as phone:
        wamid = await phone.say("alone")
        await phone.until_ticks(wamid, "delivered")


async def test_wrong_signature_is_followed_by_a_right_one() -> None:
    async with world(rules=QUICK, faults=Faults(wrong_signature=ONCE)) as here, here.phone() as phone:
        here.hook.answers = [401]
        await phone.say("hi")
        await here.hook.until(lambda: len(here.hook.raw) == 2)
        assert [here.hook.genuine(at) for at in range(2)] == [False, True]


async def test_dropped_statuses_never_come() -> None:
    async with world(rules=QUICK, faults=Faults(drop_status=ONCE)) as here, here.phone():
        await here.send()
        await here.hook.until(lambda: bool(here.hook.statuses))
        assert [one["status"] for one in here.hook.statuses] == ["delivered"]


async def test_throttle_refuses_and_sends_nothing() -> None:
    async with world(rules=QUICK, faults=Faults(throttle=ONCE)) as here, here.phone() as phone:
        answer = await here.send(type="text", text={"body": "refused"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, 130429)
        await here.send(type="text", text={"body": "taken"})
        assert (await phone.wait_for()).text == "taken"


async def test_server_error_has_its_own_status() -> None:
    async with world(rules=QUICK, faults=Faults(server_error=ServerError(next=1, status=502))) as here:
        answer = await here.send()
        assert (answer.status_code, answer.json()["error"]["code"]) == (502, 131016)
        assert (await here.send()).status_code == 200


async def test_a_lost_answer_was_carried_out() -> None:
    async with world(rules=QUICK, faults=Faults(lost_answer=ONCE)) as here, here.phone() as phone:
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            await here.send(type="text", text={"body": "unknown"}, biz_opaque_callback_data="job-1")
        await phone.wait_for("unknown")
        await here.hook.until(lambda: bool(here.hook.statuses))
        assert here.hook.statuses[0]["biz_opaque_callback_data"] == "job-1"
        assert (await here.send()).status_code == 200


async def test_a_hanging_request_is_not_carried_out() -> None:
    async with world(rules=QUICK, faults=Faults(hang=ONCE)) as here, here.phone() as phone:
        with trio.move_on_after(0.05):
            await here.send(type="text", text={"body": "never"})
        await here.send(type="text", text={"body": "later"})
        assert (await phone.wait_for()).text == "later"
        assert here.fake.stats()["counts"]["sends_accepted"] == 1


async def test_faults_are_changed_while_it_runs() -> None:
    async with world(rules=QUICK) as here:
        plan = await here.client.post("/control/faults", json={"throttle": {"next": 2}, "delay": {"rate": 1, "ms": 5}})
        assert plan.json()["throttle"] == {"rate": 0.0, "next": 2}
        assert [(await here.send()).status_code for _ in range(3)] == [400, 400, 200]
        cleared = await here.client.post("/control/faults", json={"clear": True, "hang": {"next": 1}})
        assert (cleared.json()["delay"]["rate"], cleared.json()["hang"]["next"]) == (0.0, 1)


def test_one_seed_strikes_the_same_way_every_time() -> None:
    def strikes(seed: int, others: int) -> list[bool]:
        mischief = Mischief(Faults(duplicate=Fault(rate=0.5), delay=Delay(rate=0.5)), seed)
        for _ in range(others):
            mischief.strikes("delay")
        return [mischief.strikes("duplicate") for _ in range(50)]

    assert strikes(1, 0) == strikes(1, 7), "the draws of another fault shift nothing"
    assert strikes(1, 0) != strikes(2, 0)
    assert True in strikes(1, 0)
    assert False in strikes(1, 0)


async def test_statuses_are_gathered_into_few_webhooks() -> None:
    async with world(rules=Rules(window=False, pair_burst=0, status_batch=10), keep=1000) as here, here.phone():
        for _ in range(25):
            await here.send()
        await here.hook.until(lambda: len(here.hook.statuses) == 50)
        assert len(here.hook.raw) <= 10


async def test_statuses_one_by_one_when_asked_for() -> None:
    async with world(rules=Rules(window=False, status_batch=1)) as here, here.phone():
        for _ in range(3):
            await here.send()
        await here.hook.until(lambda: len(here.hook.statuses) == 6)
        assert len(here.hook.raw) == 6


async def test_things_for_later_are_done_in_their_order(autojump_clock: trio.testing.MockClock) -> None:
    later, done = Later(), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(later.run)
        await trio.testing.wait_all_tasks_blocked()
        for seconds, name in ((3, "c"), (1, "a"), (2, "b"), (1, "a2")):
            later.call(seconds, lambda name=name: done.append((name, trio.current_time())))  # type: ignore[misc]
        await trio.sleep(10)
        start = done[0][1] - 1
        assert [(name, at - start) for name, at in done] == [("a", 1), ("a2", 1), ("b", 2), ("c", 3)]
        nursery.cancel_scope.cancel()


async def test_many_phones_at_once_lose_and_double_nothing() -> None:
    faults = Faults(duplicate=Fault(rate=0.2), delay=Delay(rate=0.2, ms=5), reorder=Fault(rate=0.1))
    async with world(rules=QUICK, faults=faults, seed=7) as here:
        said: set[str] = set()

        async def talk(digits: str) -> None:
            async with here.phone(digits) as phone:
                for at in range(5):
                    said.add(await phone.say(str(at)))

        async with trio.open_nursery() as nursery:
            for at in range(20):
                nursery.start_soon(talk, f"2547000001{at:02}")
        await here.hook.until(lambda: {message["id"] for message in here.hook.messages} == said)
        doubled = here.fake.stats()["faults"]["duplicate"]
        await here.hook.until(lambda: len(here.hook.raw) == len(said) + doubled)
        assert len(said) == 100
        assert doubled > 5
        assert here.fake.stats()["counts"]["messages_in"] == 100
        assert all(value["metadata"]["phone_number_id"] == NUMBER for value in here.hook.values)
