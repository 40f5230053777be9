"""A campaign's texts: which slips are named before anybody is written to, and what each reader gets."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from engine.address import HOUR
from engine.audience import Audience, Person
from engine.campaign_texts import Lacking, Made, Texts, Unfit, audience_of, faults
from engine.campaigns import Plan, Variant
from engine.errors import BadInput
from engine.marketing import offer, room
from engine.messages import Template
from tests.engine.shops import bakery

SHOP = bakery(languages=("en", "sw"))
ALL = msgspec.json.encode(Audience(everybody=True)).decode()
ANN = Person("ann", "254700000001", name="Ann Njeri", language="sw", city="Thika")
NOW = 1_790_000_000_000


def plan(*variants: Variant, **more: Any) -> Plan:
    return Plan("Mangoes", variants or (Variant(text="Hello {name:friend}!"),), **{"audience": ALL, **more})


def texts(*variants: Variant) -> Texts:
    return Texts("m1", plan(*variants), SHOP)


def short(variant: str, url: str) -> str:
    return f"<{variant} {url}>"


# -- slips -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        (msgspec.structs.replace(plan(), name=""), ["name"]),
        (plan(pace=-1.0), ["pace"]),
        (plan(pace=float("nan")), ["pace"]),
        (plan(cap=-1), ["cap"]),
        (plan(starts_at=NOW), ["startsAt"]),
        (plan(latest_start=NOW - 1), ["latestStart"]),
        (plan(starts_at=NOW + HOUR, latest_start=NOW + HOUR - 1), ["latestStart"]),
        (plan(audience=""), ["audience"]),
        (plan(audience='{"tags": ["VIP"]}'), ["audience.tags"]),
        (msgspec.structs.replace(plan(), variants=()), ["variants"]),
        (plan(Variant("A", text="a"), Variant("A", text="b")), ["variants"]),
        (plan(Variant(share=0, text="a")), ["variants"]),
        (plan(Variant()), ["variants[0].text"]),
        (plan(Variant(text="a"), Variant("B", text="{nmae}")), ["variants[1].text"]),
        (plan(Variant(text="x" * (room(SHOP) + 1))), ["variants[0].text"]),
        (plan(Variant(template="t", language="fr")), ["variants[0].language"]),
        (plan(Variant(template="t", parameters=("{name",))), ["variants[0].parameters"]),
        (plan(Variant(template="t", parameters=(" ",))), ["variants[0].parameters"]),
        (plan(Variant(text="a", parameters=("b",))), ["variants[0].parameters"]),
    ],
)
def test_a_slip_is_named_with_its_field(wrong: Plan, fields: list[str]) -> None:
    assert list(faults(wrong, SHOP, NOW)) == fields


def test_a_plan_without_slips_may_start() -> None:
    both = Variant("B", 2, "Hello {name:you}", "mangoes", "sw", ("{first_name:you}", "{link:https://a.example}"))
    assert faults(plan(Variant(text="{{Hi}} {city:}"), both, starts_at=NOW + 1, latest_start=NOW + 2), SHOP, NOW) == {}


def test_what_is_no_audience_is_named() -> None:
    with pytest.raises(BadInput, match="for whom"):
        audience_of(plan(audience='{"tags": 5}'))


# -- what each gets --------------------------------------------------------------------------------------------------
def test_words_are_filled_in_and_carry_the_way_out_in_their_readers_language() -> None:
    made = texts(Variant(text="Hi {first_name} of {city}: {link:https://a.example} – {shop} {phone}")).message(
        ANN, short
    )
    words = f"Hi Ann of Thika: <A https://a.example> – {SHOP.title} +254700000001"
    assert made == Made("A", offer(words, "sw", SHOP))


def test_a_template_speaks_its_readers_language_or_its_own() -> None:
    own = texts(Variant(template="mangoes", language="en", parameters=("{name}\n{city}",))).message(ANN, short)
    assert own == Made("A", Template("mangoes", "en", ("Ann Njeri Thika",)))
    theirs = texts(Variant(template="mangoes")).message(ANN, short)
    assert theirs == Made("A", Template("mangoes", "sw"))


def test_a_language_that_the_shop_does_not_speak_becomes_its_first() -> None:
    stranger = msgspec.structs.replace(ANN, language="hi")
    assert texts(Variant(template="mangoes")).message(stranger, short) == Made("A", Template("mangoes", "en"))


def test_with_words_and_a_template_the_template_stands_in() -> None:
    made = texts(Variant(text="Hi {name}", template="mangoes", parameters=("{name}",))).message(ANN, short)
    assert made == Made("A", offer("Hi Ann Njeri", "sw", SHOP), Template("mangoes", "sw", ("Ann Njeri",)))


@pytest.mark.parametrize(
    ("variant", "lacking"),
    [
        (Variant(text="Hi {name} of {city}"), Lacking(Unfit.INCOMPLETE, ("name", "city"))),
        (Variant(text="Hi", template="t", parameters=("{name}",)), Lacking(Unfit.INCOMPLETE, ("name",))),
        (Variant(template="t", parameters=("{name:}",)), Lacking(Unfit.INCOMPLETE)),
        (Variant(text="{name:}"), Lacking(Unfit.INCOMPLETE)),
    ],
)
def test_what_is_not_known_of_a_reader_is_named(variant: Variant, lacking: Lacking) -> None:
    assert texts(variant).message(Person("zoe", "254700000009"), short) == lacking


def test_words_that_come_out_too_long_go_to_nobody() -> None:
    long = msgspec.structs.replace(ANN, name="x" * 80)
    made = texts(Variant(text="{name}" + "y" * (room(SHOP) - 20))).message(long, short)
    assert made == Lacking(Unfit.TOO_LONG)


def test_a_reader_gets_the_same_variant_whenever_it_is_asked() -> None:
    many = texts(Variant("A", text="a"), Variant("B", text="b"))
    people = [Person(f"c{n}", "1") for n in range(200)]
    first = [many.message(one, short) for one in people]
    assert [many.message(one, short) for one in people] == first
    assert {made.variant for made in first if isinstance(made, Made)} == {"A", "B"}


def test_everybody_who_tries_it_sees_all_variants() -> None:
    told = texts(Variant("A", text="a"), Variant("B", share=0, text="{name}")).trials(Person("zoe", "1"), short)
    assert [type(one) for one in told] == [Made, Lacking]


def test_links_are_each_variants_own() -> None:
    many = texts(Variant("A", text="{link:https://a.example}{link:https://a.example}"), Variant("B", text="b"))
    assert many.links == {"A": ("https://a.example",)}
