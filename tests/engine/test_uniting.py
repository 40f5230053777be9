"""Two customers who are found to be one: both rest, one commit, and nothing that waits is lost, doubled or passed."""

from __future__ import annotations

from random import Random

import pytest
import trio

from engine import supervisor as supervisor_module
from engine.address import Address, Link, Sender
from engine.commit import Posted
from engine.errors import StoreBusy, StoreFailed
from engine.events import Inbound, Letter, NumberChanged, TextSaid
from engine.facts import Conflict, ConflictKind
from engine.identity import Merge
from engine.mailbox import Receipt
from engine.scheduler import letter_of
from tests.engine.said import merge_of
from tests.engine.scripted import BAKERY, SHOP, START, Core, TroubledStore, core, customer_of, leaves, settled, store
from tests.engine.test_router import PHONE, USER, Door, by_both, by_phone, by_user, routing, who_said

__all__ = ["core", "store"]

ELDER, YOUNGER = customer_of(PHONE), customer_of(USER)
SOON = 10**15
STALE = Conflict(ConflictKind.STALE)


def from_all(text: str, id: str = "") -> Inbound:
    sender = Sender(PHONE.value, USER.value, provider_id="p-7")
    return Inbound(id or f"all.{text}", SHOP, sender, START, TextSaid(text))


def changed(new_phone: str = "", new_user: str = "", *, phone: str = PHONE.value, user: str = "") -> Inbound:
    name = f"changed.{new_phone}.{new_user}"
    return Inbound(name, SHOP, Sender(phone=phone, user_id=user), START, NumberChanged(new_phone, new_user))


async def two(door: Door) -> None:
    """One by phone, and later another by user id."""
    assert await door.post(by_phone("p1")).wait()
    assert await door.post(by_user("u1")).wait()


async def test_a_message_with_both_names_makes_one_of_two(core: Core, store: TroubledStore) -> None:
    async with routing(store) as door:
        await two(door)
        assert await door.post(by_both("b1")).wait()
        assert await door.post(by_user("u2"), by_phone("p2")).wait()
        assert set(door.supervisor.actors) == {ELDER}
        assert door.supervisor.around.counters.merged == 1
    assert await store.said_to(ELDER) == ("p1", "u1", "b1", "u2", "p2")
    assert await store.forwards() == {YOUNGER: ELDER}


async def test_the_one_who_came_first_survives_whatever_the_order_of_names(core: Core, store: TroubledStore) -> None:
    async with routing(store) as door:
        assert await door.post(by_user("u1")).wait()
        assert await door.post(by_phone("p1")).wait()
        assert await door.post(by_both("b1")).wait()
    assert await store.said_to(YOUNGER) == ("u1", "p1", "b1")
    assert await store.forwards() == {ELDER: YOUNGER}


async def test_both_asleep_are_found_and_made_one(core: Core, store: TroubledStore) -> None:
    async with routing(store) as door:
        await two(door)
    async with routing(store) as door:
        assert await door.post(by_both("b1")).wait()
    assert await store.said_to(ELDER) == ("p1", "u1", "b1")


async def test_nobody_has_a_turn_while_both_are_made_one(core: Core, store: TroubledStore) -> None:
    """What arrives meanwhile, under either name or by the address itself, waits in its order."""
    async with routing(store) as door:
        await two(door)
        gate = store.gate("merge")
        receipts = [door.post(by_both("b1"))]
        await settled()
        receipts += [door.post(by_user("u2")), door.post(by_phone("p2"))]
        own = Receipt(2)
        for name in ("n1", "n2"):
            door.supervisor.post(Letter(YOUNGER, Inbound(name, SHOP, Sender(), START, TextSaid(name))), own)
        await settled()
        assert core.heard == ["p1", "u1"]
        gate.set()
        for receipt in (*receipts, own):
            assert await receipt.wait()
    said = await store.said_to(ELDER)
    assert said[:2] == ("p1", "u1")
    assert [word for word in said if word[0] in "bup" and word not in ("p1", "u1")] == ["b1", "u2", "p2"]
    assert [word for word in said if word[0] == "n"] == ["n1", "n2"]


