"""Labelled lines of orders: how tests/cases/matcher/*.txt are read and judged (language: the head of lines.txt)."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from engine.catalogue import Catalogue, read_csv
from engine.matcher import Match, match

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests/cases/matcher"
WHOLESALE_CSV = ROOT / "engine/flows/samples/wholesale.csv"
HARDWARE_CSV = CASES / "hardware.csv"

_TAKEN = re.compile(r"(\S+) (\d+)")
_UNCLEAR = re.compile(r"(\S+) \?(quantity|unit)")
_ASKED = re.compile(r"ask ([^?]+?) (?:x(\d+)|\?(quantity|unit))")


class Labelled(msgspec.Struct, frozen=True):
    """One line of a file: what is said, and what a person would understand."""

    said: str
    expected: tuple[str, ...]
    where: str


def catalogue_of(path: Path) -> Catalogue:
    products, faults = read_csv(path.read_bytes(), "INR")
    assert faults == []
    return Catalogue(tuple(products))


def labelled(name: str) -> list[Labelled]:
    """The lines of tests/cases/matcher/NAME.txt."""
    lines = []
    for number, line in enumerate((CASES / f"{name}.txt").read_text("utf-8").splitlines(), 1):
        if " => " in line and not line.startswith("#"):
            said, _, expected = line.rpartition(" => ")
            written = said.replace("⏎", "\n").replace("\\t", "\t")
            lines.append(Labelled(written, tuple(expected.split("; ")), f"{name}.txt:{number}"))
    return lines


def judged(line: Labelled, catalogue: Catalogue) -> tuple[bool, bool, str]:
    """Whether it was understood as labelled, whether anything was wrongly taken in silence, and what came out."""
    found = match(line.said, catalogue)
    expected = () if line.expected == ("nothing",) else line.expected
    shown = (
        f"{line.where}: {line.said!r} → {'; '.join(map(said_of, found)) or 'nothing'} (not {'; '.join(line.expected)})"
    )
    if expected == ("unsold",):
        ordered = any(is_ordered(one) for one in found)
        return not ordered, ordered, shown
    right = len(found) == len(expected) and all(map(fits, found, expected))
    allowed = {either for label in expected for either in label.split(" or ")}
    return right, any(is_ordered(one) and said_of(one) not in allowed for one in found), shown


def is_ordered(found: Match) -> bool:
    """Whether this goes on the order without a question."""
    return found.sku != "" and found.problem == ""


def said_of(found: Match) -> str:
    """A Match in the words of the labels."""
    if found.sku:
        return f"{found.sku} ?{found.problem}" if found.problem else f"{found.sku} {found.quantity}"
    if found.options:
        much = f"?{found.problem}" if found.problem else f"x{found.wanted.quantity}"
        return f"ask {' '.join(found.options)} {much}"
    return "none"


def fits(found: Match, label: str) -> bool:
    return any(_fits(found, either) for either in label.split(" or "))


def _fits(found: Match, label: str) -> bool:
    if label == "unsold":
        return not is_ordered(found)
    if label == "none":
        return not found.sku and not found.options
    asked = _ASKED.fullmatch(label)
    if asked:
        same = not found.sku and set(found.options) == set(asked[1].split())
        return same and (found.problem == asked[3] if asked[3] else found.wanted.quantity == int(asked[2]))
    unclear = _UNCLEAR.fullmatch(label)
    if unclear:
        return (found.sku, found.problem) == (unclear[1], unclear[2])
    taken = _TAKEN.fullmatch(label)
    assert taken, f"no label: {label}"
    return (found.sku, found.quantity, found.problem) == (taken[1], int(taken[2]), "")
