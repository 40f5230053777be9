"""The shop's message templates, as the provider sees them."""

from __future__ import annotations

import msgspec

from adapters.api.answers import Page
from adapters.api.endpoint import HOME, Call, Noun
from adapters.api.paging import Paged, page_of
from engine.template_states import MISSING, TemplateState, Wanted, trouble, wanted

templates = Noun("templates", "The shop's message templates: which may be sent, and what is wrong with the others.")


class TemplateShown(msgspec.Struct, frozen=True, rename="camel"):
    """``status`` and ``quality`` are the provider's words in lower case, "" where it has not said; ``unsure`` is ours:
    it was paused, and nobody has said since how it stands, so it is tried. ``language`` "": it holds for any.
    ``needed``: the shop's terms name it. ``problem``: a sentence with the next step, "" when it may be sent."""

    name: str
    language: str
    status: str
    quality: str
    reason: str
    needed: bool
    problem: str


class TemplateQuery(Paged, frozen=True, kw_only=True, rename="camel"):
    """Which templates."""


@templates.get("/api/admin/templates", "What is known of each message template, by name and language", home=HOME)
async def listed(call: Call, query: TemplateQuery) -> Page[TemplateShown]:
    """Those that the shop's terms name are there in any case. What a provider says comes at the start, every hour and
    by webhook; one that can't say leaves status and problem empty."""
    states = await call.store.template_states(call.shop.name)
    needed = wanted(call.shop.terms.templates)
    is_listed = call.shop.name in call.running.templates.listed
    unknown = [one for one in needed if not any(one.fits(state) for state in states)]
    found = [_shown(state, needed) for state in states] + [_unknown(one, is_listed) for one in unknown]
    found.sort(key=lambda one: (one.name, one.language))

    async def part(limit: int, offset: int) -> list[TemplateShown]:
        return found[offset : offset + limit]

    return await page_of(query, part, lambda one: one)


def _shown(state: TemplateState, needed: list[Wanted]) -> TemplateShown:
    is_needed = any(one.fits(state) for one in needed)
    return TemplateShown(
        state.name, state.language, state.status, state.quality, state.reason, is_needed, trouble(state)
    )


def _unknown(one: Wanted, is_listed: bool) -> TemplateShown:
    """One that the terms name, and that the provider's list, where there is one, does not."""
    return TemplateShown(one.name, one.language, "", "", "", True, f"{one.head}{MISSING}" if is_listed else "")
