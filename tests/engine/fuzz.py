"""Anything that can happen in a shop, to throw at its flow: what customers send, what owner, clock and providers do
between two messages; and what must hold after all of it, to the last piece and the last cent.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from engine.address import DAY, HOUR, MINUTE
from engine.events import (
    AnyEvent,
    BookingCancelWanted,
    CartItem,
    CartSent,
    ContactsSent,
    FormAnswered,
    LocationSent,
    MediaSent,
    MessageDeleted,
    MessageEdited,
    NumberChanged,
    OptionTapped,
    OrderMoveWanted,
    OwnerEchoed,
    PreferenceSet,
    Reacted,
    TextSaid,
    TimerFired,
    UnsupportedSent,
)
from engine.messages import Limits
from engine.orders import OrderStatus, PaymentStatus
from engine.payments import Failure, IntentStatus, PaymentState
from engine.tickets import BookingStatus, EventStatus
from tests.engine import news
from tests.engine.cases import cases_of
from tests.engine.open_store import at_once
from tests.engine.shops import shop_of
from tests.engine.world import World, choices

LIMITS = st.sampled_from([Limits(), Limits(buttons=0, rows=0, text=300, question=300, location_request=False)])
LANGUAGES = st.sampled_from([("en",), ("sw", "en"), ("en", "hi", "ur", "sw"), ("ur",)])


# -- what customers send -------------------------------------------------------------------------------------------
def events(flow: str) -> st.SearchStrategy[AnyEvent]:
    """Whatever can arrive from a customer of this flow's sample shop; half of it what people really say."""
    texts = st.one_of(st.sampled_from(lines(flow)), st.text(max_size=60), st.text(max_size=600))
    items = st.builds(CartItem, st.sampled_from(skus(flow)), st.integers(-5, 10**12))
    sensible = st.builds(TextSaid, st.sampled_from(lines(flow)))
    anything = st.one_of(
        st.builds(TextSaid, texts),
        st.builds(OptionTapped, st.from_regex(r"\A[0-9]{1,2}:(more:)?[0-9]{1,2}\Z"), st.text(max_size=20)),
        st.builds(OptionTapped, st.text(max_size=20), st.text(max_size=20)),
        st.builds(LocationSent, st.floats(), st.floats(), st.text(max_size=400), st.text(max_size=400)),
        st.builds(MediaSent, st.sampled_from(["image", "audio", "x"]), st.just("1"), texts),
        st.builds(ContactsSent, st.just(("254700000002",))),
        st.builds(CartSent, st.lists(items, max_size=60).map(tuple), st.text(max_size=20)),
        st.builds(FormAnswered, st.text(max_size=20), st.text(max_size=20)),
        st.builds(Reacted, st.just("wamid.1"), st.text(max_size=2)),
        st.builds(MessageEdited, st.just("wamid.1")),
        st.builds(MessageDeleted, st.just("wamid.1")),
        st.builds(NumberChanged, st.sampled_from(["", "919800000077"]), st.sampled_from(["", "IN.7"])),
        st.builds(OwnerEchoed, st.text(max_size=20)),
        st.builds(PreferenceSet, st.booleans()),
        st.builds(UnsupportedSent, st.text(max_size=20)),
        st.builds(TimerFired, st.sampled_from(["session", "other"]), st.integers(0, 40)),
    )
    # A choice between two: a flat one_of would make sense once in seventeen times.
    return st.booleans().flatmap(lambda sense: sensible if sense else anything)


def lines(flow: str) -> list[str]:
    """What people say in the flow's cases: random text alone would hardly ever place an order."""
    said = {line[2:].replace("\\n", "\n") for case in cases_of(flow) for _, line in case.lines if line.startswith("> ")}
    return sorted(said)


def skus(flow: str) -> list[str]:
    """What the flow's sample shop sells, and something that it does not."""
    return [*(product.sku for product in shop_of(flow).catalogue.products), "unicorn"]


# -- what happens meanwhile ----------------------------------------------------------------------------------------
Doing = Callable[[World, int, str], None]
"""(world, an amount or choice, a sku) -> something happens, or nothing where it can't."""


def _left(world: World, amount: int, sku: str) -> None:
    if sku in world.left:
        world.left[sku] = min(world.left[sku], amount % 9)


def _tap(world: World, amount: int, sku: str) -> None:
    shown = [choice for message in world.said for choice in choices(message)]
    if shown:
        world.send(OptionTapped(shown[amount % len(shown)].id))


def _fire(world: World, amount: int, sku: str) -> None:
    kinds = sorted(world.timers)
    if kinds:
        world.fire(kinds[amount % len(kinds)])


def _pay(world: World, amount: int, sku: str) -> None:
    """In full more often than not; too little, too much, in another currency, or the same news once more."""
    intent = news.newest_intent(world)
    if intent is None:
        return
    if amount % 7 == 6 and world.told is not None:
        assert not news.tell(world, world.told), "the same news was recorded twice"
        return
    off = {4: -1, 5: 1}.get(amount % 7, 0)
    world.told = news.paid(world, amount=intent.amount + off, currency="EUR" if amount % 7 == 3 else "")
    news.tell(world, world.told)


def _unpaid(world: World, amount: int, sku: str) -> None:
    if news.newest_intent(world) is not None:
        news.tell(world, news.unpaid(world, list(Failure)[amount % len(Failure)].value))


