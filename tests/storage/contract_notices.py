"""What every store promises about notices for the owner."""

from __future__ import annotations

from functools import partial

from engine.address import HOUR
from engine.notices import NOTICES_KEPT, OwnerNotice
from engine.ports import Store
from tests.storage.values import NOW, SHOP, together


class OwnersNotices:
    async def test_notices_are_listed_the_latest_first(self, store: Store) -> None:
        for n in range(3):
            assert await store.tell_owner(SHOP, "breaker_open", f"Sentence {n}.", NOW + n)
        await store.tell_owner("kiosk", "breaker_open", "Theirs.", NOW)
        assert [one.detail for one in await store.owner_notices(SHOP, 9)] == [
            "Sentence 2.",
            "Sentence 1.",
            "Sentence 0.",
        ]
        assert [one.detail for one in await store.owner_notices(SHOP, 1, 1)] == ["Sentence 1."]
        assert await store.owner_notices(SHOP, 0) == []

    async def test_the_same_notice_within_the_hour_is_counted(self, store: Store) -> None:
        assert await store.tell_owner(SHOP, "crm_down", "It is down.", NOW)
        assert not await store.tell_owner(SHOP, "crm_down", "It is down.", NOW + HOUR - 1)
        assert await store.tell_owner(SHOP, "crm_down", "It is up.", NOW + 5)
        assert await store.tell_owner(SHOP, "crm_late", "It is down.", NOW + 5)
        assert await store.tell_owner("kiosk", "crm_down", "It is down.", NOW + 5)
        first = OwnerNotice(SHOP, "crm_down", "It is down.", NOW, NOW + HOUR - 1, 2)
        assert (await store.owner_notices(SHOP, 9))[-1] == first
        assert await store.tell_owner(SHOP, "crm_down", "It is down.", NOW + HOUR)
        again = OwnerNotice(SHOP, "crm_down", "It is down.", NOW + HOUR, NOW + HOUR)
        assert (await store.owner_notices(SHOP, 9))[0] == again
        assert not await store.tell_owner(SHOP, "crm_down", "It is down.", NOW + HOUR + 1)
        assert [one.count for one in await store.owner_notices(SHOP, 9)] == [2, 1, 1, 2], "each counts by itself"

    async def test_the_same_notice_told_at_once_is_kept_once(self, store: Store) -> None:
        told = await together(*(partial(store.tell_owner, SHOP, "crm_down", "It is down.", NOW) for _ in range(9)))
        assert sorted(told) == [False] * 8 + [True]
        assert [one.count for one in await store.owner_notices(SHOP, 9)] == [9]

    async def test_old_notices_are_swept(self, store: Store) -> None:
        await store.tell_owner(SHOP, "crm_down", "It is down.", NOW)
        await store.tell_owner(SHOP, "crm_down", "It is late.", NOW + 1)
        assert await store.sweep(NOW + NOTICES_KEPT) == 0
        assert await store.sweep(NOW + NOTICES_KEPT + 1) == 1
        assert [one.detail for one in await store.owner_notices(SHOP, 9)] == ["It is late."]
