"""``[shop.terms]`` of the configuration: how a shop sells, from keys and from tables in files of their own.

Amounts are text in major units, so that ``minimum_order = "1500.50"`` is read exactly as a price in a catalogue is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from engine import money, quiet, table, terms_tables
from engine.address import HOUR, MINUTE
from engine.errors import BadInput, ConfigError
from engine.payments import Way
from engine.table import Sheet
from engine.terms import Invoicing, Rounding, Terms
from engine.window import WANTED

TEMPLATE = re.compile(rf"({'|'.join(WANTED)})(\.[a-z]{{2,3}}(_[A-Za-z]{{2,4}})?)?=.+")
"""One of ``templates``: purpose, perhaps a language as the shop names it, and the name that the provider knows."""

Rate = Annotated[str, Meta(pattern=r"^([0-9]{1,2}(\.[0-9]{1,4})?)?$", description='per cent, for example "7.5"')]
Amount = Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?$", description='an amount, for example "1500" or "99.50"')]
FAULTS_SHOWN = 10

T = TypeVar("T")


class TermsConfig(msgspec.Struct, frozen=True, kw_only=True):
    """See the module, and engine.terms.Terms for what each means. A path of "." is no file."""

    tax_rate: Rate = ""
    tax_included: bool = True
    tax_rounding: Annotated[str, Meta(pattern="^(line|order)$", description='"line" or "order"')] = "line"
    tax_number: Annotated[str, Meta(max_length=40, description="up to 40 characters")] = ""
    ways: tuple[str, ...] = ("cash",)
    bank: Annotated[str, Meta(max_length=500, description="up to 500 characters")] = ""
    payment_timeout_minutes: Annotated[int, Meta(ge=2, le=10_080)] = 30
    free_delivery_from: Amount = "0"
    minimum_order: Amount = "0"
    credit_days: Annotated[int, Meta(ge=0, le=365)] = 0
    invoices: Annotated[str, Meta(pattern="^(flow|placed|paid)$", description='"flow", "placed" or "paid"')] = "flow"
    reminder_days: tuple[str, ...] = ("-3", "0", "3", "7")
    cart_reminder_hours: Annotated[int, Meta(ge=0, le=72)] = 0
    event_reminder_hours: Annotated[int, Meta(ge=0, le=720)] = 24
    quiet_hours: str = "21:00-08:00"
    templates: tuple[str, ...] = ()
    payments: bool = True
    recognition: bool = True
    tracking: bool = True
    crm: bool = False
    promotions: Path = Path()
    price_lists: Path = Path()
    discounts: Path = Path()
    zones: Path = Path()


def terms_problems(path: str, values: Mapping[str, Any]) -> list[str]:
    """What no type can say of these values."""
    ways = [way.value for way in Way]
    problems = [
        f"{path}.ways: expected some of {', '.join(ways)}, found {way!r}"
        for way in values.get("ways", ())
        if way not in ways
    ]
    problems += [
        f"{path}.reminder_days: expected whole numbers of days from the due day, like -3, found {day!r}"
        for day in values.get("reminder_days", ())
        if not day.removeprefix("-").isdecimal() or len(day) > 4
    ]
    problems += [
        f"{path}.templates: expected PURPOSE=NAME or PURPOSE.LANGUAGE=NAME, for example reminder=payment_reminder or "
        f"reminder.sw=HX0123, with a purpose of {', '.join(WANTED)}, found {one!r}"
        for one in values.get("templates", ())
        if not TEMPLATE.fullmatch("=".join(_pair(one)))
    ]
    problems += _quiet_problems(f"{path}.quiet_hours", values.get("quiet_hours", ""))
    files: tuple[Literal["promotions", "price_lists", "discounts", "zones"], ...]
    files = ("promotions", "price_lists", "discounts", "zones")
    return problems + [
        f"{path}.{key}: expected a file that is there, found {values[key]}"
        for key in files
        if key in values and not values[key].is_file()
    ]


def _quiet_problems(where: str, text: str) -> list[str]:
    try:
        quiet.read(text)
    except BadInput as error:
        return [f"{where}: {error}"]
    return []


def invoice_problems(path: str, values: Mapping[str, Any], flow: str) -> list[str]:
    """A dealer's invoice goes with the order in any case, and a box office has bookings instead of orders."""
    wished = values.get("invoices", "flow")
    if wished == "flow" or flow not in ("wholesale", "ticketing"):
        return []
    why = (
        "issues an invoice with each order" if flow == "wholesale" else "has bookings, for which there are no invoices"
    )
    return [f'{path}.invoices: a shop of the flow {flow} {why}; expected "flow", found "{wished}"']


