"""What the owner should know and do something about."""

from __future__ import annotations

from datetime import datetime

import msgspec

from adapters.api.answers import Page
from adapters.api.endpoint import HOME, Call, Noun
from adapters.api.fields import shown
from adapters.api.paging import Paged, page_of
from engine.notices import OwnerNotice

notices = Noun("notices", "What the owner should know: what went wrong outside, and what goes on in the shop.")


class NoticeShown(msgspec.Struct, frozen=True, rename="camel"):
    """``kind`` is a word for programs, ``detail`` a sentence with the next step, or what was ordered or paid (where the
    shop's own people listen). What happens again within the hour is counted: ``at`` is when it was told first,
    ``lastAt`` last."""

    kind: str
    detail: str
    at: datetime
    last_at: datetime
    count: int


class NoticeQuery(Paged, frozen=True, kw_only=True, rename="camel"):
    """Which notices."""


@notices.get("/api/admin/notices", "Notices for the owner, the latest first", home=HOME)
async def listed(call: Call, query: NoticeQuery) -> Page[NoticeShown]:
    def notice_shown(one: OwnerNotice) -> NoticeShown:
        zone = call.shop.timezone
        return NoticeShown(one.kind, one.detail, shown(one.at, zone), shown(one.last_at, zone), one.count)

    return await page_of(
        query, lambda limit, offset: call.store.owner_notices(call.shop.name, limit, offset), notice_shown
    )
