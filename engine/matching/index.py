"""A catalogue's words and sizes, prepared once so that an order's lines find their products fast."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from typing import Final, TypeAlias

from rapidfuzz import process
from rapidfuzz.distance import OSA

from engine.catalogue import Catalogue, Product
from engine.matching.entries import Entry, entry_of, lettered
from engine.matching.likeness import FAR, SAME, likeness, single
from engine.matching.tokens import Word

SIMILAR_AT_MOST: Final = 12
"""Words of the catalogue that one said word may stand for."""

REMEMBERED: Final = 8_192
"""Said words whose likes are kept per catalogue; then they are forgotten together."""

Likes: TypeAlias = tuple[tuple[str, float], ...]
"""Words of the catalogue with how alike they are (0 to 1) to one that was said, best first."""

_KEPT: Final = "matcher_index"


class Index:
    """The active products of one catalogue, by word and by size."""

    def __init__(self, products: Iterable[Product]) -> None:
        self.entries: tuple[Entry, ...] = tuple(map(entry_of, products))
        self.by_word: dict[str, list[int]] = defaultdict(list)
        self.by_size: dict[str, list[int]] = defaultdict(list)
        self.named: set[str] = set()
        """Words that stand in a name, and not in a category only."""
        self.mannerly: set[str] = set()
        """Words of names that are nothing but manners elsewhere: Good Day."""
        self._longest: dict[str, int] = defaultdict(int)
        self._singles: dict[str, str] = {}
        self._joined: dict[str, tuple[str, str]] = {}
        for at, entry in enumerate(self.entries):
            self._add(at, entry)
        self._sorted = sorted(self.by_word)
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for word in filter(lettered, self._sorted):
            self._by_length[len(word)].append(word)
        self._likes: dict[str, Likes] = {}

    def _add(self, at: int, entry: Entry) -> None:
        for word in entry.words | entry.kinds:
            self.by_word[word].append(at)
        self.named |= entry.words
        for value in entry.sizes:
            self.by_size[value].append(at)
        for name in entry.names:
            if name.mannerly:
                self.mannerly |= name.words
        for raw, stem in entry.written:
            self._longest[stem] = max(self._longest[stem], len(raw))
            self._singles.setdefault(single(raw), stem)
        for joined, one, two in entry.pairs:
            self._joined.setdefault(joined, (one, two))

    def parted(self, word: Word) -> tuple[str, ...]:
        """The two words that are written together as one, if it is none itself: bindingwire."""
        return () if word.stem in self.by_word else self._joined.get(word.raw, ())

    def likes(self, word: Word) -> Likes:
        """The catalogue's words that a said word may stand for."""
        found = self._likes.get(word.raw)
        if found is None:
            if len(self._likes) >= REMEMBERED:
                self._likes.clear()
            found = self._likes[word.raw] = self._alike(word)
        return found

    def _alike(self, word: Word) -> Likes:
        said = word.stem
        alike = dict.fromkeys((said,), SAME) if said in self.by_word else {}
        if len(said) >= 3 and lettered(said):
            for like in self._begun(said) if alike else {*self._near(said), *self._begun(said)}:
                alike.setdefault(like, likeness(said, word.raw, like, self._longest[like]))
            once = self._singles.get(single(word.raw), "")
            if len(once) >= 4:  # bricksss
                alike[once] = max(alike.get(once, 0.0), likeness(single(said), word.raw, single(once), len(once)))
        ranked = sorted(((-value, like) for like, value in alike.items() if value >= FAR))
        return tuple((like, -value) for value, like in ranked[:SIMILAR_AT_MOST])

    def _near(self, said: str) -> Iterable[str]:
        """Words within two slips."""
        for length in range(len(said) - 2, len(said) + 3):
            words = self._by_length.get(length)
            if words:
                for like, _, _ in process.extract(said, words, scorer=OSA.distance, score_cutoff=2, limit=None):
                    yield like

    def _begun(self, said: str) -> Iterable[str]:
        """Words that begin with the one said."""
        at = bisect_left(self._sorted, said)
        for like in self._sorted[at : at + 2 * SIMILAR_AT_MOST]:
            if not like.startswith(said):
                return
            if like != said:
                yield like


def index_of(catalogue: Catalogue) -> Index:
    """The index of a catalogue, made at its first order and kept beside it, as its other derived values are.

    Not a property of Catalogue, which knows nothing of the matcher; and not an lru_cache, which would hash every
    product at every look.
    """
    kept = catalogue.__dict__.get(_KEPT)
    if not isinstance(kept, Index):
        kept = catalogue.__dict__[_KEPT] = Index([catalogue.by_sku[sku] for sku in catalogue.menu])
    return kept
