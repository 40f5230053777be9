"""What providers tell and answer, as writes of SQLite: many callers' news and answers in a few statements.

Each function works on a whole batch: it reads the intents that are meant, follows the rules in Python as the memory
store does (storage/till.py), and writes what came of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from engine.address import Millis
from engine.books import Charged
from engine.commit import Posted
from engine.payments import INTENT_MOVES, Intent, IntentStatus, Payment, PaymentNews, recorded, same_money
from storage import letters
from storage.money_rows import INTENT_OF, PAYMENT, PAYMENT_OF, intent, payment, payment_row
from storage.post import write_posted
from storage.sql import Db, Row, read_all, write

News = tuple[str, PaymentNews, Millis]
"""Shop, what was told, and when."""
Answers = tuple[Sequence[Charged], Millis]
Names = tuple[Sequence[str], Millis]


@dataclass(slots=True)
class _Till:
    """The intents that a batch means, as they change in it, and the letters that follow."""

    intents: dict[str, Intent]
    touched: dict[str, Millis] = field(default_factory=dict)
    letters: list[Posted] = field(default_factory=list)

    def become(self, one: Intent, status: IntentStatus, at: Millis, reason: str = "") -> Intent:
        """Move an intent, and remember to write it."""
        one = replace(one, status=status, reason=reason or one.reason)
        self.touched[one.id] = at
        self.intents[one.id] = one
        return one

    async def write(self, db: Db) -> None:
        """All that has changed."""
        await write(db, CHANGE, [_changed(one, self.touched.get(one.id)) for one in self.intents.values()])
        await write_posted(db, self.letters)


def _changed(one: Intent, touched: Millis | None) -> Row:
    return (one.id, one.status.value, one.provider, one.provider_ref, one.link, one.reason, touched)


# -- what providers tell ---------------------------------------------------------------------------------------------


async def write_news(db: Db, told: Sequence[News]) -> list[bool]:
    """See Till.record: for each whether it was news."""
    known = {(shop, name, bool(ok)) for shop, name, ok in await read_all(db, TOLD, [_name(*one) for one in told])}
    whose = dict(await read_all(db, WHOSE, [_asked(place, *one) for place, one in enumerate(told)]))
    meant = {place: intent(row) for place, row in whose.items() if row is not None}
    till = _Till({one.id: one for one in meant.values()})
    paid_before = await _payments_of(db, till)
    fresh: list[bool] = []
    payments: list[Payment] = []
    failures: list[Row] = []
    for place, (shop, news, at) in enumerate(told):
        key = _name(shop, news, at)
        now = till.intents[meant[place].id] if place in meant else None
        again = news.ok and now is not None and _has_paid(now, news, [*paid_before, *payments])
        fresh.append(key not in known and not again)
        if not fresh[-1]:
            continue
        known.add(key)
        if news.ok:
            payments.append(_paid(till, shop, news, now, at))
        else:
            failures.append((shop, key[1], at))
            _unpaid(till, news, now, at)
    await write(db, PAYMENT, [payment_row(one) for one in payments])
    await write(db, FAILURE, failures)
    await till.write(db)
    return fresh


def _name(shop: str, news: PaymentNews, _: Millis) -> tuple[str, str, bool]:
    """Success and failure under one id are two things to tell."""
    return (shop, f"{news.provider}:{news.id}", news.ok)


def _asked(place: int, shop: str, news: PaymentNews, _: Millis) -> Row:
    return (place, shop, news.intent, news.provider, news.provider_ref, news.reference)


async def _payments_of(db: Db, till: _Till) -> list[Payment]:
    """What came in for the intents that are paid already: nearly always there are none."""
    paid = [(one.shop, one.order, one.id) for one in till.intents.values() if one.status is IntentStatus.PAID]
    return [payment(row) for row in await read_all(db, PAID_BEFORE, paid)] if paid else []


def _has_paid(now: Intent, news: PaymentNews, payments: Iterable[Payment]) -> bool:
    its = [one for one in payments if (one.intent, one.order) == (now.id, now.order)]
    return any(same_money(one, news) for one in its)


def _paid(till: _Till, shop: str, news: PaymentNews, now: Intent | None, at: Millis) -> Payment:
    made = recorded(shop, news, now, at)
    if now is not None:
        if now.status is not IntentStatus.PAID:
            till.become(now, IntentStatus.PAID, at)
        till.letters.append(letters.paid(made, at))
    return made


def _unpaid(till: _Till, news: PaymentNews, now: Intent | None, at: Millis) -> None:
    if now is not None and IntentStatus.FAILED in INTENT_MOVES[now.status]:
        failed = till.become(now, IntentStatus.FAILED, at, news.failure.value)
        till.letters.append(letters.unpaid(failed, news, at))


# -- asking providers ------------------------------------------------------------------------------------------------


async def write_claims(db: Db, claims: Sequence[Names]) -> list[set[str]]:
    """Created intents to asking; of two callers who want one the first gets it."""
    found = set(await read_all(db, CLAIMABLE, [(name,) for names, _ in claims for name in names]))
    moved: list[set[str]] = []
    for names, _ in claims:
        moved.append(found.intersection(names))
        found -= moved[-1]
    rows = [(name, at) for mine, (_, at) in zip(moved, claims, strict=True) for name in mine]
    await write(db, CLAIM, rows)
    return moved


async def write_answers(db: Db, answers: Sequence[Answers]) -> list[None]:
    """See Till.settle_charges."""
    named = [(answer.intent,) for results, _ in answers for answer in results]
    till = _Till({one.id: one for one in map(intent, await read_all(db, NAMED, named))})
    for results, at in answers:
        for answer in results:
            _answered(till, answer, at)
    await till.write(db)
    return [None] * len(answers)


def _answered(till: _Till, answer: Charged, at: Millis) -> None:
    now = till.intents.get(answer.intent)
    if now is None:
        return
    now = till.intents[now.id] = replace(
        now,
        provider=answer.provider or now.provider,
        provider_ref=answer.provider_ref or now.provider_ref,
        link=answer.link or now.link,
    )
    if now.status is not IntentStatus.ASKING:
        return
    if answer.asked:
        now = till.become(now, IntentStatus.PENDING, at)
        if answer.provider_ref or answer.link:
            till.letters.append(letters.charged(now, answer, at))
    elif answer.again:
        till.become(now, IntentStatus.CREATED, at)
    else:
        failed = till.become(now, IntentStatus.FAILED, at, answer.failure)
        till.letters.append(letters.uncharged(failed, answer, at))


async def write_questions(db: Db, asked: Sequence[Names]) -> list[None]:
    """See Till.asked_about; where several ask about one in a batch, the last moment counts."""
    last: dict[str, Millis] = {name: at for names, at in asked for name in names}
    await write(db, ASKED, _pairs(last.items()))
    return [None] * len(asked)


def _pairs(pairs: Iterable[tuple[str, Millis]]) -> list[Row]:
    return [(name, at) for name, at in pairs]


TOLD = """
WITH told(shop, id, ok) AS ({values})
SELECT json_group_array(json_array(t.shop, t.id, t.ok)) FROM told t
WHERE CASE WHEN t.ok THEN EXISTS (SELECT 1 FROM payments p WHERE p.shop = t.shop AND p.id = t.id)
                     ELSE EXISTS (SELECT 1 FROM failures f WHERE f.shop = t.shop AND f.id = t.id) END"""
WHOSE = f"""
WITH a(place, shop, intent, provider, provider_ref, reference) AS ({{values}}),
found AS (SELECT a.place, coalesce(
    (SELECT seq FROM intents WHERE id = a.intent AND shop = a.shop),
    (SELECT max(seq) FROM intents WHERE shop = a.shop AND provider = a.provider AND provider_ref = a.provider_ref
        AND provider_ref <> ''),
    CASE WHEN a.reference <> '' THEN nullif(max(
        coalesce((SELECT max(seq) FROM intents WHERE shop = a.shop AND reference = a.reference AND reference <> ''), 0),
        coalesce((SELECT max(seq) FROM intents WHERE shop = a.shop AND pays = a.reference), 0)), 0) END) AS seq
    FROM a)
