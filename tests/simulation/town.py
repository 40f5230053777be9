"""A town of customers at one shop, played from a seed: what people, providers, time and crashes do to a World.

Everything is drawn from one seeded generator and happens in one thread, so a seed is a run that can be repeated: its
trace is the same to the letter. Customers follow what customers of the recorded cases said, so that orders come about,
and stray from it at every turn.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from engine.address import DAY, MINUTE, Address, Millis
from engine.books import Charged
from engine.events import DeskDecided, OptionTapped, TextSaid
from engine.merging import merge_of
from engine.payments import ASK_NOBODY, Failure, Intent, IntentStatus, PaymentNews, PaymentState
from engine.shop import Shop
from tests.engine.cases import cases_of
from tests.engine.news import FAKE
from tests.engine.open_store import OpenStore, at_once
from tests.engine.world import FixedClock, World, choices

CUSTOMERS = ("ann", "ben", "cat", "dan")
STEPS = 90
WAITS: dict[Millis, float] = {1_000: 8, 20_000: 8, MINUTE: 8, 4 * MINUTE: 5, 6 * MINUTE: 3, 16 * MINUTE: 2, DAY: 1}
"""How long nothing happens, and how often so long."""
EVERY = 10**6
SETTLING = 60
"""Rounds of a day after which everything that can still happen has happened."""


@dataclass
class Bank:
    """The other side's book: every payment that was really made, once."""

    paid: dict[str, int] = field(default_factory=dict)
    news: list[PaymentNews] = field(default_factory=list)


