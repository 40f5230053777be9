"""Customers, a shop and the readable store: what the pure core's tests stand on.

Turns are taken as the actor takes them: facts are read, the turn is committed whole or refused with a Conflict, and a
refused turn is taken again with fresh facts. The store is the memory store itself, which never pauses here. Payments,
freed seats and the owner's word are in tests/engine/news.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from engine import announcing, conversation
from engine.address import Address, Millis, Sender
from engine.catalogue import Catalogue, Product, repriced
from engine.commit import Commit, Posted, Snapshot, Timer
from engine.conversation import Conversation
from engine.events import AnyEvent, AnyNews, Inbound, Letter, OptionTapped, TextSaid, TimerFired
from engine.facts import AnyNeed, Conflict, ConflictKind
from engine.flows import flow_named
from engine.messages import AnyMessage, Buttons, Choice, ChoiceList, Document, Image, Limits, Outgoing, Template
from engine.orders import Customer, Order
from engine.payments import PaymentNews
from engine.shop import Shop
from engine.turn import Turn, commit_of, facts_of
from tests.engine.open_store import OnHand, OpenStore, at_once
from tests.engine.shops import BAKERY_CSV, bakery, shop_with

__all__ = ["ANN", "BAKERY_CSV", "NOON", "World", "bakery", "choices", "read", "shop_with", "within"]

NOON: Millis = 1_760_771_096_000
"""2025-10-18 12:34:56 in Kolkata, the moment of the order number in flows.md."""

ATTEMPTS = 8
LETTERS_AT_ONCE = 100
ANN = Address("bakery", "c1")


class FixedClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> Millis:
        return self.at


class World:
    """Customers at a shop; ``who`` is the one who acts, at first Ann. ``said`` is what the last letter to her or him
    was answered with."""

    def __init__(
        self, shop: Shop | None = None, *, clock: FixedClock | None = None, store: OpenStore | None = None
    ) -> None:
        self.shop = shop or bakery()
        self.clock = clock or FixedClock()
        self.store = store or OpenStore(self.clock)
        self.who = Address(self.shop.name, ANN.customer)
        self.senders = {self.who: Sender(phone="919800000001", name="Ann")}
        self.meanwhile: Callable[[], None] | None = None
        self.outbox: list[Outgoing] = []
        self.commits: list[Commit] = []
        self.turns: list[Turn] = []
        self.needed: tuple[AnyNeed, ...] = ()
        self.attempts = 0
        self.last: Letter | None = None
        self.told: PaymentNews | None = None
        self._said: dict[Address, tuple[AnyMessage, ...]] = {}
        self._letters = 0
        self._imports = 0
        self._import()

    @property
    def now(self) -> Millis:
        return self.clock.at

    @now.setter
    def now(self, at: Millis) -> None:
        self.clock.at = at

    # -- what a customer does ----------------------------------------------------------------------------------------
    def as_customer(self, name: str) -> World:
        """Whoever acts from here on; "ann" is the first."""
        self.who = Address(self.shop.name, ANN.customer if name == "ann" else name)
        phone = f"9198{len(self.senders) + 1:08}"
        self.senders.setdefault(self.who, Sender(phone=phone, name=name.title()))
        return self

    @property
    def sender(self) -> Sender:
        return self.senders[self.who]

    @sender.setter
    def sender(self, sender: Sender) -> None:
        self.senders[self.who] = sender

    def say(self, text: str) -> None:
        self.send(TextSaid(text))

    def tap(self, title: str, *, message: int = -1) -> None:
        """Tap the choice of this title, of the last message that showed it (or the first: ``message=0``)."""
        own = [one.message for one in self.outbox if one.address == self.who]
        found = [choice for one in own for choice in choices(one) if choice.title == title]
        assert found, f"no message showed {title!r}"
        self.send(OptionTapped(found[message].id, title))

    def send(self, event: AnyEvent) -> None:
        self.deliver(Inbound(self.fresh("wamid."), self.shop.name, self.sender, self.now, event))

    def fresh(self, prefix: str) -> str:
        """A name that nothing has yet."""
        self._letters += 1
        return f"{prefix}{self._letters}"

    def redeliver(self) -> None:
        """The last letter is delivered once more."""
        assert self.last is not None
        self.deliver(self.last.inbound, self.last.address)

    def fire(self, kind: str, turn: int | None = None) -> None:
        """Let a timer come due, as the scheduler does; of another turn when that is given."""
        at = self.timers[kind].turn if turn is None else turn
        due = min(self.timers[kind].due, self.now) if kind in self.timers else self.now
        name = f"timer:{self.who.customer}:{kind}:{at}"
        self.deliver(Inbound(name, self.shop.name, Sender(), due, TimerFired(kind, at)))

    # -- letters of our own ------------------------------------------------------------------------------------------
    def post(self, event: AnyNews) -> None:
        """Our own house tells the customer's actor something."""
        inbound = Inbound(self.fresh("news."), self.shop.name, Sender(), self.now, event)
        at_once(self.store.post([Posted(Letter(self.who, inbound), self.now)]))
        self.deliver_posted()

    def deliver_posted(self) -> None:
        """Deliver what is due of the letters that the store keeps, and what these cause."""
        for _ in range(LETTERS_AT_ONCE):
            self.announce()
            due = at_once(self.store.posted(self.now, 1))
            if not due:
                return
            self.deliver(due[0].inbound, due[0].address)
        raise AssertionError("letters cause letters without an end")

    def announce(self) -> None:
        """Take what is on the board to the phones of the shop's own people that have written."""
        found = at_once(self.store.untold_notices(LETTERS_AT_ONCE))
        phones = {sender.phone: address for address, sender in self.senders.items()}
        for seq, notice in found:
            hearing = [one for one in announcing.hearers(notice.kind, self.shop.crew) if one in phones]
            at_once(self.store.post([announcing.letter(seq, notice, phones[one], one, self.now) for one in hearing]))
        at_once(self.store.note_told([seq for seq, _ in found]))

    # -- what the actor does -----------------------------------------------------------------------------------------
    def deliver(self, inbound: Inbound, to: Address | None = None) -> None:
        """One durable turn. Every time the conversation wakes from its snapshot, so that nothing else is remembered."""
        letter = self.last = Letter(self.store.whose(to or self.who), inbound)
        conflict: Conflict | None = None
        for attempt in range(ATTEMPTS):
            turn, commit = self.take_turn(self.conversation_of(letter.address), letter, attempt, conflict)
            act, self.meanwhile = self.meanwhile, None
            if act is not None:
                act()
            conflict = self.commit(commit)
            if conflict is None or conflict.kind is ConflictKind.DUPLICATE:
                self.attempts = attempt + 1
                self.last = letter
                if conflict is None:
                    self.turns.append(turn)
                return
        raise AssertionError(f"refused {ATTEMPTS} times, last {conflict}")

    def take_turn(
        self, before: Conversation, letter: Letter, attempt: int = 0, conflict: Conflict | None = None
    ) -> tuple[Turn, Commit]:
        self.needed = conversation.needs(before, letter.inbound, self.shop, self.now)
        known = at_once(self.store.know(letter.address, self.needed, self.now))
        facts = facts_of(before, letter, known, self.now, attempt, conflict)
        turn = conversation.advance(before, letter.inbound, self.shop, facts)
        return turn, commit_of(turn, letter, self.shop, facts)

    def commit(self, commit: Commit) -> Conflict | None:
        conflict = at_once(self.store.commit(commit))
        if conflict is None:
            self.commits.append(commit)
            if commit.reprices:
                changed = repriced(self.shop.catalogue, dict(commit.reprices))
                self.shop = msgspec.structs.replace(self.shop, catalogue=changed)
            sent = [row.outgoing for one in commit.outbox if (row := at_once(self.store.outbox_row(one.key)))]
            self.outbox += sent
            self._said[commit.address] = tuple(one.message for one in sent)
        return conflict

    @property
    def conversation(self) -> Conversation:
        return self.conversation_of(self.who)

    def conversation_of(self, address: Address) -> Conversation:
        return conversation.load(at_once(self.store.wake(address)), self.shop)

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
        self._import()

    def change_event(self, event_id: str, **fields: object) -> None:
        """Change an event of the programme; a new Shop, as when the owner saves it."""
        programme = self.shop.programme
        events = tuple(
            msgspec.structs.replace(one, **fields) if one.id == event_id else one for one in programme.events
        )
        self.shop = msgspec.structs.replace(self.shop, programme=type(programme)(events))
        self.store.set_event(self.shop.name, self.shop.programme.by_id[event_id])

    def _import(self) -> None:
        shop = self.shop
        self._imports += 1
        at_once(self.store.import_catalogue(shop.name, str(self._imports), shop.catalogue.products))
        if self._imports == 1:
            at_once(self.store.import_events(shop.name, "1", shop.programme.events))

    # -- what a test sets and looks at -------------------------------------------------------------------------------
    @property
    def left(self) -> OnHand:
        """What is on hand of each tracked product."""
        return OnHand(self.store, self.shop.name)

    @left.setter
    def left(self, left: Mapping[str, int]) -> None:
        self.left.update(left)

    @property
    def orders(self) -> dict[str, Order]:
        """The shop's orders by number, whoever's."""
        return self.store.orders_of(self.shop.name)

    @property
    def card(self) -> Customer | None:
        return self.store.card(self.who)

    @card.setter
    def card(self, card: Customer | None) -> None:
        self.store.set_card(self.who, card)

    @property
    def snapshot(self) -> Snapshot | None:
        return at_once(self.store.wake(self.who))

    @snapshot.setter
    def snapshot(self, snapshot: Snapshot | None) -> None:
        self.store.set_snapshot(self.who, snapshot)

    @property
    def timers(self) -> dict[str, Timer]:
        return self.store.timers(self.who)

    @property
    def taken_numbers(self) -> set[str]:
        return self.store.taken_numbers

    @property
    def said(self) -> tuple[AnyMessage, ...]:
        return self._said.get(self.who, ())

    @property
    def text(self) -> str:
        """All that the last letter was answered with, as a customer reads it."""
        return "\n".join(read(message) for message in self.said)

    def invariants(self) -> None:
        """What holds whatever happened."""
        store, shop = self.store, self.shop.name
        for address in store.snapshots():
            c, timers = self.conversation_of(address), store.timers(address)
            assert type(c.state) in flow_named(self.shop.flow).states
            assert set(c.timers) == set(timers), "the conversation and the store disagree about timers"
            assert all(c.timers[kind] == timer.turn for kind, timer in timers.items())
        assert all(left >= 0 for left in self.left.values()), "stock was invented"
        for order in self.orders.values():
            assert order.lines
            assert order.total == owed(order)
        carts = [order.cart for order in self.orders.values() if order.cart]
        assert len(set(carts)) == len(carts), "one cart, two orders"
        for event in self.shop.programme.events:
            assert store.seats_taken(shop, event.id, self.now) <= event.capacity, "a seat was sold twice"
        years: dict[str, list[int]] = {}
        for invoice in store.invoices_of(shop):
            year, _, count = invoice.number.rpartition("-")
            years.setdefault(year, []).append(int(count))
        for counts in years.values():
            assert sorted(counts) == [*range(1, len(counts) + 1)], "the invoices' numbers have a gap"
        keys = [one.key for one in self.outbox]
        assert len(set(keys)) == len(keys)


def owed(order: Order) -> int:
    """What an order's total must be, of its own parts."""
    tax = 0 if order.tax_included else order.tax
    return order.subtotal - order.discount + order.delivery + tax + order.rounding


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
