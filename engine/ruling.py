"""The one place that decides, at the moment of sending, whether a message may go as it is (quality.md 7, 8).

    begun before, and found at the provider         ─▶ SENT: it went out then
    bulk, and its customer has opted out            ─▶ SKIPPED
    a template that the provider has stopped,
    or refuses because it has                       ─▶ HELD until it may be sent again (engine.template_sync)
    inside the 24-hour window                       ─▶ as it is
    outside, or refused for it by the provider      ─▶ as its stand-in, a template; without one HELD until they write,
                                                       or SKIPPED when it is bulk: an offer of last month is none

The turn has said until when it knew the window to be open; only a message that goes later costs a look into the store,
for the customer may have written since. Our own messages never extend the window (protocols.md 1.10).
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from engine.messages import OPTED_OUT, Outcome, OutcomeClass, Outgoing, Purpose, Template
from engine.ports import Clock, Http, NotSent, Sending, Store
from engine.template_states import UNSURE, stopped
from engine.template_sync import TemplateSync
from engine.window import FREE

WAITS = "Only a template may go now, and the shop has none for this. It waits until the customer writes."
NO_OFFER = "Only a template may go now, and the campaign names none. Nothing to do."
NOT_LOOKED_FOR = (
    "The provider could not be asked whether the message went out before. Nothing to do: it is asked again first."
)
NO_TEMPLATE_EITHER = "WhatsApp takes neither the message nor its template now. Write to the customer another way."


class Ruling:
    """The sending half of a channel that keeps to the rules."""

    def __init__(self, channel: Sending, store: Store, clock: Clock, templates: TemplateSync) -> None:
        self._channel = channel
        self._store = store
        self._clock = clock
        self._templates = templates

    async def send(self, http: Http, outgoing: Outgoing) -> Outcome:
        """See ports.Sending. A reminder that would be held is not sent at all: by the time its customer writes, what it
        reminds of may be paid."""
        outcome = await self._sent(http, outgoing)
        if outcome.kind is OutcomeClass.HELD and await self._store.reminds(outgoing.key):
            return replace(outcome, kind=OutcomeClass.SKIPPED)
        return outcome

    async def _sent(self, http: Http, outgoing: Outgoing) -> Outcome:
        if outgoing.attempts > 1 and (went := await self._went(http, outgoing)) is not None:
            return went
        if outgoing.purpose is Purpose.BULK and await self._opted_out(outgoing):
            return Outcome(OutcomeClass.SKIPPED, reason=OPTED_OUT)
        if isinstance(outgoing.message, Template):
            return await self._template(http, outgoing, outgoing.message)
        if await self._closed(outgoing):
            return await self._stand_in(http, outgoing, _too_late(outgoing))
        outcome = await self._channel.send(http, outgoing)
        if outcome.kind is not OutcomeClass.NEEDS_TEMPLATE:
            return outcome
        return await self._stand_in(http, outgoing, replace(outcome, kind=OutcomeClass.HELD))

    async def mark_read(self, http: Http, inbound_id: str) -> Outcome:
        """See ports.Sending."""
        return await self._channel.mark_read(http, inbound_id)

    async def found(self, http: Http, outgoing: Outgoing) -> Sequence[str]:
        """See ports.Sending."""
        return await self._channel.found(http, outgoing)

    async def _went(self, http: Http, outgoing: Outgoing) -> Outcome | None:
        """What a send begun before has become, where the provider tells; None where it is to be sent. A message that
        another row went out as is not this one's, though it says the same."""
        try:
            ids = await self._channel.found(http, outgoing)
        except NotSent:
            return Outcome(OutcomeClass.RETRY, reason=NOT_LOOKED_FOR)
        known = await self._store.keys_of(outgoing.address.shop, ids) if ids else {}
        mine = next((one for one in ids if known.get(one, outgoing.key) == outgoing.key), None)
        return None if mine is None else Outcome(OutcomeClass.SENT, mine)

    async def _stand_in(self, http: Http, outgoing: Outgoing, otherwise: Outcome) -> Outcome:
        """Send what stands in for a message; ``otherwise`` where nothing does."""
        if outgoing.fallback is None:
            return otherwise
        return await self._sent(http, replace(outgoing, message=outgoing.fallback, fallback=None))

    async def _template(self, http: Http, outgoing: Outgoing, template: Template) -> Outcome:
        """A stand-in comes here too: when it is stopped, the words that it stands in for are held, and go when the
        customer writes. What the provider refuses because its template is stopped was only sent because we had not
        heard of that yet, and must not be lost for it."""
        shop = outgoing.address.shop
        known = await self._store.template_state(shop, template.name, template.language)
        if known is not None and (why := stopped(known)):
            return Outcome(OutcomeClass.HELD, reason=why)
        outcome = await self._channel.send(http, outgoing)
        if outcome.kind is OutcomeClass.NEEDS_TEMPLATE:
            return replace(outcome, kind=OutcomeClass.NEVER, reason=NO_TEMPLATE_EITHER)
        if outcome.template:
            why = await self._templates.refused(shop, template, outcome.template)
            return replace(outcome, kind=OutcomeClass.HELD, reason=why)
        if outcome.kind is OutcomeClass.SENT and known is not None and known.status == UNSURE:
            await self._templates.accepted(shop, template)
        return outcome

    async def _closed(self, outgoing: Outgoing) -> bool:
        now = self._clock.now()
        if not outgoing.free_until or now < outgoing.free_until:
            return False
        return await self._store.heard_at(outgoing.address) + FREE <= now

    async def _opted_out(self, outgoing: Outgoing) -> bool:
        card = await self._store.customer(outgoing.address)
        return card is not None and not card.marketing


def _too_late(outgoing: Outgoing) -> Outcome:
    """What becomes of free text that has no stand-in, outside the window."""
    if outgoing.purpose is Purpose.BULK:
        return Outcome(OutcomeClass.SKIPPED, reason=NO_OFFER)
    return Outcome(OutcomeClass.HELD, reason=WAITS)
