"""The CRM ``csv_drop``: stock whole and only when it is new, orders as files that appear once, also over a crash."""

from __future__ import annotations

import csv
import os
from contextlib import suppress
from pathlib import Path

import pytest
import trio
from msgspec.structs import replace

from adapters.crm import csv_drop
from adapters.crm.csv_drop import HALF, NAMELESS, NO_STOCK, CsvDrop, CsvDropSettings, build
from adapters.kinds import Site
from engine.backoffice import Stocktake
from engine.errors import ConfigError
from engine.messages import Outcome, OutcomeClass
from tests.adapters.zoho import PHONE, cancelled, line, order
from tests.engine.sending import NoHttp

HTTP = NoHttp()
CALLS = 9
"""Calls to the system that dropping one order takes, and one more."""
SENT = OutcomeClass.SENT


@pytest.fixture
def drop(tmp_path: Path) -> CsvDrop:
    return build(Site("dealer"), CsvDropSettings(folder=tmp_path))


def files(folder: Path) -> list[str]:
    """What the other program sees."""
    return sorted(path.name for path in (folder / "orders").glob("*"))


def everything(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


async def told(drop: CsvDrop, mark: str = "") -> dict[str, int]:
    found = await drop.inventory(HTTP, mark)
    assert isinstance(found, Stocktake), found
    return dict(found.quantities)


# -- stock in --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
async def test_stock_is_read(drop: CsvDrop, tmp_path: Path, start: bytes) -> None:
    (tmp_path / "stock.csv").write_bytes(start + b"sku,shelf,stock\r\ncement,A1,1200\r\ntmt,B2,-3\r\nsand,,12.00\r\n")
    assert await told(drop) == {"cement": 1200, "tmt": -3, "sand": 12}


async def test_the_same_content_is_not_taken_over_twice(drop: CsvDrop, tmp_path: Path) -> None:
    file = tmp_path / "stock.csv"
    file.write_text("sku,stock\ncement,5\n")
    first = await drop.inventory(HTTP, "")
    assert isinstance(first, Stocktake)
    file.touch()
    again = await drop.inventory(HTTP, first.mark)
    assert isinstance(again, Outcome)
    assert again.kind is SENT
    file.write_text("sku,stock\ncement,6\n")
    assert await told(drop, first.mark) == {"cement": 6}


@pytest.mark.parametrize(
    "text",
    [
        "sku,stock\ncement,5\nsand,lots\n",
        "sku,stock\ncement,5\n,7\n",
        "sku,stock\ncement,5\ncement,6\n",
        "sku,stock\ncement,5\nsand,7.5\n",
        "sku,stock\ncement,5\nsand\n",
        "name,number\ncement,5\n",
        'sku,stock\n"cement,5\n',
    ],
)
async def test_with_any_fault_nothing_is_taken(drop: CsvDrop, tmp_path: Path, text: str) -> None:
    (tmp_path / "stock.csv").write_text(text)
    found = await drop.inventory(HTTP, "")
    assert isinstance(found, Outcome)
    assert found.kind is OutcomeClass.OPERATOR
    assert found.reason.startswith("stock.csv is not taken over: ")


async def test_a_file_that_is_being_written_is_waited_for(drop: CsvDrop, tmp_path: Path) -> None:
    (tmp_path / "stock.csv").write_text("sku,stock\ncement,12")
    assert await drop.inventory(HTTP, "") == HALF


async def test_no_file_and_no_text_are_told(drop: CsvDrop, tmp_path: Path) -> None:
    assert await drop.inventory(HTTP, "") == NO_STOCK
    (tmp_path / "stock.csv").write_bytes(b"sku,stock\n\xff,5\n")
    found = await drop.inventory(HTTP, "")
    assert isinstance(found, Outcome)
    assert "no CSV file in UTF-8" in found.reason


async def test_what_lies_unread_in_orders_is_taken_off(drop: CsvDrop, tmp_path: Path) -> None:
    stock = tmp_path / "stock.csv"
    stock.write_text("sku,stock\ncement,10\n")
    await drop.push(HTTP, order("ORD1", line("cement", 2), line("cement", 1)), tried=False)
    await drop.push(HTTP, order("ORD2", line("cement", 4)), tried=False)
    await drop.push(HTTP, cancelled("ORD2"), tried=True)
    assert await told(drop) == {"cement": 7}
    (tmp_path / "orders" / "ORD1.csv").unlink()
    stock.write_text("sku,stock\ncement,7\n")
    assert await told(drop) == {"cement": 7}, "taken in there: once, not twice"


@pytest.mark.parametrize("name", ["stock.csv", "orders/ORD9.csv", "told/ORD1.csv"])
async def test_a_pipe_in_the_folder_hangs_nobody(drop: CsvDrop, tmp_path: Path, name: str) -> None:
    (tmp_path / "stock.csv").write_text("sku,stock\ncement,10\n")
    await drop.push(HTTP, order("ORD1", line("cement", 2)), tried=False)
    (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    with trio.fail_after(5):
        found = await drop.inventory(HTTP, "")
    if name.startswith("orders"):
        assert isinstance(found, Stocktake), "that is none of ours"
    else:
        assert isinstance(found, Outcome)
        assert "no ordinary file" in found.reason


@pytest.mark.parametrize(
    "content",
    [b"sku,quantity\ncement,5\n", b"\xff\xfe\x00", b"sku,quantity\n\x00", b'"', b"quantity\n" + b"9" * 5_000 + b"\n"],
)
async def test_what_others_put_into_orders_is_none_of_ours(drop: CsvDrop, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "stock.csv").write_text("sku,stock\ncement,10\n")
    await drop.push(HTTP, order("ORD1", line("cement", 2)), tried=False)
    (tmp_path / "orders" / "more.csv").write_bytes(content)
    (tmp_path / "orders" / "link.csv").symlink_to("/dev/zero")
    assert await told(drop) == {"cement": 8}


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"sku,quantity\ncement\n", b"sku,quantity\ncement,1.5\n", b"x;y\n1;2\n", b'sku,"']
)
async def test_an_order_that_somebody_has_spoilt_is_named_and_no_stock_is_taken(
    drop: CsvDrop, tmp_path: Path, content: bytes
) -> None:
    """Some programs write into the file that they have open; told/ is another name of the same one."""
    (tmp_path / "stock.csv").write_text("sku,stock\ncement,10\n")
    await drop.push(HTTP, order("ORD1", line("cement", 2)), tried=False)
    (tmp_path / "orders" / "ORD1.csv").write_bytes(content)
    found = await drop.inventory(HTTP, "")
    assert isinstance(found, Outcome)
    assert "ORD1.csv" in found.reason


