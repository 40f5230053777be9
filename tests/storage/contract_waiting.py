"""What every store must do about messages that wait until their customer writes."""

from __future__ import annotations

import msgspec

from engine.address import DAY, Millis
from engine.messages import HELD_AT_MOST, HUSHED, Outcome, OutcomeClass, Purpose, Status, StatusRank, Template, Text
from engine.ports import Store
from tests.storage.values import ANN, BEN, NOW, SHOP, Talk, key, out

K = key("1:0")
READY = Template("news", "sw", ("42",))
HELD = Outcome(OutcomeClass.HELD, reason="It waits.")


async def held(store: Store, talk: Talk, *, heard: Millis = NOW - 2 * DAY) -> str:
    """A message of this customer's that is held; its key."""
    name = f"{talk.version + 1}:0"
    await talk.commit(outbox=(out(name, talk.address),), heard=heard)
    made = key(name, talk.address)
    await store.claim([made], NOW)
    await store.settle([(made, HELD)], NOW)
    return made


async def sent(
    store: Store,
    talk: Talk,
    fallback: Template | None = None,
    *,
    message: Template | None = None,
    provider_id: str = "p1",
) -> str:
    made = out("1:0", talk.address)
    row = msgspec.structs.replace(made, message=message or made.message, free_until=NOW, fallback=fallback)
    await talk.commit(outbox=(row,))
    await store.claim([row.key], NOW)
    await store.settle([(row.key, Outcome(OutcomeClass.SENT, provider_id))], NOW)
    return row.key


def stopped_template(name: str, provider_id: str = "p1") -> Status:
    kind = OutcomeClass.NEVER
    return Status(SHOP, provider_id, StatusRank.FAILED, NOW, name, 63041, "It is paused.", kind, "paused")


def refusal(name: str, provider_id: str = "p1") -> Status:
    kind = OutcomeClass.NEEDS_TEMPLATE
    return Status(SHOP, provider_id, StatusRank.FAILED, NOW, name, 131047, "Too late.", kind)


