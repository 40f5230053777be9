"""A product as it is found: its names taken apart into words and sizes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise

import msgspec

from engine.catalogue import Product
from engine.matching.scanning import name_tokens
from engine.matching.tokens import Size, Word, sizes_of
from engine.matching.units import packs, same_size, selling_unit


class Called(msgspec.Struct, frozen=True):
    """One name of a product."""

    words: frozenset[str]
    needed: frozenset[str]
    """Its words without manners; all of them where it has nothing else ("Good Day")."""
    sizes: frozenset[Size]
    values: frozenset[str]
    """Its sizes without their units."""
    head: str
    """The last of its words: what it is ("Paint Brush" is a brush)."""
    first: str
    mannerly: bool
    """It has manners only."""


class Entry(msgspec.Struct, frozen=True):
    """A product."""

    sku: str
    names: tuple[Called, ...]
    words: frozenset[str]
    kinds: frozenset[str]
    """The words of its category: they explain what was said, but name nothing."""
    sizes: Mapping[str, frozenset[str]]
    """The units by value, with what its pack holds."""
    written: tuple[tuple[str, str], ...]
    """Its words as written, with their stems."""
    pairs: tuple[tuple[str, str, str], ...]
    """Words that stand side by side: as one, and the stems of both."""


def entry_of(product: Product) -> Entry:
    """A product taken apart."""
    lines = [name_tokens(name) for name in dict.fromkeys((product.name, *product.aliases))]
    worded = [[token for token in line if isinstance(token, Word)] for line in lines]
    names = tuple(_called(words, sizes_of(line)) for words, line in zip(worded, lines, strict=True))
    kinds = [token for token in name_tokens(product.category) if isinstance(token, Word) and not token.extra]
    words = frozenset[str]().union(*(name.words for name in names))
    return Entry(
        product.sku,
        names,
        words,
        frozenset(word.stem for word in kinds),
        _sizes(product, names),
        tuple({(word.raw, word.stem) for line in (*worded, kinds) for word in line}),
        tuple({(one.raw + two.raw, one.stem, two.stem) for line in worded for one, two in pairwise(line)}),
    )


def _called(words: list[Word], sizes: tuple[Size, ...]) -> Called:
    mannerly = all(word.extra and not word.unit for word in words)
    needed = [word.stem for word in words if mannerly or word.unit or not word.extra]
    heads = [stem for stem in needed if lettered(stem)] or needed or [""]
    return Called(
        frozenset(word.stem for word in words),
        frozenset(needed),
        frozenset(sizes),
        frozenset(value for value, _ in sizes),
        heads[-1],
        heads[0],
        mannerly,
    )


def _sizes(product: Product, names: tuple[Called, ...]) -> Mapping[str, frozenset[str]]:
    units: dict[str, set[str]] = defaultdict(set)
    for name in names:
        for value, unit in name.sizes:
            units[value].add(unit)
    content = packs(product.pack, selling_unit(product))[1]
    if content is not None:
        held, unit = same_size(*content)
        units[str(held)].add(unit)
    return {value: frozenset(some) for value, some in units.items()}


def lettered(word: str) -> bool:
    """Whether a word has no digits: codes like m8 are like nothing but themselves."""
    return not any(one.isdigit() for one in word)