SELECT json_group_array(json_array(f.place, {INTENT_OF})) FROM found f JOIN intents i ON i.seq = f.seq"""  # noqa: S608
"""Whose payment it is: by our own id, else by the provider's, else by what a person typed; of several the latest."""
PAID_BEFORE = f"""
WITH a(shop, pays, intent) AS ({{values}})
SELECT json_group_array({PAYMENT_OF}) FROM a
    JOIN payments p ON p.shop = a.shop AND p.pays = a.pays AND p.pays <> '' AND p.intent = a.intent"""  # noqa: S608
FAILURE = "INSERT INTO failures (shop, id, at) {values}"
NAMED = f"SELECT json_group_array({INTENT_OF}) FROM intents i WHERE i.id IN ({{values}})"  # noqa: S608
CHANGE = """
WITH c(id, status, provider, provider_ref, link, reason, touched) AS ({values})
UPDATE intents SET status = c.status, provider = c.provider, provider_ref = c.provider_ref, link = c.link,
    reason = c.reason, touched_at = coalesce(c.touched, intents.touched_at)
FROM c WHERE intents.id = c.id"""
CLAIMABLE = "SELECT json_group_array(id) FROM intents WHERE status = 'created' AND id IN ({values})"
CLAIM = """
WITH claim(id, at) AS ({values})
UPDATE intents SET status = 'asking', touched_at = claim.at
FROM claim WHERE intents.id = claim.id AND intents.status = 'created'"""
ASKED = """
WITH asked(id, at) AS ({values})
UPDATE intents SET touched_at = asked.at FROM asked WHERE intents.id = asked.id"""
