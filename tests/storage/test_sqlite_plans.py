"""No statement reads a whole table: what is quick with ten orders stays quick with a million.

``(a, b) IN (VALUES …)`` looked innocent and scanned the table for every batch, since SQLite only uses an index there
for a SELECT; commits were half as fast after seconds, and would have been a hundred times slower after a month.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace

from engine.address import DAY, Address, Link
from engine.audience import Audience, Bought, Cap
from engine.campaigns import CampaignStatus, Part, Plan
from engine.commit import Renamed, Timer
from engine.deeds import Deed
from engine.facts import (
    AnyOrder,
    Availability,
    BookingNumbered,
    CampaignsAt,
    Conflict,
    ConflictKind,
    DayOf,
    IntentOf,
    IntentsFor,
    InvoiceOf,
    OpenOrders,
    OrderNumbered,
    OwnBookings,
    OwnCard,
    OwnEntries,
    OwnOrders,
    PaymentFor,
    PaymentOf,
    Reached,
    ReminderNamed,
    Seats,
)
from engine.identity import Merge
from engine.invoices import CreditOf, InvoiceStatus, IssueOf
from engine.messages import Outcome, OutcomeClass, StatusRank
from engine.orders import Customer, OrderStatus, PaymentStatus, holds_of
from engine.payments import IntentStatus, PaymentState, RefundNews
from engine.reminders import Reminder, ReminderState
from engine.repeats import FirstAnswer
from engine.template_states import TemplateState
from storage.sqlite import SqliteStore, open_sqlite
from tests.storage.contract_campaigns import reader
from tests.storage.things import (
    CONFIRMED,
    FEST,
    HELD,
    PROGRAMME,
    book_move,
    booking,
    charged,
    entry,
    intent,
    intent_move,
    news,
    own_letter,
    pay_move,
    settlement,
)
from tests.storage.values import (
    ANN,
    BEN,
    CATALOGUE,
    NOW,
    SHOP,
    FixedClock,
    Talk,
    hold,
    key,
    letter,
    line,
    move,
    order,
    out,
    sent,
    status,
)

IN_ORDER = (
    *("outbox_queued", "outbox_unknown", "timers_by_due", "posted_by_due", "intents_created", "intents_silent"),
    "owner_notices_untold",  # only of those that are to be taken to phones
    *("outbox_sending", "outbox_held", "campaigns_live"),
    "entries_waiting",  # only of those who wait, to know for which events
)
WHOLE = {"quarantined", "forwards", "allowed_moves", "heartbeat"}
"""Tables that are asked for whole, or have a handful of rows."""


async def test_no_statement_reads_a_whole_table(tmp_path: Path) -> None:
    said: list[str] = []
    path = tmp_path / "shop.db"
    async with open_sqlite(path, FixedClock()) as store:
        for connection in store._connections.opened[:4]:
            await store._bridge.call(connection.set_trace_callback(said.append))
        await use_everything(store)
        await use_the_shop(store)
    statements = {one for one in said if re.match(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)", one)}
    assert len(statements) > 130
    with closing(sqlite3.connect(path)) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        scanned = {statement: found for statement in statements if (found := scans(db, statement, tables - WHOLE))}
    assert scanned == {}


def scans(db: sqlite3.Connection, statement: str, tables: set[str]) -> list[str]:
    """The steps of a plan that read a whole table, whatever alias it has there."""
    aliases = dict(re.findall(rf"\b({'|'.join(tables)})(?: AS)? ([a-z])\b", statement))
    names = tables | set(aliases.values())
    plan = [str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
    return [step for step in plan if (word := re.match(r"SCAN (\w+)", step)) and word[1] in names and not ordered(step)]


def ordered(step: str) -> bool:
    """An index walked in its order until a LIMIT (or min) is reached is no scan of the table."""
    return "USING" in step and any(name in step for name in IN_ORDER)


async def use_everything(store: SqliteStore) -> None:
    """Every call of the port, with every part of a commit."""
    await store.import_catalogue(SHOP, "first", CATALOGUE)
    talk, name = Talk(store), key("1:0")
    timer, link = Timer(ANN, "session", NOW, 1), Link("phone", "2547")
    card = Customer("ann", SHOP, "Ann")
    await talk.commit(links=(link,), customer=card, holds=(hold("h1", 1),), outbox=(out("1:0"),), timers=(timer,))
    note = Reminder("note:1", ReminderState.SENT, NOW, message=name)
    await talk.commit(
        orders=(order("WA1", line("cake"), line("tea")),),
        reminders=(note,),
        hushed=("WA1",),
        releases=("h1",),
        timers_off=("session",),
    )
    await talk.commit(moves=(move("WA1", OrderStatus.PENDING, OrderStatus.CANCELLED),))
    await Talk(store, BEN).commit(hush=True, links=(Link("phone", "1"),))
    await Talk(store, BEN, 1, letters=1).commit(renamed=(Renamed(Link("phone", "1"), "2", "next"),))
    await store.park(letter("w1"), True, "", NOW)
    (row,) = await store.parked(ANN, True, 1)
    await store.parked(None, True, 1)
    await store.park(letter("w1", parked_id=row.id), True, "", NOW)
    await talk.commit(parked_id=row.id)
    await store.quarantine(BEN, "", NOW)
    await store.release(BEN)
    await store.quarantined()
    await store.customers_for(SHOP, [link])
    await store.identities(SHOP, ["ann", "ben"])
    await store.forwards()
    await store.wake(ANN)
    await store.know(ANN, (OwnCard(), OwnOrders(), OrderNumbered("WA1"), Availability()), NOW)
    await store.waiting(0, 10)
    await store.claim([name], NOW)
    await store.settle([(name, Outcome(OutcomeClass.UNKNOWN))], NOW)
    await store.unknown(10)
    await store.requeue([name], NOW)
    await store.claim([name], NOW)
    await store.statuses([status(StatusRank.READ, "w"), status(StatusRank.SENT, "v", key=name)])
    await store.settle([(name, sent("w"))], NOW)
    await store.outbox_row(name)
    await store.due(NOW, 1)
    await store.next_due()
    await store.products(SHOP)
    await store.orders(SHOP, 1)
    await store.sweep(NOW + 9 * DAY)
    await store.check()


async def use_the_shop(store: SqliteStore) -> None:
    """Every call about money, seats, letters and books, and the parts of a commit that go with them."""
    await store.import_events(SHOP, "first", PROGRAMME)
    await store.import_events(SHOP, "second", PROGRAMME)
    await store.save_event(SHOP, replace(FEST, capacity=0))
    await store.remove_event(SHOP, "nothing")
    ann, held = Talk(store, Address(SHOP, "zoe")), replace(order("WZ1", line("cake"), customer="zoe"), held=True)
    asked, waits = intent("z1", "WZ1", "zoe"), entry("e1", customer="zoe", event="gig")
    await ann.commit(orders=(held,), holds=holds_of(held, NOW + 9), intents=(asked,), entries=(waits,))
    await ann.commit(takes=("WZ1",), synced=("WZ1",), posted=(own_letter("p1"),), bookings=(booking("BZ", 1, lasts=9),))
    await ann.commit(payment_moves=(pay_move("WZ1", PaymentStatus.UNPAID, PaymentStatus.PENDING),))
    await ann.commit(invoices=(IssueOf("WZ1", 2026, NOW),), booking_moves=(book_move("BZ", HELD, CONFIRMED),))
    await ann.commit(credits=(CreditOf("WZ1", 2026, 1),))
    await ask_for_too_much(store, ann)
    await store.claim_charges(["z1"], NOW)
    await store.settle_charges([charged("z1")], NOW)
    await store.record(SHOP, news("t1", intent="z1"), NOW)
    await store.record(SHOP, news("t2", ok=False, reference="WZ1"), NOW)
    await ann.commit(
        settlements=(settlement("fake:t1", PaymentState.RECORDED, PaymentState.APPLIED),),
        intent_moves=(intent_move("z1", IntentStatus.PENDING, IntentStatus.CANCELLED),),
    )
    await store.charges(9)
    await store.silent_charges(NOW, 9)
    await store.asked_about(["z1"], NOW)
    await store.asked_enough(["z1"])
    await store.overheard(SHOP, news("t3", provider="mpesa", intent="z1", transaction="R1"), NOW)
    await store.record(SHOP, news("t3", provider="mpesa", intent="z1", transaction="R1"), NOW)
    await store.meant(SHOP, news(reference="wz 1"))
    await store.payment(SHOP, "fake:t1")
    await store.payment_of(SHOP, "WZ1")
    await store.payments(SHOP, (PaymentState.DESK, PaymentState.APPLIED), 9)
    await store.payments(SHOP, (), 9, 1)
    await ann.commit(settlements=(settlement("fake:t1", PaymentState.APPLIED, PaymentState.REFUNDING, refund=5),))
    await store.refunds_due(NOW, 9)
    await store.claim_refunds([(SHOP, "fake:t1")], NOW, NOW + 1)
    await store.record_refund(SHOP, RefundNews("re_1", "fake", "t1", 5), NOW)
    deed = Deed(SHOP, NOW, "9", "owner", "stock", "cake")
    await ann.commit(recounts=(("cake", 3),), reprices=(("cake", 3),), taken_in=(news("t9"),), deeds=(deed,))
    await store.post([own_letter("p2")])
    await store.posted(NOW, 9)
    await store.next_posted()
    await store.offer_seats(NOW)
    await store.sweep_bookings(NOW + DAY)
    await store.check_in(SHOP, "BZ", "s1", "gig", NOW)
    await store.check_in(SHOP, "BZ", "s1", "gig", NOW)
    await look_up(store, Address(SHOP, "zoe"))
    await Talk(store, Address(SHOP, "yan")).commit(
        customer=Customer("yan", SHOP), entries=(entry("y1", customer="yan"),)
    )
    assert await store.merge(Merge(SHOP, "zoe", "yan", ann.version + 1, 1, b"", NOW)) is None


async def ask_for_too_much(store: SqliteStore, talk: Talk) -> None:
    """What the caches overlook is refused by a trigger, and then looked up by its name."""
    store._seating.set(SHOP, "gig", 1_000, True)
    store._stock.count(SHOP, "cake", 1_000)
    more = replace(order("WZ9", line("cake", 900)), held=True)
    assert await talk.commit(bookings=(booking("BX", 9),)) == Conflict(ConflictKind.SOLD_OUT, "gig")
    assert await talk.commit(orders=(more,), takes=("WZ9",)) == Conflict(ConflictKind.SOLD_OUT, "cake")


async def use_a_campaign(store: SqliteStore) -> None:
    """From its draft to its end, with everything that can become of a recipient."""
    await store.create_campaign(SHOP, "eid", Plan("Eid"), NOW)
    await store.edit_campaign(SHOP, "eid", 1, Plan("Eid", cap=1))
    await store.move_campaign(SHOP, "eid", CampaignStatus.DRAFT, CampaignStatus.STARTING, NOW)
    await store.live_campaigns(9)
    await store.freeze(SHOP, "eid", "", Part(tuple(map(reader, ("ann", "dan", "eve"))), {"capped": 1}, ""), NOW)
    await store.claim_recipients(SHOP, "eid", NOW + DAY, 9)
    await store.take_back(SHOP, "eid", NOW)
    await store.finish(SHOP, "eid", NOW)
    await store.campaigns(SHOP, 9, 0, (CampaignStatus.RUNNING,))
    await store.campaigns(SHOP, 9)
    await store.campaign_results(SHOP, "eid")
    await store.campaign(SHOP, "eid")
    await store.recipients(SHOP, "eid", 9)
    await store.campaign_counts(SHOP, "eid")
    await store.campaign_health(SHOP, "eid", NOW, 9)
    await store.try_campaign(SHOP, "eid", [reader("eve")], NOW)


async def look_up(store: SqliteStore, who: Address) -> None:
    """What turns and the owner ask."""
    needs = (Seats(), OwnBookings(), BookingNumbered("BZ"), OwnEntries(), PaymentOf("fake:t1"), PaymentFor("WZ1"))
    await store.know(who, needs, NOW)
    await store.know(who, (IntentOf("z1"), IntentsFor("WZ1"), InvoiceOf("WZ1")), NOW)
    await store.know(
        who, (AnyOrder("WZ1"), OpenOrders(), DayOf(NOW, "INR"), Reached("2547"), CampaignsAt("paused")), NOW
    )
    await store.deeds(SHOP, 9, 1)
    await store.events(SHOP)
    await store.booking(SHOP, "BZ")
    await store.bookings(SHOP, (), 9)
    await store.bookings(SHOP, (HELD, CONFIRMED), 9, 1, "gig")
    await store.metrics(SHOP)
    await store.order(SHOP, "WZ1")
    await store.order_of_cart(SHOP, "cart of WZ1")
    await store.order_history(SHOP, "WZ1")
    await store.orders_like(SHOP, 9)
    await store.orders_like(SHOP, 9, 1, (OrderStatus.PENDING,), (PaymentStatus.PAID, PaymentStatus.PENDING))
    await store.customers(SHOP, 9)
    await store.customer(who)
    await store.save_customers(SHOP, [Customer("zoe", SHOP)])
    await store.stats(SHOP)
    await store.sessions(SHOP, 9)
    await store.invoice_of(SHOP, "WZ1")
    await store.invoices(SHOP, 9)
    await store.invoice(SHOP, "INV-2026-0001", NOW)
    await store.invoices(SHOP, 9, 1, NOW, (InvoiceStatus.OVERDUE, InvoiceStatus.VIEWED))
    await store.credit_notes(SHOP, 9, 1)
    await store.credit_notes(SHOP, 9, order="WZ1")
    await store.credit_note(SHOP, "CN-2026-0001")
    await store.progress(SHOP, "WZ1")
    await store.progresses(SHOP, NOW, 9, 1)
    await store.progresses(SHOP, NOW, 9, unfinished=True)
    await store.sync_again(SHOP, "WZ1")
    await store.account(who, 0, NOW, NOW, 9)
    await store.paper_sent(SHOP, "invoice:WZ1", 9)
    await store.note_opened(SHOP, "invoice:WZ1", NOW)
    await store.unsynced(SHOP, 9)
    await store.begin_sync(SHOP, "WZ1")
    await store.note_synced(SHOP, ["WZ1"])
    await store.set_stock(SHOP, {"cake": 2}, NOW)
    await store.last_stocktake(SHOP)
    for state in (None, ReminderState.SENT):
        await store.reminders(SHOP, 9, 1, state)
    await store.reminder(SHOP, "note:1")
    await store.know(ANN, (ReminderNamed("note:1"),), NOW)
    await store.reminds("ann:1:0")
    await store.tell_owner(SHOP, "crm_down", "It is down.", NOW)
    await store.owner_notices(SHOP, 9)
    await store.note_told([seq for seq, _ in await store.untold_notices(9)])
    await store.note_fetched(SHOP, NOW)
    await store.fetched(SHOP)
    await store.save_templates(SHOP, [TemplateState("news", "sw", "approved")], NOW)
    await store.note_template(SHOP, TemplateState("news", "sw", "paused"), NOW)
    await store.template_states(SHOP)
    await store.template_state(SHOP, "news", "sw")
    await store.doubt_templates(SHOP, NOW)
    await use_a_campaign(store)
    await store.begin_request(SHOP, "k", "d", NOW)
    await store.begin_request(SHOP, "k", "d", NOW)
    await store.end_request(SHOP, "k", FirstAnswer("d", 200, "", b""))
    await store.forget_request(SHOP, "k", "d")
    await store.tag(SHOP, ["zoe"], ["vip"], ["old"])
    await store.tags_of(who)
    await store.tags(SHOP)
    wanted = Audience(bought=Bought("cake"), tags=("vip",), attended="gig")
    await store.people(SHOP, wanted, Cap(2, NOW), "", 9)
    await store.people(SHOP, Audience(bought=Bought(), phones=("254700000001",)), Cap(), "", 9)
    links = await store.short_links(SHOP, "spring", "A", ["https://shop.example/"])
    for link in links.values():
        await store.link_target(link)
        await store.note_click(link, "zoe", NOW)
    await store.key("tickets")
