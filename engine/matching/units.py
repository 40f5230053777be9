"""Units that goods are ordered and sold in, packs, and what one is of the other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Final

from engine.catalogue import Product
from engine.matching.flat import fold
from engine.matching.wanted import Wanted

QUANTITY_AT_MOST: Final = 1_000_000
"""More than this of anything is a slip of the finger, or a telephone number."""

_SPELLINGS = {
    "bag": "bags bori borian katta katte sack sacks mfuko mifuko gunia magunia बोरी बोरे बोरा बैग بوری بوریاں تھیلا",
    "kg": "kgs kilo kilos kilogram kilograms kilogramme kgm किलो किग्रा کلو کلوگرام",
    "g": "gm gms gram grams gramme grm ग्राम گرام",
    "quintal": "quintals qtl qtls kuintal क्विंटल کوئنٹل",
    "ton": "tons tonne tonnes mt t tani टन ٹن",
    "l": "ltr ltrs lt liter liters litre litres lita लीटर لیٹر",
    "ml": "mls millilitre milliliter millilitres milliliters",
    "m": "mtr mtrs meter meters metre metres rmt mita मीटर میٹر",
    "ft": "feet foot rft फुट فٹ",
    "yard": "yards yd yds gaj",
    "pc": "pcs piece pieces nos no unit units nag pieces पीस नग vipande kipande عدد",
    "box": "boxes bx dabba dabbe sanduku डिब्बा ڈبہ",
    "carton": "cartons ctn ctns peti katoni पेटी پیٹی",
    "case": "cases",
    "crate": "crates kreti",
    "pack": "packs packet packets pkt pkts pks pakiti पैकेट پیکٹ",
    "bundle": "bundles bdl bdls bundal बंडल بنڈل",
    "roll": "rolls coil coils रोल رول",
    "tin": "tins cans",
    "bottle": "bottles btl btls chupa बोतल بوتل",
    "tray": "trays",
    "set": "sets",
    "pair": "pairs",
    "sheet": "sheets",
    "ream": "reams",
    "truck": "trucks truckload truckloads lorry lorries trolley tractor tipper load loads ट्रक ٹرک",
}
UNITS: Mapping[str, str] = {
    fold(spelling): unit for unit, spellings in _SPELLINGS.items() for spelling in (unit, *spellings.split())
}
"""Every spelling of a unit, folded, with the unit's canonical name."""

_SIZES = {
    "mm": "millimeter millimetre एमएम ایم",
    "cm": "centimeter centimetre",
    "inch": "inches इंच انچ",
    "sqmm": "sqmm",
    "w": "watt watts",
    "v": "volt volts",
    "amp": "amps ampere",
    "hp": "hp",
    "gsm": "gsm",
    "gauge": "swg",
    "micron": "microns",
    "core": "cores",
}
SIZES: Mapping[str, str] = {
    fold(spelling): unit for unit, spellings in _SIZES.items() for spelling in (unit, *spellings.split())
}
"""Units that tell what a thing is, never how much of it is wanted: 12 mm."""

LONE: frozenset[str] = frozenset(word for word in UNITS if len(word) > 2)
"""Units that are understood away from their number, too: cement bags 50. Not "no", which also says no."""

_BASE: Mapping[str, tuple[str, int]] = {
    "g": ("g", 1),
    "kg": ("g", 1_000),
    "quintal": ("g", 100_000),
    "ton": ("g", 1_000_000),
    "ml": ("ml", 1),
    "l": ("ml", 1_000),
    "mm": ("mm", 1),
    "cm": ("mm", 10),
    "m": ("mm", 1_000),
}
"""What can be counted in something smaller: the smallest unit of its kind, and how many of those it is."""

_FINER = {"ton": "kg", "quintal": "kg", "kg": "g", "l": "ml", "m": "cm"}

CONTAINERS = frozenset(
    {"bag", "box", "carton", "case", "crate", "pack", "bundle", "roll", "tin", "bottle", "tray", "set", "ream", "sheet"}
)
"""What is counted one by one: "10 pcs" of these are ten of them."""

