"""Whether free text may be sent, by the provider's clock and with a margin; and which template stands in."""

from __future__ import annotations

import msgspec
import pytest

from engine.address import DAY, HOUR, Address, Millis, Sender
from engine.conversation import advance
from engine.effects import UseTemplate
from engine.events import AnyEvent, Inbound, Letter, Reacted, TextSaid, TimerFired
from engine.facts import Facts, Known
from engine.messages import WINDOW, Purpose
from engine.remembered import Conversation, load
from engine.shop import Shop
from engine.turn import facts_of
from engine.window import MARGIN, closed, stand_in
from tests.engine.shops import bakery

NOW: Millis = 1_790_000_000_000


def knowing(written_at: Millis, language: str = "en") -> Facts:
    return Facts(now=NOW, key="bakery/ann:1", written_at=written_at, language=language)


def with_templates(**templates: str) -> Shop:
    shop = bakery()
    named = {name.replace("__", "."): template for name, template in templates.items()}
    return msgspec.structs.replace(shop, terms=msgspec.structs.replace(shop.terms, templates=named))


@pytest.mark.parametrize(
    ("ago", "shut"),
    [
        (0, False),
        (WINDOW - MARGIN - 1, False),
        (WINDOW - MARGIN, True),
        (WINDOW - 1, True),
        (WINDOW, True),
        (NOW, True),
    ],
)
def test_the_window_closes_a_margin_before_the_providers(ago: Millis, shut: bool) -> None:
    assert closed(knowing(NOW - ago)) is shut


def test_a_template_stands_in_only_when_the_window_is_closed() -> None:
    shop = with_templates(reminder="invoice_due")
    told = stand_in("reminder", ("5", "INV-1"), shop, knowing(NOW - DAY), Purpose.PAYMENT)
    assert told == UseTemplate("invoice_due", "en", ("5", "INV-1"), Purpose.PAYMENT)
    assert stand_in("reminder", (), shop, knowing(NOW - HOUR)) is None
    assert stand_in("order", (), shop, knowing(NOW - DAY)) is None


def test_a_language_may_have_a_template_of_its_own() -> None:
    shop = with_templates(order="HXall", order__sw="HXsw")
    names = [stand_in("order", (), shop, knowing(0, language)) for language in ("sw", "hi")]
    assert [(one.name, one.language) for one in names if one is not None] == [("HXsw", "sw"), ("HXall", "hi")]


# -- by whose clock -----------------------------------------------------------------------------------------------
def after(c: Conversation, event: AnyEvent, sent_at: Millis, now: Millis) -> Conversation:
    inbound = Inbound(f"wamid.{c.turn}", "bakery", Sender(phone="919800000001"), sent_at, event)
    letter = Letter(Address("bakery", "ann"), inbound)
    return advance(c, inbound, bakery(), facts_of(c, letter, Known(), now)).conversation


def test_a_message_that_came_in_late_opens_the_window_from_when_it_was_written() -> None:
    c = after(load(None, bakery()), TextSaid("hi"), NOW - DAY, NOW)
    assert (c.heard_at, c.written_at) == (NOW, NOW - DAY)
    inbound = Inbound("timer", "bakery", Sender(), NOW, TimerFired("x", 1))
    assert closed(facts_of(c, Letter(Address("bakery", "ann"), inbound), Known(), NOW + 1))


def test_an_older_message_that_comes_after_a_newer_one_takes_nothing_back() -> None:
    c = after(load(None, bakery()), TextSaid("hi"), NOW, NOW)
    assert after(c, TextSaid("list"), NOW - HOUR, NOW + 1).written_at == NOW


def test_a_providers_clock_that_is_ahead_wins_no_time() -> None:
    assert after(load(None, bakery()), TextSaid("hi"), NOW + DAY, NOW).written_at == NOW


@pytest.mark.parametrize("event", [TimerFired("x", 1), Reacted("wamid.1", "+")])
def test_what_is_no_word_of_the_customers_does_not_extend_the_window(event: AnyEvent) -> None:
    c = after(load(None, bakery()), TextSaid("hi"), NOW - HOUR, NOW - HOUR)
    assert after(c, event, NOW, NOW).written_at == NOW - HOUR


def test_a_snapshot_of_before_the_providers_time_was_noted_counts_from_when_we_heard() -> None:
    c = msgspec.structs.replace(load(None, bakery()), heard_at=NOW - HOUR)
    inbound = Inbound("timer", "bakery", Sender(), NOW, TimerFired("x", 1))
    assert not closed(facts_of(c, Letter(Address("bakery", "ann"), inbound), Known(), NOW))
