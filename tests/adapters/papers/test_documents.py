"""Receipts and invoices as a person reads them: the text is read back out of the PDF."""

from __future__ import annotations

import io

import msgspec
import pytest
from pypdf import PdfReader

from adapters.papers import documents
from adapters.papers.documents import Facts
from engine.catalogue import Catalogue
from engine.invoices import CreditNote, Invoice
from engine.orders import Order, OrderLine, OrderStatus, PaymentStatus
from engine.shop import Shop
from engine.terms import Terms

PLACED = 1_760_771_096_000
SHOP = Shop(
    name="dealer",
    title="Mehta Building Materials",
    flow="wholesale",
    currency="INR",
    locale="en_IN",
    timezone="Asia/Kolkata",
    catalogue=Catalogue(()),
    terms=Terms(tax_number="29ABCDE1234F1Z5", bank="HDFC 1234567"),
)
ORDER = Order(
    number="WS20251018123456",
    shop="dealer",
    customer="c1",
    cart="k",
    lines=(
        OrderLine("cement", "Cement OPC 43", 100, 38_000, True, unit="bag"),
        OrderLine("brick", "Bricks", 500, 900, True, note="red ones"),
    ),
    total=4_325_450,
    currency="INR",
    status=OrderStatus.CONFIRMED,
    payment=PaymentStatus.UNPAID,
    kind="delivery",
    source="WhatsApp",
    placed_at=PLACED,
    name="Asha Rao",
    phone="919800000001",
    address="12 MG Road",
    delivery=100_000,
    discount=50_000,
    discount_code="TEN",
    tax=25_450,
    tax_included=False,
)
BILL = Invoice("INV-2025-0001", "dealer", "c1", ORDER.number, PLACED, PLACED + 30 * 86_400_000, ORDER.total, "INR")


