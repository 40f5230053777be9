"""Pictures and documents that are made when they are sent, so that a row of the outbox holds only their name.

A ticket that can't be made must not stop the customer's other messages for ever: making it is tried again like a send,
and given up like one; the booking stands and its code went out as text before (flows.md §5).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

import msgspec

from engine.invoices import filed
from engine.messages import Document, Image, Outcome, OutcomeClass, Outgoing
from engine.ports import Http, Sending

log = logging.getLogger("sokoni.papering")

NO_SUCH_PAPER = "What this paper would show is not in the store any more; nothing was sent."
FETCHED = "?by=provider"
"""Behind the link that a provider fetches an invoice from: that is no customer who looks at it."""
NOT_MADE = "The paper could not be made; it will be tried again. The log says why."


class Papers(Protocol):
    """Pictures and documents that are made when they are sent: tickets, receipts, invoices."""

    async def make(self, shop: str, paper: str) -> bytes | None:
        """The file that ``paper`` names: ``ticket:<booking id>`` (PNG), ``receipt:<order number>``, ``invoice:<order
        number>``, ``credit:<credit note>`` or ``statement:<customer>-<first day>-<last day>`` (PDF). None when there is
        no such thing."""

    def link(self, shop: str, paper: str) -> str:
        """Its public address under an unguessable, signed name."""

    def shown(self, shop: str, path: str) -> str:
        """The public address of a product's or an event's picture that is a file of ours."""

    def named(self, shop: str, file: str) -> str | None:
        """The paper of ``shop`` that the last part of such an address stands for; None for every other name."""


class Papering:
    """The sending half of a channel that makes papers first, and knows an address for pictures that are files of ours:
    a channel takes the one or the other."""

    def __init__(self, channel: Sending, papers: Papers) -> None:
        self._channel = channel
        self._papers = papers

    async def send(self, http: Http, outgoing: Outgoing) -> Outcome:
        """See ports.Channel. RETRY when the paper could not be made, NEVER when there is nothing to make it of."""
        message = outgoing.message
        if isinstance(message, Image | Document) and message.paper:
            try:
                content = await self._papers.make(outgoing.address.shop, message.paper)
            except Exception as error:  # whatever a drawing library raises is no reason to stop a lane
                log.error("paper_failed", exc_info=error, extra={"shop": outgoing.address.shop})
                return Outcome(OutcomeClass.RETRY, reason=NOT_MADE)
            if content is None:
                return Outcome(OutcomeClass.NEVER, reason=NO_SUCH_PAPER)
            link = self._papers.link(outgoing.address.shop, message.paper) + (FETCHED if filed(message) else "")
            message = msgspec.structs.replace(message, content=content, link=link)
            outgoing = msgspec.structs.replace(outgoing, message=message)
        elif isinstance(message, Image) and message.path and not message.link:
            link = self._papers.shown(outgoing.address.shop, message.path)
            outgoing = msgspec.structs.replace(outgoing, message=msgspec.structs.replace(message, link=link))
        return await self._channel.send(http, outgoing)

    async def found(self, http: Http, outgoing: Outgoing) -> Sequence[str]:
        """See ports.Sending."""
        return await self._channel.found(http, outgoing)

    async def mark_read(self, http: Http, inbound_id: str) -> Outcome:
        """See ports.Channel."""
        return await self._channel.mark_read(http, inbound_id)
