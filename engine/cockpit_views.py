"""What the shop's own people are shown: the day, the orders, one order, what they can say."""

from __future__ import annotations

from collections.abc import Sequence

from babel.dates import format_date

from engine.commands import PREFIX
from engine.crew import Role
from engine.dates import day_and_time
from engine.effects import Ask, Option, Say
from engine.facts import COUNTED_TO, Day, Facts
from engine.messages import Purpose
from engine.orders import Order, OrderStatus, PaymentStatus, order_moves
from engine.payments import Way
from engine.phrases import phrase, say, say_count
from engine.settling import SETTLED
from engine.shop import Shop
from engine.shopping import joined, local, price, sold_line
from engine.tickets import Booking, BookingStatus

LOW_SHOWN = 10
"""Products that are named as low, at most."""

STATUSES = {
    OrderStatus.PENDING: phrase("new"),
    OrderStatus.CONFIRMED: phrase("confirmed"),
    OrderStatus.PROCESSING: phrase("being prepared"),
    OrderStatus.COMPLETED: phrase("completed"),
    OrderStatus.CANCELLED: phrase("cancelled"),
    OrderStatus.PAYMENT_FAILED: phrase("waiting for payment"),
    BookingStatus.HELD: phrase("held"),
    BookingStatus.CONFIRMED: phrase("confirmed"),
    BookingStatus.CHECKED_IN: phrase("inside"),
    BookingStatus.EXPIRED: phrase("expired"),
    BookingStatus.CANCELLED: phrase("cancelled"),
}
PAYMENTS = {
    PaymentStatus.UNPAID: phrase("not paid"),
    PaymentStatus.PENDING: phrase("payment awaited"),
    PaymentStatus.PAID: phrase("paid in full"),
    PaymentStatus.FAILED: phrase("payment failed"),
    PaymentStatus.PARTLY_REFUNDED: phrase("partly refunded"),
    PaymentStatus.REFUNDED: phrase("refunded"),
}


# -- the day ---------------------------------------------------------------------------------------------------------
def today(shop: Shop, facts: Facts) -> str:
    """The day's figures, and what waits for somebody."""
    speech, day = facts.language, facts.day or Day()
    date = str(format_date(local(facts.now, shop), "EEE d MMM", locale=speech))
    return joined(
        say(speech, "*{shop}*, {date}", shop=shop.title, date=date),
        _orders_of(day, shop, speech),
        _seats_of(day, shop, speech),
        say(speech, "Money that came in: {amount}", amount=price(day.received, shop)),
        say_count(speech, "{count} order cancelled", "{count} orders cancelled", day.cancelled)
        if day.cancelled
        else "",
        _waiting(day, speech),
        low_stock(shop, facts),
    )


def _orders_of(day: Day, shop: Shop, speech: str) -> str:
    if shop.programme.events and not day.orders:
        return ""
    total = price(day.sold, shop)
    return say_count(speech, "{count} order, {total}", "{count} orders, {total}", day.orders, total=total)


def _seats_of(day: Day, shop: Shop, speech: str) -> str:
    if not shop.programme.events:
        return ""
    total = price(day.booked, shop)
    return say_count(speech, "{count} seat booked, {total}", "{count} seats booked, {total}", day.seats, total=total)


def _waiting(day: Day, speech: str) -> str:
    lines = []
    if day.open:
        lines.append(say(speech, "Orders that wait for you: {count} – say *orders*", count=counted(day.open)))
    if day.desk:
        lines.append(say(speech, "Payments on the desk, to be matched or sent back: {count}", count=counted(day.desk)))
    return "\n".join(lines)


def counted(count: int) -> str:
    return str(count) if count < COUNTED_TO else f"{COUNTED_TO}+"


def low_stock(shop: Shop, facts: Facts) -> str:
    """What is nearly gone, or gone; "" where there is plenty."""
    low = [
        (facts.left[sku], product.name)
        for sku in shop.catalogue.menu
        if (product := shop.catalogue.by_sku[sku]).track_stock
        and sku in facts.left
        and facts.left[sku] <= shop.crew.low_stock
    ]
    if not low:
        return ""
    named = ", ".join(f"{name} ({left})" for left, name in sorted(low)[:LOW_SHOWN])
    more = f" … +{len(low) - LOW_SHOWN}" if len(low) > LOW_SHOWN else ""
    return say(facts.language, "Low stock: {products}", products=named + more)


# -- orders and bookings -----------------------------------------------------------------------------------------------
def orders(shop: Shop, facts: Facts) -> Say | Ask:
    """Whatever waits for the shop, newest first, to choose from."""
    speech = facts.language
    options = [_order_row(one, shop, speech) for one in facts.orders]
    options += [_booking_row(one, shop, speech) for one in facts.bookings]
    if not options:
        return Say(say(speech, "Nothing waits: there is no open order."))
    text = say(speech, "What is open, the newest first. Choose one, or say for example *{example}*:", example="done 1")
    return Ask(text, tuple(options), say(speech, "Orders"))


