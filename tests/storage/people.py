"""Who acts in the contract's tests."""

from __future__ import annotations

import pytest

from engine.ports import Store
from tests.storage.things import PROGRAMME
from tests.storage.values import ANN, BEN, CATALOGUE, SHOP, Talk


class People:
    """Ann and Ben at a shop that has a catalogue."""

    @pytest.fixture
    async def ann(self, store: Store) -> Talk:
        await store.import_catalogue(SHOP, "first", CATALOGUE)
        return Talk(store, ANN)

    @pytest.fixture
    def ben(self, store: Store) -> Talk:
        return Talk(store, BEN)


class Visitors(People):
    """The same at a shop that sells seats too."""

    @pytest.fixture
    async def ann(self, store: Store) -> Talk:
        await store.import_catalogue(SHOP, "first", CATALOGUE)
        await store.import_events(SHOP, "first", PROGRAMME)
        return Talk(store, ANN)
