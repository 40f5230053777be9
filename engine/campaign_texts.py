"""A campaign's texts, read once and filled in for each: what an owner may write, and what each reader gets.

plan ── faults ──▶ a sentence for each slip, before anything is kept
  └─── read ─────▶ Texts ── message ──▶ the words (with the way out of offers), the template, or both
                                └─────▶ Unfit: nothing is known for a field, or the words came out too long
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

import msgspec

from engine.address import Millis
from engine.audience import Audience, Person
from engine.audience import faults as audience_faults
from engine.campaigns import Plan, Variant
from engine.errors import BadInput
from engine.fields import NAMES, Fielded, first_name, read
from engine.marketing import offer, room
from engine.messages import Buttons, Template, Text
from engine.shop import Shop
from engine.splitting import variant_of

VARIANTS_AT_MOST = 5
SHARES_AT_MOST = 1_000
PARAMETERS_AT_MOST = 10
PARAMETER_AT_MOST = 1_024
"""Characters of one of a template's parameters (Meta: of all of a body)."""
NAME_AT_MOST = 80
PACE_AT_MOST = 1_000.0
CAP_AT_MOST = 100

_audience = msgspec.json.Decoder(Audience)


class Unfit(str, Enum):
    """Why there is no message for somebody, although they could be reached."""

    INCOMPLETE = "incomplete"
    TOO_LONG = "too_long"


class Made(NamedTuple):
    """What one reader gets: see campaigns.Recipient."""

    variant: str
    message: Text | Buttons | Template
    fallback: Template | None = None


class Lacking(NamedTuple):
    """There is no message; ``fields`` are those for which nothing is known."""

    why: Unfit
    fields: tuple[str, ...] = ()


class _Read(NamedTuple):
    variant: Variant
    text: Fielded | None
    parameters: tuple[Fielded, ...]

    @property
    def links(self) -> tuple[str, ...]:
        found = [url for one in (self.text, *self.parameters) if one is not None for url in one.links]
        return tuple(dict.fromkeys(found))


Short = Callable[[str, str], str]
"""Makes the short link of a variant (its name) to an address."""


class Texts:
    """All variants of one plan, for readers of one shop. BadInput where the plan has faults."""

    def __init__(self, campaign: str, plan: Plan, shop: Shop) -> None:
        self._campaign, self._shop = campaign, shop
        self._variants = [_read(variant) for variant in plan.variants]
        self._shares = [variant.share for variant in plan.variants]

    @property
    def links(self) -> Mapping[str, tuple[str, ...]]:
        """Where each variant's links lead."""
        return {one.variant.name: one.links for one in self._variants if one.links}

    def message(self, person: Person, short: Short) -> Made | Lacking:
        """What this reader gets, the same whenever it is asked."""
        return self._made(self._variants[variant_of(self._campaign, person.customer, self._shares)], person, short)

    def trials(self, person: Person, short: Short) -> list[Made | Lacking]:
        """Every variant as this reader would see it."""
        return [self._made(one, person, short) for one in self._variants]

    def _made(self, one: _Read, person: Person, short: Short) -> Made | Lacking:
        known = known_of(person, self._shop)
        missing = [name for part in (one.text, *one.parameters) if part is not None for name in part.missing(known)]
        if missing:
            return Lacking(Unfit.INCOMPLETE, tuple(dict.fromkeys(missing)))

        def link(url: str) -> str:
            return short(one.variant.name, url)

        language = person.language if person.language in self._shop.languages else self._shop.languages[0]
        template = None
        if one.variant.template:
            # A parameter with line breaks, or without anything in it, is refused by the provider.
            parameters = tuple([" ".join(part.filled(known, link).split()) for part in one.parameters])
            if not all(parameters):
                return Lacking(Unfit.INCOMPLETE)
            if any(len(part) > PARAMETER_AT_MOST for part in parameters):
                return Lacking(Unfit.TOO_LONG)
            template = Template(one.variant.template, one.variant.language or language, parameters)
        if one.text is None:
            assert template is not None, "a variant without words has a template"
            return Made(one.variant.name, template)
        words = one.text.filled(known, link).strip()
        if not words:
            return Lacking(Unfit.INCOMPLETE)
        if len(words) > room(self._shop):
            return Lacking(Unfit.TOO_LONG)
        return Made(one.variant.name, offer(words, language, self._shop), template)


