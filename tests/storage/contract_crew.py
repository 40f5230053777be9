"""What every store promises about what the shop's own people ask and change from their phones."""

from __future__ import annotations

from engine.address import DAY, Address, Link
from engine.campaign_moves import CampaignMove, CampaignSeen
from engine.campaigns import CampaignStatus
from engine.deeds import DEEDS_KEPT, Deed
from engine.facts import AnyOrder, CampaignsAt, Day, DayOf, OpenOrders, Reached
from engine.notices import OwnerNotice
from engine.orders import OrderMove, OrderStatus
from engine.payments import PaymentNews, PaymentState
from engine.ports import Store
from tests.storage.contract_campaigns import claimed, running
from tests.storage.things import CONFIRMED, HELD, PROGRAMME, booking, intent
from tests.storage.values import ANN, BEN, CATALOGUE, NOW, SHOP, Talk, line, order

OWNER = Address(SHOP, "owner")
DEED = Deed(SHOP, NOW, "919800000002", "owner", "stock", "cake", "4")


class Crew:
    async def test_any_order_is_found_with_its_requests_to_pay(self, store: Store) -> None:
        await store.import_catalogue(SHOP, "1", CATALOGUE)
        ann = Talk(store)
        await ann.commit(orders=(order("O1", line()),))
        await ann.commit(intents=(intent("i1", order="O1"), intent("i2", order="O1")))
        await Talk(store, Address("kiosk", "ann")).commit()
        known = await store.know(OWNER, (AnyOrder("O1"),), NOW)
        assert [one.number for one in known.orders] == ["O1"]
        assert [one.id for one in known.intents] == ["i2", "i1"]
        assert (await store.know(Address("kiosk", "owner"), (AnyOrder("O1"),), NOW)).orders == ()
        assert (await store.know(OWNER, (AnyOrder("O2"),), NOW)).orders == ()

    async def test_any_booking_is_found(self, store: Store) -> None:
        await store.import_events(SHOP, "1", PROGRAMME)
        await Talk(store).commit(bookings=(booking("BKG-1", status=CONFIRMED), booking("BKG-2", status=HELD)))
        known = await store.know(OWNER, (AnyOrder("BKG-1"),), NOW)
        assert [one.id for one in known.bookings] == ["BKG-1"]
        assert [one.id for one in (await store.know(OWNER, (OpenOrders(),), NOW)).bookings] == ["BKG-1"]

    async def test_open_orders_are_those_that_wait_newest_first(self, store: Store) -> None:
        await store.import_catalogue(SHOP, "1", CATALOGUE)
        ann, ben = Talk(store), Talk(store, BEN)
        await ann.commit(orders=(order("O1", line(), placed_at=NOW - 5),))
        await ben.commit(orders=(order("O2", line(), customer="ben", placed_at=NOW),))
        await ann.commit(orders=(order("O3", line(), placed_at=NOW - 9),))
        await ann.commit(moves=(OrderMove("O1", (OrderStatus.PENDING,), OrderStatus.CANCELLED, "ann"),))
        await ann.commit(orders=(order("O4", line(), placed_at=NOW),))
        known = await store.know(OWNER, (OpenOrders(),), NOW)
        assert [one.number for one in known.orders] == ["O4", "O2", "O3"]
        assert [one.number for one in (await store.know(OWNER, (OpenOrders(1),), NOW)).orders] == ["O4"]

    async def test_a_days_figures_count_what_came_since(self, store: Store) -> None:
        await store.import_catalogue(SHOP, "1", CATALOGUE)
        await store.import_events(SHOP, "1", PROGRAMME)
        ann = Talk(store)
        await ann.commit(orders=(order("O0", line(), placed_at=NOW - DAY),))
        await ann.commit(orders=(order("O1", line(), placed_at=NOW),))
        await ann.commit(orders=(order("O2", line(), placed_at=NOW),))
        await ann.commit(moves=(OrderMove("O2", (OrderStatus.PENDING,), OrderStatus.CANCELLED, "ann"),))
        made = booking("BKG-1", status=CONFIRMED)
        await ann.commit(bookings=(made,))
        await store.record(SHOP, PaymentNews("p1", "fake", True, 700, "INR"), NOW)
        await store.record(SHOP, PaymentNews("p0", "fake", True, 900, "INR"), NOW - DAY)
        known = await store.know(OWNER, (DayOf(NOW - 5, "INR"),), NOW)
        total = order("O1", line()).total
        assert known.day == Day(1, total, 1, made.seats, made.total, 700, open=2, desk=2)
        nothing = await store.know(Address("kiosk", "owner"), (DayOf(NOW - 5, "INR"),), NOW)
        assert nothing.day == Day()

    async def test_somebody_is_reached_at_a_phone(self, store: Store) -> None:
        await Talk(store).commit(links=(Link("phone", "919800000001"),))
        assert (await store.know(OWNER, (Reached("919800000001"),), NOW)).reached == ANN.customer
        assert (await store.know(OWNER, (Reached("919800000009"),), NOW)).reached == ""
        assert (await store.know(Address("kiosk", "x"), (Reached("919800000001"),), NOW)).reached == ""

    async def test_what_is_counted_is_on_hand_and_left_to_sell(self, store: Store) -> None:
        await store.import_catalogue(SHOP, "1", CATALOGUE)
        ann, owner = Talk(store), Talk(store, OWNER)
        assert await owner.commit(recounts=(("cake", 2), ("custom", 9), ("unicorn", 3))) is None
        assert await ann.left() == {"cake": 2, "tea": 3}
        assert {one.sku: one.stock for one in await store.products(SHOP)}["cake"] == 2
        assert await ann.commit(orders=(order("O1", line("cake", 3)),)) is not None
        assert await ann.commit(orders=(order("O1", line("cake", 2)),)) is None

    async def test_a_price_stays_until_the_file_says_otherwise(self, store: Store) -> None:
        await store.import_catalogue(SHOP, "1", CATALOGUE)
        await Talk(store, OWNER).commit(reprices=(("cake", 70_000), ("unicorn", 1)))
        assert {one.sku: one.price for one in await store.products(SHOP)} == {
            "cake": 70_000,
            "tea": 900,
            "custom": 120_000,
        }
        await store.import_catalogue(SHOP, "1", CATALOGUE)
        assert (await store.products(SHOP))[0].price == 70_000
        await store.import_catalogue(SHOP, "2", CATALOGUE)
        assert (await store.products(SHOP))[0].price == 65_000

    async def test_money_that_was_seen_is_recorded_in_the_commit_with_its_letter(self, store: Store) -> None:
        await store.import_catalogue(SHOP, "1", CATALOGUE)
        ann, owner = Talk(store), Talk(store, OWNER)
        await ann.commit(orders=(order("O1", line()),), intents=(intent("i1", order="O1"),))
        seen = PaymentNews("O1:k", "cash", ok=True, amount=65_000, currency="INR", reference="O1", by="+91")
        assert await owner.commit(taken_in=(seen,), deeds=(DEED,)) is None
        payment = await store.payment(SHOP, "cash:O1:k")
        assert payment is not None
        assert (payment.state, payment.order, payment.by) == (PaymentState.RECORDED, "O1", "+91")
        assert [one.inbound.id for one in await store.posted(NOW, 9)] == ["paid:cash:O1:k"]

    async def test_the_log_says_who_did_what_the_latest_first(self, store: Store) -> None:
        owner = Talk(store, OWNER)
        later = Deed(SHOP, NOW + 1, "919800000002", "staff", "take", "919800000001")
        await owner.commit(deeds=(DEED,))
        await owner.commit(deeds=(later,))
        assert await owner.commit(deeds=(later,), inbound_id=f"{OWNER}.1") is not None
        assert await store.deeds(SHOP, 9) == [later, DEED]
        assert await store.deeds(SHOP, 1, 1) == [DEED]
        assert await store.deeds("kiosk", 9) == []
        assert await store.deeds(SHOP, 0) == []

    async def test_old_deeds_are_swept(self, store: Store) -> None:
        owner = Talk(store, OWNER)
        await owner.commit(deeds=(DEED,), inbound_id="")
        await owner.commit(
            deeds=(Deed(SHOP, NOW + DEEDS_KEPT, "9", "owner", "price", "tea"),), inbound_id="", at=NOW + 1
        )
        await store.sweep(NOW + DEEDS_KEPT + 1)
        assert [one.verb for one in await store.deeds(SHOP, 9)] == ["price"]

    # -- notices on their way to phones ------------------------------------------------------------------------------
    async def test_a_notice_of_a_turn_stands_on_the_board_with_it_or_not_at_all(self, store: Store) -> None:
        notice = OwnerNotice(SHOP, "order_placed", "O1: 1 × Cake", NOW, NOW, about="O1")
        ann = Talk(store)
        assert await ann.commit(notices=(notice,)) is None
        assert await ann.commit(notices=(notice,), inbound_id=f"{ANN}.1") is not None
        assert await ann.commit(notices=(notice,)) is None, "each order is a notice of its own"
        assert await store.owner_notices(SHOP, 9) == [notice, notice]

    async def test_a_notice_is_untold_until_it_is_told(self, store: Store) -> None:
        await store.tell_owner(SHOP, "breaker_open", "It rests.", NOW)
        await store.tell_owner("kiosk", "crm_down", "Theirs.", NOW)
        await store.tell_owner(SHOP, "breaker_open", "It rests.", NOW + 1)
        (first, one), (second, other) = await store.untold_notices(9)
        assert (one.shop, one.detail, one.count, other.shop) == (SHOP, "It rests.", 2, "kiosk")
        assert [seq for seq, _ in await store.untold_notices(1)] == [first]
        await store.note_told([first, 10**6])
        assert [seq for seq, _ in await store.untold_notices(9)] == [second]
        assert not await store.tell_owner(SHOP, "breaker_open", "It rests.", NOW + 2)
        assert [seq for seq, _ in await store.untold_notices(9)] == [second], "what is only counted is not told anew"

    async def test_money_of_nobodys_is_a_notice_but_not_what_the_owner_has_seen(self, store: Store) -> None:
        await store.record(SHOP, PaymentNews("p1", "mpesa", ok=True, amount=700, currency="KES", reference="X1"), NOW)
        await store.record(SHOP, PaymentNews("p1", "mpesa", ok=True, amount=700, currency="KES", reference="X1"), NOW)
        await store.record(SHOP, PaymentNews("p2", "cash", ok=True, amount=700, currency="KES", by="+91"), NOW)
        await Talk(store).commit(taken_in=(PaymentNews("p3", "cash", ok=True, amount=7, currency="KES", by="+91"),))
        (notice,) = await store.owner_notices(SHOP, 9)
        assert (notice.kind, notice.about) == ("payment_unmatched", "mpesa:p1")
        assert "KES 7" in notice.detail
        assert "X1" in notice.detail

    # -- campaigns ---------------------------------------------------------------------------------------------------
    async def test_a_campaign_is_paused_in_the_commit_that_says_so_and_goes_on_in_another(self, store: Store) -> None:
        await running(store, "ann", "ben")
        owner = Talk(store, OWNER)
        assert len(await claimed(store)) == 2
        pause = CampaignMove("eid", "running", "paused", "Paused.")
        await owner.commit(campaign_moves=(pause,))
        stood = await store.campaign(SHOP, "eid")
        assert stood is not None
        assert (stood.status, stood.why) == (CampaignStatus.PAUSED, "Paused.")
        assert await claimed(store) == []
        assert (await store.waiting(0, 9))[1] == [], "what no lane had begun was taken back"
        known = await store.know(OWNER, (CampaignsAt("paused"),), NOW)
        assert known.campaigns == (CampaignSeen("eid", "Eid", "paused"),)
        assert (await store.know(OWNER, (CampaignsAt("running"),), NOW)).campaigns == ()
        assert (await store.know(Address("kiosk", "x"), (CampaignsAt("paused"),), NOW)).campaigns == ()
        await owner.commit(campaign_moves=(pause,))
        await owner.commit(campaign_moves=(CampaignMove("eid", "paused", "running", "On."),))
        assert len(await claimed(store)) == 2
