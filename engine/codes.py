"""Codes that people read aloud and type: letters derived from what they stand for, never random."""

from __future__ import annotations

from hashlib import blake2b

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""None of 0 and O, 1, I and L, which look alike on paper and on a screen at a door."""


def code(seed: str, count: int) -> str:
    """``count`` letters, at most 12, derived from ``seed``: the same seed gives the same letters."""
    return spelled(int.from_bytes(blake2b(seed.encode(), digest_size=8).digest()), count)


def spelled(number: int, count: int) -> str:
    """The last ``count`` digits of a number that is not negative, in base ``len(LETTERS)``, lowest first."""
    letters = []
    for _ in range(count):
        number, letter = divmod(number, len(LETTERS))
        letters.append(LETTERS[letter])
    return "".join(letters)
