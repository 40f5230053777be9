"""A POST with an Idempotency-Key is carried out once, and its first answer is what every repetition gets."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from adapters.api import repeating
from engine.errors import StoreFailed
from engine.repeats import ANSWERS_KEPT
from tests.adapters.api.office import ANN, Json, Office, Reply, office
from tests.engine.scripted import TroubledStore, settled, store

__all__ = ["store"]

Clock = trio.testing.MockClock
TEXT = "/api/whatsapptest/send-text"
ORDER_OF_NOBODY = {"order": "ORD-AAAAAAAA", "amount": 1, "transaction": "T1", "way": "cash"}


async def say(made: Office, text: str = "one", key: str = "k", **more: str) -> Reply:
    body: Json = {"to": ANN, "text": text}
    return await made.ask("POST", TEXT, body, as_owner=more.get("shop", "bakery"), headers={"Idempotency-Key": key})


async def test_the_same_request_again_gets_its_first_answer_for_a_day(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        first, again = await say(made), await say(made)
        assert (again.status, again.body) == (first.status, first.body) == (200, first.body)
        assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
        assert again.headers["content-type"] == first.headers["content-type"]
        assert made.text("bakery") == "one"
        made.clock.jump += ANSWERS_KEPT
        assert "idempotent-replayed" not in (await say(made)).headers


async def test_another_request_under_the_same_key_is_422_and_nothing_is_done(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        await say(made)
        other = await say(made, "two")
        assert (other.status, other.headers["content-type"]) == (422, "application/problem+json")
    assert made.text("bakery") == "one"


async def test_while_the_first_is_in_progress_it_is_409(store: TroubledStore, autojump_clock: Clock) -> None:
    replies: list[Reply] = []
    async with office(store) as made, trio.open_nursery() as nursery:
        gate = store.gate("post")

        async def first() -> None:
            replies.append(await say(made))

        nursery.start_soon(first)
        await settled()
        busy = await say(made)
        assert (busy.status, busy.headers["retry-after"]) == (409, repeating.AGAIN_SECONDS)
        gate.set()
        await settled()
        assert [one.status for one in replies] == [200]
        assert (await say(made)).body == replies[0].body
    assert made.text("bakery") == "one"


async def test_a_refusal_is_an_answer_too(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        asked = [
            await made.ask(
                *("POST", "/api/admin/payments/received", ORDER_OF_NOBODY),
                as_owner="bakery",
                headers={"Idempotency-Key": "k"},
            )
            for _ in range(2)
        ]
    assert asked[0].status == asked[1].status == 404
    assert asked[1].headers["idempotent-replayed"] == "true"
    assert asked[1].headers["content-type"] == "application/problem+json"


async def test_what_could_not_be_read_does_not_use_up_its_key(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        assert (await say(made, "")).status == 400
        assert (await say(made)).status == 200


async def test_what_the_store_could_not_take_may_be_sent_again(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        store.trouble["post"].append(StoreFailed("out"))
        assert (await say(made)).status == 503
        assert (await say(made)).status == 200
    assert made.text("bakery") == "one"


async def test_without_the_layer_another_request_would_be_carried_out(
    store: TroubledStore, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def carried_out(call: object, carry_out: repeating.CarryOut) -> object:
        return await carry_out()

    monkeypatch.setattr("adapters.api.serving.once", carried_out)
    async with office(store) as made:
        await say(made)
        assert (await say(made, "two")).status == 200
    assert made.text("bakery") == "one\ntwo"
