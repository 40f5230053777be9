"""The browser phone and the terminal against the real fake provider, with a shop of a few lines behind it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import trio

from adapters.phones.terminal import chat
from tests.adapters.tiny_shop import NUMBER, TinyShop, tiny_shop

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.adapters.conftest import Driver

ME = "/#phone=254700000001&name=Asha"
QUIET = 0.3  # s; longer than the second message of an answer takes on loopback


@pytest.fixture
def shop() -> Iterator[TinyShop]:
    with tiny_shop() as shop:
        yield shop


@pytest.fixture
def page(driver: Driver, shop: TinyShop) -> Iterator[Page]:
    page = driver.run(lambda: driver.page(viewport={"width": 390, "height": 844}))
    yield page
    driver.run(page.context.close)


def say(page: Page, words: str) -> None:
    page.get_by_role("status").filter(has_text=re.compile("online|typing")).wait_for()  # else Enter does nothing
    page.fill("#text", words)
    page.press("#text", "Enter")


@pytest.mark.browser
def test_buttons_lists_ticks_and_history_over_the_real_provider(driver: Driver, shop: TinyShop, page: Page) -> None:
    from playwright.sync_api import expect

    page.goto(shop.url + ME)
    page.get_by_role("button", name="hi", exact=True).click()
    page.get_by_role("button", name="Cakes").click()
    page.get_by_role("button", name="View cakes").click()
    page.get_by_role("dialog").get_by_role("button", name="Red Velvet").click()
    words = page.locator(".row .words")
    everything = [
        "hi",
        "Karibu! What would you like?",
        "Cakes",
        "Which cake?",
        "Red Velvet",
        "One Red Velvet.",
        "Anything else?",
    ]
    expect(words).to_have_text(everything)
    expect(page.get_by_role("img", name="Read")).to_have_count(3)
    page.reload()
    expect(words).to_have_text(everything)
    expect(page.get_by_role("img", name="Read")).to_have_count(3)
    expect(page.locator(".quote")).to_have_count(2)


@pytest.mark.browser
def test_an_edit_a_deletion_and_a_reaction_stand_after_a_reload(driver: Driver, shop: TinyShop, page: Page) -> None:
    from playwright.sync_api import expect

    page.goto(shop.url + ME)
    say(page, "cookeis")
    say(page, "oops")
    mine = page.locator(".row.mine")
    expect(mine.last).to_have_attribute("data-id", re.compile("wamid"))
    mine.last.locator(".bubble").click(button="right")
    page.get_by_role("menuitem", name="Delete").click()
    mine.first.locator(".bubble").click(button="right")
    page.get_by_role("menuitemradio", name="React 👍").click()
    mine.first.locator(".bubble").click(button="right")
    page.get_by_role("menuitem", name="Edit").click()
    say(page, "cookies")
    expect(mine.locator(".words")).to_have_text(["cookies", "You deleted this message"])
    page.reload()
    expect(mine.locator(".words")).to_have_text(["cookies", "You deleted this message"])
    expect(mine.locator(".reactions")).to_have_text("👍")


@pytest.mark.browser
def test_a_hidden_phone_shows_the_shop_a_user_id_only(driver: Driver, shop: TinyShop, page: Page) -> None:
    from playwright.sync_api import expect

    page.goto(shop.url + ME + "&hidden=1")
    say(page, "hi")
    expect(page.locator(".row.theirs .words")).to_have_count(1)
    [value] = shop.values
    assert "254700000001" not in repr(value)
    assert value["messages"][0]["from_user_id"]


@pytest.mark.browser
def test_location_photo_and_contact_arrive_as_meta_sends_them(driver: Driver, shop: TinyShop, page: Page) -> None:
    from playwright.sync_api import expect

    page.goto(shop.url + ME)
    for item in ("Location", "Photo", "Contact"):
        page.locator("#attach").click()
        page.get_by_role("menuitem", name=item).click()
        page.locator("dialog .main").click()
    expect(page.get_by_role("img", name="Read")).to_have_count(3)
    kinds = [message["type"] for value in shop.values for message in value["messages"]]
    assert sorted(kinds) == ["contacts", "image", "location"]


def test_a_script_talks_to_the_real_provider(shop: TinyShop) -> None:
    output = io.StringIO()

    async def main() -> int:
        typed = io.StringIO("hi\n1\n1\n")
        return await chat(shop.url, NUMBER, "254700000001", "Asha", input=typed, output=output, quiet=QUIET)

    assert trio.run(main) == 0
    assert [line for line in output.getvalue().splitlines() if line] == [
        "Mkate Bakery +254 700 000 900",
        "> hi",
        "*Karibu!* What would you like?",
        "  [1] Cakes",
        "  [2] Help",
        "> 1",
        "Which cake?",
        "  [1] Red Velvet – 1 kg",
        "  [2] Carrot",
        "> 1",
        "One Red Velvet.",
        "Anything else?",
    ]


def test_a_shop_that_the_real_provider_does_not_have(shop: TinyShop) -> None:
    output = io.StringIO()

    async def main() -> int:
        return await chat(shop.url, "1", "254700000001", "Asha", input=io.StringIO("hi\n"), output=output)

    assert trio.run(main) == 1
    assert "no shop with the number '1'" in output.getvalue()
