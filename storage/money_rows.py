"""Intents and payments as rows of SQLite: what turns write of them, and how they are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from engine.address import Millis
from engine.commit import Commit
from engine.payments import ASK_NOBODY, Intent, IntentStatus, Payment, PaymentState, Told, Way
from storage.order_rows import listed
from storage.sql import Db, Row, write, write_rounds

# -- writing ---------------------------------------------------------------------------------------------------------


async def write_money(db: Db, commits: Sequence[Commit]) -> None:
    """All that commits say of intents and payments."""
    await write(db, INTENT, [_intent_row(intent, c.at) for c in commits for intent in c.intents])
    await write_rounds(db, INTENT_MOVE, [move for c in commits for move in _move_rows(c)])
    await write_rounds(db, SETTLEMENT, [one for c in commits for one in _settlement_rows(c)])


def _intent_row(i: Intent, at: Millis) -> Row:
    status = IntentStatus.PENDING if i.way in ASK_NOBODY else i.status
    what = (i.id, i.shop, i.customer, i.order, i.way.value, i.amount, i.currency, i.created_at, i.expires_at)
    return (*what, i.phone, i.reference, status.value, i.provider, i.provider_ref, i.link, i.reason, at)


def _move_rows(commit: Commit) -> list[tuple[str, Row]]:
    return [(m.id, (m.id, listed(m.frm), m.to.value, m.reason, commit.at)) for m in commit.intent_moves]


def _settlement_rows(commit: Commit) -> list[tuple[Row, Row]]:
    shop, customer = commit.address
    return [
        ((shop, s.id), (shop, s.id, listed(s.frm), s.to.value, s.order, s.why, s.by, customer, s.refund, commit.at))
        for s in commit.settlements
    ]


def payment_row(p: Payment) -> Row:
    """A payment as PAYMENT takes it."""
    what = (p.shop, p.id, p.provider, p.amount, p.currency, p.at, p.intent, p.order, p.customer)
    return (*what, p.transaction, p.payer, p.reference, p.state.value, p.why, p.by)


INTENT = """INSERT INTO intents (id, shop, customer, pays, way, amount, currency, created_at, expires_at,
    phone, reference, status, provider, provider_ref, link, reason, touched_at) {values}"""
INTENT_MOVE = """
WITH move(id, expected, dest, reason, at) AS ({values})
UPDATE intents SET status = move.dest, touched_at = move.at,
    reason = CASE move.reason WHEN '' THEN intents.reason ELSE move.reason END
FROM move WHERE intents.id = move.id AND instr(move.expected, ',' || intents.status || ',')
    AND EXISTS (SELECT 1 FROM allowed_moves a WHERE a.what = 'intent' AND a.flow = '' AND a.frm = intents.status
                AND a.dest = move.dest)"""
"""What stands elsewhere than a move expects stays as it is: see engine.payments.IntentMove."""
SETTLEMENT = """
WITH s(shop, id, expected, dest, pays, why, who, customer, refund, at) AS ({values})
UPDATE payments SET
    state = CASE WHEN instr(s.expected, ',' || payments.state || ',') THEN s.dest ELSE '' END,
    customer = CASE WHEN s.pays <> '' AND payments.customer = '' THEN s.customer ELSE payments.customer END,
    pays = CASE s.pays WHEN '' THEN payments.pays ELSE s.pays END,
    why = CASE s.why WHEN '' THEN payments.why ELSE s.why END,
    who = CASE s.who WHEN '' THEN payments.who ELSE s.who END,
    refunded = CASE WHEN s.dest = 'refunding' OR s.refund = 0 THEN payments.refunded
               ELSE min(payments.amount, payments.refunded + s.refund) END,
    refunding = CASE s.dest WHEN 'refunding' THEN s.refund ELSE payments.refunding END,
    refunds = payments.refunds + (s.dest = 'refunding'),
    back_to = CASE s.dest WHEN 'refunding' THEN payments.state ELSE payments.back_to END,
    refund_problem = CASE s.dest WHEN 'refunding' THEN '' ELSE payments.refund_problem END,
    refund_due = CASE s.dest WHEN 'refunding' THEN s.at ELSE payments.refund_due END
FROM s WHERE payments.shop = s.shop AND payments.id = s.id"""
PAYMENT = """INSERT INTO payments (shop, id, provider, amount, currency, at, intent, pays, customer,
    transact, payer, reference, state, why, who) {values}"""

# -- reading ---------------------------------------------------------------------------------------------------------

INTENT_OF = """json_array(i.id, i.shop, i.customer, i.pays, i.way, i.amount, i.currency, i.created_at, i.expires_at,
    i.phone, i.reference, i.status, i.provider, i.provider_ref, i.link, i.reason, i.told)"""


def intent(row: list[Any]) -> Intent:
    """What INTENT_OF reads."""
    name, shop, customer, order, way, amount, currency, created_at, expires_at, phone, reference, *stands = row
    status, provider, provider_ref, link, reason, told = stands
    return Intent(
        *(name, shop, customer, order, Way(way), amount, currency, created_at, expires_at, phone, reference),
        *(IntentStatus(status), provider, provider_ref, link, reason),
        msgspec.json.decode(told, type=Told) if told else None,
    )


def told_text(one: Intent) -> str:
    """What was overheard, as its column has it."""
    return "" if one.told is None else msgspec.json.encode(one.told).decode()


PAYMENT_OF = """json_array(p.id, p.shop, p.provider, p.amount, p.currency, p.at, p.intent, p.pays, p.customer,
    p.transact, p.payer, p.reference, p.state, p.why, p.who,
    p.refunded, p.refunding, p.refunds, p.back_to, p.refund_ref, p.refund_problem)"""


def payment(row: list[Any]) -> Payment:
    """What PAYMENT_OF reads."""
    name, shop, provider, amount, currency, at, what, order, customer, transaction, payer, reference, *stands = row
    state, *rest = stands
    whose = (what, order, customer, transaction, payer, reference)
    return Payment(name, shop, provider, amount, currency, at, *whose, PaymentState(state), *rest)