def terms_of(config: TermsConfig, where: str, currency: str, timezone: str, *, crm: bool = False) -> Terms:
    """The terms that a configuration describes; ``crm``: the shop has one.

    ConfigError names each faulty row of each table."""
    return Terms(
        tax_rate=config.tax_rate,
        tax_included=config.tax_included,
        tax_rounding=Rounding(config.tax_rounding),
        tax_number=config.tax_number,
        ways=tuple(Way(way) for way in config.ways),
        bank=config.bank,
        payment_timeout=config.payment_timeout_minutes * MINUTE,
        free_delivery_from=_amount(f"{where}.free_delivery_from", config.free_delivery_from, currency),
        minimum_order=_amount(f"{where}.minimum_order", config.minimum_order, currency),
        credit_days=config.credit_days,
        invoices=Invoicing(config.invoices),
        reminder_days=tuple(sorted(int(day) for day in config.reminder_days)),
        cart_reminder=config.cart_reminder_hours * HOUR,
        event_reminder=config.event_reminder_hours * HOUR,
        quiet=quiet.read(config.quiet_hours),
        templates=dict(_pair(one) for one in config.templates),
        payments=config.payments,
        recognition=config.recognition,
        tracking=config.tracking,
        crm=config.crm or crm,
        promotions=_rows(
            config.promotions,
            f"{where}.promotions",
            terms_tables.PROMOTIONS,
            terms_tables.promotions(currency, timezone),
        ),
        price_lists=_lists(_rows(config.price_lists, f"{where}.price_lists", terms_tables.PRICES, _prices(currency))),
        discounts=_rows(
            config.discounts, f"{where}.discounts", terms_tables.DISCOUNTS, terms_tables.discounts(currency, timezone)
        ),
        zones=_rows(config.zones, f"{where}.zones", terms_tables.ZONES, terms_tables.zones(currency)),
    )


_prices = terms_tables.prices


def _pair(text: str) -> tuple[str, str]:
    purpose, _, name = text.partition("=")
    return purpose.strip(), name.strip()


def _amount(where: str, text: str, currency: str) -> int:
    try:
        return money.read(text, currency)
    except BadInput as error:
        raise ConfigError(f"{where}: {error}.") from None


def _lists(rows: tuple[tuple[str, str, int], ...]) -> Mapping[str, Mapping[str, int]]:
    lists: dict[str, dict[str, int]] = {}
    for name, sku, price in rows:
        lists.setdefault(name, {})[sku] = price
    return lists


def _rows(path: Path, where: str, sheet: Sheet, build: Callable[[Mapping[str, str]], T]) -> tuple[T, ...]:
    if path == Path():
        return ()
    things, faults = table.read_csv(read_file(path, where), sheet, build)
    refuse(f"{where}: {path}:", faults)
    return tuple(things)


def read_file(path: Path, where: str) -> bytes:
    """A file of the configuration, or as much of it as shows that it is too large; or ConfigError."""
    try:
        with path.open("rb") as file:
            return file.read(table.BYTES_AT_MOST + 1)
    except OSError as error:
        raise ConfigError(f"{where}: {path} can't be read: {error.strerror}.") from None


def refuse(head: str, faults: list[str]) -> None:
    """ConfigError with the first faults of a table; nothing when there are none."""
    if faults:
        more = [f"… and {len(faults) - FAULTS_SHOWN} more"] if len(faults) > FAULTS_SHOWN else []
        raise ConfigError("\n  ".join([head, *faults[:FAULTS_SHOWN], *more]))
