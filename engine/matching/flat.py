"""Text made flat for scanning, and words made comparable.

Flat text is lower case, with digits of every script as 0 to 9 and signs as the few of ASCII that mean the same. One
character stays one character, so that a token knows where it was written.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

FRACTIONS: Final = "½¼¾⅓⅔⅛"
_JOINERS: Final = "\u200c\u200d"

_SIGNS = str.maketrans(
    {
        **dict.fromkeys("،、﹐，&+•‣◦▪·●○►→⁃", ","),
        **dict.fromkeys("؛;；\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", "\n"),
        **dict.fromkeys("×✕✖", "*"),
        **dict.fromkeys("–—−‒―‐‑", "-"),
        **dict.fromkeys("“”″„", '"'),
        **dict.fromkeys("‘’`´", "'"),
        **dict.fromkeys(":：", "="),
        **dict.fromkeys("₹€£₦", "$"),
        "٫": ".",
        "٬": ",",
        **dict.fromkeys("_|\t", " "),
    }
)

_ALIKE = str.maketrans(
    {"ي": "ی", "ى": "ی", "ك": "ک", "ه": "ہ", "ة": "ہ", "ۃ": "ہ", "أ": "ا", "إ": "ا", "آ": "ا", "ـ": ""}
)
"""Arabic letters that keyboards of neighbours write differently."""


_KEYCAP = re.compile("[0-9]\ufe0f?\u20e3")
"""A number drawn as a key numbers a line, and counts nothing."""


def flat(text: str) -> str:
    """``text`` for scanning, of the same length."""
    signs = _KEYCAP.sub(lambda found: ",".ljust(len(found[0])), text).translate(_SIGNS)
    if signs.isascii():
        return signs.lower()
    return "".join(one.lower() if one.isascii() else _flat(one) for one in signs)


@lru_cache(maxsize=4_096)
def _flat(one: str) -> str:
    if one in _JOINERS or one in FRACTIONS:
        return one
    normal = unicodedata.normalize("NFKC", one)
    one = normal if len(normal) == 1 else one
    if one.isascii():
        return one.lower().translate(_SIGNS)
    if one.isdecimal():
        return str(unicodedata.decimal(one))
    category = unicodedata.category(one)
    if category[0] in "LM" and not "\ufe00" <= one <= "\ufe0f":
        lower = one.lower()
        return lower if len(lower) == 1 else one
    # Space, controls and punctuation part words; an emoji or a drawn bullet parts goods.
    return " " if category[0] in "ZCP" else ","


@lru_cache(maxsize=8_192)
def fold(word: str) -> str:
    """A word without what people leave out (accents, Arabic vowel signs, joiners), look-alike letters as one."""
    if word.isascii():
        return word.replace("'", "")
    parts = unicodedata.normalize("NFKD", word.casefold())
    # Signs that stand above or below (combining class 27 and up) go; Devanagari's vowels, virama and nukta stay.
    kept = "".join(one for one in parts if unicodedata.combining(one) < 27 and one not in _JOINERS)
    return unicodedata.normalize("NFC", kept).translate(_ALIKE)


@lru_cache(maxsize=8_192)
def stem(word: str) -> str:
    """A folded word in the singular, roughly; the same for what is said and what is sold, so that they meet."""
    if not word.isascii() or len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("shes", "ches", "xes", "sses", "zzes")) else word[:-1]