_PACKS = frozenset({"box", "carton", "case", "crate", "pack", "bundle", "tray"})
"""What a bare number in the pack column may be a pack of."""

_NAMED = re.compile(r"(\w+)\s*[=:]\s*(\d{1,6})")
_CONTENT = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*([^\W\d_]+)")


def metric(unit: str) -> bool:
    """Whether the unit weighs or measures, rather than counts."""
    return unit in _BASE


def same_size(value: Fraction, unit: str) -> tuple[Fraction, str]:
    """A size in the smallest unit of its kind, so that 0.5 l is 500 ml."""
    base, factor = _BASE.get(unit, (unit, 1))
    return value * factor, base


def counted(value: Fraction, unit: str) -> tuple[int, str] | None:
    """A number of units as a whole number of the same unit or a finer one: 1.5 ton is 1500 kg. None when it is none."""
    while value.denominator != 1 and unit in _FINER:
        finer = _FINER[unit]
        value, unit = value * _BASE[unit][1] / _BASE[finer][1], finer
    if value.denominator != 1 or not 1 <= value <= QUANTITY_AT_MOST * (1_000 if metric(unit) else 1):
        return None
    return int(value), unit


@lru_cache(maxsize=4_096)
def packs(pack: str, unit: str) -> tuple[Mapping[str, Fraction], tuple[Fraction, str] | None]:
    """How the pack column is read for a product sold by ``unit`` (canonical).

    First, packs by their unit, each as a number of selling units: "box=12|carton=144" (also with "," or ";"). A bare
    "12" is any usual pack (box, carton, packet, …), or, where the product is sold by such a pack, the pieces in one.
    Second, what one selling unit holds: "50 kg" for a bag of cement. Text that is neither is ignored.
    """
    held: dict[str, Fraction] = {}
    text = pack.strip().casefold()
    for spelling, number in _NAMED.findall(text):
        if spelling in UNITS and int(number):
            held[UNITS[spelling]] = Fraction(int(number))
    if text.isascii() and text.isdigit() and len(text) < 7 and int(text):
        count = Fraction(int(text))
        return ({"pc": 1 / count} if unit in CONTAINERS else dict.fromkeys(_PACKS, count)), None
    content = _CONTENT.fullmatch(text)
    if content and UNITS.get(content[2], "") in _BASE and float(content[1]) > 0:
        return held, (Fraction(content[1]), UNITS[content[2]])
    return held, None


def selling_unit(product: Product) -> str:
    """The canonical unit that a product is sold by; "" when it names none that is known."""
    folded = product.unit.strip().casefold()
    return "dozen" if folded == "dozen" else UNITS.get(folded, "")


def in_selling_units(wanted: Wanted, product: Product) -> tuple[int, str]:
    """How many of the product's selling unit are wanted, and the problem with it: "", "quantity" or "unit".

    0 with a problem. Also for a product that the customer chose among options: ``2 box`` of one with ``box=12`` is 24.
    """
    if not wanted.counted or wanted.problem:
        return 0, "quantity"
    factor = _factor(wanted.unit, selling_unit(product), product.pack)
    if factor is None:
        return 0, "unit"
    quantity = wanted.quantity * factor
    if quantity.denominator != 1 or not 1 <= quantity <= QUANTITY_AT_MOST:
        return 0, "quantity"
    return int(quantity), ""


def _factor(said: str, sold: str, pack: str) -> Fraction | None:
    """How many selling units one of the unit that was said is; None when that can't be told."""
    if said in ("", sold):
        return Fraction(1)
    held, content = packs(pack, sold)
    if said in held:
        return held[said]
    if metric(said):
        of, per = content or (Fraction(1), sold)
        base, factor = _BASE[said]
        other, by = _BASE.get(per, ("", 1))
        return Fraction(factor) / (of * by) if base == other else None
    if said == "pc" and sold == "dozen":
        return Fraction(1, 12)
    # "10 pcs" of a bag are ten bags; where no selling unit is known, whatever is counted is one of it.
    one_of_it = (said == "pc" and sold in CONTAINERS | {"pair"}) or (not sold and said != "truck")
    return Fraction(1) if one_of_it else None
