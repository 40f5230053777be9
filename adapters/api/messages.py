"""What the owner of a bakery says by API: a text or the menu to a number, and who stands where in a conversation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from adapters.api.answers import Done, Later
from adapters.api.endpoint import Call, Noun
from adapters.api.fields import Message, Phone, shown
from adapters.api.letters import customer_with, letter, told
from engine.books import Session
from engine.events import MessageWanted

messages = Noun("messages", "Texts and menus to a number, and who stands where.")

COUNTER = frozenset({"counter"})
SESSIONS_AT_MOST = 200


class TextTo(msgspec.Struct, frozen=True):
    """A text for a number."""

    to: Phone
    text: Message


class MenuTo(msgspec.Struct, frozen=True):
    """The menu for a number."""

    to: Phone


class Sent(msgspec.Struct, frozen=True, rename="camel"):
    to: str
    customer_id: str


class SessionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """How many at most."""

    limit: Annotated[
        int, Meta(ge=1, le=SESSIONS_AT_MOST, description=f"a whole number from 1 to {SESSIONS_AT_MOST}", examples=[50])
    ] = 50


class SessionShown(msgspec.Struct, frozen=True, rename="camel"):
    """A conversation: its state as the flow's diagram calls it, when the customer last wrote (null for somebody who
    never did), and until when a person answers instead of the bot (null: the bot does)."""

    customer_id: str
    phone: str
    state: str
    since: datetime | None
    human_until: datetime | None


class Sessions(msgspec.Struct, frozen=True):
    """Conversations that stand elsewhere than at the beginning, or are in human hands, the latest first."""

    data: list[SessionShown]


@messages.post("/api/whatsapptest/send-text", "Send a text to a number", flows=COUNTER)
async def send_text(call: Call, body: TextTo) -> Done[Sent] | Later:
    """Outside the customer's 24 hours WhatsApp takes no free text; the message then waits until the customer writes."""
    return await _say(call, body.to, MessageWanted(body.text, call.by))


@messages.post("/api/whatsapptest/send-menu", "Send the menu to a number", flows=COUNTER)
async def send_menu(call: Call, body: MenuTo) -> Done[Sent] | Later:
    """As if the customer had said *menu*."""
    return await _say(call, body.to, MessageWanted("", call.by, menu=True))


async def _say(call: Call, phone: str, wish: MessageWanted) -> Done[Sent] | Later:
    digits = phone.removeprefix("+")
    to = await customer_with(call, digits)
    if not await told(call, letter(call, to, wish, phone=digits)):
        return Later()
    return Done("The message is on its way.", Sent(f"+{digits}", to.customer))


@messages.get("/api/whatsapptest/sessions", "Who is in which state since when", flows=COUNTER)
async def sessions(call: Call, query: SessionQuery) -> Sessions:
    return await sessions_of(call, query)


async def sessions_of(call: Call, query: SessionQuery) -> Sessions:
    """The same under whatever path."""
    found = await call.store.sessions(call.shop.name, query.limit)
    return Sessions([_session(one, call.shop.timezone) for one in found])


def _session(one: Session, timezone: str) -> SessionShown:
    since, human_until = (shown(at, timezone) if at else None for at in (one.since, one.human_until))
    return SessionShown(one.customer, one.phone, one.state, since, human_until)
