"""Variants by shares: the same for everybody who asks, near the shares, and shuffled anew by each campaign."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.splitting import variant_of

PEOPLE = [f"c{n}" for n in range(4_000)]


def test_shares_are_kept_to() -> None:
    for shares in ((1, 1), (90, 10), (1, 2, 1)):
        drawn = [variant_of("spring", one, shares) for one in PEOPLE]
        for place, share in enumerate(shares):
            wanted = len(PEOPLE) * share / sum(shares)
            assert abs(drawn.count(place) - wanted) < 0.05 * len(PEOPLE)


def test_another_campaign_shuffles_anew() -> None:
    spring, autumn = ([variant_of(name, one, (1, 1)) for one in PEOPLE] for name in ("spring", "autumn"))
    alike = sum(one == other for one, other in zip(spring, autumn, strict=True))
    assert abs(alike - len(PEOPLE) / 2) < 0.05 * len(PEOPLE)


@given(st.text(), st.text(), st.lists(st.integers(0, 1000), min_size=1, max_size=5).filter(any))
def test_everybody_gets_a_variant_that_has_a_share(campaign: str, customer: str, shares: list[int]) -> None:
    place = variant_of(campaign, customer, shares)
    assert shares[place] > 0
    assert variant_of(campaign, customer, shares) == place
