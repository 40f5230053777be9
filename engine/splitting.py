"""Which of several variants somebody gets: by shares, the same whenever and wherever it is asked.

A hash decides and nobody counts, so a campaign that starts again after a crash, or is worked on by two processes, gives
each customer the variant that they had. Another campaign shuffles anew: else the same people would be the guinea pigs
every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate

DIGEST = 8


def variant_of(campaign: str, customer: str, shares: Sequence[int]) -> int:
    """The place of the variant in ``shares``: whole numbers of at least 0, one of them above it, that need not come to
    a hundred."""
    digest = blake2b(f"{campaign}\0{customer}".encode(), digest_size=DIGEST).digest()
    drawn = int.from_bytes(digest) * sum(shares) >> (8 * DIGEST)
    return next(place for place, upto in enumerate(accumulate(shares)) if drawn < upto)