async def test_a_turn_under_way_ends_before_both_are_made_one(core: Core, store: TroubledStore) -> None:
    async with routing(store) as door:
        await two(door)
        gate = store.gate("commit")
        receipts = [door.post(by_user("u2"), by_user("u3")), door.post(by_both("b1"))]
        await settled()
        assert store.calls["merge"] == 0
        gate.set()
        for receipt in receipts:
            assert await receipt.wait()
    said = await store.said_to(ELDER)
    assert sorted(said) == ["b1", "p1", "u1", "u2", "u3"]
    assert said.index("u2") < said.index("u3")


async def test_three_names_of_three_customers_make_one(core: Core, store: TroubledStore) -> None:
    async with routing(store) as door:
        await two(door)
        only = Inbound("only", SHOP, Sender(provider_id="p-7"), START, TextSaid("x1"))
        assert await door.post(only).wait()
        assert await door.post(from_all("a1")).wait()
        assert await door.post(from_all("a2"), by_user("u2")).wait()
    assert await store.said_to(ELDER) == ("p1", "u1", "x1", "a1", "a2", "u2")
    assert await store.forwards() == {YOUNGER: ELDER, customer_of(Link("provider", "p-7")): ELDER}


async def test_one_becomes_another_who_becomes_a_third(core: Core, store: TroubledStore) -> None:
    """Both at once: what was to become one of two is one of them already when its turn comes."""
    third = customer_of(Link("provider", "p-7"))
    async with routing(store) as door:
        await two(door)
        assert await door.post(Inbound("x1", SHOP, Sender(provider_id="p-7"), START, TextSaid("x1"))).wait()
        second = Inbound("ux", SHOP, Sender(user_id=USER.value, provider_id="p-7"), START, TextSaid("ux"))
        gate = store.gate("merge")
        receipts = [door.post(by_both("b1")), door.post(second)]
        await settled()
        gate.set()
        for receipt in receipts:
            assert await receipt.wait()
        assert await door.post(Inbound("x2", SHOP, Sender(provider_id="p-7"), START, TextSaid("x2"))).wait()
    assert sorted(await store.said_to(ELDER)) == ["b1", "p1", "u1", "ux", "x1", "x2"]
    assert await store.forwards() == {YOUNGER: ELDER, third: ELDER}


# -- what still comes for the one who is gone ------------------------------------------------------------------------
async def test_letters_of_our_own_are_forwarded_after_a_restart_too(core: Core, store: TroubledStore) -> None:
    async with routing(store) as door:
        await two(door)
        own = [Letter(YOUNGER, Inbound(name, SHOP, Sender(), START, TextSaid(name))) for name in ("n1", "n2")]
        await store.post([Posted(one, START) for one in own])
        assert await door.post(by_both("b1")).wait()
        receipt = Receipt(1)
        door.supervisor.post(own[0], receipt)
        assert await receipt.wait()
    async with routing(store) as door:
        receipt = Receipt(2)
        door.supervisor.post(own[0], receipt)
        door.supervisor.post(own[1], receipt)
        assert await receipt.wait()
    assert await store.said_to(ELDER) == ("p1", "u1", "b1", "n1", "n2")
    assert await store.posted(START, 9) == []


async def test_a_timer_of_the_younger_fires_once_for_the_elder(core: Core, store: TroubledStore) -> None:
    async with routing(store) as door:
        assert await door.post(by_phone("p1")).wait()
        assert await door.post(by_user("in 0")).wait()
        (timer,) = await store.due(SOON, 9)
        assert await door.post(by_both("b1")).wait()
        (moved,) = await store.due(SOON, 9)
        receipt = Receipt(2)
        door.supervisor.post(letter_of(timer), receipt)
        door.supervisor.post(letter_of(moved), receipt)
        assert await receipt.wait()
    assert (moved.address, moved.due) == (ELDER, timer.due)
    assert await store.said_to(ELDER) == ("p1", "in 0", "b1", "tick")
    assert await store.next_due() is None


