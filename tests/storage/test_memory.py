"""The memory store keeps the contract."""

from __future__ import annotations

import pytest

from engine.ports import Store
from storage.memory import MemoryStore
from tests.storage.contract import ShopContract
from tests.storage.values import Everything, FixedClock

CACHES = ("_views",)
"""What is only a quicker way to say what other fields say."""


def held(part: object) -> object:
    """All that a part of the store holds, as text."""
    if isinstance(part, dict):
        return {repr(name): held(value) for name, value in part.items()}
    if not type(part).__module__.startswith("storage.") or not hasattr(part, "__dict__"):
        return repr(part)
    return {name: held(value) for name, value in vars(part).items() if name not in CACHES}


class TestMemory(ShopContract):
    @pytest.fixture
    def store(self, clock: FixedClock) -> Store:
        return MemoryStore(clock)

    @pytest.fixture
    def everything(self, store: MemoryStore) -> Everything:
        async def everything() -> object:
            return held(store)

        return everything


def test_no_part_of_the_contract_hides_a_test_of_another() -> None:
    names = [name for part in ShopContract.__mro__ for name in vars(part) if name.startswith("test_")]
    assert len(set(names)) == len(names)
