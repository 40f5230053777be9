"""Orders that tempt the matcher to take something else than was meant; each came from looking for trouble."""

from __future__ import annotations

import msgspec
import pytest

from engine.catalogue import Catalogue, Product
from engine.matcher import match
from tests.engine.matching import HARDWARE_CSV, WHOLESALE_CSV, catalogue_of, is_ordered, said_of

WHOLESALE = catalogue_of(WHOLESALE_CSV)
HARDWARE = catalogue_of(HARDWARE_CSV)


def shop(*names: str) -> Catalogue:
    """A catalogue of products without unit or alias; a sku is the name with hyphens."""
    return Catalogue(tuple(Product(name.lower().replace(" ", "-"), name, 100) for name in names))


def outcome(said: str, catalogue: Catalogue) -> str:
    return "; ".join(map(said_of, match(said, catalogue)))


# -- words that tell one thing from another ---------------------------------------------------------------------------
TOLD_APART = [
    ("sand 2", shop("Fine Sand", "Coarse Sand"), "ask fine-sand coarse-sand x2"),
    ("fine sand 2", shop("Fine Sand", "Coarse Sand"), "fine-sand 2"),
    ("fine sand 2", shop("Coarse Sand"), "ask coarse-sand x2"),
    ("day cream 2", shop("Night Cream"), "none"),
    ("plate 5", shop("Name Plate", "Number Plate"), "ask name-plate number-plate x5"),
    ("name plate 5", shop("Number Plate"), "ask number-plate x5"),
    ("10 paint", shop("Paint Brush 2 inch"), "ask paint-brush-2-inch x10"),
    ("paint 2 inch 5", shop("Paint Brush 2 inch"), "ask paint-brush-2-inch x5"),
    ("500 water", shop("Water Tank 500 l"), "ask water-tank-500-l ?quantity"),
    ("rice 5", shop("Brown Rice", "Rice"), "rice 5"),
    ("white rice 5", shop("Brown Rice", "Rice"), "ask rice brown-rice x5"),
    ("cola 5", shop("Cola Zero"), "ask cola-zero x5"),
    ("pencil box 5", shop("Pencil"), "ask pencil x5"),
    ("bed sheet 5", shop("Wooden Bed"), "ask wooden-bed x5"),
    ("cable 3/20 5 pcs", shop("Cable 3/20", "Cable 7/20"), "cable-3/20 5"),
    ("cable 5/20 5 pcs", shop("Cable 3/20", "Cable 7/20"), "ask cable-3/20 cable-7/20 x5"),
    ("white paint 4 x 3", shop("White Paint 4 L", "White Paint 20 L"), "white-paint-4-l 3"),
    ("white paint 4mm x 3", shop("White Paint 4 L", "White Paint 20 L"), "ask white-paint-4-l white-paint-20-l x3"),
    ("12x12 tile 5 pcs", shop("Tile 12x24"), "ask tile-12x24 x5"),
    ("10 salt and pepper mix", shop("Salt", "Salt and Pepper Mix"), "salt-and-pepper-mix 10"),
    ("10 salt and 5 pepper", shop("Salt", "Salt and Pepper Mix"), "salt 10; ask salt-and-pepper-mix x5"),
    ("7 up 7", shop("7 Up", "Seven Star"), "7-up 7"),
    ("shirt blue 3", shop("Shirt Blue L", "Shirt Blue M"), "ask shirt-blue-l shirt-blue-m x3"),
]


@pytest.mark.parametrize(("said", "catalogue", "expected"), TOLD_APART, ids=[said for said, _, _ in TOLD_APART])
def test_a_word_that_distinguishes_is_never_passed_over(said: str, catalogue: Catalogue, expected: str) -> None:
    assert outcome(said, catalogue) == expected


OTHER_WORDS = "towel planter rivet hamper stand hand pant butler scanner stitch grave maker plane chai black tires"


@pytest.mark.parametrize("word", OTHER_WORDS.split())
def test_a_word_of_its_own_is_no_slip_of_another(word: str) -> None:
    goods = shop(
        *("Trowel", "Plaster", "River", "Hammer", "Sand", "Paint", "Butter", "Spanner", "Switch", "Gravel"),
        *("Marker", "Plate", "Chair", "Block", "Tiles"),
    )
    assert not any(is_ordered(found) for found in match(f"{word} 10", goods))


SLIPS = "trwoel plster hamer buttr spaner swtich gravle marekr"


