"""Which message may leave next: one customer's in order, replies before bulk, numbers and pairs at their pace."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.address import Address
from engine.lines import LINE_AT_MOST, MEDIA_WAIT, Lines
from engine.messages import AnyMessage, Image, Outgoing, Purpose, Text


def row(
    customer: str, n: int, *, bulk: bool = False, message: AnyMessage | None = None, shop: str = "bakery"
) -> Outgoing:
    address = Address(shop, customer)
    return Outgoing(
        key=f"{address}:{n}:0",
        address=address,
        phone="254700000001",
        user_id="",
        message=message or Text(str(n)),
        purpose=Purpose.BULK if bulk else Purpose.REPLY,
        created_at=n,
    )


@pytest.fixture
def lines() -> Lines:
    return Lines({"bakery": 1_000_000.0, "kiosk": 1_000_000.0})


def keys(rows: list[Outgoing]) -> list[str]:
    return [one.key.removeprefix("bakery/") for one in rows]


def test_a_customers_second_message_waits_until_the_first_is_done(lines: Lines) -> None:
    lines.add([row("ann", 1), row("ann", 2)], now=0)
    assert keys(lines.pick(0, 10)) == ["ann:1:0"]
    assert lines.pick(1, 10) == []
    lines.done("bakery/ann:1:0", 2)
    assert keys(lines.pick(2, 10)) == ["ann:2:0"]


def test_different_customers_do_not_wait_for_each_other(lines: Lines) -> None:
    lines.add([row("ann", 1), row("ben", 1), row("cy", 1)], now=0)
    assert keys(lines.pick(0, 10)) == ["ann:1:0", "ben:1:0", "cy:1:0"]


def test_replies_leave_before_bulk_that_came_first(lines: Lines) -> None:
    lines.add([row("ann", 1, bulk=True), row("ben", 1, bulk=True), row("cy", 1)], now=0)
    assert keys(lines.pick(0, 2)) == ["cy:1:0", "ann:1:0"]


def test_a_reply_overtakes_bulk_to_the_same_customer(lines: Lines) -> None:
    lines.add([row("ann", 1, bulk=True), row("ann", 2, bulk=True)], now=0)
    lines.add([row("ann", 3)], now=0)
    assert keys(lines.pick(0, 10)) == ["ann:3:0"]
    lines.done("bakery/ann:3:0", 0)
    assert keys(lines.pick(0, 10)) == ["ann:1:0"]


def test_a_reply_does_not_overtake_bulk_that_is_already_on_its_way(lines: Lines) -> None:
    lines.add([row("ann", 1, bulk=True)], now=0)
    assert keys(lines.pick(0, 10)) == ["ann:1:0"]
    lines.add([row("ann", 2)], now=0)
    assert lines.pick(0, 10) == []
    lines.done("bakery/ann:1:0", 1)
    assert keys(lines.pick(1, 10)) == ["ann:2:0"]


def test_what_follows_media_waits_for_delivery_or_three_seconds(lines: Lines) -> None:
    lines.add([row("ann", 1, message=Image(link="https://shop.example.test/a.png")), row("ann", 2)], now=0)
    lines.add([row("ben", 1, message=Image(link="https://shop.example.test/a.png")), row("ben", 2)], now=0)
    lines.pick(0, 10)
    lines.done("bakery/ann:1:0", 100)
    lines.done("bakery/ben:1:0", 100)
    assert lines.pick(200, 10) == []
    lines.delivered(Address("bakery", "ben"), 300)
    assert keys(lines.pick(300, 10)) == ["ben:2:0"]
    assert lines.pick(99 + MEDIA_WAIT, 10) == []
    assert keys(lines.pick(100 + MEDIA_WAIT, 10)) == ["ann:2:0"]


def test_a_failed_message_comes_again_before_the_next_of_its_customer(lines: Lines) -> None:
    lines.add([row("ann", 1), row("ann", 2)], now=0)
    lines.pick(0, 10)
    lines.again("bakery/ann:1:0", 10, wait=500)
    assert lines.pick(509, 10) == []
    assert lines.wake_at(11) == 510
    assert keys(lines.pick(510, 10)) == ["ann:1:0"]


def test_the_messages_of_a_customer_wait_for_an_unknown_send(lines: Lines) -> None:
    lines.add_unknown(row("ann", 1))
    lines.add([row("ann", 2), row("ben", 1)], now=0)
    assert keys(lines.pick(0, 10)) == ["ben:1:0"]
    lines.done("bakery/ann:1:0", 5)
    assert keys(lines.pick(5, 10)) == ["ann:2:0"]


def test_the_forty_sixth_message_to_one_customer_at_once_waits_six_seconds(lines: Lines) -> None:
    lines.add([row("ann", n) for n in range(50)], now=0)
    for n in range(45):
        assert keys(lines.pick(0, 10)) == [f"ann:{n}:0"]
        lines.done(f"bakery/ann:{n}:0", 0)
    assert lines.pick(5_999, 10) == []
    assert keys(lines.pick(6_000, 10)) == ["ann:45:0"]


def test_a_paused_number_sends_nothing_while_another_goes_on(lines: Lines) -> None:
    lines.add([row("ann", 1), row("ann", 1, shop="kiosk")], now=0)
    lines.desks["bakery"].paused_until = 1_000
    assert keys(lines.pick(0, 10)) == ["kiosk/ann:1:0"]
    assert lines.wake_at(0) == 1_000
    assert keys(lines.pick(1_000, 10)) == ["ann:1:0"]


def test_a_busy_number_does_not_starve_another(lines: Lines) -> None:
    lines.add([row(f"c{n}", 1) for n in range(100)], now=0)
    lines.add([row("ann", 1, shop="kiosk")], now=0)
    assert "kiosk/ann:1:0" in keys(lines.pick(0, 2))


def test_a_row_that_is_offered_twice_leaves_once(lines: Lines) -> None:
    lines.add([row("ann", 1)], now=0)
    lines.add([row("ann", 1)], now=0)
    lines.pick(0, 10)
    lines.done("bakery/ann:1:0", 0)
    assert lines.pick(0, 10) == []
    assert not lines.rows


def test_customers_who_wait_for_nothing_are_forgotten_once_their_pace_is_rested(lines: Lines) -> None:
    lines.add([row("ann", 1)], now=0)
    lines.pick(0, 10)
    lines.done("bakery/ann:1:0", 0)
    lines.tidy(5_999)
    lines.add([row("ann", n) for n in range(2, 48)], now=5_999)
    gone = 0
    while lines.pick(5_999, 10):
        gone += 1
        lines.done(f"bakery/ann:{1 + gone}:0", 5_999)
    assert gone == 44, "the message before still counts against the pair's pace"
    lines.tidy(10_000_000)
    assert lines.pick(10_000_000, 10)


ANN, BEN = Address("bakery", "ann"), Address("bakery", "ben")


def order_news(customer: str, n: int) -> Outgoing:
    return replace(row(customer, n), purpose=Purpose.ORDER)


def all_picked(lines: Lines, now: float = 0) -> list[str]:
    """Everything that leaves, each as soon as the one before is done."""
    left: list[str] = []
    while picked := lines.pick(now, 10):
        for one in picked:
            left.append(one.key.removeprefix("bakery/"))
            lines.landed("bakery")
            lines.done(one.key, now)
    return left


# -- a person answers, and two customers who are one -----------------------------------------------------------------
@pytest.mark.parametrize("on_its_way", [False, True])
def test_replies_that_wait_are_dropped_when_a_person_answers(lines: Lines, on_its_way: bool) -> None:
    lines.add([row("ann", 1), order_news("ann", 2), row("ann", 3), row("ann", 4, bulk=True), row("ben", 1)], now=0)
    first = lines.pick(0, 1) if on_its_way else []
    lines.hush(ANN, 0)
    assert set(lines.rows) == {one.key for one in (*first, row("ann", 2), row("ann", 4), row("ben", 1))}
    for one in first:
        lines.landed("bakery")
        lines.done(one.key, 0)
    assert sorted(all_picked(lines)) == ["ann:2:0", "ann:4:0", "ben:1:0"]


def test_a_line_of_nothing_but_replies_is_left_empty(lines: Lines) -> None:
    """In whichever queue it stood: nothing is picked of it, and what comes later is."""
    image = Image(link="https://shop.example.test/a.png")
    lines.add([row("ann", 1), row("ben", 1, message=image), row("ben", 2)], now=0)
    lines.hush(ANN, 0)
    assert all_picked(lines) == ["ben:1:0"]
    lines.hush(BEN, 1)  # it waits behind its picture
    assert lines.wake_at(1) is None
    lines.hush(Address("bakery", "nobody"), 1)
    lines.add([row("ann", 2), row("ben", 3)], now=2)
    assert all_picked(lines, 2 + MEDIA_WAIT) == ["ann:2:0", "ben:3:0"]


def test_a_line_whose_first_row_is_bulk_now_leaves_behind_others_replies(lines: Lines) -> None:
    lines.add([row("ann", 1), row("ann", 2, bulk=True), row("ben", 1)], now=0)
    lines.hush(ANN, 0)
    assert keys(lines.pick(0, 2)) == ["ben:1:0", "ann:2:0"]


def test_dropped_replies_make_room_for_what_waits_on_disk(lines: Lines) -> None:
    lines.add([row("ann", n) for n in range(LINE_AT_MOST + 1)], now=0)
    assert not lines.hungry
    lines.hush(ANN, 0)
    assert lines.hungry


def test_what_waits_for_one_customer_waits_for_the_one_they_have_become(lines: Lines) -> None:
    lines.add([row("ben", 1), row("ben", 2), row("ann", 1), row("ben", 3, bulk=True)], now=0)
    lines.moved(BEN, ANN, 0)
    assert {one.address for one in lines.rows.values()} == {ANN}
    assert keys(lines.pick(0, 10)) == ["ann:1:0"], "one customer, one message at a time"
    lines.done("bakery/ann:1:0", 0)
    assert all_picked(lines) == ["ben:1:0", "ben:2:0", "ben:3:0"]


def test_what_is_on_its_way_to_one_who_is_gone_ends_where_it_began(lines: Lines) -> None:
    lines.add([row("ben", 1), row("ben", 2)], now=0)
    assert keys(lines.pick(0, 10)) == ["ben:1:0"]
    lines.moved(BEN, ANN, 0)
    assert lines.rows["bakery/ben:1:0"].address == BEN
    lines.again("bakery/ben:1:0", 0, 5)
    assert keys(lines.pick(5, 10)) == ["ben:2:0", "ben:1:0"]
    lines.done("bakery/ben:1:0", 5)
    lines.done("bakery/ben:2:0", 5)
    assert lines.rows == {}
