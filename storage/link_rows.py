"""Short links and who followed them, as rows of SQLite (engine.short_links)."""

from __future__ import annotations

from collections.abc import Sequence

from engine.address import Millis
from storage.errands import Errand
from storage.sql import Db, run, write


def short_links(shop: str, campaign: str, variant: str, urls: Sequence[str]) -> Errand:
    """See ShortLinks.short_links."""

    async def errand(db: Db) -> dict[str, int]:
        sql = "INSERT INTO short_links (shop, campaign, variant, url) {values} ON CONFLICT DO NOTHING"
        await write(db, sql, [(shop, campaign, variant, url) for url in dict.fromkeys(urls)])
        sql = "SELECT url, number FROM short_links WHERE shop = ? AND campaign = ? AND variant = ?"
        known: dict[str, int] = dict(await run(db, sql, (shop, campaign, variant)))
        return {url: known[url] for url in urls}

    return errand


async def link_target(db: Db, link: int) -> str | None:
    """See ShortLinks.link_target."""
    return next((url for (url,) in await run(db, "SELECT url FROM short_links WHERE number = ?", (link,))), None)


def note_click(link: int, customer: str, at: Millis) -> Errand:
    """See ShortLinks.note_click."""

    async def errand(db: Db) -> bool:
        sql = """INSERT INTO clicks (link, customer, first_at, last_at)
            SELECT number, ?, ?, ? FROM short_links WHERE number = ?
            ON CONFLICT (link, customer) DO UPDATE SET times = times + 1, last_at = max(last_at, excluded.last_at)
            RETURNING times"""
        return await run(db, sql, (customer, at, at, link)) == [(1,)]

    return errand
