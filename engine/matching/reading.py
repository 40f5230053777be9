"""From a whole message to the things it wants: what belongs together across its chunks, and what is several things.

Where a chunk names several goods without a joint ("50 opc 43 20 tmt 12mm"), it is cut before or after its numbers in
the way that is least far-fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from engine.matching.chunks import Chunk, chunks
from engine.matching.judging import Judge, Judged
from engine.matching.tokens import CERTAIN, Number, Token, Word

JUDGED_AT_MOST: Final = 500
"""Spans looked at per message: several times what 60 lines need, and a bound for pages of numbers."""

NUMBERS_PER_THING: Final = 3
"""A part of a chunk with more numbers than that is several things."""

PLAIN: Final = 6.0
"""A chunk understood so well is not cut."""

ONE_MORE: Final = 4.0
"""What each further thing costs, so that a chunk is cut only where that explains more."""


class Thing(msgspec.Struct, frozen=True):
    """A wanted thing: its tokens and how they are understood so far."""

    span: list[Token]
    judged: Judged
    title: bool = False
    """Its chunk ends in a colon."""


def things(said: str, judge: Judge, most: int) -> list[Judged]:
    """The wanted things of a message, at most ``most``; none when it names no goods."""
    reader = _Reader(judge)
    for chunk in chunks(said):
        reader.take(chunk)
        if len(reader.things) >= most or reader.left <= 0:
            break
    return reader.result()[:most]


class _Reader:
    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._waiting: list[Token] = []
        """Numbers that belong to what comes next, or to nothing."""
        self.left = JUDGED_AT_MOST
        self.things: list[Thing] = []

    def result(self) -> list[Judged]:
        self._give_up_waiting()
        kept = [thing.judged for thing in self.things if not _is_heading(thing)]
        return kept if any(judged.named for judged in kept) else []

    def take(self, chunk: Chunk) -> None:
        """One more chunk of the message."""
        named = any(isinstance(token, Word) and not token.extra for token in chunk.span)
        if not named and _has_number(chunk.span) and not self._look(chunk.span).whole:
            self._take_numbers(chunk)
            return
        found = self._cut(chunk.span)
        if not any(thing.judged.named for thing in found):
            return
        if self._waiting and not found[0].judged.counted:
            found = self._cut([*self._waiting, *chunk.span])
            self._waiting = []
        self._give_up_waiting()
        if not (chunk.joined and self._completes_name(found)):
            self._add(chunk, found)
        if chunk.each:
            self._share(chunk.span)

    def _add(self, chunk: Chunk, found: list[Thing]) -> None:
        if any(thing.judged.found for thing in found) or not self._goes_on(chunk.span):
            self.things += [*found[:-1], msgspec.structs.replace(found[-1], title=chunk.title)]

    def _take_numbers(self, chunk: Chunk) -> None:
        """Numbers alone: how many of what was named before, or else of what comes."""
        last = self.things[-1] if self.things else None
        if self._goes_on(chunk.span):
            if chunk.each:
                self._share(chunk.span)
            return
        if last and not last.judged.counted:
            found = self._cut([*last.span, *chunk.span])
            if len(found) == 1 and found[0].judged.counted:
                self.things[-1] = found[0]
                if chunk.each:
                    self._share(chunk.span)
                return
        self._give_up_waiting()
        self._waiting = chunk.span

    def _give_up_waiting(self) -> None:
        """Numbers that belong to nothing are said back as not found, never forgotten in silence."""
        if self._waiting:
            self.things += self._cut(self._waiting)
            self._waiting = []

    def _goes_on(self, span: list[Token]) -> bool:
        """``tmt 8mm 10, 12mm 20``: the second is tmt too."""
        numbers = [token for token in span if isinstance(token, Number)]
        if not self.things or not (len(numbers) > 1 or any(number.size for number in numbers)):
            return False
        words = [token for token in self.things[-1].span if isinstance(token, Word)]
        judged = self._look([*words, *span])
        if judged.clean:
            self.things.append(Thing([*words, *span], judged))
        return judged.clean

    def _completes_name(self, found: list[Thing]) -> bool:
        """``nuts and bolts``: a joint inside a name."""
        last = self.things[-1] if self.things else None
        if last is None or len(found) != 1 or (last.judged.counted and found[0].judged.counted):
            return False
        span = [*last.span, *found[0].span]
        judged = self._look(span)
        if judged.whole and judged.match.sku:
            self.things[-1] = Thing(span, judged)
            return True
        return False

    def _share(self, span: Sequence[Token]) -> None:
        """``8mm and 12mm 20 each``: the quantity is that of all goods before which have none."""
        number = next((token for token in reversed(span) if isinstance(token, Number) and not token.size), None)
        for at in range(len(self.things) - 2, -1, -1):
            thing = self.things[at]
            if number is None or thing.judged.counted:
                return
            shared = [*thing.span, msgspec.structs.replace(number, certain=CERTAIN)]
            self.things[at] = Thing(shared, self._look(shared))

    # -- cutting ---------------------------------------------------------------------------------------------------
    def _cut(self, span: list[Token]) -> list[Thing]:
        """The span as one thing, or as several where that is less far-fetched."""
        whole = self._look(span)
        places = _places(span)
        if (whole.clean and whole.unlikely <= PLAIN) or len(places) < 3:
            return [Thing(span, whole)]
        best: dict[int, tuple[float, list[Thing]]] = {0: (0.0, [])}
        for at, end in enumerate(places[1:], 1):
            ways = [self._way(best.get(begin), span[begin:end], whole, span) for begin in places[:at]]
            best[end] = min(ways, key=lambda way: way[0])
        unlikely, parts = best[len(span)]
        cut = unlikely < whole.unlikely + ONE_MORE and _all_different(parts)
        return parts if cut else [Thing(span, whole)]

    def _way(
        self, before: tuple[float, list[Thing]] | None, part: list[Token], whole: Judged, span: list[Token]
    ) -> tuple[float, list[Thing]]:
        """What came before and ``part`` as one more thing; infinitely unlikely where it can't be one."""
        unlikely, parts = before or (_NEVER, [])
        worded = any(isinstance(token, Word) or (isinstance(token, Number) and token.size) for token in part)
        if unlikely == _NEVER or self.left <= 0 or not worded or sum(map(_is_number, part)) > NUMBERS_PER_THING:
            return _NEVER, []
        judged = whole if len(part) == len(span) else self._look(part)
        if not judged.named:
            return _NEVER, []
        return unlikely + judged.unlikely + ONE_MORE, [*parts, Thing(part, judged)]

    def _look(self, span: Sequence[Token]) -> Judged:
        self.left -= 1
        return self._judge.judge(span)


_NEVER: Final = float("inf")


def _places(span: Sequence[Token]) -> list[int]:
    """Where a span may be cut: its ends, and before and after each number that may be a quantity."""
    places = {0, len(span)}
    for at, token in enumerate(span):
        if isinstance(token, Number) and not token.size:
            places |= {at, at + 1}
    return sorted(places)


def _all_different(parts: Sequence[Thing]) -> bool:
    """Whether no product is meant twice. "opc 43 cement x 7" where 43 is not sold is not 43 and 7 of the other."""
    meant = [sku for part in parts for sku in {part.judged.match.sku, *part.judged.match.options} - {""}]
    return len(meant) == len(set(meant))


def _is_number(token: Token) -> bool:
    return isinstance(token, Number)


def _has_number(span: Sequence[Token]) -> bool:
    return any(map(_is_number, span))


def _is_heading(thing: Thing) -> bool:
    return thing.title and not thing.judged.counted and not thing.judged.found
