"""A campaign from start to end: frozen, fed at its pace, quiet at night, and stopped when something is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from engine.address import DAY, HOUR, MINUTE, Address, Link
from engine.campaigning import AHEAD, FAILURES_FROM, OPT_OUTS_FROM, THROTTLED
from engine.campaigns import Campaign, CampaignStatus, Part, Plan, Recipient, RecipientState, Variant
from engine.commit import Commit
from engine.errors import BadInput
from engine.messages import Outcome, OutcomeClass, Outgoing, Purpose, Template, Text
from engine.orders import Customer
from engine.outbox import OutboxSettings
from engine.running import Running
from engine.template_states import TemplateState
from tests.engine.scripted import BAKERY, SHOP, START, Core, TrioClock, TroubledStore, core, customer_of, inbound, store
from tests.engine.sending import ScriptedChannel, moment, no_http

__all__ = ["core", "store"]

Clock = trio.testing.MockClock
S, R = CampaignStatus, RecipientState
NEWS = Template("news", "en", ("Eid",))
PLAN = Plan("Eid", (Variant("A", 1, template="news"),), cap=0)
SENT, NEVER = Outcome(OutcomeClass.SENT), Outcome(OutcomeClass.NEVER, reason="No such number.")


class Phones(ScriptedChannel):
    """Accepts what ``answer`` does not refuse, and notes when each customer got something, and what for."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[tuple[int, str, Purpose]] = []
        self.answer: Callable[[Outgoing], Outcome] = lambda row: SENT

    async def send(self, http: object, row: Outgoing) -> Outcome:
        outcome = self.answer(row)
        if outcome.kind is OutcomeClass.SENT:
            self.got.append((moment(), row.address.customer, row.purpose))
        await trio.sleep(0.01)
        return outcome

    @property
    def names(self) -> list[str]:
        return [name for _, name, _ in self.got]


class People:
    """An audience of so many, told in parts."""

    def __init__(self, count: int, message: Template | Text = NEWS) -> None:
        self.them = [Recipient(f"c{n:05}", f"2547{n:08}", "", "A", message) for n in range(count)]
        self.asked: list[str] = []
        self.trouble: list[Exception] = []

    async def part(self, campaign: Campaign, after: str, limit: int) -> Part:
        self.asked.append(after)
        if self.trouble:
            raise self.trouble.pop()
        some = [one for one in self.them if one.customer > after][: min(limit, 100)]
        more = bool(some) and some[-1] is not self.them[-1]
        return Part(tuple(some), {"capped": 1}, some[-1].customer if more else "")


@asynccontextmanager
async def feeding(store: TroubledStore, phones: Phones, people: People, pace: float = 100.0) -> AsyncIterator[Running]:
    lanes = OutboxSettings(lanes=8)
    made = Running(store, {SHOP: BAKERY}, {SHOP: phones}, {SHOP: pace}, no_http, TrioClock(), lanes)
    made.campaigning.gathering = people
    async with trio.open_nursery() as nursery:
        await nursery.start(made.run)
        try:
            yield made
        finally:
            nursery.cancel_scope.cancel()


async def begin(store: TroubledStore, plan: Plan = PLAN, to: CampaignStatus = S.STARTING) -> None:
    assert await store.create_campaign(SHOP, "eid", plan, START)
    assert await store.move_campaign(SHOP, "eid", S.DRAFT, to, START)


async def found(store: TroubledStore) -> Campaign:
    campaign = await store.campaign(SHOP, "eid")
    assert campaign is not None
    return campaign


@pytest.fixture
def phones() -> Phones:
    return Phones()


# -- start and end -----------------------------------------------------------------------------------------------------
async def test_everybody_gets_it_once_and_it_is_completed(
    store: TroubledStore, phones: Phones, autojump_clock: Clock
) -> None:
    people = People(250)
    await begin(store)
    async with feeding(store, phones, people):
        await trio.sleep(30)
    assert sorted(phones.names) == [one.customer for one in people.them]
    assert people.asked == ["", "c00099", "c00199"]
    campaign = await found(store)
    assert (campaign.status, campaign.excluded) == (S.COMPLETED, {"capped": 3})
    assert await store.campaign_counts(SHOP, "eid") == {R.SENT: 250}


async def test_the_numbers_pace_is_kept_and_only_a_little_is_ahead(
    store: TroubledStore, phones: Phones, autojump_clock: Clock
) -> None:
    await begin(store)
    async with feeding(store, phones, People(1_000), pace=50) as made:
        for _ in range(15):
            await trio.sleep(1)
            assert len(made.outbox.lines.rows) <= AHEAD * 50 + 8
        assert len(phones.got) == pytest.approx(50 * 15, rel=0.03)


