"""The machine was off for a day: nothing comes in a flood, and nothing is lost that still matters.

Each shop is played up to where it has timers, then nobody runs for a day and more, and then all that is due comes at
once, in the order in which the scheduler reads it.
"""

from __future__ import annotations

from msgspec.structs import replace

from engine.address import DAY, HOUR, MINUTE, Millis
from engine.orders import Customer, OrderStatus
from engine.reminders import Reminder
from engine.tickets import BookingStatus
from tests.engine import news
from tests.engine.open_store import at_once
from tests.engine.shops import shop_of
from tests.engine.world import World

EVERY = 10**6


def world(flow: str, **terms: object) -> World:
    shop = shop_of(flow)
    return World(replace(shop, terms=replace(shop.terms, **terms)))


def say(made: World, *texts: str) -> None:
    for text in texts:
        made.say(text)


def off(made: World, how_long: Millis = 25 * HOUR) -> list[str]:
    """Nobody runs for so long; what customers are told when the process is back, in its order."""
    made.now += how_long
    told: list[str] = []
    for _ in range(EVERY):
        due = at_once(made.store.due(made.now, 100))
        if not due:
            break
        for timer in due:
            made.who = timer.address
            made.fire(timer.kind)
            told += [made.text] if made.said else []
    return told


def ledger(made: World) -> dict[str, Reminder]:
    return {one.id: one for one in at_once(made.store.reminders(made.shop.name, EVERY))}


def stands(made: World, kind: str) -> tuple[str, str]:
    (one,) = [one for name, one in ledger(made).items() if name.startswith(kind)]
    return one.state.value, one.reason


def test_an_order_whose_time_to_pay_was_over_ends_and_is_not_reminded_of() -> None:
    made = world("cart")
    say(made, "hi", "2 cola", "review", "pickup", "checkout")
    (order,) = made.orders.values()
    told = off(made)
    assert made.orders[order.number].status is OrderStatus.CANCELLED
    assert len(told) == 1
    assert "was not paid in time" in told[0]
    assert stands(made, "pay-half") == ("skipped", "over")


def test_seats_that_were_held_are_free_and_nobody_is_warned_of_it_a_day_late() -> None:
    made = world("ticketing")
    say(made, "search food", "1", "2")
    told = off(made)
    assert told == []
    assert stands(made, "hold-warning")[0] in ("skipped", "cancelled")
    at_once(made.store.sweep_bookings(made.now))
    (booking,) = made.store.bookings_of(made.shop.name)
    assert booking.status in (BookingStatus.CANCELLED, BookingStatus.EXPIRED)
    assert made.store.seats_taken(made.shop.name, booking.event, made.now) == 0


def test_an_event_that_is_still_ahead_is_reminded_of_and_one_that_is_over_is_not() -> None:
    made = world("ticketing", templates={"event": "event_near"}, event_reminder=30 * HOUR)
    say(made, "search food", "1", "2", "Asha", "yes")
    (booking,) = made.store.bookings_of(made.shop.name)
    made.now = booking.starts_at - 31 * HOUR
    say(made, "thanks")
    (told,) = off(made, 5 * HOUR)
    assert "A reminder of your booking" in told, "it is late, but the event is ahead"
    assert stands(made, "event") == ("sent", "")

    late = world("ticketing", templates={"event": "event_near"}, event_reminder=30 * HOUR)
    say(late, "search food", "1", "2", "Asha", "yes")
    (booking,) = late.store.bookings_of(late.shop.name)
    late.now = booking.starts_at - 31 * HOUR
    assert off(late, 32 * HOUR) == []
    assert stands(late, "event") == ("skipped", "over")


def test_of_many_customers_with_open_invoices_each_hears_of_the_step_that_is_still_true_and_no_other() -> None:
    """Fifty customers owe: half of them were due to be reminded two days ago, half this morning."""
    made = world("wholesale", templates={"reminder": "invoice_due"}, reminder_days=(0, 3))
    for number in range(50):
        made.as_customer(f"c{number + 2}").card = Customer(
            made.who.customer, made.shop.name, f"Dealer {number}", credit_days=7 if number % 2 else 9
        )
        say(made, "10 opc 43", "1")
        made.now += 1_000
    made.now += 6 * DAY
    assert off(made, 20 * HOUR) == []
    told = off(made, 2 * DAY + 3 * HOUR)
    assert [one.state.value for one in ledger(made).values()].count("sent") == len(told) == 25
    assert sorted(one.reason for one in ledger(made).values() if one.state.value == "skipped") == ["late"] * 25
    scheduled = [one.id for one in ledger(made).values() if one.state.value == "scheduled"]
    assert len(scheduled) == 50, "the steps to come stand"
    assert all(name.endswith(":3") for name in scheduled)


def test_a_cart_that_was_left_two_days_ago_is_kept_and_not_spoken_of() -> None:
    made = world("counter", cart_reminder=2 * HOUR)
    say(made, "hi", "1")
    made.now += 31 * MINUTE
    made.fire("session")
    assert off(made, 26 * HOUR) == []
    assert stands(made, "cart") == ("skipped", "late")
    say(made, "menu")
    assert "Your cart" in made.text


def test_a_reminder_that_waits_to_be_sent_is_not_sent_once_it_is_paid() -> None:
    """WhatsApp was down when it came due, and its customer has paid meanwhile."""
    made = world("wholesale", templates={"reminder": "invoice_due"})
    made.card = Customer(made.who.customer, made.shop.name, "Sharma & Sons", credit_days=30)
    say(made, "10 opc 43", "1")
    (first,) = [timer for timer in made.timers.values() if timer.kind.startswith("reminder:")]
    made.now = first.due
    made.fire(first.kind)
    assert ledger(made)[first.kind].went == "queued"
    news.tell(made, news.paid(made))
    assert ledger(made)[first.kind].went == "skipped"
    assert [one.state.value for one in ledger(made).values()] == ["cancelled", "sent"]
