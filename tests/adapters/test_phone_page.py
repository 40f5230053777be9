"""The browser phone in a real browser, against a provider that says what the test tells it to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from adapters.phones.page import PhoneShop
from tests.adapters.scripted_provider import (
    BAKERY,
    BURGERS,
    NO_SHOP,
    NOON,
    ScriptedProvider,
    buttons,
    choice_list,
    location_request,
    running,
    text,
)

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.adapters.conftest import Driver

pytestmark = pytest.mark.browser

ME = "/#phone=254700000001&name=Asha"
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3


def expect(what: Locator) -> Any:
    from playwright.sync_api import expect as real

    return real(what)


class Phone:
    """A page, with what the tests ask of it most."""

    def __init__(self, page: Page, provider: ScriptedProvider) -> None:
        self.page = page
        self.provider = provider
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)

    def open(self, where: str = ME) -> Phone:
        self.page.goto(self.provider.url + where)
        expect(self.at("#presence")).to_contain_text("online")
        return self

    def at(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def say(self, words: str) -> None:
        self.page.fill("#text", words)
        self.page.press("#text", "Enter")

    @property
    def mine(self) -> Locator:
        return self.at(".row.mine")

    @property
    def theirs(self) -> Locator:
        return self.at(".row.theirs:not(.typing)")

    def menu(self, row: Locator, item: str) -> None:
        row.locator(".bubble").click(button="right")
        self.page.get_by_role("menuitem", name=item).click()


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    with running(ScriptedProvider()) as provider:
        yield provider


@pytest.fixture
def phone(driver: Driver, provider: ScriptedProvider) -> Iterator[Phone]:
    phone = driver.run(lambda: Phone(driver.page(viewport={"width": 390, "height": 844}), provider))
    yield phone
    driver.run(phone.page.context.close)
    assert phone.complaints == [], "the browser complained"


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
