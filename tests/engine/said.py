"""What the scripted core remembers, and how it makes one memory of two."""

from __future__ import annotations

import msgspec

from engine.address import Millis
from engine.commit import Snapshot
from engine.identity import Identity, Merge
from engine.shop import Shop


class Said(msgspec.Struct, frozen=True):
    """Everything that was said, in order."""

    turn: int = 0
    phone: str = ""
    language: str = "en"
    said: tuple[str, ...] = ()
    heard_at: Millis = 0
    written_at: Millis = 0
    last_written: Millis = 0


def load(snapshot: Snapshot | None) -> Said:
    return Said() if snapshot is None else msgspec.json.decode(snapshot.data, type=Said)


def merge_of(elder: Identity, younger: Identity, shop: Shop, now: Millis) -> Merge:
    """Stands where engine.merging.merge_of stands: what the younger said comes behind what the elder said."""
    ours, theirs = load(elder.snapshot), load(younger.snapshot)
    both = Said(elder.version + 1, ours.phone or theirs.phone, said=(*ours.said, *theirs.said))
    data = msgspec.json.encode(both)
    return Merge(shop.name, elder.customer, younger.customer, both.turn, younger.version, data, now)
