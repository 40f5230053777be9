"""The terminal chat: what scripts and people type, what they see, and what the provider hears."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
import trio

from adapters.phones.terminal import chat
from adapters.phones.terminal_text import clean, columns, lines, shown, styled, wrap
from tests.adapters.scripted_provider import (
    BAKERY,
    NO_SHOP,
    Frame,
    ScriptedProvider,
    buttons,
    choice_list,
    location_request,
    running,
    text,
)

QUIET = 0.05  # s; the scripted provider sends all of an answer at once

Step = str | Callable[[], object]


class Terminal(io.StringIO):
    """Output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Typist:
    """A person: types lines; a step that is no line is done first, in the thread that waits for the line."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        while self.steps:
            step = self.steps.pop(0)
            if isinstance(step, str):
                return step + "\n"
            step()
        return ""


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    with running(ScriptedProvider()) as provider:
        yield provider


def talk(
    provider: ScriptedProvider,
    typed: str | Typist,
    *,
    output: io.StringIO | None = None,
    answer: float = 20.0,
    number: str = BAKERY.number,
) -> tuple[int, str]:
    """Run a chat to its end; returns the exit code and everything that was printed."""
    heard = output or io.StringIO()
    given = io.StringIO(typed) if isinstance(typed, str) else typed

    async def main() -> int:
        return await chat(
            provider.url,
            number,
            "254700000001",
            "Asha",
            input=given,
            output=heard,
            answer=answer,
            quiet=QUIET,
        )

    return trio.run(main), heard.getvalue()


def sent(provider: ScriptedProvider) -> list[tuple[str, object]]:
    return [(frame["type"], frame.get("text", frame.get("option", frame.get("caption")))) for frame in provider.frames]


# -- scripts ---------------------------------------------------------------------------------------------------------


def test_a_script_gets_each_answer_before_its_next_line_is_sent(provider: ScriptedProvider) -> None:
    provider.script = {"hi": [text("Welcome"), text("1. Cookie")], "1, 2": [text("Added 2 × Cookie")]}
    code, printed = talk(provider, "hi\n1, 2\n")
    assert code == 0
    assert [line for line in printed.splitlines() if line] == [
        f"{BAKERY.title} {BAKERY.display_number}",
        "> hi",
        "Welcome",
        "1. Cookie",
        "> 1, 2",
        "Added 2 × Cookie",
    ]


@pytest.mark.parametrize(
    ("title", "offer", "typed", "heard"),
    [
        ("a number taps the button", buttons("Sure?", "Yes", "No"), "2", ("tap", "b2")),
        ("a number taps the row", choice_list("Cake?", "Cakes", ("A", ""), ("B", "")), "2", ("tap", "r2")),
        ("without options a number is said", text("How many?"), "2", ("say", "2")),
        ("a number without an option is said", buttons("Sure?", "Yes"), "2", ("say", "2")),
        ("item and quantity are said", buttons("Sure?", "Yes", "No"), "1, 2", ("say", "1, 2")),
        ("nought is said", buttons("Sure?", "Yes"), "0", ("say", "0")),
        ("another script's digit is said", buttons("Sure?", "Yes", "No"), "٢", ("say", "٢")),
        ("/tap takes the number", buttons("Sure?", "Yes", "No"), "/tap 1", ("tap", "b1")),
        ("/photo takes a caption", text("Show me"), "/photo like this", ("media", "like this")),
        ("/location sends a place", location_request("Where?"), "/location", ("location", None)),
        ("words that begin like a command are said", text("?"), "/ or", ("say", "/ or")),
    ],
)
def test_what_is_typed_becomes(
    provider: ScriptedProvider, title: str, offer: Frame, typed: str, heard: tuple[str, str]
) -> None:
    provider.script = {"hi": [offer]}
    talk(provider, f"hi\n{typed}\n", answer=QUIET)
    assert sent(provider)[1:] == [heard], title


def test_slash_tap_still_reaches_the_options_after_another_message(provider: ScriptedProvider) -> None:
    provider.script = {"hi": [buttons("Sure?", "Yes", "No"), text("Take your time.")]}
    talk(provider, "hi\n1\n/tap 1\n", answer=QUIET)
    assert sent(provider) == [("say", "hi"), ("say", "1"), ("tap", "b1")]


def test_a_place_by_numbers(provider: ScriptedProvider) -> None:
    talk(provider, "/location -1.5, 36\n", answer=QUIET)
    [frame] = provider.frames
    assert (frame["latitude"], frame["longitude"]) == (-1.5, 36.0)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("/tap 1", "There is nothing to tap yet"),
        ("/location here", "takes nothing or two numbers"),
        ("/location 91 0", "from -90 to 90"),
        ("/location nan nan", "from -90 to 90"),
        ("/help", "/quit"),
    ],
)
def test_a_line_that_sends_nothing_says_why(provider: ScriptedProvider, typed: str, sentence: str) -> None:
    code, printed = talk(provider, typed + "\n")
    assert code == 0
    assert sentence in printed
    assert provider.frames == []


def test_slash_tap_beyond_the_options_names_their_range(provider: ScriptedProvider) -> None:
    provider.script = {"hi": [buttons("Sure?", "Yes", "No")]}
    _, printed = talk(provider, "hi\n/tap 3\n")
    assert "from 1 to 2" in printed


def test_nothing_after_quit_is_sent(provider: ScriptedProvider) -> None:
    provider.script = {"hi": [text("Welcome")]}
    code, _ = talk(provider, "hi\n/quit\nhi\n")
    assert (code, sent(provider)) == (0, [("say", "hi")])


def test_a_line_that_nobody_answers_is_said_and_fails_the_script(provider: ScriptedProvider) -> None:
    code, printed = talk(provider, "hello?\n", answer=QUIET)
    assert code == 1
    assert "no answer within" in printed
    assert "did not reach the shop" in printed


def test_a_refusal_is_printed_and_fails_the_script(provider: ScriptedProvider) -> None:
    provider.refusal = "The shop is closed for cleaning."
    code, printed = talk(provider, "hi\n")
    assert code == 1
    assert "closed for cleaning" in printed


def test_a_shop_that_the_provider_does_not_know(provider: ScriptedProvider) -> None:
    code, printed = talk(provider, "hi\n", number="1")
    assert (code, printed) == (1, NO_SHOP + "\n")


def test_a_listener_that_takes_no_phones(provider: ScriptedProvider) -> None:
    provider.refuses = True
    code, printed = talk(provider, "hi\n")
    assert code == 1
    assert "is no provider with phones" in printed


def test_nobody_listens_and_the_sentence_says_what_to_do() -> None:
    absent = ScriptedProvider()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        absent.url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    code, printed = talk(absent, "hi\n")
    assert code == 1
    assert "run.py demo" in printed


def test_earlier_messages_are_shown_and_may_be_answered(provider: ScriptedProvider) -> None:
    provider.message(buttons("Sure?", "Yes", "No"))
    _, printed = talk(provider, "2\n", answer=QUIET)
    assert "[2] No" in printed
    assert sent(provider) == [("tap", "b2")]


# -- people ----------------------------------------------------------------------------------------------------------


def test_a_person_sees_ticks_and_typing_in_the_prompt(provider: ScriptedProvider) -> None:
    output = Terminal()

    def meanwhile() -> None:
        provider.heard_type("say")
        provider.push({"type": "typing", "seconds": 25})
        provider.says(text("Welcome"))
        provider.push({"type": "ticks", "message_id": provider.last, "state": "read"})
        provider.drop()

    over = threading.Event()  # a person does not hang up because the line broke; the thread that waits is left behind
    code, printed = talk(provider, Typist("hi", meanwhile, over.wait), output=output)
    over.set()
    assert code == 1
    for mood in ("✓ ", "typing… ", "✓✓ read "):
        assert mood in printed
    assert printed.index("typing… ") < printed.index("Welcome") < printed.index("✓✓ read ")
    assert "The line to the provider broke." in printed


def test_no_escape_sequence_is_written_where_no_terminal_is(provider: ScriptedProvider) -> None:
    provider.script = {"hi": [text("*bold* \x1b[2J\x9b31m\u202egnp.exe"), buttons("Sure?", "\x1b]0;x\x07Yes")]}
    _, printed = talk(provider, "hi\n")
    assert not any(ord(char) < 32 and char != "\n" for char in printed)
    assert "*bold* [2J31mgnp.exe" in printed


def test_no_colour_when_the_environment_says_so(provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    provider.script = {"hi": [text("*bold*")]}
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    _, coloured = talk(provider, "hi\n", output=Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    _, plain = talk(provider, "hi\n", output=Terminal())
    assert "\x1b[1mbold\x1b[0m" in coloured
    assert "*bold*" in plain
    assert "\x1b[1m" not in plain


# -- lines -----------------------------------------------------------------------------------------------------------

WRAPPED = [
    ("words go to the next line", "one two three four five six", ["one two three four", "five six"]),
    ("line ends stay", "one\n\ntwo", ["one", "", "two"]),
    ("a long word is broken", "x" * 45, ["x" * 20, "x" * 20, "x" * 5]),
    ("wide letters count double", "日本語" * 5, ["日本語日本語日本語日", "本語日本語"]),
    ("a joining mark takes no room", "e\u0301" * 20 + " x", ["e\u0301" * 20, "x"]),
    ("nothing", "", [""]),
]


@pytest.mark.parametrize(("said", "made"), [case[1:] for case in WRAPPED], ids=[case[0] for case in WRAPPED])
def test_wrapping(said: str, made: list[str]) -> None:
    assert wrap(said, 20) == made
    assert all(columns(line) <= 20 for line in made)


def test_options_are_numbered_with_their_descriptions() -> None:
    body = choice_list("Which cake?", "Cakes", ("Red Velvet", "1 kg"), ("Plain", ""))
    assert lines(shown(body), 80) == ["Which cake?", "  [1] Red Velvet – 1 kg", "  [2] Plain"]


@pytest.mark.parametrize(
    ("body", "printed"),
    [
        (
            {"type": "image", "image": {"link": "https://a.test/a.png", "caption": "Us"}},
            "[picture https://a.test/a.png]",
        ),
        ({"type": "document", "document": {"id": "4", "filename": "a.pdf"}}, "[document a.pdf]"),
        ({"type": "location", "location": {"latitude": 1, "longitude": 2, "name": "Shop"}}, "[location: Shop, 1, 2]"),
        ({"type": "template", "template": {"name": "ready", "components": [{"type": "body"}]}}, "[template ready]"),
        (location_request("Where?"), "[asks for your location: /location]"),
        ({"type": "hologram", "hologram": {}}, "[a message of kind hologram]"),
        ({"type": "text", "text": "not an object"}, "[a message of kind text]"),
        ({}, "[a message of kind unknown]"),
    ],
)
def test_what_has_no_words_is_noted(body: Frame, printed: str) -> None:
    assert lines(shown(body), 80)[-1] == printed


def test_marks_inside_words_are_letters() -> None:
    assert styled("snake_case_name 2*3*4") == "snake_case_name 2*3*4"


def test_cleaning_keeps_every_script() -> None:
    assert clean("प्रिया محمد José\tO'Neil\r\n👍🏽") == "प्रिया محمد José O'Neil\n👍🏽"
