"""Asking for money: ways, amounts, references, and what is said about each."""

from __future__ import annotations

import msgspec
import pytest

from engine import paying
from engine.effects import Charge, MovePayment, Say, ShowDocument
from engine.events import ChargeAnswered, DeskDecided, PaymentFailed, PaymentSettled, TimerFired
from engine.facts import BookingNumbered, Facts, IntentOf, OrderNumbered, PaymentOf
from engine.messages import Purpose
from engine.orders import Customer, OrderStatus, PaymentMove, PaymentStatus
from engine.payments import Failure, IntentStatus, Way
from engine.shop import Shop
from tests.engine.till import BOOKING, INTENT, KIOSK, ORDER, PAYMENT, facts

replace = msgspec.structs.replace


def shop_with(**terms: object) -> Shop:
    return replace(KIOSK, terms=replace(KIOSK.terms, **terms))


def said(effects: tuple[object, ...]) -> str:
    return "\n".join(effect.text for effect in effects if isinstance(effect, Say))


# -- ways ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("title", "terms", "ways"),
    [
        ("in the shop's order", {"ways": (Way.CARD, Way.MPESA)}, (Way.CARD, Way.MPESA)),
        ("each once", {"ways": (Way.CASH, Way.CASH)}, (Way.CASH,)),
        ("no bank without an account to pay into", {"ways": (Way.BANK, Way.CASH), "bank": ""}, (Way.CASH,)),
        ("none where payments are switched off", {"payments": False}, ()),
    ],
)
def test_the_ways_offered(title: str, terms: dict[str, object], ways: tuple[Way, ...]) -> None:
    assert paying.offered(shop_with(**terms), facts()) == ways, title


@pytest.mark.parametrize("way", Way)
def test_an_option_leads_back_to_its_way_by_value_and_by_words(way: Way) -> None:
    (option,) = paying.options((way,), facts())
    assert paying.way_of(option.value) is way
    assert paying.way_of(option.title) is way
    assert all(paying.way_of(word.upper()) is way for word in option.words)


@pytest.mark.parametrize(
    ("said", "way"),
    [
        ("kadi", Way.CARD),
        ("Benki", Way.BANK),
        ("pesa taslimu", Way.CASH),
        ("lipa na M-Pesa", Way.MPESA),
        ("कार्ड", Way.CARD),
        ("एम-पेसा", Way.MPESA),
        ("nakad", Way.CASH),
        ("بینک ٹرانسفر", Way.BANK),
        ("ایم پیسا", Way.MPESA),
    ],
)
def test_a_way_is_understood_in_every_language_without_its_buttons(said: str, way: Way) -> None:
    assert paying.way_of(said) is way


@pytest.mark.parametrize("value", ["", "pay:", "pay:gold", "hello"])
def test_what_is_no_way(value: str) -> None:
    assert paying.way_of(value) is None


def test_mobile_money_needs_a_phone_and_nothing_else_does() -> None:
    hidden = replace(facts(), phone="")
    assert [way for way in Way if paying.needs_phone(way, hidden)] == [Way.MPESA]
    assert not paying.needs_phone(Way.MPESA, facts())


# -- amounts and references ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("total", "amount"),
    [(299_950, 300_000), (299_949, 299_900), (300_000, 300_000), (1, 100), (49, 100), (150, 200), (0, 0)],
)
def test_mpesa_takes_whole_shillings(total: int, amount: int) -> None:
    assert paying.payable(total, Way.MPESA, KIOSK) == (amount, amount - total)
    assert paying.payable(total, Way.CARD, KIOSK) == (total, 0)


def test_the_rounding_is_a_line_only_where_there_is_one() -> None:
    assert paying.rounding_line(50, KIOSK, facts()) == "Rounding: KES 0.50"
    assert paying.rounding_line(0, KIOSK, facts()) == ""