@pytest.mark.parametrize("slip", SLIPS.split())
def test_a_slip_is_understood(slip: str) -> None:
    goods = shop("Trowel", "Plaster", "Hammer", "Butter", "Spanner", "Switch", "Gravel", "Marker")
    found = match(f"{slip} 10", goods)
    assert found[0].quantity == 10 or found[0].options


# -- numbers that tell how many, and those that do not -----------------------------------------------------------------
NUMBERS = [
    ("no bricks 500", "ask bricks x500"),
    ("need bricks by 5 pm", "bricks ?quantity"),
    ("bricks 500, call 9876543210", "bricks 500; none"),
    ("opc 53 hundred bags", "cement-opc-53 100"),
    ("15 hundred bricks", "bricks 1500"),
    ("two hundred and fifty bricks", "bricks 250"),
    ("one thousand five hundred bricks", "bricks 1500"),
    ("matofali elfu mbili", "bricks 2000"),
    ("two and a half ton sand", "river-sand ?quantity"),
    ("bricks 1000+500", "bricks ?quantity"),
    ("sand 10/12 5 ton", "ask river-sand x5"),
    ("tmt 8 12", "ask tmt-8 tmt-12 ?quantity"),
    ("tmt 8mm 10, 12mm 20", "tmt-8 10; tmt-12 20"),
    ("opc 43 10 and 53 20", "cement-opc-43 10; cement-opc-53 20"),
    ("1️⃣ bricks 500 2️⃣ sand 2 ton", "bricks 500; river-sand 2"),
    ("1 opc 43 10\n2 opc 53 20", "cement-opc-43 10; cement-opc-53 20"),
    ("1 opc 43\n2 opc 53", "cement-opc-43 1; cement-opc-53 2"),
    ("can you send 10 bricks", "bricks 10"),
    ("opc 43 100bags@380/bag", "cement-opc-43 100"),
    ("opc 43 100 bags 38000/-", "cement-opc-43 100"),
]


@pytest.mark.parametrize(("said", "expected"), NUMBERS, ids=[said for said, _ in NUMBERS])
def test_numbers_are_read_in_their_roles(said: str, expected: str) -> None:
    assert outcome(said, WHOLESALE) == expected


# -- what is not sold any more -----------------------------------------------------------------------------------------
WAYS = ("{} x 7", "7 {}", "{} 7 pcs", "{}: 7", "7 pcs {}", "{} 7, xyz 3", "xyz 3\n7 {}")
GONE = [
    (product.sku, name, catalogue)
    for catalogue in (WHOLESALE, HARDWARE)
    for product in catalogue.products
    for name in (product.name, *product.aliases)
]


@pytest.mark.parametrize(("sku", "name", "catalogue"), GONE, ids=[name for _, name, _ in GONE])
def test_what_is_gone_is_never_replaced_in_silence(sku: str, name: str, catalogue: Catalogue) -> None:
    """Twin of the labelled lines: the very words of a product, in a shop that has all others but this one."""
    left = Catalogue(tuple(product for product in catalogue.products if product.sku != sku))
    for way in WAYS:
        said = way.format(name.lower())
        assert not any(is_ordered(found) for found in match(said, left)), said


# -- a dealer who writes no aliases ------------------------------------------------------------------------------------
PLAIN = Catalogue(tuple(msgspec.structs.replace(product, aliases=(), pack="") for product in WHOLESALE.products))
WITHOUT_ALIASES = [
    ("100 bags cement, 20 tmt 12mm", "ask cement-opc-43 cement-opc-53 x100; tmt-12 20"),
    ("cemnt 50 n 10 sand", "ask cement-opc-43 cement-opc-53 x50; river-sand 10"),
    ("cement 43 20 bags", "cement-opc-43 20"),
    ("53 grade cement 10 bags", "cement-opc-53 10"),
    ("20 tmt 12", "tmt-12 20"),
    ("tmt 10mm 20", "ask tmt-8 tmt-12 x20"),
    ("tmt rods 12mm 10", "ask tmt-12 x10"),
    ("wire 5kg", "binding-wire 5"),
    ("tmt 8-20, 12-30", "tmt-8 20; tmt-12 30"),
    ("8mm-20 12mm-30", "ask tmt-8 x20; ask tmt-12 x30"),
    ("2nd order: bricks 700", "ask bricks x700"),
]


@pytest.mark.parametrize(("said", "expected"), WITHOUT_ALIASES, ids=[said for said, _ in WITHOUT_ALIASES])
def test_names_alone_are_enough(said: str, expected: str) -> None:
    assert outcome(said, PLAIN) == expected
