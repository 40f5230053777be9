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
from engine.errors import StoreBusy
from engine.messages import Notice, Outcome, OutcomeClass, Template
from engine.ports import AnswerLost, Http, NotSent
from engine.template_news import PAUSED, UNKNOWN, WELL
from engine.template_states import BLOCKED, UNSURE, TemplateState, Wanted, noted, stopped, trouble, troubles, wanted
from engine.template_sync import AGAIN, EVERY, PAUSE_DOUBTED, TemplateSync
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
NEWS_SW = ("order_ready", "sw")


class Listing(ScriptedChannel):
    """A channel that lists what a test says, the last of it for ever; ``asked`` counts."""

    def __init__(self, *lists: Listed, account: str = "", multilingual: bool = True) -> None:
        super().__init__()
        self.lists = list(lists)
        self.named = account
        self.speaks_all = multilingual
        self.asked = 0

    @property
    def multilingual(self) -> bool:
        return self.speaks_all

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
        assert here.sync.listed == {SHOP}
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
        assert here.sync.listed == set()
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


ANY = TemplateState("HX1", "", "approved")


@pytest.mark.parametrize("purpose", ["order", "order.sw"])
async def test_one_that_is_of_any_language_is_told_of_once_whichever_it_is_wanted_in(
    store: TroubledStore, autojump_clock: Clock, purpose: str
) -> None:
    paused = replace(ANY, status="paused")
    channel = Listing([], [paused], [paused], [ANY], [ANY], multilingual=False)
    async with office(store, channel, {purpose: "HX1"}) as here:
        await trio.sleep(2 * EVERY / 1000)
        missing, *rest = await here.heard()
        assert "is not at the provider" in missing[1]
        assert [one for one in rest if "paused" in one[1]] == [rest[-1]], "listed twice, told once"
        await trio.sleep(2 * EVERY / 1000)
        latest = {detail.partition(")")[0]: kind for kind, detail in await here.heard()}
        assert set(latest.values()) == {WELL}, "nothing that was told of is left open"


def test_each_trouble_is_told_of_once_under_its_own_name() -> None:
    paused = replace(ANY, status="paused")
    for purposes in ({"order": "HX1"}, {"order.sw": "HX1"}, {"order": "HX1", "offer.sw": "HX1"}):
        told = troubles([paused], wanted(purposes))
        assert [head for head, what in told.items() if what] == ['The template "HX1" (any language) ']
    assert troubles([ANY], wanted({"order.sw": "HX1"})) == {
        'The template "HX1" (sw) ': "",
        'The template "HX1" (any language) ': "",
    }


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


# -- messages ----------------------------------------------------------------------------------------------------------
NEWS = Template("order_ready", "sw")


@pytest.mark.parametrize(("multilingual", "language"), [(True, "sw"), (False, "")])
async def test_a_refused_message_tells_of_its_template_once(
    store: TroubledStore, autojump_clock: Clock, multilingual: bool, language: str
) -> None:
    async with office(store, Listing(None, multilingual=multilingual)) as here:
        whys = [await here.sync.refused(SHOP, NEWS, "paused") for _ in range(3)]
        assert await store.template_states(SHOP) == [ready("paused", language=language)]
        ((kind, detail),) = await here.heard()
        assert (kind, whys) == (PAUSED, [detail] * 3)
        await here.sync.refused(SHOP, Template("christmas", "sw"), "disabled")
        assert await here.kinds() == [PAUSED], "nobody needs that one"


async def test_what_a_webhook_said_of_a_pause_is_not_told_again_by_a_refusal(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store, Listing(None)) as here:
        await here.told(ready("paused", reason="first pause", language="sw"))
        assert "first pause" in await here.sync.refused(SHOP, NEWS, "paused")
        assert await here.kinds() == [PAUSED]


async def test_a_busy_store_is_waited_for_when_a_message_was_refused(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store, Listing(None)) as here:
        store.trouble["tell_owner"] += [StoreBusy("full"), StoreBusy("full")]
        assert "paused" in await here.sync.refused(SHOP, NEWS, "paused")


@pytest.mark.parametrize("listed", [None, Outcome(OutcomeClass.OPERATOR, reason="Give the permission.")])
async def test_a_pause_that_nobody_can_tell_the_end_of_is_doubted_and_found_out(
    store: TroubledStore, autojump_clock: Clock, listed: Listed
) -> None:
    async with office(store, Listing(listed)) as here:
        await here.sync.refused(SHOP, NEWS, "paused")
        await here.sync.refused(SHOP, replace(NEWS, language="en"), "disabled")
        told = await here.kinds()
        await trio.sleep(PAUSE_DOUBTED / 1000)
        assert await store.template_state(SHOP, *NEWS_SW) == ready("paused", language="sw"), "not before its time"
        await trio.sleep(EVERY / 1000)
        assert await store.template_state(SHOP, *NEWS_SW) == ready(UNSURE, language="sw")
        assert await store.template_state(SHOP, "order_ready", "en") == ready("disabled"), "that is for good"
        await here.sync.refused(SHOP, NEWS, "paused")
        assert await here.kinds() == told, "the owner knows"
        await trio.sleep((PAUSE_DOUBTED + EVERY) / 1000)
        await here.sync.accepted(SHOP, NEWS)
        assert await here.kinds() == [*told, WELL]


async def test_what_is_listed_is_never_doubted(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store, Listing([ready("paused"), SOON])):
        await trio.sleep(3 * PAUSE_DOUBTED / 1000)
        assert await store.template_states(SHOP) == [ready("paused"), SOON]


# -- values ------------------------------------------------------------------------------------------------------------
def test_what_is_stopped_can_not_be_sent_and_what_is_unknown_can() -> None:
    for status in BLOCKED:
        assert "can't be sent" in stopped(ready(status)), status
    for status in ("", "approved", "flagged", "reinstated", UNSURE, "new_word"):
        assert stopped(ready(status, "red")) == "", status


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
