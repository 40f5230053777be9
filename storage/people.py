"""Who is who, as rows of SQLite: outside names, and two customers made one (engine.identity)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.address import Link
from engine.campaigns import MERGED
from engine.commit import Commit, Snapshot
from engine.facts import Conflict, ConflictKind
from engine.identity import Identity, Merge, card_of_both, entries_left
from engine.tickets import Booking
from storage import campaign_rows
from storage.audience import move_tags
from storage.errands import Errand
from storage.order_rows import CARD, CARD_OF, card, card_row
from storage.seat_rows import BOOKING_OF, ENTRY_OF, booking, entry
from storage.sql import Db, Row, blanks, read, run, write

STALE = Conflict(ConflictKind.STALE)


@dataclass(slots=True)
class Merged:
    """What became of a merge; for the caches: (shop, id, customer, sku, quantity, expires at) of the survivor's holds,
    and the survivor's bookings that are held."""

    conflict: Conflict | None = None
    holds: Sequence[Row] = ()
    bookings: Sequence[Booking] = ()


async def identities(db: Db, shop: str, customers: tuple[str, ...]) -> list[Identity]:
    """See People.identities. A snapshot keeps its row for ever, so rows say who came first."""
    who = blanks(customers)
    sql = f"""SELECT json_group_array(json_array(customer, rowid, version, hex(data)))
        FROM snapshots WHERE shop = ? AND customer IN ({who})"""  # noqa: S608
    turns = {name: (row, version, data) for name, row, version, data in await read(db, sql, (shop, *customers))}
    sql = f"""SELECT json_group_array(json_array(customer, kind, value))
        FROM links WHERE shop = ? AND customer IN ({who})"""  # noqa: S608
    links = sorted(await read(db, sql, (shop, *customers)))
    found = [
        (
            turns[name][0] if name in turns else NEVER,
            Identity(
                name,
                tuple(Link(kind, value) for of, kind, value in links if of == name),
                Snapshot(turns[name][1], bytes.fromhex(turns[name][2])) if name in turns else None,
            ),
        )
        for name in dict.fromkeys(customers)
    ]
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


NEVER = 1 << 62


async def forwards(db: Db) -> list[Row]:
    """(shop, customer, whose it is) of every address that is no more."""
    return await read(db, "SELECT json_group_array(json_array(shop, customer, leads_to)) FROM forwards")


async def write_renamed(db: Db, commits: Sequence[Commit]) -> None:
    """Names that are their customers' no more; a name that leads to somebody else already stays."""
    for c in commits:
        for one in c.renamed:
            whose = (c.address.shop, *one.link, c.address.customer)
            if await run(db, RENAME, (one.next, *whose)) and one.link.kind == "phone":
                await run(db, HELD_FOR, (one.becomes, *c.address, one.link.value))
                await campaign_rows.rename(db, *c.address, one.link.value, one.becomes)


def merge(m: Merge) -> Errand:
    """See People.merge."""

    async def errand(db: Db) -> Merged:
        known: dict[str, str] = dict(await run(db, KNOWN, (m.shop, m.gone, m.survivor)))
        if known.get(m.gone) == m.survivor:
            return Merged()
        versions: dict[str, int] = dict(await run(db, VERSIONS, (m.shop, m.gone, m.survivor)))
        stand = (versions.get(m.survivor, 0) + 1, versions.get(m.gone, 0))
        if known or m.gone == m.survivor or stand != (m.version, m.gone_version):
            return Merged(STALE)
        await _make_one(db, m)
        return Merged(None, await read(db, HOLDS, (m.shop, m.survivor)), await _held_bookings(db, m))

    return errand


