"""What a span of tokens means in a catalogue: its readings are weighed, and where two are as good, nothing is taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, Protocol

import msgspec

from engine.catalogue import Catalogue
from engine.matching.index import index_of
from engine.matching.lexicon import GRADED
from engine.matching.ranking import Asked, Fit, Ranked, ranked
from engine.matching.readings import NOT_COUNTED, Reading, lone_unit, readings, wanted_of
from engine.matching.tokens import BARE, Number, Token, Word
from engine.matching.units import in_selling_units, selling_unit
from engine.matching.wanted import Match

TAKEN_FROM: Final = 90
"""Of 100. Above it a product is taken; at most one product of a catalogue scores above it (flows.md §3)."""

ASKED_FROM: Final = 60
"""From here to TAKEN_FROM the customer is asked; below it the line is named as not found."""

OPTIONS_AT_MOST: Final = 5
OPTIONS_WITHIN: Final = 20
"""What scores so much less than the best is no option beside it."""

NOT_FOUND: Final = 60.0
"""How unlikely a reading is that finds no product."""

UNFIT: Final = {"": 0.0, "quantity": 8.0, "unit": 15.0}
"""How unlikely a reading is whose quantity has this problem."""

AS_GOOD: Final = 12.0
"""Two readings that would be taken and differ by no more than this contradict each other."""

BARE_NAME: Final = 8.0
"""How unlikely, without a catalogue, a number without a unit is part of a name."""


class Judged(msgspec.Struct, frozen=True):
    """A span as it was understood."""

    match: Match
    unlikely: float
    """How far-fetched that is; 0 is plain."""
    named: bool
    """It names something, found or not; numbers alone do not."""
    whole: bool = False
    """A product's whole name was said."""

    @property
    def clean(self) -> bool:
        """It goes on the order without a question."""
        return self.match.sku != "" and self.match.problem == ""

    @property
    def counted(self) -> bool:
        """A quantity was said, be it a good one or not."""
        return self.match.wanted.counted

    @property
    def found(self) -> bool:
        """There is a product, or some to ask about."""
        return self.match.sku != "" or self.match.options != ()


class Judge(Protocol):
    """What reading a text needs to know about goods."""

    def judge(self, span: Sequence[Token]) -> Judged:
        """What a span means that wants one thing."""


class _Weighed(msgspec.Struct, frozen=True):
    reading: Reading
    match: Match
    best: Ranked | None
    unlikely: float

    @property
    def clean(self) -> bool:
        return self.match.sku != "" and self.match.problem == ""

    @property
    def sized(self) -> bool:
        """All its numbers are a product's own, and none is left to say how many."""
        named = self.best is not None and self.best.explains and self.reading.sizes != ()
        return named and self.reading.quantity is None


