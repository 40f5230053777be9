"""Webhooks as they really come: thrice at once, in any order, a thousand in one POST."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import trio
from msgspec.structs import replace

from engine.pace import Pace
from engine.slowing import AT_ONCE
from tests.torture.bakery import RULES
from tests.torture.phones import Phone
from tests.torture.town import Courier, Town, body_of, text_from, town

SCRIPT = ("hi", "1, 2", "done", "Asha", "12 Test Road, Nairobi", "skip", "confirm")
OPEN_WINDOW = replace(RULES, window=False)
"""What is posted by hand is unknown to the fake's own 24-hour window."""


async def test_each_webhook_three_times_at_once_is_one_turn_and_one_reply(tmp_path: Path) -> None:
    """All three deliveries are answered 200, one of them takes the turn, the customer is answered once."""
    async with town(tmp_path, rules=OPEN_WINDOW) as here:
        courier = Courier(here.url)

        async def customer(number: int) -> None:
            phone = here.newcomer()
            for place, text in enumerate(SCRIPT):
                raw = body_of(text_from(phone.digits, f"wamid.{number}.{place}", text))
                assert await courier.post_all([raw] * 3) == [200] * 3
            await phone.until(lambda: phone.turn == len(SCRIPT))

        async with trio.open_nursery() as customers:
            for number in range(12):
                customers.start_soon(customer, number)
        await here.stop()
        assert here.read("SELECT DISTINCT version FROM snapshots") == [(len(SCRIPT),)]
        assert here.read("SELECT count(*), count(DISTINCT cart) FROM orders") == [(12, 12)]
        assert here.read("SELECT on_hand FROM products WHERE sku = 'cookie'") == [(1_000_000 - 24,)]
        keys = [one.key for one in here.fake.sent()]
        assert len(keys) == len(set(keys)) == 12 * len(SCRIPT)


async def test_messages_are_taken_in_the_order_of_arrival_whatever_their_timestamps_say(tmp_path: Path) -> None:
    """Meta promises no order; ours is that of arrival, and each message is answered once in that order."""
    async with town(tmp_path, rules=OPEN_WINDOW) as here:
        courier, phone = Courier(here.url), here.newcomer()
        for place, text in enumerate(("hi", "2, 3", "1, 4", "cart")):
            raw = body_of(text_from(phone.digits, f"wamid.{place}", text, at=int(time.time()) - place))
            assert await courier.post(raw) == 200
        await phone.until(lambda: phone.turn == 4)
        words = [reply.text for reply in phone.replies]
        assert [reply.turn for reply in phone.replies] == [1, 2, 3, 4]
        assert "Oatmeal" in words[1]
        assert "Chocolate" in words[2]
        assert words[3].index("Oatmeal") < words[3].index("Chocolate")


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(0, id="in a thousand entries", marks=pytest.mark.torture),
        pytest.param(1, id="in a thousand changes", marks=pytest.mark.torture),
        pytest.param(2, id="in one value"),
    ],
)
async def test_a_thousand_messages_in_one_post_have_each_their_turn(tmp_path: Path, way: int) -> None:
    """One POST from 1,000 customers, one of whose messages can't be read: 200, and 999 turns with their replies."""
    async with town(tmp_path, rules=OPEN_WINDOW) as here:
        phones = [here.newcomer() for _ in range(1_000)]
        values = [text_from(phone.digits, f"wamid.{number}", "hi") for number, phone in enumerate(phones)]
        values[500]["messages"][0]["id"] = {"not": "an id"}
        raw = body_of(*values, way=way)
        assert await Courier(here.url).post(raw) == 200
        assert here.read("SELECT count(*), max(version) FROM snapshots") == [(999, 1)]
        for number, phone in enumerate(phones):
            if number != 500:
                await phone.until(lambda phone=phone: phone.turn == 1)  # type: ignore[misc]
        assert await Courier(here.url).post(raw) == 200, "the same batch again is a quiet 200"
        await here.stop()
        assert here.read("SELECT count(*), max(version) FROM snapshots") == [(999, 1)]
        assert len({one.key for one in here.fake.sent()}) == len(here.fake.sent()) == 999


async def chatter(here: Town) -> Phone:
    """A thousand messages of one customer in one POST, which hold nobody else up; the customer's phone."""
    courier, chatterbox, other = Courier(here.url), here.newcomer(), here.newcomer()
    values = [text_from(chatterbox.digits, f"wamid.{number}", "hi") for number in range(1_000)]
    async with trio.open_nursery() as nursery:
        answers: list[int] = []

        async def post() -> None:
            answers.append(await courier.post(body_of(*values)))

        nursery.start_soon(post)
        assert "Welcome" in await other.ask("hi")
        assert "Chocolate Chip Cookie" in await other.ask("1, 2")
    assert answers == [200]
    return chatterbox


async def test_a_thousand_messages_of_one_customer_are_kept_and_answered_one_by_one(tmp_path: Path) -> None:
    """As many as anybody writes at once are turns; each of the others waits on disk for its own."""
    async with town(tmp_path, rules=OPEN_WINDOW) as here:
        chatterbox = await chatter(here)
        ours = "id GLOB 'wamid.[0-9]*' AND length(id) <= 9"
        ((turns, waiting),) = here.read(
            f"SELECT (SELECT count(*) FROM inbound WHERE {ours}), (SELECT count(*) FROM posted WHERE {ours})"
        )
        assert turns + waiting == 1_000
        assert AT_ONCE <= turns < AT_ONCE + 10
        await chatterbox.until(lambda: chatterbox.turn == AT_ONCE + 3)
        assert [reply.turn for reply in chatterbox.replies] == list(range(1, AT_ONCE + 4))


async def test_without_that_limit_their_replies_leave_at_the_pairs_pace(tmp_path: Path) -> None:
    """They are a thousand turns, in order; everybody else's replies leave at once."""
    async with town(tmp_path, rules=OPEN_WINDOW) as here:
        running = here.process.engine.running
        assert running is not None
        running.around.pace = lambda: Pace(0, 1)
        chatterbox = await chatter(here)
        assert here.read("SELECT max(version) FROM snapshots") == [(1_000,)]
        await chatterbox.until(lambda: chatterbox.turn == 45)
        assert [reply.turn for reply in chatterbox.replies] == list(range(1, 46))
