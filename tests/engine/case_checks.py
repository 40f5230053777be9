"""What the lines of a case expect: see tests/engine/cases.py for the language."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from engine.address import DAY, HOUR, MINUTE
from engine.diagram import state_name
from engine.messages import Document, Image
from engine.payments import Way
from tests.engine.open_store import at_once
from tests.engine.world import World

UNITS = {"s": 1_000, "m": MINUTE, "h": HOUR, "d": DAY}


def newest(world: World, what: str) -> str:
    """The number or id of the newest of the customer's orders, bookings and so on."""
    store, who = world.store, world.who
    found: dict[str, list[str]] = {
        "order": [one.number for one in reversed(world.orders.values()) if one.customer == who.customer],
        "booking": [one.id for one in store.bookings_of(who.shop) if one.customer == who.customer],
        "invoice": [one.number for one in reversed(store.invoices_of(who.shop)) if one.customer == who.customer],
        "payment": [one.id for one in store.payments_of(who.shop)],
        "intent": [one.id for one in store.intents_of(who)],
        "reference": [one.reference for one in store.intents_of(who)],
    }
    assert found[what], f"there is no {what}"
    return found[what][0]


# -- the answer ----------------------------------------------------------------------------------------------------
def state(world: World, rest: str) -> None:
    """``= state``"""
    assert state_name(type(world.conversation.state)) == rest, f"the state is {world.conversation.state}"


def contains(world: World, rest: str) -> None:
    """``< text``"""
    if rest == "nothing":
        assert not world.said
    else:
        assert rest.replace("\\n", "\n") in world.text


def lacks(world: World, rest: str) -> None:
    """``<! text``"""
    assert world.said
    assert rest not in world.text


def needs(world: World, rest: str) -> None:
    """``? need, need``"""
    wanted = [name.strip() for name in rest.split(",") if name.strip() != "nothing"]
    assert [type(need).__name__ for need in world.needed] == wanted


def expect(world: World, rest: str) -> None:
    """``+ what …``"""
    verb, _, after = rest.partition(" ")
    assert verb in EXPECTED, f"nothing is expected by {verb!r}"
    EXPECTED[verb](world, after.strip())


def _to(world: World, rest: str) -> None:
    assert {(one.phone, one.user_id) for one in world.commits[-1].outbox} == {tuple(rest.split("|"))}


def _image(world: World, rest: str) -> None:
    captions = [one.caption for one in world.said if isinstance(one, Image)]
    assert any(rest in caption for caption in captions), f"the pictures say {captions}"


def _document(world: World, rest: str) -> None:
    names = [one.filename for one in world.said if isinstance(one, Document)]
    assert any(rest in name for name in names), f"the files are {names}"


# -- orders and customers ------------------------------------------------------------------------------------------
def _order(world: World, rest: str) -> None:
    number, how = rest.split(" ", 1)
    assert number in world.orders, f"there is no such order, only {list(world.orders)}"
    order = world.orders[number]
    total, sold, lines = how.partition(": ")
    if sold:
        assert order.total == int(total), f"its total is {order.total}"
        assert ", ".join(f"{line.quantity} × {line.sku}" for line in order.lines) == lines
    else:
        _stands(how, order.status.value, order.payment.value)


def _stands(wanted: str, status: str, payment: str) -> None:
    """``status/payment``, or the status alone."""
    found = f"{status}/{payment}" if "/" in wanted else status
    assert found == wanted, f"it is {status}/{payment}"


def _history(world: World, rest: str) -> None:
    number, _, wanted = rest.partition(" ")
    moves = at_once(world.store.order_history(world.shop.name, number))
    found = [f"{frm}>{to}" for frm, to, _, _ in moves if frm]
    assert found == [one.strip() for one in wanted.split(",") if one.strip()], f"it is {', '.join(found)}"


def _card(world: World, rest: str) -> None:
    card = world.card
    assert card is not None
    if rest.startswith("{"):
        known, wanted = msgspec.to_builtins(card), msgspec.json.decode(rest)
        assert {name: known[name] for name in wanted} == wanted
    else:
        assert rest == f"{card.name} | {card.address} | {card.phone}"


def _marketing(world: World, rest: str) -> None:
    assert world.card is not None
    assert world.card.marketing is (rest == "yes")


def _timer(world: World, rest: str) -> None:
    if rest == "none":
        assert not world.timers
        return
    kind, due = re.split(r"\s+", rest)
    assert kind in world.timers, f"it is not set, only {list(world.timers)}"
    left = world.timers[kind].due - world.now
    assert left == int(due[:-1]) * UNITS[due[-1]], f"it is due in {left / 1000} s"