def known_of(person: Person, shop: Shop) -> Mapping[str, str]:
    """What fields stand for, by their names."""
    return {
        "name": person.name,
        "first_name": first_name(person.name),
        "city": person.city,
        "phone": f"+{person.phone}" if person.phone else "",
        "shop": shop.title,
    }


def _read(variant: Variant) -> _Read:
    text = read(variant.text) if variant.text else None
    return _Read(variant, text, tuple([read(one) for one in variant.parameters]))


def audience_of(plan: Plan) -> Audience:
    """Whom a plan means. BadInput where that can't be read, which no plan is that was checked."""
    try:
        return _audience.decode(plan.audience)
    except msgspec.DecodeError as error:
        raise BadInput("The campaign does not say for whom it is. Give it an audience.") from error


# -- what an owner writes --------------------------------------------------------------------------------------------
def faults(plan: Plan, shop: Shop, now: Millis) -> Mapping[str, str]:
    """What can't be meant, a sentence for each field; none when it may start."""
    found = {
        "name": "" if 0 < len(plan.name) <= NAME_AT_MOST else f"expected 1 to {NAME_AT_MOST} characters",
        "pace": "" if 0 <= plan.pace <= PACE_AT_MOST else f"expected 0 to {PACE_AT_MOST:g} messages per second",
        "cap": "" if 0 <= plan.cap <= CAP_AT_MOST else f"expected 0 to {CAP_AT_MOST}",
        "startsAt": "it is over" if 0 < plan.starts_at <= now else "",
        "latestStart": _latest(plan, now),
        "variants": _variants(plan.variants),
        **_audience_faults(plan),
    }
    for place, variant in enumerate(plan.variants):
        found |= {f"variants[{place}].{field}": why for field, why in _variant(variant, shop).items()}
    return {field: why for field, why in found.items() if why}


def _latest(plan: Plan, now: Millis) -> str:
    if not plan.latest_start:
        return ""
    return "expected a moment after the start" if plan.latest_start < max(plan.starts_at, now) else ""


def _audience_faults(plan: Plan) -> Mapping[str, str]:
    try:
        audience = audience_of(plan)
    except BadInput:
        return {"audience": "it is missing; expected for whom the campaign is"}
    return {f"audience.{field}": why for field, why in audience_faults(audience).items()}


def _variants(variants: Sequence[Variant]) -> str:
    if not 1 <= len(variants) <= VARIANTS_AT_MOST:
        return f"expected 1 to {VARIANTS_AT_MOST} variants"
    if len({one.name for one in variants}) < len(variants):
        return "two have the same name"
    return "" if any(one.share for one in variants) else "expected a share above 0"


def _variant(variant: Variant, shop: Shop) -> dict[str, str]:
    languages = ", ".join(shop.languages)
    return {
        "name": "" if 0 < len(variant.name) <= NAME_AT_MOST else f"expected 1 to {NAME_AT_MOST} characters",
        "share": "" if 0 <= variant.share <= SHARES_AT_MOST else f"expected 0 to {SHARES_AT_MOST}",
        "text": _text(variant, shop),
        "language": "" if variant.language in ("", *shop.languages) else f"the shop speaks {languages}",
        "parameters": _parameters(variant),
    }


def _text(variant: Variant, shop: Shop) -> str:
    if not variant.text.strip():
        return "" if variant.template else "it is missing; expected a text, or a template's name"
    slip = _slip(variant.text)
    if slip:
        return slip
    bare = read(variant.text).filled(dict.fromkeys(NAMES, ""), lambda url: "")
    return f"expected at most {room(shop)} characters" if len(bare) > room(shop) else ""


def _parameters(variant: Variant) -> str:
    if variant.parameters and not variant.template:
        return "there is no template to take them"
    if len(variant.parameters) > PARAMETERS_AT_MOST:
        return f"expected at most {PARAMETERS_AT_MOST}"
    if any(not one.strip() for one in variant.parameters):
        return "one of them is empty, which no provider takes"
    return next((slip for slip in map(_slip, variant.parameters) if slip), "")


def _slip(text: str) -> str:
    try:
        read(text)
    except BadInput as error:
        return str(error)
    return ""
