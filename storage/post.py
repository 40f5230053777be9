"""Letters of our own on their way, as rows of SQLite.

The file's own triggers keep them apart from what is done: a letter whose inbound id is committed or parked is not
posted, and goes from here when it becomes so.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.address import Millis
from engine.commit import Posted
from engine.events import Letter
from storage.sql import Db, Row, read, write

encode = msgspec.json.encode
decode = msgspec.json.Decoder(Letter).decode


async def write_posted(db: Db, letters: Sequence[Posted]) -> None:
    """Keep these; one that waits or is done already changes nothing."""
    await write(db, POSTED, [_row(one) for one in letters])


async def write_posts(db: Db, posts: Sequence[Sequence[Posted]]) -> list[None]:
    """Many callers' letters."""
    await write_posted(db, [one for letters in posts for one in letters])
    return [None] * len(posts)


async def posted(db: Db, now: Millis, limit: int) -> list[Letter]:
    """See Post.posted."""
    sql = """SELECT json_group_array(json_array(due, seq, hex(letter))) FROM (
        SELECT * FROM posted WHERE due <= ? ORDER BY due, seq LIMIT ?)"""
    return [decode(bytes.fromhex(letter)) for _, _, letter in sorted(await read(db, sql, (now, max(0, limit))))]


async def next_posted(db: Db) -> Millis | None:
    """See Post.next_posted."""
    (first,) = await read(db, "SELECT json_array(min(due)) FROM posted")
    return None if first is None else int(first)


def _row(one: Posted) -> Row:
    letter = one.letter
    return (letter.address.shop, letter.inbound.id, one.due, encode(letter))


POSTED = "INSERT INTO posted (shop, id, due, letter) {values} ON CONFLICT DO NOTHING"
