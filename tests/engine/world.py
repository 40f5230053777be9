"""One customer, one shop and a store small enough to read: what the pure core's tests stand on.

The store's rules are those of engine.ports.Store, for one customer: a turn is written whole or refused with a
Conflict, and a refused turn is taken again with fresh facts, as the actor does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from engine import conversation
from engine.address import Address, Millis, Sender
from engine.catalogue import Catalogue, Product, read_csv
from engine.commit import Commit, Snapshot, Timer
from engine.conversation import Conversation
from engine.events import AnyEvent, Inbound, Letter, OptionTapped, TextSaid, TimerFired
from engine.facts import (
    AnyNeed,
    Availability,
    Conflict,
    ConflictKind,
    Facts,
    OrderNumbered,
    OwnCard,
    OwnOrders,
)
from engine.flows import flow_named
from engine.messages import AnyMessage, Buttons, Choice, ChoiceList, Document, Image, Limits, Outgoing, Template
from engine.orders import Customer, Order, order_moves
from engine.shop import Shop
from engine.turn import Turn, commit_of

NOON: Millis = 1_760_771_096_000
"""2025-10-18 12:34:56 in Kolkata, the moment of the order number in flows.md."""

ATTEMPTS = 8
ANN = Address("bakery", "c1")
BAKERY_CSV = Path(__file__).parents[2] / "engine/flows/samples/bakery.csv"


def bakery(limits: Limits | None = None, languages: tuple[str, ...] = ("en",)) -> Shop:
    """The sample bakery of flows.md §1."""
    products, faults = read_csv(BAKERY_CSV.read_bytes(), "INR")
    assert not faults
    return shop_with(products, limits, languages)


def shop_with(products: list[Product], limits: Limits | None = None, languages: tuple[str, ...] = ("en",)) -> Shop:
    return Shop(
        name="bakery",
        title="Sunrise Bakery",
        flow="counter",
        currency="INR",
        locale="en_IN",
        timezone="Asia/Kolkata",
        catalogue=Catalogue(tuple(products)),
        limits=limits or Limits(),
        languages=languages,
    )


class World:
    """The customer Ann at a shop. ``said`` is what the last letter was answered with."""

    def __init__(self, shop: Shop | None = None) -> None:
        self.shop = shop or bakery()
        self.now = NOON
        self.left = {product.sku: product.stock for product in self.shop.catalogue.products if product.track_stock}
        self.card: Customer | None = None
        self.orders: dict[str, Order] = {}
        self.taken_numbers: set[str] = set()
        self.ordered_carts: dict[str, str] = {}
        self.timers: dict[str, Timer] = {}
        self.snapshot: Snapshot | None = None
        self.inbound_ids: set[str] = set()
        self.sender = Sender(phone="919800000001", name="Ann")
        self.meanwhile: Callable[[], None] | None = None
        self.said: tuple[AnyMessage, ...] = ()
        self.outbox: list[Outgoing] = []
        self.commits: list[Commit] = []
        self.turns: list[Turn] = []
        self.needed: tuple[AnyNeed, ...] = ()
        self.attempts = 0
        self.last: Inbound | None = None
        self._letters = 0

    # -- what a customer does ----------------------------------------------------------------------------------------
    def say(self, text: str) -> None:
        self.send(TextSaid(text))

    def tap(self, title: str, *, message: int = -1) -> None:
        """Tap the choice of this title, of the last message that showed it (or the first: ``message=0``)."""
        found = [choice for one in self.outbox for choice in choices(one.message) if choice.title == title]
        assert found, f"no message showed {title!r}"
        self.send(OptionTapped(found[message].id, title))

    def send(self, event: AnyEvent) -> None:
        self._letters += 1
        self.deliver(Inbound(f"wamid.{self._letters}", self.shop.name, self.sender, self.now, event))

    def redeliver(self) -> None:
        """The provider delivers the last letter once more."""
        assert self.last is not None
        self.deliver(self.last)

    def fire(self, kind: str, turn: int | None = None) -> None:
        """Let a timer come due, as the scheduler does; of another turn when that is given."""
        at = self.timers[kind].turn if turn is None else turn
        inbound = Inbound(f"timer:c1:{kind}:{at}", self.shop.name, Sender(), self.now, TimerFired(kind, at))
        self.deliver(inbound)

    # -- what the actor does -----------------------------------------------------------------------------------------
    def deliver(self, inbound: Inbound) -> None:
        """One durable turn. Every time the conversation wakes from its snapshot, so that nothing else is remembered."""
        self.last = inbound
        conflict: Conflict | None = None
        for attempt in range(ATTEMPTS):
            before = self.conversation
            turn, commit = self.take_turn(before, Letter(ANN, inbound), attempt, conflict)
            if self.meanwhile is not None:
                self.meanwhile()
                self.meanwhile = None
            conflict = self.commit(commit)
            if conflict is None or conflict.kind is ConflictKind.DUPLICATE:
                self.attempts = attempt + 1
                if conflict is None:
                    self.turns.append(turn)
                return
        raise AssertionError(f"refused {ATTEMPTS} times, last {conflict}")

    def take_turn(
        self, before: Conversation, letter: Letter, attempt: int = 0, conflict: Conflict | None = None
    ) -> tuple[Turn, Commit]:
        self.needed = conversation.needs(before, letter.inbound, self.shop, self.now)
        facts = self.facts(before, letter.inbound, attempt, conflict)
        turn = conversation.advance(before, letter.inbound, self.shop, facts)
        return turn, commit_of(turn, letter, self.shop, facts)

    def facts(self, before: Conversation, inbound: Inbound, attempt: int, conflict: Conflict | None) -> Facts:
        orders: tuple[Order, ...] = ()
        for need in self.needed:
            match need:
                case OwnOrders(limit):
                    orders = tuple(reversed(self.orders.values()))[:limit]
                case OrderNumbered(number):
                    orders = tuple(order for order in self.orders.values() if order.number == number)
        return Facts(
            now=self.now,
            key=f"{ANN}:{before.turn + 1}",
            phone=before.phone or inbound.sender.phone,
            language=before.language,
            attempt=attempt,
            conflict=conflict,
            customer=self.card if OwnCard() in self.needed else None,
            orders=orders,
            left=dict(self.left) if Availability() in self.needed else {},
            heard_at=before.heard_at,
        )

    @property
    def conversation(self) -> Conversation:
        return conversation.load(self.snapshot, self.shop)

    # -- what the store does -----------------------------------------------------------------------------------------
    def commit(self, commit: Commit) -> Conflict | None:
        conflict = self._refusal(commit)
        if conflict is not None:
            return conflict
        for order in commit.orders:
            self.orders[order.number] = order
            self.ordered_carts[order.cart] = order.number
            self._take(order, -1)
        for move in commit.moves:
            moved = msgspec.structs.replace(self.orders[move.number], status=move.to)
            self.orders[move.number] = moved
            self._take(moved, 1)
        self.card = commit.customer or self.card
        for kind in commit.timers_off:
            self.timers.pop(kind, None)
        self.timers |= {timer.kind: timer for timer in commit.timers}
        self.snapshot = Snapshot(commit.version, commit.snapshot)
        self.inbound_ids.add(commit.inbound_id)
        self.outbox += commit.outbox
        self.commits.append(commit)
        self.said = tuple(one.message for one in commit.outbox)
        return None

    def _refusal(self, commit: Commit) -> Conflict | None:
        if commit.inbound_id in self.inbound_ids:
            return Conflict(ConflictKind.DUPLICATE)
        if commit.version != (self.snapshot.version if self.snapshot else 0) + 1:
            return Conflict(ConflictKind.STALE)
        for order in commit.orders:
            if order.cart in self.ordered_carts:
                return Conflict(ConflictKind.CART_ORDERED, self.ordered_carts[order.cart])
            if order.number in self.taken_numbers or order.number in self.orders:
                return Conflict(ConflictKind.NUMBER_TAKEN, order.number)
            for line in order.lines:
                if line.tracked and line.quantity > self.left[line.sku]:
                    return Conflict(ConflictKind.SOLD_OUT, line.sku)
        for move in commit.moves:
            order = self.orders[move.number]
            if order.status not in move.frm or move.to not in order_moves(order.flow)[order.status]:
                return Conflict(ConflictKind.ORDER_MOVED, move.number)
        return None

    def _take(self, order: Order, sign: int) -> None:
        for line in order.lines:
            if line.tracked:
                self.left[line.sku] += sign * line.quantity

    # -- what the owner does -----------------------------------------------------------------------------------------
    def change(self, sku: str, **fields: object) -> None:
        """Change a product in the catalogue; a new Shop, as when the owner saves it."""
        products = [
            msgspec.structs.replace(one, **fields) if one.sku == sku else one for one in self.shop.catalogue.products
        ]
        self.catalogue(products)

    def drop(self, sku: str) -> None:
        self.catalogue([one for one in self.shop.catalogue.products if one.sku != sku])

    def catalogue(self, products: list[Product]) -> None:
        self.shop = msgspec.structs.replace(self.shop, catalogue=Catalogue(tuple(products)))

    # -- what a test looks at ----------------------------------------------------------------------------------------
    @property
    def text(self) -> str:
        """All that the last letter was answered with, as a customer reads it."""
        return "\n".join(read(message) for message in self.said)

    def invariants(self) -> None:
        """What holds whatever happened."""
        c = self.conversation
        assert type(c.state) in flow_named(self.shop.flow).states
        assert all(left >= 0 for left in self.left.values()), "stock was invented"
        for order in self.orders.values():
            assert order.total == sum(line.quantity * line.unit_price for line in order.lines)
            assert order.lines
        assert len({order.cart for order in self.orders.values()}) == len(self.orders), "one cart, two orders"
        assert set(c.timers) == set(self.timers), "the conversation and the store disagree about timers"
        assert all(c.timers[kind] == timer.turn for kind, timer in self.timers.items())
        keys = [one.key for one in self.outbox]
        assert len(set(keys)) == len(keys)


def choices(message: AnyMessage) -> tuple[Choice, ...]:
    return message.choices if isinstance(message, Buttons | ChoiceList) else ()


def read(message: AnyMessage) -> str:
    """A message as text, its choices in brackets."""
    if isinstance(message, Template):
        return message.name
    body = message.caption if isinstance(message, Image | Document) else message.body
    rows = (f"[{choice.title}] {choice.description}".rstrip() for choice in choices(message))
    return "\n".join((body, *rows))


def within(message: AnyMessage, limits: Limits) -> None:
    """Assert that the channel can show this message."""
    match message:
        case Buttons(body, shown):
            assert 1 <= len(body) <= limits.question
            assert 1 <= len(shown) <= limits.buttons
            assert all(1 <= len(choice.title) <= limits.button_title for choice in shown)
        case ChoiceList(body, button, shown):
            assert 1 <= len(body) <= limits.list_question
            assert 1 <= len(button) <= limits.list_button
            assert 1 <= len(shown) <= limits.rows
            assert all(1 <= len(choice.title) <= limits.row_title for choice in shown)
            assert all(len(choice.description) <= limits.row_description for choice in shown)
        case Image(caption=caption) | Document(caption=caption):
            assert len(caption) <= limits.caption
        case Template():
            pass
        case _:
            assert 1 <= len(message.body) <= limits.text
    titles = [choice.title for choice in choices(message)]
    assert len(set(titles)) == len(titles)
    assert len({choice.id for choice in choices(message)}) == len(titles)
    assert all(len(choice.id) <= 200 for choice in choices(message))
