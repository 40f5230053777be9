"""The matcher: what a free-text order wants, and which products those are (flows.md §3).

    match("100 bags opc 43, 20 tmt 12mm n sand", catalogue)

Pure and total: any text whatever is read, none raises. A line that could mean two products is never decided here: it
comes back with both as options, for the customer to choose.
"""

from __future__ import annotations

import re

import msgspec
from rapidfuzz import fuzz, process

from engine.catalogue import Catalogue
from engine.matching.wanted import Wanted
from engine.text import number, words

__all__ = ["ASKED_FROM", "LINES_AT_MOST", "OPTIONS_AT_MOST", "TAKEN_FROM", "Match", "Wanted", "find", "match", "read"]

TAKEN_FROM = 90
"""Of 100. Above it a product is taken; at most one product of a catalogue scores above it (flows.md §3)."""

ASKED_FROM = 60
"""From here to TAKEN_FROM the customer is asked; below it the line is named as not found."""

OPTIONS_AT_MOST = 5
LINES_AT_MOST = 60
"""Wanted goods in one message; what follows is not read."""

AMBIGUOUS = 88.0
"""What a product scores that fits no better than another."""


class Match(msgspec.Struct, frozen=True):
    """What one wanted thing is in a catalogue: taken (``sku``), to be asked (``options``), or not found (neither).

    A taken product may still have a problem: its quantity must be asked then.
    """

    wanted: Wanted
    sku: str = ""
    """The product that is meant, or ""."""
    quantity: int = 0
    """In the product's selling unit, packs and units converted; 0 without ``sku`` or with a problem."""
    options: tuple[str, ...] = ()
    """Skus to ask about, best first; 1 to OPTIONS_AT_MOST where the customer must choose, else none."""
    problem: str = ""
    """"" | "quantity" (missing, zero, absurd, a fraction) | "unit" (one that can't be converted to the product's)."""


_PART = re.compile(r"[\n,;&+]|\b(?:and|n|aur|na)\b")
_FIRST = re.compile(r"(\d+)\s*(?:bags?|pcs?|kg|tons?)?\s+(\D.*)")
_LAST = re.compile(r"(.*\S)\s*[ x:-]\s*(\d+)\s*(?:bags?|pcs?|kg|tons?)?")


def read(said: str) -> tuple[Wanted, ...]:
    """The goods that a text asks for, in its order; () for one that names none ("hello"). Raises nothing."""
    return tuple(_wanted(part) for raw in _PART.split(words(said)) if (part := raw.strip()))[:LINES_AT_MOST]


def _wanted(part: str) -> Wanted:
    first, last = _FIRST.fullmatch(part), _LAST.fullmatch(part)
    text, count = (first[2], first[1]) if first else (last[1], last[2]) if last else (part, "")
    return Wanted(text, max(1, number(count) or 1), "", bool(count))


def match(said: str, catalogue: Catalogue) -> tuple[Match, ...]:
    """What ``said`` wants from the active products of ``catalogue``, in its order. Raises nothing."""
    return tuple(_match(wanted, catalogue) for wanted in read(said))


def _match(wanted: Wanted, catalogue: Catalogue) -> Match:
    found = find(wanted.text, catalogue)
    problem = "" if wanted.counted else "quantity"
    if found and found[0][1] > TAKEN_FROM:
        return Match(wanted, found[0][0], 0 if problem else wanted.quantity, problem=problem)
    return Match(wanted, options=tuple(sku for sku, _ in found), problem=problem)


def find(words: str, catalogue: Catalogue, limit: int = OPTIONS_AT_MOST) -> tuple[tuple[str, float], ...]:
    """The active products that ``words`` may mean, as (sku, score of 100), best first, none below ASKED_FROM.

    At most one scores above TAKEN_FROM, and only when nothing else fits as well: it may be taken without asking.
    """
    names = {
        (sku, name): name.casefold()
        for sku in catalogue.menu
        for product in [catalogue.by_sku[sku]]
        for name in (product.name, *product.aliases)
    }
    best: dict[str, float] = {}
    folded = words.casefold()
    for _, score, (sku, _) in process.extract(folded, names, scorer=fuzz.token_set_ratio, limit=None):
        if score >= ASKED_FROM and score > best.get(sku, 0):
            best[sku] = score
    ranked = sorted(best.items(), key=lambda pair: -pair[1])
    if len(ranked) > 1 and ranked[1][1] > TAKEN_FROM:
        ranked = [(sku, min(score, AMBIGUOUS)) for sku, score in ranked]
    return tuple(ranked[:limit])
