"""What a field of the API may hold: its JSON type, its bounds, and the sentence that says what is expected.

The description of a field's Meta is that sentence (``expected …``), in faults and in the document alike. ``check`` adds
what no schema can say: it takes a value of the right type and returns what is wrong with it, "" when nothing is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from msgspec import Meta

from engine import money, text
from engine.address import Millis
from engine.buying import QUANTITY_AT_MOST

CHECK = "check"
Check = Callable[[Any], str]

TEXT_AT_MOST = 4_096
"""Characters of one message (Meta, text.body)."""
YEARS = (2000, 2200)
"""Moments outside are typing errors, and some can't be shown on every clock."""


def checked(check: Check) -> dict[str, Check]:
    """For ``Meta(extra=…)``."""
    return {CHECK: check}


def check_of(extra: dict[str, Any] | None) -> Check | None:
    """The check that stands in a Meta."""
    found: Check | None = (extra or {}).get(CHECK)
    return found


# -- checks ----------------------------------------------------------------------------------------------------------
def _said(read: Callable[[str], str | text.Refused]) -> Check:
    """A reader of what people type, as a check; "" is the absence of the thing."""

    def check(value: str) -> str:
        said = read(value) if value else value
        return said.phrase.format(**said.values) if isinstance(said, text.Refused) else ""

    return check


def printable(value: str) -> str:
    """Whether a text can be shown: no control characters but line breaks, nothing unassigned or half."""
    odd = any(one not in "\n\t" and unicodedata.category(one) in ("Cc", "Cs", "Cn", "Co") for one in value)
    return "it has characters in it that can't be shown" if odd else ""


def printable_line(value: str) -> str:
    """The same for a single line."""
    return "it is more than one line" if "\n" in value or "\t" in value else printable(value)


def _moment(value: datetime) -> str:
    return "" if YEARS[0] < value.year < YEARS[1] else f"expected a year between {YEARS[0]} and {YEARS[1]}"


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):  # a folder of zones is an OSError, an unknown one a KeyError
        return "there is no such time zone"
    return ""


# -- fields ----------------------------------------------------------------------------------------------------------
Phone = Annotated[
    str,
    Meta(
        pattern=r"^\+?[1-9][0-9]{6,14}$",
        description="a phone number in international form (E.164): 7 to 15 digits with the country's code",
        examples=["+254712345678"],
    ),
]
Quantity = Annotated[
    int, Meta(ge=1, le=QUANTITY_AT_MOST, description=f"a whole number from 1 to {QUANTITY_AT_MOST}", examples=[2])
]
Sku = Annotated[
    str, Meta(pattern=r"^[^\s:]{1,64}$", description="a product's sku, as in the catalogue", examples=["prod_001"])
]
PersonName = Annotated[
    str,
    Meta(
        max_length=text.NAME_AT_MOST,
        description="a name of up to 80 letters, spaces, hyphens, apostrophes and dots; empty where there is none",
        examples=["Asha Njeri"],
        extra=checked(_said(text.name)),
    ),
]
BusinessName = Annotated[
    str,
    Meta(
        max_length=text.NAME_AT_MOST,
        description="a person's or business's name of up to 80 letters",
        examples=["Sharma Traders"],
        extra=checked(_said(text.business_name)),
    ),
]
Place = Annotated[
    str,
    Meta(
        max_length=text.ADDRESS_AT_MOST,
        description="an address of 5 to 300 characters; empty where the order is picked up",
        examples=["Moi Avenue 12, Nairobi"],
        extra=checked(_said(text.address)),
    ),
]
Message = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=TEXT_AT_MOST,
        description=f"a text of 1 to {TEXT_AT_MOST} characters",
        examples=["Your cake is ready."],
        extra=checked(lambda value: printable(value) or ("" if value.strip() else "it is empty")),
    ),
]
Note = Annotated[
    str,
    Meta(
        max_length=500,
        description="a text of up to 500 characters",
        examples=["The hall is flooded."],
        extra=checked(printable),
    ),
]
Text = Annotated[
    str,
    Meta(
        max_length=1_000,
        description="a text of up to 1000 characters",
        examples=["Three bands, one night."],
        extra=checked(printable),
    ),
]
Word = Annotated[
    str,
    Meta(
        max_length=60,
        description="one line of up to 60 characters",
        examples=["builders"],
        extra=checked(printable_line),
    ),
]
Title = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=120,
        description="one line of 1 to 120 characters",
        examples=["Mumbai Indie Night"],
        extra=checked(lambda value: printable_line(value) or ("" if value.strip() else "it is empty")),
    ),
]
Amount = Annotated[
    float,
    Meta(
        ge=0,
        le=money.LARGEST // 10**3,
        description="an amount in major units, with no more decimals than the currency has",
        examples=[799],
    ),
]
Paid = Annotated[
    float,
    Meta(
        gt=0,
        le=money.LARGEST // 10**3,
        description="an amount above 0 in major units, with no more decimals than the currency has",
        examples=[3000],
    ),
]
Transaction = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ./_-]{0,79}$",
        description="the bank's reference or the receipt's number: 1 to 80 letters, digits, spaces and . / _ -",
        examples=["HDFC-20260131-77"],
    ),
]
Moment = Annotated[
    datetime,
    Meta(
        tz=True,
        description="a moment with its offset (RFC 3339)",
        examples=["2026-12-05T19:30:00+05:30"],
        extra=checked(_moment),
    ),
]
TimeZone = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9_+/-]{0,63}$",
        description="a time zone's IANA name",
        examples=["Asia/Kolkata"],
        extra=checked(_timezone),
    ),
]
Link = Annotated[
    str,
    Meta(
        max_length=2_000,
        pattern=r"^(https://[^\s]+)?$",
        description="an https:// address, or empty",
        examples=["https://shop.example.test/night.png"],
        extra=checked(printable_line),
    ),
]

