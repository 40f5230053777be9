"""Papers as they are made from the store, and as the web serves them: to whoever has the name, and to nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
import trio

from adapters.papers.desk import PaperDesk
from adapters.papers.tokens import read
from adapters.web.app import Web
from adapters.web.body import Bodies
from adapters.web.webhooks import Engine, WebLimits
from engine.address import Address
from engine.catalogue import Catalogue, Product
from engine.commit import Commit
from engine.invoices import CreditOf, InvoiceStatus, IssueOf
from engine.orders import Customer, Order, PaymentStatus
from engine.papering import FETCHED
from engine.running import Running
from engine.shop import Shop
from engine.tickets import Booking, BookingStatus, TicketEvent
from storage.memory import MemoryStore
from tests.adapters.edge import WireChannel, call
from tests.adapters.papers.test_documents import ORDER, SHOP, text
from tests.adapters.papers.test_tokens import BOOKING
from tests.engine.scripted import TrioClock
from tests.engine.sending import no_http

PLACED = 1_760_771_096_000
TICKETS = msgspec.structs.replace(SHOP, name="tickets", title="Tickets")
SHOPS: Mapping[str, Shop] = {"dealer": SHOP, "tickets": TICKETS}
NIGHT = TicketEvent("mumbai-indie-night", "Mumbai Indie Night", "Mumbai", "Blue Frog", PLACED, "Asia/Kolkata", 100)


async def written() -> MemoryStore:
    """A store with an order, its invoice, and a booking that is confirmed."""
    store = MemoryStore(TrioClock())
    order = Commit(
        Address("dealer", "c1"),
        1,
        b"{}",
        PLACED,
        "w1",
        orders=(untracked(),),
        invoices=(IssueOf(ORDER.number, 2025, PLACED),),
    )
    assert await store.commit(order) is None
    assert await store.save_event("tickets", NIGHT)
    await book(store, BOOKING, 1)
    return store


def untracked() -> Order:
    lines = tuple(msgspec.structs.replace(line, tracked=False) for line in ORDER.lines)
    return msgspec.structs.replace(ORDER, lines=lines)


async def book(store: MemoryStore, booking: Booking, version: int) -> None:
    commit = Commit(Address("tickets", "c1"), version, b"{}", PLACED, f"b{version}", bookings=(booking,))
    assert await store.commit(commit) is None


async def desk() -> PaperDesk:
    store = await written()
    return PaperDesk(store, SHOPS, "https://shop.example.test/", await store.key("papers"), TrioClock())


async def test_a_confirmed_booking_has_a_ticket_that_the_door_believes() -> None:
    made = await desk()
    picture = await made.make("tickets", f"ticket:{BOOKING.id}")
    assert picture is not None
    assert picture.startswith(b"\x89PNG")
    ticket = read(made.signer.token(BOOKING), made.signer.public)
    assert ticket is not None
    assert ticket.booking == BOOKING.id


async def test_a_hold_has_no_ticket() -> None:
    store = await written()
    held = msgspec.structs.replace(
        BOOKING, id="BKG-AAAAAA", status=BookingStatus.HELD, payment=PaymentStatus.UNPAID, expires_at=PLACED + 1
    )
    await book(store, held, 2)
    made = PaperDesk(store, SHOPS, "", await store.key("papers"), TrioClock())
    assert await made.make("tickets", "ticket:BKG-AAAAAA") is None


@pytest.mark.parametrize("kind", ["receipt", "invoice"])
async def test_an_order_has_its_papers(kind: str) -> None:
    pdf = await (await desk()).make("dealer", f"{kind}:{ORDER.number}")
    assert pdf is not None
    assert pdf.startswith(b"%PDF")


async def test_a_credit_note_has_its_paper_and_its_name() -> None:
    store = await written()
    credited = Commit(Address("dealer", "c1"), 2, b"{}", PLACED, "w2", credits=(CreditOf(ORDER.number, 2025, 100),))
    assert await store.commit(credited) is None
    made = PaperDesk(store, SHOPS, "https://shop.example.test", await store.key("papers"), TrioClock())
    pdf = await made.make("dealer", "credit:CN-2025-0001")
    assert pdf is not None
    assert pdf.startswith(b"%PDF")
    file = made.link("dealer", "credit:CN-2025-0001").rpartition("/")[2]
    assert made.named("dealer", file) == "credit:CN-2025-0001"


@pytest.mark.parametrize(
    "paper", ["credit:CN-2025-0001", "ticket:BKG-ZZZZZZ", "receipt:WS0", "invoice:WS0", "passport:1", "", "ticket:"]
)
async def test_of_nothing_there_is_no_paper(paper: str) -> None:
    assert await (await desk()).make("dealer", paper) is None


async def test_a_customers_statement_has_its_paper_and_its_name() -> None:
    store = await written()
    await store.save_customers("dealer", [Customer("c1", "dealer", "Asha Rao")])
    made = PaperDesk(store, SHOPS, "https://shop.example.test", await store.key("papers"), TrioClock())
    paper = "statement:c1-20251001-20251231"
    pdf = await made.make("dealer", paper)
    assert pdf is not None
    assert "INV-2025-0001" in text(pdf)
    assert made.named("dealer", made.link("dealer", paper).rpartition("/")[2]) == paper
    for other in ("statement:c9-20251001-20251231", "statement:c1-20251001", "statement:c1-20251301-20251231"):
        assert await made.make("dealer", other) is None


async def test_names_and_tickets_survive_a_restart_since_their_key_lies_in_the_store() -> None:
    store = await written()
    key, clock = await store.key("papers"), TrioClock()
    first, second = [PaperDesk(store, SHOPS, "https://a.test", key, clock) for _ in range(2)]
    assert first.link("dealer", "receipt:A1") == second.link("dealer", "receipt:A1")
    assert first.signer.public == second.signer.public


# -- on the web --------------------------------------------------------------------------------------------------------
class Served:
    """A web with papers over an engine that does not run: papers need only its store."""

    def __init__(self, papers: PaperDesk, store: MemoryStore) -> None:
        self.papers, self.store = papers, store
        channel, engine = WireChannel(), Engine()
        engine.running = Running(store, dict(SHOPS), {}, {}, no_http, TrioClock(), papers=papers)
        self.engine = engine
        self.web = Web([channel], engine, bodies=Bodies(1_000_000, 10), limits=WebLimits())

    async def get(self, path: str) -> tuple[int, bytes]:
        return await call(self.web, "GET", path)


async def served() -> Served:
    store = await written()
    return Served(PaperDesk(store, SHOPS, "https://shop.example.test", await store.key("papers"), TrioClock()), store)


async def test_a_paper_is_served_under_its_name_with_and_without_its_shop(
    autojump_clock: trio.testing.MockClock,
) -> None:
    web = await served()
    for shop, paper, start in (
        ("tickets", f"ticket:{BOOKING.id}", b"\x89PNG"),
        ("dealer", f"invoice:{ORDER.number}", b"%PDF"),
    ):
        path = web.papers.names.path(shop, paper)
        assert web.papers.link(shop, paper) == f"https://shop.example.test/s/{shop}{path}"
        for address in (path, f"/s/{shop}{path}"):
            status, body = await web.get(address)
            assert (status, body[: len(start)]) == (200, start)


async def test_an_invoice_counts_as_viewed_once_a_person_has_opened_its_link(
    autojump_clock: trio.testing.MockClock,
) -> None:
    web = await served()
    path = web.papers.names.path("dealer", f"invoice:{ORDER.number}")

    async def viewed() -> bool:
        found = await web.store.invoice_of("dealer", ORDER.number)
        return found is not None and found.status is InvoiceStatus.VIEWED

    assert (await call(web.web, "GET", path, query=FETCHED[1:]))[0] == 200, "the provider fetches what it sends on"
    assert (await call(web.web, "HEAD", path))[0] == 200
    assert (await call(web.web, "GET", path, headers={"user-agent": "WhatsApp/2.23.20.0 A"}))[0] == 200
    assert (await web.get(web.papers.names.path("dealer", f"receipt:{ORDER.number}")))[0] == 200
    assert not await viewed()
    assert (await web.get(path))[0] == 200
    assert await viewed()


async def test_every_other_name_is_nothing(autojump_clock: trio.testing.MockClock) -> None:
    web = await served()
    good = web.papers.names.path("tickets", f"ticket:{BOOKING.id}")
    other = "y" if good[-5] == "x" else "x"
    for path in (
        *("/qr/", "/qr", "/papers/", "/qr/..%2f..%2fetc%2fpasswd", "/qr/../secret", f"/qr/{BOOKING.id}.png"),
        *(good[:-5] + other + ".png", f"/s/dealer{good}", good.replace("/qr/", "/papers/x"), f"/s/nobody{good}"),
    ):
        status, body = await web.get(path)
        assert status == 404, path
        assert b"nothing" in body


async def test_without_a_store_it_asks_to_come_again(autojump_clock: trio.testing.MockClock) -> None:
    web = await served()
    path = web.papers.names.path("tickets", f"ticket:{BOOKING.id}")
    web.engine.running = None
    assert (await web.get(path))[0] == 503


# -- pictures that are files of ours -----------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "kind"), [("tea.png", ".png"), ("tea.JPEG", ".jpg"), ("tea.jpg", ".jpg")])
async def test_a_product_s_picture_is_served_under_a_name_that_tells_nothing(
    name: str, kind: str, tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    (tmp_path / name).write_bytes(b"a picture")
    (tmp_path / "other.png").write_bytes(b"not for sale")
    product = Product("tea", "Tea", 100, image=str(tmp_path / name))
    shops = {"dealer": msgspec.structs.replace(SHOP, catalogue=Catalogue((product,)))}
    store = await written()
    papers = PaperDesk(store, shops, "https://shop.example.test", await store.key("papers"), TrioClock())
    web = Served(papers, store)
    link = papers.shown("dealer", product.image)
    assert link.endswith(kind)
    assert "tea" not in link
    path = link.removeprefix("https://shop.example.test")
    assert await web.get(path) == (200, b"a picture")
    unsold = papers.shown("dealer", str(tmp_path / "other.png")).removeprefix("https://shop.example.test")
    assert (await web.get(unsold))[0] == 404
    (tmp_path / name).unlink()
    assert (await web.get(path))[0] == 404
