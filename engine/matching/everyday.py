"""Words of their own, which must never be read as a slip of another."""

from __future__ import annotations

from typing import Final

EVERYDAY: Final = frozenset({"towel", "planter"})
