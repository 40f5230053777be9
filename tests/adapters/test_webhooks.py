"""A provider's delivery: answered 200 only when all of it is kept, 503 when it must come again, and nothing is told."""

from __future__ import annotations

import logging

import pytest
import trio
import trio.testing

from adapters.web.webhooks import Engine, WebLimits
from engine.address import Address, Link, Sender, customer_id
from engine.errors import StoreBusy
from engine.events import Inbound, TextSaid
from engine.messages import StatusRank
from engine.rooms import DUE_AT_MOST
from tests.adapters.edge import PATH, SECRET, Edge, WireChannel, call, deliver, delivered, edge, message
from tests.engine.scripted import START, Core, TroubledStore, core, settled, store
from tests.engine.sending import keep, row

__all__ = ["core", "store"]

Clock = trio.testing.MockClock
ANN = Address("bakery", customer_id("bakery", Link("phone", "254700000001")))


class Post:
    """A delivery under way; ``answers`` is empty until it is answered."""

    def __init__(self, nursery: trio.Nursery, edge: Edge, *items: dict[str, str]) -> None:
        self.answers: list[int] = []

        async def post() -> None:
            self.answers.append(await edge.deliver(*items))

        nursery.start_soon(post)


# -- kept, or to come again ------------------------------------------------------------------------------------------
async def test_a_delivery_is_answered_200_only_after_every_message_of_it_is_committed(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with edge(store) as made, trio.open_nursery() as nursery:
        store.trouble["commit"].append(None)
        last = store.gate("commit")
        post = Post(nursery, made, message("w1", "one"), message("w2", "two"))
        await settled()
        assert post.answers == []
        last.set()
        await settled()
        assert post.answers == [200]
    assert await store.said_to(ANN) == ("one", "two")


async def test_one_message_that_can_not_be_kept_makes_it_503_and_the_redelivery_is_kept_once(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with edge(store) as made:
        store.trouble["commit"].extend([None, StoreBusy("full")])
        items = [message("w1", "one"), message("w2", "two")]
        assert await made.deliver(*items) == 503
        assert await made.deliver(*items) == 200
        assert await made.deliver(*items) == 200
    assert await store.said_to(ANN) == ("one", "two")


async def test_after_the_hold_it_is_503_but_the_letters_still_commit_and_the_redelivery_is_quiet(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with edge(store, hold=10.0) as made:
        slow = store.gate("commit")
        assert await made.deliver(message("w1", "one")) == 503
        assert trio.current_time() == pytest.approx(10, abs=0.001)
        assert made.web.counters.unavailable == 1
        slow.set()
        await settled()
        assert await store.said_to(ANN) == ("one",)
        assert await made.deliver(message("w1", "one")) == 200
        assert made.running.around.counters.duplicates == 1
    assert await store.said_to(ANN) == ("one",)


async def test_a_message_that_crashes_its_actor_is_answered_200_because_it_is_parked(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    core.crash["bad"] = 2
    async with edge(store) as made:
        assert await made.deliver(message("w1", "bad"), message("w2", "two")) == 200
    assert await store.said_to(ANN) == ("two",)
    assert len(await store.parked(ANN, dead=True, limit=10)) == 1


async def test_a_bug_in_reading_a_delivery_is_503_and_told_and_the_redelivery_is_kept(
    core: Core, store: TroubledStore, autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async with edge(store) as made:
        assert await made.deliver({"number": "bakery", "id": "w1"}) == 503  # this channel trips over a missing text
        assert [one.message for one in caplog.records] == ["webhook_crashed"]
        assert await made.deliver(message("w1", "one")) == 200
    assert await store.said_to(ANN) == ("one",)


async def test_an_empty_delivery_is_200(core: Core, store: TroubledStore, autojump_clock: Clock) -> None:
    async with edge(store) as made:
        assert await made.deliver() == 200


# -- statuses --------------------------------------------------------------------------------------------------------
async def test_statuses_pass_while_messages_wait_for_room(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = WireChannel()
    async with edge(store, channel) as made, trio.open_nursery() as nursery:
        channel.latency = 2
        for turn in await keep(store, [row(f"c{number}x", 1) for number in range(2 * DUE_AT_MOST)]):
            made.running.outbox.offer(turn)
        await settled()
        post = Post(nursery, made, message("w1"))
        await settled()
        assert (post.answers, core.heard) == ([], []), "it waits for room"
        assert await made.deliver(delivered("p.c0x1", row("c0x", 1).key)) == 200
        found = await store.outbox_row(row("c0x", 1).key)
        assert found is not None
        assert found.rank == StatusRank.DELIVERED.value
        assert post.answers == []
        await trio.sleep(20)
        assert post.answers == [200]


async def test_statuses_of_a_delivery_count_also_when_its_messages_can_not_be_kept(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with edge(store) as made:
        await keep(store, [row("ann", 1)])
        store.trouble["commit"].append(StoreBusy("full"))
        assert await made.deliver(delivered("p.1", row("ann", 1).key), message("w1")) == 503
        found = await store.outbox_row(row("ann", 1).key)
        assert found is not None
        assert found.rank == StatusRank.DELIVERED.value


async def test_a_status_that_the_store_is_too_busy_for_comes_again(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with edge(store) as made:
        store.trouble["statuses"].append(StoreBusy("full"))
        assert await made.deliver(delivered("p.1")) == 503
        assert await made.deliver(delivered("p.1")) == 200


# -- who may -------------------------------------------------------------------------------------------------------
async def test_a_wrong_signature_is_401_without_a_word_and_nothing_is_processed(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = WireChannel()
    async with edge(store, channel) as made:
        for headers in ({"x-signature": "wrong"}, {}):
            assert await call(made.web, "POST", PATH, b"[]", headers) == (401, b"")
    assert (channel.parsed, core.heard) == (0, [])
    assert made.web.counters.refused_signature == 2


async def test_shops_may_share_a_path_and_each_secret_opens_only_its_own(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with edge(store, WireChannel("bakery", secret="a"), WireChannel("kiosk", secret="b")) as made:
        assert await made.deliver(message("w1", number="bakery"), secret="a") == 200
        assert await made.deliver(message("w1", number="kiosk"), secret="b") == 200
        assert await made.deliver(secret="c") == 401
        assert await made.deliver(message("w2", number="kiosk"), message("w3"), secret="a") == 200
        assert made.web.counters.refused_items == 1, "the kiosk's number is a stranger to the bakery's secret"
    assert [commit.address.shop for commit in store.commits] == ["bakery", "kiosk", "bakery"]


async def test_every_shop_answers_under_its_own_path_too_and_its_secret_decides(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with edge(store, WireChannel("bakery", secret="a"), WireChannel("kiosk", secret="b")) as made:
        assert await made.deliver(message("w1", number="kiosk"), path="/s/kiosk/hook", secret="b") == 200
        assert await made.deliver(message("w2", number="kiosk"), path="/s/kiosk/hook", secret="a") == 401
        status, _ = await call(made.web, "POST", "/s/nobody/hook", b"[]", {"x-signature": "a"})
        assert status == 404


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        (f"token={SECRET}&challenge=1158201444", (200, b"1158201444")),
        (f"token={SECRET}&challenge=", (200, b"")),
        ("token=wrong&challenge=1158201444", (403, b"")),
        ("", (403, b"")),
        ("%ff%fe=&token", (403, b"")),
    ],
)
async def test_the_providers_question_is_answered_to_who_knows_the_token(
    core: Core, store: TroubledStore, autojump_clock: Clock, query: str, answer: tuple[int, bytes]
) -> None:
    async with edge(store) as made:
        assert await call(made.web, "GET", PATH, query=query) == answer


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "PATCH"])
async def test_other_methods_are_405(core: Core, store: TroubledStore, autojump_clock: Clock, method: str) -> None:
    async with edge(store) as made:
        assert (await call(made.web, method, PATH))[0] == 405


async def test_a_body_that_is_not_the_providers_envelope_is_400(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with edge(store) as made:
        assert await call(made.web, "POST", PATH, b"<xml/>", {"x-signature": SECRET}) == (400, b"")


async def test_a_body_over_the_cap_is_413_before_anything_is_looked_at(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = WireChannel()
    async with edge(store, channel) as made:
        assert (await call(made.web, "POST", PATH, b"x" * 1_000_001, {"x-signature": SECRET}))[0] == 413
    assert channel.parsed == 0


# -- what is told ----------------------------------------------------------------------------------------------------
async def test_refusals_and_notices_are_logged_without_what_customers_or_the_provider_wrote(
    core: Core, store: TroubledStore, autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with edge(store) as made:
        items = [
            {"refusal": "entry[0].changes[1]", "why": "unknown field"},
            {"notice": "quality", "detail": "The number of Jane Wambui (+254700000001) is red"},
            message("w1", "my secret cake"),
        ]
        assert await made.deliver(*items) == 200
    assert [record.message for record in caplog.records] == ["item_refused", "provider_notice"]
    assert (caplog.records[0].__dict__["where"], caplog.records[1].__dict__["kind"]) == (
        "entry[0].changes[1]",
        "quality",
    )
    told = " ".join(str(record.__dict__) for record in caplog.records)
    assert not any(word in told for word in ("Jane", "254700000001", "cake"))
    assert made.web.counters.refused_items == 1


async def test_what_a_provider_tells_of_the_account_is_kept_for_the_owner_and_once_when_it_comes_again(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with edge(store) as made:
        store.trouble["tell_owner"].append(StoreBusy("full"))
        told = [{"notice": "quality", "detail": "The number is red."}, message("w1", "hi")]
        assert await made.deliver(*told) == 503
        assert await made.deliver(*told) == 200
        assert await made.deliver(*told) == 200
    (kept,) = await store.owner_notices("bakery", 9)
    assert (kept.kind, kept.detail, kept.count) == ("quality", "The number is red.", 2)


async def test_messages_are_shown_as_read_once_kept_but_reactions_are_not(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    channel = WireChannel()
    async with edge(store, channel, mark_read=True) as made:
        store.trouble["commit"].append(StoreBusy("full"))
        assert await made.deliver(message("w0")) == 503
        assert await made.deliver(message("w1"), message("w2", emoji="👍")) == 200
        await settled()
    assert channel.read == ["w1"]


async def test_a_delivery_is_dated_when_it_comes_in(
    core: Core, store: TroubledStore, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    dated: list[int] = []
    monkeypatch.setattr(WireChannel, "genuine", lambda _, call: dated.append(call.at))
    async with edge(store) as made:
        made.engine.now = iter((START, START + 5)).__next__
        assert await made.deliver(message("w1")) == 401
        assert await made.deliver(message("w2")) == 401
    assert dated == [START, START + 5]


# -- without an engine -----------------------------------------------------------------------------------------------
async def test_without_an_engine_it_is_503_and_who_waits_is_remembered_until_their_message_is_kept(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with edge(store) as made:
        made.engine.running = None
        assert await made.deliver(message("w1", sender="1"), message("w2", sender="2")) == 503
        assert await made.deliver(delivered("p.1")) == 503
        assert [sender.phone for _, sender in made.engine.waiting] == ["1", "2"]
        made.engine.running = made.running
        assert await made.deliver(message("w1", sender="1")) == 200
        assert [sender.phone for _, sender in made.engine.waiting] == ["2"]


async def test_who_waits_is_remembered_for_the_latest_thousand_only(autojump_clock: Clock) -> None:
    engine = Engine()
    for number in range(Engine.WAITING + 5):
        engine.missed([Inbound("w", "bakery", Sender(phone=str(number)), START, TextSaid("hi"))])
    assert [sender.phone for _, sender in engine.waiting] == [str(number) for number in range(5, Engine.WAITING + 5)]


async def test_deliveries_with_messages_under_way_are_bounded_per_shop_and_statuses_are_not(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    limit = WebLimits().in_process
    async with edge(store) as made, trio.open_nursery() as nursery:
        gate = store.gate("commit")
        store.trouble["commit"].extend([gate] * limit)
        for number in range(limit + 5):
            Post(nursery, made, message(f"w{number}", sender=str(number)))
        await settled()
        assert len(core.heard) == limit
        assert await deliver(made.web, delivered("p.1")) == 200
        gate.set()
        await settled()
        assert len(core.heard) == limit + 5
