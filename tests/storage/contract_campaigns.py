"""What every store promises about campaigns: moves, frozen recipients, claiming, pausing, and counts that add up."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from engine.address import DAY, HOUR, Address, Link, Millis
from engine.campaigns import (
    BUSY,
    CANCELLED,
    CAPPED,
    INACTIVE,
    MERGED,
    UNREACHABLE,
    Campaign,
    CampaignStatus,
    Health,
    Part,
    Plan,
    Recipient,
    RecipientRow,
    RecipientState,
    Variant,
)
from engine.commit import Renamed
from engine.identity import Merge
from engine.messages import NOBODY_KNOWS, OPTED_OUT, Outcome, OutcomeClass, Purpose, StatusRank, Template, Text
from engine.orders import Customer
from engine.ports import Store
from tests.storage.values import ANN, BEN, NOW, SHOP, Everything, FixedClock, Talk, sent, status, together

S, R = CampaignStatus, RecipientState
NEWS = Template("news", "sw", ("Eid",))
PLAN = Plan("Eid", (Variant("A", 1, template="news", language="sw"),), audience="{}")
GIVEN_UP = Outcome(OutcomeClass.NEVER, reason=NOBODY_KNOWS)


def reader(name: str, message: Template | Text = NEWS, fallback: Template | None = None) -> Recipient:
    return Recipient(name, f"2547{len(name)}", "", "A", message, fallback)


async def running(store: Store, *names: str | Recipient, name: str = "eid", plan: Plan = PLAN) -> None:
    """A campaign that is running, for these."""
    assert await store.create_campaign(SHOP, name, plan, NOW)
    assert await store.move_campaign(SHOP, name, S.DRAFT, S.STARTING, NOW)
    them = tuple(reader(one) if isinstance(one, str) else one for one in names)
    assert await store.freeze(SHOP, name, "", Part(them, {}, ""), NOW) is S.RUNNING


async def claimed(store: Store, at: Millis = NOW, limit: int = 100, name: str = "eid") -> list[str]:
    """Claim; the keys."""
    return [row.key for row in (await store.claim_recipients(SHOP, name, at, limit)).rows]


async def stand(store: Store, name: str = "eid") -> dict[str, tuple[RecipientState, str]]:
    """How each recipient stands, and why; the counts must say the same."""
    rows = await ledger(store, name)
    told = {row.recipient.customer: (row.state, row.reason) for row in rows}
    states = [row.state for row in rows]
    assert await store.campaign_counts(SHOP, name) == {state: states.count(state) for state in states}
    return told


async def ledger(store: Store, name: str = "eid") -> list[RecipientRow]:
    """All of it, two lines at a time."""
    rows, after = await store.recipients(SHOP, name, 2)
    while after:
        more, after = await store.recipients(SHOP, name, 2, after)
        rows += more
    return rows


async def settled(store: Store, key: str, outcome: Outcome) -> None:
    await store.claim([key], NOW)
    await store.settle([(key, outcome)], NOW)


class Campaigns:
    # -- plans and moves -------------------------------------------------------------------------------------------
    async def test_a_campaign_is_kept_under_an_id_of_its_own(self, store: Store) -> None:
        assert await store.campaign(SHOP, "eid") is None
        assert await store.create_campaign(SHOP, "eid", PLAN, NOW) is True
        assert await store.create_campaign(SHOP, "eid", Plan("Other"), NOW + 1) is False
        assert await store.create_campaign("kiosk", "eid", Plan("Other"), NOW + 1) is True
        assert await store.campaign(SHOP, "eid") == Campaign(SHOP, "eid", PLAN, created_at=NOW, moved_at=NOW)

    async def test_a_draft_is_edited_by_whoever_knows_its_version(self, store: Store) -> None:
        await store.create_campaign(SHOP, "eid", PLAN, NOW)
        assert await store.edit_campaign(SHOP, "eid", 1, Plan("Iddi")) is True
        assert await store.edit_campaign(SHOP, "eid", 1, Plan("Late")) is False
        found = await store.campaign(SHOP, "eid")
        assert found is not None
        assert (found.plan, found.version) == (Plan("Iddi"), 2)
        await store.move_campaign(SHOP, "eid", S.DRAFT, S.SCHEDULED, NOW)
        assert await store.edit_campaign(SHOP, "eid", 2, PLAN) is False
        assert await store.edit_campaign(SHOP, "none", 1, PLAN) is False

    async def test_campaigns_come_latest_first_and_live_ones_apart(self, store: Store) -> None:
        for name in ("one", "two", "three"):
            await store.create_campaign(SHOP, name, PLAN, NOW)
        await store.create_campaign("kiosk", "four", PLAN, NOW)
        await store.move_campaign(SHOP, "two", S.DRAFT, S.STARTING, NOW)
        await store.move_campaign("kiosk", "four", S.DRAFT, S.SCHEDULED, NOW)
        assert [one.id for one in await store.campaigns(SHOP, 9)] == ["three", "two", "one"]
        assert [one.id for one in await store.campaigns(SHOP, 1, 1)] == ["two"]
        assert [one.id for one in await store.campaigns(SHOP, 9, 0, (S.DRAFT,))] == ["three", "one"]
        assert [one.id for one in await store.live_campaigns(9)] == ["two", "four"]
        assert [one.id for one in await store.live_campaigns(1)] == ["two"]

    async def test_a_move_is_made_by_one_only_and_says_why(self, store: Store) -> None:
        await store.create_campaign(SHOP, "eid", PLAN, NOW)
        told = await together(
            *[lambda: store.move_campaign(SHOP, "eid", S.DRAFT, S.STARTING, NOW + 1, "the owner") for _ in range(4)]
        )
        assert sorted(told) == [False, False, False, True]
        found = await store.campaign(SHOP, "eid")
        assert found is not None
        assert (found.status, found.moved_at, found.why) == (S.STARTING, NOW + 1, "the owner")

    @pytest.mark.parametrize(
        ("frm", "to"), [(S.DRAFT, S.RUNNING), (S.DRAFT, S.COMPLETED), (S.RUNNING, S.PAUSED), (S.DRAFT, S.PAUSED)]
    )
    async def test_a_move_that_is_none_changes_nothing(
        self, store: Store, everything: Everything, frm: CampaignStatus, to: CampaignStatus
    ) -> None:
        await store.create_campaign(SHOP, "eid", PLAN, NOW)
        before = await everything()
        assert await store.move_campaign(SHOP, "eid", frm, to, NOW) is False
        assert await everything() == before

    async def test_what_its_recipients_decide_is_nobodys_move(self, store: Store) -> None:
        await store.create_campaign(SHOP, "eid", PLAN, NOW)
        await store.move_campaign(SHOP, "eid", S.DRAFT, S.STARTING, NOW)
        assert await store.move_campaign(SHOP, "eid", S.STARTING, S.RUNNING, NOW) is False
        await store.freeze(SHOP, "eid", "", Part((reader("ann"),), {}, ""), NOW)
        assert await store.move_campaign(SHOP, "eid", S.RUNNING, S.COMPLETED, NOW) is False

    # -- freezing --------------------------------------------------------------------------------------------------
    async def test_an_audience_is_frozen_in_parts_and_runs_when_it_is_whole(self, store: Store) -> None:
        await store.create_campaign(SHOP, "eid", PLAN, NOW)
        await store.move_campaign(SHOP, "eid", S.DRAFT, S.STARTING, NOW)
        first = Part((reader("ann"), reader("ben")), {"capped": 2}, "ben")
        assert await store.freeze(SHOP, "eid", "", first, NOW) is S.STARTING
        assert await claimed(store) == []
        last = Part((reader("dan"), reader("ann", Text("again"))), {"capped": 1, "opted_out": 1}, "")
        assert await store.freeze(SHOP, "eid", "ben", last, NOW + 1) is S.RUNNING
        found = await store.campaign(SHOP, "eid")
        assert found is not None
        assert (found.started_at, found.excluded) == (NOW + 1, {"capped": 3, "opted_out": 1})
        rows = await ledger(store)
        assert [row.recipient for row in rows] == [reader("ann"), reader("ben"), reader("dan")]

    async def test_a_part_that_was_kept_is_not_kept_again(self, store: Store, everything: Everything) -> None:
        await store.create_campaign(SHOP, "eid", PLAN, NOW)
        part = Part((reader("ann"),), {"capped": 1}, "ann")
        assert await store.freeze(SHOP, "eid", "", part, NOW) is None
        await store.move_campaign(SHOP, "eid", S.DRAFT, S.STARTING, NOW)
        told = await together(*[lambda: store.freeze(SHOP, "eid", "", part, NOW) for _ in range(3)])
        assert sorted(told, key=str) == [S.STARTING, None, None]
        before = await everything()
        assert await store.freeze(SHOP, "eid", "", part, NOW) is None
        assert await store.freeze(SHOP, "eid", "zoe", part, NOW) is None
        assert await everything() == before

    # -- claiming --------------------------------------------------------------------------------------------------
    async def test_claiming_puts_messages_into_the_outbox_once(self, store: Store) -> None:
        await running(store, "ann", "ben", "dan")
        told = [await store.claim_recipients(SHOP, "eid", NOW, limit) for limit in (2, 9)]
        rows = [row for one in told for row in one.rows]
        assert [row.key for row in rows] == [f"{SHOP}/{name}:campaign:eid:1" for name in ("ann", "ben", "dan")]
        assert (rows[0].purpose, rows[0].message, rows[0].phone) == (Purpose.BULK, NEWS, "25473")
        assert (await store.waiting(0, 9))[1] == rows
        assert await claimed(store) == []
        assert await stand(store) == dict.fromkeys(("ann", "ben", "dan"), (R.QUEUED, ""))

    async def test_two_claimants_share_the_recipients(self, store: Store) -> None:
        await running(store, *(f"c{n}" for n in range(20)))
        told = await together(*[lambda: claimed(store, limit=7) for _ in range(4)])
        keys = [key for keys in told for key in keys]
        assert len(keys) == len(set(keys)) == 20

    async def test_who_shall_not_get_it_is_left_out_for_good_with_a_reason(self, store: Store) -> None:
        cards = {"stop": Customer("stop", SHOP, marketing=False), "gone": Customer("gone", SHOP, active=False)}
        await store.save_customers(SHOP, list(cards.values()))
        await running(store, "ann", "stop", "gone", reader("mute", Text("Karibu")))
        assert await store.claim_recipients(SHOP, "eid", NOW, 9) == ([*await self.rows(store, "ann")], 3, 0)
        assert await stand(store) == {
            "ann": (R.QUEUED, ""),
            "gone": (R.SKIPPED, INACTIVE),
            "mute": (R.SKIPPED, UNREACHABLE),
            "stop": (R.SKIPPED, OPTED_OUT),
        }

    async def rows(self, store: Store, *names: str) -> list[Any]:
        keys = [f"{SHOP}/{name}:campaign:eid:1" for name in names]
        return [found.outgoing for key in keys if (found := await store.outbox_row(key)) is not None]

    async def test_free_text_goes_to_who_has_written_within_a_day(self, store: Store) -> None:
        await Talk(store).commit(heard=NOW - HOUR)
        await Talk(store, BEN).commit(heard=NOW - DAY)
        await running(store, reader("ann", Text("Karibu")), reader("ben", Text("Karibu"), NEWS))
        rows = (await store.claim_recipients(SHOP, "eid", NOW, 9)).rows
        assert [(row.message, row.fallback) for row in rows] == [(Text("Karibu"), None), (Text("Karibu"), NEWS)]
        assert 0 < rows[1].free_until < NOW < rows[0].free_until

    async def test_who_is_in_a_conversation_waits_and_is_not_left_out(self, store: Store) -> None:
        await Talk(store).commit(heard=NOW - 1_000)
        until = NOW + HOUR
        await Talk(store, BEN).commit(heard=0, snapshot=f'{{"silent_until":{until}}}'.encode())
        await running(store, "ann", "ben", "dan")
        assert (await store.claim_recipients(SHOP, "eid", NOW, 9))[1:] == (0, 2)
        assert [row.due for row in await ledger(store)] == [NOW - 1_000 + BUSY, until, 0]
        assert await claimed(store) == []
        assert await claimed(store, NOW - 1_000 + BUSY) == [f"{ANN}:campaign:eid:1"]
        assert await store.finish(SHOP, "eid", NOW) is False
        assert await claimed(store, until) == [f"{BEN}:campaign:eid:1"]

    async def test_nobody_gets_more_than_the_cap_of_all_campaigns(self, store: Store) -> None:
        plan = replace(PLAN, cap=1, within=DAY)
        await running(store, "ann", "ben", plan=plan)
        keys = await claimed(store)
        await settled(store, keys[0], sent("w1"))
        await settled(store, keys[1], Outcome(OutcomeClass.NEVER, reason="No such number."))
        await running(store, "ann", "ben", name="idd", plan=plan)
        assert await claimed(store, name="idd") == [f"{BEN}:campaign:idd:1"]
        assert (await stand(store, "idd"))["ann"] == (R.SKIPPED, CAPPED)
        await running(store, "ann", name="later", plan=plan)
        assert await claimed(store, NOW + DAY, name="later") == [f"{ANN}:campaign:later:1"]

    # -- how recipients stand --------------------------------------------------------------------------------------
    async def test_a_recipient_stands_as_its_message_does(self, store: Store) -> None:
        await running(store, "a", "b", "c", "d", "e", "f", "g", "h")
        keys = {key.split(":")[0][-1]: key for key in await claimed(store)}
        await store.claim([keys["b"]], NOW)
        for name in "cde":
            await settled(store, keys[name], sent(name))
        await store.statuses([status(StatusRank.DELIVERED, "d"), status(StatusRank.READ, "e")])
        await settled(store, keys["f"], Outcome(OutcomeClass.NEVER, code=7, reason="No such number."))
        await settled(store, keys["g"], Outcome(OutcomeClass.UNKNOWN))
        await settled(store, keys["h"], Outcome(OutcomeClass.UNKNOWN))
        await store.settle([(keys["h"], GIVEN_UP)], NOW)
        assert await stand(store) == {
            "a": (R.QUEUED, ""),
            "b": (R.SENDING, ""),
            "c": (R.SENT, ""),
            "d": (R.DELIVERED, ""),
            "e": (R.READ, ""),
            "f": (R.FAILED, "No such number."),
            "g": (R.UNKNOWN, ""),
            "h": (R.UNKNOWN, NOBODY_KNOWS),
        }
        told = await store.recipients(SHOP, "eid", 4, "c", (R.UNKNOWN, R.READ))
        assert ([row.recipient.customer for row in told.rows], told.after) == (["e", "g"], "g")

    async def test_its_health_is_that_of_the_last_messages(self, store: Store) -> None:
        await running(store, "ann", "ben", "dan", "eve")
        one, two = await claimed(store, limit=2)
        await settled(store, one, Outcome(OutcomeClass.NEVER))
        await settled(store, two, sent("w2"))
        three, four = await claimed(store, NOW + 5)
        await settled(store, three, sent("w3"))
        await store.save_customers(SHOP, [Customer("dan", SHOP, marketing=False)])
        assert await store.campaign_health(SHOP, "eid", NOW, 9) == Health(3, 1, 1)
        assert await store.campaign_health(SHOP, "eid", NOW + 5, 9) == Health(1, 0, 1)
        await settled(store, four, Outcome(OutcomeClass.UNKNOWN))
        await store.settle([(four, GIVEN_UP)], NOW)
        assert await store.campaign_health(SHOP, "eid", NOW, 2) == Health(2, 0, 1)
        assert await store.campaign_health(SHOP, "none", NOW, 9) == Health(0, 0, 0)

    # -- pausing ---------------------------------------------------------------------------------------------------
    async def test_nothing_is_begun_after_a_pause(self, store: Store) -> None:
        await running(store, "ann", "ben", "dan", "eve")
        one, two, three = await claimed(store, limit=3)
        await settled(store, one, sent("w1"))
        await store.claim([two], NOW)
        assert await store.move_campaign(SHOP, "eid", S.RUNNING, S.PAUSED, NOW, "the owner said so") is True
        assert await store.claim([three], NOW) == set()
        assert await store.waiting(0, 9) == (0, [])
        assert await claimed(store) == []
        assert await stand(store) == {
            "ann": (R.SENT, ""),
            "ben": (R.SENDING, ""),
            "dan": (R.QUEUED, ""),
            "eve": (R.QUEUED, ""),
        }

    async def test_going_on_is_exact(self, store: Store) -> None:
        await running(store, "ann", "ben", "dan")
        one, two = await claimed(store, limit=2)
        await settled(store, one, sent("w1"))
        await store.move_campaign(SHOP, "eid", S.RUNNING, S.PAUSED, NOW)
        assert await store.move_campaign(SHOP, "eid", S.PAUSED, S.RUNNING, NOW + 1) is True
        again = await claimed(store, NOW + 1)
        assert sorted(again) == [f"{BEN}:campaign:eid:2", f"{SHOP}/dan:campaign:eid:1"]
        assert await store.claim([two], NOW) == set()
        assert await store.claim(again, NOW) == set(again)

    async def test_what_is_held_or_to_be_tried_again_is_taken_back_too(self, store: Store) -> None:
        await running(store, "ann", "ben")
        one, two = await claimed(store)
        await settled(store, one, Outcome(OutcomeClass.HELD, reason="paused"))
        await settled(store, two, Outcome(OutcomeClass.RETRY))
        assert (await stand(store))["ann"] == (R.HELD, "paused")
        assert await store.take_back(SHOP, "eid", NOW) == 2
        assert await store.take_back(SHOP, "eid", NOW) == 0
        assert sorted(await claimed(store)) == [f"{ANN}:campaign:eid:2", f"{BEN}:campaign:eid:2"]

    async def test_another_campaigns_messages_and_replies_stay(self, store: Store) -> None:
        await running(store, "ann")
        await running(store, "ben", name="idd")
        await claimed(store)
        (other,) = await claimed(store, name="idd")
        assert await store.take_back(SHOP, "eid", NOW) == 1
        assert [row.key for row in (await store.waiting(0, 9))[1]] == [other]

    async def test_cancelling_leaves_out_who_was_not_reached(self, store: Store) -> None:
        await running(store, "ann", "ben", "dan")
        one, _ = await claimed(store, limit=2)
        await settled(store, one, sent("w1"))
        assert await store.move_campaign(SHOP, "eid", S.RUNNING, S.CANCELLED, NOW) is True
        left = (R.SKIPPED, CANCELLED)
        assert await stand(store) == {"ann": (R.SENT, ""), "ben": left, "dan": left}
        assert await store.waiting(0, 9) == (0, [])

    async def test_it_is_completed_when_nothing_is_left_nor_on_its_way(self, store: Store) -> None:
        await running(store, "ann", "ben")
        assert await store.finish(SHOP, "eid", NOW) is False
        one, two = await claimed(store)
        assert await store.finish(SHOP, "eid", NOW) is False
        await settled(store, one, Outcome(OutcomeClass.UNKNOWN))
        await store.claim([two], NOW)
        assert await store.finish(SHOP, "eid", NOW) is False
        await store.settle([(two, sent("w2"))], NOW)
        assert await store.finish(SHOP, "eid", NOW + 9) is True
        assert await store.finish(SHOP, "eid", NOW + 9) is False
        found = await store.campaign(SHOP, "eid")
        assert found is not None
        assert (found.status, found.moved_at) == (S.COMPLETED, NOW + 9)

    # -- besides ---------------------------------------------------------------------------------------------------
    async def test_a_test_message_counts_nowhere(self, store: Store) -> None:
        await Talk(store).commit(heard=NOW)
        await running(store, "ben")
        rows = await store.try_campaign(SHOP, "eid", [reader("ann", Text("Karibu"))], NOW)
        assert [(row.key, row.purpose) for row in rows] == [(f"{ANN}:trial:eid:{NOW}", Purpose.REPLY)]
        assert (await store.waiting(0, 9))[1] == rows
        assert await stand(store) == {"ben": (R.QUEUED, "")}
        assert await store.try_campaign(SHOP, "none", [reader("ann")], NOW) == []

    async def test_two_recipients_who_are_one_get_it_once(self, store: Store, clock: FixedClock) -> None:
        """The one who is claimed counts; of two who are not, the elder."""
        for name in ("eid", "idd", "new", "own"):
            await running(store, *{"own": ["ben"]}.get(name, ["ann", "ben"]), name=name, plan=replace(PLAN, cap=0))
        await Talk(store).commit()
        await Talk(store, BEN).commit()
        for name, who in (("eid", 0), ("idd", 1)):
            keys = await claimed(store, name=name)
            await settled(store, keys[who], sent(f"w{name}"))
            await store.take_back(SHOP, name, NOW)
        assert await store.merge(Merge(SHOP, "ann", "ben", 2, 1, b"{}", NOW)) is None
        left, had = (R.SKIPPED, MERGED), (R.SENT, "")
        assert await stand(store, "eid") == {"ann": had, "ben": left}
        assert await stand(store, "idd") == {"ann": left, "ben": had}
        assert await stand(store, "new") == {"ann": (R.QUEUED, ""), "ben": left}
        assert await stand(store, "own") == {"ann": (R.QUEUED, "")}
        assert await claimed(store, name="own") == [f"{ANN}:campaign:own:1"]

    async def test_a_number_that_is_given_up_gets_nothing(self, store: Store) -> None:
        talk = Talk(store)
        await talk.commit(links=(Link("phone", "25473"),))
        await running(store, "ann")
        await talk.commit(renamed=(Renamed(Link("phone", "25473"), "254799", "next"),))
        (row,) = (await store.claim_recipients(SHOP, "eid", NOW, 9)).rows
        assert (row.address, row.phone) == (Address(SHOP, "ann"), "254799")
