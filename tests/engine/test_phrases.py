"""What the shop says, in the customer's language: values, plurals, and text that runs from right to left."""

from __future__ import annotations

import pytest

from engine import phrases
from engine.direction import apart, led, right_to_left
from engine.phrases import alone, language_name, say, say_count

LINK = "https://pay.test/1"


def test_a_phrase_is_said_in_the_customers_language() -> None:
    said = [say(language, "Name: {name}", name="Asha") for language in ("en", "sw", "hi", "fr")]
    assert said == ["Name: Asha", "Jina: Asha", "नाम: Asha", "Name: Asha"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["0 items, ₹0.00", "1 item, ₹0.00", "2 items, ₹0.00"]),
        ("sw", ["bidhaa 0, ₹0.00", "bidhaa 1, ₹0.00", "bidhaa 2, ₹0.00"]),
        ("hi", ["0 चीज़, ₹0.00", "1 चीज़, ₹0.00", "2 चीज़ें, ₹0.00"]),
    ],
)
def test_plurals_are_those_of_the_language(language: str, said: list[str]) -> None:
    """Hindi counts nothing like one, English does not."""
    one, many = "{count} item, {total}", "{count} items, {total}"
    assert [say_count(language, one, many, count, total="₹0.00") for count in (0, 1, 2)] == said


def test_values_keep_their_own_order_in_a_language_from_right_to_left() -> None:
    """Without the marks, "12 MG Road" is shown as "MG Road 12"."""
    assert say("ur", "Address: {address}", address="12 MG Road") == "پتہ: \u206812 MG Road\u2069"
    assert say("ur", "{name} is sold out, sorry.", name="Cola") == "معاف کیجیے، \u2068Cola\u2069 ختم ہے۔"
    assert say("ur", "Address: {address}", address="مال روڈ") == "پتہ: مال روڈ"
    assert say("ur", "Name: {name}", name="") == "نام: "
    assert "\u2068" not in say("hi", "Address: {address}", address="12 MG Road")


def test_a_link_and_a_code_stay_as_they_are_copied() -> None:
    """They are one run by themselves; a mark behind a link leads somewhere else."""
    assert say("ur", "Pay {amount} for *{number}* here: {link}", amount="₹5.00", number="BKG-7K3M9Q", link=LINK) == (
        f"\u200f*BKG-7K3M9Q* کے لیے \u2068₹5.00\u2069 یہاں ادا کریں: {LINK}"
    )
    assert apart("WA20251018123456") == "WA20251018123456"
    assert apart("12 MG ROAD") == "\u206812 MG ROAD\u2069"


def test_a_line_of_the_owners_own_words_begins_where_the_others_do() -> None:
    assert alone("ur", "*Indie Night*") == "\u200f\u2068*Indie Night*\u2069"
    assert alone("ur", "Two lines.\nچائے") == "\u200f\u2068Two lines.\u2069\n\u200fچائے"
    assert alone("sw", "*Indie Night*") == "*Indie Night*"
    assert alone("ur", "") == ""


def test_a_line_that_begins_with_a_value_is_led_by_a_mark_of_its_direction() -> None:
    """Apps look at a line's first letter: that of "Cola" would turn the whole line around."""
    assert say("ur", "Welcome to {title}! 👋", title="Cola") == "\u200f\u2068Cola\u2069 میں خوش آمدید! 👋"
    placed = say(
        "ur", "Your order *{number}* is placed already. Total: {total}, paid at delivery.", number="1", total="2"
    )
    assert "\u200f" not in placed
    assert led("ا {a}\n{b} ب\n*{c}*\nد") == "ا {a}\n\u200f{b} ب\n\u200f*{c}*\nد"


def test_marks_of_direction_stand_in_pairs() -> None:
    for translation in phrases.CATALOGUES["ur"].values():
        for text in (translation,) if isinstance(translation, str) else translation.values():
            assert text.count("\u2066") == text.count("\u2069"), text


def test_the_direction_of_a_language() -> None:
    assert [right_to_left(language) for language in ("en", "sw", "hi", "ur", "ar")] == [False, False, False, True, True]


def test_a_language_is_called_as_its_speakers_do() -> None:
    assert [language_name(code) for code in ("sw", "hi", "ur", "xx")] == ["Kiswahili", "हिन्दी", "اردو", "xx"]
