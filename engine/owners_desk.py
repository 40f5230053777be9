"""What a store keeps for the shop's own people: books elsewhere, notices, and who did what."""

from __future__ import annotations

from typing import Protocol

from engine.backoffice import BackOffice
from engine.deeds import DeedBook
from engine.notices import Noticeboard


class OwnersDesk(BackOffice, Noticeboard, DeedBook, Protocol):
    """A part of ``engine.ports.Store``, made of three."""
