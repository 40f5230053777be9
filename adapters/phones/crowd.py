"""The phones of one shop: connected once, lent to whoever arrives, judged at the end.

A phone is used again only when Meta's pace for one customer (one message per 6 s, 45 in a burst) has room for a whole
visit; else the shop would rightly hold its replies back and look slow. So a long run needs about 100 phones for each
arrival per second. Buyers for whom no phone is free are counted, not queued.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import trio

from adapters.phones.audit import Look, disagreements
from adapters.phones.controls import Controls, Shop
from adapters.phones.load_report import ShopReport, Tally, figures, unkept
from adapters.phones.rested import RestedPhone
from adapters.phones.script import Buyers, Person, somebody
from adapters.phones.sim import open_phone
from adapters.phones.visit import GOOD, End, Visit, leftovers

LOOKS = 5
"""How often books that disagree are looked at again, a second apart: money may still be on its way."""


@dataclass(frozen=True)
class Habits:
    """How the phones of a crowd behave. ``patience``: seconds after which an answer counts as lost. ``pair_pace``: let
    phones rest as said above. ``dawdling``: what dawdlers' pauses are multiplied by."""

    target: str
    patience: float
    pair_pace: bool
    dawdling: float


class Crowd:
    """Everybody who goes to one shop. ``first``: the number of the first phone, from which the others count up."""

    def __init__(
        self,
        shop: Shop,
        buyers: Buyers,
        people: Mapping[str, Person],
        habits: Habits,
        controls: Controls,
        draw: random.Random,
        first: int,
    ) -> None:
        self.shop = shop
        self.tally = Tally()
        self.busy = 0
        self.phones: list[RestedPhone] = []
        self._buyers = buyers
        self._people = people
        self._habits = habits
        self._controls = controls
        self._draw = draw
        self._firsts = draw.sample(sorted(people), len(people))
        self._pauses = random.Random(shop.name)  # apart, so that who comes follows from the seed alone
        self._first = first
        self._free: deque[RestedPhone] = deque()
        self._before: Look | None = None

    # -- before --------------------------------------------------------------------------------------------------------
    async def look(self) -> Look | None:
        """The shop's books and its bank's; None where the books can't be looked into."""
        account = await self._controls.account(self.shop.name)
        return None if account is None else Look(account, await self._controls.payments(account.banks))

    async def open_books(self) -> None:
        """Look before anybody comes."""
        self._before = await self.look()

    async def connect(self, lines: trio.Nursery, at: int) -> None:
        """Connect phone ``at`` and keep it until ``lines`` end. Raises LineLost and PhoneRefused."""
        await lines.start(self._hold, at)

    async def _hold(self, at: int, task_status: trio.TaskStatus[None]) -> None:
        digits = str(self._first + at)
        async with open_phone(self._habits.target, self.shop.phone_number_id, digits, name=f"Phone {at}") as sim:
            phone = RestedPhone(sim)
            self.phones.append(phone)
            self._free.append(phone)
            task_status.started()
            await trio.sleep_forever()

    # -- meanwhile -----------------------------------------------------------------------------------------------------
    def arrive(self, visits: trio.Nursery, due: float) -> None:
        """Give a phone to somebody who arrives; the longest rested goes first. One of each kind comes first, so that a
        short test meets them all; then they come as often as they say."""
        self.tally.planned += 1
        known = [self._firsts.pop()] if self._firsts else self._people
        kind, person = somebody(self._draw, {kind: self._people[kind] for kind in known})
        rests = self._habits.pair_pace
        if not self._free or (rests and not self._free[0].has_room(self._buyers.replies, due)):
            self.tally.turned_away += 1
            return
        self.tally.people[kind] += 1
        self.busy += 1
        visits.start_soon(self._visit, self._free.popleft(), person, due)

    async def _visit(self, phone: RestedPhone, person: Person, due: float) -> None:
        received = phone.sim.count
        visit = Visit(phone.sim, self._buyers, self.tally, self._habits.patience, phone.last, pay=self._controls.pay)
        pause = person.dawdles * self._habits.dawdling
        end = await visit.run(person, due, lambda: self._pauses.uniform(0.5, 1.5) * pause)
        self.tally.ends[end.value] += 1
        phone.last, phone.end = visit.last, end
        phone.used(phone.sim.count - received, trio.current_time())
        phone.sim.forget()
        self.busy -= 1
        if end in GOOD:
            self._free.append(phone)

    # -- after ---------------------------------------------------------------------------------------------------------
    async def report(self) -> ShopReport:
        """Judge what came too late, compare the books, and sum up."""
        for phone in self.phones:
            leftovers(phone.sim, self._buyers, phone.last, self.tally, phone.end)
        tally = self.tally
        ends = {end.value: tally.ends[end.value] for end in End}
        buyers = {"planned": tally.planned, "turned_away": tally.turned_away}
        failures = unkept(tally, tally.ends[End.LINE_LOST.value]) + await self._disagreements()
        if not tally.orders:
            failures.append(f"no order was placed ({tally.planned} buyers were planned)")
        return ShopReport(
            flow=self._buyers.flow,
            buyers=buyers | {"finished": sum(tally.ends[end.value] for end in GOOD)} | ends,
            people=dict(tally.people),
            messages=tally.messages,
            replies=sum(phone.sim.count for phone in self.phones),
            orders=tally.orders,
            turn=figures(tally.all_turns),
            steps={name: figures(turns) for name, turns in tally.turns.items()},
            lost=tally.lost,
            doubled=tally.doubled,
            out_of_order=tally.out_of_order,
            orders_doubled=tally.orders_doubled,
            asked_twice=tally.asked_twice,
            unexpected=dict(tally.surprises),
            examples=tally.examples,
            checked=self._before is not None,
            failures=failures,
        )

    async def _disagreements(self) -> list[str]:
        found: list[str] = []
        refused = self.tally.ends[End.SOLD_OUT.value]
        for _ in range(LOOKS if self._before is not None else 0):
            now = await self.look()
            assert self._before is not None
            if now is None:
                return ["its books can't be looked into any more"]
            found = disagreements(self._before, now, self.shop.name, refused=refused, most=self._buyers.most)
            if not found:
                break
            await trio.sleep(1)
        return found
