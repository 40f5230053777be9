"""One customer's visit to a shop: do a step, wait for all of its answer, judge what came.

A turn is timed from the moment it was planned to the moment the last message of its answer was there. Every message
that comes in is one of: part of the answer; a double; an answer out of order; an aside that the shop may make unasked;
a shop that has run out; or unexpected. A question of M-Pesa's that nobody pays is one too many.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum

import trio

from adapters.phones.load_report import Tally
from adapters.phones.script import Answer, Buyers, Person, Step
from adapters.phones.sim import LineLost, PhoneRefused, Received, SimPhone

MENU_LINE = re.compile(r"^([0-9]{1,3})\. ", re.MULTILINE)
LINK = re.compile(r"https?://[^\s]+/pay/[^\s]+")
NUMBERED = re.compile(r"^[0-9]{1,3}\. ")

Pay = Callable[[str, str], Awaitable[None]]
"""Pays, or refuses, at a link: (link, "approve" or a way to say no). Raises LineLost."""


class End(Enum):
    """How a visit ended. After a lost or unexpected answer nobody knows where the conversation stands."""

    ORDERED = "ordered"
    SOLD_OUT = "sold_out"
    LOST = "lost"
    UNEXPECTED = "unexpected"
    LINE_LOST = "line_lost"


GOOD = (End.ORDERED, End.SOLD_OUT)


class _Over(Exception):
    """The visit ends here."""

    def __init__(self, end: End) -> None:
        super().__init__(end.value)
        self.end = end


class Visit:
    """``run`` does all of it. ``last`` is the latest answer that this phone got, from whichever visit."""

    def __init__(
        self,
        phone: SimPhone,
        buyers: Buyers,
        tally: Tally,
        patience: float,
        last: Sequence[Received] = (),
        pay: Pay | None = None,
    ) -> None:
        self._phone = phone
        self._buyers = buyers
        self._tally = tally
        self._patience = patience
        self._pay = pay
        self._numbers: set[str] = set()
        self._menu = 0
        self._instead: Step | None = None  # where something else was asked for
        self.last = list(last)

    async def run(self, person: Person, planned: float, dawdle: Callable[[], float] = lambda: 0.0) -> End:
        """Do everything in order. ``planned`` is when the first message was due (trio time); ``dawdle`` gives the
        seconds before each further step."""
        first = True
        try:
            for step in person.steps:
                if step.when is not None and not any(step.when.search(one.shown) for one in self.last):
                    continue
                if not first and (seconds := dawdle()):
                    await trio.sleep(seconds)
                    planned = trio.current_time()
                await self._turn(step, planned, first=first)
                first, planned = False, trio.current_time()
        except _Over as over:
            return over.end
        except (LineLost, PhoneRefused):
            return End.LINE_LOST
        return End.ORDERED if self._numbers else End.UNEXPECTED

    async def _turn(self, step: Step, planned: float, *, first: bool) -> None:
        before = self.last
        if step.pays:
            planned = await self._paid(step, planned)
        else:
            self._tally.sent(trio.current_time() - planned if first else None)
            await self._say(step, before)
            if step.twice:
                self._tally.sent(None)
                await self._say(step, before)
        came = await self._answer(step, before)
        self._tally.turn(step.name, came[-1].seen - planned)
        if step.twice and step is not self._instead:
            await self._second_answer(step)

    async def _say(self, step: Step, asked: Sequence[Received]) -> None:
        for message in reversed(asked if step.tap else ()):
            for option, title in message.options:
                if step.tap in (title, NUMBERED.sub("", title)):
                    await self._phone.tap(message, option)
                    return
        await self._phone.say(step.says[0])

    # -- money ---------------------------------------------------------------------------------------------------------
    async def _paid(self, step: Step, planned: float) -> float:
        """Answer the request to pay that is open; returns when that was. Raises _Over when none comes."""
        link = next((found for one in self.last if (found := LINK.search(one.shown))), None)
        if link is not None and self._pay is not None:
            answered = trio.current_time()
            await self._pay(link[0], step.pays)
            return answered
        with trio.move_on_after(self._patience):
            prompt = await self._phone.prompt()
            answered = trio.current_time()
            self._tally.turn("rings", answered - planned)
            await self._phone.answer(prompt, step.pays)
            return answered
        self._tally.lose(step.name)
        raise _Over(End.LOST)

    # -- answers -------------------------------------------------------------------------------------------------------
    async def _answer(self, step: Step, before: Sequence[Received]) -> list[Received]:
        """All messages of the answer to a step. Raises _Over when they don't come, or none that lead on."""
        awaited = _Awaited(step.answers)
        with trio.move_on_after(self._patience):
            while not awaited.whole:
                came = await self._phone.wait_for()
                if any(came.shown == one.shown for one in (*before, *awaited.came)):
                    self._tally.doubled += 1
                elif awaited.take(came):
                    self._tally.out_of_order += awaited.overtook
                    self._note(came)
                else:
                    before = await self._misfit(step, came, before)
            self.last = awaited.came
            return awaited.came
        self._tally.lose(step.name)
        raise _Over(End.LOST)

    async def _misfit(self, step: Step, came: Received, before: Sequence[Received]) -> Sequence[Received]:
        """A message that this step does not expect. Returns what counts as the answer before when the visit can wait
        on."""
        buyers = self._buyers
        if step is buyers.leave or (buyers.asides is not None and buyers.asides.search(came.shown)):
            return before
        if step is self._instead or buyers.sold_out.search(came.shown):
            self.last = [came]
            await self._sold_out(step)
            return ()  # the next answer may well be in the same words
        if any(words.search(came.shown) for words in buyers.words):
            self._tally.out_of_order += 1
            return before
        self._tally.unexpected(step.name, came.shown)
        raise _Over(End.UNEXPECTED)

    async def _sold_out(self, step: Step) -> None:
        """Ask for something else, once; where that leads nowhere either, go home. Raises _Over then."""
        if step.twice and step is not self._instead:
            self.last = [await self._phone.wait_for()]  # the second tap is answered too
        self._tally.sent(None)
        if step.instead and self._instead is None:
            self._instead = step
            await self._phone.say(step.instead.format(last=self._menu))
            return
        leave = self._buyers.leave
        await self._phone.say(leave.says[0])
        await self._answer(leave, self.last)
        raise _Over(End.SOLD_OUT)

    async def _second_answer(self, step: Step) -> None:
        """What the second tap gets: the first result again or a friendly sentence, but never a second order."""
        last: list[Received] = []
        with trio.move_on_after(self._patience):
            for words in step.again or (None,):
                came = await self._phone.wait_for()
                last.append(came)
                self._note(came)
                if words is not None and not words.search(came.shown):
                    self._tally.unexpected(f"{step.name} again", came.shown)
                    raise _Over(End.UNEXPECTED)
            self.last = last
            return
        self._tally.lose(step.name)
        raise _Over(End.LOST)

    def _note(self, came: Received) -> None:
        """Remember the order, or how long the menu is."""
        self._menu = max(self._menu, last_item(came.shown))
        found = self._buyers.done.search(came.shown)
        if found is not None and found[1] not in self._numbers:
            self._tally.order(found[1], another=bool(self._numbers))
            self._numbers.add(found[1])


