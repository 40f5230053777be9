"""``run.py goods``: what a stopped shop sells goes out into files and comes in, and the next start keeps it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio
from msgspec.structs import replace

from adapters.app import goods
from adapters.app.arguments import parse
from adapters.app.compose import WallClock, compose, read_config
from engine.address import DAY, Address
from engine.catalogue import Product
from engine.commit import Commit
from engine.errors import BadInput, ConfigError, StoreLocked
from engine.events import BookingCancelWanted
from engine.orders import PaymentStatus
from engine.ports import Store
from engine.shop import Shop
from engine.tickets import Booking, BookingStatus, EventStatus, TicketEvent
from storage import open_store
from tests.adapters.spreadsheets import workbook
from tests.adapters.test_letters import CONFIG

HEAD = "sku,name,price,stock"
CATALOGUE = f"{HEAD}\ncookie,Cookie,50,100\ntea,Tea,10,\n"
EVENTS = "id,title,city,starts_at,timezone,capacity\ngig,Gig,Goa,2035-03-12 19:30,Asia/Kolkata,80\n"


class Stopped:
    """The folder of a shop whose server is stopped."""

    def __init__(self, folder: Path, catalogue: str = "bakery.csv") -> None:
        self.folder = folder
        self.config = folder / "shop.toml"
        self.config.write_text(
            CONFIG.replace('catalogue = "bakery.csv"', f'catalogue = "{catalogue}"\nevents = "events.csv"')
        )
        self.file("bakery.csv", CATALOGUE)
        self.file("events.csv", EVENTS)

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def store(self, work: Callable[[Store], Awaitable[None]]) -> None:
        """Do something to the store and close it."""

        async def run() -> None:
            async with open_store(f"sqlite:///{self.folder / 'shop.db'}", WallClock()) as store:
                await work(store)

        trio.run(run)

    def start(self) -> Shop:
        """What a start does before it serves: the shop as customers would find it."""
        shops: list[Shop] = []

        async def work(store: Store) -> None:
            running = await compose(read_config(self.config)).engine_over(store)
            shops.append(running.around.shops["bakery"])

        self.store(work)
        return shops[0]

    def sold(self) -> dict[str, tuple[int, int]]:
        """Price and stock of what is sold, as the store has it."""
        found: list[Product] = []

        async def work(store: Store) -> None:
            found.extend(await store.products("bakery"))

        self.store(work)
        return {one.sku: (one.price, one.stock) for one in found if one.active}

    def goods(self, action: str, name: str, *more: str) -> int:
        return goods.run(parse(["goods", action, str(self.folder / name), "--config", str(self.config), *more]))


@pytest.fixture
def stopped(tmp_path: Path) -> Stopped:
    stopped = Stopped(tmp_path)
    stopped.start()
    return stopped


# -- preview ---------------------------------------------------------------------------------------------------------
def test_a_preview_says_what_would_change_and_changes_nothing(
    stopped: Stopped, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped.file("new.csv", f"{HEAD}\ncookie,Big Cookie,80,500\nbun,Bun,20,9\n")
    assert stopped.goods("preview", "new.csv") == 0
    assert capsys.readouterr().out.replace(str(stopped.folder), "…").splitlines() == [
        "…/new.csv compared with bakery: 1 new, 1 changed, 1 not sold any more.",
        "+ bun  Bun",
        "~ cookie  Big Cookie",
        "    name: Cookie → Big Cookie",
        "    price: ₹50.00 → ₹80.00",
        "- tea  Tea",
        "! cookie: the price changes by more than half, from ₹50.00 to ₹80.00.",
        "! The file's stock is for new products; these keep what is on hand: cookie 100.",
        "Nothing was changed yet; `goods import` does it.",
    ]
    assert stopped.sold() == {"cookie": (5_000, 100), "tea": (1_000, 0)}


@pytest.mark.parametrize("action", ["preview", "import"])
def test_a_file_with_faults_is_told_whole_and_changes_nothing(
    stopped: Stopped, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    rows = [(), ("sku", "name", "price"), ("cookie", "Cookie", 55), ("tea", None, 10), ("bun", "Bun", "lots")]
    stopped.file("new.xlsx", workbook(*rows))
    assert stopped.goods(action, "new.xlsx") == 1
    assert capsys.readouterr().out.replace(str(stopped.folder), "…").splitlines() == [
        "…/new.xlsx can't be imported; nothing was changed.",
        "  Line 4: name is empty.",
        "  Line 5: 'lots' is not a price; write it like 50 or 50.00.",
        "Its other products: 1 changed.",
        "~ cookie  Cookie",
        "    price: ₹50.00 → ₹55.00",
        "    track_stock: yes → no",
    ]
    assert stopped.sold() == {"cookie": (5_000, 100), "tea": (1_000, 0)}


def test_a_file_that_is_no_table_is_one_sentence(stopped: Stopped, capsys: pytest.CaptureFixture[str]) -> None:
    stopped.file("new.xlsx", b"PK\x03\x04 and no more")
    assert stopped.goods("preview", "new.xlsx") == 1
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_file_can_be_looked_at_before_the_first_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stopped = Stopped(tmp_path)
    assert stopped.goods("preview", "bakery.csv") == 0
    assert "2 new." in capsys.readouterr().out
    assert not (tmp_path / "shop.db").exists()
    for action in ("import", "export"):
        with pytest.raises(BadInput, match="there is no store"):
            stopped.goods(action, "bakery.csv")


# -- import, and the next start --------------------------------------------------------------------------------------
def test_an_import_is_kept_by_the_next_start(stopped: Stopped, capsys: pytest.CaptureFixture[str]) -> None:
    """Although the configured file says something else; twin: until that one changes."""
    stopped.file("new.xlsx", workbook(HEAD.split(","), ("cookie", "Cookie", 80, 500), ("bun", "Bun", 20, 9)))
    assert stopped.goods("import", "new.xlsx") == 0
    out = capsys.readouterr().out
    assert "is imported into bakery: 1 new, 1 changed, 1 not sold any more." in out
    assert re.search(r"The next start leaves it so; .*bakery\.csv is imported again when it changes\.", out)
    assert stopped.sold() == {"cookie": (8_000, 100), "bun": (2_000, 9)}
    assert stopped.start().catalogue.menu == ("cookie", "bun")
    assert stopped.sold() == {"cookie": (8_000, 100), "bun": (2_000, 9)}

    stopped.file("bakery.csv", CATALOGUE.replace("50", "60"))
    stopped.start()
    assert stopped.sold() == {"cookie": (6_000, 100), "tea": (1_000, 0)}


def test_the_configured_file_itself_brings_back_what_it_says(stopped: Stopped) -> None:
    """Its digest is known to the store, and somebody asks for it all the same."""
    stopped.file("new.csv", f"{HEAD}\nbun,Bun,20,9\n")
    stopped.goods("import", "new.csv")
    assert stopped.goods("import", "bakery.csv") == 0
    assert stopped.sold() == {"cookie": (5_000, 100), "tea": (1_000, 0)}
    assert stopped.start().catalogue.menu == ("cookie", "tea")


def test_what_was_exported_reads_back_as_it_was(stopped: Stopped, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("out.csv", "out.xlsx"):
        assert stopped.goods("export", name) == 0
        assert capsys.readouterr().out == f"2 products of bakery are in {stopped.folder / name}.\n"
        assert stopped.goods("preview", name) == 0
        assert "compared with bakery: 2 as before.\nThere is nothing to import.\n" in capsys.readouterr().out
    assert stopped.goods("export", "shows.xlsx", "--what", "events") == 0
    assert stopped.goods("preview", "shows.xlsx", "--what", "events") == 0
    assert "1 as before." in capsys.readouterr().out


def test_an_export_has_what_is_on_hand_and_what_is_not_sold(stopped: Stopped) -> None:
    stopped.file("new.csv", f"{HEAD}\nbun,Bun,20,9\n")
    stopped.goods("import", "new.csv")
    stopped.goods("export", "out.csv")
    lines = (stopped.folder / "out.csv").read_text("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["sku", "bun", "cookie", "tea"]
    assert lines[2] == "cookie,Cookie,50.00,,100,,,,,1,,,no,yes,,"


def test_an_export_replaces_no_file(stopped: Stopped) -> None:
    with pytest.raises(BadInput, match="is there already"):
        stopped.goods("export", "bakery.csv")
    assert (stopped.folder / "bakery.csv").read_text() == CATALOGUE
    with pytest.raises(BadInput, match=r"must end with \.csv or \.xlsx"):
        stopped.goods("export", "out.txt")
    with pytest.raises(BadInput, match="can't be written"):
        stopped.goods("export", "nowhere/out.csv")


# -- the configured file ---------------------------------------------------------------------------------------------
def test_a_start_takes_a_spreadsheet_and_names_its_faults(tmp_path: Path) -> None:
    stopped = Stopped(tmp_path, "bakery.xlsx")
    stopped.file("bakery.xlsx", workbook(HEAD.split(","), ("007", "Cookie", 50.5, 3)))
    assert stopped.start().catalogue.product("007") == Product("007", "Cookie", 5_050, stock=3)
    stopped.file("bakery.xlsx", workbook(HEAD.split(","), ("007", "Cookie", "=1+1", 3)))
    with pytest.raises(ConfigError, match=r"(?s)shop\.bakery\.catalogue: .*The formula in C2 has no result"):
        stopped.start()


def test_a_picture_that_is_gone_keeps_no_shop_closed(tmp_path: Path) -> None:
    """Twin: an import by hand, where somebody can mend it, asks for it."""
    stopped = Stopped(tmp_path)
    stopped.file("tea.png", b"\x89PNG\r\n\x1a\n")
    stopped.file("bakery.csv", "sku,name,price,image\ntea,Tea,10,tea.png\n")
    product = stopped.start().catalogue.product("tea")
    assert product is not None
    assert product.image == str(tmp_path / "tea.png")
    (tmp_path / "tea.png").unlink()
    assert stopped.start().catalogue.product("tea") == product
    stopped.file("new.csv", "sku,name,price,image\nbun,Bun,10,bun.png\n")
    assert stopped.goods("import", "new.csv") == 1
    assert stopped.sold() == {"tea": (1_000, 0)}


# -- events ----------------------------------------------------------------------------------------------------------
def test_who_has_seats_of_an_event_that_a_file_calls_off_is_told_at_the_next_start(
    stopped: Stopped, capsys: pytest.CaptureFixture[str]
) -> None:
    found: list[TicketEvent] = []

    async def book(store: Store) -> None:
        (event,) = await store.events("bakery")
        now = WallClock().now()
        found.append(replace(event, status=EventStatus.CANCELLED))
        row = Booking(
            *("BKG-222222", "bakery", "c1", "gig", "Gig", event.starts_at, 2, 0, "INR"),
            *(BookingStatus.CONFIRMED, PaymentStatus.UNPAID, now, now),
        )
        over = replace(row, id="BKG-333333", status=BookingStatus.HELD)
        assert await store.commit(Commit(Address("bakery", "c1"), 1, b"{}", now, bookings=(row,))) is None
        await store.commit(
            Commit(Address("bakery", "c2"), 1, b"{}", now - DAY, bookings=(replace(over, customer="c2"),))
        )

    stopped.store(book)
    stopped.file("off.csv", EVENTS.replace("capacity", "capacity,status").replace(",80", ",80,cancelled"))
    assert stopped.goods("import", "off.csv", "--what", "events") == 0
    assert "! gig: it is called off; who has its 2 taken seats is told" in capsys.readouterr().out
    for _ in range(2):
        stopped.start()

    async def look(store: Store) -> None:
        assert [one.status for one in await store.events("bakery")] == [EventStatus.CANCELLED]
        letters = await store.posted(WallClock().now() + DAY, 9)
        assert [(str(one.address), one.inbound.event) for one in letters] == [
            ("bakery/c1", BookingCancelWanted("BKG-222222", "owner"))
        ]

    stopped.store(look)


# -- which shop, and when --------------------------------------------------------------------------------------------
def test_a_shop_of_events_needs_no_word_for_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stopped = Stopped(tmp_path)
    stopped.config.write_text(CONFIG.replace("catalogue", "events").replace("bakery.csv", "events.csv"))
    stopped.start()
    assert stopped.goods("export", "out.csv") == 0
    assert "1 events of bakery" in capsys.readouterr().out
    with pytest.raises(BadInput, match="the shop bakery has no products"):
        stopped.goods("export", "more.csv", "--what", "products")


def test_one_of_several_shops_must_be_named(stopped: Stopped) -> None:
    second = CONFIG.partition("[[shop]]")[2].replace('"bakery"', '"kiosk"').replace('id = "1"', 'id = "2"')
    stopped.config.write_text(f"{stopped.config.read_text()}[[shop]]{second}")
    with pytest.raises(BadInput, match="say which with --shop: bakery, kiosk"):
        stopped.goods("preview", "bakery.csv")
    with pytest.raises(BadInput, match="there is no shop cafe; the configuration has bakery, kiosk"):
        stopped.goods("preview", "bakery.csv", "--shop", "cafe")
    assert stopped.goods("preview", "bakery.csv", "--shop", "kiosk") == 0


def test_a_running_server_is_left_alone(stopped: Stopped) -> None:
    """The store is held open by another, as a server holds it."""

    async def look(_: Store) -> None:
        for action in ("preview", "import", "export"):
            with pytest.raises(StoreLocked):
                await trio.to_thread.run_sync(stopped.goods, action, "bakery.csv")

    stopped.store(look)
