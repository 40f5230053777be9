"""Words of ours in four languages: flow commands, their spellings, and what must not be taken for one."""

from __future__ import annotations

from collections import defaultdict

import pytest

from engine import text
from engine.spellings import COMMANDS, GLOBAL, NUMBERS
from engine.words import Word, command, word_in

LANGUAGES = ("en", "sw", "hi", "ur")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("done", "done"),
        (" Done. ", "done"),
        ("MALIZA!", "done"),
        ("हो गया", "done"),
        ("हो गया।", "done"),
        ("ho gaya", "done"),
        ("ہو گیا۔", "done"),
        ("kikapu", "cart"),
        ("टोकरी", "cart"),
        ("ٹوکری", "cart"),
        ("ndiyo", "yes"),
        ("जी हाँ", "yes"),
        ("جی ہاں", "yes"),
        ("hapana", "no"),
        ("nahi", "no"),
        ("نہیں", "no"),
        ("tiketi zangu", "my bookings"),
        ("मेरी बुकिंग", "my bookings"),
        ("agiza tena", "order again"),
    ],
)
def test_a_command_is_understood_in_every_language(said: str, meant: str) -> None:
    assert command(said) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("remove 2", "remove 2"),
        ("ondoa 2", "remove 2"),
        ("Ondoa  Kifutio", "remove kifutio"),
        ("हटाएँ 2", "remove 2"),
        ("2 हटाओ", "remove 2"),
        ("२ हटा दो", "remove 2"),
        ("2 hatao", "remove 2"),
        ("۲ ہٹائیں", "remove 2"),
        ("tafuta mombasa", "search mombasa"),
        ("मुंबई खोजें", "search मुंबई"),
        ("لاہور تلاش کریں", "search لاہور"),
    ],
)
def test_a_command_keeps_what_it_is_about_in_english_order(said: str, meant: str) -> None:
    assert command(said) == meant


@pytest.mark.parametrize("said", ["Asha Rao", "1, 2", "two burgers", "12 MG Road", "", "ondoa", "मुंबई", "2 remove"])
def test_everything_else_comes_back_folded(said: str) -> None:
    expected = "remove" if said == "ondoa" else text.words(said)
    assert command(said) == expected


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("हां", "हां"),
        ("वह\u200dी", "वही"),
        ("छोड\u093cें", "छोड़ें"),
        ("छो\u095cें", "छोड़ें"),
        ("छोडें", "छोड़ें"),
        ("كينسل", "کینسل"),
        ("ﮨﯿﻠﻮ", "ہیلو"),
        ("هيلو", "ہیلو"),
        ("ﺟﻲ", "جی"),
        ("شُکریہ", "شکریہ"),
        ("N\u0303", "ñ"),
    ],
)
def test_one_word_typed_in_two_ways_is_one_word(typed: str, spelled: str) -> None:
    assert text.words(typed) == text.words(spelled)


def test_no_spelling_means_two_things() -> None:
    """A shop may speak all the languages at once, and a command holds in every language anywhere."""
    meanings = defaultdict(set)
    for table in (GLOBAL, COMMANDS):
        for words in table.values():
            for word, spellings in words.items():
                for spelling in spellings:
                    meanings[text.words(spelling)].add(word)
    assert {spelling: words for spelling, words in meanings.items() if len(words) > 1} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_a_spelling_of_every_word(language: str) -> None:
    assert set(GLOBAL[language]) == set(GLOBAL["en"])
    assert set(COMMANDS[language]) == set(COMMANDS["en"])


@pytest.mark.parametrize("language", NUMBERS)
def test_the_numbers_are_all_there_and_mean_one_thing(language: str) -> None:
    spelled = NUMBERS[language].split(", ")
    assert [text.number(word) for word in spelled] == list(range(21))


def test_global_words_hold_in_the_shops_languages_only() -> None:
    assert word_in("msaada", ("en",)) is None
    assert word_in("msaada", ("en", "sw")) == Word("help")


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("track WA20251018123456", Word("track", "wa20251018123456")),
        ("cancel order #WA20251018123456", Word("cancel", "wa20251018123456")),
        ("fuatilia oda WA20251018123456", Word("track", "wa20251018123456")),
        ("रद्द करें WA20251018123456", Word("cancel", "wa20251018123456")),
        ("WA20251018123456 रद्द करो", Word("cancel", "wa20251018123456")),
        ("آرڈر WA20251018123456 منسوخ کریں", Word("cancel", "wa20251018123456")),
        ("منسوخ \u2068WA20251018123456\u2069", Word("cancel", "wa20251018123456")),
        ("lugha hindi", Word("language", "hindi")),
        ("Kiswahili", Word("language", "sw")),
        ("हिंदी", Word("language", "hi")),
        ("Urdu", Word("language", "ur")),
        ("cancel the brownies", None),
        ("please cancel all of this right now 123", None),
        ("track", Word("track")),
    ],
)
def test_a_global_word_and_what_it_is_about(said: str, word: Word | None) -> None:
    assert word_in(text.words(said), LANGUAGES) == word


def test_a_languages_name_alone_means_nothing_where_only_one_is_spoken() -> None:
    assert word_in("english", ("en",)) is None
