"""CampaignResults of ``engine.ports.Store`` on SQLite."""

from __future__ import annotations

from engine.address import Millis
from engine.campaign_results import WINDOW, Results
from storage import result_rows
from storage.sqlite_desk import SqliteDesk


class SqliteResults(SqliteDesk):
    """See engine.campaign_results.CampaignResults."""

    async def campaign_results(self, shop: str, campaign: str, window: Millis = WINDOW) -> list[Results]:
        return await self._look(result_rows.results, shop, campaign, window)
