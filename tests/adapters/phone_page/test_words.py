"""The browser phone: how words look, and that everybody can read and reach them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from adapters.phones.page import PhoneShop
from tests.adapters.phone_page.handling import HOSTILE, LONG, Phone, expect
from tests.adapters.scripted_provider import (
    BAKERY,
    BURGERS,
    NOON,
    buttons,
    choice_list,
    text,
)

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.browser


# -- how words look --------------------------------------------------------------------------------------------------

FORMATS = [
    ("bold", "a *b c* d", "a <strong>b c</strong> d"),
    ("italic, strike and both in one another", "_~a~ b_", "<em><s>a</s> b</em>"),
    ("mono keeps the marks inside it", "`*a*`", "<code>*a*</code>"),
    ("a block of mono", "```x *y*\nz```", "<pre><code>x *y*\nz</code></pre>"),
    ("a mark in the middle of a word is a letter", "snake_case_name 2*3*4", "snake_case_name 2*3*4"),
    ("a mark before a space opens nothing", "* a* and *b *", "* a* and *b *"),
    ("marks do not reach over a line", "*a\nb*", "*a\nb*"),
    ("an open mark stays a mark", "*a", "*a"),
    ("two marks are not an empty bold", "** and ``", "** and ``"),
    ("markup is text", "<b>&amp;</b>", "&lt;b&gt;&amp;amp;&lt;/b&gt;"),
    ("punctuation closes a mark", "(*a*), _b_!", "(<strong>a</strong>), <em>b</em>!"),
]


def test_words_are_formatted_as_whatsapp_does(phone: Phone) -> None:
    phone.open()
    phone.provider.says(*(text(said) for _, said, _ in FORMATS))
    expect(phone.theirs).to_have_count(len(FORMATS))
    shown = phone.theirs.locator(".words").evaluate_all("all => all.map(one => one.innerHTML)")
    titles = [title for title, _, _ in FORMATS]
    assert dict(zip(titles, shown, strict=True)) == {title: wanted for title, _, wanted in FORMATS}


LINKS = [
    ("See https://a.test/x.", "https://a.test/x"),
    ("(https://a.test/y)", "https://a.test/y"),
    ("https://a.test/wiki_(z), then", "https://a.test/wiki_(z)"),
    ("*https://a.test/b*", "https://a.test/b"),
    ("\u2068https://a.test/c\u2069", "https://a.test/c"),
]


def test_an_address_becomes_a_link_without_the_sentence_around_it(phone: Phone) -> None:
    phone.open()
    phone.provider.says(*(text(said) for said, _ in LINKS))
    expect(phone.theirs).to_have_count(len(LINKS))
    links = phone.theirs.locator("a")
    shown = links.evaluate_all("all => all.map(one => [one.textContent, one.href, one.rel])")
    assert shown == [[address, address, "noopener noreferrer"] for _, address in LINKS]


def test_a_javascript_address_is_never_a_link(phone: Phone) -> None:
    phone.open()
    action = {"name": "cta_url", "parameters": {"display_text": "Pay", "url": "javascript:alert(1)"}}
    phone.provider.says(
        text("javascript:alert(1)"),
        {"type": "interactive", "interactive": {"type": "cta_url", "body": {"text": "Pay"}, "action": action}},
        {"type": "document", "document": {"link": "data:text/html,hello", "filename": "a.html"}},
    )
    expect(phone.theirs).to_have_count(3)
    expect(phone.theirs.locator("a")).to_have_count(0)


def test_hostile_markup_from_anybody_is_shown_as_letters(phone: Phone) -> None:
    phone.provider.shops = [PhoneShop("9", HOSTILE, HOSTILE, HOSTILE, (HOSTILE,))]
    phone.open(f"/#phone=254700000001&name={HOSTILE.replace(' ', '+').replace('=', '%3D')}")
    phone.provider.says(text(HOSTILE), buttons(HOSTILE, HOSTILE), choice_list(HOSTILE, HOSTILE, (HOSTILE, HOSTILE)))
    phone.say(HOSTILE)
    expect(phone.at("#title")).to_have_text(HOSTILE)
    expect(phone.mine.locator(".words")).to_have_text(HOSTILE)
    phone.at(".choice").nth(1).click()
    expect(phone.at("dialog.sheet strong")).to_have_text(HOSTILE)
    assert phone.page.evaluate("document.querySelectorAll('img, body script').length") == 0


def test_a_line_of_arabic_runs_from_the_right_and_english_beside_it_from_the_left(phone: Phone) -> None:
    phone.open()
    phone.provider.says(text("مرحبا بكم"), text("Karibu"))
    expect(phone.theirs).to_have_count(2)
    directions = phone.at(".words").evaluate_all("all => all.map(one => getComputedStyle(one).direction)")
    assert directions == ["rtl", "ltr"]


@pytest.mark.parametrize("width", [360, 390, 1280])
def test_nothing_runs_over_the_edge_with_very_long_words(phone: Phone, width: int) -> None:
    phone.provider.shops = [PhoneShop("9", LONG, "+254 700 000 900", LONG), BURGERS]
    phone.page.set_viewport_size({"width": width, "height": 740})
    phone.open(f"/#phone=254700000001&name={LONG}")
    phone.provider.says(
        text(LONG, context={"message_id": "wamid.none"}),
        buttons(LONG, LONG[:20], "No"),
        choice_list(LONG, LONG[:20], (LONG[:24], LONG[:72])),
        {"type": "document", "document": {"link": "https://a.test/a.pdf", "filename": LONG + ".pdf"}},
        {"type": "location", "location": {"latitude": 1.5, "longitude": 2, "name": LONG, "address": LONG}},
    )
    phone.say(LONG)
    expect(phone.theirs).to_have_count(5)
    expect(phone.mine).to_have_count(1)
    over = """() => [...document.querySelectorAll('.app *')].filter(one => {
        const box = one.getBoundingClientRect();
        return box.width > 1 && (box.right > innerWidth + 0.5 || box.left < -0.5);
    }).map(one => one.className || one.tagName)"""
    assert phone.page.evaluate(over) == []
    assert phone.page.evaluate(
        "document.querySelector('#log').scrollWidth <= document.querySelector('#log').clientWidth"
    )


def test_days_are_told_apart(phone: Phone) -> None:
    day = 86_400_000
    phone.page.clock.set_fixed_time(NOON / 1000)
    for at, words in ((NOON - 9 * day, "old"), (NOON - day, "newer"), (NOON, "now"), (NOON + 1, "also now")):
        phone.provider.message(text(words), at)
    phone.open()
    expect(phone.at(".day")).to_have_text([re.compile("2026"), "Yesterday", "Today"])


# -- for everybody ---------------------------------------------------------------------------------------------------


def test_the_log_is_a_live_region_and_every_button_has_a_name(phone: Phone) -> None:
    phone.open()
    phone.provider.says(buttons("Sure?", "Yes", "No"))
    phone.say("hi")
    expect(phone.theirs).to_have_count(1)
    expect(phone.page.get_by_role("log", name="Messages")).to_have_attribute("aria-live", "polite")
    unnamed = "all => all.filter(one => !(one.ariaLabel || one.textContent.trim())).map(one => one.outerHTML)"
    assert phone.at("button:visible").evaluate_all(unnamed) == []


CONTRAST = """() => {
    const light = colour => {
        const part = colour.match(/[\\d.]+/g).slice(0, 3).map(Number).map(c => c / 255)
            .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
    };
    const solid = node => {
        for (; node; node = node.parentElement) {
            const ground = getComputedStyle(node).backgroundColor;
            if (/^rgb\\(/.test(ground)) return ground;
        }
        return getComputedStyle(document.body).backgroundColor;
    };
    const weak = [];
    for (const node of document.querySelectorAll('body *')) {
        const own = [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim());
        if (!own || !node.checkVisibility()) continue;
        const [one, two] = [light(getComputedStyle(node).color), light(solid(node))].sort((a, b) => b - a);
        if ((one + 0.05) / (two + 0.05) < 4.5) weak.push(node.outerHTML);
    }
    return weak;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_words_stand_out_from_their_ground(phone: Phone, scheme: Any) -> None:
    phone.page.emulate_media(color_scheme=scheme)
    phone.page.set_viewport_size({"width": 1280, "height": 800})
    phone.provider.shops = [BAKERY, BURGERS]
    phone.open()
    phone.provider.says(text("*Karibu* see https://a.test `x`"), buttons("Sure?", "Yes"))
    phone.say("hi")
    expect(phone.theirs).to_have_count(2)
    expect(phone.mine).to_have_attribute("data-id", re.compile("wamid"))
    assert phone.page.evaluate(CONTRAST) == []


def test_the_page_may_load_nothing_foreign(phone: Phone) -> None:
    phone.open()
    refused = phone.page.evaluate("fetch('https://example.test/').then(() => 'went', error => 'refused')")
    assert refused == "refused"
    assert any("Content Security Policy" in complaint for complaint in phone.complaints)
    phone.complaints.clear()
