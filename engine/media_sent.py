"""Pictures and files that were sent: whose next message waits until they are delivered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.address import Address
from engine.messages import Status, StatusRank

AT_MOST = 4_096
"""Media whose delivery is waited for; the answer only matters for 3 s, so the oldest are forgotten."""


class MediaSent:
    """By the provider's ids."""

    def __init__(self) -> None:
        self._whose: dict[str, Address] = {}

    def add(self, provider_id: str, address: Address) -> None:
        """It was accepted."""
        self._whose[provider_id] = address
        if len(self._whose) > AT_MOST:
            del self._whose[next(iter(self._whose))]

    def delivered(self, statuses: Iterable[Status]) -> Iterator[Address]:
        """Whose media these statuses tell to have arrived, or to have failed."""
        if self._whose:
            for status in statuses:
                if status.rank is not StatusRank.SENT and (address := self._whose.pop(status.provider_id, None)):
                    yield address