async def _make_one(db: Db, m: Merge) -> None:
    before = [name for (name,) in await run(db, LED_TO, (m.shop, m.gone))]
    await run(db, FORWARD, (m.shop, m.gone, m.survivor, m.at))
    await run(db, FORWARD_ON, (m.survivor, m.shop, m.gone))
    await run(db, "DELETE FROM snapshots WHERE shop = ? AND customer = ?", (m.shop, m.gone))
    await run(db, REMEMBER, (m.shop, m.survivor, m.version, m.snapshot, m.heard))
    await _cards(db, m)
    await _entries(db, m)
    await move_tags(db, m.shop, m.gone, m.survivor)
    await campaign_rows.merge(db, m.shop, m.gone, m.survivor, MERGED)
    for table in OWNED:
        sql = f"UPDATE {table} SET customer = ? WHERE shop = ? AND customer = ?"  # noqa: S608 - names of our tables
        await run(db, sql, (m.survivor, m.shop, m.gone))
    for name in (m.gone, *before):
        start, end = f"{m.shop}/{name}:", f"{m.shop}/{name};"
        await run(db, MESSAGES, (m.survivor, start, end, m.gone))
    await run(db, TIMERS, (m.survivor, m.version, m.shop, m.gone, m.shop, m.survivor))
    await run(db, "DELETE FROM timers WHERE shop = ? AND customer = ?", (m.shop, m.gone))
    await run(db, "DELETE FROM quarantined WHERE shop = ? AND customer = ?", (m.shop, m.gone))


async def _cards(db: Db, m: Merge) -> None:
    found = {one.id: one for one in map(card, await read(db, CARDS, (m.shop, m.survivor, m.gone)))}
    both = card_of_both(found.get(m.survivor), found.get(m.gone), m.survivor)
    if both is not None and m.survivor not in found:  # it keeps its place among the cards
        await run(db, "UPDATE customers SET id = ? WHERE shop = ? AND id = ?", (m.survivor, m.shop, m.gone))
    elif both is not None:
        await write(db, CARD, [card_row(both)])
        await run(db, "DELETE FROM customers WHERE shop = ? AND id = ?", (m.shop, m.gone))


async def _entries(db: Db, m: Merge) -> None:
    live = list(map(entry, await read(db, ENTRIES, (m.shop, m.survivor, m.gone))))
    for one in entries_left(live):
        await run(db, "UPDATE entries SET status = 'left' WHERE shop = ? AND id = ?", (m.shop, one.id))


async def _held_bookings(db: Db, m: Merge) -> list[Booking]:
    return list(map(booking, await read(db, HELD_BOOKINGS, (m.shop, m.survivor))))


OWNED = ("links", "orders", "holds", "intents", "payments", "bookings", "entries", "parked", "reminders")
"""Tables whose rows say whose they are, and stay as they are otherwise."""

RENAME = "UPDATE links SET customer = ? WHERE shop = ? AND kind = ? AND value = ? AND customer = ? RETURNING 1"
HELD_FOR = "UPDATE outbox SET phone = ? WHERE state = 'held' AND shop = ? AND customer = ? AND phone = ?"
KNOWN = "SELECT customer, leads_to FROM forwards WHERE shop = ? AND customer IN (?, ?)"
VERSIONS = "SELECT customer, version FROM snapshots WHERE shop = ? AND customer IN (?, ?)"
LED_TO = "SELECT customer FROM forwards WHERE shop = ? AND leads_to = ?"
FORWARD = "INSERT INTO forwards (shop, customer, leads_to, at) VALUES (?, ?, ?, ?)"
FORWARD_ON = "UPDATE forwards SET leads_to = ? WHERE shop = ? AND leads_to = ?"
REMEMBER = """INSERT INTO snapshots (shop, customer, version, data, heard) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (shop, customer) DO UPDATE SET version = excluded.version, data = excluded.data,
    heard = excluded.heard"""
CARDS = f"SELECT json_group_array({CARD_OF}) FROM customers WHERE shop = ? AND id IN (?, ?)"  # noqa: S608
ENTRIES = f"""SELECT json_group_array({ENTRY_OF}) FROM entries e
    WHERE shop = ? AND customer IN (?, ?) AND status IN ('waiting', 'offered')"""  # noqa: S608
MESSAGES = "UPDATE outbox SET customer = ? WHERE key >= ? AND key < ? AND customer = ?"
"""A message's key begins with the address whose turn said it, so no index by customer is needed."""
TIMERS = """UPDATE timers SET customer = ?, turn = ? WHERE shop = ? AND customer = ?
    AND kind NOT IN (SELECT kind FROM timers WHERE shop = ? AND customer = ?)"""
HOLDS = """SELECT json_group_array(json_array(shop, id, customer, sku, quantity, expires_at))
    FROM holds WHERE shop = ? AND customer = ?"""
HELD_BOOKINGS = f"""SELECT json_group_array({BOOKING_OF}) FROM bookings b
    WHERE b.shop = ? AND b.customer = ? AND b.status = 'held'"""  # noqa: S608
