"""What every store promises about letters of our own: kept until their turn is committed, posted once."""

from __future__ import annotations

from functools import partial

import pytest

from engine.address import Address
from engine.ports import Store
from tests.storage.things import letters, own_letter
from tests.storage.values import ANN, BEN, NOW, STALE, Everything, Talk, letter, together


class OwnLetters:
    async def test_a_letter_is_kept_until_its_turn_is_committed(self, store: Store) -> None:
        await store.post([own_letter("n1")])
        (found,) = await store.posted(NOW, 9)
        assert found == own_letter("n1").letter
        assert await store.posted(NOW, 9) == [found], "looking takes nothing away"
        talk = Talk(store)
        assert await talk.commit(inbound_id="n1", version=9) == STALE
        assert await store.posted(NOW, 9) == [found]
        assert await talk.commit(inbound_id="n1") is None
        assert await store.posted(NOW, 9) == []

    async def test_letters_come_when_they_are_due_earliest_first(self, store: Store) -> None:
        assert await store.next_posted() is None
        await store.post([own_letter("n1", due=20), own_letter("n2", due=10), own_letter("n3", due=30)])
        assert await store.next_posted() == NOW + 10
        assert list(await letters(store, NOW + 9)) == []
        assert [one.inbound.id for one in await store.posted(NOW + 20, 9)] == ["n2", "n1"]
        assert [one.inbound.id for one in await store.posted(NOW + 99, 1)] == ["n2"]

    async def test_a_letter_that_waits_already_is_not_kept_twice(self, store: Store, everything: Everything) -> None:
        await store.post([own_letter("n1", due=5)])
        before = await everything()
        await store.post([own_letter("n1", due=9)])
        assert await everything() == before

    async def test_a_letter_that_is_done_is_not_kept_again(self, store: Store, everything: Everything) -> None:
        await store.post([own_letter("n1")])
        await Talk(store).commit(inbound_id="n1")
        before = await everything()
        await store.post([own_letter("n1")])
        assert await everything() == before

    async def test_the_same_id_in_another_shop_is_another_letter_of_ours(self, store: Store) -> None:
        there = Address("kiosk", "ann")
        await store.post([own_letter("n1"), own_letter("n1", to=there)])
        await Talk(store).commit(inbound_id="n1")
        assert [one.address for one in await store.posted(NOW, 9)] == [there]

    async def test_a_turn_posts_letters_with_everything_else(self, store: Store, everything: Everything) -> None:
        talk = Talk(store)
        before = await everything()
        assert await talk.commit(posted=(own_letter("n1", to=BEN),), version=7) == STALE
        assert await everything() == before
        assert await talk.commit(posted=(own_letter("n1", to=BEN), own_letter("n2", to=BEN, due=5))) is None
        assert await store.posted(NOW, 9) == [own_letter("n1", to=BEN).letter]
        assert await store.next_posted() == NOW
        assert await talk.commit(posted=(own_letter("n1", to=BEN),)) is None, "once"
        await Talk(store, BEN).commit(inbound_id="n1")
        assert await store.next_posted() == NOW + 5

    async def test_a_letter_that_is_parked_is_not_posted_again(self, store: Store) -> None:
        await store.post([own_letter("n1"), own_letter("n2")])
        assert await store.park(own_letter("n1").letter, True, "crashed twice", NOW) is True
        assert list(await letters(store)) == ["n2"]
        assert await store.park(own_letter("n1").letter, True, "crashed twice", NOW) is False
        (row,) = await store.parked(ANN, True, 9)
        assert await Talk(store).commit(parked_id=row.id) is None
        await store.post([own_letter("n1")])
        assert list(await letters(store)) == ["n2"]

    async def test_other_letters_leave_it_alone(self, store: Store) -> None:
        await store.post([own_letter("n1")])
        await Talk(store).commit(inbound_id="w1")
        await store.park(letter("w2"), True, "", NOW)
        assert list(await letters(store)) == ["n1"]

    @pytest.mark.parametrize("count", [40])
    async def test_posted_by_many_at_once_it_is_kept_once(self, store: Store, count: int) -> None:
        await together(*(partial(store.post, [own_letter(f"n{n % 4}", due=n % 4)]) for n in range(count)))
        assert [one.inbound.id for one in await store.posted(NOW + 9, 99)] == ["n0", "n1", "n2", "n3"]
