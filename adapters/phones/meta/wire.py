"""How a provider writes its webhooks; the fake's own is Meta's, other fronts bring theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import NamedTuple, Protocol

from adapters.phones.meta.payloads import Json, batch, envelope, signature, to_bytes, value_of
from adapters.phones.meta.rules import FakeNumber
from engine.address import Millis

MESSAGE, STATUS = "message", "status"
"""What a webhook tells of."""


class Written(NamedTuple):
    """One webhook: its body, and what stands behind its number's address."""

    body: bytes
    query: str = ""


class Wire(Protocol):
    """Out of Meta's values (protocols.md 1.4), which is how the simulated phones speak, a provider's own webhooks."""

    batches: bool
    """Whether a webhook may carry several messages."""

    def messages(self, number: FakeNumber, values: Sequence[Json], draw: Random) -> bytes:
        """One webhook with these messages: one, or a batch laid out in one of the provider's ways."""

    def statuses(self, number: FakeNumber, statuses: Sequence[Json]) -> Sequence[Written]:
        """The webhooks that tell these statuses."""

    def headers(self, secret: str, raw: bytes, tells: str, delivery: int, at: Millis, url: str) -> Mapping[str, str]:
        """The headers of one attempt at ``url``. ``tells`` is MESSAGE or STATUS, ``delivery`` the same at every
        attempt."""

    def retries(self, fragment: str, status: int, attempts: int) -> bool:
        """Whether a webhook that was answered so (0: not at all) is posted again after so many attempts. ``fragment``
        stands behind the address."""


class MetaWire:
    """As the Cloud API does it."""

    batches = True

    def messages(self, number: FakeNumber, values: Sequence[Json], draw: Random) -> bytes:
        """See Wire."""
        return to_bytes(envelope(number, values) if len(values) == 1 else batch(number, values, draw))

    def statuses(self, number: FakeNumber, statuses: Sequence[Json]) -> Sequence[Written]:
        """See Wire. All of them together."""
        return [Written(to_bytes(envelope(number, [value_of(number) | {"statuses": list(statuses)}])))]

    def retries(self, fragment: str, status: int, attempts: int) -> bool:
        """See Wire. Until it is 200, for days."""
        return True

    def headers(self, secret: str, raw: bytes, tells: str, delivery: int, at: Millis, url: str) -> Mapping[str, str]:
        """See Wire."""
        return {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": signature(secret, raw),
        }
