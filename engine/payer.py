"""The phone that pays by mobile money: asked for only when it is needed, and kept on the card (quality.md 9).

Since usernames WhatsApp may show a shop no number at all. Everything else works without one, so nobody is asked for it
before they choose M-Pesa. Where a number is known it is the one; another may be typed instead when a way is chosen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from msgspec.structs import replace

from engine import paying, text
from engine.effects import AnyEffect, Ask, Option, SaveCustomer
from engine.facts import Facts
from engine.flow import FlowEvent, Hint, customer_of
from engine.messages import Purpose
from engine.orders import Customer
from engine.payments import Way
from engine.phrases import phrase, say
from engine.shop import Shop
from engine.shopping import joined

DIGITS_AT_LEAST = 9
"""A typed text of so many digits is a phone number, where nobody asked for one; a Kenyan one without its 0 has nine."""

_BETWEEN = re.compile(r"[\s().\-‐‑–/]")
_KENYAN = re.compile(r"(?:254)?0?([17][0-9]{8})")
_WITH_COUNTRY = re.compile(r"\+[1-9][0-9]{6,14}|[1-9][0-9]{9,14}")


class PhoneTold(FlowEvent, frozen=True):
    """The number that pays, as typed."""

    label: ClassVar[str] = "phone number"
    said: str


def read(said: str, wanted: bool) -> PhoneTold | None:
    """Whether a text is a phone number; where one is ``wanted``, any text is meant as one."""
    plain = text.plain(said)
    digits = _compact(plain).removeprefix("+")
    number = digits.isascii() and digits.isdigit() and len(digits) >= DIGITS_AT_LEAST
    return PhoneTold(said) if plain and (wanted or number) else None


def number_of(said: str) -> str:
    """The digits of a phone number with its country's code (E.164), as M-Pesa takes them; "" where it is none.

    Kenyan numbers as they are written at home (07…, 01…) get theirs, and must be mobile ones."""
    compact = _compact(said)
    compact = "+" + compact[2:] if compact.startswith("00") else compact
    kenyan = _KENYAN.fullmatch(compact.removeprefix("+"))
    if kenyan is not None and not compact.startswith(("+0", "+1", "+7")):
        return "254" + kenyan[1]
    known = _WITH_COUNTRY.fullmatch(compact) is not None
    return compact.removeprefix("+") if known and not compact.removeprefix("+").startswith("254") else ""


def _compact(said: str) -> str:
    return _BETWEEN.sub("", text.ascii_digits(text.plain(said)))


def told(number: str, facts: Facts) -> Facts:
    """The facts of a turn in which this number was typed."""
    return replace(facts, payer=number)


def ask(ways: Sequence[Way], facts: Facts, refused: bool = False) -> Ask:
    """Which number pays? Another way to pay is at hand, and the way out."""
    why = say(facts.language, "That is no number that M-Pesa can ask.") if refused else ""
    which = say(facts.language, "Which number shall M-Pesa ask? Please type it, for example *0712345678*.")
    others = paying.options([way for way in ways if way is not Way.MPESA], facts)
    cancel = Option("word:cancel", say(facts.language, "Cancel"))
    return Ask(joined(why, which), (*others, cancel), numbered=False, purpose=Purpose.PAYMENT)


def kept(shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    """The typed number on the card of a customer whom WhatsApp shows without one."""
    card = facts.customer or Customer(customer_of(facts), shop.name, language=facts.language)
    if not facts.payer or facts.phone or card.phone == facts.payer:
        return ()
    return (SaveCustomer(replace(card, phone=facts.payer)),)


HINT = Hint(
    phrase("please type the number that pays by M-Pesa"),
    "0712345678",
    (phrase("The number that pays by M-Pesa"), phrase("One of the ways to pay, *M-Pesa*")),
)
"""What is expected while a number is wanted."""
