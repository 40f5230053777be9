"""Which products some words may mean: every product that explains them, scored, and the doubtful ones held down.

A score is the share of what was said that the product explains. It passes DOUBTFUL only when nothing that was said is
left over, the name's own noun or all its numbers were said, and no other product explains as much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from enum import IntEnum
from heapq import nlargest
from typing import Final

import msgspec

from engine.matching.entries import Called, Entry
from engine.matching.index import Index, Likes
from engine.matching.likeness import CERTAIN_FROM, SAME, SHORT
from engine.matching.tokens import Size, Word

DOUBTFUL: Final = 88.0
"""The most that a product scores which must not be taken without asking."""

UNKNOWN: Final = 0.6
"""The weight of a word that no product knows: one beside a known word is asked about, two are not."""

SIZE: Final = 0.5
"""The weight of a size against that of a word: the right thing in a wrong size is still worth asking about."""

KIND: Final = 0.7
"""How far a word of the category explains one that was said."""

LOOKED_AT: Final = 24
"""Products that are looked at closely, the most promising first; where there are more, none is the only one."""

PROMISING: Final = 0.55
"""Of the best rough sum, and of what was said: what has less is never an option."""

COMMON: Final = 300
"""A word of more products than this finds none by itself once a rarer one has found some."""

WORDS_AT_MOST: Final = 16
"""Longer is a letter, not a name; what follows counts as unknown."""


class Fit(IntEnum):
    """How much of a product's name was said."""

    PART = 0
    NOUN = 1
    """Its head noun; or its first word and all its sizes, where that is enough."""
    WORDS = 2
    """All words of one of its names."""
    WHOLE = 3
    """All words and sizes of one of its names."""


class Asked(msgspec.Struct, frozen=True):
    """What a product is looked for by."""

    words: tuple[Word, ...]
    """With the extra ones, which count only where a name has them."""
    sizes: tuple[Size, ...] = ()
    extra: frozenset[str] = frozenset()
    """Further words that count only where a name has them: the unit."""


class Ranked(msgspec.Struct, frozen=True):
    """A product that may be meant."""

    at: int
    """Where it stands in the index."""
    sku: str
    score: float
    """0 to 100."""
    fit: Fit
    literal: bool
    """A whole name of it was said, with the units of its sizes."""
    sized: bool
    """All sizes that were said are its own."""
    explains: bool
    """Nothing that was said is left over."""


class _Spoken(msgspec.Struct, frozen=True):
    """What was asked, looked up."""

    likes: tuple[Likes, ...]
    extra: frozenset[str]
    sizes: frozenset[Size]
    values: frozenset[str]
    weight: float
    """Of everything that must be explained."""


def ranked(asked: Asked, index: Index) -> tuple[Ranked, ...]:
    """All products that explain some of what was said, best first; at most one above DOUBTFUL."""
    spoken = _spoken(asked, index)
    if not spoken.weight:
        return ()
    return _decided([_look(at, index.entries[at], spoken, index.named) for at in _promising(spoken, index)])


def _spoken(asked: Asked, index: Index) -> _Spoken:
    said = _parted(asked.words, index)
    needed = [word for word in said if not word.extra] or [word for word in said if word.stem in index.mannerly]
    likes = tuple(index.likes(word) for word in needed[:WORDS_AT_MOST])
    weight = sum(1.0 if some else UNKNOWN for some in likes) + UNKNOWN * max(0, len(needed) - WORDS_AT_MOST)
    return _Spoken(
        likes,
        asked.extra.union(word.stem for word in said if word.extra),
        frozenset(asked.sizes),
        frozenset(value for value, _ in asked.sizes),
        weight + SIZE * len(asked.sizes),
    )


def _parted(words: Sequence[Word], index: Index) -> list[Word]:
    """Words written together apart, and those written apart together, where the catalogue has them so."""
    result: list[Word] = []
    for word in words:
        before = result[-1] if result else None
        parts = index.parted(word)
        if parts:
            result += [Word(part, part, word.start, word.end) for part in parts]
        elif before and word.stem not in index.by_word and before.raw + word.stem in index.by_word:
            result[-1] = Word(before.raw + word.stem, before.raw + word.raw, before.start, word.end)
        else:
            result.append(word)
    return result


def _promising(spoken: _Spoken, index: Index) -> list[int]:
    """The products worth a close look, by a rough sum of what they explain; rare words first."""
    sums: dict[int, float] = defaultdict(float)
    for likes in sorted(spoken.likes, key=lambda some: sum(len(index.by_word[like]) for like, _ in some)):
        _count(likes, sums, index)
    for value in spoken.values:
        for at in _with_size(value, sums, index) if spoken.likes else index.by_size.get(value, ()):
            sums[at] += SIZE
    if not sums:
        return []
    least = PROMISING * max(spoken.weight, max(sums.values()))
    found = [at for at, value in sums.items() if value >= least]
    return found if len(found) <= LOOKED_AT else nlargest(LOOKED_AT, found, key=lambda at: (sums[at], -at))


