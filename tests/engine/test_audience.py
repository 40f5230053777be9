"""What an owner can mean by an audience, and which slips are named before anybody is written to."""

from __future__ import annotations

import pytest

from engine.audience import TAGS_AT_MOST, Audience, Bought, Cap, Exclusion, Person, Profile, checked, faults, person
from engine.errors import BadInput

ANN = Profile("ann", phone="254700000001", name="Ann", region="Thika")


@pytest.mark.parametrize(
    ("audience", "field"),
    [
        (Audience(), "everybody"),
        (Audience(everybody=True, city="Thika"), "everybody"),
        (Audience(bought=Bought(since=5, until=5)), "bought.until"),
        (Audience(bought=Bought(orders=0)), "bought.orders"),
        (Audience(bought=Bought(spent=-1)), "bought.spent"),
        (Audience(seen_since=6, seen_until=5), "seenUntil"),
        (Audience(city="x" * 61), "city"),
        (Audience(tags=("VIP",)), "tags"),
        (Audience(tags=("-vip",)), "tags"),
        (Audience(tags=tuple(f"t{n}" for n in range(TAGS_AT_MOST + 1))), "tags"),
        (Audience(without_tags=("",)), "withoutTags"),
        (Audience(phones=("254700000001", "+254700000002")), "phones"),
        (Audience(phones=("0700000001",)), "phones"),
    ],
)
def test_what_can_not_be_meant_is_named(audience: Audience, field: str) -> None:
    assert list(faults(audience)) == [field]
    with pytest.raises(BadInput, match=field):
        checked(audience)


def test_a_faulty_number_is_named_by_its_place_and_not_by_itself() -> None:
    why = faults(Audience(phones=("254700000001", "call me")))["phones"]
    assert why.startswith("number 2 of the list")
    assert "call me" not in why


@pytest.mark.parametrize(
    "audience",
    [
        Audience(everybody=True),
        Audience(bought=Bought("cake", since=5, until=6, orders=2, spent=1)),
        Audience(tags=("vip", "2024", "a-b"), seen_since=5),
        Audience(phones=("254700000001",)),
    ],
)
def test_what_can_be_meant_is_taken(audience: Audience) -> None:
    assert checked(audience) is audience


def test_an_excluded_person_is_told_with_the_reason_that_lasts_longest() -> None:
    nobody = Profile("zoe", marketing=False, active=False, campaigned=9)
    everybody = Audience(everybody=True)
    assert person(nobody, everybody, Cap(1)) == Person("zoe", excluded=Exclusion.OPTED_OUT)
    assert person(ANN, everybody, Cap(1)) == Person("ann", "254700000001", name="Ann", city="Thika")


@pytest.mark.parametrize(
    ("city", "lives"), [("thika", True), ("THIKA ", True), ("Thik", False), ("thika road", False), ("hika", False)]
)
def test_a_city_is_a_whole_word(city: str, lives: bool) -> None:
    assert (person(ANN, Audience(city=city), Cap()) is not None) is lives