# -- orders out ------------------------------------------------------------------------------------------------------
async def test_an_order_is_one_file_with_a_row_per_line(drop: CsvDrop, tmp_path: Path) -> None:
    sold = order("ORD42", line(), line("sand", 1, 240_050, note="by noon"), phone=PHONE, name="Asha", delivery=5_000)
    assert (await drop.push(HTTP, sold, tried=False)).kind is SENT
    first, second = rows(tmp_path / "orders" / "ORD42.csv")
    assert (first["number"], first["sku"], first["quantity"], first["unit_price"]) == ("ORD42", "cement", "2", "380.00")
    assert (second["sku"], second["unit_price"], second["note"]) == ("sand", "2400.50", "by noon")
    assert (second["name"], second["phone"], second["delivery"]) == ("Asha", PHONE, "50.00")
    assert second["placed_at"] == "2026-09-21T14:13:20+00:00"


async def test_a_customers_words_are_no_formula(drop: CsvDrop, tmp_path: Path) -> None:
    sold = order("ORD42", line(note="@SUM(A1)"), name='=HYPERLINK("http://x")', address="-1+1", instructions="+call")
    await drop.push(HTTP, sold, tried=False)
    (row,) = rows(tmp_path / "orders" / "ORD42.csv")
    assert [row[name][0] for name in ("note", "name", "address", "instructions")] == ["'"] * 4


