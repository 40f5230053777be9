"""The desk where papers are made: looks up what a paper shows, and draws it off the event loop's thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import trio

from adapters.papers import documents, statements
from adapters.papers import picture as drawn
from adapters.papers.names import Names, picture
from adapters.papers.tokens import Signer
from engine.accounts import ENTRIES_AT_MOST, read_paper, span
from engine.address import Address
from engine.dates import day_began
from engine.dues import credit_days
from engine.ports import Clock, Store
from engine.shop import Shop
from engine.table import is_link
from engine.tickets import BookingStatus

DRAWING_AT_ONCE = 1
"""Drawing is Python's own work: more threads would only take turns away from conversations."""

VALID = (BookingStatus.CONFIRMED, BookingStatus.CHECKED_IN)


class PaperDesk:
    """``engine.papering.Papers`` over one store. ``key`` (32 bytes) signs names and tickets: see Store.key."""

    def __init__(self, store: Store, shops: Mapping[str, Shop], public_url: str, key: bytes, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._shops = shops
        self._public_url = public_url.rstrip("/")
        self._drawing = trio.CapacityLimiter(DRAWING_AT_ONCE)
        self.names = Names(key)
        self.signer = Signer(key)

    def link(self, shop: str, paper: str) -> str:
        """See engine.papering.Papers."""
        return f"{self._public_url}/s/{shop}{self.names.path(shop, paper)}"

    def named(self, shop: str, file: str) -> str | None:
        """See engine.papering.Papers."""
        return self.names.paper(shop, file)

    def shown(self, shop: str, path: str) -> str:
        """See engine.papering.Papers."""
        return self.link(shop, picture(path))

    async def make(self, shop: str, paper: str) -> bytes | None:
        """See engine.papering.Papers. A ticket is only made of a booking that is confirmed."""
        kind, _, what = paper.partition(":")
        match kind:
            case "ticket":
                return await self._ticket(shop, what)
            case "receipt" | "invoice":
                return await self._document(shop, kind, what)
            case "credit":
                return await self._credit_note(shop, what)
            case "statement":
                return await self._statement(shop, what)
            case "picture":
                return await self._picture(shop, paper)
            case _:
                return None

    async def _ticket(self, shop: str, booking_id: str) -> bytes | None:
        booking = await self._store.booking(shop, booking_id)
        if booking is None or booking.status not in VALID:
            return None
        token = self.signer.token(booking)
        return await self._draw(lambda: drawn.png(token))

    async def _document(self, shop: str, kind: str, number: str) -> bytes | None:
        facts = await self._facts(shop, number)
        if facts is None or (kind == "invoice" and facts.invoice is None):
            return None
        return await self._draw(lambda: documents.receipt(facts) if kind == "receipt" else documents.invoice(facts))

    async def _credit_note(self, shop: str, number: str) -> bytes | None:
        note = await self._store.credit_note(shop, number)
        facts = await self._facts(shop, note.order) if note is not None else None
        if note is None or facts is None:
            return None
        return await self._draw(lambda: documents.credit_note(facts, note))

    async def _statement(self, shop: str, what: str) -> bytes | None:
        named = read_paper(what)
        card = await self._store.customer(Address(shop, named[0])) if named is not None else None
        if named is None or card is None or shop not in self._shops:
            return None
        _, first, last = named
        sells, now = self._shops[shop], self._clock.now()
        since, until = span(first, last, sells.timezone)
        account = await self._store.account(
            Address(shop, card.id), since, until, day_began(now, sells.timezone), ENTRIES_AT_MOST
        )
        speech, days = card.language or sells.languages[0], credit_days(card, sells)
        facts = statements.Facts(account, card, sells, speech, first, last, days, now)
        return await self._draw(lambda: statements.statement(facts))

    async def _facts(self, shop: str, number: str) -> documents.Facts | None:
        """What the papers of an order show; None when there is no such order."""
        order = await self._store.order(shop, number)
        if order is None or shop not in self._shops:
            return None
        speech, invoice = await self._language(shop, order.customer), await self._store.invoice_of(shop, number)
        return documents.Facts(order, self._shops[shop], speech, invoice, await self._reference(shop, number))

    async def _picture(self, shop: str, paper: str) -> bytes | None:
        """The file that a product or an event has as its picture now; nothing else can be named."""
        if shop not in self._shops:
            return None
        shown = self._shops[shop]
        images = [*(one.image for one in shown.catalogue.products), *(one.image for one in shown.programme.events)]
        path = next((image for image in images if image and picture(image) == paper), "")
        return await trio.to_thread.run_sync(_read, path) if path and not is_link(path) else None

    async def _language(self, shop: str, customer: str) -> str:
        card = await self._store.customer(Address(shop, customer))
        return card.language if card is not None and card.language else self._shops[shop].languages[0]

    async def _reference(self, shop: str, number: str) -> str:
        payment = await self._store.payment_of(shop, number)
        return payment.transaction if payment is not None else ""

    async def _draw(self, drawing: Callable[[], bytes]) -> bytes:
        return await trio.to_thread.run_sync(drawing, limiter=self._drawing)


def _read(path: str) -> bytes | None:
    """A picture's file; None when it is gone."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return None
