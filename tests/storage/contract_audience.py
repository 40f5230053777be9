"""What every store promises about audiences: who fits which condition, who gets nothing all the same, and tags."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest

from engine.address import DAY, Address, Link, customer_id
from engine.audience import Audience, Bought, Cap, Exclusion, Person
from engine.identity import Merge
from engine.messages import Outcome, OutcomeClass, Outgoing, Purpose, Text
from engine.orders import Customer, OrderStatus
from engine.ports import Store
from tests.storage.things import CHECKED_IN, CONFIRMED, book_move, booked
from tests.storage.values import ANN, BEN, NOW, SHOP, Talk, line, move, order, plain, together

ALL = Audience(everybody=True)
ANY = Cap()


def talk_of(phone: str = "", language: str = "", **more: str) -> bytes:
    """A snapshot as it is kept: what is as usual stands nowhere in it."""
    told = {"phone": phone, "language": language, **more}
    return msgspec.json.encode({"flow": "counter", **{name: value for name, value in told.items() if value}})


async def all_of(store: Store, audience: Audience = ALL, cap: Cap = ANY, limit: int = 100) -> list[Person]:
    """The whole audience, part by part."""
    part = await store.people(SHOP, audience, cap, "", limit)
    found = list(part.people)
    while part.after:
        part = await store.people(SHOP, audience, cap, part.after, limit)
        found += part.people
    return found


async def names_of(store: Store, **conditions: object) -> list[str]:
    return sorted(one.customer for one in await all_of(store, Audience(**conditions)))  # type: ignore[arg-type]


async def cards(store: Store, *told: Customer) -> None:
    await store.save_customers(SHOP, told)


def card(customer: str, **more: object) -> Customer:
    return Customer(customer, SHOP, phone=f"2547{len(customer):08}", **more)  # type: ignore[arg-type]


def bulk(name: str, to: Address = ANN, at: int = NOW, purpose: Purpose = Purpose.BULK) -> Outgoing:
    return Outgoing(f"{to}:{name}", to, "254700000001", "", Text("Offer"), purpose, at)


async def capped(store: Store, cap: Cap) -> list[str]:
    return [one.customer for one in await all_of(store, cap=cap) if one.excluded is Exclusion.CAPPED]


class AudiencesOfCampaigns:
    # -- who is known, and how they are reached ------------------------------------------------------------------------
    async def test_everybody_is_who_has_a_card_or_has_written(self, store: Store, ann: Talk, ben: Talk) -> None:
        await cards(store, card("ann", name="Ann", region="Nairobi"), card("zoe"))
        await ben.commit(snapshot=talk_of("254700000002", "sw", user_id="KE.9"))
        await Talk(store, Address("kiosk", "eve")).commit()
        assert await all_of(store) == [
            Person("ann", "254700000003", "", "Ann", "", "Nairobi"),
            Person("ben", "254700000002", "KE.9", "", "sw"),
            Person("zoe", "254700000003"),
        ]

    async def test_where_replies_go_is_said_by_the_conversation(self, store: Store, ann: Talk) -> None:
        await ann.commit(customer=card("ann", language="hi"), snapshot=talk_of("254799999999"))
        (found,) = await all_of(store)
        assert (found.phone, found.language) == ("254799999999", "en"), "a snapshot leaves out what is as usual"

    async def test_a_snapshot_that_can_not_be_read_leaves_the_card(self, store: Store, ann: Talk) -> None:
        await ann.commit(customer=card("ann", language="hi"), snapshot=b"{half")
        (found,) = await all_of(store)
        assert (found.phone, found.language) == ("254700000003", "hi")

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
    async def test_parts_of_any_size_are_the_whole(self, store: Store, limit: int) -> None:
        await cards(store, *(card(f"c{n}") for n in range(5)))
        await together(
            *(partial(Talk(store, Address(SHOP, f"c{n}")).commit, snapshot=talk_of("1")) for n in range(3, 8))
        )
        assert [one.customer for one in await all_of(store, limit=limit)] == [f"c{n}" for n in range(8)]

    async def test_a_part_may_be_empty_though_more_follow(self, store: Store) -> None:
        await cards(store, card("c1"), card("c2"), card("c3", region="Thika"))
        part = await store.people(SHOP, Audience(city="Thika"), ANY, "", 2)
        assert (part.people, part.after) == ((), "c2")
        assert [one.customer for one in await all_of(store, Audience(city="Thika"), limit=2)] == ["c3"]

    # -- conditions ----------------------------------------------------------------------------------------------------
    async def test_who_has_bought(self, store: Store, ann: Talk, ben: Talk) -> None:
        await ann.commit(orders=(order("WA1", line("cake", 2), line("tea")),))
        await ann.commit(orders=(plain("WA2", placed_at=NOW + 5),))
        await ben.commit(orders=(order("WB1", line("tea"), customer="ben", placed_at=NOW + 9),))
        await cards(store, card("zoe"))
        assert await names_of(store, bought=Bought()) == ["ann", "ben"]
        assert await names_of(store, bought=Bought("cake")) == ["ann"]
        assert await names_of(store, bought=Bought("milk")) == []
        assert await names_of(store, bought=Bought(orders=2)) == ["ann"]
        assert await names_of(store, bought=Bought("tea", orders=2)) == []
        assert await names_of(store, bought=Bought(since=NOW + 6)) == ["ben"]
        assert await names_of(store, bought=Bought(until=NOW + 5)) == ["ann"]
        assert await names_of(store, bought=Bought(since=NOW + 5, until=NOW + 9)) == ["ann"]
        assert await names_of(store, bought=Bought(spent=4 * 65_000)) == ["ann"]
        assert await names_of(store, bought=Bought(spent=4 * 65_000 + 1)) == []
        assert await names_of(store, bought=Bought("cake", spent=2 * 65_000)) == ["ann"]
        assert await names_of(store, bought=Bought("cake", spent=2 * 65_000 + 1)) == []

    async def test_a_cancelled_order_was_no_purchase(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(order("WA1"),))
        await ann.commit(moves=(move("WA1", OrderStatus.PENDING, OrderStatus.CANCELLED),))
        assert await names_of(store, bought=Bought()) == []

    async def test_two_lines_of_one_sku_are_one_order(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(order("WA1", line("cake"), line("cake", note="no nuts")),))
        assert await names_of(store, bought=Bought("cake", orders=2)) == []
        assert await names_of(store, bought=Bought("cake", spent=2 * 65_000)) == ["ann"]

    async def test_who_lives_where(self, store: Store) -> None:
        await cards(store, card("c1", region="NAIROBI"), card("c2", address="Moi Ave 12, nairobi"))
        await cards(store, card("c3", address="Nairobian Way 1, Thika"), card("c4", region="Nairobi West"))
        assert await names_of(store, city=" Nairobi") == ["c1", "c2", "c4"]
        assert await names_of(store, city="nairobi west") == ["c4"]
        assert await names_of(store, city="a.*") == []

    async def test_who_speaks_what(self, store: Store, ann: Talk, ben: Talk) -> None:
        await ann.commit(customer=card("ann", language="hi"))
        await ben.commit(snapshot=talk_of("1", "sw"))
        assert await names_of(store, languages=("sw", "hi")) == ["ben"], "what Ann speaks is said by her conversation"
        assert await names_of(store, languages=("en",)) == ["ann"]

    async def test_who_was_seen_when(self, store: Store, ann: Talk, ben: Talk) -> None:
        await ann.commit(heard=NOW)
        await ben.commit(heard=NOW + 5)
        await cards(store, card("zoe"))
        assert await names_of(store, seen_since=NOW) == ["ann", "ben"]
        assert await names_of(store, seen_since=NOW + 1) == ["ben"]
        assert await names_of(store, seen_until=NOW + 5) == ["ann"], "whoever never wrote was never seen"
        assert await names_of(store, seen_since=NOW + 1, seen_until=NOW + 5) == []

    async def test_who_was_at_an_event(self, store: Store, ann: Talk, ben: Talk) -> None:
        await ann.commit(bookings=(booked("B1"),))
        await ben.commit(bookings=(booked("B2", customer="ben"),))
        await ann.commit(booking_moves=(book_move("B1", CONFIRMED, CHECKED_IN),))
        assert await names_of(store, attended="gig") == ["ann"]
        assert await names_of(store, attended="fest") == []

    async def test_all_conditions_must_hold(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(order("WA1"),), customer=card("ann", region="Thika"))
        assert await names_of(store, bought=Bought(), city="Thika") == ["ann"]
        assert await names_of(store, bought=Bought(), city="Nakuru") == []

    # -- tags ----------------------------------------------------------------------------------------------------------
    async def test_tags_are_given_and_taken(self, store: Store) -> None:
        await cards(store, card("c1"), card("c2"), card("c3"))
        await store.tag(SHOP, ["c1", "c2"], ["vip", "bakes"], [])
        await store.tag(SHOP, ["c2"], ["vip"], ["bakes", "unknown"])
        await store.tag("kiosk", ["c3"], ["theirs"], [])
        assert await store.tags_of(Address(SHOP, "c1")) == ("bakes", "vip")
        assert await store.tags_of(Address(SHOP, "c3")) == ()
        assert list((await store.tags(SHOP)).items()) == [("bakes", 1), ("vip", 2)]
        assert await names_of(store, tags=("vip",)) == ["c1", "c2"]
        assert await names_of(store, tags=("bakes", "unknown")) == ["c1"]
        assert await names_of(store, without_tags=("bakes",)) == ["c2", "c3"]
        assert await names_of(store, tags=("vip",), without_tags=("bakes",)) == ["c2"]

    async def test_a_tag_given_and_taken_at_once_is_there(self, store: Store) -> None:
        await store.tag(SHOP, ["c1"], ["vip"], ["vip"])
        assert await store.tags_of(Address(SHOP, "c1")) == ("vip",)

    async def test_whoever_two_become_has_the_tags_of_both(self, store: Store, ann: Talk, ben: Talk) -> None:
        await ann.commit()
        await ben.commit()
        await store.tag(SHOP, ["ann"], ["vip", "bakes"], [])
        await store.tag(SHOP, ["ben"], ["vip", "late"], [])
        assert await store.merge(Merge(SHOP, "ann", "ben", 2, 1, b"{}", NOW)) is None
        assert await store.tags_of(ANN) == ("bakes", "late", "vip")
        assert await store.tags(SHOP) == {"bakes": 1, "late": 1, "vip": 1}

    # -- listed numbers ------------------------------------------------------------------------------------------------
    async def test_listed_numbers_are_people_whether_they_are_known_or_not(self, store: Store, ann: Talk) -> None:
        await ann.commit(links=(Link("phone", "254700000001"),), snapshot=talk_of("254700000001", "sw"))
        await cards(store, card("zoe"))
        stranger = customer_id(SHOP, Link("phone", "254700000005"))
        for limit in (1, 2, 3):
            found = await all_of(store, Audience(phones=("254700000005", "254700000001", "254700000005")), limit=limit)
            assert found == [Person("ann", "254700000001", language="sw"), Person(stranger, "254700000005")]

    async def test_conditions_hold_for_listed_numbers_too(self, store: Store, ann: Talk) -> None:
        await ann.commit(links=(Link("phone", "254700000001"),), snapshot=talk_of("254700000001", "sw"))
        assert await names_of(store, phones=("254700000001", "254700000005"), languages=("sw",)) == ["ann"]

    async def test_a_number_that_its_customer_gave_up_is_not_written_to(self, store: Store) -> None:
        """The customer whom it would make talks under another name by now; whoever has the number is somebody else."""
        made = customer_id(SHOP, Link("phone", "254700000005"))
        await Talk(store, Address(SHOP, made)).commit(links=(Link("user", "KE.1"),))
        (found,) = await all_of(store, Audience(phones=("254700000005",)))
        assert (found.excluded, found.phone, found.customer == made) == (Exclusion.UNREACHABLE, "", False)

    async def test_two_listed_numbers_of_one_customer_are_one(self, store: Store, ann: Talk) -> None:
        await ann.commit(
            links=(Link("phone", "254700000001"), Link("phone", "254700000002")), snapshot=talk_of("1234567")
        )
        assert await names_of(store, phones=("254700000001", "254700000002")) == ["ann"]

    # -- who gets nothing all the same ---------------------------------------------------------------------------------
    async def test_exclusions_say_why(self, store: Store, ben: Talk) -> None:
        await cards(store, card("c1", marketing=False), card("c2", active=False), Customer("c3", SHOP), card("c4"))
        await ben.commit(snapshot=talk_of(user_id="KE.9"))
        assert {one.customer: one.excluded for one in await all_of(store)} == {
            "c1": Exclusion.OPTED_OUT,
            "c2": Exclusion.INACTIVE,
            "c3": Exclusion.UNREACHABLE,
            "c4": None,
            "ben": None,
        }

    async def test_whoever_has_had_enough_is_left_in_peace(self, store: Store, ann: Talk, ben: Talk) -> None:
        await ann.commit(snapshot=talk_of("1"), outbox=(bulk("1:0"), bulk("1:1", at=NOW - 2 * DAY), bulk("1:2")))
        await ben.commit(snapshot=talk_of("2"), outbox=(bulk("1:0", BEN, purpose=Purpose.ORDER),))
        assert await capped(store, Cap(2, NOW)) == ["ann"]
        assert await capped(store, Cap(3, NOW)) == []
        assert await capped(store, Cap(3, NOW - 2 * DAY)) == ["ann"]
        assert await capped(store, Cap(0, NOW)) == []
        await store.claim([bulk("1:0").key], NOW)
        await store.settle([(bulk("1:0").key, Outcome(OutcomeClass.NEVER))], NOW)
        assert await capped(store, Cap(2, NOW)) == [], "what was never sent was none"
