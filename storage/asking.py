"""How the Needs of turns are asked of the SQLite file: one function answers many customers at once."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeAlias

from engine.address import Address
from engine.facts import Known
from storage.sql import Db

Asked: TypeAlias = tuple[Address, Any]
"""Who asks, and the Need."""
Answers: TypeAlias = dict[Asked, Known]
Lookup: TypeAlias = Callable[[Db, Sequence[Asked]], Coroutine[Any, Any, Answers]]
