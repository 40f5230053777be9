"""CRM ``csv_drop``: a folder that this shop shares with any other program. Stock comes in as one file, orders go out as
one file each.

    FOLDER/stock.csv                     sku,stock    the other program's, ours only to read
    FOLDER/orders/NUMBER.csv             an order, a row per line; the other program takes it away when it has it
    FOLDER/orders/NUMBER-cancelled.csv   that it was cancelled, the same way
    FOLDER/ready/, FOLDER/told/          ours: what is about to be dropped, and what ever was

The other program takes orders in first and writes its stock after that. So its figures lack all orders but those that
still lie in orders/, and these are taken off here, as told/ has them: what else lies in orders/ is none of ours. The
stock is read whole or not at all, and only when its content is another than last time: an old figure would bring back
the goods of what was told since.

Each file appears at once, whole, and exactly once, also over a crash: it is made under ready/, linked to a name under
told/ that stays, then renamed into orders/. What stands under ready/ was not dropped yet; what stands under told/ alone
was.
"""

from __future__ import annotations

import csv
import errno
import io
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec
import trio

from adapters.kinds import Site
from engine import money
from engine.backoffice import Stocktake
from engine.catalogue import STOCK_AT_MOST
from engine.errors import ConfigError
from engine.messages import Outcome, OutcomeClass
from engine.orders import Order, OrderStatus
from engine.ports import Http

KIND = "csv_drop"

STOCK_BYTES = 16 * 1024 * 1024
"""Of any file that is read here."""
CANCELLED = "-cancelled"
COLUMNS = (
    *("number", "status", "placed_at", "name", "phone", "address", "instructions", "currency"),
    *("sku", "product", "quantity", "unit_price", "note", "delivery", "discount", "tax", "total"),
)
NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""What may be a file's name."""
WHOLE = re.compile(r"-?[0-9]{1,10}(\.0*)?")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a text for a formula."""

SENT = Outcome(OutcomeClass.SENT)
NO_STOCK = Outcome(
    OutcomeClass.OPERATOR,
    code=1,
    reason="There is no stock.csv in the shared folder. Let the other program write it.",
)
HALF = Outcome(
    OutcomeClass.RETRY,
    code=1,
    reason="stock.csv ends within a line. It is read when it is whole; best it is written beside and renamed.",
)
NAMELESS = Outcome(OutcomeClass.NEVER, code=1, reason="Its number can't be the name of a file. Enter it by hand.")

T = TypeVar("T")


class CsvDropSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator sets for one shop."""

    folder: Path
    """It must be there, on one file system, and be ours to write."""


Settings = CsvDropSettings


def build(site: Site, settings: CsvDropSettings) -> CsvDrop:
    """The CRM of a shop. Raises ConfigError when the folder is not there."""
    if not settings.folder.is_dir():
        raise ConfigError(f"shop.{site.shop}.crm.folder: expected a folder that is there, found {settings.folder}")
    return CsvDrop(site.shop, settings.folder)


def advice(shop: str, settings: CsvDropSettings, public_url: str) -> Sequence[str]:
    """What the other program does with the folder."""
    return (
        f"Let the other program write {settings.folder}/stock.csv (sku,stock) whenever stock has changed, after it has "
        f"taken in {settings.folder}/orders/*.csv; it takes those files away.",
        f"Never empty {settings.folder}/ready or told: they are how each order is handed over once.",
    )


class Unreadable(Exception):
    """The stock file has a fault; ``str`` is a sentence."""


class CsvDrop:
    """See ``engine.ports.Crm``. Holds nothing but its folder."""

    title = "The shared folder"

    def __init__(self, shop: str, folder: Path) -> None:
        self.shop = shop
        self._folder = folder

    async def inventory(self, http: Http, mark: str) -> Stocktake | Outcome:
        """What stock.csv says, less what still lies in orders/; SENT when its content is that of last time."""
        return await _in_thread(partial(_inventory, self._folder, mark))

    async def push(self, http: Http, order: Order, tried: bool) -> Outcome:
        """Drop the order, or its cancellation where it was dropped before. ``told/`` knows what was tried."""
        if not NUMBER.fullmatch(order.number):
            return NAMELESS
        return await _in_thread(partial(_push, self._folder, order))


async def _in_thread(work: Callable[[], T]) -> T | Outcome:
    """Files are slow at times; what the disk refuses is the operator's to mend."""
    try:
        return await trio.to_thread.run_sync(work)
    except OSError as error:
        why = error.strerror or type(error).__name__
        said = f"The shared folder can't be used ({why}). See to the disk and its permissions."
        return Outcome(OutcomeClass.OPERATOR, code=1, reason=said)


# -- stock in --------------------------------------------------------------------------------------------------------
def _inventory(folder: Path, mark: str) -> Stocktake | Outcome:
    try:
        lying = _lying(folder)  # first: what is taken in meanwhile is rather taken off twice than never
        raw = _read(folder / "stock.csv")
    except FileNotFoundError:
        return NO_STOCK
    except Unreadable as error:
        return Outcome(OutcomeClass.OPERATOR, code=1, reason=f"stock.csv is not taken over: {error}")
    digest = sha256(raw).hexdigest()
    if digest == mark:
        return SENT
    if not raw.endswith((b"\n", b"\r")):
        return HALF
    try:
        figures = _figures(raw)
    except Unreadable as error:
        return Outcome(OutcomeClass.OPERATOR, code=1, reason=f"stock.csv is not taken over: {error} Please correct it.")
    return Stocktake({sku: count - lying[sku] for sku, count in figures.items()}, mark=digest)