async def test_an_order_that_was_taken_away_is_not_dropped_again(drop: CsvDrop, tmp_path: Path) -> None:
    await drop.push(HTTP, order(), tried=False)
    (tmp_path / "orders" / "ORD42.csv").unlink()
    assert (await drop.push(HTTP, order(), tried=True)).kind is SENT
    assert files(tmp_path) == []


@pytest.mark.parametrize("step", range(CALLS))
async def test_a_crash_at_any_step_drops_an_order_once_and_whole(
    drop: CsvDrop, tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call to the system from the first to the last fails once, as if the process had ended there."""
    await drop.push(HTTP, order("ORD0"), tried=False)
    count = 0

    def crash_at_step(before: object) -> object:
        def call(*arguments: object, **more: object) -> object:
            nonlocal count
            count += 1
            if count - 1 == step:
                raise Crash
            assert callable(before)
            return before(*arguments, **more)

        return call

    with monkeypatch.context() as patched:
        for owner, name in ((os, "link"), (os, "fsync"), (Path, "rename"), (Path, "open")):
            patched.setattr(owner, name, crash_at_step(getattr(owner, name)))
        with suppress(Crash):
            await drop.push(HTTP, order(), tried=False)
            assert step == CALLS - 1, "the last one goes through"
    seen = files(tmp_path)
    if "ORD42.csv" in seen:
        assert len(rows(tmp_path / "orders" / "ORD42.csv")) == 1
        (tmp_path / "orders" / "ORD42.csv").unlink()  # the other program is quick
    assert (await drop.push(HTTP, order(), tried=True)).kind is SENT
    assert ("ORD42.csv" in seen) + ("ORD42.csv" in files(tmp_path)) == 1
    assert set(files(tmp_path)) <= {"ORD0.csv", "ORD42.csv"}


class Crash(BaseException):
    """The process ends."""


async def test_a_cancellation_follows_where_the_order_was_dropped(drop: CsvDrop, tmp_path: Path) -> None:
    assert (await drop.push(HTTP, cancelled("ORD1"), tried=True)).kind is SENT
    assert files(tmp_path) == []
    await drop.push(HTTP, order("ORD2"), tried=False)
    (tmp_path / "orders" / "ORD2.csv").unlink()
    for _ in range(2):
        assert (await drop.push(HTTP, cancelled("ORD2"), tried=True)).kind is SENT
    assert files(tmp_path) == ["ORD2-cancelled.csv"]
    assert rows(tmp_path / "orders" / "ORD2-cancelled.csv")[0]["status"] == "cancelled"


async def test_an_order_that_is_cancelled_before_it_was_dropped_never_is(drop: CsvDrop, tmp_path: Path) -> None:
    for name in ("ready", "told", "orders"):
        (tmp_path / name).mkdir()
    (tmp_path / "ready" / "ORD1.csv").write_text("made before a crash")
    os.link(tmp_path / "ready" / "ORD1.csv", tmp_path / "told" / "ORD1.csv")
    assert (await drop.push(HTTP, cancelled("ORD1"), tried=True)).kind is SENT
    assert everything(tmp_path) == ["orders", "ready", "told"]


@pytest.mark.parametrize("number", ["../ORD", "a/b", "", ".hidden", "x" * 65])
async def test_a_number_is_a_name_and_no_path(drop: CsvDrop, tmp_path: Path, number: str) -> None:
    assert await drop.push(HTTP, replace(order(), number=number), tried=False) == NAMELESS
    assert everything(tmp_path) == []


async def test_a_folder_that_can_not_be_written_is_the_operators(drop: CsvDrop, tmp_path: Path) -> None:
    (tmp_path / "ready").write_text("not a folder")
    outcome = await drop.push(HTTP, order(), tried=False)
    assert outcome.kind is OutcomeClass.OPERATOR
    assert outcome.reason.startswith("The shared folder can't be used (File exists).")


def test_the_folder_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"shop\.dealer\.crm\.folder: expected a folder that is there"):
        build(Site("dealer"), CsvDropSettings(folder=tmp_path / "nowhere"))


def test_it_is_found_by_its_name() -> None:
    assert csv_drop.KIND == "csv_drop"
