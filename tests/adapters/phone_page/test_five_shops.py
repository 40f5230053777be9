"""A stranger buys something in each of the five shops, in the browser phone, in two languages: every part is real."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adapters.app.laboratory import apart
from tests.adapters.conftest import Driver
from tests.adapters.phone_page.handling import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

LANGUAGES = {"English": "Total", "Kiswahili": "Jumla"}
"""What a stranger says to choose one → a word of it that every summary or receipt has."""


class Stranger:
    """Somebody with the page in front of them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    @property
    def answers(self) -> int:
        return self.page.locator(".row.theirs:not(.typing)").count()

    def say(self, words: str) -> None:
        """Write something, and wait until it is answered."""
        before = self.answers
        self.page.fill("#text", words)
        self.page.press("#text", "Enter")
        expect(self.page.locator(".row.theirs:not(.typing)").nth(before)).to_be_visible(timeout=15_000)

    def tap(self, place: int) -> None:
        """Tap a button of the last message that has some."""
        before = self.answers
        last = self.page.locator(".row.theirs:has(button.choice)").last
        last.locator("button.choice").nth(place).click()
        expect(self.page.locator(".row.theirs:not(.typing)").nth(before)).to_be_visible(timeout=15_000)

    def until(self, words: str) -> None:
        """Wait for an answer with these words (a regular expression)."""
        expect(self.page.locator("#log")).to_contain_text(re.compile(words), timeout=15_000)

    def enter_pin(self) -> None:
        self.page.locator(".pin .main").click(timeout=15_000)

    def pay_by_card(self) -> None:
        """Answer the page behind the link of the last message as its form does. No second page is opened: the browser
        was seen to hang for ever on closing one whose form had just been sent."""
        self.until("/pay/")
        link = self.page.locator("#log a[href*='/pay/']").last.get_attribute("href")
        assert link is not None
        assert "approve" in self.page.request.get(link).text()
        assert self.page.request.post(link, form={"answer": "approve"}).ok


def bakery(me: Stranger) -> None:
    for words in ("hi", "1, 2", "done", "Asha Rao", "12 MG Road, Bengaluru", "skip", "confirm"):
        me.say(words)
    me.until(r"WA[0-9]{14}")


def burgers(me: Stranger) -> None:
    for words in ("hi", "double", "2", "review", "checkout", "card"):
        me.say(words)
    me.pay_by_card()
    me.until(r"receipt-CT[0-9]{14}\S*\.pdf")


def dealer(me: Stranger) -> None:
    for words in ("hi", "50 bags cement opc 43, 10 ton sand", "1", "Rao & Sons"):
        me.say(words)
    me.until(r"INV-[0-9]{4}-[0-9]{4}")


def coffee(me: Stranger) -> None:
    for words in ("hi", "honey", "2", "skip"):
        me.say(words)
    me.tap(0)
    me.enter_pin()
    me.until(r"receipt-ORD-\S+\.pdf")


def tickets(me: Stranger) -> None:
    for words in ("search food fest mumbai", "1", "2", "Priya Sharma", "yes"):
        me.say(words)
    me.until(r"BKG-[0-9A-Z]{6}")
    expect(me.page.locator("#log img").last).to_be_visible(timeout=15_000)


SHOPS: dict[str, Callable[[Stranger], None]] = {
    "Asha's Bakery": bakery,
    "Lagos Burgers": burgers,
    "Rao Building Materials": dealer,
    "Kahawa Direct": coffee,
    "Mumbai Tickets": tickets,
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The five shops, in a process of their own."""
    folder: Path = tmp_path_factory.mktemp("shops")
    with apart(folder, 1_000) as url:
        yield url


@pytest.mark.parametrize("shop", SHOPS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_stranger_buys_something(driver: Driver, demo: str, language: str, shop: str) -> None:
    phone = 254_700_000_100 + 10 * list(SHOPS).index(shop) + list(LANGUAGES).index(language)

    page = driver.page(viewport={"width": 390, "height": 844})
    page.goto(f"{demo}/#phone={phone}&name=Asha")
    expect(page.locator("#presence")).to_contain_text("online", timeout=15_000)  # the first shop opens by itself
    page.locator("#back").click()
    page.get_by_role("button", name=shop).first.click()
    me = Stranger(page)
    expect(page.locator("#presence")).to_contain_text("online")
    me.say(language)
    SHOPS[shop](me)
    me.until(LANGUAGES[language])
    page.context.close()
    assert me.complaints == []
