"""Reminders over virtual months: a dealer on credit, customers who pay, call off, write and talk to a person, a process
that is down for hours or days, in zones whose clocks are set, over a leap day.

Whatever happens: nobody who has paid is reminded, nobody twice for the same step, nothing in quiet hours, and every
step comes to an end of which the ledger tells the truth.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from engine.address import DAY, HOUR, MINUTE, Millis
from engine.commit import Commit, Timer
from engine.messages import Template, Text
from engine.orders import Customer, OrderStatus
from engine.quiet import NEVER, Quiet, read
from engine.reminders import Reminder, ReminderState
from engine.reminding import STILL_OWED
from tests.engine import news
from tests.engine.open_store import at_once
from tests.engine.shops import dealer
from tests.engine.world import World

MONTHS = 5 * 30
CUSTOMERS = ("ann", "ben", "cat")
RUNS = [
    ("Europe/Berlin", "2028-01-20T12:00", "21:00-08:00"),  # a leap day and the start of summer time
    ("Europe/Berlin", "2026-09-10T12:00", "22:00-10:30"),  # its end; quiet when reminders are due
    ("America/St_Johns", "2026-02-01T12:00", "20:30-10:00"),
    ("Australia/Lord_Howe", "2026-03-01T12:00", "01:45-10:15"),  # clocks are set by half an hour
    ("Asia/Kolkata", "2027-12-15T12:00", "09:00-17:00"),
    ("America/New_York", "2026-10-01T12:00", ""),
]
EVERY = 10**6
REMINDING = ("friendly reminder", "reminder_template")


@dataclass
class Months:
    """One run of the dealer's shop. ``clock_of``: what the wall shows there."""

    zone: str
    start: str
    quiet: Quiet
    seed: int
    awake: bool = False
    world: World = field(init=False)
    draw: random.Random = field(init=False)
    said: list[tuple[Millis, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        shop = dealer()
        terms = replace(shop.terms, quiet=self.quiet, templates={"reminder": "reminder_template"})
        self.world = World(replace(shop, timezone=self.zone, terms=terms))
        self.world.now = round(
            datetime.fromisoformat(self.start).replace(tzinfo=ZoneInfo(self.zone)).timestamp() * 1000
        )
        self.draw = random.Random(f"{self.zone}/{self.start}/{self.seed}")
        for number, name in enumerate(CUSTOMERS):
            self.world.as_customer(name).card = Customer(
                self.world.who.customer, shop.name, name.title(), credit_days=(0, 7, 30)[number]
            )

    # -- what happens ------------------------------------------------------------------------------------------------
    def play(self) -> None:
        until = self.world.now + MONTHS * DAY
        while self.world.now < until:
            self.pass_time(self.draw.choice([5 * MINUTE, HOUR, 7 * HOUR, DAY]))
            self.world.as_customer(self.draw.choice(CUSTOMERS))
            act = self.draw.choices(list(ACTS), weights=list(ACTS.values()))[0]
            act(self)
        while any(timer.kind.startswith("reminder:") for timer in self.timers()):
            self.pass_time(DAY)
        self.world.invariants()

    def pass_time(self, how_long: Millis) -> None:
        """The scheduler looks every ten minutes; while the process is down, not at all."""
        until = self.world.now + how_long
        while (due := min((timer.due for timer in self.timers()), default=until + 1)) <= until:
            self.world.now = max(due, self.world.now) + (0 if self.awake else self.draw.choice([0, 3, 90_000]))
            self.fire()
        self.world.now = max(until, self.world.now)

    def down(self) -> None:
        """The process stands still: all that comes due meanwhile is fired late."""
        self.world.now += self.draw.choice([2 * HOUR, 20 * HOUR, 30 * HOUR, 9 * DAY])
        self.fire()

    def fire(self) -> None:
        for timer in at_once(self.world.store.due(self.world.now, EVERY)):
            self.world.who = timer.address
            if timer.kind in self.world.timers:
                before = len(self.world.commits)
                self.world.fire(timer.kind)
                if self.draw.random() < 0.1 and not self.awake:
                    self.world.redeliver()
                self.look(timer.kind, self.world.commits[before:])

    def timers(self) -> list[Timer]:
        store = self.world.store
        return [timer for who in store.snapshots() for timer in store.timers(who).values()]

    def order(self) -> None:
        for words in ("10 opc 43", "1"):
            self.world.say(words)

    def talk(self) -> None:
        self.world.say(self.draw.choice(["hi", "menu", "20 cement", "my orders"]))

    def person(self) -> None:
        self.world.say("agent")

    def call_off(self) -> None:
        own = [one.number for one in self.world.orders.values() if one.customer == self.world.who.customer]
        if own:
            self.world.say(f"cancel {self.draw.choice(own)}")

    def pay(self) -> None:
        """One of the open orders is paid by transfer, in full or a half."""
        open_ones = [one for one in self.world.store.intents_of(self.world.who) if one.status in news.OPEN]
        if open_ones:
            intent = self.draw.choice(open_ones)
            part = self.draw.choice([1, 1, 1, 2])
            name = self.world.fresh("bank-")
            news.tell(
                self.world, replace(news.paid(self.world, amount=intent.amount // part, name=name), intent=intent.id)
            )

    # -- what must hold ----------------------------------------------------------------------------------------------
    def look(self, kind: str, commits: list[Commit]) -> None:
        """A turn that a timer caused: what it said, to whom, and when."""
        for commit in commits:
            spoken = [one for one in commit.outbox if reminds(one.message)]
            if not kind.startswith("reminder:"):
                assert not spoken
                continue
            assert len(spoken) <= 1
            sent = [one for one in commit.reminders if one.state is ReminderState.SENT]
            assert [one.id for one in sent] == [kind] * len(spoken)
            for _ in spoken:
                order = self.world.orders[kind.split(":")[1]]
                assert order.payment in STILL_OWED, "somebody who has paid was reminded"
                assert order.status is not OrderStatus.CANCELLED
                assert not self.quiet_on_the_wall(commit.at), "somebody was woken"
                assert commit.at >= self.world.conversation_of(commit.address).silent_until, "a person was interrupted"
                self.said.append((commit.at, order.number, kind.rpartition(":")[2]))

    def quiet_on_the_wall(self, moment: Millis) -> bool:
        """By what the clock there shows, told apart from engine.quiet."""
        there = datetime.fromtimestamp(moment // 1000, ZoneInfo(self.zone))
        shows, (starts, ends) = (there.hour * 60 + there.minute) * MINUTE, (self.quiet.starts, self.quiet.ends)
        return starts <= shows < ends if starts <= ends else shows >= starts or shows < ends

    def ledger(self) -> dict[str, Reminder]:
        return {one.id: one for one in at_once(self.world.store.reminders(self.world.shop.name, EVERY))}


def reminds(message: object) -> bool:
    words = message.body if isinstance(message, Text) else message.name if isinstance(message, Template) else ""
    return any(one in words for one in REMINDING)


ACTS = {Months.order: 5, Months.talk: 4, Months.pay: 4, Months.call_off: 1, Months.person: 1, Months.down: 2}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("zone", "start", "quiet"), RUNS)
def test_months_of_reminders(zone: str, start: str, quiet: str, seed: int) -> None:
    months = Months(zone, start, read(quiet), seed)
    months.play()
    steps = Counter((number, step) for _, number, step in months.said)
    assert steps, "a run without a reminder shows nothing"
    assert set(steps.values()) == {1}, "somebody was reminded twice for the same step"
    ledger = months.ledger()
    assert all(one.state is not ReminderState.SCHEDULED for one in ledger.values())
    sent = {f"reminder:{number}:{step}" for number, step in steps}
    assert {name for name, one in ledger.items() if one.state is ReminderState.SENT} == sent
    assert all(one.reason for one in ledger.values() if one.state is not ReminderState.SENT)


@pytest.mark.parametrize(("zone", "start", "quiet"), RUNS)
def test_with_nobody_down_and_nothing_paid_every_step_comes_at_its_hour(zone: str, start: str, quiet: str) -> None:
    """Ten in the morning by the shop's clock, or when its quiet hours end, on the day itself."""
    hours = read(quiet)
    months = Months(zone, start, hours, 0, awake=True)
    for _ in range(40):
        months.world.as_customer("cat")
        months.order()
        months.pass_time(3 * DAY + 5 * HOUR)
    while any(timer.kind.startswith("reminder:") for timer in months.timers()):
        months.pass_time(DAY)
    steps = Counter(number for _, number, _ in months.said)
    assert len(steps) == 40
    assert set(steps.values()) == {len(months.world.shop.terms.reminder_days)}
    for at, number, step in months.said:
        there, due = (
            datetime.fromtimestamp(moment / 1000, ZoneInfo(zone)) for moment in (at, months.world.orders[number].due_at)
        )
        assert (there.date() - due.date()).days == int(step)
        ten = datetime(there.year, there.month, there.day, 10, tzinfo=ZoneInfo(zone))
        assert at == hours.over(round(ten.timestamp() * 1000), zone)


def test_the_runs_cover_what_they_are_for() -> None:
    zones = [ZoneInfo(zone) for zone, _, _ in RUNS]
    set_clocks = [
        zone
        for zone in zones
        if datetime(2026, 1, 1, tzinfo=zone).utcoffset() != datetime(2026, 7, 1, tzinfo=zone).utcoffset()
    ]
    assert len(set_clocks) >= 4
    assert NEVER in [read(quiet) for *_, quiet in RUNS]
