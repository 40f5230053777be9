"""What an import would change, before anything is changed: as data for a page or an API, and as lines for a person.

engine.catalogue_changes and engine.programme_changes compare what a shop has with what a file says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from engine import money

NAMED_AT_MOST = 5
"""Things that one warning names; it counts the rest."""

CELL_SHOWN = 60
"""Characters of a cell in the lines for a person."""

JOINERS = "\u200c\u200d"
"""Nobody sees them, and still Urdu, Hindi and emoji are written with them."""


class Named(msgspec.Struct, frozen=True):
    """A product by its sku, or an event by its id."""

    id: str
    name: str


class Cell(msgspec.Struct, frozen=True):
    """One column that differs: both sides as files write them, prices as money."""

    column: str
    old: str
    new: str


class Changed(msgspec.Struct, frozen=True):
    """A thing that stays, and how it differs."""

    id: str
    name: str
    cells: tuple[Cell, ...]


class Changes(msgspec.Struct, frozen=True):
    """``removed`` are not sold any more. ``unchanged`` counts what the file says as it is. ``warnings`` are sentences
    about what is allowed, and is a mistake more often than not."""

    added: tuple[Named, ...] = ()
    removed: tuple[Named, ...] = ()
    changed: tuple[Changed, ...] = ()
    unchanged: int = 0
    warnings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is another than before."""
        return bool(self.added or self.removed or self.changed)

    @property
    def summary(self) -> str:
        """All of it in one sentence."""
        counts = (
            (len(self.added), "new"),
            (len(self.changed), "changed"),
            (len(self.removed), "not sold any more"),
            (self.unchanged, "as before"),
        )
        return ", ".join(f"{count} {what}" for count, what in counts if count) + "."

    @property
    def lines(self) -> Iterator[str]:
        """A line each, for a terminal: ``+`` new, ``~`` changed, ``-`` not sold any more, ``!`` a warning."""
        yield from (f"+ {shown(one.id)}  {shown(one.name)}" for one in self.added)
        for one in self.changed:
            yield f"~ {shown(one.id)}  {shown(one.name)}"
            yield from (f"    {cell.column}: {shown(cell.old)} → {shown(cell.new)}" for cell in one.cells)
        yield from (f"- {shown(one.id)}  {shown(one.name)}" for one in self.removed)
        yield from (f"! {warning}" for warning in self.warnings)


def changed(thing: Named, old: Mapping[str, str], new: Mapping[str, str]) -> Changed | None:
    """How two rows of one thing differ; None when they don't."""
    cells = [Cell(column, text, new[column]) for column, text in old.items() if text != new[column]]
    return Changed(thing.id, thing.name, tuple(cells)) if cells else None


def leaps(prices: Iterable[tuple[str, int, int]], currency: str, locale: str) -> Iterator[str]:
    """A warning for each (id, old price, new price) that moves by more than half: often a point in the wrong place."""
    for name, old, new in prices:
        if abs(new - old) * 2 > old > 0:
            was, now = money.show(old, currency, locale), money.show(new, currency, locale)
            yield f"{shown(name)}: the price changes by more than half, from {was} to {now}."


def some(names: Sequence[str]) -> str:
    """The first few of these, and how many more there are."""
    more = len(names) - NAMED_AT_MOST
    return ", ".join(map(shown, names[:NAMED_AT_MOST])) + (f" and {more} more" if more > 0 else "")


def shown(text: str) -> str:
    """A cell as it may stand on a terminal: one line, not too long, and nothing that a terminal obeys."""
    line = " ".join(text.split())
    short = line if len(line) <= CELL_SHOWN else f"{line[:CELL_SHOWN]}…"
    return "".join(one if one.isprintable() or one in JOINERS else ascii(one)[1:-1] for one in short) or "nothing"
