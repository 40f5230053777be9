"""How alike two words are: the same, a slip of the typing, or near enough to ask.

A slip is taken without asking, so its rules are narrow: the first letter stands, short words must be right, and what is
a word of its own ("towel") is never read as another ("trowel").
"""

from __future__ import annotations

import re
from typing import Final

from rapidfuzz.distance import OSA

from engine.matching.everyday import EVERYDAY

SAME: Final = 1.0
SLIP: Final = 0.94
SHORT: Final = 0.89
"""A slip in a short word: taken only beside a word that is right."""

BEGUN: Final = 0.9
"""The beginning of a word: "choc" for chocolate."""

NEAR: Final = 0.75
"""From here down to FAR it is only asked."""

FAR: Final = 0.6
CERTAIN_FROM: Final = 0.9
"""What is less alike is never taken, however well the rest fits."""

_DOUBLES = re.compile(r"(.)\1+")
_VOWELS = re.compile(r"(?<!^)[aeiouy]")


def single(word: str) -> str:
    """Repeated letters as one: bricksss, wirre."""
    return _DOUBLES.sub(r"\1", word)


def consonants(word: str) -> str:
    """What is left when people write without vowels: cmnt."""
    return _DOUBLES.sub(r"\1", _VOWELS.sub("", word).replace("ck", "k"))


def likeness(said: str, raw: str, sold: str, sold_length: int) -> float:
    """How alike a word that was said is to one of a product, 0 to 1; 0 below FAR.

    Both are stems; ``raw`` is the word as it was said, ``sold_length`` the longest form of ``sold`` in the catalogue.
    """
    if said == sold:
        return SAME
    shorter = min(len(raw), sold_length)
    first = said[0] == sold[0]
    edits = OSA.distance(said, sold, score_cutoff=2)
    if first and edits <= 2 and raw not in EVERYDAY and said not in EVERYDAY:
        slip = _slip(said, sold, edits, shorter)
        if slip:
            return slip
    if first and len(said) >= 4 and sold.startswith(said) and len(sold) > len(said) + 1:
        return BEGUN if said not in EVERYDAY else NEAR
    if consonants(said) == consonants(sold) and len(consonants(said)) >= 3:
        return NEAR
    if edits <= 1 and first and shorter >= 3:
        return NEAR if shorter > 3 else FAR
    ratio = 1 - edits / max(len(said), len(sold)) if edits <= 2 else 0.0
    if ratio >= (0.66 if first else 0.8):
        return NEAR * ratio + 0.1
    return FAR if first and len(said) == 3 and sold.startswith(said) and len(sold) > 4 else 0.0


def _slip(said: str, sold: str, edits: int, shorter: int) -> float:
    if edits == 2:
        return SLIP if shorter >= 8 else 0.0
    if len(said) == len(sold) and sorted(said) == sorted(sold):
        return SLIP if shorter >= 3 else 0.0  # two letters changed places
    if single(said) == single(sold):
        return SLIP if shorter >= 4 else 0.0
    if len(said) != len(sold):
        return SLIP if shorter >= 5 else SHORT if shorter == 4 else 0.0  # one letter too many or too few
    # One letter instead of another makes other words most easily.
    return SLIP if shorter >= 6 else 0.0
