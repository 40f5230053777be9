"""The owner's own words for customers, by which campaigns choose whom they are for."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from adapters.api.answers import Done, Page, Refusal
from adapters.api.endpoint import HOME, Call, Noun
from adapters.api.fields import CustomerId, checked
from adapters.api.paging import Paged, page_of
from engine.address import Address
from engine.audience import TAG, TAGS_AT_MOST

tags = Noun("tags", "Words of the owner's own for customers, for example vip.")

TAGGED_AT_MOST = 1_000
"""Customers in one request."""


def _tag(value: str) -> str:
    return "" if TAG.fullmatch(value) else "expected small letters, digits and hyphens, such as vip or bakes-2026"


def _tags(values: list[str]) -> str:
    return next((why for why in map(_tag, values) if why), "")


Tag = Annotated[
    str,
    Meta(max_length=32, description="small letters, digits and hyphens", examples=["vip"], extra=checked(_tag)),
]
Tags = Annotated[
    list[str],
    Meta(
        max_length=TAGS_AT_MOST,
        description=f"up to {TAGS_AT_MOST} tags of small letters, digits and hyphens",
        examples=[["vip"]],
        extra=checked(_tags),
    ),
]
Customers = Annotated[
    list[CustomerId],
    Meta(
        min_length=1,
        max_length=TAGGED_AT_MOST,
        description=f"1 to {TAGGED_AT_MOST} ids of customers, as listed",
        examples=[["c0f3a9d2b1e4c5a6978"]],
    ),
]


class TagsSet(msgspec.Struct, frozen=True):
    """All the tags that a customer shall have."""

    tags: Tags


class TagsShown(msgspec.Struct, frozen=True):
    """One customer's tags, by the alphabet."""

    id: str
    tags: list[str]


class Tagging(msgspec.Struct, frozen=True):
    """Many customers at once: tags that each is given, and tags that are taken from each."""

    customers: Customers
    add: Tags = []
    remove: Tags = []


class Tagged(msgspec.Struct, frozen=True):
    customers: int


class TagShown(msgspec.Struct, frozen=True):
    """A tag and how many customers have it."""

    tag: str
    customers: int


class TagQuery(Paged, frozen=True, kw_only=True, rename="camel"):
    """Which tags; by the alphabet."""


@tags.get("/api/admin/tags", "The shop's tags, and how many customers have each", home=HOME)
async def listed(call: Call, query: TagQuery) -> Page[TagShown]:
    found = [TagShown(tag, count) for tag, count in (await call.store.tags(call.shop.name)).items()]

    async def part(limit: int, offset: int) -> list[TagShown]:
        return found[offset : offset + limit]

    return await page_of(query, part, lambda one: one)


@tags.post("/api/admin/tags", "Give tags to many customers, or take them", home=HOME)
async def tagged(call: Call, body: Tagging) -> Done[Tagged]:
    """What somebody has already, or never had, is nothing. Where a tag is given and taken it stays. Ids that are
    nobody's are left out, and so is whoever would have more than 20 tags by it."""
    if not body.add and not body.remove:
        why = {"add": "there is no tag in it", "remove": "nor in this"}
        raise Refusal(400, "Please say which tags to add or to remove.", why)
    fitting = [who for one in dict.fromkeys(body.customers) if (who := await _may_have(call, one, body)) is not None]
    if fitting:
        await call.store.tag(call.shop.name, fitting, body.add, body.remove)
    return Done(f"The tags of {len(fitting)} customers are saved.", Tagged(len(fitting)))


@tags.get("/api/admin/customers/<customer>/tags", "One customer's tags", home=HOME)
async def of_customer(call: Call, customer: CustomerId) -> TagsShown:
    address = await _known(call, customer)
    return TagsShown(address.customer, list(await call.store.tags_of(address)))


@tags.put("/api/admin/customers/<customer>/tags", "Set a customer's tags, all of them", home=HOME)
async def put(call: Call, customer: CustomerId, body: TagsSet) -> Done[TagsShown]:
    address = await _known(call, customer)
    before = await call.store.tags_of(address)
    await call.store.tag(call.shop.name, [address.customer], body.tags, before)
    return Done("The customer's tags are saved.", TagsShown(address.customer, sorted({*body.tags})))


async def _may_have(call: Call, customer: str, body: Tagging) -> str | None:
    address = call.running.supervisor.whose(Address(call.shop.name, customer))
    if not await _is_known(call, address):
        return None
    after = {*await call.store.tags_of(address)} - {*body.remove} | {*body.add}
    return address.customer if len(after) <= TAGS_AT_MOST else None


async def _known(call: Call, customer: str) -> Address:
    address = call.running.supervisor.whose(Address(call.shop.name, customer))
    if not await _is_known(call, address):
        raise Refusal(404, f"There is no customer {customer}.")
    return address


async def _is_known(call: Call, address: Address) -> bool:
    """Whoever has a card or has ever written."""
    return await call.store.customer(address) is not None or await call.store.wake(address) is not None
