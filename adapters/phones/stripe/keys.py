"""Idempotency as Stripe has it: the same key with the same words gives the first answer again, with other words an
error, and while the first is under way a conflict. What was refused before it began is not remembered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from adapters.phones.stripe.refused import Refused

LETTERS_MOST = 255
ERROR = "idempotency_error"


@dataclass(slots=True)
class Kept:
    """One request by its key; ``body`` None while it is under way."""

    words: tuple[str, bytes]
    body: bytes | None = None


class Keys:
    """The keys of all accounts."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Kept] = {}

    @contextmanager
    def asked(self, account: str, key: str, path: str, raw: bytes) -> Iterator[Kept]:
        """The request with this key, the first one's where there was one. Raises Refused."""
        if len(key) > LETTERS_MOST:
            raise Refused(400, f"Idempotency keys have at most {LETTERS_MOST} characters.", kind=ERROR)
        before = self._kept.get((account, key)) if key else None
        if before is not None and before.words != (path, raw):
            raise Refused(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request.",
                kind=ERROR,
            )
        if before is not None and before.body is None:
            raise Refused(
                409,
                "There is currently another in-progress request using this Idempotent Key (that probably means you "
                f"submitted twice, and the other request is still going through): {key}.",
                kind=ERROR,
                code="idempotency_key_in_use",
            )
        kept = before or Kept((path, raw))
        if key:
            self._kept[account, key] = kept
        try:
            yield kept
        finally:
            if kept.body is None and key:
                del self._kept[account, key]
