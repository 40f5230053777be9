"""What providers tell, as writes of SQLite: many callers' news in a few statements, by the rules of the memory store
(storage/till.py). Hearsay is kept on its intent; news are recorded."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from engine.address import Millis
from engine.hearsay import completed, outweighs, overheard, settles
from engine.notices import OwnerNotice, unmatched
from engine.payments import (
    INTENT_MOVES,
    OPEN,
    Intent,
    IntentStatus,
    Payment,
    PaymentNews,
    claimed,
    folded,
    has_receipt,
    nobodys,
    recorded,
    same_money,
)
from storage import letters
from storage.charging import CHANGE, NAMED, Changes, changed
from storage.money_rows import INTENT_OF, PAYMENT, PAYMENT_OF, intent, payment, payment_row
from storage.notice_rows import write_notices
from storage.sql import Db, Row, read_all, write

News = tuple[str, PaymentNews, Millis]
"""Shop, what was told, and when."""
Receipt = tuple[str, str, str]
"""Shop, provider and the transaction's number (payments.has_receipt)."""
AT_ONCE = 0
"""``touched_at`` of what is to be asked about before all others."""


# -- news ------------------------------------------------------------------------------------------------------------
async def write_news(db: Db, told: Sequence[News]) -> list[bool]:
    """See Till.record: for each whether it was news."""
    asked = [_asked(place, shop, news) for place, (shop, news, _) in enumerate(told)]
    meant = {place: intent(row) for place, row in await read_all(db, WHOSE, asked) if row is not None}
    heard = {place: one.told for place, one in meant.items()}
    told = [(shop, completed(news, heard.get(place)), at) for place, (shop, news, at) in enumerate(told)]
    known = {(shop, name, bool(ok)) for shop, name, ok in await read_all(db, TOLD, [_name(*one) for one in told])}
    receipts = await _receipts(db, told)
    changes = Changes({one.id: one for one in meant.values()})
    before = [*await _payments_of(db, changes), *await _nobodys(db, [told[place] for place in meant], known)]
    batch = _Batch(changes, known, receipts, {(one.shop, one.id): one for one in before})
    fresh = [batch.told(meant.get(place), *one) for place, one in enumerate(told)]
    await batch.write(db)
    return fresh