def text(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def facts(language: str = "en", **changes: object) -> Facts:
    return Facts(msgspec.structs.replace(ORDER, **changes), SHOP, language, BILL, "TXN-77")


def test_an_invoice_says_who_what_how_much_and_until_when() -> None:
    said = text(documents.invoice(facts()))
    for wanted in (
        *("Mehta Building Materials", "29ABCDE1234F1Z5", "Invoice INV-2025-0001", "WS20251018123456"),
        *("18 October 2025", "17 November 2025", "HDFC 1234567", "Asha Rao", "12 MG Road", "+919800000001"),
        *("Cement OPC 43", "100 bag", "₹380.00", "₹38,000.00", "Bricks", "red ones", "₹4,500.00"),
        *("Subtotal", "₹42,500.00", "Discount TEN", "₹500.00", "Delivery", "₹1,000.00", "Tax", "₹254.50"),
        *("Total", "₹43,254.50"),
    ):
        assert wanted in said, wanted


def test_every_figure_on_it_adds_up_to_the_total() -> None:
    *parts, (_, total) = documents._sums(facts())
    amounts = [part.replace("₹", "").replace(",", "") for _, part in parts]
    assert sum(float(amount) for amount in amounts) == pytest.approx(float(total.replace("₹", "").replace(",", "")))


def test_a_paid_invoice_does_not_ask_for_money() -> None:
    assert "HDFC" not in text(documents.invoice(facts(payment=PaymentStatus.PAID)))


def test_a_receipt_names_the_payments_reference() -> None:
    said = text(documents.receipt(facts(payment=PaymentStatus.PAID)))
    assert "Receipt" in said
    assert "TXN-77" in said


def test_a_simple_order_has_only_its_total() -> None:
    said = text(documents.receipt(facts(total=4_250_000, delivery=0, discount=0, discount_code="", tax=0)))
    assert "Subtotal" not in said
    assert "₹42,500.00" in said


NAMES = ("José O'Neil-Brandão", "प्रिया शर्मा", "محمد عثمان خان", "نادیہ ٹیپو", "Анна Ёлкина")


@pytest.mark.parametrize("name", NAMES)
def test_names_of_every_script_are_drawn_with_fonts_that_have_them(name: str, caplog: pytest.LogCaptureFixture) -> None:
    pdf = documents.receipt(facts(name=name))
    assert "missing" not in caplog.text, "fpdf2 says which glyphs a font lacks"
    fonts = {font for page in PdfReader(io.BytesIO(pdf)).pages for font in _fonts(page)}
    wanted = {"ا": "Naskh", "प": "Devanagari"}
    for letter, font in wanted.items():
        assert any(font in one for one in fonts) is (letter in name or (font == "Naskh" and "م" in name))


def _fonts(page: object) -> list[str]:
    resources = page["/Resources"]["/Font"]  # type: ignore[index]
    return [str(resources[key]["/BaseFont"]) for key in resources]


@pytest.mark.parametrize("language", ["sw", "hi", "ur"])
def test_figures_behind_words_in_another_script_are_still_figures(language: str) -> None:
    """Twin of _Pdf: without it the line after a Hindi or Urdu one is drawn with that one's font."""
    said = text(documents.invoice(facts(language, name="नादिया")))
    for wanted in ("12 MG Road", "+919800000001", "₹42,500.00", "₹254.50", "₹43,254.50"):
        assert wanted in said, wanted


@pytest.mark.parametrize(("language", "leftmost"), [("hi", "Cement"), ("ur", "38,000.00")])
def test_a_paper_in_urdu_begins_at_the_right(language: str, leftmost: str) -> None:
    placed: list[tuple[str, float]] = []
    page = PdfReader(io.BytesIO(documents.invoice(facts(language)))).pages[0]
    page.extract_text(visitor_text=lambda said, cm, tm, font, size: placed.append((said, tm[4])))
    row = {word: left for said, left in placed for word in ("Cement", "38,000.00") if word in said}
    assert len(row) == 2
    assert min(row, key=lambda word: row[word]) == leftmost


def test_arabic_letters_are_joined_and_run_from_the_right() -> None:
    """Shaping gives each letter its joined form, and the last letter of the word stands leftmost."""
    import uharfbuzz as hb  # type: ignore[import-untyped]

    from adapters.papers.sheet import FONTS

    face = hb.Face(hb.Blob.from_file_path(str(FONTS / "NotoNaskhArabic-Regular.ttf")))
    font, buffer = hb.Font(face), hb.Buffer()
    buffer.add_str("محمد")
    buffer.guess_segment_properties()
    hb.shape(font, buffer)
    isolated = {font.get_nominal_glyph(ord(one)) for one in "محمد"}
    assert [info.cluster for info in buffer.glyph_infos] == [3, 2, 1, 0]
    assert not isolated & {info.codepoint for info in buffer.glyph_infos[1:]}


def test_a_name_with_an_emoji_or_a_control_character_does_not_spoil_the_paper() -> None:
    said = text(documents.receipt(facts(name="Asha 🎉\x07 Rao")))
    assert "Asha" in said
    assert "Rao" in said


def test_three_hundred_lines_go_on_over_pages_with_the_head_repeated() -> None:
    lines = tuple(OrderLine(f"p{n}", f"Product {n} " + "long " * 12, 1, 100, True) for n in range(300))
    pages = PdfReader(io.BytesIO(documents.receipt(facts(lines=lines, total=30_000)))).pages
    assert len(pages) > 5
    assert all("Quantity" in page.extract_text() for page in pages[:-1])


def test_a_credit_note_says_of_which_invoice_how_much_and_its_tax() -> None:
    note = CreditNote("CN-2025-0003", "dealer", "c1", ORDER.number, BILL.number, PLACED, 1_000_000, "INR")
    said = text(documents.credit_note(facts(), note))
    for wanted in (
        *("Credit note CN-2025-0003", "Invoice INV-2025-0001", "WS20251018123456", "18 October 2025", "Asha Rao"),
        *("Invoice total", "₹43,254.50", "Tax, included", "₹58.84", "Credited to you", "₹10,000.00"),
    ):
        assert wanted in said, wanted
    assert "HDFC" not in said
