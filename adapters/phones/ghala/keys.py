"""Idempotency keys as Ghala's v2 keeps them (protocols.md 3.1): the same key with the same body is the same answer."""

from __future__ import annotations

from adapters.phones.ghala.refused import Refused

KEYS = 100_000
"""Keys remembered; the oldest are forgotten."""


class Keys:
    """All keys of one account."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[bytes, bytes | None]] = {}

    def begin(self, key: str, raw: bytes) -> bytes | None:
        """The answer that this key had, or None for a key that is new and is now in progress. Raises Refused."""
        before = self._known.get(key)
        if before is None:
            self._known[key] = (raw, None)
            if len(self._known) > KEYS:
                del self._known[next(iter(self._known))]
            return None
        asked, answer = before
        if asked != raw:
            raise Refused(422, "idempotency_key_reused", "This key came with another body before.")
        if answer is None:
            raise Refused(409, "idempotency_in_progress", "A request with this key is under way.")
        return answer

    def end(self, key: str, raw: bytes, answer: bytes | None) -> None:
        """Remember the answer; None forgets the key, since nothing was done."""
        if answer is None:
            self._known.pop(key, None)
        else:
            self._known[key] = (raw, answer)