def test_an_intent_is_derived_from_its_turn() -> None:
    made = paying.intent_for(ORDER.number, Way.MPESA, 300_000, KIOSK, facts(), expires_at=99)
    assert (made.id, made.customer, made.phone, made.expires_at) == ("kiosk/c1:7:pay", "c1", "254700000001", 99)
    assert made == paying.intent_for(ORDER.number, Way.MPESA, 300_000, KIOSK, facts(), expires_at=99)


def test_mobile_money_is_asked_from_the_number_that_was_typed_else_tried_else_known() -> None:
    def asked(**more: object) -> str:
        told = replace(facts(), **more)
        return paying.intent_for(ORDER.number, Way.MPESA, 1, KIOSK, told, expires_at=99).phone

    card = Customer("c1", "kiosk", phone="254733333333")
    tried = paying.intent_for(ORDER.number, Way.MPESA, 1, KIOSK, replace(facts(), payer="254722222222"), expires_at=9)
    other = replace(tried, order="X-9")
    assert asked() == "254700000001"
    assert asked(phone="", customer=card) == "254733333333"
    assert asked(customer=card) == "254700000001"
    assert asked(intents=(other, tried)) == "254722222222"
    assert asked(intents=(other,)) == "254700000001"
    assert asked(intents=(tried,), payer="254711111111") == "254711111111"
    assert not paying.needs_phone(Way.MPESA, replace(facts(), phone="", customer=card))


def test_a_reference_is_short_and_the_same_each_time_it_is_asked_for() -> None:
    assert paying.reference_of("ORD-7K2M9Q", KIOSK) == "ORD-7K2M9Q"
    long = [f"WA2025101812{number:04d}" for number in range(500)]
    made = {paying.reference_of(number, KIOSK) for number in long}
    assert len(made) == 500
    assert all(len(one) <= paying.REFERENCE_AT_MOST for one in made)
    assert paying.reference_of(long[0], KIOSK) == paying.reference_of(long[0], KIOSK)
    assert paying.reference_of(long[0], KIOSK) != paying.reference_of(long[0], replace(KIOSK, name="other"))


def test_only_open_requests_for_that_order_are_given_up() -> None:
    mine = [replace(INTENT, id=status.value, status=status) for status in IntentStatus]
    intents = (*mine, replace(INTENT, id="other", order="ORD-OTHER"))
    moves = [effect.move for effect in paying.dropped(ORDER.number, facts(intents=intents))]
    assert [move.id for move in moves] == ["created", "asking", "pending"]
    assert {move.to for move in moves} == {IntentStatus.CANCELLED}


def test_what_news_of_money_need() -> None:
    assert paying.news_needs(PaymentSettled("p")) == (PaymentOf("p"),)
    assert paying.news_needs(DeskDecided("p", "refund", "Asha")) == (PaymentOf("p"),)
    assert paying.news_needs(DeskDecided("p", "match", "Asha", "O-1")) == (PaymentOf("p"), OrderNumbered("O-1"))
    booking = DeskDecided("p", "match", "Asha", BOOKING.id)
    assert paying.news_needs(booking) == (PaymentOf("p"), BookingNumbered(BOOKING.id))
    assert paying.news_needs(PaymentFailed("i", "no_funds")) == (IntentOf("i"),)
    assert paying.news_needs(ChargeAnswered("i")) == (IntentOf("i"),)
    assert paying.news_needs(TimerFired("x", 1)) == ()


# -- what is said ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("way", "parts"),
    [
        (Way.MPESA, ("check your phone +254700000001", "KES 3,000")),
        (Way.CARD, ("link", "KES 3,000")),
        (Way.BANK, ("KES 3,000", "Duka Ltd, 0123456789", "*ORD-7K2M9Q*")),
        (Way.CASH, ("KES 3,000", "on delivery")),
    ],
)
def test_what_a_customer_is_told_when_asked(way: Way, parts: tuple[str, ...]) -> None:
    effects = paying.asked(replace(INTENT, way=way), KIOSK, facts())
    assert all(part in said(effects) for part in parts)
    assert all(isinstance(effect, Say) and effect.purpose is Purpose.PAYMENT for effect in effects)
    assert not any(isinstance(effect, Charge) for effect in effects), "the wish is the flow's"


