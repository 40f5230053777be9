"""Messages that wait until their customer writes: held, let go, refused late. Rare, so each is an errand of its own."""

from __future__ import annotations

from collections.abc import Sequence

from engine.address import Address, Millis
from engine.messages import HELD_AT_MOST, TOO_OLD, Refused, Reviewed, Status
from engine.window import FREE
from storage.errands import Errand
from storage.sql import Db, run
from storage.sqlite_templates import free_templates


def refused(statuses: Sequence[Status], at: Millis) -> Errand:
    """See Store.refused."""

    async def errand(db: Db) -> Refused:
        done = Refused()
        for status in statuses:
            await _refuse(db, status, at, done)
        return done

    return errand


async def _refuse(db: Db, status: Status, at: Millis, done: Refused) -> None:
    found = await run(db, WHOSE, (status.shop, status.provider_id, status.shop, status.key))
    if not found:
        done.strangers.append(status)
        return
    key, shop, customer, state, provider_id, step, fallback, is_template = found[0]
    if state not in ("sent", "unknown", "failed") or provider_id not in ("", status.provider_id) or step > FAILED:
        return
    if is_template and not status.template:
        done.strangers.append(status)
    elif fallback is None or status.template:
        await run(db, HOLD, (status.code, status.reason, at, key))
        done.held.add(Address(shop, customer))
    else:
        await run(db, STAND_IN, (status.code, status.reason, at, key))
        done.queued += 1


def let_go(addresses: Sequence[Address], at: Millis) -> Errand:
    """See Store.let_go."""

    async def errand(db: Db) -> int:
        return sum([len(await run(db, LET_GO, (at, *address))) for address in addresses])

    return errand


def review_held(now: Millis) -> Errand:
    """See Store.review_held."""

    async def errand(db: Db) -> Reviewed:
        await run(db, GIVE_UP, (TOO_OLD, now, now - HELD_AT_MOST))
        queued = len(await run(db, FREED, (now, now - FREE))) + await free_templates(db, now)
        return Reviewed({Address(*row) for row in await run(db, HOLDING, ())}, queued)

    return errand


async def heard_at(db: Db, address: Address) -> Millis:
    """See Store.heard_at."""
    found = await run(db, "SELECT heard FROM snapshots WHERE shop = ? AND customer = ?", address)
    return int(found[0][0]) if found else 0


FAILED = 2
"""The step of a failure (storage/steps.py): what is beyond it has arrived."""
WHOSE = """SELECT key, shop, customer, state, provider_id, step, fallback,
    json_extract(message, '$.type') = 'Template' FROM outbox
    WHERE seq = coalesce((SELECT seq FROM outbox WHERE shop = ? AND provider_id = ? AND provider_id <> ''),
                         (SELECT seq FROM outbox WHERE shop = ? AND key = ?))"""
HOLD = """UPDATE outbox SET state = 'held', provider_id = '', step = 0, step_at = 0, unknown_since = NULL,
    code = ?, reason = ?, changed_at = ? WHERE key = ?"""
STAND_IN = """UPDATE outbox SET state = 'queued', message = fallback, fallback = NULL, provider_id = '', step = 0,
    step_at = 0, unknown_since = NULL, code = ?, reason = ?, changed_at = ? WHERE key = ?"""
LET_GO = """UPDATE outbox SET state = 'queued', changed_at = ?
    WHERE shop = ? AND customer = ? AND state = 'held' RETURNING 1"""
GIVE_UP = "UPDATE outbox SET state = 'failed', reason = ?, changed_at = ? WHERE state = 'held' AND created_at < ?"
FREED = """UPDATE outbox SET state = 'queued', changed_at = ? WHERE state = 'held'
    AND json_extract(message, '$.type') <> 'Template' AND EXISTS (
    SELECT 1 FROM snapshots s WHERE s.shop = outbox.shop AND s.customer = outbox.customer AND s.heard > ?)
    RETURNING 1"""
HOLDING = "SELECT DISTINCT shop, customer FROM outbox WHERE state = 'held'"