async def test_a_timers_letter_that_waits_is_left_to_its_timer(core: Core, store: TroubledStore) -> None:
    async with routing(store) as door:
        assert await door.post(by_phone("p1")).wait()
        assert await door.post(by_user("in 0")).wait()
        (timer,) = await store.due(SOON, 9)
        gate = store.gate("merge")
        both, fired = door.post(by_both("b1")), Receipt(1)
        await settled()
        door.supervisor.post(letter_of(timer), fired)
        gate.set()
        assert await both.wait()
        assert await fired.wait()
    assert await store.said_to(ELDER) == ("p1", "in 0", "b1")
    assert [one.address for one in await store.due(SOON, 9)] == [ELDER]


async def test_a_dead_letter_of_the_younger_is_replayed_by_the_elder(core: Core, store: TroubledStore) -> None:
    core.crash["bad"] = 2
    async with routing(store) as door:
        await two(door)
        assert await door.post(by_user("bad")).wait()
        (dead,) = await store.parked(None, True, 9)
        assert await door.post(by_both("b1")).wait()
        (dead,) = await store.parked(ELDER, True, 9)
        assert await door.supervisor.replay(dead)
    assert await store.said_to(ELDER) == ("p1", "u1", "b1", "bad")
    assert await store.parked(None, True, 9) == []


# -- who stays two ---------------------------------------------------------------------------------------------------
async def test_two_phones_are_two_people_until_a_change_of_number_is_told(core: Core, store: TroubledStore) -> None:
    other = Sender(phone="254700000002", user_id=USER.value)
    async with routing(store) as door:
        assert await door.post(by_phone("p1")).wait()
        assert await door.post(Inbound("o1", SHOP, other, START, TextSaid("o1"))).wait()
        assert await door.post(by_both("b1")).wait()
        assert await store.forwards() == {}
        assert await door.post(changed(other.phone)).wait()
    assert await store.forwards() == {customer_of(Link("phone", other.phone)): ELDER}
    assert await store.said_to(ELDER) == ("p1", "b1", "o1", "tick")


async def test_a_quarantined_customer_stays_apart_until_released(
    core: Core, store: TroubledStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "ADDRESS_RESTARTS", 0)
    core.crash["bad"] = 1
    async with routing(store) as door:
        await two(door)
        assert await door.post(by_user("bad")).wait()
        assert set(door.supervisor.quarantined) == {YOUNGER}
        assert await door.post(by_both("b1")).wait()
        assert await store.forwards() == {}
        await door.supervisor.release(YOUNGER)
        assert await door.post(by_both("b2")).wait()
        assert await door.post(by_user("u2")).wait()
    assert await store.forwards() == {YOUNGER: ELDER}
    assert (await store.said_to(ELDER))[-1] == "u2"


async def test_a_release_and_a_merge_wait_for_each_other(core: Core, store: TroubledStore) -> None:
    """Else the one would free what the other holds."""
    async with routing(store) as door:
        await two(door)
        gate = store.gate("merge")
        both = door.post(by_both("b1"))
        await settled()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(door.supervisor.release, YOUNGER)
            late = door.post(by_phone("p2"))
            await settled()
            assert core.heard == ["p1", "u1"]
            gate.set()
        assert await both.wait()
        assert await late.wait()
    assert await store.said_to(ELDER) == ("p1", "u1", "b1", "p2")


# -- trouble ---------------------------------------------------------------------------------------------------------
async def test_a_busy_store_refuses_the_message_and_the_next_one_finds_both(core: Core, store: TroubledStore) -> None:
    store.trouble["merge"].append(StoreBusy("full"))
    async with routing(store) as door:
        await two(door)
        assert not await door.post(by_both("b1")).wait()
        assert await door.post(by_user("u2")).wait(), "both go on"
        assert await door.post(by_both("b1")).wait()
    assert await store.said_to(ELDER) == ("p1", "u1", "u2", "b1")


@pytest.mark.parametrize("done", [False, True], ids=["before the commit", "after it"])
async def test_a_crash_leaves_two_or_one(core: Core, store: TroubledStore, done: bool) -> None:
    if not done:
        store.trouble["merge"].append(StoreFailed("gone"))

    async def crash() -> None:
        async with routing(store) as door:
            await two(door)
            if done:
                store.linger("merge")
            receipt = door.post(by_both("b1"))
            await settled()
            if not done:
                assert not await receipt.wait()

    if done:
        await crash()
        store.after.clear()
    else:
        with pytest.raises(ExceptionGroup) as caught:
            await crash()
        assert {type(error) for error in leaves(caught.value)} == {StoreFailed}
    assert bool(await store.forwards()) is done
    async with routing(store) as door:
        assert await door.post(by_both("b1"), by_user("u2")).wait()
    assert await store.said_to(ELDER) == ("p1", "u1", "b1", "u2")


