"""What every store promises about turns: written whole or not at all, once, and in their order."""

from __future__ import annotations

from functools import partial

import pytest

from engine.address import Address, Link
from engine.commit import Snapshot, Timer
from engine.errors import StoreFailed
from engine.facts import Known, OrderNumbered, OwnCard, OwnOrders
from engine.orders import Customer
from engine.ports import Store
from tests.storage.values import ANN, BEN, DUPLICATE, NOW, SHOP, STALE, Everything, Talk, out, plain, together


class Turns:
    async def test_an_address_that_never_had_a_turn_has_no_snapshot(self, store: Store) -> None:
        assert await store.wake(ANN) is None

    async def test_a_turn_is_written_whole(self, store: Store) -> None:
        card = Customer("ann", SHOP, "Ann O'Neil", "254700000001", address="12 Moi Ave", language="sw", marketing=False)
        timer = Timer(ANN, "session", NOW + 5, 1)
        link = Link("phone", "254700000001")
        placed = plain("WA1", cart="c1", name="Ann", instructions="ring twice", store="Westlands")
        conflict = await Talk(store).commit(
            snapshot=b"\x00\xff state",
            links=(link,),
            customer=card,
            orders=(placed,),
            outbox=(out("1:0"),),
            timers=(timer,),
        )
        assert conflict is None
        assert await store.wake(ANN) == Snapshot(1, b"\x00\xff state")
        assert await store.customers_for(SHOP, [link]) == ["ann"]
        known = await store.know(ANN, (OwnCard(), OwnOrders()), NOW)
        assert known == Known(card, (placed,))
        assert await store.waiting(0, 10) == (1, [out("1:0")])
        assert await store.due(NOW + 5, 10) == [timer]

    async def test_the_next_turn_replaces_the_snapshot(self, store: Store) -> None:
        talk = Talk(store)
        await talk.commit(snapshot=b"one")
        assert await talk.commit(snapshot=b"two") is None
        assert await store.wake(ANN) == Snapshot(2, b"two")

    async def test_a_redelivered_letter_is_a_duplicate(self, store: Store, everything: Everything) -> None:
        talk = Talk(store)
        await talk.commit(inbound_id="wamid.1")
        before = await everything()
        assert await talk.commit(inbound_id="wamid.1", outbox=(out("2:0"),)) == DUPLICATE
        assert await everything() == before

    async def test_the_same_id_in_another_shop_is_another_letter(self, store: Store) -> None:
        await Talk(store).commit(inbound_id="wamid.1")
        assert await Talk(store, Address("kiosk", "ann")).commit(inbound_id="wamid.1") is None

    async def test_a_duplicate_is_told_before_anything_else_is_wrong(self, store: Store) -> None:
        """A redelivered "confirm" of the last cake must not be answered with "sold out"."""
        talk = Talk(store)
        await talk.commit(inbound_id="wamid.1", orders=(plain("WA1"),))
        assert await talk.commit(inbound_id="wamid.1", version=1, orders=(plain("WA1"),)) == DUPLICATE

    async def test_a_turn_on_an_old_snapshot_is_stale(self, store: Store, everything: Everything) -> None:
        talk = Talk(store)
        await talk.commit()
        before = await everything()
        for version in (0, 1, 3):
            assert await talk.commit(version=version, outbox=(out("x:0"),)) == STALE
        assert await everything() == before

    async def test_a_first_turn_must_be_version_one(self, store: Store) -> None:
        assert await Talk(store).commit(version=2) == STALE

    async def test_of_two_turns_at_once_on_one_snapshot_one_is_stale(self, store: Store) -> None:
        ends = await together(*(Talk(store, letters=n).commit for n in range(5)))
        assert sorted(ends, key=str) == sorted([None, STALE, STALE, STALE, STALE], key=str)

    async def test_of_the_same_letter_five_times_at_once_one_is_written(self, store: Store) -> None:
        talks = [Talk(store, Address(SHOP, f"c{n}")) for n in range(5)]
        ends = await together(*(partial(talk.commit, inbound_id="wamid.1") for talk in talks))
        assert sorted(ends, key=str) == sorted([None, *[DUPLICATE] * 4], key=str)

    async def test_a_duplicate_of_a_letter_that_was_refused_is_written(self, store: Store) -> None:
        """Two copies travel together and the first is refused for its own reason: the second must not be lost."""
        first = Talk(store, ANN, version=7)
        second = Talk(store, BEN)
        ends = await together(*(partial(talk.commit, inbound_id="wamid.1") for talk in (first, second)))
        assert ends[0] in (STALE, DUPLICATE)
        assert ends[1] is None

    async def test_one_guilty_unit_does_not_touch_the_others(self, store: Store) -> None:
        talks = [Talk(store, Address(SHOP, f"c{n}"), version=3 if n == 77 else 0) for n in range(200)]
        ends = await together(*(talk.commit for talk in talks))
        assert [n for n, end in enumerate(ends) if end is not None] == [77]
        assert len([address for address in talks if await store.wake(address.address)]) == 199

    # -- links and cards -------------------------------------------------------------------------------------------
    async def test_a_link_once_set_stays(self, store: Store) -> None:
        phone, user = Link("phone", "254700000001"), Link("user", "KE.9")
        await Talk(store).commit(links=(phone,))
        await Talk(store, BEN).commit(links=(phone, user))
        assert await store.customers_for(SHOP, [phone]) == ["ann"]
        assert await store.customers_for(SHOP, [user]) == ["ben"]

    async def test_a_card_is_replaced_whole(self, store: Store) -> None:
        talk = Talk(store)
        await talk.commit(customer=Customer("ann", SHOP, "Ann", email="ann@example.test"))
        await talk.commit(customer=Customer("ann", SHOP, "प्रिया"))
        assert (await store.know(ANN, (OwnCard(),), NOW)).customer == Customer("ann", SHOP, "प्रिया")

    async def test_what_was_not_asked_for_stays_empty(self, store: Store) -> None:
        await Talk(store).commit(customer=Customer("ann", SHOP, "Ann"), orders=(plain("WA1"),))
        assert await store.know(ANN, (), NOW) == Known()

    async def test_own_orders_are_the_latest_and_ones_own(self, store: Store) -> None:
        talk = Talk(store)
        placed = [plain(f"WA{n}", placed_at=NOW + n // 2) for n in range(4)]
        await talk.commit(orders=tuple(placed))
        await Talk(store, BEN).commit(orders=(plain("WB1", customer="ben"),))
        assert (await store.know(ANN, (OwnOrders(3),), NOW)).orders == tuple(reversed(placed))[:3]
        assert (await store.know(ANN, (OwnOrders(0),), NOW)).orders == ()
        assert (await store.know(ANN, (OrderNumbered("WA1"),), NOW)).orders == (placed[1],)
        assert (await store.know(ANN, (OrderNumbered("WB1"),), NOW)).orders == ()
        both = await store.know(ANN, (OwnOrders(1), OrderNumbered("WA0")), NOW)
        assert both.orders == (placed[3], placed[0])

    async def test_many_ask_at_once_and_each_gets_their_own(self, store: Store) -> None:
        talks = [Talk(store, Address(SHOP, f"c{n}")) for n in range(50)]
        await together(*(partial(talk.commit, snapshot=str(talk.address).encode()) for talk in talks))
        found = await together(*(partial(store.wake, talk.address) for talk in talks))
        assert found == [Snapshot(1, str(talk.address).encode()) for talk in talks]

    async def test_hostile_texts_come_back_as_they_were(self, store: Store) -> None:
        for n, name in enumerate(["a\x00b", "'; DROP TABLE orders; --", '"\\u0000"', "\u202e\U0001f370", "{values}"]):
            talk = Talk(store, Address(SHOP, f"c{n}"))
            card = Customer(talk.address.customer, SHOP, name, address=name)
            link = Link("user", name)
            assert await talk.commit(inbound_id=name, customer=card, links=(link,)) is None
            assert (await store.know(talk.address, (OwnCard(),), NOW)).customer == card
            assert await store.customers_for(SHOP, [link]) == [talk.address.customer]
            assert await talk.commit(inbound_id=name) == DUPLICATE

    # -- timers ----------------------------------------------------------------------------------------------------
    async def test_timers_come_earliest_first_and_stay_until_turned_off(self, store: Store) -> None:
        assert await store.next_due() is None
        talk = Talk(store)
        late, soon = Timer(ANN, "session", NOW + 20, 1), Timer(ANN, "hold", NOW + 10, 1)
        await talk.commit(timers=(late, soon))
        assert await store.next_due() == NOW + 10
        assert await store.due(NOW + 9, 10) == []
        assert await store.due(NOW + 20, 1) == [soon]
        assert await store.due(NOW + 20, 10) == [soon, late]
        await talk.commit(timers_off=("hold", "never set"))
        assert await store.due(NOW + 20, 10) == [late]

    async def test_a_timer_set_again_moves(self, store: Store) -> None:
        talk = Talk(store)
        await talk.commit(timers=(Timer(ANN, "session", NOW + 20, 1),))
        moved = Timer(ANN, "session", NOW + 40, 2)
        await talk.commit(timers_off=("session",), timers=(moved,))
        assert await store.due(NOW + 100, 10) == [moved]

    async def test_after_closing_every_call_is_refused(self, store: Store) -> None:
        await Talk(store).commit()
        await store.aclose()
        await store.aclose()
        with pytest.raises(StoreFailed):
            await store.wake(ANN)
        with pytest.raises(StoreFailed):
            await Talk(store, BEN).commit()
        with pytest.raises(StoreFailed):
            await store.check()
