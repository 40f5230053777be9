"""The memory store's message templates with their status and quality."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from engine.address import Millis
from engine.messages import Template
from engine.ports import Clock
from engine.template_states import PAUSED, UNSURE, TemplateState, listed, noted, stopped
from storage.memory_desk import MemoryDesk, Pause


class MemoryTemplates(MemoryDesk):
    """See engine.template_states.TemplateBook."""

    def __init__(self, clock: Clock, pause: Pause) -> None:
        super().__init__(clock, pause)
        self._templates: dict[str, dict[tuple[str, str], tuple[TemplateState, Millis]]] = {}

    async def save_templates(self, shop: str, states: Sequence[TemplateState], at: Millis) -> None:
        await self._turn()
        known = self._templates.get(shop, {})
        newer = {key: one for key, one in known.items() if one[1] > at}
        told = [listed(self._known_template(shop, one.name, one.language), one) for one in states]
        self._templates[shop] = {(one.name, one.language): (one, at) for one in told} | newer

    async def note_template(self, shop: str, state: TemplateState, at: Millis) -> TemplateState:
        await self._turn()
        now = noted(self._known_template(shop, state.name, state.language), state)
        self._templates.setdefault(shop, {})[state.name, state.language] = (now, at)
        return now

    async def template_states(self, shop: str) -> list[TemplateState]:
        await self._turn()
        return [one for _, (one, _) in sorted(self._templates.get(shop, {}).items())]

    async def template_state(self, shop: str, name: str, language: str) -> TemplateState | None:
        await self._turn()
        return self._fitting_template(shop, name, language)

    async def doubt_templates(self, shop: str, before: Millis) -> None:
        await self._turn()
        for key, (one, at) in self._templates.get(shop, {}).items():
            if one.status == PAUSED and at < before:
                self._templates[shop][key] = (replace(one, status=UNSURE), at)

    def _fitting_template(self, shop: str, name: str, language: str) -> TemplateState | None:
        return self._known_template(shop, name, language) or self._known_template(shop, name, "")

    def _known_template(self, shop: str, name: str, language: str) -> TemplateState | None:
        found = self._templates.get(shop, {}).get((name, language))
        return found[0] if found else None

    def _may_be_sent(self, shop: str, template: Template) -> bool:
        known = self._fitting_template(shop, template.name, template.language)
        return known is None or not stopped(known)
