"""What came of a campaign, as SQLite sums it up (engine.campaign_results). Each sum is one statement over indexes."""

from __future__ import annotations

from collections import defaultdict

from engine.address import Millis
from engine.audience import NOT_BOUGHT
from engine.campaign_results import Results
from engine.messages import StatusRank
from storage.sql import Db, run
from storage.steps import STEP


async def results(db: Db, shop: str, campaign: str, window: Millis) -> list[Results]:
    """See CampaignResults.campaign_results."""
    found = await run(db, "SELECT seq FROM campaigns WHERE shop = ? AND id = ?", (shop, campaign))
    told: dict[str, dict[str, int]] = defaultdict(dict)
    for (seq,) in found:
        for variant, count in await run(db, RECIPIENTS, (seq,)):
            told[variant]["recipients"] = count
        for variant, *figures in await run(db, SENT, (seq,)):
            told[variant] |= dict(zip(SENT_FIGURES, figures, strict=True))
        for variant, *figures in await run(db, BOUGHT, (seq, shop, window)):
            told[variant] |= dict(zip(BOUGHT_FIGURES, figures, strict=True))
        for variant, clicked in await run(db, CLICKED, (shop, campaign)):
            told[variant]["clicked"] = clicked
    return [Results(variant, **figures) for variant, figures in sorted(told.items()) if "recipients" in figures]


SENT_FIGURES = ("sent", "delivered", "read", "replied", "opted_out", "templates")
BOUGHT_FIGURES = ("orders", "value", "revenue")

RECIPIENTS = "SELECT variant, count(*) FROM recipients WHERE campaign = ? GROUP BY variant"
SENT = f"""
SELECT r.variant, count(*), sum(o.step >= {STEP[StatusRank.DELIVERED]}), sum(o.step >= {STEP[StatusRank.READ]}),
    sum(coalesce(s.heard, 0) > r.claimed_at), sum(coalesce(c.marketing, 1) = 0), sum(o.free_until <= r.claimed_at)
FROM recipients r JOIN outbox o ON o.key = r.key AND o.state = 'sent'
LEFT JOIN snapshots s ON s.shop = r.shop AND s.customer = r.customer
LEFT JOIN customers c ON c.shop = r.shop AND c.id = r.customer
WHERE r.campaign = ?1 AND r.key <> '' GROUP BY r.variant"""  # noqa: S608 - numbers of ours
CLICKED = """
SELECT n.variant, count(DISTINCT coalesce(f.leads_to, k.customer)) FROM short_links n JOIN clicks k ON k.link = n.number
LEFT JOIN forwards f ON f.shop = n.shop AND f.customer = k.customer
WHERE n.shop = ? AND n.campaign = ? GROUP BY n.variant"""
_LAST = """NOT EXISTS (
        SELECT 1 FROM recipients l JOIN outbox y ON y.key = l.key AND y.state = 'sent'
        WHERE l.shop = ?2 AND l.customer = r.customer AND l.key <> ''
          AND l.claimed_at > r.claimed_at AND l.claimed_at <= {at})"""
_GOT = """FROM recipients r JOIN outbox x ON x.key = r.key AND x.state = 'sent'"""
BOUGHT = f"""
SELECT variant, count(*), sum(value), sum(paid * value) FROM (
    SELECT r.variant AS variant, o.total AS value, o.payment = 'paid' AS paid {_GOT}
    JOIN orders o ON o.shop = ?2 AND o.customer = r.customer
        AND o.placed_at >= r.claimed_at AND o.placed_at < r.claimed_at + ?3
    WHERE r.campaign = ?1 AND r.key <> '' AND o.status NOT IN ({", ".join(f"'{one.value}'" for one in NOT_BOUGHT)})
        AND {_LAST.format(at="o.placed_at")}
    UNION ALL
    SELECT r.variant, b.seats * b.price, b.payment = 'paid' {_GOT}
    JOIN bookings b ON b.shop = ?2 AND b.customer = r.customer
        AND b.held_at >= r.claimed_at AND b.held_at < r.claimed_at + ?3
    WHERE r.campaign = ?1 AND r.key <> '' AND b.status IN ('confirmed', 'checked_in')
        AND {_LAST.format(at="b.held_at")})
GROUP BY variant"""  # noqa: S608 - our own words