class _Batch:
    """News that are written together: what is known, and what they add."""

    def __init__(
        self,
        changes: Changes,
        known: set[tuple[str, str, bool]],
        receipts: set[Receipt],
        payments: dict[tuple[str, str], Payment],
    ) -> None:
        self._changes = changes
        self._known = known
        self._receipts = receipts
        self._payments = payments
        self._new: set[tuple[str, str]] = set()
        self._numbered: set[tuple[str, str]] = set()
        self._claimed: set[tuple[str, str]] = set()
        self._failures: list[Row] = []
        self._notices: list[OwnerNotice] = []

    def told(self, meant: Intent | None, shop: str, news: PaymentNews, at: Millis) -> bool:
        """Whether it is news."""
        now = self._changes.intents[meant.id] if meant is not None else None
        if now is not None and settles(news, now.told):
            now = self._changes.intents[now.id] = replace(now, told=None)
        waits = self._nobodys(shop, news)
        if waits is None and _name(shop, news, at) in self._known:
            return False
        if self._is_the_money_of_before(now, shop, news, waits):
            return False
        if waits is not None:
            return now is not None and self._claim(waits, now, at)
        self._known.add(_name(shop, news, at))
        if has_receipt(news):
            self._receipts.add(_receipt(shop, news))
        if news.ok:
            self._paid(shop, news, now, at)
        else:
            self._unpaid(shop, news, now, at)
        return True

    def _nobodys(self, shop: str, news: PaymentNews) -> Payment | None:
        """The money that these news tell of where it lies on the desk, for nobody knew whose it is."""
        payment = self._payments.get((shop, f"{news.provider}:{news.id}")) if news.ok else None
        return payment if payment is not None and nobodys(payment) else None

    def _claim(self, waits: Payment, now: Intent, at: Millis) -> bool:
        """Money of nobody's is this intent's."""
        self._claimed.add((waits.shop, waits.id))
        self._comes_in(claimed(waits, now), now, at)
        return True

    def _is_the_money_of_before(self, now: Intent | None, shop: str, news: PaymentNews, lies: Payment | None) -> bool:
        """A number that was not known when the money was recorded is written into it, unless that ``lies`` on the desk
        already."""
        if has_receipt(news) and lies is None and _receipt(shop, news) in self._receipts:
            return True
        if now is None or not news.ok:
            return False
        its = [one for one in self._payments.values() if (one.intent, one.order) == (now.id, now.order)]
        same = next((one for one in its if same_money(one, news)), None)
        if same is not None and has_receipt(news) and lies is None:
            self._receipts.add(_receipt(shop, news))
            payer = same.payer or news.payer
            self._payments[shop, same.id] = replace(same, transaction=news.transaction, payer=payer)
            self._numbered.add((shop, same.id))
        return same is not None

    def _paid(self, shop: str, news: PaymentNews, now: Intent | None, at: Millis) -> None:
        made = recorded(shop, news, now, at)
        self._new.add((shop, made.id))
        self._comes_in(made, now, at)
        if now is None and not news.by:
            self._notices.append(unmatched(made))

    def _comes_in(self, made: Payment, now: Intent | None, at: Millis) -> None:
        self._payments[made.shop, made.id] = made
        if now is not None:
            if now.status is not IntentStatus.PAID:
                self._changes.become(now, IntentStatus.PAID, at)
            self._changes.letters.append(letters.paid(made, at))

    def _unpaid(self, shop: str, news: PaymentNews, now: Intent | None, at: Millis) -> None:
        self._failures.append((shop, f"{news.provider}:{news.id}", at))
        if now is not None and IntentStatus.FAILED in INTENT_MOVES[now.status]:
            failed = self._changes.become(now, IntentStatus.FAILED, at, news.failure.value)
            self._changes.letters.append(letters.unpaid(failed, news, at))

    async def write(self, db: Db) -> None:
        """All that was new."""
        await write(db, PAYMENT, [payment_row(one) for name, one in self._payments.items() if name in self._new])
        named = [self._payments[name] for name in self._numbered - self._new]
        await write(db, NUMBER, [(one.shop, one.id, one.transaction, one.payer) for one in named])
        mine = [self._payments[name] for name in self._claimed - self._new]
        await write(db, CLAIMED, [(one.shop, one.id, one.intent, one.order, one.customer) for one in mine])
        await write(db, FAILURE, self._failures)
        await write_notices(db, self._notices)
        await self._changes.write(db)


def _name(shop: str, news: PaymentNews, _: Millis) -> tuple[str, str, bool]:
    """Success and failure under one id are two things to tell."""
    return (shop, f"{news.provider}:{news.id}", news.ok)


def _asked(place: int, shop: str, news: PaymentNews) -> Row:
    return (place, shop, news.intent, news.provider, news.provider_ref, news.reference, folded(news.reference))


def _receipt(shop: str, news: PaymentNews) -> Receipt:
    return (shop, news.provider, news.transaction)


async def _receipts(db: Db, told: Sequence[News], which: str = "") -> set[Receipt]:
    """The receipts of these news that payments have already."""
    rows = [_receipt(shop, news) for shop, news, _ in told if has_receipt(news)]
    return {(shop, provider, number) for shop, provider, number in await read_all(db, RECEIVED + which, rows)}


async def _nobodys(db: Db, told: Sequence[News], known: set[tuple[str, str, bool]]) -> list[Payment]:
    """What lies on the desk for nobody, though these news of it say whose it is: nearly always there is nothing."""
    again = [
        (shop, f"{news.provider}:{news.id}") for shop, news, _ in told if news.ok and _name(shop, news, 0) in known
    ]
    return [payment(row) for row in await read_all(db, NOBODYS, again)] if again else []


async def _payments_of(db: Db, changes: Changes) -> list[Payment]:
    """What came in for the intents that are paid already: nearly always there are none."""
    paid = [(one.shop, one.order, one.id) for one in changes.intents.values() if one.status is IntentStatus.PAID]
    return [payment(row) for row in await read_all(db, PAID_BEFORE, paid)] if paid else []


# -- hearsay ---------------------------------------------------------------------------------------------------------
async def write_hearsay(db: Db, told: Sequence[News]) -> list[bool | None]:
    """See Till.overheard."""
    found = map(intent, await read_all(db, NAMED, [(news.intent,) for _, news, _ in told]))
    intents = {(one.shop, one.id): one for one in found}
    receipts = await _receipts(db, told, SOMEBODYS)
    kept: list[bool | None] = []
    moved: dict[tuple[str, str], Intent] = {}
    for shop, news, at in told:
        name = (shop, news.intent)
        now = moved.get(name) or intents.get(name)
        if now is None:
            kept.append(None)
            continue
        known = _receipt(shop, news) in receipts if news.ok else now.status not in OPEN
        kept.append(not known and outweighs(news, now.told))
        if kept[-1]:
            moved[name] = overheard(now, news, at)
    await write(db, CHANGE, [changed(one, AT_ONCE) for one in moved.values()])
    return kept