class HeldMessages:
    async def state(self, store: Store, name: str) -> str:
        found = await store.outbox_row(name)
        assert found is not None
        return found.state

    async def test_a_row_keeps_until_when_it_may_go_and_what_stands_in(self, store: Store, ann: Talk) -> None:
        row = msgspec.structs.replace(out("1:0"), free_until=NOW + 5, fallback=READY)
        await ann.commit(outbox=(row,))
        found = await store.outbox_row(K)
        assert found is not None
        assert (found.outgoing.free_until, found.outgoing.fallback) == (NOW + 5, READY)
        assert (await store.waiting(0, 9))[1] == [row]

    async def test_rows_are_found_by_what_their_provider_calls_them(self, store: Store, ann: Talk) -> None:
        name = await sent(store, ann)
        assert await store.keys_of(SHOP, ["p1", "p8"]) == {"p1": name}
        assert await store.keys_of("other", ["p1"]) == {}
        assert await store.keys_of(SHOP, []) == {}

    async def test_when_a_customer_wrote_last_is_known_by_the_last_commit(self, store: Store, ann: Talk) -> None:
        assert await store.heard_at(ANN) == 0
        await ann.commit(heard=NOW - 7)
        assert await store.heard_at(ANN) == NOW - 7
        await ann.commit(heard=NOW)
        assert (await store.heard_at(ANN), await store.heard_at(BEN)) == (NOW, 0)

    async def test_what_is_held_is_let_go_for_one_customer_in_its_order(self, store: Store, ann: Talk) -> None:
        names = [await held(store, ann), await held(store, ann)]
        other = await held(store, Talk(store, BEN))
        assert (await store.review_held(NOW)).holding == {ANN, BEN}
        assert await store.let_go([ANN], NOW) == 2
        assert [row.key for row in (await store.waiting(0, 9))[1]] == names
        assert await self.state(store, other) == "held"
        assert await store.let_go([ANN], NOW) == 0
        assert (await store.review_held(NOW)).holding == {BEN}

    async def test_a_review_lets_go_whose_customer_has_written_and_gives_up_what_is_old(
        self, store: Store, ann: Talk
    ) -> None:
        name = await held(store, ann)
        assert (await store.review_held(NOW)).holding == {ANN}
        await ann.commit(heard=NOW - 5)
        assert (await store.review_held(NOW)).holding == set()
        assert await self.state(store, name) == "queued"
        old = await held(store, Talk(store, BEN))
        assert (await store.review_held(NOW + HELD_AT_MOST - DAY)).holding == {BEN}
        assert (await store.review_held(NOW + HELD_AT_MOST + DAY)).holding == set()
        found = await store.outbox_row(old)
        assert found is not None
        assert (found.state, "30 days" in found.reason) == ("failed", True)

    async def test_a_late_refusal_queues_the_stand_in_once(self, store: Store, ann: Talk) -> None:
        name = await sent(store, ann, READY)
        done = await store.refused([refusal(name)], NOW)
        assert (done.queued, done.held, done.strangers) == (1, set(), [])
        ((row),) = (await store.waiting(0, 9))[1]
        assert (row.message, row.fallback) == (READY, None)
        again = await store.refused([refusal(name)], NOW)
        assert (again.queued, again.held, again.strangers) == (0, set(), [])
        await store.claim([name], NOW)
        await store.settle([(name, Outcome(OutcomeClass.SENT, "p2"))], NOW)
        await store.refused([refusal(name)], NOW)
        assert await self.state(store, name) == "sent", "told again of the first send, it is old"

    async def test_a_late_refusal_without_a_stand_in_is_held(self, store: Store, ann: Talk) -> None:
        name = await sent(store, ann)
        done = await store.refused([refusal("", "p1")], NOW)
        assert (done.queued, done.held) == (0, {ANN})
        found = await store.outbox_row(name)
        assert found is not None
        assert (found.state, found.code, found.provider_id) == ("held", 131047, "")
        assert isinstance(found.outgoing.message, Text)

    async def test_a_refusal_after_delivery_and_one_of_nobody_change_nothing(self, store: Store, ann: Talk) -> None:
        name = await sent(store, ann, READY)
        await store.statuses([Status(SHOP, "p1", StatusRank.DELIVERED, NOW, name)])
        assert (await store.refused([refusal(name)], NOW)).queued == 0
        assert await self.state(store, name) == "sent"
        stranger = refusal("never/heard:1:0", "p9")
        assert (await store.refused([stranger], NOW)).strangers == [stranger]

    async def test_a_template_that_was_refused_late_for_its_status_is_held_as_it_was_sent(
        self, store: Store, ann: Talk, ben: Talk
    ) -> None:
        """The words too: they go when their customer writes."""
        words, template = await sent(store, ann, READY), await sent(store, ben, message=READY, provider_id="p2")
        done = await store.refused([stopped_template(words), stopped_template(template, "p2")], NOW)
        assert (done.queued, done.held, done.strangers) == (0, {ANN, BEN}, [])
        assert await self.state(store, template) == "held"
        found = await store.outbox_row(words)
        assert found is not None
        assert (found.state, found.code, found.reason, found.provider_id) == ("held", 63041, "It is paused.", "")
        assert isinstance(found.outgoing.message, Text)
        assert found.outgoing.fallback == READY
        again = await store.refused([stopped_template(words)], NOW)
        assert (again.held, again.strangers) == (set(), [])

    async def test_a_template_can_not_be_refused_for_the_window(self, store: Store, ann: Talk) -> None:
        """Held, it would be free to go at the next review, and the next, and the next."""
        name = await sent(store, ann, message=READY)
        told = refusal(name)
        done = await store.refused([told], NOW)
        assert (done.queued, done.held, done.strangers) == (0, set(), [told])
        await store.statuses(done.strangers)
        assert await self.state(store, name) == "failed"

    # -- a person answers ------------------------------------------------------------------------------------------
    async def test_replies_that_wait_are_not_sent_when_a_person_answers(
        self, store: Store, ann: Talk, ben: Talk
    ) -> None:
        """News of orders are, and what is on its way; and what the turn itself says."""
        waits = await held(store, ann)
        of_order = msgspec.structs.replace(out("2:1"), purpose=Purpose.ORDER)
        await ann.commit(outbox=(out("2:0"), of_order, out("2:2")))
        await ben.commit(outbox=(out("1:0", BEN),))
        await store.claim([key("2:0")], NOW)
        await ann.commit(outbox=(out("3:0"),), hush=True)
        states = [await self.state(store, key(name)) for name in ("2:0", "2:1", "2:2", "3:0")]
        assert states == ["sending", "queued", "skipped", "queued"]
        assert await self.state(store, waits) == "skipped"
        assert await self.state(store, key("1:0", BEN)) == "queued"
        skipped = await store.outbox_row(key("2:2"))
        assert skipped is not None
        assert (skipped.code, skipped.reason) == (0, HUSHED)
        assert await store.claim([key("2:2")], NOW) == set()
        assert await store.let_go([ANN], NOW) == 0
