"""What providers are asked for and answer, as writes of SQLite: many callers' answers in a few statements.

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
from engine.payments import NEVER, Intent, IntentStatus
from storage import letters
from storage.money_rows import INTENT_OF, intent, told_text
from storage.post import write_posted
from storage.sql import Db, Row, read_all, write

Answers = tuple[Sequence[Charged], Millis]
Names = tuple[Sequence[str], Millis]


@dataclass(slots=True)
class Changes:
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
        await write(db, CHANGE, [changed(one, self.touched.get(one.id)) for one in self.intents.values()])
        await write_posted(db, self.letters)


def changed(one: Intent, touched: Millis | None) -> Row:
    """An intent as CHANGE takes it; ``touched`` None: when it moved last stays as it is."""
    told = (one.provider, one.provider_ref, one.link, one.reason, told_text(one))
    return (one.id, one.status.value, *told, touched)


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
    till = Changes({one.id: one for one in map(intent, await read_all(db, NAMED, named))})
    for results, at in answers:
        for answer in results:
            _answered(till, answer, at)
    await till.write(db)
    return [None] * len(answers)


def _answered(till: Changes, answer: Charged, at: Millis) -> None:
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
        now = till.become(now, IntentStatus.PENDING, 0 if now.told else at)
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


async def write_enough(db: Db, asked: Sequence[Sequence[str]]) -> list[None]:
    """See Till.asked_enough."""
    await write(db, ENOUGH, [(name, NEVER) for name in {name for names in asked for name in names}])
    return [None] * len(asked)


def _pairs(pairs: Iterable[tuple[str, Millis]]) -> list[Row]:
    return [(name, at) for name, at in pairs]


NAMED = f"SELECT json_group_array({INTENT_OF}) FROM intents i WHERE i.id IN ({{values}})"  # noqa: S608
CHANGE = """
WITH c(id, status, provider, provider_ref, link, reason, told, touched) AS ({values})
UPDATE intents SET status = c.status, provider = c.provider, provider_ref = c.provider_ref, link = c.link,
    reason = c.reason, told = c.told, touched_at = coalesce(c.touched, intents.touched_at)
FROM c WHERE intents.id = c.id"""
CLAIMABLE = "SELECT json_group_array(id) FROM intents WHERE status = 'created' AND id IN ({values})"
CLAIM = """
WITH claim(id, at) AS ({values})
UPDATE intents SET status = 'asking', touched_at = claim.at
FROM claim WHERE intents.id = claim.id AND intents.status = 'created'"""
ENOUGH = """
WITH asked(id, at) AS ({values})
UPDATE intents SET touched_at = asked.at FROM asked WHERE intents.id = asked.id AND intents.told = ''"""
ASKED = """
WITH asked(id, at) AS ({values})
UPDATE intents SET touched_at = asked.at FROM asked WHERE intents.id = asked.id"""
