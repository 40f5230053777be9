"""The outbox's writes as SQL, many callers' claims, outcomes and statuses in one statement each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from engine.address import Millis
from engine.messages import Outcome, OutcomeClass, SendState, Status, StatusRank
from storage.sql import Db, Row, read_all, write
from storage.steps import AFTER, UNSETTLED, Progress, progress

Claim = tuple[Sequence[str], Millis]
Settled = tuple[Sequence[tuple[str, Outcome]], Millis]
Statuses = tuple[Sequence[Status], Millis]


async def write_claims(db: Db, claims: Sequence[Claim]) -> list[set[str]]:
    """Queued rows to sending; of two callers who want one row the first gets it."""
    return await _move(db, claims, CLAIMABLE, CLAIM)


async def write_requeues(db: Db, requeues: Sequence[Claim]) -> list[set[str]]:
    """Unknown rows to queued, marked as perhaps doubled."""
    return await _move(db, requeues, REQUEUEABLE, REQUEUE)


async def _move(db: Db, wishes: Sequence[Claim], which: str, how: str) -> list[set[str]]:
    found = set(await read_all(db, which, [(key,) for keys, _ in wishes for key in keys]))
    moved: list[set[str]] = []
    rows: list[Row] = []
    for keys, at in wishes:
        mine = found.intersection(keys)
        found -= mine
        rows += [(key, at) for key in mine]
        moved.append(mine)
    await write(db, how, rows)
    return moved


async def write_settled(db: Db, settled: Sequence[Settled]) -> list[None]:
    """Outcomes of sends. Keys are distinct (the store splits callers that name one twice)."""
    rows = [_settled_row(key, outcome, at) for results, at in settled for key, outcome in results]
    await write(db, SETTLE, rows)
    named = [(row[0],) for row in rows if row[2]]
    early = await read_all(db, EARLY, named)
    if early:
        await _write_progress(db, _merged((key, _early(told)) for key, *told in early))
        await write(db, FORGET_EARLY, named)
    return [None] * len(settled)


def _settled_row(key: str, outcome: Outcome, at: Millis) -> Row:
    sent = outcome.kind is OutcomeClass.SENT
    code, reason = (0, "") if sent else (outcome.code, outcome.reason)
    return (key, AFTER[outcome.kind].value, outcome.provider_id if sent else "", code, reason, at)


async def write_statuses(db: Db, batches: Sequence[Statuses]) -> list[set[str]]:
    """Provider statuses, forward only. Returns, per caller, the unsettled keys that this made sent."""
    told = [
        (caller, status, at)
        for caller, (statuses, at) in enumerate(batches)
        for status in statuses
        if status.rank is not StatusRank.NONE
    ]
    rows = await _rows_of(db, [status for _, status, _ in told])
    known = [(rows[place], caller, status) for place, (caller, status, _) in enumerate(told) if place in rows]
    merged = _merged((row.key, progress(status)) for row, _, status in known)
    await _add_early(db, merged, {(s.shop, s.provider_id): row.key for row, _, s in known if not row.provider_id})
    await _write_progress(db, merged)
    early = [_early_row(status, at) for place, (_, status, at) in enumerate(told) if place not in rows]
    await write(db, PARK_EARLY, [row for row in early if row[1]])
    made: list[set[str]] = [set() for _ in batches]
    for row, caller, _ in known:
        if row.state in UNSETTLED and merged[row.key].state is SendState.SENT:
            made[caller].add(row.key)
    return made


class _Found(NamedTuple):
    key: str
    state: str
    provider_id: str


async def _rows_of(db: Db, statuses: Sequence[Status]) -> dict[int, _Found]:
    """For each status whose row is known, by its place: the row, by our key, else by provider id."""
    keyed = [(place, one.shop, one.key) for place, one in enumerate(statuses) if one.key]
    rows = {place: _Found(*found) for place, *found in await read_all(db, BY_KEY, keyed)}
    rest = [(n, one.shop, one.provider_id) for n, one in enumerate(statuses) if n not in rows and one.provider_id]
    named = {(one.shop, one.provider_id): rows[n] for n, one in enumerate(statuses) if n in rows}
    rows.update((place, named[shop, name]) for place, shop, name in rest if (shop, name) in named)
    rows.update((place, _Found(*found)) for place, *found in await read_all(db, BY_PROVIDER, rest))
    return rows


async def _add_early(db: Db, merged: dict[str, Progress], named: dict[tuple[str, str], str]) -> None:
    """A status by key may name a row's provider id for the first time: what waited for that id belongs to it too."""
    names = [name for name in named if name[1]]
    for shop, *told in await read_all(db, EARLY_NAMED, names):
        one = _early(told)
        key = named[shop, one.provider_id]
        merged[key] = one.merge(merged[key])
    await write(db, FORGET_NAMED, names)


def _early(told: Sequence[Any]) -> Progress:
    step, at, noted, code, reason, provider_id = told
    return Progress(step, at, bool(noted), code, reason, provider_id)


def _merged(told: Iterable[tuple[str, Progress]]) -> dict[str, Progress]:
    """One Progress per row: an UPDATE that joins two for one row would take either."""
    merged: dict[str, Progress] = {}
    for key, one in told:
        before = merged.get(key)
        merged[key] = before.merge(one) if before else one
    return merged