async def test_a_campaign_keeps_its_own_pace_below_the_numbers(
    store: TroubledStore, phones: Phones, autojump_clock: Clock
) -> None:
    await begin(store, Plan("Eid", cap=0, pace=10))
    async with feeding(store, phones, People(1_000)):
        await trio.sleep(30)
    assert len(phones.got) == pytest.approx(300, rel=0.05)


async def test_replies_go_first(core: Core, store: TroubledStore, phones: Phones, autojump_clock: Clock) -> None:
    await begin(store)
    async with feeding(store, phones, People(1_000), pace=20) as made:
        await trio.sleep(5)
        before = moment()
        assert await made.post([inbound("hello")]).wait()
        await trio.sleep(5)
    answered = [at for at, name, purpose in phones.got if purpose is Purpose.REPLY]
    assert len(answered) == 1
    assert answered[0] - before <= 150


async def test_a_scheduled_campaign_starts_at_its_time(
    store: TroubledStore, phones: Phones, autojump_clock: Clock
) -> None:
    await begin(store, Plan("Eid", cap=0, starts_at=START + 10 * MINUTE), S.SCHEDULED)
    async with feeding(store, phones, People(3)):
        await trio.sleep(20 * 60)
    assert 10 * MINUTE <= phones.got[0][0] <= 10 * MINUTE + 5_000
    assert (await found(store)).status is S.COMPLETED


async def test_one_whose_latest_start_is_over_is_a_draft_again(
    store: TroubledStore, phones: Phones, autojump_clock: Clock
) -> None:
    await begin(store, Plan("Eid", starts_at=START - HOUR, latest_start=START - 1), S.SCHEDULED)
    async with feeding(store, phones, People(3)):
        await trio.sleep(20)
    assert ((await found(store)).status, phones.got) == (S.DRAFT, [])
    assert [notice.kind for notice in await store.owner_notices(SHOP, 9)] == ["campaign_late"]


async def test_a_plan_that_cannot_be_read_is_cancelled_and_a_bug_is_tried_again(
    store: TroubledStore, phones: Phones, autojump_clock: Clock
) -> None:
    people = People(3)
    people.trouble = [BadInput("there is no field {nmae}."), RuntimeError("a bug")]
    await begin(store)
    async with feeding(store, phones, people):
        await trio.sleep(20)
    campaign = await found(store)
    assert (campaign.status, people.asked) == (S.CANCELLED, ["", ""])
    assert "there is no field {nmae}." in campaign.why


async def test_the_next_life_goes_on_where_freezing_stopped(
    store: TroubledStore, phones: Phones, autojump_clock: Clock
) -> None:
    people = People(250)
    await begin(store)
    part = await people.part(await found(store), "", 100)
    await store.freeze(SHOP, "eid", "", part, START)
    async with feeding(store, phones, people):
        await trio.sleep(30)
    assert people.asked == ["", "c00099", "c00199"]
    assert sorted(phones.names) == [one.customer for one in people.them]


# -- pausing -----------------------------------------------------------------------------------------------------------
async def test_nothing_is_begun_after_a_pause_and_the_rest_goes_after_it(
    store: TroubledStore, phones: Phones, autojump_clock: Clock
) -> None:
    people = People(300)
    await begin(store)
    async with feeding(store, phones, people, pace=20):
        await trio.sleep(5)
        assert await store.move_campaign(SHOP, "eid", S.RUNNING, S.PAUSED, START)
        before = len(phones.got)
        await trio.sleep(60)
        assert len(phones.got) - before <= 1, "at most what was claimed before"
        assert await store.move_campaign(SHOP, "eid", S.PAUSED, S.RUNNING, START)
        await trio.sleep(60)
    assert sorted(phones.names) == [one.customer for one in people.them]
    assert await store.campaign_counts(SHOP, "eid") == {R.SENT: 300}


async def test_no_offer_goes_at_night_also_not_what_was_ahead(
    store: TroubledStore, phones: Phones, autojump_clock: Clock
) -> None:
    # It is 19:43:20 in Kolkata at the start, and quiet there from 21:00 to 8:00.
    evening = 76 * MINUTE + 40_000
    morning = evening + 11 * HOUR
    await begin(store, Plan("Eid", cap=0, starts_at=START + evening - 30_000), S.SCHEDULED)
    async with feeding(store, phones, People(400), pace=5):
        await trio.sleep(15 * 3_600)
    moments = [at for at, _, _ in phones.got]
    assert 100 < sum(at < evening for at in moments) <= 155
    a_look = 600
    assert [at for at in moments if evening + a_look < at < morning] == []
    assert (len(moments), len(set(phones.names))) == (400, 400)


