"""The browser phone: when the line breaks, and several shops and phones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from tests.adapters.phone_page.handling import Phone, expect
from tests.adapters.scripted_provider import (
    BAKERY,
    BURGERS,
    NO_SHOP,
    NOON,
    text,
)

if TYPE_CHECKING:
    from tests.adapters.conftest import Driver

pytestmark = pytest.mark.browser


# -- the line breaks -------------------------------------------------------------------------------------------------


def test_a_lost_line_is_told_messages_wait_and_go_in_order_when_it_is_back(phone: Phone) -> None:
    phone.open()
    phone.provider.refuses = True
    phone.provider.drop()
    expect(phone.at("#banner")).to_contain_text("Connection lost")
    phone.say("one")
    phone.say("two")
    expect(phone.at("#banner")).to_contain_text("2 messages wait")
    phone.provider.refuses = False
    expect(phone.at("#banner")).to_be_hidden()
    assert [frame["text"] for frame in phone.provider.heard_type("say", 2)] == ["one", "two"]
    expect(phone.mine.get_by_role("img", name="Sent")).to_have_count(2)
    phone.complaints.clear()  # the browser reports every attempt that was refused


def test_a_message_whose_answer_was_lost_with_the_line_is_not_sent_twice(phone: Phone) -> None:
    phone.provider.accepts = False
    phone.open()
    phone.say("one")
    phone.provider.heard_type("say")
    mine = {"type": "mine", "message_id": "wamid.ONE", "kind": "text", "text": "one", "at": NOON}
    phone.provider.history.append(mine)
    phone.provider.accepts = True
    phone.provider.drop()
    expect(phone.mine).to_have_attribute("data-id", "wamid.ONE")
    phone.say("two")
    assert [frame["text"] for frame in phone.provider.heard_type("say", 2)] == ["one", "two"]
    expect(phone.mine).to_have_count(2)


def test_a_shop_that_the_provider_has_forgotten_is_said_and_not_dialled_for_ever(phone: Phone) -> None:
    phone.open()
    shops, phone.provider.shops = phone.provider.shops, []
    phone.provider.drop()
    expect(phone.at("#banner")).to_contain_text(NO_SHOP)
    phone.provider.shops = shops
    phone.page.get_by_role("button", name="Try now").click()
    expect(phone.at("#banner")).to_be_hidden()


def test_what_came_while_away_is_there_after_the_line_is_back(phone: Phone) -> None:
    phone.open()
    phone.say("hi")
    expect(phone.mine).to_have_attribute("data-id", re.compile("wamid"))
    phone.provider.refuses = True
    phone.provider.drop()
    expect(phone.at("#banner")).to_be_visible()
    phone.provider.message(text("while you were away"))
    phone.provider.refuses = False
    phone.page.get_by_role("button", name="Try now").click()
    expect(phone.at(".row .words")).to_have_text(["hi", "while you were away"])
    phone.complaints.clear()  # the browser reports every attempt that was refused


def test_a_reload_is_the_same_phone_with_its_history(phone: Phone) -> None:
    phone.open("/")
    phone.say("hi")
    expect(phone.mine).to_have_attribute("data-id", re.compile("wamid"))
    phone.page.reload()
    expect(phone.mine.locator(".words")).to_have_text("hi")
    assert phone.provider.dialled[0] == phone.provider.dialled[1]


def test_reading_further_up_is_not_disturbed_and_a_pill_leads_back(phone: Phone) -> None:
    for number in range(40):
        phone.provider.message(text(f"line {number}"))
    phone.open()
    expect(phone.theirs.last).to_be_in_viewport()
    phone.at("#log").evaluate("log => { log.scrollTop = 0; }")
    phone.provider.says(text("news"))
    expect(phone.at("#pill")).to_have_text("1 new message")
    assert phone.at("#log").evaluate("log => log.scrollTop") == 0
    phone.at("#pill").click()
    expect(phone.theirs.last).to_be_in_viewport()
    expect(phone.at("#pill")).to_be_hidden()


# -- shops and phones ------------------------------------------------------------------------------------------------


def test_another_shop_is_another_chat_and_the_first_counts_what_it_missed(phone: Phone) -> None:
    phone.provider.shops = [BAKERY, BURGERS]
    phone.page.set_viewport_size({"width": 1280, "height": 800})
    phone.open()
    phone.page.get_by_role("button", name=BURGERS.title).click()
    expect(phone.at("#title")).to_have_text(BURGERS.title)
    expect(phone.at("#presence")).to_contain_text("online")
    phone.provider.says(text("to both"))
    expect(phone.at(".badge")).to_have_text("1")
    assert BURGERS.number in phone.page.url
    phone.page.get_by_role("button", name=BAKERY.title).click()
    expect(phone.at(".badge")).to_have_count(0)
    phone.provider.heard_type("read", 2)


def test_on_a_narrow_screen_the_arrow_leads_to_the_shops(phone: Phone) -> None:
    phone.provider.shops = [BAKERY, BURGERS]
    phone.open()
    expect(phone.at("#shops")).to_be_hidden()
    phone.page.get_by_role("button", name="All shops").click()
    phone.page.get_by_role("button", name=BURGERS.title).click()
    expect(phone.at("#title")).to_have_text(BURGERS.title)
    expect(phone.at("#shops")).to_be_hidden()


def test_another_number_is_another_customer_and_stands_in_the_address(phone: Phone) -> None:
    phone.open()
    phone.page.get_by_role("button", name="Change phone").click()
    phone.page.get_by_label("Phone number").fill("+254 (700) 000-007")
    phone.page.get_by_label("Name").fill("Juma")
    phone.page.get_by_role("button", name="Use this phone").click()
    expect(phone.at(".empty")).to_contain_text("Juma")
    expect(phone.at("#presence")).to_contain_text("online")
    assert phone.provider.dialled[-1][0] == "254700000007"
    assert "phone=254700000007" in phone.page.url


def test_a_hidden_number_is_told_to_the_provider(phone: Phone) -> None:
    phone.open("/#phone=254700000001&name=Asha&hidden=1")
    _, query = phone.provider.dialled[-1]
    assert query["hide_phone"] == ["1"]


def test_the_shops_owner_is_one_tap_away(phone: Phone) -> None:
    phone.provider.shops = [replace(one, owner="254700000099") for one in (BAKERY, BURGERS)]
    phone.open()
    phone.page.get_by_role("button", name="Change phone").click()
    phone.page.get_by_role("button", name="The shops' owner").click()
    phone.page.get_by_role("button", name="Use this phone").click()
    expect(phone.at("#presence")).to_contain_text("online")
    assert phone.provider.dialled[-1][0] == "254700000099"


def test_a_number_that_is_none_is_refused_with_a_sentence(phone: Phone) -> None:
    phone.open()
    phone.page.get_by_role("button", name="Change phone").click()
    phone.page.get_by_label("Phone number").fill("0700")
    phone.page.get_by_role("button", name="Use this phone").click()
    expect(phone.at("dialog .error")).to_contain_text("7 to 15 digits")


def test_two_new_tabs_are_two_phones(phone: Phone, driver: Driver) -> None:
    phone.open("/")
    other = phone.page.context.new_page()
    other.goto(phone.provider.url)
    expect(other.locator("#presence")).to_contain_text("online")
    first, second = (digits for digits, _ in phone.provider.dialled)
    assert first != second


def test_no_shops_is_said(phone: Phone) -> None:
    phone.provider.shops = []
    phone.page.goto(phone.provider.url)
    expect(phone.at(".empty")).to_contain_text("No shops yet")
