"""A campaign's plan in bodies: moments as RFC 3339, amounts in major units, numbers with or without their plus sign."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from adapters.api.amounts import major, minor
from adapters.api.answers import faulty
from adapters.api.fields import Amount, Moment, Phone, Sku, Title, Word, millis, one_line, shown
from adapters.api.tags import Tags
from engine.address import HOUR, Millis
from engine.audience import PHONES_AT_MOST, Audience, Bought
from engine.campaign_texts import CAP_AT_MOST, PACE_AT_MOST, VARIANTS_AT_MOST, audience_of, faults
from engine.campaigns import Campaign, Plan, Variant
from engine.shop import Shop

ORDERS_AT_MOST = 10_000
WITHIN_HOURS_AT_MOST = 24 * 365

Words = Annotated[
    str,
    Meta(
        max_length=4_096,
        description="a text of up to 4096 characters with fields: {name}, {name:friend}, {link:https://…}",
        examples=["Hello {name:friend}, the mangoes are here: {link:https://shop.example/mangoes}"],
    ),
]
Parameter = Annotated[str, Meta(max_length=1_024, description="a text with fields", examples=["{name:friend}"])]
TemplateName = Annotated[
    str, Meta(max_length=512, description="a template's name as the provider knows it, or empty", examples=["mangoes"])
]
Language = Annotated[str, Meta(max_length=12, description="a language's code, or empty", examples=["sw"])]
Phones = Annotated[
    list[Phone],
    Meta(
        max_length=PHONES_AT_MOST,
        description=f"up to {PHONES_AT_MOST} phone numbers in international form",
        examples=[["+254712345678"]],
    ),
]


class BoughtSet(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Has ordered: ``sku`` (empty: anything) from ``since`` until before ``until`` (null: open), at least ``orders``
    times, for ``spent`` or more in all."""

    sku: Sku | None = None
    since: Moment | None = None
    until: Moment | None = None
    orders: Annotated[
        int, Meta(ge=1, le=ORDERS_AT_MOST, description=f"a whole number from 1 to {ORDERS_AT_MOST}", examples=[1])
    ] = 1
    spent: Amount = 0