IdempotencyKey = Annotated[
    str,
    Meta(
        pattern=r"^[!-~]{1,255}$",
        description="1 to 255 visible ASCII characters",
        examples=["9f4c2d7e-0b1a-4c55-8e21-3f6f0f0a9b10"],
    ),
]

# -- what stands in a path -------------------------------------------------------------------------------------------
NUMBER = r"^[A-Z]{2,4}-?[0-9A-Z][0-9A-Z-]{3,39}$"
"""Of an order, whatever its flow; a booking's looks like one."""

OrderNumber = Annotated[str, Meta(pattern=NUMBER, description="an order's number", examples=["ORD-7K2M9PQR"])]
InvoiceNumber = Annotated[
    str, Meta(pattern=r"^INV-[0-9]{4}-[0-9]{4,12}$", description="an invoice's number", examples=["INV-2026-0001"])
]
BookingNumber = Annotated[
    str, Meta(pattern=r"^BKG-[2-9A-HJKMNP-Z]{6}$", description="a booking's number", examples=["BKG-7K2M9P"])
]
Owed = Annotated[
    str, Meta(pattern=NUMBER, description="the number of an order or a booking", examples=["ORD-7K2M9PQR"])
]
PaymentId = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_-]{0,31}:[!-~ ]{1,220}$",
        description="a payment's id, as listed",
        examples=["bank:ORD-7K2M9PQR:HDFC-20260131-77"],
    ),
]
CustomerId = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="a customer's id, as listed", examples=["c0f3a9d2b1e4c5a6978"]),
]
EventId = Annotated[str, Meta(pattern=r"^[^\s:|]{1,64}$", description="an event's id", examples=["indie-night"])]

NewId = Annotated[
    str,
    Meta(
        pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$",
        description="an id of up to 64 letters, digits and . _ -, or empty",
        examples=["indie-night"],
    ),
]


# -- moments ---------------------------------------------------------------------------------------------------------
def millis(moment: datetime) -> Millis:
    """A moment as the engine counts it."""
    return round(moment.timestamp() * 1000)


def shown(moment: Millis, timezone: str = "UTC") -> datetime:
    """A moment on the clock of a place; RFC 3339 once it is JSON."""
    return datetime.fromtimestamp(moment / 1000, UTC).astimezone(ZoneInfo(timezone))


def plain(read: Callable[[str], str | text.Refused], value: str) -> str:
    """A value that was checked, as its reader gives it: spaces and line breaks as they are meant."""
    said = read(value) if value else ""
    return said if isinstance(said, str) else ""


def one_line(value: str) -> str:
    """Spaces as they are meant."""
    return " ".join(value.split())
