"""A shop's message templates as the provider sees them: which may be sent now, and what the owner is told of the rest.

The provider lists them (``Channel.templates``) or tells of one (``Notice.template``); what a shop needs of them stands
in its ``terms.templates``. Words for status and quality are the provider's own, in lower case: one that is not known
here stops nothing, since the provider itself refuses what it does not want.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from engine.address import Millis

APPROVED, PAUSED = "approved", "paused"
BLOCKED = (
    *(PAUSED, "disabled", "rejected", "pending", "in_appeal", "limit_exceeded"),
    *("archived", "deleted", "unsubmitted", "received"),
)
"""In such a status a template is refused; once it is approved again it may go. What was never submitted, or was not yet
looked at, could go inside the 24-hour window; but a template is only ever meant for the time after it."""
UNSURE = "unsure"
"""Our own word: it was paused, and nobody has said since how it stands. It is tried, and the answer tells."""
LOW = frozenset({"red", "low"})
"""A quality at which a provider soon pauses a template."""
FLAGGED = "flagged"
"""A status that says the same."""


class TemplateState(msgspec.Struct, frozen=True):
    """One template in one language; ``language`` "": whichever the customer speaks, for it is one of the provider's
    names that stand for one language alone (``Channel.multilingual``). ``status``, ``quality`` and ``reason``: "" where
    the provider has not said."""

    name: str
    language: str
    status: str = ""
    quality: str = ""
    reason: str = ""


class TemplateBook(Protocol):
    """A part of ``engine.ports.Store``: what was last heard of each template."""

    async def save_templates(self, shop: str, states: Sequence[TemplateState], at: Millis) -> None:
        """The provider's whole list, asked for at ``at``, replaces what was known of the shop's; only what was noted
        after that moment stays, for the list may be older, and the reason of a status where the list gives none."""

    async def note_template(self, shop: str, state: TemplateState, at: Millis) -> TemplateState:
        """One template has changed: it as it is now. An empty status (with its reason) or quality leaves what was
        known."""

    async def template_states(self, shop: str) -> list[TemplateState]:
        """All that are known, by name and language."""

    async def template_state(self, shop: str, name: str, language: str) -> TemplateState | None:
        """One of them: of this language, else the one of any (""); None when nothing is known of it."""

    async def doubt_templates(self, shop: str, before: Millis) -> None:
        """What is PAUSED and was last told of before then becomes UNSURE."""


def noted(before: TemplateState | None, news: TemplateState) -> TemplateState:
    """``news`` with what it does not tell."""
    if before is None:
        return news
    told = listed(before, news) if news.status else before
    return TemplateState(news.name, news.language, told.status, news.quality or before.quality, told.reason)


def listed(before: TemplateState | None, now: TemplateState) -> TemplateState:
    """``now`` of a list, with the reason that was told when it came to this status: a webhook says why a template is
    paused, neither the list nor a refused message does."""
    if before is None or now.reason:
        return now
    same = before.status == now.status or (before.status, now.status) == (UNSURE, PAUSED)
    return msgspec.structs.replace(now, reason=before.reason) if same else now


class Wanted(NamedTuple):
    """A template that a shop's terms name; ``language`` "": in whichever the customer speaks."""

    name: str
    language: str

    def fits(self, state: TemplateState) -> bool:
        anyway = "" in (self.language, state.language)
        return state.name == self.name and (anyway or self.language == state.language)

    @property
    def head(self) -> str:
        """How every sentence about it begins."""
        return _head(self.name, self.language)


def wanted(templates: Mapping[str, str]) -> list[Wanted]:
    """What ``terms.templates`` names: purpose, or purpose.language → name."""
    return sorted({Wanted(name, key.partition(".")[2]) for key, name in templates.items()})


def head(state: TemplateState) -> str:
    """How every sentence about it begins."""
    return _head(state.name, state.language)


def _head(name: str, language: str) -> str:
    return f'The template "{name}" ({language or "any language"}) '


def stopped(state: TemplateState) -> str:
    """Why it can't be sent now and what to do, as a sentence for the owner; "" when it can."""
    if state.status not in BLOCKED:
        return ""
    because = f" ({_plain(state.reason)})" if state.reason else ""
    what = f"{head(state)}can't be sent: the provider says {_plain(state.status)}{because}."
    return f"{what} {STEPS.get(state.status, MEND)} What needs it waits, and goes by itself once it is approved."


def trouble(state: TemplateState) -> str:
    """What the owner should know of it, "" when it is well."""
    return stopped(state) or (f"{head(state)}{LOW_QUALITY}" if state.quality in LOW or state.status == FLAGGED else "")


def well(beginning: str) -> str:
    """Of which ``beginning`` is the head has no trouble any more."""
    return f"{beginning}may be sent again. Nothing to do: what waited for it goes by itself."


def troubles(states: Sequence[TemplateState], needed: Iterable[Wanted]) -> Mapping[str, str]:
    """Of a provider's whole list: for each that is needed, and each that is needed and not there, its head and its
    trouble, which is "" when it is well. Each head once: two may be of the same, as it is wanted and as it is."""
    told: dict[str, str] = {}
    for one in needed:
        found = [state for state in states if one.fits(state)]
        told.setdefault(one.head, "" if found else f"{one.head}{MISSING}")
        told |= {head(state): trouble(state) for state in found}
    return told


def _plain(word: str) -> str:
    return word.replace("_", " ").lower()


MEND = "Mend it at the provider, or name another in shop.terms.templates."
STEPS = {
    "paused": "Customers did not like it: improve its text, or name another in shop.terms.templates.",
    "rejected": "Correct it at the provider and submit it again, or name another in shop.terms.templates.",
    "disabled": "It will not come back: make a new one and name that in shop.terms.templates.",
    "pending": "Wait for the provider's review, which may take a day.",
    "received": "Wait for the provider's review, which may take a day.",
    "in_appeal": "Wait for the provider's review, or name another in shop.terms.templates.",
    "unsubmitted": "Submit it for WhatsApp's approval at the provider, or name another in shop.terms.templates.",
}
LOW_QUALITY = (
    "has a low quality rating: customers block or report it, and the provider may pause it soon. Improve its text, or "
    "name another in shop.terms.templates."
)
MISSING = (
    "is not at the provider, though shop.terms.templates names it. Make it there, or correct the setting; until then "
    "what needs it fails."
)
