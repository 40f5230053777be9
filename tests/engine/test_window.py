"""Whether free text may be sent, by the provider's clock and with a margin; and which template stands in."""

from __future__ import annotations

import msgspec
import pytest

from engine.address import DAY, HOUR, Address, Millis, Sender
from engine.conversation import advance
from engine.effects import Ask, Option, Say, UseTemplate
from engine.events import AnyEvent, Inbound, Letter, Reacted, TextSaid, TimerFired
from engine.facts import Facts, Known
from engine.messages import WINDOW, Purpose, Template
from engine.remembered import Conversation, load
from engine.shop import Shop
from engine.turn import Turn, commit_of, facts_of
from engine.window import MARGIN, closed, told
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


WORDS = (Say("Hello."), Ask("Now?", (Option("yes", "Yes"),)))


def test_a_template_goes_instead_when_the_window_is_closed_and_stands_ready_before() -> None:
    shop = with_templates(reminder="invoice_due")
    said = ("reminder", ("5", "INV-1"), shop)
    assert told(WORDS, *said, knowing(NOW - DAY), Purpose.PAYMENT) == (
        UseTemplate("invoice_due", "en", ("5", "INV-1"), Purpose.PAYMENT),
    )
    ready = Template("invoice_due", "en", ("5", "INV-1"))
    assert told(WORDS, *said, knowing(NOW - HOUR)) == (WORDS[0], msgspec.structs.replace(WORDS[1], stand_in=ready))
    assert told(WORDS, "order", (), shop, knowing(NOW - DAY)) == WORDS, "it will wait for the customer"


def test_a_language_may_have_a_template_of_its_own() -> None:
    shop = with_templates(order="HXall", order__sw="HXsw")
    (swahili,), (hindi,) = (told(WORDS, "order", (), shop, knowing(0, language)) for language in ("sw", "hi"))
    assert (swahili, hindi) == (UseTemplate("HXsw", "sw"), UseTemplate("HXall", "hi"))


def test_a_message_says_until_when_it_may_go_freely_and_what_stands_in_for_it() -> None:
    c = after(load(None, bakery()), TextSaid("hi"), NOW - HOUR, NOW)
    ready = Template("order", "en")
    inbound = Inbound("timer", "bakery", Sender(), NOW, TimerFired("x", 1))
    letter = Letter(Address("bakery", "ann"), inbound)
    turn = Turn(c, (Say("One"), Say("Two", stand_in=ready)))
    commit = commit_of(turn, letter, bakery(), facts_of(c, letter, Known(), NOW))
    assert [(one.free_until, one.fallback) for one in commit.outbox] == [
        (NOW - HOUR + WINDOW - MARGIN, None),
        (NOW - HOUR + WINDOW - MARGIN, ready),
    ]
    assert commit.heard == NOW - HOUR


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