async def meant(db: Db, shop: str, news: PaymentNews) -> Intent | None:
    """See Till.meant."""
    return next((intent(row) for _, row in await read_all(db, WHOSE, [_asked(0, shop, news)]) if row is not None), None)


TOLD = """
WITH told(shop, id, ok) AS ({values})
SELECT json_group_array(json_array(t.shop, t.id, t.ok)) FROM told t
WHERE CASE WHEN t.ok THEN EXISTS (SELECT 1 FROM payments p WHERE p.shop = t.shop AND p.id = t.id)
                     ELSE EXISTS (SELECT 1 FROM failures f WHERE f.shop = t.shop AND f.id = t.id) END"""
WHOSE = f"""
WITH a(place, shop, intent, provider, provider_ref, reference, typed) AS ({{values}}),
found AS (SELECT a.place, coalesce(
    (SELECT seq FROM intents WHERE id = a.intent AND shop = a.shop),
    (SELECT max(seq) FROM intents WHERE shop = a.shop AND provider = a.provider AND provider_ref = a.provider_ref
        AND provider_ref <> ''),
    CASE WHEN a.reference <> '' THEN nullif(max(
        coalesce((SELECT max(seq) FROM intents WHERE shop = a.shop AND reference = a.reference AND reference <> ''), 0),
        coalesce((SELECT max(seq) FROM intents WHERE shop = a.shop AND pays = a.reference), 0)), 0) END,
    CASE WHEN a.typed <> '' THEN nullif(max(
        coalesce((SELECT max(seq) FROM intents WHERE shop = a.shop
            AND replace(replace(upper(reference), ' ', ''), '-', '') = a.typed AND reference <> ''), 0),
        coalesce((SELECT max(seq) FROM intents WHERE shop = a.shop
            AND replace(replace(upper(pays), ' ', ''), '-', '') = a.typed), 0)), 0) END) AS seq
    FROM a)
SELECT json_group_array(json_array(f.place, {INTENT_OF})) FROM found f JOIN intents i ON i.seq = f.seq"""  # noqa: S608
"""Whose payment it is: by our own id, else by the provider's, else by its reference as it is, else as a person may have
typed it (payments.folded); of several the latest."""
PAID_BEFORE = f"""
WITH a(shop, pays, intent) AS ({{values}})
SELECT json_group_array({PAYMENT_OF}) FROM a
    JOIN payments p ON p.shop = a.shop AND p.pays = a.pays AND p.pays <> '' AND p.intent = a.intent"""  # noqa: S608
RECEIVED = """
WITH a(shop, provider, transact) AS ({values})
SELECT json_group_array(json_array(p.shop, p.provider, p.transact)) FROM a
    JOIN payments p ON p.shop = a.shop AND p.provider = a.provider AND p.transact = a.transact
    WHERE p.provider = 'mpesa' AND p.transact <> ''"""
"""The condition is that of the index (payments.RECEIPTS)."""
SOMEBODYS = " AND NOT (p.state = 'desk' AND p.why = 'unknown' AND p.intent = '' AND p.pays = '')"
"""Behind RECEIVED: payments.nobodys is no reason not to ask whose it is."""
NOBODYS = f"""
WITH a(shop, id) AS ({{values}})
SELECT json_group_array({PAYMENT_OF}) FROM a JOIN payments p ON p.shop = a.shop AND p.id = a.id
    AND p.state = 'desk' AND p.intent = ''"""  # noqa: S608
CLAIMED = """
WITH c(shop, id, intent, pays, customer) AS ({values})
UPDATE payments SET state = 'recorded', intent = c.intent, pays = c.pays, customer = c.customer, why = ''
FROM c WHERE payments.shop = c.shop AND payments.id = c.id"""
NUMBER = """
WITH n(shop, id, transact, payer) AS ({values})
UPDATE payments SET transact = n.transact, payer = CASE payments.payer WHEN '' THEN n.payer ELSE payments.payer END
FROM n WHERE payments.shop = n.shop AND payments.id = n.id"""
FAILURE = "INSERT INTO failures (shop, id, at) {values}"
