"""What a file of events changes in a shop: just what BoxOffice.import_events does with it.

Events that are not in the file stay. What is sold decides the rest: one that was called off stays so, and none gets
fewer seats than are taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from engine import changes, money
from engine.address import Millis
from engine.changes import Changes, Named, shown, some
from engine.programme import row_of
from engine.tickets import EventStatus, TicketEvent, imported


def compared(
    before: Sequence[TicketEvent],
    after: Sequence[TicketEvent],
    taken: Mapping[str, int],
    now: Millis,
    currency: str,
    locale: str,
) -> Changes:
    """``before``: what the shop has; ``after``: what the file says; ``taken``: seats that are confirmed or held, by
    event, where there are any."""
    known = {one.id: one for one in before}
    both = [(known[one.id], kept(one, known, taken)) for one in after if one.id in known]
    changed = [
        change
        for old, new in both
        if (change := changes.changed(_named(new), _cells(old, currency, locale), _cells(new, currency, locale)))
    ]
    return Changes(
        added=tuple([_named(one) for one in after if one.id not in known]),
        changed=tuple(changed),
        unchanged=len(both) - len(changed),
        warnings=(
            *_left_out(before, after),
            *changes.leaps([(old.id, old.price, new.price) for old, new in both], currency, locale),
            *_sold(known, after, taken),
            *_over(known, after, now),
            *_alike(after),
        ),
    )


def kept(event: TicketEvent, known: Mapping[str, TicketEvent], taken: Mapping[str, int]) -> TicketEvent:
    """An event of the file as the shop has it after the import."""
    return imported(event, known.get(event.id), taken.get(event.id, 0))


def in_question(before: Sequence[TicketEvent], after: Sequence[TicketEvent]) -> list[str]:
    """The ids of events for which it matters how many seats are taken."""
    known = {one.id: one for one in before}
    return [
        new.id
        for new in after
        if (old := known.get(new.id)) is not None
        and (new.capacity < old.capacity or new.starts_at != old.starts_at or new.status is not old.status)
    ]


def _named(event: TicketEvent) -> Named:
    return Named(event.id, event.title)


def _cells(event: TicketEvent, currency: str, locale: str) -> Mapping[str, str]:
    return {**row_of(event, currency), "price": money.show(event.price, currency, locale)}


# -- warnings --------------------------------------------------------------------------------------------------------
def _left_out(before: Sequence[TicketEvent], after: Sequence[TicketEvent]) -> Iterator[str]:
    named = {one.id for one in after}
    left_out = [one.id for one in before if one.id not in named]
    if left_out:
        yield f"These are not in the file and stay as they are: {some(left_out)}."


def _sold(known: Mapping[str, TicketEvent], after: Sequence[TicketEvent], taken: Mapping[str, int]) -> Iterator[str]:
    for new in after:
        old, seats = known.get(new.id), taken.get(new.id, 0)
        if old is not None:
            yield from (f"{shown(new.id)}: {what}." for what in _of_one(old, new, seats))


def _of_one(old: TicketEvent, new: TicketEvent, seats: int) -> Iterator[str]:
    if old.status is EventStatus.CANCELLED:
        if new.status is EventStatus.ACTIVE:
            yield "it was called off and stays so; plan a new event, with an id of its own"
        return
    if new.capacity < seats:
        yield f"it keeps its {old.capacity} seats, since {seats} are taken and the file has {new.capacity}"
    if new.status is EventStatus.CANCELLED:
        yield (
            f"it is called off; who has its {seats} taken seats is told, and gets back what was paid"
            if seats
            else ("it is called off, which can't be undone")
        )
    elif new.starts_at != old.starts_at and seats:
        yield f"it starts at another time, and nobody tells those who have its {seats} taken seats"


def _over(known: Mapping[str, TicketEvent], after: Sequence[TicketEvent], now: Millis) -> Iterator[str]:
    over = [one.id for one in after if one.id not in known and one.starts_at <= now]
    if over:
        yield f"These have begun already, so no seat of them can be sold: {some(over)}."


def _alike(after: Sequence[TicketEvent]) -> Iterator[str]:
    """Twice in the file under two ids, as a row that was copied."""
    count = Counter((one.title.casefold(), one.city.casefold(), one.starts_at) for one in after)
    alike = [one.id for one in after if count[one.title.casefold(), one.city.casefold(), one.starts_at] > 1]
    if alike:
        yield f"These have one title, city and start: {some(alike)}."