async def _write_progress(db: Db, merged: dict[str, Progress]) -> None:
    await write(
        db,
        FORWARD,
        [(key, one.step, one.at, int(one.noted), one.code, one.reason, one.provider_id) for key, one in merged.items()],
    )


def _early_row(status: Status, now: Millis) -> Row:
    one = progress(status)
    return (status.shop, one.provider_id, one.step, one.at, int(one.noted), one.code, one.reason, now)


CLAIMABLE = "SELECT json_group_array(key) FROM outbox WHERE state = 'queued' AND key IN ({values})"
CLAIM = """
WITH claim(key, at) AS ({values})
UPDATE outbox SET state = 'sending', attempts = attempts + 1, changed_at = claim.at
FROM claim WHERE outbox.key = claim.key AND outbox.state = 'queued'"""

REQUEUEABLE = "SELECT json_group_array(key) FROM outbox WHERE state = 'unknown' AND key IN ({values})"
REQUEUE = """
WITH wish(key, at) AS ({values})
UPDATE outbox SET state = 'queued', unknown_since = NULL, doubled = 1, changed_at = wish.at
FROM wish WHERE outbox.key = wish.key AND outbox.state = 'unknown'"""

SETTLE = """
WITH s(key, state, provider_id, code, reason, at) AS ({values})
UPDATE outbox SET
    provider_id = CASE WHEN s.provider_id <> '' AND (outbox.provider_id = '' OR outbox.state IN ('sending', 'unknown'))
                       THEN s.provider_id ELSE outbox.provider_id END,
    code = CASE WHEN outbox.state IN ('sending', 'unknown') THEN s.code ELSE outbox.code END,
    reason = CASE WHEN outbox.state IN ('sending', 'unknown') THEN s.reason ELSE outbox.reason END,
    unknown_since = CASE WHEN s.state = 'unknown' AND outbox.state IN ('sending', 'unknown')
                         THEN coalesce(outbox.unknown_since, s.at) END,
    changed_at = CASE WHEN outbox.state IN ('sending', 'unknown') THEN s.at ELSE outbox.changed_at END,
    state = CASE WHEN outbox.state IN ('sending', 'unknown') THEN s.state ELSE outbox.state END
FROM s WHERE outbox.key = s.key AND outbox.state <> 'queued'"""

EARLY = """SELECT json_group_array(json_array(o.key, e.step, e.at, e.noted, e.code, e.reason, e.provider_id))
FROM outbox o JOIN early_statuses e ON e.shop = o.shop AND e.provider_id = o.provider_id
WHERE o.key IN ({values})"""
FORGET_EARLY = """DELETE FROM early_statuses WHERE (shop, provider_id) IN (
    SELECT shop, provider_id FROM outbox WHERE key IN ({values}))"""

EARLY_NAMED = """SELECT json_group_array(json_array(shop, step, at, noted, code, reason, provider_id))
FROM early_statuses WHERE (shop, provider_id) IN (SELECT * FROM ({values}))"""
FORGET_NAMED = "DELETE FROM early_statuses WHERE (shop, provider_id) IN (SELECT * FROM ({values}))"

BY_KEY = """
WITH s(place, shop, key) AS ({values})
SELECT json_group_array(json_array(s.place, o.key, o.state, o.provider_id))
FROM s JOIN outbox o ON o.key = s.key AND o.shop = s.shop"""
BY_PROVIDER = """
WITH s(place, shop, provider_id) AS ({values})
SELECT json_group_array(json_array(s.place, o.key, o.state, o.provider_id))
FROM s JOIN outbox o ON o.shop = s.shop AND o.provider_id = s.provider_id AND o.provider_id <> ''"""

FORWARD = """
WITH s(key, step, at, noted, code, reason, provider_id) AS ({values})
UPDATE outbox SET
    provider_id = CASE outbox.provider_id WHEN '' THEN s.provider_id ELSE outbox.provider_id END,
    code = CASE WHEN s.noted THEN s.code WHEN outbox.state IN ('sent', 'failed') THEN outbox.code ELSE 0 END,
    reason = CASE WHEN s.noted THEN s.reason WHEN outbox.state IN ('sent', 'failed') THEN outbox.reason ELSE '' END,
    step_at = CASE WHEN (s.step, s.at) > (outbox.step, outbox.step_at) THEN s.at ELSE outbox.step_at END,
    step = max(s.step, outbox.step),
    state = CASE max(s.step, outbox.step) WHEN 2 THEN 'failed' ELSE 'sent' END,
    unknown_since = NULL
FROM s WHERE outbox.key = s.key AND ((s.step, s.at) > (outbox.step, outbox.step_at) OR s.noted)"""
"""Forward only: a status that is not news leaves its row alone, save a failure, which is noted. 2 is FAILED_STEP."""

PARK_EARLY = """INSERT INTO early_statuses AS e (shop, provider_id, step, at, noted, code, reason, parked_at) {values}
    ON CONFLICT (shop, provider_id) DO UPDATE SET
    at = CASE WHEN (excluded.step, excluded.at) > (e.step, e.at) THEN excluded.at ELSE e.at END,
    step = max(e.step, excluded.step),
    noted = max(e.noted, excluded.noted),
    code = CASE WHEN excluded.noted THEN excluded.code ELSE e.code END,
    reason = CASE WHEN excluded.noted THEN excluded.reason ELSE e.reason END"""
