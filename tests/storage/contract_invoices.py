"""What every store promises about invoices: numbered without gaps, one an order, their number in what is sent."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import pytest
from msgspec.structs import replace

from engine.address import DAY, Address
from engine.facts import Conflict, ConflictKind, InvoiceOf, PaymentOf
from engine.invoice_book import PaperSent
from engine.invoices import CREDIT, NUMBER, CreditNote, CreditOf, Invoice, InvoiceStatus, IssueOf
from engine.messages import (
    AnyMessage,
    Buttons,
    Choice,
    ChoiceList,
    Document,
    Image,
    LocationRequest,
    Outcome,
    OutcomeClass,
    SendState,
    StatusRank,
    Template,
    Text,
)
from engine.orders import OrderStatus, PaymentStatus
from engine.ports import Store
from tests.storage.things import intent, known, news, pay_move
from tests.storage.values import (
    ANN,
    BEN,
    CATALOGUE,
    DUPLICATE,
    NOW,
    SHOP,
    SOLD_OUT,
    STALE,
    Everything,
    Talk,
    line,
    move,
    order,
    out,
    plain,
    sent,
    together,
)
from tests.storage.values import status as told

DUE = NOW + 30 * DAY


def issue(number: str = "WA1", year: int = 2025) -> IssueOf:
    return IssueOf(number, year, DUE)


class Invoices:
    async def numbers(self, store: Store) -> list[str]:
        return [one.number for one in await store.invoices(SHOP, 99)]

    async def test_an_order_gets_its_invoice_in_the_turn_that_places_it(self, store: Store, ann: Talk) -> None:
        placed = replace(plain("WA1"), tax=9, tax_included=False)
        assert await ann.commit(orders=(placed,), invoices=(issue(),), at=NOW + 5) is None
        wanted = Invoice("INV-2025-0001", SHOP, "ann", "WA1", NOW + 5, DUE, placed.total, "INR")
        assert await store.invoice_of(SHOP, "WA1") == wanted
        assert await store.invoices(SHOP, 9) == [wanted]
        assert (await known(store, InvoiceOf("WA1"))).invoices == (wanted,)
        assert (await known(store, InvoiceOf("WA1"), to=BEN)).invoices == ()
        assert await store.invoice_of(SHOP, "WA9") is None
        assert (await known(store, InvoiceOf("WA9"))).invoices == ()

    async def test_an_order_of_before_gets_one_too(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(plain("WA1"),))
        await ann.commit(invoices=(issue(),))
        assert await self.numbers(store) == ["INV-2025-0001"]

    async def test_a_second_wish_for_one_order_is_nothing(
        self, store: Store, ann: Talk, everything: Everything
    ) -> None:
        await ann.commit(orders=(plain("WA1"), plain("WA2")), invoices=(issue(), issue(), issue("WA2")))
        assert await self.numbers(store) == ["INV-2025-0002", "INV-2025-0001"]
        text = out("2:0", text=f"Your invoice {NUMBER}")
        assert await ann.commit(invoices=(issue("WA1", 2026),), outbox=(text,)) is None
        row = await store.outbox_row(text.key)
        assert row is not None
        assert row.outgoing.message == Text("Your invoice INV-2025-0001")
        assert await self.numbers(store) == ["INV-2025-0002", "INV-2025-0001"]

    async def test_each_shop_and_year_counts_from_one(self, store: Store, ann: Talk) -> None:
        kiosk = replace(plain("WA1"), shop="kiosk")
        await Talk(store, Address("kiosk", "ann")).commit(orders=(kiosk,), invoices=(issue(),))
        for n, year in enumerate((2025, 2026, 2025, 2026, 2024)):
            await ann.commit(orders=(plain(f"W{n}"),), invoices=(issue(f"W{n}", year),))
        wanted = ["INV-2024-0001", "INV-2026-0002", "INV-2025-0002", "INV-2026-0001", "INV-2025-0001"]
        assert await self.numbers(store) == wanted, "the latest issued first"
        assert [one.number for one in await store.invoices(SHOP, 2, 1)] == wanted[1:3]
        assert [one.number for one in await store.invoices("kiosk", 9)] == ["INV-2025-0001"]

    async def test_a_refused_turn_leaves_no_gap(self, store: Store, ann: Talk, everything: Everything) -> None:
        await store.import_catalogue(SHOP, "first", CATALOGUE)
        await ann.commit(orders=(plain("WA1"),), invoices=(issue(),), inbound_id="w1")
        before = await everything()
        wanted = {"invoices": (issue("WA2"),)}
        assert await ann.commit(orders=(plain("WA2"),), inbound_id="w1", **wanted) == DUPLICATE
        assert await ann.commit(orders=(plain("WA2"),), version=9, **wanted) == STALE
        assert await ann.commit(orders=(order("WA2", line("cake", 7)),), **wanted) == SOLD_OUT
        assert await ann.commit(**wanted) == Conflict(ConflictKind.ORDER_MOVED, "WA2")
        assert await everything() == before
        await ann.commit(orders=(plain("WA2"),), **wanted)
        assert await self.numbers(store) == ["INV-2025-0002", "INV-2025-0001"]

    async def test_many_at_once_with_refusals_among_them_leave_no_gap(self, store: Store, ann: Talk) -> None:
        await store.import_catalogue(SHOP, "first", CATALOGUE)
        talks = [Talk(store, Address(SHOP, f"c{n}")) for n in range(60)]
        ends = await together(
            *(
                partial(
                    talk.commit,
                    orders=(order(f"W{n}", line("cake", 1, tracked=n % 3 == 0), customer=f"c{n}"),),
                    invoices=(issue(f"W{n}"),),
                    outbox=(out("1:0", talk.address, NUMBER),),
                )
                for n, talk in enumerate(talks)
            )
        )
        assert ends.count(SOLD_OUT) == 14
        found = {one.order: one.number for one in await store.invoices(SHOP, 99)}
        assert sorted(found.values()) == [f"INV-2025-{n:04}" for n in range(1, 47)]
        for n, end in enumerate(ends):
            row = await store.outbox_row(f"{SHOP}/c{n}:1:0")
            said = row.outgoing.message if row is not None else None
            assert said == (Text(found[f"W{n}"]) if end is None else None)

    @pytest.mark.parametrize(
        "message",
        [
            Text(f"*{NUMBER}* of {NUMBER}"),
            Buttons(f"Invoice {NUMBER}", (Choice("1:0", "Pay", f"now {NUMBER}"),)),
            ChoiceList(f"Invoice {NUMBER}", "Choose", (Choice("1:0", "Pay"),)),
            Image(link="https://x.test/a.png", caption=f"Invoice {NUMBER}"),
            Document(f"{NUMBER}.pdf", caption=f"आपका {NUMBER} “quoted”", paper="invoice:WA1"),
            Template("invoice_sent", "en", ("Ann", NUMBER)),
            LocationRequest(f"Where shall {NUMBER} go?"),
        ],
        ids=lambda message: type(message).__name__,
    )
    async def test_its_number_stands_wherever_the_turn_left_room(
        self, store: Store, ann: Talk, message: AnyMessage
    ) -> None:
        both = (replace(out("1:0"), message=message), replace(out("1:1"), message=Text("no number here")))
        await ann.commit(orders=(plain("WA1"),), invoices=(issue(),), outbox=both)
        _, waiting = await store.waiting(0, 9)
        assert NUMBER not in str(waiting)
        assert str(waiting[0].message) == str(message).replace(NUMBER, "INV-2025-0001")
        assert waiting[1] == both[1]

    async def test_a_turn_that_issues_nothing_leaves_its_texts(self, store: Store, ann: Talk) -> None:
        await ann.commit(outbox=(out("1:0", text=f"what is {NUMBER}?"),))
        assert (await store.waiting(0, 9))[1] == [out("1:0", text=f"what is {NUMBER}?")]

    async def test_of_several_in_one_turn_the_first_is_told(self, store: Store, ann: Talk) -> None:
        text = out("1:0", text=NUMBER)
        await ann.commit(orders=(plain("WA1"), plain("WA2")), invoices=(issue("WA2"), issue("WA1")), outbox=(text,))
        row = await store.outbox_row(text.key)
        invoice = await store.invoice_of(SHOP, "WA2")
        assert row is not None
        assert invoice is not None
        assert row.outgoing.message == Text(invoice.number)

    async def test_it_is_sent_viewed_and_overdue_by_what_became_of_its_messages(self, store: Store, ann: Talk) -> None:
        paper = replace(out("1:0"), message=Document("i.pdf", paper="invoice:WA1"))
        await ann.commit(orders=(plain("WA1"),), invoices=(issue(),), outbox=(paper, out("1:1")))

        async def status(today: int = DUE) -> InvoiceStatus:
            found = await store.invoice_of(SHOP, "WA1", today)
            assert found is not None
            assert await store.invoice(SHOP, "INV-2025-0001", today) == found
            assert await store.invoices(SHOP, 9, 0, today, (found.status,)) == [found]
            assert await store.invoices(SHOP, 9, 0, today, sorted({*InvoiceStatus} - {found.status})) == []
            return found.status

        assert await status() is InvoiceStatus.ISSUED
        await store.claim([paper.key], NOW)
        assert await status() is InvoiceStatus.ISSUED
        await store.settle([(paper.key, sent("w1"))], NOW)
        assert await status() is InvoiceStatus.SENT
        await store.statuses([told(StatusRank.DELIVERED, "w1")])
        assert await status() is InvoiceStatus.SENT
        await store.statuses([told(StatusRank.READ, "w1")])
        assert await status() is InvoiceStatus.VIEWED
        assert await status(DUE + 1) is InvoiceStatus.OVERDUE, "the day on which it was due is over"
        await ann.commit(payment_moves=(pay_move("WA1", PaymentStatus.UNPAID, PaymentStatus.PENDING),))
        await ann.commit(payment_moves=(pay_move("WA1", PaymentStatus.PENDING, PaymentStatus.PAID),))
        assert await status(DUE + 1) is InvoiceStatus.PAID

    async def test_whoever_opens_its_link_has_viewed_it(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(plain("WA1"), plain("WA2")), invoices=(issue(), issue("WA2")))
        assert await store.note_opened(SHOP, "invoice:WA1", NOW) is True
        assert await store.note_opened(SHOP, "invoice:WA1", NOW + 1) is False
        assert await store.note_opened("kiosk", "invoice:WA2", NOW) is True
        found = {one.order: one.status for one in await store.invoices(SHOP, 9)}
        assert found == {"WA1": InvoiceStatus.VIEWED, "WA2": InvoiceStatus.ISSUED}

    async def test_it_is_known_which_messages_carried_it(self, store: Store, ann: Talk) -> None:
        first = replace(out("1:0"), message=Document("i.pdf", paper="invoice:WA1"))
        again = replace(out("2:0"), message=Document("i.pdf", paper="invoice:WA1"), created_at=NOW + 9)
        receipt = replace(out("2:1"), message=Document("r.pdf", paper="receipt:WA1"))
        await ann.commit(orders=(plain("WA1"),), invoices=(issue(),), outbox=(first,))
        await ann.commit(outbox=(again, receipt))
        await store.claim([first.key, again.key], NOW)
        gone = Outcome(OutcomeClass.NEVER, code=131_026, reason="This number is not on WhatsApp.")
        await store.settle([(first.key, gone), (again.key, sent("w2"))], NOW)
        await store.statuses([told(StatusRank.READ, "w2")])
        assert await store.paper_sent(SHOP, "invoice:WA1", 9) == [
            PaperSent(again.key, NOW + 9, SendState.SENT, StatusRank.READ),
            PaperSent(first.key, NOW, SendState.FAILED, StatusRank.NONE, "This number is not on WhatsApp."),
        ]
        assert len(await store.paper_sent(SHOP, "invoice:WA1", 1)) == 1
        assert await store.paper_sent("kiosk", "invoice:WA1", 9) == []
        assert await store.paper_sent(SHOP, "receipt:WA1", 9) == []

    async def test_its_status_follows_its_order(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(plain("WA1"), plain("WA2")), invoices=(issue("WA1"), issue("WA2")))

        async def status(number: str = "WA1") -> InvoiceStatus:
            invoice = await store.invoice_of(SHOP, number)
            listed = {one.order: one for one in await store.invoices(SHOP, 9)}
            told = (await known(store, InvoiceOf(number), to=ANN)).invoices
            assert invoice is not None
            assert listed[number] == invoice
            assert told == (invoice,)
            return invoice.status

        steps = [PaymentStatus.UNPAID, PaymentStatus.PENDING, PaymentStatus.PAID, PaymentStatus.PARTLY_REFUNDED]
        steps.append(PaymentStatus.REFUNDED)
        seen = [await status()]
        for frm, to in pairwise(steps):
            await ann.commit(payment_moves=(pay_move("WA1", frm, to),))
            seen.append(await status())
        issued, paid, void = InvoiceStatus.ISSUED, InvoiceStatus.PAID, InvoiceStatus.VOID
        assert seen == [issued, issued, paid, paid, void]
        await ann.commit(moves=(move("WA2", OrderStatus.PENDING, OrderStatus.CANCELLED),))
        assert await status("WA2") is void

    # -- credit notes ------------------------------------------------------------------------------------------------
    async def test_a_credit_note_has_a_number_of_its_own_that_stands_in_what_is_sent(
        self, store: Store, ann: Talk
    ) -> None:
        paper = Document(f"{CREDIT}.pdf", caption=f"{CREDIT} for you", paper=f"credit:{CREDIT}")
        messages = (replace(out("2:0"), message=paper), out("2:1", text=f"{NUMBER} and {CREDIT}"))
        await ann.commit(orders=(plain("WA1"), plain("WA2")), invoices=(issue(), issue("WA2")))
        assert (
            await ann.commit(credits=(CreditOf("WA1", 2025, 7),), invoices=(issue(),), outbox=messages, at=NOW + 3)
            is None
        )
        note = CreditNote("CN-2025-0001", SHOP, "ann", "WA1", "INV-2025-0001", NOW + 3, 7, "INR")
        assert await store.credit_notes(SHOP, 9) == [note]
        assert await store.credit_note(SHOP, "CN-2025-0001") == note
        assert await store.credit_note("kiosk", "CN-2025-0001") is None
        (_, waiting) = await store.waiting(0, 9)
        number = "CN-2025-0001"
        assert waiting[0].message == Document(f"{number}.pdf", caption=f"{number} for you", paper=f"credit:{number}")
        assert waiting[1].message == Text(f"INV-2025-0001 and {number}")
        assert [one.key for one in await store.paper_sent(SHOP, f"credit:{number}", 9)] == [messages[0].key]

    async def test_credit_notes_count_without_gaps_and_their_sum_stands_on_the_invoice(
        self, store: Store, ann: Talk
    ) -> None:
        await ann.commit(orders=(plain("WA1"), plain("WA2")), invoices=(issue(), issue("WA2")))
        for order_number, year, amount in (("WA1", 2025, 5), ("WA2", 2025, 6), ("WA1", 2026, 7)):
            assert await ann.commit(credits=(CreditOf(order_number, year, amount),)) is None
        refused = await ann.commit(credits=(CreditOf("WA1", 2025, 1),), version=99)
        assert refused == STALE
        await ann.commit(credits=(CreditOf("WA1", 2025, 8),))
        found = [(one.number, one.order, one.amount) for one in await store.credit_notes(SHOP, 9)]
        assert found == [
            ("CN-2025-0003", "WA1", 8),
            ("CN-2026-0001", "WA1", 7),
            ("CN-2025-0002", "WA2", 6),
            ("CN-2025-0001", "WA1", 5),
        ]
        assert [one.number for one in await store.credit_notes(SHOP, 1, 1)] == ["CN-2026-0001"]
        assert [one.amount for one in await store.credit_notes(SHOP, 9, order="WA1")] == [8, 7, 5]
        invoice = await store.invoice_of(SHOP, "WA1")
        assert invoice is not None
        assert invoice.credited == 20
        assert (await known(store, InvoiceOf("WA1"))).invoices == (invoice,)

    async def test_a_payment_is_told_with_the_invoice_of_its_order(self, store: Store, ann: Talk) -> None:
        await ann.commit(orders=(plain("WA1"),), invoices=(issue(),), intents=(intent(),))
        await store.record(SHOP, news(intent="i1"), NOW)
        invoice = await store.invoice_of(SHOP, "WA1")
        assert (await known(store, PaymentOf("fake:t1"))).invoices == (invoice,)
        assert (await known(store, PaymentOf("fake:t1"), to=BEN)).invoices == ()

    async def test_a_credit_note_of_no_order_is_refused(self, store: Store, ann: Talk) -> None:
        assert await ann.commit(credits=(CreditOf("WA9", 2025, 1),)) == Conflict(ConflictKind.ORDER_MOVED, "WA9")
        assert await store.credit_notes(SHOP, 9) == []
