"""Questions that come over a phone beside the chats: M-Pesa asking for a PIN. A payment provider puts them there."""

from __future__ import annotations

from typing import Protocol

import msgspec

from adapters.phones.meta.payloads import Json
from engine.address import Millis


class Prompt(msgspec.Struct, frozen=True):
    """One question on one phone. ``amount`` is as a person reads it; it goes away by itself at ``expires_at``."""

    id: str
    phone: str
    title: str
    amount: str
    reference: str
    expires_at: Millis

    def frame(self) -> Json:
        """The frame that shows it to a phone."""
        return {"type": "prompt", **{name: getattr(self, name) for name in self.__struct_fields__}}


class Prompts(Protocol):
    """Who asks."""

    def open(self, digits: str) -> list[Prompt]:
        """What is asked on this phone now, oldest first."""

    def answer(self, prompt: str, answer: str) -> bool:
        """Answer one; False when it is not open any more. BadInput for an answer that there is not."""


class NoPrompts:
    """Nobody asks anything."""

    def open(self, digits: str) -> list[Prompt]:
        return []

    def answer(self, prompt: str, answer: str) -> bool:
        return False
