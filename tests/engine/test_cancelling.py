"""What goes with an order that is cancelled, by its customer or by the owner, in any flow."""

from __future__ import annotations

import msgspec
import pytest

from engine import conversation, flows
from engine.address import Sender
from engine.effects import (
    AnyEffect,
    Ask,
    ClearTimer,
    HushReminders,
    MoveIntent,
    MoveOrder,
    Option,
    ReleaseHold,
    Say,
    SettlePayment,
)
from engine.events import AnyEvent, Inbound, OrderMoveWanted, TextSaid
from engine.facts import Facts, IntentsFor, OrderNumbered, PaymentFor
from engine.flow import Cancelled, Expired, Flow, FlowEvent, Guide, OrderEnded, Started, State, Step
from engine.orders import Order, OrderLine, OrderStatus, PaymentStatus
from engine.payments import Intent, IntentStatus, Payment, PaymentState, Way
from engine.shop import Shop
from engine.turn import Turn
from tests.engine.world import ANN, NOON, bakery

NUMBER = "WA20251018123456"
TEA = OrderLine("tea", "Tea", 2, 500, tracked=True)
ORDER = Order(
    *(NUMBER, "bakery", "c1", "cart", (TEA, TEA), 2_000, "INR"),
    *(OrderStatus.CONFIRMED, PaymentStatus.PENDING, "delivery", "WhatsApp", NOON),
    held=True,
)
INTENT = Intent("i1", "bakery", "c1", NUMBER, Way.CARD, 2_000, "INR", NOON, NOON + 1, status=IntentStatus.PENDING)
DONE = msgspec.structs.replace(INTENT, id="i0", status=IntentStatus.FAILED)
PAYMENT = Payment("p1", "bakery", "card", 2_000, "INR", NOON, order=NUMBER, state=PaymentState.APPLIED)
BY_CUSTOMER, BY_OWNER = TextSaid(f"cancel {NUMBER}"), OrderMoveWanted(NUMBER, "cancelled", "Owner")


class Out(State, frozen=True):
    """Nothing is going on."""


class Waiting(State, frozen=True):
    number: str = ""


STANDS = Flow("stands", version=1, states=(Out, Waiting), initial=Out())


@STANDS.reader
def read(state: State, said: str) -> FlowEvent | None:
    return None


@STANDS.guide
def guide(state: State, shop: Shop, facts: Facts) -> Guide:
    return Guide("please say *hi*", "hi", ())


@STANDS.arrow
def anything(state: State, event: Started | Cancelled | Expired, shop: Shop, facts: Facts) -> Step[Waiting]:
    return Step(Waiting(NUMBER), (Ask("Pay?", (Option("pay", "Pay"),)),))


@STANDS.arrow
def ended(state: Waiting, event: OrderEnded, shop: Shop, facts: Facts) -> Step[Out | Waiting]:
    return Step(Out() if event.number == state.number else state, (ClearTimer(f"end:{event.number}"),))


def turn_of(event: AnyEvent, flow: str = "counter", waiting: bool = False, **known: object) -> Turn:
    shop = msgspec.structs.replace(bakery(), flow=flow)
    facts = msgspec.structs.replace(Facts(NOON, f"{ANN}:2", orders=(ORDER,)), **known)
    c = conversation.load(None, shop)
    if waiting:
        hello = Inbound("m0", "bakery", Sender(), NOON, TextSaid("hi"))
        c = conversation.advance(c, hello, shop, facts).conversation
    return conversation.advance(c, Inbound("m1", "bakery", Sender(), NOON, event), shop, facts)


def wishes(turn: Turn) -> list[AnyEffect]:
    return [effect for effect in turn.effects if not isinstance(effect, Say | Ask)]


@pytest.mark.parametrize("event", [BY_CUSTOMER, BY_OWNER], ids=["the customer", "the owner"])
def test_holds_and_open_requests_to_pay_go_with_the_order(event: AnyEvent) -> None:
    moved, released, given_up, hushed = wishes(turn_of(event, intents=(INTENT, DONE)))
    assert isinstance(moved, MoveOrder)
    assert moved.move.to is OrderStatus.CANCELLED
    assert released == ReleaseHold(f"{NUMBER}:tea")
    assert isinstance(given_up, MoveIntent)
    assert (given_up.move.id, given_up.move.to) == ("i1", IntentStatus.CANCELLED)
    assert hushed == HushReminders(NUMBER), "nobody is reminded of it any more"


@pytest.mark.parametrize("event", [BY_CUSTOMER, BY_OWNER], ids=["the customer", "the owner"])
def test_money_that_has_paid_it_is_laid_on_the_desk(event: AnyEvent) -> None:
    paid = msgspec.structs.replace(ORDER, payment=PaymentStatus.PAID, held=False)
    turn = turn_of(event, orders=(paid,), payment=PAYMENT)
    _, settled, _ = wishes(turn)
    assert isinstance(settled, SettlePayment)
    assert (settled.settlement.id, settled.settlement.to) == ("p1", PaymentState.DESK)
    said = "".join(effect.text for effect in turn.effects if isinstance(effect, Say))
    assert ("send your money back" in said) is (event is BY_CUSTOMER)


@pytest.mark.parametrize("event", [BY_CUSTOMER, BY_OWNER], ids=["the customer", "the owner"])
def test_all_that_is_looked_at_is_read(event: AnyEvent) -> None:
    shop = bakery()
    inbound = Inbound("m1", "bakery", Sender(), NOON, event)
    needed = conversation.needs(conversation.load(None, shop), inbound, shop, NOON)
    assert needed == (OrderNumbered(NUMBER), IntentsFor(NUMBER), PaymentFor(NUMBER))


@pytest.mark.parametrize("event", [BY_CUSTOMER, BY_OWNER], ids=["the customer", "the owner"])
def test_a_flow_leaves_the_state_that_stands_at_the_order(event: AnyEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(flows._flows(), "stands", STANDS)
    turn = turn_of(event, "stands", waiting=True)
    assert turn.conversation.state == Out()
    assert turn.conversation.offer is None
    assert not [effect for effect in turn.effects if isinstance(effect, Ask)], "no buttons of a question that is gone"
    assert ClearTimer(f"end:{NUMBER}") in turn.effects


def test_another_order_that_is_cancelled_changes_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(flows._flows(), "stands", STANDS)
    other = msgspec.structs.replace(ORDER, number="WA20251018123457")
    turn = turn_of(TextSaid("cancel WA20251018123457"), "stands", waiting=True, orders=(other,))
    assert turn.conversation.state == Waiting(NUMBER)
    assert any(isinstance(effect, Ask) for effect in turn.effects)


def test_a_shop_whose_orders_are_not_followed_says_so() -> None:
    shop = bakery()
    quiet = msgspec.structs.replace(shop, terms=msgspec.structs.replace(shop.terms, tracking=False))
    facts = Facts(NOON, f"{ANN}:1", orders=(ORDER,))
    inbound = Inbound("m1", "bakery", Sender(), NOON, TextSaid(f"track {NUMBER}"))
    (said,) = conversation.advance(conversation.load(None, quiet), inbound, quiet, facts).effects
    assert isinstance(said, Say)
    assert said.text.startswith("I can't follow orders here.")