@pytest.mark.parametrize("after", [FAILURES_FROM, 60])
async def test_too_many_failures_pause_it_and_the_owner_hears_why(
    store: TroubledStore, phones: Phones, autojump_clock: Clock, after: int
) -> None:
    phones.answer = lambda row: NEVER if int(row.address.customer[1:]) % 2 else SENT
    await begin(store)
    async with feeding(store, phones, People(1_000), pace=after):
        await trio.sleep(60)
    campaign = await found(store)
    assert campaign.status is S.PAUSED
    assert "messages failed" in campaign.why
    counts = await store.campaign_counts(SHOP, "eid")
    assert counts[R.SENT] + counts[R.FAILED] < 6 * after
    assert sum(counts.values()) == 1_000
    assert [notice.kind for notice in await store.owner_notices(SHOP, 9)] == ["campaign_paused"]


async def test_too_many_who_want_no_more_pause_it(store: TroubledStore, phones: Phones, autojump_clock: Clock) -> None:
    await begin(store)
    async with feeding(store, phones, People(1_000), pace=20):
        await trio.sleep(4)
        gone = [Customer(name, SHOP, marketing=False) for name in phones.names[:10]]
        await store.save_customers(SHOP, gone)
        await trio.sleep(60)
    assert (await found(store)).status is S.PAUSED
    assert "no more offers" in (await found(store)).why
    assert OPT_OUTS_FROM <= len(phones.got) < 200


async def test_a_stopped_template_pauses_it_and_what_was_held_is_taken_back(
    store: TroubledStore, phones: Phones, autojump_clock: Clock
) -> None:
    await begin(store)
    async with feeding(store, phones, People(1_000), pace=20):
        await trio.sleep(4)
        await store.note_template(SHOP, TemplateState("news", "en", "paused"), START)
        await trio.sleep(10)
        sent = len(phones.got)
        assert sent < 140
        assert (await found(store)).status is S.PAUSED
        assert await store.campaign_counts(SHOP, "eid") == {R.SENT: sent, R.QUEUED: 1_000 - sent}


async def test_a_number_that_shall_rest_for_long_pauses_it(
    store: TroubledStore, phones: Phones, autojump_clock: Clock
) -> None:
    rest = Outcome(OutcomeClass.THROTTLE_NUMBER, wait=2 * THROTTLED, reason="Too many messages.")
    phones.answer = lambda row: rest if moment() > 5_000 else SENT
    await begin(store)
    async with feeding(store, phones, People(1_000), pace=20):
        await trio.sleep(20)
    assert (await found(store)).status is S.PAUSED
    assert "Too many messages." in (await found(store)).why


# -- one by one --------------------------------------------------------------------------------------------------------
async def test_who_is_in_a_conversation_gets_it_later(
    core: Core, store: TroubledStore, phones: Phones, autojump_clock: Clock
) -> None:
    ann = customer_of(Link("phone", "254700000001"))
    people = People(3)
    them = [*people.them, Recipient(ann.customer, "254700000001", "", "A", NEWS)]
    people.them = sorted(them, key=lambda one: one.customer)
    await store.commit(Commit(ann, 1, b"{}", START, "w1", heard=START))
    await begin(store)
    async with feeding(store, phones, people):
        await trio.sleep(60)
        assert len(phones.got) == 3
        await trio.sleep(20 * 60)
    assert phones.names[3:] == [ann.customer]
    assert (await found(store)).status is S.COMPLETED


async def test_free_text_that_is_too_late_is_skipped_and_not_kept_for_weeks(
    store: TroubledStore, phones: Phones, autojump_clock: Clock
) -> None:
    """It was claimed while the window was open, and the number rested until it was not."""
    name = Address(SHOP, "c00000")
    written = START - DAY + HOUR
    await store.commit(Commit(name, 1, b"{}", START, "w1", heard=written))
    phones.answer = lambda row: Outcome(OutcomeClass.RETRY, wait=60 * MINUTE) if moment() < MINUTE else SENT
    await begin(store)
    async with feeding(store, phones, People(1, Text("Karibu"))):
        await trio.sleep(75 * 60)
    assert await store.campaign_counts(SHOP, "eid") == {R.SKIPPED: 1}
    assert (phones.got, (await found(store)).status) == ([], S.COMPLETED)
