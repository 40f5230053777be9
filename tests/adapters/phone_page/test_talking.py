"""The browser phone: talking, ticks, typing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.adapters.phone_page.handling import Phone, expect
from tests.adapters.scripted_provider import (
    BAKERY,
    NOON,
    text,
)

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.browser


# -- talking ---------------------------------------------------------------------------------------------------------


def test_an_empty_chat_tells_a_stranger_what_to_say_and_a_suggestion_says_it(phone: Phone) -> None:
    phone.open()
    expect(phone.at(".empty")).to_contain_text("Say hi to begin")
    phone.at(
        ".empty button",
    ).first.click()
    expect(phone.mine.locator(".words")).to_have_text("hi")
    expect(phone.at(".empty")).to_have_count(0)
    assert phone.provider.heard_type("say")[0]["text"] == "hi"


def test_the_line_is_opened_with_the_phone_the_shop_and_the_name_of_the_address(phone: Phone) -> None:
    phone.open("/#phone=254711222333&name=%E0%A4%AA%E0%A5%8D%E0%A4%B0%E0%A4%BF%E0%A4%AF%E0%A4%BE")
    digits, query = phone.provider.dialled[0]
    assert digits == "254711222333"
    assert query == {"number": [BAKERY.number], "name": ["प्रिया"]}


def test_the_header_shows_the_shops_title_and_number(phone: Phone) -> None:
    phone.open()
    expect(phone.at("#title")).to_have_text(BAKERY.title)
    expect(phone.at("#presence")).to_have_text(f"{BAKERY.display_number} · online")


def test_enter_sends_and_shift_enter_makes_a_new_line(phone: Phone) -> None:
    phone.open()
    phone.page.fill("#text", "one")
    phone.page.press("#text", "Shift+Enter")
    phone.page.type("#text", "two")
    phone.page.press("#text", "Enter")
    assert phone.provider.heard_type("say")[0]["text"] == "one\ntwo"
    expect(phone.at("#text")).to_have_value("")


def test_blank_messages_are_not_sent(phone: Phone) -> None:
    phone.open()
    phone.say("   ")
    expect(phone.at("#send")).to_be_disabled()
    phone.say("hi")
    assert [frame["text"] for frame in phone.provider.heard_type("say")] == ["hi"]


def test_a_message_of_too_many_characters_says_by_how_many_and_waits(phone: Phone) -> None:
    phone.open()
    phone.page.fill("#text", "😀" * 4097)
    expect(phone.at("#too-long")).to_have_text("1 characters too many for one message")
    expect(phone.at("#send")).to_be_disabled()
    phone.page.fill("#text", "😀" * 4096)
    expect(phone.at("#send")).to_be_enabled()


@pytest.mark.parametrize("state", ["sent", "delivered", "read"])
def test_ticks_follow_the_message(phone: Phone, state: str) -> None:
    phone.open()
    phone.say("hi")
    phone.provider.heard_type("say")
    expect(phone.mine).to_have_attribute("data-id", re.compile("wamid"))
    wamid = phone.mine.get_attribute("data-id")
    phone.provider.push({"type": "ticks", "message_id": wamid, "state": state})
    expect(phone.mine.get_by_role("img", name=state.capitalize())).to_be_visible()


def test_a_tick_never_goes_back(phone: Phone) -> None:
    phone.open()
    phone.say("hi")
    expect(phone.mine).to_have_attribute("data-id", re.compile("wamid"))
    wamid = phone.mine.get_attribute("data-id")
    for state in ("read", "delivered"):
        phone.provider.push({"type": "ticks", "message_id": wamid, "state": state})
    phone.provider.says(text("after both"))
    expect(phone.theirs).to_have_count(1)
    expect(phone.mine.get_by_role("img", name="Read")).to_be_visible()


def test_a_message_waits_under_a_clock_until_the_provider_has_it(phone: Phone) -> None:
    phone.provider.accepts = False
    phone.open()
    phone.say("hi")
    phone.provider.heard_type("say")
    expect(phone.mine.get_by_role("img", name="Waiting to be sent")).to_be_visible()


def test_a_refused_message_says_why_and_can_be_tried_again(phone: Phone) -> None:
    phone.provider.accepts = False
    phone.open()
    phone.say("hi")
    ref = phone.provider.heard_type("say")[0]["ref"]
    phone.provider.push({"type": "error", "ref": ref, "text": "The shop is closed for cleaning."})
    expect(phone.mine.locator(".error")).to_contain_text("closed for cleaning")
    phone.mine.get_by_role("button", name="Try again").click()
    assert [frame["text"] for frame in phone.provider.heard_type("say", 2)] == ["hi", "hi"]
    expect(phone.mine).to_have_count(1)
    expect(phone.mine.locator(".error")).to_have_count(0)


def test_typing_shows_until_the_message_comes(phone: Phone) -> None:
    phone.open()
    phone.provider.push({"type": "typing", "seconds": 25})
    expect(phone.at("#presence")).to_have_text("typing…")
    expect(phone.at(".typing")).to_be_visible()
    phone.provider.says(text("Karibu"))
    expect(phone.theirs).to_have_count(1)
    expect(phone.at(".typing")).to_be_hidden()
    expect(phone.at("#presence")).to_contain_text("online")


def test_typing_ends_after_its_seconds_when_nothing_comes(phone: Phone) -> None:
    phone.page.clock.install()
    phone.open()
    phone.provider.push({"type": "typing", "seconds": 25})
    expect(phone.at("#presence")).to_have_text("typing…")
    phone.page.clock.fast_forward(25_001)
    expect(phone.at(".typing")).to_be_hidden()


def test_what_is_shown_is_reported_as_read_and_once(phone: Phone) -> None:
    phone.open()
    ids = phone.provider.says(text("one"), text("two"))
    assert [frame["message_id"] for frame in phone.provider.heard_type("read", 2)] == ids


def test_another_tab_of_the_same_phone_shows_what_was_said_here(phone: Phone) -> None:
    phone.open()
    phone.provider.push({"type": "mine", "message_id": "wamid.X", "kind": "text", "text": "from there", "at": NOON})
    expect(phone.mine.locator(".words")).to_have_text("from there")