def stands(one: Order | Booking, speech: str) -> str:
    """How it stands, and its money."""
    return f"{say(speech, STATUSES[one.status])}, {say(speech, PAYMENTS[one.payment])}"


def _whose(one: Order | Booking) -> str:
    return ", ".join(filter(None, (one.name, f"+{one.phone.removeprefix('+')}" if one.phone else "")))


def _order_row(order: Order, shop: Shop, speech: str) -> Option:
    about = f"{price(order.total, shop)}, {stands(order, speech)}" + (f", {order.name}" if order.name else "")
    return Option(f"{PREFIX}order {order.number}", order.number, about)


def _booking_row(booking: Booking, shop: Shop, speech: str) -> Option:
    about = f"{booking.seats} × {booking.title}" + (f", {booking.name}" if booking.name else "")
    return Option(f"{PREFIX}order {booking.id}", booking.id, about)


def order(one: Order, role: Role, shop: Shop, facts: Facts) -> Say | Ask:
    """One order with all that is needed to prepare it, and what can be done with it."""
    speech = facts.language
    when = day_and_time(one.placed_at, shop.timezone, speech)
    text = joined(
        say(speech, "Order *{number}*: {status}.", number=one.number, status=stands(one, speech)),
        "\n".join(sold_line(line, shop, facts) + (f" ({line.note})" if line.note else "") for line in one.lines),
        say(speech, "{total}, ordered on {date}", total=price(one.total, shop), date=when),
        _whose(one),
        one.address,
        one.instructions,
    )
    return _with_choices(text, one.number, _possible(one, role), speech)


def _possible(one: Order, role: Role) -> list[str]:
    moves = order_moves(one.flow)[one.status]
    wishes = [
        ("start", OrderStatus.PROCESSING in moves),
        ("done", OrderStatus.COMPLETED in moves),
        ("paid", role is Role.OWNER and owing(one)),
        ("cancel", role is Role.OWNER and OrderStatus.CANCELLED in moves),
    ]
    return [verb for verb, may in wishes if may]


def owing(one: Order | Booking) -> bool:
    """Whether money is expected for it."""
    over = (OrderStatus.CANCELLED, BookingStatus.CANCELLED, BookingStatus.EXPIRED)
    return one.total > 0 and one.payment not in SETTLED and one.status not in over


def booking(one: Booking, role: Role, shop: Shop, facts: Facts) -> Say | Ask:
    """One booking, the same way."""
    speech = facts.language
    when = day_and_time(one.starts_at, shop.timezone, speech)
    text = joined(
        say(speech, "Booking *{number}*: {status}.", number=one.id, status=stands(one, speech)),
        say(speech, "{quantity} × {name} – {total}", quantity=one.seats, name=one.title, total=price(one.total, shop)),
        when,
        _whose(one),
    )
    open_ = one.status in (BookingStatus.HELD, BookingStatus.CONFIRMED)
    can = ["paid"] if owing(one) and role is Role.OWNER else []
    return _with_choices(text, one.id, can + (["cancel"] if open_ and role is Role.OWNER else []), speech)


TITLES = {
    "start": phrase("Start"),
    "done": phrase("Done"),
    "paid": phrase("Paid"),
    "cancel": phrase("Cancel"),
}


def _with_choices(text: str, number: str, verbs: Sequence[str], speech: str) -> Say | Ask:
    options = [Option(f"{PREFIX}{verb} {number}", say(speech, TITLES[verb])) for verb in verbs]
    return Ask(text, tuple(options), numbered=False) if options else Say(text)


WAYS = {Way.CASH.value: phrase("in cash"), Way.BANK.value: phrase("by bank transfer")}


# -- help --------------------------------------------------------------------------------------------------------------
FOR_ALL = (
    phrase("*orders* – what is open; *order NUMBER* – one of them"),
    phrase("*start NUMBER*, *done NUMBER* – the customer is told"),
    phrase("*stock NAME 20* – what is on the shelf; *stock* – what is low"),
    phrase("*take PHONE*, *give back PHONE* – answer a customer yourself, or let me"),
    phrase("*shop* – try the shop as a customer; *desk* – come back"),
)
FOR_OWNERS = (
    phrase("*today* – the day's figures"),
    phrase("*paid NUMBER cash*, *paid NUMBER bank* – money that you have seen"),
    phrase("*cancel NUMBER* – the customer is told"),
    phrase("*price NAME 120* – a new price"),
    phrase("*pause campaign*, *resume campaign* – stop it at once, go on"),
)


def help_text(role: Role, shop: Shop, speech: str) -> str:
    """What can be said. NUMBER may be the place in the list that was shown last."""
    lines = (*(FOR_OWNERS if role is Role.OWNER else ()), *FOR_ALL)
    head = say(speech, "You are at the desk of *{shop}*. You can say:", shop=shop.title)
    return "\n".join([head, *[say(speech, line) for line in lines]])


def reply(text: str) -> Say:
    return Say(text, Purpose.REPLY)
