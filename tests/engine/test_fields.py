"""Texts with fields: what an owner may write, what is said of a slip, and what each reader sees."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadInput
from engine.fields import LINKS_AT_MOST, Field, Fielded, LinkTo, first_name, link_fault, read


def short(url: str) -> str:
    return f"<{url}>"


def test_a_text_is_read_once_and_filled_in_for_each() -> None:
    text = read("Hello {name:friend}, {shop} has {{new}} things: {link:https://shop.example/new?a=1&b=2}!")
    assert text.links == ("https://shop.example/new?a=1&b=2",)
    assert text.missing({"shop": "Bakery"}) == ()
    said = "Hello {}, Bakery has {{new}} things: <https://shop.example/new?a=1&b=2>!"
    assert text.filled({"shop": "Bakery", "name": "Ann"}, short) == said.format("Ann")
    assert text.filled({"shop": "Bakery", "name": ""}, short) == said.format("friend")


def test_what_is_known_of_nobody_is_named_once() -> None:
    text = read("{name}, {city}! {name}? {first_name:you}")
    assert text.missing({}) == ("name", "city")
    assert text.missing({"name": "Ann", "city": ""}) == ("city",)


def test_an_empty_word_may_stand_for_what_is_not_known() -> None:
    assert read("Hello{name:}!") == Fielded(("Hello", Field("name", ""), "!"))
    assert read("Hello{name:}!").missing({}) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hello {nmae}", "no field {nmae}; there are city, first_name, link, name, phone, shop"),
        ("Hello {name", 'a lone "{"'),
        ("Hello name}", 'a lone "}"'),
        ("{Name}", 'a lone "{"'),
        ("{name:{city}}", 'a lone "{"'),
        ("{link}", "expected a whole address"),
        ("{link:shop.example}", "expected a whole address"),
        ("".join(f"{{link:https://shop.example/{n}}}" for n in range(LINKS_AT_MOST + 1)), "different links, not 6"),
    ],
)
def test_a_slip_is_named(text: str, said: str) -> None:
    with pytest.raises(BadInput) as error:
        read(text)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        *("", "javascript:alert(1)", "data:text/html,x", "//evil.example", "/local", "ftp://a.example", "https://"),
        *("https://a@b.example", "https://a:b@c.example", "https://a.example:port/", "https://a b.example"),
        *(
            "https://a.example\\@evil.example",
            "https://a.example\n",
            "https://ä.example",
            "https://[::1",
            "https://-a.x",
        ),
        "https://a.example/" + "x" * 2_000,
    ],
)
def test_only_pages_of_the_web_are_led_to(url: str) -> None:
    assert link_fault(url)


@pytest.mark.parametrize(
    "url", ["https://a.example", "http://a.example:8080/b?c=d#e", "https://xn--4ca.example/%C3%A4"]
)
def test_a_page_of_the_web_is_led_to(url: str) -> None:
    assert link_fault(url) == ""
    assert read(f"{{link:{url}}}") == Fielded((LinkTo(url),))


@given(st.text(max_size=80))
def test_words_without_braces_stay_as_they_are(text: str) -> None:
    plain = text.replace("{", "").replace("}", "")
    assert read(plain).filled({}, short) == plain
    assert read(text.replace("{", "{{").replace("}", "}}")).filled({}, short) == text


@given(st.text(alphabet="{}abnme:_ l", max_size=40))
def test_whatever_is_written_is_read_or_named(text: str) -> None:
    with suppress(BadInput):
        read(text).filled({}, short)


@given(st.text(max_size=20))
def test_what_customers_call_themselves_is_never_read_as_a_field(name: str) -> None:
    assert read("{name:}").filled({"name": name + "{name}"}, short) == name + "{name}"


def test_a_first_name_is_the_first_word() -> None:
    assert [first_name(one) for one in ("Asha Njeri", "Asha", "", " ")] == ["Asha", "Asha", "", ""]
