"""What free-text orders want, and which products those are: the labelled lines, and what no line may ever do."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalogue import Catalogue, Product
from engine.matcher import (
    ASKED_FROM,
    LINES_AT_MOST,
    OPTIONS_AT_MOST,
    TAKEN_FROM,
    Match,
    Wanted,
    find,
    match,
    read,
)
from tests.engine.matching import HARDWARE_CSV, WHOLESALE_CSV, catalogue_of, is_ordered, judged, labelled

WHOLESALE = catalogue_of(WHOLESALE_CSV)
HARDWARE = catalogue_of(HARDWARE_CSV)
RIGHT_AT_LEAST = 0.95
FILES = [
    ("lines", WHOLESALE),
    ("hardware", HARDWARE),
    ("held-out", WHOLESALE),
    ("held-out-hardware", HARDWARE),
]


# -- the labelled lines ----------------------------------------------------------------------------------------------
def test_there_are_enough_lines() -> None:
    assert sum(len(labelled(name)) for name, _ in FILES) >= 400


@pytest.mark.parametrize(("name", "catalogue"), FILES, ids=[name for name, _ in FILES])
def test_lines_are_understood_as_a_person_would(name: str, catalogue: Catalogue) -> None:
    judgements = [judged(line, catalogue) for line in labelled(name)]
    missed = [shown for right, _, shown in judgements if not right]
    assert len(missed) <= (1 - RIGHT_AT_LEAST) * len(judgements), "\n".join(missed)


@pytest.mark.parametrize(("name", "catalogue"), FILES, ids=[name for name, _ in FILES])
def test_no_line_is_matched_wrongly_in_silence(name: str, catalogue: Catalogue) -> None:
    judgements = [judged(line, catalogue) for line in labelled(name)]
    assert [shown for _, wrong, shown in judgements if wrong] == []


def test_the_judge_of_lines_sees_what_is_wrong() -> None:
    """Twin of the two above: a label that does not fit is a miss, and silent where something would be ordered."""
    bricks = labelled("lines")[3]
    assert bricks.said == "Bricks 1000"
    assert judged(bricks, WHOLESALE)[:2] == (True, False)
    for label, silent in (("bricks 100", True), ("ask bricks x1000", True), ("unsold", True), ("nothing", True)):
        assert judged(msgspec.structs.replace(bricks, expected=(label,)), WHOLESALE)[:2] == (False, silent)


# -- what comes back -------------------------------------------------------------------------------------------------
def test_a_message_comes_back_line_by_line() -> None:
    assert match("Pls send 20 TMT 12mm, Cement  OPC x 100 & 3 marble\n1.5 ton sand", WHOLESALE) == (
        Match(Wanted("TMT 12mm", 20), "tmt-12", 20),
        Match(Wanted("Cement OPC", 100), options=("cement-opc-43", "cement-opc-53")),
        Match(Wanted("marble", 3)),
        Match(Wanted("sand", 1500, "kg"), "river-sand", problem="quantity"),
    )


def test_the_same_goods_twice_stay_two_lines() -> None:
    assert [found.quantity for found in match("bricks 500\nbricks 700", WHOLESALE)] == [500, 700]


def test_only_active_products_are_found() -> None:
    gone = Catalogue(tuple(msgspec.structs.replace(one, active=one.sku != "bricks") for one in WHOLESALE.products))
    assert match("bricks 500", gone) == (Match(Wanted("bricks", 500)),)
    assert find("bricks", gone) == ()
    assert find("bricks", WHOLESALE) != ()


def test_an_empty_catalogue_has_nothing() -> None:
    assert match("bricks 500", Catalogue(())) == (Match(Wanted("bricks", 500)),)


@pytest.mark.parametrize(
    "said", ["hello", "ok thanks", "", " \n ", "👍🏽", "please", "50", "...", "1) 2) 3)", "نमस्ते", "شکریہ"]
)
def test_what_names_no_goods_is_nothing(said: str) -> None:
    if said != "نमस्ते":  # a mixed-up word is no greeting, and must only not break anything
        assert read(said) == ()
        assert match(said, WHOLESALE) == ()
    assert all(not is_ordered(found) for found in match(said, WHOLESALE))


READ = [
    ("100 bags cement, 20 tmt 12mm", (Wanted("cement", 100, "bag"), Wanted("tmt 12mm", 20))),
    ("cemnt 50 n 10 sand", (Wanted("cemnt", 50), Wanted("sand", 10))),
    ("- Binding  Wire: 5kg", (Wanted("Binding Wire", 5, "kg"),)),
    ("50 opc 43 cement 20 tmt 12mm", (Wanted("opc 43 cement", 50), Wanted("tmt 12mm", 20))),
    ("sand", (Wanted("sand", 1, counted=False),)),
    ("0 bricks", (Wanted("bricks", 1, problem="quantity"),)),
]


@pytest.mark.parametrize(("said", "wanted"), READ, ids=[said for said, _ in READ])
def test_a_text_is_read_without_a_catalogue(said: str, wanted: tuple[Wanted, ...]) -> None:
    assert read(said) == wanted


def test_a_page_of_goods_is_read_as_far_as_an_order_goes() -> None:
    page = "\n".join(f"{count} bags opc 43" for count in range(1, 100))
    assert len(read(page)) == LINES_AT_MOST
    assert [found.quantity for found in match(page, WHOLESALE)] == list(range(1, LINES_AT_MOST + 1))


# -- finding one product by name -------------------------------------------------------------------------------------
def best(words: str, catalogue: Catalogue) -> tuple[str, bool]:
    """The first product found, and whether it may be taken."""
    found = find(words, catalogue)
    return (found[0][0], found[0][1] > TAKEN_FROM) if found else ("", False)


FOUND = [
    ("Cola", "cola", True),
    ("cola zero", "cola-zero", True),
    ("zero cola", "cola-zero", True),
    ("gift box", "gift-box", True),
    ("trowl", "trowel", True),
    ("led bulb 9w", "bulb-9", True),
    ("led bulb", "bulb-9", False),
    ("bulb 7 w", "bulb-9", False),
    ("xylophone", "", False),
]


@pytest.mark.parametrize(("words", "sku", "taken"), FOUND, ids=[words for words, _, _ in FOUND])
def test_a_product_is_found_by_its_name(words: str, sku: str, taken: bool) -> None:
    assert best(words, HARDWARE) == (sku, taken)


def test_words_of_the_category_help() -> None:
    """The burgers of flows.md §2 are called Classic and Double; nobody says so without "burger"."""
    burgers = Catalogue(
        (
            Product("classic", "Classic", 550_000, category="Burgers"),
            Product("double", "Double", 720_000, category="Burgers"),
            Product("fries", "Fries", 180_000, category="Sides"),
        )
    )
    assert best("classic", burgers) == ("classic", True)
    assert dict(find("burgers", burgers)).keys() == {"classic", "double"}
    assert all(score <= TAKEN_FROM for _, score in find("burger", burgers))
    assert find("classic burger", burgers)[0][0] == "classic"


def test_names_made_of_everyday_words_are_found() -> None:
    biscuits = Catalogue((Product("good-day", "Good Day", 1_000), Product("hide-seek", "Hide and Seek", 3_000)))
    found = match("good morning, 10 good day, 5 hide and seek, 3 seven up", biscuits)
    assert [(one.sku, one.quantity) for one in found] == [("good-day", 10), ("hide-seek", 5), ("", 0)]


def test_the_index_is_made_once_for_a_catalogue() -> None:
    shelf = Catalogue((Product("tea", "Tea", 100),))
    match("tea 1", shelf)
    kept = shelf.__dict__["matcher_index"]
    match("tea 2", shelf)
    assert shelf.__dict__["matcher_index"] is kept


# -- any text whatever -----------------------------------------------------------------------------------------------
def holds(found: Match, catalogue: Catalogue) -> None:
    """What is true of every Match."""
    assert found.wanted.quantity >= 1
    assert len(found.options) <= OPTIONS_AT_MOST
    assert all(catalogue.sold(sku) for sku in (*found.options, *([found.sku] if found.sku else [])))
    assert not (found.sku and found.options)
    assert found.problem in ("", "quantity", "unit")
    assert (found.quantity >= 1) == is_ordered(found)
    assert found.wanted.text == found.wanted.text.strip() != ""


PIECES = (
    "cement opc 43 53 tmt 12mm 8 mm sand bricks wire 10 50 1000 x × , ; \n - 1) 2. & and n half ton kg bags pcs dozen "
    "paint 4 l 20 white bolt m8 a4 12x12 1/2 inch cola zero pls no or each @ Rs 380/bag = -5 1,000 1.000 रेत ریت ۲ १० ½"
)
PIECE = st.sampled_from(PIECES.split(" "))
TEXTS = st.one_of(st.text(max_size=200), st.lists(PIECE, max_size=40).map(" ".join), st.lists(PIECE).map("".join))


@given(TEXTS)
def test_any_text_is_matched_within_bounds(said: str) -> None:
    for catalogue in (WHOLESALE, HARDWARE):
        found = match(said, catalogue)
        assert len(found) <= LINES_AT_MOST
        for one in found:
            holds(one, catalogue)


@given(TEXTS)
def test_any_text_is_read(said: str) -> None:
    assert len(read(said)) <= LINES_AT_MOST
    assert all(one.quantity >= 1 and one.text for one in read(said))


@given(TEXTS, st.integers(0, 10))
def test_any_words_find_at_most_one_product_to_take(words: str, limit: int) -> None:
    found = find(words, HARDWARE, limit)
    assert len(found) <= limit
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert all(ASKED_FROM <= score <= 100 for score in scores)
    assert sum(score > TAKEN_FROM for score in scores) <= 1
    assert all(HARDWARE.sold(sku) for sku, _ in found)


@given(st.sampled_from(HARDWARE.menu), st.integers(2, 900), st.sampled_from(["{n} x {q}", "{q} {n}", "{n}: {q} pcs"]))
def test_what_is_taken_by_its_full_name_is_that_product(sku: str, quantity: int, way: str) -> None:
    product = HARDWARE.by_sku[sku]
    found = match(way.format(n=product.name, q=quantity), HARDWARE)
    assert len(found) == 1
    assert found[0].sku in (sku, "")
    assert found[0].sku == sku or sku in found[0].options


@given(st.text(alphabet="0123456789 ,.-x/\n½kg", max_size=400))
def test_pages_of_numbers_name_nothing_that_is_ordered(said: str) -> None:
    assert not any(is_ordered(found) for found in match(said, WHOLESALE))


@pytest.mark.parametrize("piece", ["1 a ", "7 ", "bolt 3 ", "nailx4x", "pipe 1,", "a", "½/", "--", "1 000 "])
def test_hostile_pages_are_read_within_the_bound(piece: str) -> None:
    assert len(match(piece * 5_000, HARDWARE)) <= LINES_AT_MOST
