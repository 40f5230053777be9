"""A sheet of paper: text of any script in the fonts that ship with us, tables, and lines of figures.

Text is shaped by HarfBuzz and laid out by the Unicode bidirectional algorithm (fpdf2), so that an Urdu name reads from
the right, joined, in the middle of an English invoice. A font is read only where the text needs it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

FONTS = Path(__file__).parent / "fonts"
MARGIN = 18.0
BODY, SMALL, TITLE = 10.0, 8.5, 18.0
LINE = 5.6
"""Millimetres from line to line of body text."""
GREY, BLACK, RULE = 110, 25, 200

logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells of every subset it makes


class Script(NamedTuple):
    """A font of ours and the range of characters that need it."""

    family: str
    file: str
    first: int
    last: int


SCRIPTS = (
    Script("arabic", "NotoNaskhArabic", 0x0600, 0x06FF),
    Script("arabic", "NotoNaskhArabic", 0x0750, 0x077F),
    Script("arabic", "NotoNaskhArabic", 0xFB50, 0xFEFF),
    Script("devanagari", "NotoSansDevanagari", 0x0900, 0x097F),
)
"""Beside Noto Sans itself, which has Latin, Greek and Cyrillic."""


class Column(NamedTuple):
    """One column of a table: its head, its share of the width, and where its text stands."""

    head: str
    share: float
    align: Align = Align.L


class _Pdf(FPDF):
    """fpdf2 that sets the font anew for every line.

    A line that begins in a fallback font is wrapped in q … Q, which take its font back, but fpdf2 2.8.9 goes on as if
    the page had it: the next line's glyphs were then those of another font, and a Hindi receipt's total was garbage.
    """

    def _render_styled_text_line(self, *args: Any, **options: Any) -> bool:
        self.current_font_is_set_on_page = False
        return bool(super()._render_styled_text_line(*args, **options))


class Sheet:
    """One document, written from top to bottom. ``content`` is every text on it, so that its fonts are known.
    ``mirrored``: in a language from right to left, where lines and tables begin at the right."""

    def __init__(self, title: str, made_at: datetime, content: Sequence[str], *, mirrored: bool = False) -> None:
        self._pdf = _Pdf(format="A4")
        self._mirrored = mirrored
        self._pdf.set_margins(MARGIN, MARGIN)
        self._pdf.set_auto_page_break(True, MARGIN)
        self._pdf.set_creation_date(made_at)
        self._pdf.set_title(title)
        self._pdf.set_producer("Sokoni")
        self._add_fonts("".join(content))
        self._pdf.add_page()

    def _add_fonts(self, content: str) -> None:
        needed = {"sans": "NotoSans"}
        for script in SCRIPTS:
            if any(script.first <= ord(one) <= script.last for one in content):
                needed[script.family] = script.file
        for family, file in needed.items():
            for style, weight in (("", "Regular"), ("B", "Bold")):
                self._pdf.add_font(family, style, FONTS / f"{file}-{weight}.ttf")
        self._pdf.set_fallback_fonts([family for family in needed if family != "sans"])
        self._pdf.set_text_shaping(True)

    # -- writing ---------------------------------------------------------------------------------------------------
    def head(self, seller: tuple[str, str], title: str, told: Sequence[str], buyer: Sequence[str]) -> None:
        """What a document begins with: who sells, with a line more about them, what it is, what is to be known of it,
        and for whom it is."""
        self.text(seller[0], bold=True)
        self.text(seller[1], grey=True)
        self.space()
        self.heading(title)
        for line in told:
            self.text(line, grey=True)
        self.space()
        for line in buyer:
            self.text(line)
        self.space()

    def heading(self, text: str) -> None:
        """The largest text of the sheet."""
        self._line(text, TITLE, bold=True, height=9)

    def text(self, text: str, *, bold: bool = False, grey: bool = False, small: bool = False) -> None:
        """One paragraph, broken where the width ends; nothing for ""."""
        if text:
            self._line(text, SMALL if small else BODY, bold=bold, grey=grey)

    def space(self, height: float = 4.0) -> None:
        """Empty room, in millimetres."""
        self._pdf.ln(height)

    def rule(self) -> None:
        """A line across the sheet."""
        pdf = self._pdf
        pdf.set_draw_color(RULE)
        pdf.line(pdf.l_margin, pdf.get_y(), pdf.w - pdf.r_margin, pdf.get_y())
        pdf.ln(2)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        """A head that is repeated on every page, and a row for each of ``rows``; long cells are broken."""
        self._font(SMALL)
        self._pdf.set_draw_color(RULE)
        turn = -1 if self._mirrored else 1
        widths = tuple(round(column.share * 100) for column in columns)[::turn]
        aligns = tuple(self._align(column.align).name for column in columns)[::turn]
        with self._pdf.table(
            col_widths=widths, text_align=aligns, borders_layout="HORIZONTAL_LINES", line_height=LINE, padding=(0.8, 1)
        ) as table:
            for cells in ([column.head for column in columns], *rows):
                table.row([_drawable(cell) for cell in cells][::turn])

    def figures(self, lines: Sequence[tuple[str, str]]) -> None:
        """Names and amounts under a table, the last one, the sum of them, in bold."""
        pdf = self._pdf
        width = pdf.w - pdf.l_margin - pdf.r_margin
        for place, (name, amount) in enumerate(lines):
            self._font(BODY, bold=place == len(lines) - 1)
            left, right = (_drawable(name), width * 0.38), (amount, width * 0.22)
            if self._mirrored:
                left, right = right, left
            pdf.set_x(pdf.l_margin + (0 if self._mirrored else width * 0.4))
            pdf.cell(left[1], LINE, left[0], align=Align.L)
            pdf.cell(right[1], LINE, right[0], align=Align.R, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def pdf(self) -> bytes:
        """The document."""
        return bytes(self._pdf.output())

    def _line(self, text: str, size: float, *, bold: bool = False, grey: bool = False, height: float = LINE) -> None:
        self._font(size, bold=bold, grey=grey)
        align = self._align(Align.L)
        self._pdf.multi_cell(0, height, _drawable(text), align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _align(self, align: Align) -> Align:
        return {Align.L: Align.R, Align.R: Align.L}.get(align, align) if self._mirrored else align

    def _font(self, size: float, *, bold: bool = False, grey: bool = False) -> None:
        self._pdf.set_font("sans", "B" if bold else "", size)
        self._pdf.set_text_color(GREY if grey else BLACK)


def _drawable(text: str) -> str:
    """``text`` without control characters and pictures, which no font of ours draws."""
    return "".join(one for one in text if one == "\n" or (one.isprintable() and not _picture(ord(one))))


def _picture(code: int) -> bool:
    return code >= 0x1F000 or 0x2600 <= code <= 0x27BF
