"""One customer's visit to the shop: say a step, wait for its answer, judge what came.

A turn is timed from the moment it was planned to the moment its answer was there. Every message that comes in is one
of: the answer; a double of the answer before; an answer out of order; a shop that has run out; or unexpected.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import trio

from adapters.phones.buyer import ADD, ALL, CANCEL, CONFIRM, HI, ORDERED, SOLD_OUT, Step, last_item
from adapters.phones.load_report import Tally
from adapters.phones.sim import LineLost, PhoneRefused, Received, SimPhone


class End(Enum):
    """How a visit ended. After a lost or unexpected answer nobody knows where the conversation stands."""

    ORDERED = "ordered"
    SOLD_OUT = "sold_out"
    LOST = "lost"
    UNEXPECTED = "unexpected"
    LINE_LOST = "line_lost"


class _Over(Exception):
    """The visit ends here."""

    def __init__(self, end: End) -> None:
        super().__init__(end.value)
        self.end = end


class Visit:
    """``run`` does all of it. ``last`` is the latest answer that this phone got, from whichever visit."""

    def __init__(self, phone: SimPhone, tally: Tally, patience: float, last: Received | None) -> None:
        self._phone = phone
        self._tally = tally
        self._patience = patience
        self._numbers: set[str] = set()
        self._other = 0  # the item to take when the wanted one is sold out
        self.last = last

    async def run(self, steps: Sequence[Step], planned: float) -> End:
        """Say everything in order. ``planned`` is when the first message was due (trio time)."""
        try:
            for step in steps:
                await self._turn(step, planned)
                planned = trio.current_time()
        except _Over as over:
            return over.end
        except (LineLost, PhoneRefused):
            return End.LINE_LOST
        return End.ORDERED if self._numbers else End.UNEXPECTED

    async def _turn(self, step: Step, planned: float) -> None:
        asked = self.last
        self._tally.sent(trio.current_time() - planned if step is HI else None)
        await self._say(step, asked)
        if step.twice:
            self._tally.sent(None)
            await self._say(step, asked)
        answer = await self._answer(step)
        self._tally.turn(step.name, answer.seen - planned)
        self._note(step, answer)
        if step.twice:
            await self._second_answer()

    async def _say(self, step: Step, asked: Received | None) -> None:
        titles = [title for _, title in asked.options] if asked is not None and step.tap else []
        if asked is not None and step.tap in titles:
            await self._phone.tap(asked, step.tap)
        else:
            await self._phone.say(step.says)

    async def _answer(self, step: Step) -> Received:
        """The answer to a step. Raises _Over when there is none, or none that leads on."""
        with trio.move_on_after(self._patience):
            while True:
                came = await self._phone.wait_for()
                if self._is_double(came):
                    self._tally.doubled += 1
                elif step.expects.search(came.text):
                    self.last = came
                    return came
                else:
                    await self._misfit(step, came)
        self._tally.lost += 1
        raise _Over(End.LOST)

    def _is_double(self, came: Received) -> bool:
        return self.last is not None and came.text == self.last.text

    async def _misfit(self, step: Step, came: Received) -> None:
        """An answer that this step does not expect. Returns when the visit can wait on."""
        if step is CANCEL:
            return
        if SOLD_OUT.search(came.text):
            self.last = came
            await self._sold_out(step)
            return
        if any(other.expects.search(came.text) for other in ALL):
            self._tally.out_of_order += 1
            return
        self._tally.unexpected(step.name, came.text)
        raise _Over(End.UNEXPECTED)

    async def _sold_out(self, step: Step) -> None:
        """Ask for something else, once; else go home. Raises _Over then."""
        if step.twice:
            self.last = await self._phone.wait_for()  # the second tap is answered too
        self._tally.sent(None)
        if step.name == ADD.name and self._other:
            other, self._other = self._other, 0
            await self._phone.say(f"{other}, 1")
        else:
            await self._phone.say(CANCEL.says)
            await self._answer(CANCEL)
            raise _Over(End.SOLD_OUT)

    async def _second_answer(self) -> None:
        """What the second tap gets: the first result again or a friendly sentence, but never a second order."""
        with trio.move_on_after(self._patience):
            self.last = await self._phone.wait_for()
            self._note(CONFIRM, self.last)
            return
        self._tally.lost += 1
        raise _Over(End.LOST)

    def _note(self, step: Step, answer: Received) -> None:
        """Remember the order, or what else is on the menu."""
        if step is HI:
            self._other = last_item(answer.text)
        found = ORDERED.search(answer.text)
        if found is None:
            return
        if found[1] not in self._numbers:
            self._tally.order(found[1], another=bool(self._numbers))
            self._numbers.add(found[1])


def leftovers(phone: SimPhone, last: Received | None, tally: Tally) -> None:
    """Judge what came to a phone after its last visit had ended."""
    for came in phone.drain():
        if last is not None and came.text == last.text:
            tally.doubled += 1
        elif ORDERED.search(came.text):
            tally.out_of_order += 1
        else:
            tally.unexpected("after the visit", came.text)
