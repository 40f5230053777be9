"""Notices for the shop's own people, as rows of SQLite."""

from __future__ import annotations

from collections.abc import Sequence

from engine.notices import OwnerNotice
from storage.sql import Db, write


async def write_notices(db: Db, notices: Sequence[OwnerNotice]) -> None:
    """Put these onto their shops' boards; they are to be taken to the phones."""
    await write(db, NOTICE, [(one.shop, one.kind, one.detail, one.at, one.last_at, one.about, 0) for one in notices])


NOTICE = "INSERT INTO owner_notices (shop, kind, detail, at, last_at, about, told) {values}"