class AudienceSet(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """For whom: every condition that is given must hold. ``everybody`` stands for none at all. ``city``: the region on
    the card, or a word of the address. ``languages``, ``tags``: one of these; ``withoutTags``: none. ``attended``: an
    event's id. ``phones``: these numbers, whether they have ever written or not."""

    everybody: bool = False
    bought: Annotated[BoughtSet, Meta(description="an object with conditions")] | None = None
    city: Word = ""
    languages: Annotated[list[Language], Meta(max_length=20, description="up to 20 languages", examples=[["sw"]])] = []
    tags: Tags = []
    without_tags: Tags = []
    seen_since: Moment | None = None
    seen_until: Moment | None = None
    attended: Word = ""
    phones: Phones = []


class VariantSet(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One text of several that are tried against each other; ``share``: of all shares, how many get it. A ``text``
    reaches who has written within a day, a ``template`` everybody; with both, the template goes where only that may.
    ``language`` of the template, empty: each customer's."""

    name: Word = "A"
    share: Annotated[int, Meta(ge=0, le=1_000, description="a whole number from 0 to 1000", examples=[1])] = 1
    text: Words = ""
    template: TemplateName = ""
    language: Language = ""
    parameters: Annotated[
        list[Parameter], Meta(max_length=10, description="up to 10 texts with fields", examples=[["{name:friend}"]])
    ] = []


class PlanSet(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All of a plan. ``pace``: messages per second at most (0: the number's own). ``startsAt``: when it starts once it
    is scheduled; later than ``latestStart`` it does not any more. ``cap``: nobody gets more than so many campaign
    messages within ``withinHours`` (0: no matter)."""

    name: Title
    audience: Annotated[AudienceSet, Meta(description="an object with conditions")]
    variants: Annotated[
        list[VariantSet],
        Meta(min_length=1, max_length=VARIANTS_AT_MOST, description=f"a list of 1 to {VARIANTS_AT_MOST} variants"),
    ]
    pace: Annotated[
        float, Meta(ge=0, le=PACE_AT_MOST, description=f"a number from 0 to {PACE_AT_MOST:g}", examples=[20])
    ] = 0
    starts_at: Moment | None = None
    latest_start: Moment | None = None
    cap: Annotated[
        int, Meta(ge=0, le=CAP_AT_MOST, description=f"a whole number from 0 to {CAP_AT_MOST}", examples=[2])
    ] = 2
    within_hours: Annotated[
        int,
        Meta(
            ge=1,
            le=WITHIN_HOURS_AT_MOST,
            description=f"a whole number from 1 to {WITHIN_HOURS_AT_MOST}",
            examples=[168],
        ),
    ] = 168


# -- into the engine's ------------------------------------------------------------------------------------------------
def plan_of(body: PlanSet, shop: Shop, skus: Collection[str], now: Millis) -> Plan:
    """A plan that may start; ``skus``: of all products there ever were. Refuses with a sentence for each slip."""
    plan = Plan(
        name=one_line(body.name),
        variants=tuple([_variant(one) for one in body.variants]),
        audience=msgspec.json.encode(_audience(body.audience, shop)).decode(),
        pace=body.pace,
        starts_at=_since(body.starts_at),
        latest_start=_since(body.latest_start),
        cap=body.cap,
        within=body.within_hours * HOUR,
    )
    wrong = dict(faults(plan, shop, now))
    wrong |= {field: why for field, why in _strangers(audience_of(plan), shop, skus).items() if field not in wrong}
    if wrong:
        raise faulty(wrong)
    return plan


def _variant(body: VariantSet) -> Variant:
    return Variant(
        one_line(body.name), body.share, body.text, body.template.strip(), body.language, tuple(body.parameters)
    )


def _audience(body: AudienceSet, shop: Shop) -> Audience:
    return Audience(
        everybody=body.everybody,
        bought=_bought(body.bought, shop.currency) if body.bought is not None else None,
        city=one_line(body.city),
        languages=tuple(body.languages),
        tags=tuple(body.tags),
        without_tags=tuple(body.without_tags),
        seen_since=_since(body.seen_since),
        seen_until=_since(body.seen_until),
        attended=body.attended.strip(),
        phones=tuple([phone.removeprefix("+") for phone in body.phones]),
    )


def _bought(body: BoughtSet, currency: str) -> Bought:
    spent = minor(body.spent, currency, "audience.bought.spent")
    return Bought(body.sku or "", _since(body.since), _since(body.until), body.orders, spent)


def _since(moment: datetime | None) -> Millis:
    return millis(moment) if moment is not None else 0


def _strangers(audience: Audience, shop: Shop, skus: Collection[str]) -> Mapping[str, str]:
    """Names in conditions that nobody will ever fit, because the shop does not know them."""
    sku = audience.bought.sku if audience.bought else ""
    odd = [one for one in audience.languages if one not in shop.languages]
    found = {
        "audience.bought.sku": f"there is no product {sku}" if sku and sku not in skus else "",
        "audience.attended": f"there is no event {audience.attended}"
        if audience.attended and shop.programme.event(audience.attended) is None
        else "",
        "audience.languages": f"the shop does not speak {odd[0]}; it has {', '.join(shop.languages)}" if odd else "",
    }
    return {field: why for field, why in found.items() if why}


# -- as it is shown ---------------------------------------------------------------------------------------------------
class BoughtShown(msgspec.Struct, frozen=True, rename="camel"):
    """See BoughtSet."""

    sku: str
    since: datetime | None
    until: datetime | None
    orders: int
    spent: float


class AudienceShown(msgspec.Struct, frozen=True, rename="camel"):
    """See AudienceSet. Of listed numbers only how many there are."""

    everybody: bool
    bought: BoughtShown | None
    city: str
    languages: list[str]
    tags: list[str]
    without_tags: list[str]
    seen_since: datetime | None
    seen_until: datetime | None
    attended: str
    phones: int


class VariantShown(msgspec.Struct, frozen=True, rename="camel"):
    """See VariantSet."""

    name: str
    share: int
    text: str
    template: str
    language: str
    parameters: list[str]


class PlanShown(msgspec.Struct, frozen=True, rename="camel"):
    """See PlanSet."""

    name: str
    audience: AudienceShown
    variants: list[VariantShown]
    pace: float
    starts_at: datetime | None
    latest_start: datetime | None
    cap: int
    within_hours: int


def plan_shown(campaign: Campaign, shop: Shop) -> PlanShown:
    plan = campaign.plan

    def moment(at: Millis) -> datetime | None:
        return shown(at, shop.timezone) if at else None

    audience = audience_of(plan)
    bought = audience.bought
    return PlanShown(
        name=plan.name,
        audience=AudienceShown(
            everybody=audience.everybody,
            bought=BoughtShown(
                bought.sku,
                moment(bought.since),
                moment(bought.until),
                bought.orders,
                major(bought.spent, shop.currency),
            )
            if bought is not None
            else None,
            city=audience.city,
            languages=list(audience.languages),
            tags=list(audience.tags),
            without_tags=list(audience.without_tags),
            seen_since=moment(audience.seen_since),
            seen_until=moment(audience.seen_until),
            attended=audience.attended,
            phones=len(audience.phones),
        ),
        variants=[
            VariantShown(one.name, one.share, one.text, one.template, one.language, list(one.parameters))
            for one in plan.variants
        ],
        pace=plan.pace,
        starts_at=moment(plan.starts_at),
        latest_start=moment(plan.latest_start),
        cap=plan.cap,
        within_hours=plan.within // HOUR,
    )
