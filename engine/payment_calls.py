"""What one call of a payment provider tells and asks, and what became of it."""

from __future__ import annotations

from enum import Enum

import msgspec

from engine.payments import PaymentNews, RefundNews


class Verdict(str, Enum):
    """What became of a provider's call. RECORDED: at least one piece of news was new; KNOWN: all of it was told before;
    NOTHING: it told nothing of this shop's payments. Of a call that asks (``Heard.question``): WELCOME, or NOT_OWED
    where nothing is open under that reference, or OTHER_AMOUNT."""

    RECORDED = "recorded"
    KNOWN = "known"
    NOTHING = "nothing"
    WELCOME = "welcome"
    NOT_OWED = "not_owed"
    OTHER_AMOUNT = "other_amount"


class Question(msgspec.Struct, frozen=True):
    """A provider asks before it takes money whether it is welcome. ``reference`` is as a person typed it."""

    reference: str
    amount: int
    currency: str


class Heard(msgspec.Struct, frozen=True):
    """All that one call of a payment provider told, in its order. ``hearsay`` are news that nobody signed: they are
    kept on their intents, and count when the provider confirms them (quality.md 12). ``question`` wants a verdict."""

    news: tuple[PaymentNews, ...] = ()
    refunds: tuple[RefundNews, ...] = ()
    hearsay: tuple[PaymentNews, ...] = ()
    question: Question | None = None
