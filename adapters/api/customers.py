"""Customers as the shop keeps them, and what the owner sets on their cards."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, structs

from adapters.api.answers import Done, Later, Page, Refusal
from adapters.api.endpoint import HOME, Call, Noun
from adapters.api.fields import BusinessName, CustomerId, Word, one_line, plain
from adapters.api.letters import letter, told
from adapters.api.paging import Paged, page_of
from engine import text
from engine.address import Address
from engine.events import HandoverWanted
from engine.orders import Customer

customers = Noun("customers", "Who buys, with their price list, credit and region.")

CREDIT_AT_MOST = 365


class CustomerShown(msgspec.Struct, frozen=True, rename="camel"):
    """A customer's card. ``marketing`` is false after *stop*; offers are not sent then."""

    id: str
    name: str
    phone: str
    email: str
    address: str
    language: str
    marketing: bool
    active: bool
    price_list: str
    credit_days: int
    region: str


class CustomerQuery(Paged, frozen=True, kw_only=True, rename="camel"):
    """Which customers."""


class CustomerSet(msgspec.Struct, frozen=True, rename="camel"):
    """What the owner sets, all of it; everything else on the card is the customer's own."""

    name: BusinessName
    price_list: Word
    credit_days: Annotated[
        int, Meta(ge=0, le=CREDIT_AT_MOST, description=f"a whole number from 0 to {CREDIT_AT_MOST}", examples=[30])
    ]
    region: Word


def card_shown(card: Customer) -> CustomerShown:
    return CustomerShown(**{name: getattr(card, name) for name in CustomerShown.__struct_fields__})


@customers.get("/api/admin/customers", "Customers, the latest first", home=HOME)
async def listed(call: Call, query: CustomerQuery) -> Page[CustomerShown]:
    return await page_of(query, lambda limit, offset: call.store.customers(call.shop.name, limit, offset), card_shown)


@customers.get("/api/admin/customers/<customer>", "One customer", home=HOME)
async def one(call: Call, customer: CustomerId) -> CustomerShown:
    return card_shown(await card_of(call, customer))


@customers.put(
    "/api/admin/customers/<customer>",
    "Set a customer's name, price list, credit and region",
    home=HOME,
)
async def put(call: Call, customer: CustomerId, body: CustomerSet) -> Done[CustomerShown]:
    """They hold from the customer's next message on."""
    before = await card_of(call, customer)
    lists = call.shop.terms.price_lists
    price_list = one_line(body.price_list)
    if price_list and price_list not in lists:
        known = ", ".join(sorted(lists)) or "none"
        raise Refusal(409, f"This shop has no price list {price_list!r}; it has {known}.")
    card = structs.replace(
        before,
        name=plain(text.business_name, body.name),
        price_list=price_list,
        credit_days=body.credit_days,
        region=one_line(body.region),
    )
    await call.store.save_customers(call.shop.name, [card])
    return Done("The customer's card is saved.", card_shown(card))


class HandsShown(msgspec.Struct, frozen=True, rename="camel"):
    """Who answers a customer: ``human``, else the bot."""

    id: str
    human: bool


@customers.post("/api/admin/customers/<customer>/take", "Answer a customer oneself", home=HOME)
async def take(call: Call, customer: CustomerId) -> Done[HandsShown] | Later:
    """The bot is silent until the customer is given back, or the shop's ``handover_minutes`` have passed; its replies
    that have not left yet are not sent. News of orders and payments still are."""
    return await hand(call, await _talking(call, customer), human=True)


@customers.post("/api/admin/customers/<customer>/give-back", "Let the bot answer a customer again", home=HOME)
async def give_back(call: Call, customer: CustomerId) -> Done[HandsShown] | Later:
    """From the customer's next message on."""
    return await hand(call, await _talking(call, customer), human=False)


async def hand(call: Call, to: Address, *, human: bool, phone: str = "") -> Done[HandsShown] | Later:
    """Who answers from now on. ``phone``: where somebody is reached who may never have written."""
    if not await told(call, letter(call, to, HandoverWanted(human, call.by), phone=phone)):
        return Later()
    return Done("You answer now." if human else "The bot answers again.", HandsShown(to.customer, human))


async def _talking(call: Call, customer: str) -> Address:
    """The customer of this id, who has a conversation or only a card."""
    address = _whose(call, customer)
    if await call.store.wake(address) is None:
        await card_of(call, customer)
    return address


def _whose(call: Call, customer: str) -> Address:
    """An id that an order or a list has told may be of somebody who is another customer by now."""
    return call.running.supervisor.whose(Address(call.shop.name, customer))


async def card_of(call: Call, customer: str) -> Customer:
    """The card of this customer, or of whom they are now; Refusal 404 when there is none."""
    card = await call.store.customer(_whose(call, customer))
    if card is None:
        raise Refusal(404, f"There is no customer {customer}.")
    return card
