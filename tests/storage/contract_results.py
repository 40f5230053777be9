"""What every store promises about the results of campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.address import DAY, HOUR
from engine.campaign_results import Results
from engine.campaigns import CampaignStatus, Part, Plan, Recipient
from engine.identity import Merge
from engine.messages import Outcome, OutcomeClass, StatusRank, Template, Text
from engine.orders import Customer, OrderStatus, PaymentStatus
from engine.ports import Store
from tests.storage.things import booked, pay_move
from tests.storage.values import NOW, SHOP, Talk, move, plain, sent, status

DRAFT, STARTING = CampaignStatus.DRAFT, CampaignStatus.STARTING
LATER = NOW + HOUR


async def send(store: Store, campaign: str, variants: dict[str, str], at: int = NOW) -> dict[str, str]:
    """A campaign to these customers, claimed and sent; their outbox keys."""
    await store.create_campaign(SHOP, campaign, Plan(campaign, cap=0), at)
    await store.move_campaign(SHOP, campaign, DRAFT, STARTING, at)
    people = tuple([Recipient(who, "1", "", variant, Template("t", "en")) for who, variant in variants.items()])
    await store.freeze(SHOP, campaign, "", Part(people, {}, ""), at)
    rows = (await store.claim_recipients(SHOP, campaign, at, 99)).rows
    keys = [row.key for row in rows]
    await store.claim(keys, at)
    await store.settle([(one, sent(f"{campaign} {one}")) for one in keys], at)
    return {row.address.customer: row.key for row in rows}


async def reach(store: Store, key: str, rank: StatusRank) -> None:
    await store.statuses([status(rank, key=key)])


async def of(store: Store, campaign: str = "spring", **window: Any) -> Sequence[Results]:
    return await store.campaign_results(SHOP, campaign, **window)


class ResultsOfCampaigns:
    async def test_a_campaign_that_is_not_there_has_none(self, store: Store) -> None:
        assert await of(store) == []

    async def test_each_variant_has_its_own_and_each_step_holds_the_next(self, store: Store) -> None:
        keys = await send(store, "spring", {"c1": "A", "c2": "A", "c3": "B", "c4": "B"})
        await reach(store, keys["c1"], StatusRank.DELIVERED)
        await reach(store, keys["c2"], StatusRank.READ)
        await reach(store, keys["c3"], StatusRank.FAILED)
        assert await of(store) == [
            Results("A", recipients=2, sent=2, delivered=2, read=1, templates=2),
            Results("B", recipients=2, sent=1, templates=1),
        ]

    async def test_what_was_not_sent_counts_nowhere_else(self, store: Store, ann: Talk) -> None:
        await store.create_campaign(SHOP, "spring", Plan("spring"), NOW)
        await store.move_campaign(SHOP, "spring", DRAFT, STARTING, NOW)
        await store.freeze(SHOP, "spring", "", Part((Recipient("ann", "1", "", "A", Text("Hi")),), {}, ""), NOW)
        await ann.commit(orders=(plain("WA1", placed_at=LATER),), heard=LATER)
        assert await of(store) == [Results("A", recipients=1)]

    async def test_who_writes_and_who_leaves(self, store: Store, ann: Talk, ben: Talk) -> None:
        await send(store, "spring", {"ann": "A", "ben": "A"})
        await ann.commit(heard=NOW)
        await ben.commit(heard=NOW + 1, customer=Customer("ben", SHOP, marketing=False))
        (found,) = await of(store)
        assert (found.replied, found.opted_out) == (1, 1)

    async def test_free_text_within_a_day_is_no_template(self, store: Store, ann: Talk) -> None:
        await ann.commit(heard=NOW - HOUR)
        await store.create_campaign(SHOP, "spring", Plan("spring"), NOW)
        await store.move_campaign(SHOP, "spring", DRAFT, STARTING, NOW)
        people = tuple([Recipient(who, "1", "", "A", Text("Hi"), Template("t", "en")) for who in ("ann", "ben")])
        await store.freeze(SHOP, "spring", "", Part(people, {}, ""), NOW)
        keys = [row.key for row in (await store.claim_recipients(SHOP, "spring", NOW, 9)).rows]
        await store.claim(keys, NOW)
        await store.settle([(one, sent(one)) for one in keys], NOW)
        (found,) = await of(store)
        assert (found.sent, found.templates) == (2, 1)

    async def test_clicks_count_each_customer_once(self, store: Store, ann: Talk, ben: Talk) -> None:
        await send(store, "spring", {"ann": "A", "ben": "A", "zoe": "B"})
        await ann.commit()
        await ben.commit()
        made = await store.short_links(SHOP, "spring", "A", ["https://a.example", "https://b.example"])
        other = await store.short_links(SHOP, "autumn", "A", ["https://a.example"])
        for link in (*made.values(), *made.values(), *other.values()):
            await store.note_click(link, "ann", NOW)
        assert [one.clicked for one in await of(store)] == [1, 0]
        await store.note_click(made["https://a.example"], "ben", NOW)
        assert [one.clicked for one in await of(store)] == [2, 0]
        assert await store.merge(Merge(SHOP, "ann", "ben", 2, 1, b"{}", NOW)) is None
        assert [one.clicked for one in await of(store)] == [1, 0], "two who are one by now are one"

    # -- what they bought ----------------------------------------------------------------------------------------------
    async def test_orders_within_the_window_are_credited(self, store: Store, ann: Talk, ben: Talk) -> None:
        await send(store, "spring", {"ann": "A", "zoe": "A"})
        await ann.commit(orders=(plain("WA0", placed_at=NOW - 1), plain("WA1", placed_at=NOW)))
        await ann.commit(orders=(plain("WA2", placed_at=NOW + DAY - 1), plain("WA3", placed_at=NOW + DAY)))
        await ben.commit(orders=(plain("WB1", customer="ben", placed_at=LATER),))
        (found,) = await of(store, window=DAY)
        assert (found.orders, found.value, found.revenue) == (2, 2 * 65_000, 0)

    async def test_revenue_is_what_is_paid_and_a_cancelled_order_is_none(self, store: Store, ann: Talk) -> None:
        await send(store, "spring", {"ann": "A"})
        await ann.commit(orders=(plain("WA1", placed_at=LATER), plain("WA2", placed_at=LATER)))
        await ann.commit(orders=(plain("WA3", placed_at=LATER),))
        await ann.commit(moves=(move("WA2", OrderStatus.PENDING, OrderStatus.CANCELLED),))
        await ann.commit(payment_moves=(pay_move("WA1", PaymentStatus.UNPAID, PaymentStatus.PENDING),))
        await ann.commit(payment_moves=(pay_move("WA1", PaymentStatus.PENDING, PaymentStatus.PAID),))
        (found,) = await of(store)
        assert (found.orders, found.value, found.revenue) == (2, 2 * 65_000, 65_000)

    async def test_an_order_is_credited_to_the_last_campaign_before_it(self, store: Store, ann: Talk) -> None:
        await send(store, "spring", {"ann": "A"})
        await send(store, "summer", {"ann": "A"}, NOW + HOUR)
        keys = await send(store, "autumn", {"ann": "A"}, NOW + 2 * HOUR)
        await ann.commit(orders=(plain("WA1", placed_at=NOW + 1), plain("WA2", placed_at=NOW + HOUR)))
        await ann.commit(orders=(plain("WA3", placed_at=NOW + 3 * HOUR),))
        assert [(await of(store, name))[0].orders for name in ("spring", "summer", "autumn")] == [1, 1, 1]
        await reach(store, keys["ann"], StatusRank.FAILED)
        told = [(await of(store, name))[0].orders for name in ("spring", "summer", "autumn")]
        assert told == [1, 2, 0], "a message that did not arrive has no credit"

    async def test_bookings_are_credited_too(self, store: Store, ann: Talk) -> None:
        await send(store, "spring", {"ann": "A"})
        await ann.commit(bookings=(booked("B1", 2, held_at=LATER, payment=PaymentStatus.PAID), booked("B2", held_at=1)))
        (found,) = await of(store)
        assert (found.orders, found.value, found.revenue) == (1, 2 * 79_900, 2 * 79_900)

    async def test_who_is_lost_on_the_way_is_no_reader(self, store: Store) -> None:
        await store.create_campaign(SHOP, "spring", Plan("spring"), NOW)
        await store.move_campaign(SHOP, "spring", DRAFT, STARTING, NOW)
        people = (Recipient("ann", "1", "", "A", Template("t", "en")),)
        await store.freeze(SHOP, "spring", "", Part(people, {}, ""), NOW)
        keys = [row.key for row in (await store.claim_recipients(SHOP, "spring", NOW, 9)).rows]
        await store.claim(keys, NOW)
        await store.settle([(one, Outcome(OutcomeClass.UNKNOWN)) for one in keys], NOW)
        assert await of(store) == [Results("A", recipients=1)]