def test_a_link_is_said_while_it_is_wanted() -> None:
    news = ChargeAnswered(INTENT.id, "https://pay.example.test/1")
    known = facts(intents=(INTENT,))
    assert "KES 3,000" in said(paying.link_said(news, KIOSK, known))
    assert "https://pay.example.test/1" in said(paying.link_said(news, KIOSK, known))
    assert paying.link_said(ChargeAnswered(INTENT.id), KIOSK, known) == ()
    assert paying.link_said(news, KIOSK, facts()) == ()
    gone = facts(intents=(replace(INTENT, status=IntentStatus.CANCELLED),))
    assert paying.link_said(news, KIOSK, gone) == ()


def test_every_failure_has_plain_words_of_its_own() -> None:
    assert len({paying.failure_said(one.value, "", facts()) for one in Failure}) == len(Failure)


def test_a_providers_words_are_shown_only_where_we_have_none_and_never_whole() -> None:
    assert "limit" not in paying.failure_said("no_funds", "limit", facts())
    assert "(over the limit)" in paying.failure_said("refused", " over\nthe\u202e limit", facts())
    assert len(paying.failure_said("refused", "x" * 5_000, facts())) < 150
    assert paying.failure_said("from next year", "", facts()) == paying.failure_said("refused", "", facts())


# -- what did not come -------------------------------------------------------------------------------------------------
NEWS = PaymentFailed(INTENT.id, "no_funds")


def known(intent: IntentStatus = IntentStatus.FAILED, **order: object) -> Facts:
    return facts(orders=(replace(ORDER, **order),), intents=(replace(INTENT, status=intent),))


def test_a_failure_marks_the_orders_payment_and_says_why() -> None:
    found = paying.unpaid(NEWS, KIOSK, known())
    assert found.counts
    move = PaymentMove(ORDER.number, (PaymentStatus.PENDING,), PaymentStatus.FAILED, "mpesa")
    assert found.effects == (MovePayment(move),)
    assert found.said == "There was not enough money in the account."
    assert found.order is not None
    assert found.order.number == ORDER.number


def test_a_failure_of_an_unpaid_booking_counts_and_moves_nothing() -> None:
    intents = (replace(INTENT, order=BOOKING.id, status=IntentStatus.FAILED),)
    found = paying.unpaid(NEWS, KIOSK, facts(bookings=(BOOKING,), intents=intents))
    assert (found.counts, found.booking, found.effects) == (True, BOOKING, ())


@pytest.mark.parametrize(
    ("title", "known_facts"),
    [
        ("the intent was paid meanwhile", known(IntentStatus.PAID)),
        ("the order was paid another way", known(payment=PaymentStatus.PAID)),
        ("the order is cancelled", known(status=OrderStatus.CANCELLED)),
        ("nobody knows the intent", facts(orders=(ORDER,))),
    ],
)
def test_old_news_of_a_failure_do_nothing(title: str, known_facts: Facts) -> None:
    assert paying.unpaid(NEWS, KIOSK, known_facts) == paying.Unpaid(False), title


# -- receipts ----------------------------------------------------------------------------------------------------------
def test_a_receipt_names_all_that_was_bought_and_how_it_was_paid() -> None:
    order = replace(ORDER, rounding=50)
    message, paper = paying.receipt(order, PAYMENT, KIOSK, facts())
    assert isinstance(message, Say)
    assert message.purpose is Purpose.PAYMENT
    for part in ("ORD-7K2M9Q", "2 × Premium Coffee – KES 3,000", "Rounding: KES 0.50", "Total: KES 3,000", "TST001"):
        assert part in message.text
    assert paper == ShowDocument("receipt-ORD-7K2M9Q.pdf", paper="receipt:ORD-7K2M9Q")
