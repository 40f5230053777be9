"""What a shop sells, of one kind: products or events. How it is kept, read from a file, compared, taken in and written.

Both kinds do the same things with different words, so that what works with files is written once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Generic, TypeVar

from adapters import goods
from adapters.app.seats import taken
from adapters.config import ShopConfig
from adapters.pictures import Pictures
from adapters.terms import read_file
from engine import catalogue_changes, programme_changes
from engine.address import Millis
from engine.catalogue import Product, digest
from engine.changes import Changes
from engine.ports import Store
from engine.tickets import TicketEvent

T = TypeVar("T", Product, TicketEvent)


class Wares(ABC, Generic[T]):
    """One kind of what ``shop`` sells, at ``now``."""

    noun: str

    def __init__(self, shop: ShopConfig, now: Millis) -> None:
        self.shop = shop
        self.now = now

    @property
    @abstractmethod
    def configured(self) -> Path:
        """The file that a start imports; "." is none."""

    @abstractmethod
    async def have(self, store: Store) -> list[T]:
        """What the shop has now."""

    @abstractmethod
    def read(self, data: bytes, path: Path, have: Sequence[T]) -> tuple[list[T], list[str]]:
        """What a file says, and a sentence per fault."""

    @abstractmethod
    async def compared(self, store: Store, have: Sequence[T], new: Sequence[T]) -> Changes:
        """What the import of these would change."""

    @abstractmethod
    async def take(self, store: Store, new: Sequence[T]) -> None:
        """Import these, whole. The configured file counts as imported from now on, until it changes."""

    @abstractmethod
    def written(self, have: Sequence[T], path: Path) -> bytes:
        """A file of this name that reads back as these."""

    def _configured(self, key: str) -> bytes:
        """The content of the configured file. Raises ConfigError when it can't be read."""
        return read_file(self.configured, f"shop.{self.shop.name}.{key}") if self.configured != Path() else b""


class Products(Wares[Product]):
    noun = "products"

    @property
    def configured(self) -> Path:
        return self.shop.catalogue

    async def have(self, store: Store) -> list[Product]:
        return await store.products(self.shop.name)

    def read(self, data: bytes, path: Path, have: Sequence[Product]) -> tuple[list[Product], list[str]]:
        return goods.products(data, path, self.shop.currency, Pictures(path.parent, goods.pictures_of(have)))

    async def compared(self, store: Store, have: Sequence[Product], new: Sequence[Product]) -> Changes:
        return catalogue_changes.compared(have, new, self.shop.currency, self.shop.locale)

    async def take(self, store: Store, new: Sequence[Product]) -> None:
        await store.import_catalogue(self.shop.name, digest(self._configured("catalogue")), new, always=True)

    def written(self, have: Sequence[Product], path: Path) -> bytes:
        return goods.products_file(have, path, self.shop.currency)


class Events(Wares[TicketEvent]):
    noun = "events"

    @property
    def configured(self) -> Path:
        return self.shop.events

    async def have(self, store: Store) -> list[TicketEvent]:
        return await store.events(self.shop.name)

    def read(self, data: bytes, path: Path, have: Sequence[TicketEvent]) -> tuple[list[TicketEvent], list[str]]:
        pictures = Pictures(path.parent, goods.pictures_of(have))
        return goods.events(data, path, self.shop.currency, self.now, pictures)

    async def compared(self, store: Store, have: Sequence[TicketEvent], new: Sequence[TicketEvent]) -> Changes:
        asked = programme_changes.in_question(have, new)
        seats = {event: await taken(store, self.shop.name, event, self.now) for event in asked}
        return programme_changes.compared(have, new, seats, self.now, self.shop.currency, self.shop.locale)

    async def take(self, store: Store, new: Sequence[TicketEvent]) -> None:
        await store.import_events(self.shop.name, goods.digest_of(self._at_a_start()), new, always=True)

    def _at_a_start(self) -> list[TicketEvent]:
        """The configured events, as a start would read them now."""
        data, trusting = self._configured("events"), Pictures(self.configured.parent, looked_at=False)
        return goods.events(data, self.configured, self.shop.currency, self.now, trusting)[0] if data else []

    def written(self, have: Sequence[TicketEvent], path: Path) -> bytes:
        return goods.events_file(have, path, self.shop.currency)
