"""Message templates: listed at the start and hourly, told of by webhooks, and each change told to the owner once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
from msgspec.structs import replace

from engine.address import HOUR, MINUTE
from engine.breaker import Breaker
from engine.messages import Notice, Outcome, OutcomeClass, Template
from engine.ports import AnswerLost, Http, NotSent
from engine.template_news import PAUSED, UNKNOWN, WELL
from engine.template_states import BLOCKED, TemplateState, Wanted, noted, stopped, trouble, wanted
from engine.template_sync import AGAIN, EVERY, TemplateSync, unusable
from engine.terms import Terms
from tests.engine.scripted import BAKERY, SHOP, START, TrioClock, TroubledStore, store
from tests.engine.sending import ScriptedChannel, no_http

__all__ = ["store"]

Clock = trio.testing.MockClock
Listed = Sequence[TemplateState] | Outcome | Exception | None
BOTH = {"order": "order_ready", "reminder.sw": "pay_soon"}


def ready(status: str = "approved", quality: str = "", reason: str = "", language: str = "en") -> TemplateState:
    return TemplateState("order_ready", language, status, quality, reason)


SOON = TemplateState("pay_soon", "sw", "approved", "green")


class Listing(ScriptedChannel):
    """A channel that lists what a test says, the last of it for ever; ``asked`` counts."""

    def __init__(self, *lists: Listed, account: str = "") -> None:
        super().__init__()
        self.lists = list(lists)
        self.named = account
        self.asked = 0

    @property
    def account(self) -> str:
        return self.named

    async def templates(self, http: Http) -> Sequence[TemplateState] | Outcome | None:
        self.asked += 1
        found = self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        if isinstance(found, Exception):
            raise found
        return found


class Office:
    """A template sync, its store, and what its owner has heard, oldest first, as (kind, detail)."""

    def __init__(self, store: TroubledStore, channel: Listing, templates: Mapping[str, str], breaker: Breaker | None):
        self.store = store
        self.shops = {SHOP: replace(BAKERY, terms=Terms(templates=templates))}
        guards = {SHOP: breaker} if breaker else {}
        self.sync = TemplateSync(store, self.shops, [channel], no_http, TrioClock(), guards)

    async def heard(self) -> list[tuple[str, str]]:
        return [(one.kind, one.detail) for one in reversed(await self.store.owner_notices(SHOP, 99))]

    async def kinds(self) -> list[str]:
        return [kind for kind, _ in await self.heard()]

    async def told(self, state: TemplateState, account: str = "") -> bool:
        """A webhook tells of one."""
        return await self.sync.noted(Notice(SHOP, "message_template_status_update", "x", account, state))


@asynccontextmanager
async def office(
    store: TroubledStore, channel: Listing, templates: Mapping[str, str] = BOTH, breaker: Breaker | None = None
) -> AsyncIterator[Office]:
    here = Office(store, channel, templates, breaker)
    async with trio.open_nursery() as nursery:
        await nursery.start(here.sync.run)
        await trio.sleep(1)
        yield here
        nursery.cancel_scope.cancel()


# -- the list --------------------------------------------------------------------------------------------------------
async def test_the_list_is_asked_for_at_the_start_and_every_hour(store: TroubledStore, autojump_clock: Clock) -> None:
    channel = Listing([ready(), SOON], [ready("approved", "green"), SOON])
    async with office(store, channel) as here:
        assert await store.template_states(SHOP) == [ready(), SOON]
        await trio.sleep(EVERY / 1000 - 2)
        assert channel.asked == 1
        await trio.sleep(3)
        assert await store.template_states(SHOP) == [ready("approved", "green"), SOON]
        assert await here.heard() == [], "all is well, and was"
    assert EVERY == HOUR


async def test_a_provider_that_can_not_say_is_asked_no_more(store: TroubledStore, autojump_clock: Clock) -> None:
    channel = Listing(None)
    async with office(store, channel) as here:
        await trio.sleep(3 * EVERY / 1000)
        assert (channel.asked, await here.heard()) == (1, [])


@pytest.mark.parametrize("trouble", [NotSent("x"), AnswerLost("x"), RuntimeError("a bug")])
async def test_a_list_that_did_not_come_is_asked_for_soon_and_what_is_known_stays(
    store: TroubledStore, autojump_clock: Clock, trouble: Exception
) -> None:
    await store.save_templates(SHOP, [SOON], START)
    channel = Listing(trouble, [ready(), SOON])
    async with office(store, channel) as here:
        assert (await store.template_states(SHOP), await here.heard()) == ([SOON], [])
        await trio.sleep(AGAIN / 1000)
        assert await store.template_states(SHOP) == [ready(), SOON]


async def test_a_refused_list_is_told_once_and_that_it_came_again(store: TroubledStore, autojump_clock: Clock) -> None:
    refused = Outcome(OutcomeClass.OPERATOR, reason="Give the token the permission.")
    channel = Listing(refused, refused, refused, [ready(), SOON], refused)
    async with office(store, channel) as here:
        await trio.sleep(2 * EVERY / 1000)
        ((kind, detail),) = await here.heard()
        assert (kind, detail.endswith("Give the token the permission.")) == (UNKNOWN, True)
        await trio.sleep(2 * EVERY / 1000)
        assert await here.kinds() == [UNKNOWN, WELL, UNKNOWN]


async def test_a_channel_that_rests_is_not_asked(store: TroubledStore, autojump_clock: Clock) -> None:
    breaker = Breaker("channels.sms", SHOP, lambda: trio.current_time() * 1000)
    for _ in range(5):
        breaker.failed("it did not answer")
    channel = Listing([ready(), SOON])
    async with office(store, channel, breaker=breaker):
        assert channel.asked == 0
        await trio.sleep(AGAIN / 1000)
        assert channel.asked == 1
        assert breaker.allow(), "the trial was given back"


# -- what the owner is told --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("states", "words"),
    [
        ([ready("paused", reason="first_pause"), SOON], ('"order_ready" (en) can\'t', "paused (first pause)", "waits")),
        ([ready("disabled"), SOON], ("disabled", "make a new one")),
        ([ready("rejected", reason="INVALID_FORMAT"), SOON], ("rejected (invalid format)", "submit it again")),
        ([ready("approved", "red"), SOON], ("low quality", "may pause it soon")),
        ([ready("flagged"), SOON], ("low quality", "Improve")),
        ([SOON], ('"order_ready" (any language) is not at the provider', "shop.terms.templates")),
        ([ready(), replace(SOON, language="en")], ('"pay_soon" (sw) is not at the provider', "Make it there")),
    ],
)
async def test_the_owner_is_told_once_and_when_it_is_well_again(
    store: TroubledStore, autojump_clock: Clock, states: list[TemplateState], words: Sequence[str]
) -> None:
    async with office(store, Listing(states, states, states, [ready(), SOON])) as here:
        await trio.sleep(2 * EVERY / 1000)
        ((kind, detail),) = await here.heard()
        assert kind == PAUSED
        assert [word for word in words if word not in detail] == []
        await trio.sleep(EVERY / 1000)
        kind, again = (await here.heard())[-1]
        assert (await here.kinds(), "may be sent again" in again) == ([PAUSED, WELL], True)
        assert again.partition(")")[0] == detail.partition(")")[0], "of the same template"


async def test_what_no_shop_needs_is_known_and_not_told(store: TroubledStore, autojump_clock: Clock) -> None:
    other = TemplateState("christmas", "en", "rejected")
    swahili = replace(SOON, language="en", status="paused")
    async with office(store, Listing([ready(), SOON, other, swahili])) as here:
        assert (len(await store.template_states(SHOP)), await here.heard()) == (4, [])


async def test_a_restart_tells_nothing_twice_and_finds_what_has_become_well(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    paused = ready("paused")
    async with office(store, Listing([paused, SOON])):
        await trio.sleep(2 * HOUR / 1000)
    async with office(store, Listing([paused, SOON])) as here:
        assert await here.kinds() == [PAUSED]
    async with office(store, Listing([ready(), SOON])) as here:
        assert await here.kinds() == [PAUSED, WELL]
    async with office(store, Listing([ready(), SOON])) as here:
        assert await here.kinds() == [PAUSED, WELL]


async def test_a_template_that_is_named_later_is_told_of_then(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store, Listing([ready("paused"), SOON]), {}) as here:
        assert await here.heard() == []
        here.shops[SHOP] = replace(BAKERY, terms=Terms(templates=BOTH))
        await trio.sleep(EVERY / 1000)
        assert await here.kinds() == [PAUSED]


# -- webhooks ----------------------------------------------------------------------------------------------------------
async def test_a_webhook_counts_at_once_and_is_told_once(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store, Listing([ready("approved", "green"), SOON])) as here:
        for _ in range(2):  # it comes twice
            assert await here.told(ready("paused", reason="first pause"))
        assert await store.template_state(SHOP, "order_ready", "en") == ready("paused", "green", "first pause")
        assert await here.kinds() == [PAUSED]
        assert await here.told(ready("approved"))
        assert await here.kinds() == [PAUSED, WELL]
        assert await here.told(ready("", "red"))
        assert await here.kinds() == [PAUSED, WELL, PAUSED]


async def test_a_webhook_of_what_is_not_needed_stays_a_plain_notice(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store, Listing(None)) as here:
        assert not await here.told(TemplateState("christmas", "en", "rejected"))
        assert not await here.sync.noted(Notice(SHOP, "account_update", "x"))
        assert [one.name for one in await store.template_states(SHOP)] == ["christmas"]
        assert await here.heard() == []


async def test_a_webhook_of_another_account_is_not_this_shops(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store, Listing([ready(), SOON], account="111")) as here:
        assert await here.told(ready("paused"), account="222")
        assert await store.template_state(SHOP, "order_ready", "en") == ready()
        assert await here.told(ready("paused"), account="111")
        assert await here.kinds() == [PAUSED]


async def test_a_list_that_was_under_way_does_not_undo_a_webhook(store: TroubledStore, autojump_clock: Clock) -> None:
    class Slow(Listing):
        async def templates(self, http: Http) -> Sequence[TemplateState] | Outcome | None:
            await trio.sleep(5)
            return await super().templates(http)

    async with office(store, Slow([ready(), SOON])) as here:
        await here.told(ready("paused"))
        await trio.sleep(MINUTE / 1000)
        assert await store.template_states(SHOP) == [ready("paused"), SOON]
        assert await here.kinds() == [PAUSED], "and the owner is not told that it is well"


# -- values ------------------------------------------------------------------------------------------------------------
async def test_what_is_stopped_is_unusable_and_what_is_unknown_is_not(store: TroubledStore) -> None:
    template = Template("order_ready", "en")
    assert await unusable(store, SHOP, template) == ""
    for status in BLOCKED:
        await store.note_template(SHOP, ready(status), START)
        assert "can't be sent" in await unusable(store, SHOP, template), status
        assert await unusable(store, SHOP, replace(template, language="sw")) == ""
        assert await unusable(store, "kiosk", template) == ""
    for status in ("approved", "flagged", "reinstated", "new_word"):
        await store.note_template(SHOP, ready(status, "red"), START)
        assert await unusable(store, SHOP, template) == "", status


def test_news_keep_what_they_do_not_tell() -> None:
    before = ready("paused", "green", "first pause")
    assert noted(None, ready("", "red")) == ready("", "red")
    assert noted(before, ready("", "red")) == ready("paused", "red", "first pause")
    assert noted(before, ready("approved")) == ready("approved", "green")


def test_what_terms_name_is_wanted_once() -> None:
    names = {"order": "a", "reminder": "a", "offer.sw": "a", "cancelled": "b"}
    assert wanted(names) == [Wanted("a", ""), Wanted("a", "sw"), Wanted("b", "")]


@pytest.mark.parametrize("status", BLOCKED)
def test_every_stopped_status_has_a_sentence_with_a_next_step(status: str) -> None:
    said = stopped(ready(status))
    assert said == trouble(ready(status))
    assert status.replace("_", " ") in said
    assert said.endswith("goes by itself once it is approved.")
