"""A ticket's QR code as a PNG picture."""

from __future__ import annotations

import io

import segno

SCALE = 8
"""Pixels per module: about 450 to 500 pixels in all, sharp on a phone and small to send."""
QUIET = 4
"""Modules of white around it, as ISO/IEC 18004 demands; scanners fail on dark screens without."""


def png(token: str) -> bytes:
    """The picture of a token, with error correction M: a cracked screen or a thumb may hide a seventh of it."""
    out = io.BytesIO()
    segno.make_qr(token, error="m").save(out, kind="png", scale=SCALE, border=QUIET)
    return out.getvalue()
