"""The browser phone: Urdu from the right, with prices, numbers and English names in it that keep their own order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.phrases import say
from tests.adapters.phone_page.handling import Phone, expect
from tests.adapters.scripted_provider import buttons, choice_list, text

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = pytest.mark.browser

WHERE = """(node, wanted) => {
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
        const at = text.data.indexOf(wanted);
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(text, at);
        range.setEnd(text, at + wanted.length);
        const [box, frame] = [range.getBoundingClientRect(), node.getBoundingClientRect()];
        return [box.left - frame.left, frame.right - box.right];
    }
    return null;
}"""


def margins(words: Locator, wanted: str) -> tuple[float, float]:
    """How far a piece of text is from the left and from the right edge of the words it stands in."""
    left, right = words.evaluate(WHERE, wanted)
    return left, right


def test_each_line_runs_in_its_own_direction(phone: Phone) -> None:
    phone.open()
    address = say("ur", "Address: {address}", address="12 MG Road, Bengaluru")
    placed = say("ur", "*{number}* – {total}, {date}: {status}", number="WA1", total="₹5.00", date="1", status="مکمل")
    phone.provider.says(text(f"{address}\n2 × Chocolate Chip Cookie – ₹100.00\n{placed}\nآپ کا آرڈر"))
    expect(phone.theirs).to_have_count(1)
    words = phone.at(".words")
    assert margins(words, "پتہ")[1] < 2, "Urdu begins at the right"
    assert margins(words, "2 × Choc")[0] < 2, "a line of the menu begins at the left"
    assert margins(words, "WA1")[1] < 2, "a line that begins with a number of ours is Urdu all the same"
    assert margins(words, "₹5.00")[1] > margins(words, "WA1")[1]
    assert margins(words, "آپ")[1] < 2


def test_what_is_filled_in_keeps_its_order(phone: Phone) -> None:
    """Twin of the marks around it: without them the house number stands behind the road."""
    phone.open()
    marked = say("ur", "Address: {address}", address="12 MG Road")
    phone.provider.says(text(marked), text("پتہ: 12 MG Road"))
    expect(phone.theirs).to_have_count(2)
    marked_words, bare = phone.at(".words").nth(0), phone.at(".words").nth(1)
    assert margins(marked_words, "12")[0] < margins(marked_words, "MG")[0]
    assert margins(bare, "12")[0] > margins(bare, "MG")[0]


def test_buttons_and_list_rows_run_from_the_right_too(phone: Phone) -> None:
    phone.open()
    phone.provider.says(
        buttons("کیا یہ آرڈر کر دوں؟", "تصدیق کریں", "Edit"),
        choice_list("زبان؟", "زبانیں", ("4. اردو", "پاکستان"), ("1. English", "")),
    )
    expect(phone.theirs).to_have_count(2)
    direction = "all => all.map(one => getComputedStyle(one).direction)"
    assert phone.at(".choice span").evaluate_all(direction) == ["rtl", "ltr", "rtl"]
    phone.at(
        ".choice",
    ).last.click()
    assert phone.at(".list-row strong").evaluate_all(direction) == ["rtl", "ltr"]
    row = phone.at(".list-row").first
    assert margins(row, "اردو")[1] < margins(row, "اردو")[0]
    assert margins(row, "پاکستان")[1] < margins(row, "پاکستان")[0]


def test_the_menu_of_a_message_hides_no_first_word(phone: Phone) -> None:
    phone.open()
    phone.provider.says(text("براہ کرم دوبارہ کوشش کریں"), text("Please try again"))
    expect(phone.theirs).to_have_count(2)
    for number, side in ((0, "left"), (1, "right")):
        bubble = phone.at(".bubble").nth(number)
        button, frame = bubble.locator(".more").bounding_box(), bubble.bounding_box()
        assert button is not None
        assert frame is not None
        middle = frame["x"] + frame["width"] / 2
        assert ("left" if button["x"] < middle else "right") == side


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_runs_over_the_edge(phone: Phone, width: int) -> None:
    phone.page.set_viewport_size({"width": width, "height": 740})
    phone.open()
    long = say(
        "ur",
        "Sorry, I didn't get that: {expected}, for example *{example}*. Say *help* to see what else you can say.",
        expected="x" * 90,
        example="1, 2",
    )
    phone.provider.says(text(long), buttons(long, "تصدیق کریں"))
    phone.say("مجھے دو کیک چاہییں " * 8)
    expect(phone.theirs).to_have_count(2)
    expect(phone.mine).to_have_count(1)
    assert phone.page.evaluate(
        "document.querySelector('#log').scrollWidth <= document.querySelector('#log').clientWidth"
    )
