"""What every store promises about message templates, and about messages that wait for one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.address import DAY, Millis
from engine.messages import Outcome, OutcomeClass, Reviewed, Template, Text
from engine.ports import Store
from engine.template_states import BLOCKED, UNSURE, TemplateState
from tests.storage.values import ANN, NOW, SHOP, Talk, key, out

READY = Template("order_ready", "sw", ("42",))
OTHER = TemplateState("hello", "en", "approved", "green")
ANY = TemplateState("order_ready", "", "approved")
WAITS = Outcome(OutcomeClass.HELD, reason="It waits.")


def ready(status: str = "approved", quality: str = "", reason: str = "") -> TemplateState:
    return TemplateState("order_ready", "sw", status, quality, reason)


async def holding(store: Store, talk: Talk, message: Template | Text, fallback: Template | None, heard: Millis) -> str:
    """A message that is held; its key."""
    row = replace(out(f"{talk.version + 1}:0"), message=message, fallback=fallback)
    await talk.commit(outbox=(row,), heard=heard)
    await store.claim([row.key], NOW)
    await store.settle([(row.key, WAITS)], NOW)
    return row.key


class Templates:
    async def test_the_whole_list_replaces_the_shops(self, store: Store) -> None:
        assert await store.template_states(SHOP) == []
        await store.save_templates(SHOP, [ready(), OTHER], NOW)
        await store.save_templates("kiosk", [OTHER], NOW)
        assert await store.template_states(SHOP) == [OTHER, ready()]
        await store.save_templates(SHOP, [ready("paused", "red", "first pause")], NOW + 1)
        assert await store.template_states(SHOP) == [ready("paused", "red", "first pause")]
        assert await store.template_states("kiosk") == [OTHER]
        await store.save_templates(SHOP, [], NOW + 2)
        assert await store.template_states(SHOP) == []

    async def test_one_told_twice_in_a_list_is_kept_as_told_last(self, store: Store) -> None:
        await store.save_templates(SHOP, [ready("paused"), ready("approved")], NOW)
        assert await store.template_states(SHOP) == [ready("approved")]

    async def test_one_is_known_by_its_name_and_language(self, store: Store) -> None:
        await store.save_templates(SHOP, [ready(), OTHER], NOW)
        assert await store.template_state(SHOP, "order_ready", "sw") == ready()
        assert await store.template_state(SHOP, "order_ready", "en") is None
        assert await store.template_state("kiosk", "order_ready", "sw") is None

    async def test_news_of_one_leave_what_they_do_not_tell(self, store: Store) -> None:
        await store.save_templates(SHOP, [ready("approved", "green"), OTHER], NOW)
        paused = await store.note_template(SHOP, ready("paused", reason="first pause"), NOW + 1)
        assert paused == ready("paused", "green", "first pause")
        rated = await store.note_template(SHOP, ready("", "red"), NOW + 2)
        assert rated == ready("paused", "red", "first pause")
        back = await store.note_template(SHOP, ready("approved"), NOW + 3)
        assert back == ready("approved", "red")
        assert await store.template_states(SHOP) == [OTHER, back]

    async def test_news_of_an_unknown_one_are_kept(self, store: Store) -> None:
        assert await store.note_template(SHOP, ready("paused"), NOW) == ready("paused")
        assert await store.template_state(SHOP, "order_ready", "sw") == ready("paused")

    async def test_a_list_that_was_asked_for_before_some_news_does_not_undo_them(self, store: Store) -> None:
        await store.note_template(SHOP, ready("paused"), NOW + 1)
        await store.save_templates(SHOP, [ready("approved"), OTHER], NOW)
        assert await store.template_states(SHOP) == [OTHER, ready("paused")]
        await store.save_templates(SHOP, [ready("approved"), OTHER], NOW + 1)
        assert await store.template_states(SHOP) == [OTHER, ready("approved")]

    async def test_a_list_that_does_not_say_why_keeps_what_was_told(self, store: Store) -> None:
        await store.note_template(SHOP, ready("paused", reason="first pause"), NOW)
        await store.save_templates(SHOP, [ready("paused", "red")], NOW + 1)
        assert await store.template_states(SHOP) == [ready("paused", "red", "first pause")]
        await store.save_templates(SHOP, [ready("paused", "red", "second pause")], NOW + 2)
        assert await store.template_states(SHOP) == [ready("paused", "red", "second pause")]
        await store.save_templates(SHOP, [ready("disabled", "red")], NOW + 3)
        assert await store.template_states(SHOP) == [ready("disabled", "red")]

    async def test_what_holds_for_any_language_holds_where_nothing_else_is_known(self, store: Store) -> None:
        await store.save_templates(SHOP, [ANY, ready("paused"), OTHER], NOW)
        assert await store.template_state(SHOP, "order_ready", "en") == ANY
        assert await store.template_state(SHOP, "order_ready", "") == ANY
        assert await store.template_state(SHOP, "order_ready", "sw") == ready("paused")
        assert await store.template_state(SHOP, "hello", "sw") is None
        assert await store.template_states(SHOP) == [OTHER, ANY, ready("paused")]

    async def test_what_is_noted_of_one_language_does_not_take_after_any(self, store: Store) -> None:
        await store.save_templates(SHOP, [replace(ANY, quality="red")], NOW)
        assert await store.note_template(SHOP, ready("approved"), NOW) == ready("approved")
        assert len(await store.template_states(SHOP)) == 2

    async def test_a_pause_that_nobody_told_of_since_is_doubted(self, store: Store) -> None:
        await store.save_templates("kiosk", [ready("paused")], NOW - 9)
        await store.note_template(SHOP, ready("paused", "red", "first pause"), NOW - 2)
        await store.note_template(SHOP, replace(OTHER, status="disabled"), NOW - 9)
        await store.doubt_templates(SHOP, NOW - 2)
        assert [one.status for one in await store.template_states(SHOP)] == ["disabled", "paused"]
        await store.doubt_templates(SHOP, NOW - 1)
        unsure = ready(UNSURE, "red", "first pause")
        assert await store.template_states(SHOP) == [replace(OTHER, status="disabled"), unsure]
        assert await store.template_states("kiosk") == [ready("paused")]
        again = await store.note_template(SHOP, ready("paused"), NOW)
        assert again == ready("paused", "red", "first pause"), "as before, in the same words"
        await store.doubt_templates(SHOP, NOW)
        assert await store.template_states(SHOP) == [replace(OTHER, status="disabled"), again], "told of since"

    # -- what waits for one ------------------------------------------------------------------------------------------
    @pytest.mark.parametrize("fallback", [None, READY])
    async def test_what_waits_for_a_template_goes_when_it_may_be_sent(
        self, store: Store, ann: Talk, fallback: Template | None
    ) -> None:
        await store.save_templates(SHOP, [ready("paused")], NOW)
        await store.save_templates("kiosk", [ready()], NOW)
        await holding(store, ann, Text("Ready.") if fallback else READY, fallback, NOW - 2 * DAY)
        assert (await store.review_held(NOW)).holding == {ANN}
        for status in BLOCKED:
            await store.note_template(SHOP, ready(status), NOW)
            assert (await store.review_held(NOW)).holding == {ANN}, status
        await store.note_template(SHOP, ready("approved"), NOW)
        assert (await store.review_held(NOW)).holding == set()
        assert [row.key for row in (await store.waiting(0, 9))[1]] == [key("1:0")]

    async def test_what_waits_for_one_of_any_language_goes_when_that_may_be_sent(self, store: Store, ann: Talk) -> None:
        await store.save_templates(SHOP, [replace(ANY, status="paused")], NOW)
        await holding(store, ann, READY, None, NOW - 2 * DAY)
        assert (await store.review_held(NOW)).holding == {ANN}
        await store.save_templates(SHOP, [ANY, ready("paused")], NOW)
        assert (await store.review_held(NOW)).holding == {ANN}, "its own language counts"
        await store.save_templates(SHOP, [replace(ANY, status="paused"), ready("approved")], NOW)
        assert (await store.review_held(NOW)).holding == set()

    async def test_what_waits_for_a_doubtful_one_goes(self, store: Store, ann: Talk) -> None:
        await store.save_templates(SHOP, [ready("paused")], NOW)
        await holding(store, ann, READY, None, NOW - 2 * DAY)
        await store.doubt_templates(SHOP, NOW + 1)
        assert (await store.review_held(NOW)).holding == set()

    async def test_a_template_does_not_go_because_its_customer_writes_but_words_do(
        self, store: Store, ann: Talk
    ) -> None:
        await store.save_templates(SHOP, [ready("paused")], NOW)
        await holding(store, ann, READY, None, NOW)
        assert (await store.review_held(NOW)).holding == {ANN}, "it would only be held again, every minute"

    async def test_words_with_a_stand_in_go_when_their_customer_writes(self, store: Store, ann: Talk) -> None:
        await store.save_templates(SHOP, [ready("paused")], NOW)
        await holding(store, ann, Text("Ready."), READY, NOW)
        assert (await store.review_held(NOW)).holding == set()

    async def test_a_template_goes_though_words_to_the_same_customer_must_wait(self, store: Store, ann: Talk) -> None:
        await store.save_templates(SHOP, [ready("paused")], NOW)
        await holding(store, ann, READY, None, NOW - 2 * DAY)
        await holding(store, ann, Text("Ready."), None, NOW - 2 * DAY)
        assert await store.review_held(NOW) == Reviewed({ANN}, 0)
        await store.note_template(SHOP, ready("approved"), NOW)
        assert await store.review_held(NOW) == Reviewed({ANN}, 1)
        assert await store.review_held(NOW) == Reviewed({ANN}, 0)

    async def test_words_without_a_stand_in_wait_for_their_customer_alone(self, store: Store, ann: Talk) -> None:
        await holding(store, ann, Text("Ready."), None, NOW - 2 * DAY)
        await store.save_templates(SHOP, [ready("approved")], NOW)
        assert (await store.review_held(NOW)).holding == {ANN}
