"""The memory store keeps the contract."""

from __future__ import annotations

import pytest

from engine.ports import Store
from storage.memory import MemoryStore
from tests.storage.contract import StoreContract
from tests.storage.values import Everything, FixedClock


class TestMemory(StoreContract):
    @pytest.fixture
    def store(self, clock: FixedClock) -> Store:
        return MemoryStore(clock)

    @pytest.fixture
    def everything(self, store: MemoryStore) -> Everything:
        async def everything() -> object:
            return {name: repr(value) for name, value in vars(store).items() if name != "_stock"} | {
                f"stock{name}": repr(value) for name, value in vars(vars(store)["_stock"]).items() if name != "_views"
            }

        return everything