class CatalogueJudge:
    """Judges by the products of a catalogue. ``source``: the text as written, for saying back."""

    def __init__(self, source: str, catalogue: Catalogue) -> None:
        self._source = source
        self._catalogue = catalogue
        self._index = index_of(catalogue)

    def judge(self, span: Sequence[Token]) -> Judged:
        weighed = sorted(self._weighed(span), key=lambda one: one.unlikely)
        clean = [one for one in weighed if one.clean]
        if clean:
            return self._agreed(clean)
        best = weighed[0]
        if best.match.options and best.reading.quantity:
            # "cement 43": 43 of a cement, or some of the 43? Only a name said to the letter decides.
            sized = next((one for one in weighed if one.sized and one.unlikely <= best.unlikely + NOT_COUNTED), None)
            if sized and sized.best:
                return _judged(sized) if sized.match.sku and sized.best.literal else _open([sized, best])
        return _judged(best)

    def _weighed(self, span: Sequence[Token]) -> Iterable[_Weighed]:
        """The readings, but for those so unlikely that they can't shake one that is clean."""
        limit = float("inf")
        for reading in readings(span):
            if reading.unlikely > limit:
                return
            weighed = self._weigh(reading)
            if weighed.clean:
                limit = min(limit, weighed.unlikely + AS_GOOD)
            yield weighed

    def _agreed(self, clean: Sequence[_Weighed]) -> Judged:
        best = clean[0]
        others = [one for one in clean[1:] if one.unlikely <= best.unlikely + AS_GOOD]
        meant = (best.match.sku, best.match.quantity)
        same = all((one.match.sku, one.match.quantity) == meant for one in others)
        return _judged(best) if same else _open([best, *others])

    def _weigh(self, reading: Reading) -> _Weighed:
        asked = Asked(reading.words, reading.sizes, frozenset({reading.unit_stem}))
        found = [one for one in ranked(asked, self._index) if one.score >= ASKED_FROM]
        if not found:
            return _Weighed(reading, Match(wanted_of(reading, self._source)), None, reading.unlikely + NOT_FOUND)
        best = found[0]
        product = self._catalogue.by_sku[best.sku]
        sold = selling_unit(product)
        name = self._index.entries[best.at].words if sold in ("", "pc") else frozenset[str]()
        wanted = wanted_of(reading, self._source, name)
        unlikely = reading.unlikely + (100 - best.score) / 2
        # "Pencil box 5" is no five pencils; where pencils have no unit that would show it, it is asked about.
        other = not sold and lone_unit(reading, name) not in ("", "pc")
        other = other or (reading.unit_only and best.fit is not Fit.WHOLE)
        if best.score > TAKEN_FROM and not other:
            quantity, problem = in_selling_units(wanted, product)
            unlikely += UNFIT[problem] if reading.quantity else 0.0
            return _Weighed(reading, Match(wanted, best.sku, quantity, problem=problem), best, unlikely)
        problem = "" if wanted.counted and not wanted.problem else "quantity"
        return _Weighed(reading, Match(wanted, options=_options(found), problem=problem), best, unlikely)


def _options(found: Sequence[Ranked]) -> tuple[str, ...]:
    """What is asked about: the best, and what comes near it. No other size, where the size that was said is there."""
    best = found[0]
    near = [one for one in found if one.score >= best.score - OPTIONS_WITHIN and (one.sized or not best.sized)]
    return tuple(one.sku for one in near[:OPTIONS_AT_MOST])


def _open(weighed: Sequence[_Weighed]) -> Judged:
    """Readings that contradict each other: all their products are asked about, and the quantity too."""
    skus = dict.fromkeys(sku for one in weighed for sku in (one.match.sku, *one.match.options) if sku)
    wanted = msgspec.structs.replace(weighed[0].match.wanted, counted=False, quantity=1)
    match = Match(wanted, options=tuple(skus)[:OPTIONS_AT_MOST], problem="quantity")
    return Judged(match, weighed[0].unlikely + AS_GOOD, named=True)


def _judged(weighed: _Weighed) -> Judged:
    best = weighed.best
    named = best is not None or any(not word.extra for word in weighed.reading.words)
    return Judged(weighed.match, weighed.unlikely, named, best is not None and best.fit is Fit.WHOLE and best.explains)


class PlainJudge:
    """Judges by the look of the text alone."""

    def __init__(self, source: str) -> None:
        self._source = source

    def judge(self, span: Sequence[Token]) -> Judged:
        unlikely, reading = min(((_plainly(one), one) for one in readings(span)), key=lambda pair: pair[0])
        named = any(not word.extra for word in reading.words)
        return Judged(Match(wanted_of(reading, self._source)), unlikely + (0 if named else NOT_FOUND), named)


def _plainly(reading: Reading) -> float:
    graded = sum(
        isinstance(one, Word) and one.raw in GRADED and isinstance(two, Number) and two.certain == BARE
        for one, two in pairwise(reading.named)
    )
    return reading.unlikely + BARE_NAME * (sum(not unit for _, unit in reading.sizes) - graded)