def _answer(world: World, amount: int, sku: str) -> None:
    intent = news.newest_intent(world)
    if intent is not None and intent.status is IntentStatus.CREATED:
        news.answer(world, link="https://pay.test/1", failure="unreachable" if amount % 3 == 0 else "")


def _decide(world: World, amount: int, sku: str) -> None:
    if at_once(world.store.payments(world.shop.name, (PaymentState.DESK,), 1)):
        number = next(reversed(world.orders), "")
        news.decide(world, *[("match", number), ("match", ""), ("refund", ""), ("credit", "")][amount % 4])


def _owner(world: World, amount: int, sku: str) -> None:
    own = [number for number, order in world.orders.items() if order.customer == world.who.customer]
    if own:
        status = list(OrderStatus)[amount % len(OrderStatus)].value
        world.post(OrderMoveWanted(own[-1], status, "owner"))


def _event(world: World, amount: int, sku: str) -> None:
    """The owner cancels an event, brings it back, reprices it, or leaves a few seats of it."""
    events = world.shop.programme.events
    if not events:
        return
    event = events[amount % len(events)]
    taken = world.store.seats_taken(world.shop.name, event.id, world.now)
    changes: tuple[dict[str, object], ...] = (
        {"status": EventStatus.CANCELLED},
        {"status": EventStatus.ACTIVE},
        {"price": amount % 3 * 10_000},
        {"capacity": max(1, taken + amount % 4)},
    )
    world.change_event(event.id, **changes[amount // 7 % 4])


def _booking(world: World, amount: int, sku: str) -> None:
    """One of the customer's bookings is looked at, given back, or cancelled by the owner."""
    own = [one for one in world.store.bookings_of(world.shop.name) if one.customer == world.who.customer]
    if own:
        number = own[amount % len(own)].id
        match amount // 7 % 3:
            case 0:
                world.say(number)
            case 1:
                world.say(f"cancel {number}")
            case _:
                world.post(BookingCancelWanted(number, "owner", "rain"))


def _somebody_else(world: World, amount: int, sku: str) -> None:
    world.as_customer("ben" if amount % 2 else "ann")


def _wait(world: World, amount: int, sku: str) -> None:
    world.now += (1_000, MINUTE, 5 * MINUTE, 16 * MINUTE, 31 * MINUTE, 2 * HOUR, 3 * DAY)[amount % 7]


DOINGS: dict[str, Doing] = {
    "nothing": lambda world, amount, sku: None,
    "wait": _wait,
    "left": _left,
    "price": lambda world, amount, sku: world.change(sku, price=1 + amount),
    "inactive": lambda world, amount, sku: world.change(sku, active=False),
    "active": lambda world, amount, sku: world.change(sku, active=True),
    "tap": _tap,
    "fire": _fire,
    "pay": _pay,
    "unpaid": _unpaid,
    "answer": _answer,
    "decide": _decide,
    "owner": _owner,
    "event": _event,
    "booking": _booking,
    "sweep": lambda world, amount, sku: news.sweep(world),
    "somebody else": _somebody_else,
}
MEANWHILES = st.tuples(st.sampled_from(sorted(DOINGS)), st.integers(0, 10**6))


# -- what must hold ------------------------------------------------------------------------------------------------
class Count:
    """What was on the shelves, but for what the shop itself took away."""

    def __init__(self, world: World) -> None:
        self._opening = {sku: left + sold_of(world, sku) for sku, left in world.left.items()}

    def changed(self, before: dict[str, int], world: World) -> None:
        """The shop counted again."""
        self._opening = {sku: had - (before[sku] - world.left[sku]) for sku, had in self._opening.items()}

    def holds(self, world: World) -> None:
        expected = {sku: had - sold_of(world, sku) for sku, had in self._opening.items()}
        assert dict(world.left) == expected, "stock = start − sold"


def sold_of(world: World, sku: str) -> int:
    """What orders have taken from the shelf: all that stand, but for what is only held yet."""
    standing = [one for one in world.orders.values() if one.status is not OrderStatus.CANCELLED and not one.held]
    return sum(line.quantity for order in standing for line in order.lines if line.tracked and line.sku == sku)


def money_holds(world: World) -> None:
    """No order or booking is paid by nothing, and none twice; what paid a booking that has ended is on the desk."""
    payments = world.store.payments_of(world.shop.name)
    owed = [(order.number, order.payment) for order in world.orders.values()]
    owed += [(booking.id, booking.payment) for booking in world.store.bookings_of(world.shop.name)]
    for number, stands in owed:
        its = [payment for payment in payments if payment.order == number]
        assert sum(payment.state is PaymentState.APPLIED for payment in its) <= 1, f"{number} is paid twice"
        assert its or stands is not PaymentStatus.PAID, f"{number} is paid by nothing"
    over = (BookingStatus.CANCELLED, BookingStatus.EXPIRED)
    ended = {booking.id for booking in world.store.bookings_of(world.shop.name) if booking.status in over}
    lost = [one for one in payments if one.order in ended and one.state is PaymentState.APPLIED]
    assert lost == [], "money for seats that nobody has"
    recorded = [payment for payment in payments if payment.state is PaymentState.RECORDED]
    assert recorded == [], "money that nobody made anything of"
