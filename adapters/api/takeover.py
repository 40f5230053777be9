"""Who answers whom: customers taken and given back by their number, and who is in whose hands."""

from __future__ import annotations

import msgspec

from adapters.api.answers import Done, Later
from adapters.api.customers import HandsShown, hand
from adapters.api.endpoint import HOME, Call, Noun
from adapters.api.fields import Phone
from adapters.api.letters import customer_with
from adapters.api.messages import SessionQuery, Sessions, sessions_of

takeover = Noun("takeover", "Who answers whom: the bot, or a person.")


class NumberOf(msgspec.Struct, frozen=True):
    """The customer's number."""

    phone: Phone


@takeover.get("/api/admin/sessions", "Who stands where since when, and whom a person answers until when", home=HOME)
async def sessions(call: Call, query: SessionQuery) -> Sessions:
    return await sessions_of(call, query)


@takeover.post("/api/admin/take", "Answer whoever has this number oneself", home=HOME)
async def take(call: Call, body: NumberOf) -> Done[HandsShown] | Later:
    """Also somebody who never wrote: whatever they write within the shop's ``handover_minutes``, the bot is silent."""
    return await _hand(call, body.phone, human=True)


@takeover.post("/api/admin/give-back", "Let the bot answer whoever has this number again", home=HOME)
async def give_back(call: Call, body: NumberOf) -> Done[HandsShown] | Later:
    """From the customer's next message on."""
    return await _hand(call, body.phone, human=False)


async def _hand(call: Call, phone: str, *, human: bool) -> Done[HandsShown] | Later:
    digits = phone.removeprefix("+")
    return await hand(call, await customer_with(call, digits), human=human, phone=digits)