def _figures(raw: bytes) -> Mapping[str, int]:
    """All rows, or Unreadable with the first fault."""
    if len(raw) > STOCK_BYTES:
        raise Unreadable(f"it is longer than {STOCK_BYTES} bytes.")
    try:
        rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(f"it is no CSV file in UTF-8 ({type(error).__name__}).") from None
    found: dict[str, int] = {}
    for line, row in enumerate(rows, 2):
        sku, stock = (row.get("sku") or "").strip(), (row.get("stock") or "").strip()
        if not sku or not WHOLE.fullmatch(stock) or abs(int(Decimal(stock))) > STOCK_AT_MOST:
            raise Unreadable(f"line {line} has no sku, or its stock is no whole number.")
        if sku in found:
            raise Unreadable(f"line {line} has a sku that stands above already.")
        found[sku] = int(Decimal(stock))
    return found


def _lying(folder: Path) -> Counter[str]:
    """What is on orders that nobody has taken in yet, by sku. Raises Unreadable where somebody has spoilt one."""
    found: Counter[str] = Counter()
    orders = folder / "orders"
    names = {path.name for path in orders.glob("*.csv")} if orders.is_dir() else set()
    for name in names:
        number = name.removesuffix(".csv")
        if number.endswith(CANCELLED) or f"{number}{CANCELLED}.csv" in names:
            continue
        with suppress(FileNotFoundError):  # none of ours
            found += _ordered(folder / "told" / name)
    return found


def _ordered(path: Path) -> Counter[str]:
    """What is on one order of ours. Raises Unreadable, and FileNotFoundError."""
    found: Counter[str] = Counter()
    try:
        for row in csv.DictReader(io.StringIO(_read(path).decode(), newline=""), strict=True):
            found[row["sku"]] += int(row["quantity"])
        if not found:
            raise ValueError
    except (ValueError, KeyError, TypeError, csv.Error):
        raise Unreadable(
            f"told/{path.name} is not as we wrote it, so nobody knows what was ordered. Take that order in, then "
            f"remove orders/{path.name}."
        ) from None
    return found


def _read(path: Path) -> bytes:
    """A file up to one byte more than is taken. Never waits for a pipe. Raises OSError."""
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(number, "rb") as file:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, f"{path.name} is no ordinary file")
        return file.read(STOCK_BYTES + 1)


# -- orders out ------------------------------------------------------------------------------------------------------
def _push(folder: Path, order: Order) -> Outcome:
    for name in ("ready", "told", "orders"):
        (folder / name).mkdir(exist_ok=True)
    content = _written(order)
    if order.status is not OrderStatus.CANCELLED:
        _drop(folder, order.number, content)
    elif (folder / "ready" / f"{order.number}.csv").exists():
        for name in ("told", "ready"):  # it was not dropped, and never will be
            (folder / name / f"{order.number}.csv").unlink(missing_ok=True)
    elif (folder / "told" / f"{order.number}.csv").exists():
        _drop(folder, f"{order.number}{CANCELLED}", content)
    return SENT


def _drop(folder: Path, name: str, content: bytes) -> None:
    ready, told, there = (folder / part / f"{name}.csv" for part in ("ready", "told", "orders"))
    if not ready.exists():
        if told.exists():
            return  # dropped, and perhaps taken away
        _make(ready, content)
    if not told.exists():
        os.link(ready, told)
        _sync(told.parent)
    ready.rename(there)
    _sync(there.parent)


def _make(path: Path, content: bytes) -> None:
    """The file, whole and on the disk."""
    half = path.with_suffix(".tmp")
    with half.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.rename(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """A new name is on the disk only when its folder is."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _written(order: Order) -> bytes:
    """The order as CSV, a row per line, each with what holds for the whole order."""
    places = money.digits(order.currency)

    def major(amount: int) -> str:
        return f"{Decimal(amount).scaleb(-places):f}"

    placed = datetime.fromtimestamp(order.placed_at / 1000, UTC).isoformat(timespec="seconds")
    whole = {
        "number": order.number,
        "status": order.status.value,
        "placed_at": placed,
        "name": _plain(order.name),
        "phone": order.phone,
        "address": _plain(order.address),
        "instructions": _plain(order.instructions),
        "currency": order.currency,
        "delivery": major(order.delivery),
        "discount": major(order.discount),
        "tax": major(order.tax),
        "total": major(order.total),
    }
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for line in order.lines:
        own = {"sku": line.sku, "product": line.name, "note": _plain(line.note)}
        counts = {"quantity": str(line.quantity), "unit_price": major(line.unit_price)}
        writer.writerow(whole | own | counts)
    return text.getvalue().encode()


def _plain(cell: str) -> str:
    """A customer's words are no formula, whoever opens the file with a spreadsheet."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
