"""Wishes become messages that the channel can show: split, shortened, paged, and nothing lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine import fit
from engine.effects import AnyEffect, Ask, AskLocation, ClearTimer, Option, Say, ShowDocument, ShowImage
from engine.messages import (
    AnyMessage,
    Buttons,
    ChoiceList,
    Document,
    Image,
    Limits,
    LocationRequest,
    Purpose,
    Template,
    Text,
)
from tests.engine.world import within

META = Limits()
PLAIN = Limits(text=200, question=200, buttons=0, rows=0, location_request=False)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def shown(effect: AnyEffect, limits: Limits = META, page: int = 0) -> list[AnyMessage]:
    return [message for message, *_ in fit.messages(effect, limits, 7, page, "en")]


def options(count: int, description: str = "") -> tuple[Option, ...]:
    return tuple(Option(f"v{n}", f"Option {n}", description) for n in range(1, count + 1))


def test_up_to_three_options_are_buttons() -> None:
    (message,) = shown(Ask("Which?", options(3)))
    assert isinstance(message, Buttons)
    assert [(one.id, one.title) for one in message.choices] == [
        ("7:0", "Option 1"),
        ("7:1", "Option 2"),
        ("7:2", "Option 3"),
    ]


def test_more_options_or_described_ones_are_a_list_with_numbers() -> None:
    for ask in (Ask("Which?", options(4)), Ask("Which?", options(2, "nice"))):
        (message,) = shown(ask)
        assert isinstance(message, ChoiceList)
        assert message.choices[0].title == "1. Option 1"


def test_ten_rows_fit_and_the_eleventh_makes_pages_whose_numbers_go_on() -> None:
    (ten,) = shown(Ask("Which?", options(10)))
    assert isinstance(ten, ChoiceList)
    assert len(ten.choices) == 10
    (first,) = shown(Ask("Which?", options(20)))
    assert isinstance(first, ChoiceList)
    assert [one.id for one in first.choices][-2:] == ["7:8", "7:more:1"]
    (second,) = shown(Ask("Which?", options(20)), page=1)
    assert isinstance(second, ChoiceList)
    assert (second.choices[0].id, second.choices[0].title) == ("7:9", "10. Option 10")
    (third,) = shown(Ask("Which?", options(20)), page=2)
    assert isinstance(third, ChoiceList)
    assert [one.id for one in third.choices] == ["7:18", "7:19"]


def test_a_channel_without_buttons_shows_numbered_lines() -> None:
    (message,) = shown(Ask("Which?", options(2, "nice")), PLAIN)
    assert message == Text("Which?\n\n1. Option 1 – nice\n2. Option 2 – nice")
    (bullets,) = shown(Ask("Name?", options(1), numbered=False), PLAIN)
    assert bullets == Text("Name?\n\n• Option 1")


def test_hidden_options_are_not_shown_and_keep_their_place_on_the_wire() -> None:
    (message,) = shown(Ask("Which?", (Option("a", "A", hidden=True), Option("b", "B"))))
    assert isinstance(message, Buttons)
    assert [one.id for one in message.choices] == ["7:1"]
    assert shown(Ask("Which?", (Option("a", "A", hidden=True),))) == [Text("Which?")]


def test_long_titles_are_shortened_and_stay_distinct() -> None:
    titles = ("A very long title indeed one", "A very long title indeed two", "A very long title indeed two")
    (message,) = shown(Ask("Which?", tuple(Option(str(n), title) for n, title in enumerate(titles))))
    assert isinstance(message, Buttons)
    assert [one.title for one in message.choices] == [
        "A very long title i…",
        "A very long tit… (2)",
        "A very long tit… (3)",
    ]
    within(message, META)


def test_a_row_whose_title_was_cut_has_the_whole_title_below() -> None:
    (message,) = shown(Ask("Which?", (Option("a", "A product of a very long name", "₹50.00"),)))
    assert isinstance(message, ChoiceList)
    assert message.choices[0].title == "1. A product of a very…"
    assert message.choices[0].description == "A product of a very long name – ₹50.00"


def test_a_long_question_goes_ahead_and_the_buttons_stand_under_its_end() -> None:
    text = "\n".join(f"line {n}" for n in range(300))
    *ahead, last = shown(Ask(text, options(2)))
    assert [type(one) for one in ahead] == [Text]
    assert isinstance(last, Buttons)
    assert last.body.endswith("line 299")
    assert "\n".join([one.body for one in ahead if isinstance(one, Text)] + [last.body]) == text


def test_long_text_is_split_at_line_ends_then_at_spaces_then_between_characters() -> None:
    assert fit.split("one\ntwo\nthree", 8) == ["one\ntwo", "three"]
    assert fit.split("one two three", 8) == ["one two", "three"]
    assert fit.split("onetwothree", 4) == ["onet", "woth", "ree"]
    assert fit.split("  ", 4) == []


def test_characters_are_never_parted_from_their_marks() -> None:
    family = "👨\u200d👩\u200d👧"
    assert fit.split("ab" + family, 5) == ["ab", family]
    assert fit.split("abce\u0301", 4) == ["abc", "e\u0301"]


def test_a_place_is_asked_for_with_a_map_button_where_there_is_one() -> None:
    assert shown(AskLocation("Where?")) == [LocationRequest("Where?")]
    assert shown(AskLocation("Where?"), PLAIN) == [Text("Where?")]


def test_pictures_and_files_keep_their_caption_and_a_long_one_follows_as_text() -> None:
    assert shown(ShowImage(link="https://x.test/a.png", caption="A")) == [Image("https://x.test/a.png", "", "A")]
    long = "word " * 300
    image, text = shown(ShowImage(path="a.png", caption=long))
    assert image == Image("", "a.png", "")
    assert text == Text(long.strip())
    assert shown(ShowDocument("a.pdf", path="p", caption="A")) == [Document("a.pdf", "", "p", "A")]


def test_what_shows_nothing_is_no_message() -> None:
    assert shown(ClearTimer("x")) == []
    assert shown(Say("")) == []


def test_the_purpose_of_a_message_is_its_wishs() -> None:
    assert fit.messages(Say("Paid", Purpose.PAYMENT), META, 1, 0, "en") == ((Text("Paid"), Purpose.PAYMENT, None),)
    ready = Template("paid", "en")
    long = fit.messages(Say("word " * 1_000, stand_in=ready), META, 1, 0, "en")
    assert [one for *_, one in long] == [None, ready], "what it is about stands at the end"


@given(ANY_TEXT, st.integers(2, 40))
def test_splitting_loses_nothing_but_white_space(text: str, limit: int) -> None:
    parts = fit.split(text, limit)
    assert all(1 <= len(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@given(
    ANY_TEXT,
    st.lists(st.tuples(ANY_TEXT.filter(str.strip), ANY_TEXT), max_size=25),
    st.booleans(),
    st.sampled_from([META, PLAIN, Limits(buttons=0, rows=3)]),
    st.integers(0, 3),
)
def test_every_question_fits_every_channel(
    text: str, titles: list[tuple[str, str]], numbered: bool, limits: Limits, page: int
) -> None:
    ask = Ask(text, tuple(Option("v", title, description) for title, description in titles), numbered=numbered)
    for message in shown(ask, limits, page):
        within(message, limits)