def _reminder(world: World, rest: str) -> None:
    name, *wanted = rest.split()
    found = at_once(world.store.reminder(world.shop.name, name))
    assert found is not None, f"there is no such reminder, only {world.store.reminders_of(world.who)}"
    assert wanted in ([found.state.value], [found.state.value, found.reason]), f"it is {found}"


def _credits(world: World, rest: str) -> None:
    found = [f"{one.number} {one.amount}" for one in reversed(world.store._ledger.credit_notes(world.shop.name))]
    assert found == ([] if rest == "none" else rest.split(", ")), f"there are {found}"


def _invoice(world: World, rest: str) -> None:
    number, total, *status = rest.split()
    found = {one.number: one for one in world.store.invoices_of(world.shop.name)}
    assert number in found, f"there is no such invoice, only {list(found)}"
    assert found[number].total == int(total), f"its total is {found[number].total}"
    assert status in ([], [found[number].status.value]), f"it is {found[number].status.value}"


def _notice(world: World, rest: str) -> None:
    (last,) = at_once(world.store.owner_notices(world.shop.name, 1))
    assert f"{last.kind} {last.detail}" == rest, f"it is {last.kind} {last.detail}"


def _deed(world: World, rest: str) -> None:
    (last,) = at_once(world.store.deeds(world.shop.name, 1))
    found = " ".join(part for part in (last.role, last.verb, last.about, last.detail) if part)
    assert found == rest, f"it is {found}"


def _synced(world: World, rest: str) -> None:
    assert rest in world.store.unsynced_of(world.shop.name)


# -- stock, money, seats -------------------------------------------------------------------------------------------
def _held(world: World, rest: str) -> None:
    sku, count = rest.split()
    same(world.store.held(world.shop.name, sku, world.now), int(count))


def _left(world: World, rest: str) -> None:
    sku, count = rest.split()
    same(world.left[sku], int(count))


def _intent(world: World, rest: str) -> None:
    way, status, *amount = rest.split()
    found = [one for one in world.store.intents_of(world.who) if one.way is Way(way)]
    assert found, "nobody was asked for money this way"
    assert (found[0].status.value, *amount) == (status, *(str(found[0].amount) for _ in amount)), f"it is {found[0]}"


def _payment(world: World, rest: str) -> None:
    wanted, _, why = rest.partition(" ")
    found = world.store.payments_of(world.shop.name)
    assert found, "no money came"
    assert found[0].state.value == wanted, f"it is {found[0].state.value} ({found[0].why})"
    assert why in ("", found[0].why), f"it says {found[0].why!r}"


def _booking(world: World, rest: str) -> None:
    event, seats, stands = rest.split()
    own = [one for one in world.store.bookings_of(world.shop.name) if one.customer == world.who.customer]
    found = [one for one in own if one.event == event]
    assert found, f"there is none for it, only {own}"
    same(found[0].seats, int(seats))
    _stands(stands, found[0].status.value, found[0].payment.value)


def _bookings(world: World, rest: str) -> None:
    own = [one for one in world.store.bookings_of(world.shop.name) if one.customer == world.who.customer]
    same(len(own), 0 if rest == "none" else int(rest))


def _seats(world: World, rest: str) -> None:
    event, count = rest.split()
    same(world.store.seats_free(world.shop.name, event, world.now), int(count))


def _entry(world: World, rest: str) -> None:
    event, status, *seats = rest.split()
    found = [one for one in world.store.entries_of(world.who) if one.event == event]
    assert found, "nobody waits for it"
    assert (found[0].status.value, *seats) == (status, *(str(found[0].seats) for _ in seats)), f"it is {found[0]}"


def same(found: int, wanted: int) -> None:
    """Whether a count is as expected."""
    assert found == wanted, f"there are {found}"


EXPECTED: dict[str, Callable[[World, str], None]] = {
    "order": _order,
    "orders": lambda world, rest: same(len(world.orders), int(rest)),
    "history": _history,
    "card": _card,
    "marketing": _marketing,
    "timer": _timer,
    "reminder": _reminder,
    "to": _to,
    "image": _image,
    "document": _document,
    "held": _held,
    "left": _left,
    "intent": _intent,
    "intents": lambda world, rest: same(len(world.store.intents_of(world.who)), int(rest)),
    "payment": _payment,
    "payments": lambda world, rest: same(len(world.store.payments_of(world.shop.name)), int(rest)),
    "booking": _booking,
    "bookings": _bookings,
    "seats": _seats,
    "entry": _entry,
    "credits": _credits,
    "invoice": _invoice,
    "invoices": lambda world, rest: same(len(world.store.invoices_of(world.shop.name)), int(rest)),
    "synced": _synced,
    "deed": _deed,
    "notice": _notice,
    "deeds": lambda world, rest: same(len(at_once(world.store.deeds(world.shop.name, 100))), int(rest)),
}