def _count(likes: Likes, sums: dict[int, float], index: Index) -> None:
    """Add one said word to the sums: for each product the best of its words that are like it."""
    seen: set[int] = set()
    for like, value in likes:
        products = index.by_word[like]
        if len(products) > COMMON and sums:
            products = [at for at in sums if like in index.entries[at].words]
        for at in products if not seen else [at for at in products if at not in seen]:
            sums[at] += value
        if len(likes) > 1:
            seen.update(products)


def _with_size(value: str, sums: Mapping[int, float], index: Index) -> list[int]:
    """Which of the products in ``sums`` have this size, going through the shorter list."""
    products = index.by_size.get(value, [])
    if len(products) < len(sums):
        return [at for at in products if at in sums]
    return [at for at in sums if value in index.entries[at].sizes]


def _look(at: int, entry: Entry, spoken: _Spoken, named: set[str]) -> Ranked:
    best = _explained(entry, spoken, named)
    values = [value for value, _ in best]
    least = SHORT if SAME in values else CERTAIN_FROM
    own = sum([_has(entry, size) for size in spoken.sizes])
    sized = own == len(spoken.sizes)
    explains = sized and (not values or min(values) >= least)
    fit, literal = _fit(entry, frozenset([like for value, like in best if value >= least]), spoken)
    score = 100 * (sum(values) + SIZE * own) / spoken.weight
    if not explains or fit is Fit.PART:
        score = min(score, DOUBTFUL)
    return Ranked(at, entry.sku, score - (Fit.WHOLE - fit), fit, literal and explains, sized, explains)


def _explained(entry: Entry, spoken: _Spoken, named: set[str]) -> list[tuple[float, str]]:
    """For each word that was said how well the product explains it, and by which of its words."""
    best = [_best(likes, entry) for likes in spoken.likes]
    if not entry.kinds:
        return best
    said = frozenset([like for _, like in best])
    if not entry.kinds <= said:
        # A part of the category ("Sand and bricks") says too little by itself.
        return [(0.0, "")] * len(best) if entry.words.isdisjoint(said) else best
    if entry.kinds.isdisjoint(named) and _fits(entry.names[0], said, spoken)[0] is Fit.WHOLE:
        # "Classic burger" is all of Classic, of the category Burgers, when no burger has that in its name.
        return [(value / KIND if like in entry.kinds else value, like) for value, like in best]
    return best


def _best(likes: Likes, entry: Entry) -> tuple[float, str]:
    """The word of a product that explains one that was said best, and how well; (0, "") for none."""
    best, word = 0.0, ""
    for like, value in likes:
        if value <= best:
            break
        if like in entry.words:
            return value, like
        if like in entry.kinds:
            best, word = KIND * value, like
    return best, word


def _has(entry: Entry, size: Size) -> bool:
    """Whether a size is one of the product's; where only one side names a unit, it may be that."""
    units = entry.sizes.get(size[0])
    return units is not None and (not size[1] or size[1] in units or units == {""})


def _fit(entry: Entry, matched: frozenset[str], spoken: _Spoken) -> tuple[Fit, bool]:
    """How much of the product's best fitting name was said, and whether it was said to the letter."""
    return max([_fits(name, matched, spoken) for name in entry.names])


def _fits(name: Called, matched: frozenset[str], spoken: _Spoken) -> tuple[Fit, bool]:
    if not name.needed.isdisjoint(matched) and name.needed <= matched | spoken.extra:
        return (Fit.WHOLE, name.sizes <= spoken.sizes) if _sized(name, spoken) else (Fit.WORDS, False)
    if name.head in matched or (name.headless and name.first in matched and _sized(name, spoken)):
        return Fit.NOUN, False
    return Fit.PART, False


def _sized(name: Called, spoken: _Spoken) -> bool:
    """Whether all sizes of a name were said."""
    return all(not ways.isdisjoint(spoken.values) for ways in name.values)


def _decided(found: list[Ranked]) -> tuple[Ranked, ...]:
    """In order, with all held down to DOUBTFUL that have an equal: only one can be meant."""
    found.sort(key=lambda one: (-one.score, one.at))
    rivals = [one for one in found if one.explains]
    wholes = [one for one in rivals if one.fit is Fit.WHOLE]
    winner = rivals[0] if len(rivals) == 1 else wholes[0] if len(wholes) == 1 else None
    return tuple(
        one if one is winner or one.score <= DOUBTFUL else msgspec.structs.replace(one, score=DOUBTFUL) for one in found
    )
