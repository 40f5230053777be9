"""What free-text orders want, and which products those are."""

from __future__ import annotations

from pathlib import Path

from engine.catalogue import Catalogue, read_csv
from engine.matcher import Match, Wanted, match

WHOLESALE_CSV = Path(__file__).resolve().parents[2] / "engine/flows/samples/wholesale.csv"


def wholesale() -> Catalogue:
    products, faults = read_csv(WHOLESALE_CSV.read_bytes(), "INR")
    assert faults == []
    return Catalogue(tuple(products))


def test_what_is_clear_is_taken_and_what_is_not_is_asked() -> None:
    first, second = match("20 tmt 12mm, cement x 100", wholesale())
    assert first == Match(Wanted("tmt 12mm", 20), "tmt-12", 20)
    assert second.sku == ""
    assert set(second.options) >= {"cement-opc-43", "cement-opc-53"}
