"""Whether a shop's own books agree with what its customers saw and with what the bank was paid.

Two looks are compared, before the customers came and after: what was there before is nobody's fault now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from adapters.phones.controls import Paid
from adapters.phones.meta.books import Account, Received, Shelf

NAMED = 3
"""At most so many examples of one kind are named."""


class Look(NamedTuple):
    """The books of one shop, and the payments of its bank by transaction, at one moment."""

    account: Account
    bank: Mapping[str, Paid]


def disagreements(before: Look, after: Look, shop: str, *, refused: int, most: int) -> list[str]:
    """Each a sentence. ``refused``: how many customers were told that something is sold out, of which nobody wanted
    more than ``most`` at once."""
    shelves = {shelf.item: shelf for shelf in before.account.shelves}
    pairs = [(shelves[shelf.item], shelf) for shelf in after.account.shelves if shelf.item in shelves]
    told = [*_oversold(after.account.shelves), *_conserved(pairs)]
    if refused and not any(_may_run_out(old, new, most) for old, new in pairs):
        told.append(f"{refused} buyers were told that something is sold out, and nothing was")
    return told + _money(before, after, shop)


# -- stock and seats -------------------------------------------------------------------------------------------------
def _oversold(shelves: Iterable[Shelf]) -> list[str]:
    return [
        f"{-shelf.left} more of {shelf.item} were sold or held than there are" for shelf in shelves if shelf.left < 0
    ]


def _conserved(pairs: Iterable[tuple[Shelf, Shelf]]) -> list[str]:
    """What is there and what was sold are always the same together."""
    return [
        f"of {new.item} there were {old.stock} and {old.sold} sold, now {new.stock} and {new.sold}"
        for old, new in pairs
        if old.stock + old.sold != new.stock + new.sold
    ]


def _may_run_out(old: Shelf, new: Shelf, most: int) -> bool:
    """Whether less than ``most`` can ever have been left, had everything that was asked for meanwhile been kept."""
    return old.left - (new.asked - old.asked) < most


# -- money -----------------------------------------------------------------------------------------------------------
def _money(before: Look, after: Look, shop: str) -> list[str]:
    """A payment of whose number nobody told the shop (a lost callback of M-Pesa's) is known by its sum."""
    made = {name: one for name, one in after.bank.items() if one.shop == shop}
    paid = {name: one for name, one in made.items() if name not in before.bank}
    known = {one.transaction for one in before.account.received}
    booked = {one.transaction: one for one in after.account.received if one.transaction not in known}
    unnumbered = Counter(map(_sum, _unnumbered(after))) - Counter(map(_sum, _unnumbered(before)))
    missing = []
    for name in sorted(paid.keys() - booked.keys()):
        if unnumbered[_sum(paid[name])] > 0:
            unnumbered[_sum(paid[name])] -= 1
        else:
            missing.append(name)
    strange = [one for one in booked if one and one not in made] + ["without a number"] * unnumbered.total()
    return [
        *_named("payments that the bank made are not in the shop's books", missing),
        *_named("payments in the shop's books were never made", strange),
        *_named(
            "payments stand in the shop's books with another sum",
            [one for one in paid if one in booked and not _same(paid[one], booked[one])],
        ),
        *_named("payments came in and nothing was made of them", [n for n, one in booked.items() if not one.settled]),
    ]


def _unnumbered(look: Look) -> list[Received]:
    return [one for one in look.account.received if not one.transaction]


def _sum(money: Paid | Received) -> tuple[int, str]:
    return (money.amount, money.currency)


def _same(paid: Paid, received: Received) -> bool:
    return _sum(paid) == _sum(received)


def _named(what: str, transactions: list[str]) -> list[str]:
    if not transactions:
        return []
    more = ", …" if len(transactions) > NAMED else ""
    return [f"{len(transactions)} {what} ({', '.join(sorted(transactions)[:NAMED])}{more})"]