class Town:
    """One run. ``play`` is the whole of it; then the book of the shop and that of the bank can be compared."""

    def __init__(
        self, shop: Shop, seed: int, *, clock: FixedClock | None = None, store: OpenStore | None = None
    ) -> None:
        self.world = World(shop, clock=clock, store=store)
        self.draw = random.Random(f"{shop.flow}/{seed}")
        self.bank = Bank()
        self.opening = dict(self.world.left.items())
        self.trace: list[str] = []
        self._scripts = {name: self._script() for name in CUSTOMERS}
        self._said = sorted({words for script in _scripts(shop.flow) for verb, words in script if verb == ">"})
        self._counted = 0
        self.united = 0

    def play(self) -> None:
        """A busy time, and then the quiet in which everything comes to its end."""
        for _ in range(STEPS):
            self.world.as_customer(self.draw.choice(CUSTOMERS))
            self.world.who = self.world.store.whose(self.world.who)
            act = self.draw.choices(list(ACTS), weights=list(ACTS.values()))[0]
            self._note(act.__name__)
            act(self)
            self.world.invariants()
        self._settle()

    def _settle(self) -> None:
        for _ in range(SETTLING):
            self.world.now += DAY
            if not self._due() and not at_once(self.world.store.posted(self.world.now, 1)):
                break
            self.fire_due()
            self.sweep()
            self.world.deliver_posted()
            self.world.invariants()

    # -- customers -------------------------------------------------------------------------------------------------
    def go_on(self) -> None:
        """Say or tap what the case that this customer follows says next."""
        script = self._scripts[self.world.who.customer if self.world.who.customer != "c1" else "ann"]
        if not script:
            script.extend(self._script())
        verb, words = script.pop(0)
        if verb == ">":
            self.world.say(words)
        else:
            self.tap_something(words)

    def say_anything(self) -> None:
        self.world.say(self.draw.choice(self._said))

    def tap_something(self, title: str = "") -> None:
        """A choice that this customer was ever shown, an old one as well as a new one."""
        own = [one.message for one in self.world.outbox if self.world.store.whose(one.address) == self.world.who]
        shown = [choice for message in own for choice in choices(message)]
        named = [choice for choice in shown if choice.title == title]
        if named or shown:
            chosen = named[-1] if named else self.draw.choice(shown[-12:])
            self.world.send(OptionTapped(chosen.id, chosen.title))

    def deliver_twice(self) -> None:
        if self.world.last is not None:
            commits = len(self.world.commits)
            self.world.redeliver()
            assert len(self.world.commits) == commits, "a letter that was done was done again"

    def crash(self) -> None:
        """A turn is taken and its process dies before the commit; the letter comes again."""
        inbound_before = len(self.world.commits)
        self.world.meanwhile = _die
        try:
            self.world.send(TextSaid(self.draw.choice(self._said)))
        except _Died:
            assert len(self.world.commits) == inbound_before
            self.world.redeliver()

    def unite(self) -> None:
        """Two who were here are found to be one person."""
        store, shop = self.world.store, self.world.shop
        here = [who.customer for who in store.snapshots()]
        if len(here) < 2:
            return
        before = self._books()
        elder, younger = at_once(store.identities(shop.name, self.draw.sample(here, 2)))
        merge = merge_of(elder, younger, shop, self.world.now)
        for _ in range(self.draw.choice([1, 1, 2])):
            assert at_once(store.merge(merge)) is None
        assert self._books() == before, "something came or went although nobody did anything"
        self.world.who = store.whose(self.world.who)
        self.united += 1

    def _books(self) -> object:
        """All that must be the same before and after two customers are made one."""
        store, shop, now = self.world.store, self.world.shop.name, self.world.now
        return (
            msgspec.structs.replace(at_once(store.stats(shop)), customers=0),
            at_once(store.metrics(shop)),
            [(one.id, one.amount, one.state) for one in store.payments_of(shop)],
            sorted(one.id for who in store.snapshots() for one in store.intents_of(who)),
            sorted((one.id, one.status.value) for one in store.bookings_of(shop)),
            [one.number for one in store.invoices_of(shop)],
            {sku: (left, store.held(shop, sku, now)) for sku, left in self.world.left.items()},
            [one.key for one in at_once(store.waiting(0, EVERY))[1]],
            [one.inbound.id for one in at_once(store.posted(now, EVERY))],
            [(one.id, one.dead) for one in at_once(store.parked(None, True, EVERY))],
        )

    # -- time ------------------------------------------------------------------------------------------------------
    def wait(self) -> None:
        self.world.now += self.draw.choices(list(WAITS), weights=list(WAITS.values()))[0]

    def fire_due(self) -> None:
        """The scheduler posts what is due; some of it twice, as after a crash."""
        for who, kind in self._due():
            self.world.who = who
            if kind in self.world.timers:
                self.world.fire(kind)
                if self.draw.random() < 0.1:
                    self.deliver_twice()

    def _due(self) -> list[tuple[Address, str]]:
        store = self.world.store
        timers = [timer for who in store.snapshots() for timer in store.timers(who).values()]
        due = [timer for timer in timers if timer.due <= self.world.now]
        return [(timer.address, timer.kind) for timer in sorted(due, key=lambda one: (one.due, one.address, one.kind))]

    def sweep(self) -> None:
        at_once(self.world.store.sweep_bookings(self.world.now))
        at_once(self.world.store.offer_seats(self.world.now))
        at_once(self.world.store.sweep(self.world.now))

    def deliver(self) -> None:
        self.world.deliver_posted()

    # -- money -----------------------------------------------------------------------------------------------------
    def answer_charges(self) -> None:
        """The provider takes, refuses, or loses the requests that wait."""
        for intent in at_once(self.world.store.charges(10)):
            at_once(self.world.store.claim_charges([intent.id], self.world.now))
            told = self.draw.choices([True, False, None], weights=[8, 1, 1])[0]
            charged = {
                True: Charged(intent.id, True, provider=FAKE, provider_ref=f"r-{intent.id}", link="https://pay.test/1"),
                False: Charged(intent.id, False, provider=FAKE, failure=Failure.REFUSED.value),
                None: Charged(intent.id, True),
            }[told]
            at_once(self.world.store.settle_charges([charged], self.world.now))

    def pay(self) -> None:
        """Somebody pays something: in full as a rule, else too little, too much, in other money, or to nobody."""
        intents = [one for who in self.world.store.snapshots() for one in self.world.store.intents_of(who)]
        if not intents:
            return
        intent = self.draw.choice(intents[:6])
        if intent.status is IntentStatus.PAID and self.draw.random() < 0.7:
            return
        factor = self.draw.choices([1, 0.5, 2], weights=[10, 1, 1])[0]
        currency = self.draw.choices([intent.currency, "USD"], weights=[20, 1])[0]
        known = self.draw.random() < 0.95
        self._record(self._news(intent, round(intent.amount * factor), currency, known=known))

    def _news(self, intent: Intent, amount: int, currency: str, *, known: bool = True) -> PaymentNews:
        self._counted += 1
        name = f"T{self._counted}"
        provider = intent.way.value if intent.way in ASK_NOBODY else intent.provider or FAKE
        by = "asha" if intent.way in ASK_NOBODY else ""
        about, reference = (intent.id, "") if known else ("", f"unknown-{name}")
        return PaymentNews(
            name, provider, True, amount, currency, intent=about, reference=reference, transaction=name, by=by
        )

    def _record(self, news: PaymentNews) -> None:
        """Told once or twice, and the letter may lie for a while."""
        self.bank.paid.setdefault(f"{news.provider}:{news.id}", news.amount)
        for _ in range(self.draw.choice([1, 1, 2])):
            at_once(self.world.store.record(self.world.shop.name, news, self.world.now))
        if self.draw.random() < 0.6:
            self.world.deliver_posted()

    def fail(self) -> None:
        """A request to pay comes to nothing."""
        intents = [one for who in self.world.store.snapshots() for one in self.world.store.intents_of(who)]
        if intents:
            intent = self.draw.choice(intents[:4])
            self._counted += 1
            failure = self.draw.choice(list(Failure))
            news = PaymentNews(f"F{self._counted}", FAKE, False, 0, intent.currency, intent=intent.id, failure=failure)
            at_once(self.world.store.record(self.world.shop.name, news, self.world.now))

    def decide(self) -> None:
        """The owner clears something off the desk."""
        desk = at_once(self.world.store.payments(self.world.shop.name, (PaymentState.DESK,), 5))
        if desk:
            payment = self.draw.choice(desk)
            decision = self.draw.choice(["match", "refund", "credit"])
            if payment.customer:
                self.world.who = Address(self.world.shop.name, payment.customer)
            self.world.post(DeskDecided(payment.id, decision, "asha", payment.order))

    # -- the shop --------------------------------------------------------------------------------------------------
    def reprice(self) -> None:
        products = self.world.shop.catalogue.products
        if products:
            product = self.draw.choice(products)
            self.world.change(product.sku, price=max(100, product.price + self.draw.choice([-500, 500])))

    def _note(self, what: str) -> None:
        state = type(self.world.conversation.state).__name__
        self.trace.append(f"{self.world.now} {self.world.who.customer} {what} {state}")

    def _script(self) -> list[tuple[str, str]]:
        return list(self.draw.choice(_scripts(self.world.shop.flow)))


class _Died(Exception):
    """The process is gone."""


def _die() -> None:
    raise _Died


def _scripts(flow: str) -> list[list[tuple[str, str]]]:
    """What customers say and tap in the recorded cases."""
    found = []
    for case in cases_of(flow):
        lines = [line.partition(" ") for _, line in case.lines]
        script = [(verb, words.replace("\\n", "\n")) for verb, _, words in lines if verb in (">", "tap")]
        found.append([(verb, words) for verb, words in script if "{" not in words])
    return [script for script in found if script]


ACTS: dict[Callable[[Town], None], float] = {
    Town.go_on: 110,
    Town.say_anything: 5,
    Town.tap_something: 8,
    Town.deliver_twice: 3,
    Town.crash: 2,
    Town.wait: 8,
    Town.fire_due: 6,
    Town.sweep: 3,
    Town.deliver: 5,
    Town.answer_charges: 10,
    Town.pay: 9,
    Town.fail: 3,
    Town.decide: 3,
    Town.reprice: 1,
    Town.unite: 1,
}
"""What may happen, and how often."""
