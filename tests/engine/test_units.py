"""Units and packs: how many of what a product is sold by."""

from __future__ import annotations

import pytest

from engine.catalogue import Product
from engine.matcher import Wanted, in_selling_units

CONVERTED = [
    ("nothing said", Wanted("x", 3), "bag", "", (3, "")),
    ("the selling unit", Wanted("x", 3, "bag"), "bag", "", (3, "")),
    ("its plural in the catalogue", Wanted("x", 3, "bag"), "Bags", "", (3, "")),
    ("a finer weight that fits", Wanted("x", 3000, "kg"), "ton", "", (3, "")),
    ("a finer weight that does not", Wanted("x", 500, "kg"), "ton", "", (0, "quantity")),
    ("a coarser weight", Wanted("x", 2, "ton"), "kg", "", (2000, "")),
    ("litres and weights", Wanted("x", 2, "l"), "kg", "", (0, "unit")),
    ("a named pack", Wanted("x", 2, "box"), "pc", "box=12|carton=144", (24, "")),
    ("another named pack", Wanted("x", 2, "carton"), "pc", "box=12, carton=144", (288, "")),
    ("a pack that is not named", Wanted("x", 2, "crate"), "pc", "box=12|carton=144", (0, "unit")),
    ("a bare number", Wanted("x", 2, "carton"), "pc", "12", (24, "")),
    ("a bare number is no bag", Wanted("x", 2, "bag"), "pc", "12", (0, "unit")),
    ("pieces of what is sold by the box", Wanted("x", 24, "pc"), "box", "12", (2, "")),
    ("pieces that fill no box", Wanted("x", 20, "pc"), "box", "12", (0, "quantity")),
    ("what a bag holds", Wanted("x", 1, "ton"), "bag", "50 kg", (20, "")),
    ("what no bag holds", Wanted("x", 120, "kg"), "bag", "50kg", (0, "quantity")),
    ("a weight of bags that say nothing", Wanted("x", 100, "kg"), "bag", "", (0, "unit")),
    ("pieces of bags are bags", Wanted("x", 10, "pc"), "bag", "50 kg", (10, "")),
    ("pieces of a weight", Wanted("x", 10, "pc"), "kg", "", (0, "unit")),
    ("pieces by the dozen", Wanted("x", 24, "pc"), "dozen", "", (2, "")),
    ("a shop that names no unit", Wanted("x", 4, "box"), "", "", (4, "")),
    ("a weight where no unit is named", Wanted("x", 4, "kg"), "", "", (0, "unit")),
    ("packs that say nothing", Wanted("x", 4, "box"), "pc", "as you like", (0, "unit")),
    ("packs of none", Wanted("x", 4, "box"), "pc", "box=0", (0, "unit")),
    ("absurdly much", Wanted("x", 999_999, "ton"), "kg", "", (0, "quantity")),
    ("no quantity", Wanted("x", 1, counted=False), "pc", "", (0, "quantity")),
    ("no good quantity", Wanted("x", 1, problem="quantity"), "pc", "", (0, "quantity")),
]


@pytest.mark.parametrize(
    ("wanted", "unit", "pack", "expected"), [row[1:] for row in CONVERTED], ids=[row[0] for row in CONVERTED]
)
def test_what_is_wanted_in_what_is_sold(wanted: Wanted, unit: str, pack: str, expected: tuple[int, str]) -> None:
    assert in_selling_units(wanted, Product("x", "X", 100, unit=unit, pack=pack)) == expected
