"""What every store promises about notices for the owner, and about requests that may be sent again."""

from __future__ import annotations

from functools import partial

from engine.address import HOUR
from engine.notices import NOTICES_KEPT, OwnerNotice
from engine.ports import Store
from engine.repeats import ANSWERS_KEPT, IN_PROGRESS_MOST, FirstAnswer
from tests.storage.values import NOW, SHOP, together

DONE = FirstAnswer("d1", 201, "application/json", b'{"a": "\xc3\xa9"}')
BEGUN = FirstAnswer("d1", 0, "", b"")


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

    # -- requests that may be sent again -----------------------------------------------------------------------------
    async def test_the_first_answer_to_a_request_is_kept_for_a_day(self, store: Store) -> None:
        assert await store.begin_request(SHOP, "k", "d1", NOW) is None
        assert await store.begin_request(SHOP, "k", "d1", NOW) == BEGUN
        await store.end_request(SHOP, "k", DONE)
        await store.end_request(SHOP, "k", FirstAnswer("d1", 200, "", b"again"))
        assert await store.begin_request(SHOP, "k", "d2", NOW + ANSWERS_KEPT - 1) == DONE, "whatever request this is"
        assert await store.begin_request("kiosk", "k", "d1", NOW) is None
        assert await store.begin_request(SHOP, "other", "d1", NOW) is None
        assert await store.begin_request(SHOP, "k", "d1", NOW + ANSWERS_KEPT) is None

    async def test_of_many_at_once_one_is_the_first(self, store: Store) -> None:
        told = await together(*(partial(store.begin_request, SHOP, "k", "d1", NOW) for _ in range(9)))
        assert sorted(told, key=repr) == [BEGUN] * 8 + [None]

    async def test_a_request_that_came_to_nothing_may_be_made_again(self, store: Store) -> None:
        await store.begin_request(SHOP, "k", "d1", NOW)
        await store.forget_request(SHOP, "k", "d2")
        assert await store.begin_request(SHOP, "k", "d1", NOW) == BEGUN
        await store.forget_request(SHOP, "k", "d1")
        assert await store.begin_request(SHOP, "k", "d1", NOW) is None
        await store.end_request(SHOP, "k", DONE)
        await store.forget_request(SHOP, "k", "d1")
        assert await store.begin_request(SHOP, "k", "d1", NOW) == DONE, "an answer stays"

    async def test_a_request_whose_process_ended_may_be_made_again_after_a_while(self, store: Store) -> None:
        await store.begin_request(SHOP, "k", "d1", NOW)
        assert await store.begin_request(SHOP, "k", "d1", NOW + IN_PROGRESS_MOST - 1) == BEGUN
        assert await store.begin_request(SHOP, "k", "d2", NOW + IN_PROGRESS_MOST) is None
        await store.end_request(SHOP, "k", DONE)
        assert await store.begin_request(SHOP, "k", "d2", NOW) == FirstAnswer("d2", 0, "", b""), (
            "too late for the first"
        )

    async def test_old_answers_are_swept(self, store: Store) -> None:
        await store.begin_request(SHOP, "k", "d1", NOW)
        await store.begin_request(SHOP, "l", "d1", NOW + 1)
        assert await store.sweep(NOW + ANSWERS_KEPT) == 0
        assert await store.sweep(NOW + ANSWERS_KEPT + 1) == 1
