"""Who gets a campaign and what they read: the parts that are frozen, the preview, and test messages."""

from __future__ import annotations

import msgspec

from engine.address import DAY, Address, Link
from engine.audience import Audience
from engine.campaigns import Campaign, Plan, Recipient, Variant
from engine.commit import Commit
from engine.gathering import Gatherer
from engine.marketing import offer
from engine.messages import Buttons, Outgoing, Purpose, Template, Text
from engine.orders import Customer
from engine.short_links import KEY, followed
from storage.memory import MemoryStore
from tests.engine.shops import bakery
from tests.storage.values import NOW, SHOP, FixedClock

BAKERY = bakery(languages=("en", "sw"))
URL = "https://sokoni.example"
TALK = b'{"phone":"254700000001","language":"sw"}'


def campaign(*variants: Variant, **more: object) -> Campaign:
    audience = msgspec.json.encode(Audience(everybody=True)).decode()
    return Campaign(SHOP, "m1", Plan("Mangoes", variants, **{"audience": audience, **more}))  # type: ignore[arg-type]


async def furnished() -> tuple[MemoryStore, Gatherer]:
    """Ann and Ben, of whom a name is known of one; Zoe, who wants no offers."""
    store = MemoryStore(FixedClock())
    cards = (
        Customer("ann", SHOP, "Ann", "254700000001", language="sw"),
        Customer("ben", SHOP, "", "254700000002"),
        Customer("zoe", SHOP, "Zoe", "254700000003", marketing=False),
    )
    await store.save_customers(SHOP, cards)
    return store, Gatherer(store, {SHOP: BAKERY}, FixedClock(), URL + "/")


async def test_a_part_holds_recipients_and_counts_who_is_none() -> None:
    _, gatherer = await furnished()
    part = await gatherer.part(campaign(Variant(text="Hi {name}")), "", 100)
    assert part.recipients == (Recipient("ann", "254700000001", "", "A", offer("Hi Ann", "sw", BAKERY)),)
    assert (part.excluded, part.after) == ({"incomplete": 1, "opted_out": 1}, "")


async def test_parts_are_the_whole_and_the_same_when_asked_again() -> None:
    _, gatherer = await furnished()
    plan = campaign(Variant("A", text="a"), Variant("B", text="b"))
    whole = await gatherer.part(plan, "", 100)
    first = await gatherer.part(plan, "", 1)
    rest = await gatherer.part(plan, first.after, 100)
    assert first.recipients + rest.recipients == whole.recipients
    assert await gatherer.part(plan, "", 100) == whole


async def test_each_reader_has_a_link_of_their_own() -> None:
    store, gatherer = await furnished()
    part = await gatherer.part(campaign(Variant(text="{link:https://shop.example/new}")), "", 100)
    for one in part.recipients:
        assert isinstance(one.message, Buttons)
        start, token = one.message.body.split("/l/")
        found = followed(await store.key(KEY), token)
        assert start == URL
        assert found is not None
        assert found.customer == one.customer
        assert await store.link_target(found.link) == "https://shop.example/new"


async def test_whoever_has_had_enough_is_no_recipient() -> None:
    store, gatherer = await furnished()
    had = Outgoing(f"{SHOP}/ann:1:0", Address(SHOP, "ann"), "1", "", Text("Offer"), Purpose.BULK, NOW - DAY)
    await store.commit(Commit(Address(SHOP, "ann"), 1, TALK, NOW, "w1", outbox=(had,)))
    for within, excluded in ((2 * DAY, {"capped": 1, "opted_out": 1}), (DAY // 2, {"opted_out": 1})):
        part = await gatherer.part(campaign(Variant(template="t"), cap=1, within=within), "", 100)
        assert part.excluded == excluded


async def test_a_preview_counts_what_the_parts_would_be() -> None:
    store, gatherer = await furnished()
    await store.commit(Commit(Address(SHOP, "eve"), 1, b'{"phone":"254700000004"}', NOW, "w1", heard=NOW))
    plan = campaign(Variant("A", text="Hi {city:you}"), Variant("B", 0, text="b"))
    seen = await gatherer.preview(plan)
    assert (seen.recipients, seen.variants, seen.excluded) == (3, {"A": 3}, {"opted_out": 1})
    assert (seen.templates, seen.closed) == (0, 2), "only Eve has written within a day"
    assert {one.customer for one in seen.samples} == {"ann", "ben", "eve"}
    both = await gatherer.preview(campaign(Variant(text="Hi {name}", template="t")))
    assert (both.recipients, both.missing, both.excluded) == (1, {"name": 2}, {"incomplete": 2, "opted_out": 1})
    assert (both.templates, both.closed) == (1, 0)


async def test_a_test_message_shows_every_variant_and_where_something_is_missing() -> None:
    _, gatherer = await furnished()
    plan = campaign(Variant("A", text="Hi {name} of {city}"), Variant("B", 0, template="t", parameters=("{name}",)))
    told = await gatherer.trials(plan, "254700000009")
    assert [one.message for one in told.recipients] == [
        offer("Hi [name] of [city]", "en", BAKERY),
        Template("t", "en", ("[name]",)),
    ]
    assert told.missing == ("city", "name")
    assert {one.phone for one in told.recipients} == {"254700000009"}


async def test_a_test_message_to_a_customer_reads_as_theirs() -> None:
    store, gatherer = await furnished()
    links = (Link("phone", "254700000001"),)
    await store.commit(Commit(Address(SHOP, "ann"), 1, TALK, NOW, "w1", links=links))
    (one,), missing = await gatherer.trials(campaign(Variant(text="Hi {name}")), "254700000001")
    assert (one.message, one.customer, missing) == (offer("Hi Ann", "sw", BAKERY), "ann", ())
