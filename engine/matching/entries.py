"""A product as it is found: its names taken apart into words and sizes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from engine.catalogue import Product
from engine.matching.everyday import EVERYDAY
from engine.matching.lexicon import COLOURS, FORMS, GRAMMAR
from engine.matching.scanning import name_tokens
from engine.matching.tokens import Size, Token, Word, bare_values, sizes_of
from engine.matching.units import packs, same_size, selling_unit

BARE_ONLY: Final = "bare"
"""The unit of a size that is told in another one: "4" of 4 l is found by the number alone, not by 4 mm."""


class Called(msgspec.Struct, frozen=True):
    """One name of a product."""

    words: frozenset[str]
    needed: frozenset[str]
    """Its words without grammar."""
    sizes: frozenset[Size]
    values: tuple[frozenset[str], ...]
    """Each of its sizes without its unit, in the ways to say the number: 4 l is 4 or 4000 ml."""
    head: str
    """The last of its words but for colours: what it is ("Paint Brush" is a brush)."""
    first: str
    headless: bool
    """Its first word and its sizes are enough: its head is a form (TMT Bar 12 mm) or no word of its own (OPC 43)."""
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
    variant = f"{product.variant_of} {product.variant}".strip()
    called = [name for name in (product.name, variant, *product.aliases) if name]
    lines = [name_tokens(name) for name in dict.fromkeys(called)]
    worded = [[token for token in line if isinstance(token, Word)] for line in lines]
    names = tuple(_called(words, line) for words, line in zip(worded, lines, strict=True))
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


def _called(words: list[Word], line: Sequence[Token]) -> Called:
    sizes = sizes_of(line)
    needed = [word.stem for word in words if word.raw not in GRAMMAR]
    plain = [stem for stem in needed if lettered(stem)] or needed or [""]
    heads = [stem for stem in plain if stem not in COLOURS] or plain
    return Called(
        frozenset(word.stem for word in words),
        frozenset(needed),
        frozenset(sizes),
        tuple(frozenset({value, bare}) for (value, _), bare in zip(sizes, bare_values(line), strict=True)),
        heads[-1],
        plain[0],
        bool(sizes) and (heads[-1] in FORMS or heads[-1] not in EVERYDAY),
        all(word.extra and not word.unit for word in words),
    )


def _sizes(product: Product, names: tuple[Called, ...]) -> Mapping[str, frozenset[str]]:
    units: dict[str, set[str]] = defaultdict(set)
    for name in names:
        for value, unit in name.sizes:
            units[value].add(unit)
        for bare in frozenset[str]().union(*name.values) - units.keys():
            units[bare].add(BARE_ONLY)
    content = packs(product.pack, selling_unit(product))[1]
    if content is not None:
        held, unit = same_size(*content)
        units[str(held)].add(unit)
    return {value: frozenset(some) for value, some in units.items()}


def lettered(word: str) -> bool:
    """Whether a word has no digits: codes like m8 are like nothing but themselves."""
    return not any(one.isdigit() for one in word)