class _Awaited:
    """What is still to come of one step's answer."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self._ways = list(answers)
        self._missing: dict[int, re.Pattern[str]] = {}
        self.came: list[Received] = []
        self.overtook = 0

    @property
    def whole(self) -> bool:
        """Whether all of it is there."""
        return bool(self.came) and not self._missing

    def take(self, came: Received) -> bool:
        """Whether this message is part of the answer; ``overtook`` is then 1 when it came before an earlier part."""
        for way in [self._missing] if self.came else [dict(enumerate(way)) for way in self._ways]:
            at = next((at for at, words in way.items() if words.search(came.shown)), None)
            if at is not None:
                self.overtook = int(at != min(way))
                self._missing = {other: words for other, words in way.items() if other != at}
                self.came.append(came)
                return True
        return False


def last_item(menu: str) -> int:
    """The highest number on a menu, 0 when there is none."""
    return max((int(number) for number in MENU_LINE.findall(menu)), default=0)


def leftovers(phone: SimPhone, buyers: Buyers, last: Sequence[Received], tally: Tally, end: End = End.ORDERED) -> None:
    """Judge what came to a phone after its last visit had ended as ``end`` says. Who gave up may have wished to pay and
    been asked after that, once."""
    tally.asked_twice += max(0, len(phone.prompts) - (end not in GOOD))
    for came in phone.drain():
        if any(came.shown == one.shown for one in last):
            tally.doubled += 1
        elif buyers.asides is not None and buyers.asides.search(came.shown):
            continue
        elif buyers.done.search(came.shown):
            tally.out_of_order += 1
        else:
            tally.unexpected("after the visit", came.shown)
