"""ShortLinks of ``engine.ports.Store`` on SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.address import Millis
from storage import link_rows
from storage.sqlite_desk import SqliteDesk


class SqliteLinks(SqliteDesk):
    """See engine.short_links.ShortLinks."""

    async def short_links(self, shop: str, campaign: str, variant: str, urls: Sequence[str]) -> Mapping[str, int]:
        return await self._errand(link_rows.short_links(shop, campaign, variant, tuple(urls)))

    async def link_target(self, link: int) -> str | None:
        return await self._list(link_rows.link_target, link)

    async def note_click(self, link: int, customer: str, at: Millis) -> bool:
        return await self._errand(link_rows.note_click(link, customer, at))
