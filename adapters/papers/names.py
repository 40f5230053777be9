"""The names under which papers are served: unguessable, signed, and with nothing in them that a path could be.

    ticket:BKG-7K2M9P   →  BKG-7K2M9P-<signature>.png           under /qr/
    invoice:WS2025…     →  invoice-WS2025…-<signature>.pdf      under /papers/
    credit:CN-2025-0001 →  credit-CN-2025-0001-<signature>.pdf  under /papers/
    statement:c0f3…-20260101-20260131  →  statement-…-<signature>.pdf  under /papers/
    picture:<digest>    →  picture-<digest>-<signature>.png     under /papers/

A name is an HMAC over shop and paper (130 bits of it), so that whoever has the link sees this paper and no other, and
nothing needs to be stored. A file system is never asked.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from hashlib import blake2b
from pathlib import Path

SIGNATURE = 26
"""Characters of base32: 130 bits."""

_TICKET = re.compile(rf"(BKG-[0-9A-Z]{{6}})-([a-z2-7]{{{SIGNATURE}}})\.png")
_PICTURE = re.compile(rf"picture-([0-9a-f]{{32}}\.(?:png|jpe?g))-([a-z2-7]{{{SIGNATURE}}})\.(?:png|jpg)")
_DOCUMENT = re.compile(rf"(receipt|invoice|credit)-([A-Za-z0-9-]{{1,64}})-([a-z2-7]{{{SIGNATURE}}})\.pdf")

_STATEMENT = re.compile(rf"statement-([A-Za-z0-9_-]{{1,64}}-[0-9]{{8}}-[0-9]{{8}})-([a-z2-7]{{{SIGNATURE}}})\.pdf")


def picture(path: str) -> str:
    """The paper that a picture file of ours is: named by a digest, for nobody is told where our files lie."""
    digest = blake2b(path.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    return f"picture:{digest}{Path(path).suffix.lower()}"


class Names:
    """Makes and reads names with one key (the store's own)."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def path(self, shop: str, paper: str) -> str:
        """The path of a paper below the shop's own address."""
        kind, _, what = paper.partition(":")
        signature = self._signature(shop, paper)
        if kind == "ticket":
            return f"/qr/{what}-{signature}.png"
        if kind == "picture":
            return f"/papers/picture-{what}-{signature}.{'png' if what.endswith('.png') else 'jpg'}"
        return f"/papers/{kind}-{what}-{signature}.pdf"

    def paper(self, shop: str, file: str) -> str | None:
        """The paper that a name stands for in this shop; None for every name that we did not make."""
        if found := _TICKET.fullmatch(file):
            paper, signature = f"ticket:{found[1]}", found[2]
        elif found := _PICTURE.fullmatch(file):
            paper, signature = f"picture:{found[1]}", found[2]
        elif found := _DOCUMENT.fullmatch(file):
            paper, signature = f"{found[1]}:{found[2]}", found[3]
        elif found := _STATEMENT.fullmatch(file):
            paper, signature = f"statement:{found[1]}", found[2]
        else:
            return None
        return paper if hmac.compare_digest(signature, self._signature(shop, paper)) else None

    def _signature(self, shop: str, paper: str) -> str:
        digest = hmac.digest(self._key, f"{shop}\0{paper}".encode(), "sha256")
        return b32encode(digest).decode().lower()[:SIGNATURE]