async def test_another_processs_turn_in_between_is_read_anew(core: Core, store: TroubledStore) -> None:
    store.trouble["merge"].append(STALE)
    async with routing(store) as door:
        await two(door)
        assert await door.post(by_both("b1")).wait()
    assert store.calls["merge"] == 2
    assert await store.said_to(ELDER) == ("p1", "u1", "b1")


async def test_who_is_never_made_one_stays_two_and_is_answered(core: Core, store: TroubledStore) -> None:
    store.trouble["merge"].extend([STALE] * 4)
    async with routing(store) as door:
        await two(door)
        assert await door.post(by_both("b1")).wait()
    assert await store.said_to(ELDER) == ("p1", "b1")
    assert await store.forwards() == {}


async def merge_elsewhere(store: TroubledStore) -> None:
    """As another process does it."""
    elder, younger = await store.identities(SHOP, [ELDER.customer, YOUNGER.customer])
    merge: Merge = merge_of(elder, younger, BAKERY, START)
    assert await store.merge(merge) is None


async def test_an_actor_whose_customer_became_another_elsewhere_hands_its_letters_on(
    core: Core, store: TroubledStore
) -> None:
    async with routing(store) as door:
        await two(door)
        await merge_elsewhere(store)
        assert await door.post(by_user("u2"), by_user("u3")).wait()
        assert await door.post(by_phone("p2"), by_user("u4")).wait()
        assert set(door.supervisor.actors) == {ELDER}
        assert door.supervisor.around.counters.crashes == 0
    assert await store.said_to(ELDER) == ("p1", "u1", "u2", "u3", "p2", "u4")


async def test_what_was_made_one_elsewhere_is_not_made_one_again(core: Core, store: TroubledStore) -> None:
    async with routing(store) as door:
        await two(door)
        await merge_elsewhere(store)
        assert await door.post(by_both("b1")).wait()
        assert await door.post(by_user("u2")).wait()
    assert await store.said_to(ELDER) == ("p1", "u1", "b1", "u2")
    assert await store.forwards() == {YOUNGER: ELDER}


# -- at random -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(25))
async def test_whatever_names_people_show_nothing_is_lost_or_doubled(
    core: Core, store: TroubledStore, seed: int
) -> None:
    """Six people, each with three names, show some of them; some messages are delivered twice; actors fall asleep,
    the process restarts. In the end each person is one customer who said everything."""
    random, said = Random(seed), dict[int, list[str]]()
    people = [Sender(f"25470{n}", f"KE.{n}", provider_id=f"p{n}") for n in range(6)]
    for life in range(4):
        async with routing(store) as door:
            receipts = [speak(door, random, people, said) for _ in range(30)]
            if life == 3:
                receipts += [speak(door, random, people, said, whole=n) for n in range(6)]
            for receipt in receipts:
                assert await receipt.wait()
    for number, person in enumerate(people):
        ids = await store.customers_for(SHOP, person.links())
        assert len(ids) == 1
        words = await store.said_to(Address(SHOP, ids[0]))
        assert sorted(words) == sorted(said[number])
    assert set((await store.forwards()).values()) <= {*await who_said(store)}


def speak(
    door: Door, random: Random, people: list[Sender], said: dict[int, list[str]], whole: int | None = None
) -> Receipt:
    """``whole``: this person shows all names."""
    number = random.randrange(6) if whole is None else whole
    words = said.setdefault(number, [])
    words.append(f"{number}.{len(words)}")
    names = [name for name in ("phone", "user_id", "provider_id") if random.random() < 0.5 or whole is not None]
    told = {name: getattr(people[number], name) for name in names or ["phone"]}
    inbound = Inbound(words[-1], SHOP, Sender(**told), START, TextSaid(words[-1]))
    if random.random() < 0.2:
        door.supervisor.retire(trio.current_time() + 1)
    return door.post(*[inbound] * random.choice((1, 1, 2)))
