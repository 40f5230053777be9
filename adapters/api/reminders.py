"""Reminders: what became of each, one of the owner's own for a customer, and one taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from adapters.api.answers import Done, Later, Page, Refusal, faulty
from adapters.api.endpoint import HOME, Call, Noun
from adapters.api.fields import Moment, Phone, Text, millis, shown
from adapters.api.letters import customer_with, letter, told
from adapters.api.paging import Paged, page_of
from engine.address import DAY, Address
from engine.events import ReminderUnwanted, ReminderWanted
from engine.notes import kind_of
from engine.reminders import REASONS, Reminder, ReminderState

reminders = Noun("reminders", "What customers are reminded of, when, and what became of it.")

AHEAD_AT_MOST = 366 * DAY
STATES = ", ".join(ReminderState)

ReminderId = Annotated[
    str, Meta(pattern=r"^[a-z-]{1,24}:[!-~]{1,120}$", description="a reminder's id, as listed", examples=["note:7f3a"])
]


class ReminderShown(msgspec.Struct, frozen=True, rename="camel"):
    """``state``: scheduled, sent (handed to the messages that go out; ``message`` says how that one stands), cancelled
    or skipped; ``why`` in a word and ``detail`` in a sentence, both "" where there is nothing to say. ``text``: the
    words of a reminder that you wrote. ``at``: since when it stands so."""

    id: str
    customer_id: str
    state: ReminderState
    due: datetime
    at: datetime
    why: str
    detail: str
    message: str
    text: str


class ReminderQuery(Paged, frozen=True, kw_only=True, rename="camel"):
    """Which reminders; however they stand where nothing is named."""

    state: Annotated[ReminderState, Meta(description=f"one of {STATES}")] | None = None


class NewReminder(msgspec.Struct, frozen=True):
    """What a customer shall read, and when. Where that falls into the shop's quiet hours, at their end."""

    phone: Phone
    text: Text
    due: Moment


def reminder_shown(call: Call, one: Reminder) -> ReminderShown:
    zone = call.shop.timezone
    why = REASONS.get(one.reason, "")
    return ReminderShown(
        id=one.id,
        customer_id=one.customer,
        state=one.state,
        due=shown(one.due, zone),
        at=shown(one.at, zone),
        why=one.reason,
        detail=why,
        message=one.went,
        text=one.text,
    )


@reminders.get("/api/admin/reminders", "Reminders, the latest due first", home=HOME)
async def listed(call: Call, query: ReminderQuery) -> Page[ReminderShown]:
    return await page_of(
        query,
        lambda limit, offset: call.store.reminders(call.shop.name, limit, offset, query.state),
        lambda one: reminder_shown(call, one),
    )


@reminders.get("/api/admin/reminders/<reminder>", "One reminder", home=HOME, refuses={404: "There is none of this id."})
async def one(call: Call, reminder: ReminderId) -> ReminderShown:
    return reminder_shown(call, await _named(call, reminder))


@reminders.post("/api/admin/reminders", "Remind a customer of something", home=HOME, status=201)
async def wanted(call: Call, body: NewReminder) -> Done[ReminderShown] | Later:
    """A text of your own, sent once: outside the customer's 24 hours by the template ``note`` of the shop's terms,
    whose one parameter it is. Without one it is skipped then, as it is when it would be more than a day late."""
    due, now = millis(body.due), call.running.around.clock.now()
    if not now < due <= now + AHEAD_AT_MOST:
        raise faulty({"due": "expected a moment that is still to come, within a year"})
    if not body.text.strip():
        raise faulty({"text": "it is empty"})
    digits = body.phone.removeprefix("+")
    to = await customer_with(call, digits)
    wish = ReminderWanted(call.request, body.text.strip(), due, call.by)
    if not await told(call, letter(call, to, wish, phone=digits)):
        return Later()
    return Done("The reminder is set.", reminder_shown(call, await _named(call, kind_of(call.request))))


@reminders.post(
    "/api/admin/reminders/<reminder>/cancel",
    "Take a reminder back",
    home=HOME,
    refuses={404: "There is none of this id.", 409: "It was sent, skipped or taken back already."},
)
async def unwanted(call: Call, reminder: ReminderId) -> Done[ReminderShown] | Later:
    """Also one that the shop sends by itself, such as of an invoice; the steps behind it go with it."""
    row = await _named(call, reminder)
    if row.state is ReminderState.SCHEDULED:
        to = Address(call.shop.name, row.customer)
        if not await told(call, letter(call, to, ReminderUnwanted(reminder, call.by))):
            return Later()
    row = await _named(call, reminder)
    if row.state is not ReminderState.CANCELLED:
        raise Refusal(409, "It can't be taken back any more: " + (REASONS.get(row.reason) or "it was sent."))
    return Done("The reminder is taken back.", reminder_shown(call, row))


async def _named(call: Call, reminder: str) -> Reminder:
    found = await call.store.reminder(call.shop.name, reminder)
    if found is None:
        raise Refusal(404, "There is no reminder of this id.")
    return found
