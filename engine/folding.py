"""Text as it is compared: what is typed in several ways and read as one.

Scripts write one letter with several code points: Urdu typed on an Arabic keyboard, Hindi with and without the dots
below its letters, old software's Arabic in the shapes of its letters. Two texts are the same word when ``words`` makes
the same of them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

TEXTS_REMEMBERED = 512
"""A message is folded several times in its turn, and the same short ones come from everybody."""

_SPACES = re.compile(r"\s+")
OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Bidirectional controls: invisible, and they turn around what the owner reads."""
_EDGES = "\u200b\u200e\u200f\ufeff\u2060" + "".join(sorted(OVERRIDES))
"""Invisible characters that keyboards and copied text leave at the edges."""

_SILENT = "\u200c\u200d\u0640\u0670\u093c" + _EDGES + "".join(map(chr, range(0x064B, 0x0653)))
"""What changes no word: joiners, the marks of direction that stand around what we say in Urdu, Arabic's stretching
line and vowel signs, and Devanagari's dot below, which is left out in typing more often than not."""
_LETTERS: Final = {
    **dict.fromkeys(map(ord, _SILENT)),
    # Arabic keyboards have letters of their own where Urdu's has others; Hindi's two signs of nasality are mixed up.
    **str.maketrans("يىكهةۀأإٱ", "ییکہہہااا"),
    ord("ँ"): "ं",
}
_FORMS = (*range(0x0958, 0x0960), *range(0xFB50, 0xFDFE), *range(0xFE70, 0xFEFD))
"""Devanagari with the dot inside the letter; Arabic in the shapes it has in a word, as old software writes it."""
_ONE_LETTER: Final = {
    **{code: unicodedata.normalize("NFKC", chr(code)).translate(_LETTERS) for code in _FORMS},
    **_LETTERS,
}
"""Code point → how it is compared."""

ENDINGS = " !.।۔"
"""In Latin, Devanagari and Urdu."""


def plain(text: str) -> str:
    """``text`` without space and invisible characters around it, its other white space left as it is."""
    return text.strip().strip(_EDGES).strip()


@lru_cache(maxsize=TEXTS_REMEMBERED)
def words(text: str) -> str:
    """``text`` as it is compared with words: trimmed, any case, single spaces, ASCII digits, one spelling a letter."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", ascii_digits(plain(text)).translate(_ONE_LETTER))
    return _SPACES.sub(" ", plain(text).casefold())


def ended(text: str) -> str:
    """As ``words``, without what phone keyboards put behind a word by themselves."""
    folded = words(text)
    return folded.rstrip(ENDINGS) or folded


def ascii_digits(text: str) -> str:
    """Decimal digits of every script (Arabic-Indic, Devanagari, …) as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in text)
