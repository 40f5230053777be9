"""What every store promises about short links and clicks."""

from __future__ import annotations

from functools import partial

from engine.ports import Store
from tests.storage.values import NOW, SHOP, Everything, together

URLS = ("https://shop.example/new", "https://shop.example/old")


class LinksOfCampaigns:
    async def test_a_link_keeps_its_number(self, store: Store) -> None:
        first = await store.short_links(SHOP, "spring", "A", URLS)
        assert await store.short_links(SHOP, "spring", "A", URLS[::-1]) == first
        assert len({*first.values()}) == 2
        assert [await store.link_target(first[url]) for url in URLS] == [*URLS]

    async def test_each_variant_and_campaign_and_shop_has_links_of_its_own(self, store: Store) -> None:
        made = [
            (await store.short_links(shop, campaign, variant, URLS[:1]))[URLS[0]]
            for shop, campaign, variant in ((SHOP, "s", "A"), (SHOP, "s", "B"), (SHOP, "t", "A"), ("kiosk", "s", "A"))
        ]
        assert len({*made}) == 4

    async def test_many_who_ask_at_once_get_the_same(self, store: Store) -> None:
        told = await together(*(partial(store.short_links, SHOP, "spring", "A", URLS) for _ in range(9)))
        assert all(one == told[0] for one in told)

    async def test_nothing_to_number_is_nothing(self, store: Store) -> None:
        assert await store.short_links(SHOP, "spring", "A", ()) == {}

    async def test_a_click_counts_once_for_each_who_follows(self, store: Store) -> None:
        new, old = (await store.short_links(SHOP, "spring", "A", URLS)).values()
        assert await store.note_click(new, "ann", NOW)
        assert not await store.note_click(new, "ann", NOW + 1)
        assert await store.note_click(old, "ann", NOW + 1)
        assert await store.note_click(new, "ben", NOW)

    async def test_a_link_that_is_not_there_leads_nowhere(self, store: Store, everything: Everything) -> None:
        before = await everything()
        assert await store.link_target(7) is None
        assert not await store.note_click(7, "ann", NOW)
        assert await everything() == before
