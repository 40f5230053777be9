"""Letters that wait outside their mailbox: parked after crashing their actor twice, or while its address is in
quarantine, until the owner has them replayed."""

from __future__ import annotations

from typing import Protocol

from engine.address import Address, Millis
from engine.commit import Parked
from engine.events import Letter


class Parking(Protocol):
    """A part of ``engine.ports.Store``."""

    async def park(self, letter: Letter, dead: bool, why: str, at: Millis) -> bool:
        """Keep a letter durably outside its mailbox, its inbound id under the unique key; False for a duplicate.

        What would bring it again goes with it: the posted letter of its id, and the timer that a TimerFired came from,
        unless it was set anew since.
        A replayed letter (``parked_id``) updates its own row instead.
        """

    async def parked(self, address: Address | None, dead: bool, limit: int) -> list[Parked]:
        """Parked letters in order of arrival, of one address or of all."""

    async def quarantine(self, address: Address, why: str, at: Millis) -> None:
        """Remember that this address is quarantined."""

    async def release(self, address: Address) -> None:
        """Forget the quarantine. Its letters stay parked until their replay commits."""

    async def quarantined(self) -> dict[Address, str]:
        """All quarantined addresses, each with the reason."""
