"""The browser phone: choices, places, reactions, pictures and files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.adapters.phone_page.handling import Phone, expect
from tests.adapters.scripted_provider import (
    buttons,
    choice_list,
    location_request,
    text,
)

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.browser


# -- choosing --------------------------------------------------------------------------------------------------------


def test_a_reply_button_answers_the_message_it_belongs_to(phone: Phone) -> None:
    phone.open()
    [asked] = phone.provider.says(buttons("Sure?", "Confirm", "Edit"))
    phone.page.get_by_role("button", name="Edit").click()
    tap = phone.provider.heard_type("tap")[0]
    assert (tap["message_id"], tap["option"]) == (asked, "b2")
    expect(phone.mine.locator(".words")).to_have_text("Edit")
    expect(phone.mine.locator(".quote")).to_have_text("Sure?")


def test_a_list_opens_as_a_sheet_and_a_row_answers(phone: Phone) -> None:
    phone.open()
    rows = [("Red Velvet", "1 kg"), ("Black Forest", "Cherries")]
    [asked] = phone.provider.says(choice_list("Which cake?", "View cakes", *rows, section="Cakes"))
    phone.page.get_by_role("button", name="View cakes").click()
    sheet = phone.page.get_by_role("dialog", name="View cakes")
    expect(sheet).to_contain_text("Cherries")
    sheet.get_by_role("button", name="Black Forest").click()
    tap = phone.provider.heard_type("tap")[0]
    assert (tap["message_id"], tap["option"]) == (asked, "r2")
    expect(sheet).to_have_count(0)


def test_a_sheet_closes_on_escape_and_gives_the_focus_back(phone: Phone) -> None:
    phone.open()
    phone.provider.says(choice_list("Which cake?", "View cakes", ("Red Velvet", "")))
    opener = phone.page.get_by_role("button", name="View cakes")
    opener.focus()
    phone.page.keyboard.press("Enter")
    expect(phone.at("dialog")).to_be_visible()
    phone.page.keyboard.press("Escape")
    expect(phone.at("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_a_location_request_is_answered_with_a_sample_place(phone: Phone) -> None:
    phone.open()
    phone.provider.says(location_request("Where shall we bring it?"))
    phone.page.get_by_role("button", name="Send location").click()
    phone.page.get_by_role("button", name="Bandra Bandstand").click()
    phone.at("dialog .main").click()
    place = phone.provider.heard_type("location")[0]
    assert (place["latitude"], place["longitude"], place["name"]) == (19.0437, 72.8189, "Bandra Bandstand")
    expect(phone.mine.locator(".card")).to_contain_text("Bandra West, Mumbai")


@pytest.mark.parametrize("latitude", ["91", "north", ""])
def test_a_place_off_the_globe_is_refused_with_a_sentence(phone: Phone, latitude: str) -> None:
    phone.open()
    phone.at("#attach").click()
    phone.page.get_by_role("menuitem", name="Location").click()
    phone.page.get_by_label("Latitude").fill(latitude)
    phone.at("dialog .main").click()
    expect(phone.at("dialog .error")).to_contain_text("from −90 to 90")


def test_a_photo_goes_with_its_caption(phone: Phone) -> None:
    phone.open()
    phone.at("#attach").click()
    phone.page.get_by_role("menuitem", name="Photo").click()
    phone.page.get_by_label("Caption").fill("like this one")
    phone.page.keyboard.press("Enter")
    photo = phone.provider.heard_type("media")[0]
    assert (photo["kind"], photo["caption"]) == ("image", "like this one")
    expect(phone.mine.locator(".words")).to_have_text("like this one")


def test_a_contact_goes_as_the_provider_writes_it(phone: Phone) -> None:
    phone.open()
    phone.at("#attach").click()
    phone.page.get_by_role("menuitem", name="Contact").click()
    phone.at("dialog .main").click()
    sent = phone.provider.heard_type("raw")[0]["message"]
    assert sent["type"] == "contacts"
    assert sent["contacts"][0]["phones"][0]["wa_id"] == "254700000002"


def test_a_reaction_is_sent_shown_and_taken_back(phone: Phone) -> None:
    phone.open()
    [said] = phone.provider.says(text("Your order is on its way"))
    for emoji in ("👍", ""):
        phone.theirs.locator(".bubble").click(button="right")
        phone.page.get_by_role("menuitemradio", name="React 👍").click()
        expect(phone.theirs.locator(".reactions")).to_have_count(1 if emoji else 0)
    sent = phone.provider.heard_type("reaction", 2)
    assert [(frame["message_id"], frame["emoji"]) for frame in sent] == [(said, "👍"), (said, "")]


def test_a_long_press_opens_the_menu_and_a_scroll_does_not(phone: Phone) -> None:
    phone.page.clock.install()
    phone.open()
    phone.provider.says(text("Karibu"))
    bubble = phone.theirs.locator(".bubble")
    bubble.dispatch_event("pointerdown", {"pointerType": "touch"})
    bubble.dispatch_event("pointermove", {"pointerType": "touch"})
    phone.page.clock.fast_forward(1000)
    expect(phone.page.get_by_role("menu")).to_have_count(0)
    bubble.dispatch_event("pointerdown", {"pointerType": "touch"})
    phone.page.clock.fast_forward(1000)
    expect(phone.page.get_by_role("menu")).to_be_visible()


def test_the_menu_is_reached_and_walked_by_keyboard(phone: Phone) -> None:
    phone.open()
    phone.provider.says(text("Karibu"))
    phone.theirs.get_by_role("button", name="Message menu").focus()
    phone.page.keyboard.press("Enter")
    expect(phone.page.get_by_role("menu")).to_be_visible()
    phone.page.keyboard.press("ArrowDown")
    expect(phone.page.get_by_role("menuitemradio").nth(1)).to_be_focused()
    phone.page.keyboard.press("Enter")
    assert phone.provider.heard_type("reaction")[0]["emoji"] == "❤️"


def test_an_own_message_can_be_edited_and_deleted(phone: Phone) -> None:
    phone.open()
    phone.say("two cookeis")
    expect(phone.mine).to_have_attribute("data-id", re.compile("wamid"))
    wamid = phone.mine.get_attribute("data-id")
    phone.menu(phone.mine, "Edit")
    expect(phone.at("#text")).to_have_value("two cookeis")
    phone.say("two cookies")
    edit = phone.provider.heard_type("edit")[0]
    assert (edit["message_id"], edit["text"]) == (wamid, "two cookies")
    expect(phone.mine.locator(".meta")).to_contain_text("edited")
    phone.menu(phone.mine, "Delete")
    assert phone.provider.heard_type("delete")[0]["message_id"] == wamid
    expect(phone.mine.locator(".words")).to_have_text("You deleted this message")


# -- pictures and files ----------------------------------------------------------------------------------------------


def test_a_picture_is_shown_with_its_caption(phone: Phone) -> None:
    phone.open()
    phone.provider.says({"type": "image", "image": {"link": f"{phone.provider.url}/static/icon.svg", "caption": "Us"}})
    expect(phone.theirs.get_by_role("img", name="Us")).to_be_visible()
    expect(phone.at(".picture")).to_have_class("picture")
    expect(phone.theirs.locator(".words")).to_have_text("Us")


def test_a_picture_that_does_not_load_says_so_and_can_be_tried_again(phone: Phone) -> None:
    phone.open()
    tries: list[str] = []

    def fail(route: Any) -> None:
        tries.append(route.request.url)
        route.abort()

    phone.page.route("**/lost.png*", fail)
    phone.provider.says({"type": "image", "image": {"link": f"{phone.provider.url}/lost.png"}})
    expect(phone.at(".picture.failed")).to_contain_text("could not be loaded")
    phone.page.get_by_role("button", name="Try again").click()
    phone.page.wait_for_function("() => document.querySelector('.picture.failed')")
    assert len(tries) == 2
    assert all("ERR_FAILED" in complaint for complaint in phone.complaints)
    phone.complaints.clear()


def test_a_document_is_a_card_with_its_name_and_kind(phone: Phone) -> None:
    phone.open()
    phone.provider.says({"type": "document", "document": {"link": "https://a.test/1", "filename": "invoice.pdf"}})
    expect(phone.theirs.locator("a.download")).to_have_attribute("href", "https://a.test/1")
    expect(phone.theirs.locator(".card")).to_contain_text("PDF")


def test_a_kind_that_the_phone_does_not_know_is_a_card_not_a_crash(phone: Phone) -> None:
    phone.open()
    phone.provider.says({"type": "hologram", "hologram": {"beam": 1}}, {}, text("still here"))
    expect(phone.theirs).to_have_count(3)
    expect(phone.theirs.first).to_contain_text("hologram")
