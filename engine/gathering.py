"""Who gets a campaign, and what each of them reads: the audience of a plan, part by part, as its recipients.

Asked again, it gives the same people the same messages: variants and links follow from who somebody is, and nothing is
drawn or counted. Before the start the owner sees what would come of it (``preview``), from the very same parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from engine.address import Millis
from engine.audience import Audience, Cap, Person
from engine.campaign_texts import Lacking, Made, Short, Texts, audience_of
from engine.campaigns import Campaign, Part, Plan, Recipient
from engine.messages import Template
from engine.ports import Clock, Store
from engine.shop import Shop
from engine.short_links import KEY, PATH, token
from engine.window import FREE

AT_ONCE = 1_000
"""People that a preview looks at in one step."""
SAMPLES = 3
"""Messages that a preview shows of each variant."""
NO_CAP = Cap()


class Sample(NamedTuple):
    """A message as somebody would get it."""

    customer: str
    made: Made


class Preview(NamedTuple):
    """What would come of a plan now. ``variants``: how many get which. ``excluded``: whom the conditions fit and who
    get nothing, by reason. ``missing``: field → of how many nothing is known. ``templates``: how many get a template,
    because their variant has nothing else or they have not written within a day. ``closed``: how many would be left out
    because they have not, and their variant names no template."""

    recipients: int
    variants: Mapping[str, int]
    excluded: Mapping[str, int]
    missing: Mapping[str, int]
    templates: int
    closed: int
    samples: tuple[Sample, ...]


class Trials(NamedTuple):
    """Test messages; ``missing``: fields of which nothing is known, for which their names stand in brackets."""

    recipients: tuple[Recipient, ...]
    missing: tuple[str, ...]


class Gatherer:
    """See campaigns.Gathering. ``url`` is what the shop's own links begin with; ``shops`` is kept, not copied."""

    def __init__(self, store: Store, shops: Mapping[str, Shop], clock: Clock, url: str) -> None:
        self._store = store
        self._shops = shops
        self._clock = clock
        self._url = url.rstrip("/")
        self._key = b""

    async def part(self, campaign: Campaign, after: str, limit: int) -> Part:
        """See campaigns.Gathering."""
        plan, texts = campaign.plan, self.texts(campaign)
        part = await self._store.people(campaign.shop, audience_of(plan), self._cap(plan), after, limit)
        links = await self._links(campaign, texts)
        excluded: Counter[str] = Counter()
        recipients: list[Recipient] = []
        for one in part.people:
            if one.excluded is not None:
                excluded[one.excluded.value] += 1
                continue
            made = texts.message(one, links.of(one))
            if isinstance(made, Lacking):
                excluded[made.why.value] += 1
            else:
                recipients.append(recipient(one, made))
        return Part(tuple(recipients), dict(excluded), part.after)

    async def preview(self, campaign: Campaign) -> Preview:
        """What would come of it now; nothing is kept but the numbers of its links."""
        plan, texts = campaign.plan, self.texts(campaign)
        links, audience, cap = await self._links(campaign, texts), audience_of(plan), self._cap(plan)
        counts = _Counts(self._clock.now() - FREE)
        after = ""
        while True:
            part = await self._store.people(campaign.shop, audience, cap, after, AT_ONCE)
            for one in part.people:
                counts.add(one, texts.message(one, links.of(one)) if one.excluded is None else None)
            after = part.after
            if not after:
                return counts.told()

    async def trials(self, campaign: Campaign, phone: str) -> Trials:
        """Every variant as whoever has this number would read it. Where something is missing, its place says so."""
        texts, shop = self.texts(campaign), self._shops[campaign.shop]
        only = Audience(phones=(phone,))
        (one,) = (await self._store.people(shop.name, only, NO_CAP, "", 1)).people
        links = await self._links(campaign, texts)
        lacking = [made.fields for made in texts.trials(one, links.of(one)) if isinstance(made, Lacking)]
        shown = replace(one, phone=one.phone or phone)
        if lacking:
            shown = replace(shown, name=one.name or "[name]", city=one.city or "[city]")
        made = [each for each in texts.trials(shown, links.of(one)) if isinstance(each, Made)]
        missing = sorted({field for fields in lacking for field in fields})
        return Trials(tuple([recipient(shown, each) for each in made]), tuple(missing))

    def texts(self, campaign: Campaign) -> Texts:
        """The plan's texts, read."""
        return Texts(campaign.id, campaign.plan, self._shops[campaign.shop])

    def _cap(self, plan: Plan) -> Cap:
        return Cap(plan.cap, self._clock.now() - plan.within)

    async def _links(self, campaign: Campaign, texts: Texts) -> Links:
        numbers: dict[tuple[str, str], int] = {}
        for variant, urls in texts.links.items():
            found = await self._store.short_links(campaign.shop, campaign.id, variant, urls)
            numbers |= {(variant, url): number for url, number in found.items()}
        if numbers and not self._key:
            self._key = await self._store.key(KEY)
        return Links(self._url, self._key, numbers)


class Links:
    """The short links of one campaign."""

    def __init__(self, url: str, key: bytes, numbers: Mapping[tuple[str, str], int]) -> None:
        self._url, self._key, self._numbers = url, key, numbers

    def of(self, person: Person) -> Short:
        """Those of one reader."""

        def short(variant: str, url: str) -> str:
            return f"{self._url}{PATH}{token(self._key, person.customer, self._numbers[variant, url])}"

        return short


class _Counts:
    """A preview in the making."""

    def __init__(self, free_since: Millis) -> None:
        self._free_since = free_since
        self._variants: Counter[str] = Counter()
        self._excluded: Counter[str] = Counter()
        self._missing: Counter[str] = Counter()
        self._templates = 0
        self._closed = 0
        self._samples: list[Sample] = []

    def add(self, person: Person, made: Made | Lacking | None) -> None:
        match made:
            case None:
                assert person.excluded is not None
                self._excluded[person.excluded.value] += 1
            case Lacking(why, fields):
                self._excluded[why.value] += 1
                self._missing.update(fields)
            case Made(variant, message, fallback):
                self._variants[variant] += 1
                closed = person.heard <= self._free_since
                self._templates += isinstance(message, Template) or (closed and fallback is not None)
                self._closed += closed and fallback is None and not isinstance(message, Template)
                if self._variants[variant] <= SAMPLES:
                    self._samples.append(Sample(person.customer, made))

    def told(self) -> Preview:
        return Preview(
            sum(self._variants.values()),
            dict(sorted(self._variants.items())),
            dict(sorted(self._excluded.items())),
            dict(sorted(self._missing.items())),
            self._templates,
            self._closed,
            tuple(self._samples),
        )


def recipient(person: Person, made: Made) -> Recipient:
    """Somebody with what they get."""
    return Recipient(person.customer, person.phone, person.user_id, made.variant, made.message, made.fallback)
