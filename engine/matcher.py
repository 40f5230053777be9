"""The matcher: what a free-text order wants, and which products those are (flows.md §3).

    match("100 bags opc 43, 20 tmt 12mm n sand", catalogue)

Pure and total: any text whatever is read, none raises. A line that could mean two products is never decided here: it
comes back with both as options, for the customer to choose; ``in_selling_units`` then says how many that is.

The way of a message: tokens (words, numbers with units, joints) → reading (cut into things) → readings (which number
is the quantity) → ranking (which products explain the words) → judging (taken, asked or not found).
"""

from __future__ import annotations

from typing import Final

from engine.catalogue import Catalogue
from engine.matching.chunks import LETTERS_AT_MOST
from engine.matching.index import index_of
from engine.matching.judging import ASKED_FROM, OPTIONS_AT_MOST, TAKEN_FROM, CatalogueJudge, PlainJudge
from engine.matching.ranking import Asked, ranked
from engine.matching.reading import things
from engine.matching.scanning import name_tokens
from engine.matching.tokens import Word, sizes_of
from engine.matching.units import in_selling_units
from engine.matching.wanted import Match, Wanted

__all__ = [
    "ASKED_FROM",
    "LINES_AT_MOST",
    "OPTIONS_AT_MOST",
    "TAKEN_FROM",
    "Match",
    "Wanted",
    "find",
    "in_selling_units",
    "match",
    "read",
]

LINES_AT_MOST: Final = 60
"""Wanted goods in one message; what follows is not read."""


def read(said: str) -> tuple[Wanted, ...]:
    """The goods that a text asks for, in its order; () for one that names none ("hello"). Raises nothing.

    Without a catalogue, so only by its looks; ``match`` reads better.
    """
    return tuple(one.match.wanted for one in things(said, PlainJudge(said), LINES_AT_MOST))


def match(said: str, catalogue: Catalogue) -> tuple[Match, ...]:
    """What ``said`` wants from the active products of ``catalogue``, in its order. Raises nothing."""
    return tuple(one.match for one in things(said, CatalogueJudge(said, catalogue), LINES_AT_MOST))


def find(words: str, catalogue: Catalogue, limit: int = OPTIONS_AT_MOST) -> tuple[tuple[str, float], ...]:
    """The active products that ``words`` may mean, as (sku, score of 100), best first, none below ASKED_FROM.

    At most one scores above TAKEN_FROM, and only when nothing else fits as well: it may be taken without asking.
    """
    found = name_tokens(words[:LETTERS_AT_MOST])
    asked = Asked(tuple(token for token in found if isinstance(token, Word)), sizes_of(found))
    best = ranked(asked, index_of(catalogue))
    return tuple((one.sku, one.score) for one in best if one.score >= ASKED_FROM)[:limit]
