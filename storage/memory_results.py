"""What came of a campaign, in the memory store: recipient by recipient."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from engine.address import Address, Millis
from engine.audience import NOT_BOUGHT
from engine.campaign_results import WINDOW, Results
from engine.messages import SendState, StatusRank
from engine.orders import PaymentStatus
from engine.tickets import TAKING
from storage.memory_campaigns import Line, MemoryCampaigns
from storage.memory_links import MemoryLinks
from storage.steps import STEP


class MemoryResults(MemoryCampaigns, MemoryLinks):
    """See engine.campaign_results.CampaignResults."""

    async def campaign_results(self, shop: str, campaign: str, window: Millis = WINDOW) -> list[Results]:
        await self._turn()
        lines = self._lines(shop, campaign)
        variants = sorted({line.recipient.variant for line in lines})
        return [
            replace(
                self._results(shop, variant, [line for line in lines if line.recipient.variant == variant], window),
                clicked=self._clicked(shop, campaign, variant),
            )
            for variant in variants
        ]

    def _results(self, shop: str, variant: str, lines: list[Line], window: Millis) -> Results:
        got = [line for line in lines if self._got(line)]
        steps = [self._outbox[line.key].progress.step for line in got]
        who = [Address(shop, line.recipient.customer) for line in got]
        cards = [self._ledger.cards.get(one) for one in who]
        bought = [one for line in got for one in self._credited(shop, line, window)]
        return Results(
            variant,
            recipients=len(lines),
            sent=len(got),
            delivered=sum(step >= STEP[StatusRank.DELIVERED] for step in steps),
            read=sum(step >= STEP[StatusRank.READ] for step in steps),
            replied=sum(self._heard.get(one, 0) > line.claimed_at for one, line in zip(who, got, strict=True)),
            opted_out=sum(card is not None and not card.marketing for card in cards),
            templates=sum(self._outbox[line.key].outgoing.free_until <= line.claimed_at for line in got),
            orders=len(bought),
            value=sum(value for value, _ in bought),
            revenue=sum(value for value, paid in bought if paid),
        )

    def _got(self, line: Line) -> bool:
        return bool(line.key) and self._outbox[line.key].state is SendState.SENT

    def _clicked(self, shop: str, campaign: str, variant: str) -> int:
        ours = (shop, campaign, variant)
        who = {Address(shop, one) for link, one in self._clicks if self._targets[link - 1][:3] == ours}
        return len({self._forwards.get(one, one) for one in who})

    def _credited(self, shop: str, line: Line, window: Millis) -> Iterator[tuple[int, bool]]:
        """What this recipient bought of which this campaign is the last that came before: value, and whether paid."""
        customer = line.recipient.customer
        for order in self._ledger.orders.values():
            theirs = (order.shop, order.customer) == (shop, customer) and order.status not in NOT_BOUGHT
            if theirs and self._is_due_to(shop, line, order.placed_at, window):
                yield order.total, order.payment is PaymentStatus.PAID
        for booking in self._seats.bookings.values():
            theirs = (booking.shop, booking.customer) == (shop, customer) and booking.status in TAKING
            if theirs and self._is_due_to(shop, line, booking.held_at, window):
                yield booking.seats * booking.price, booking.payment is PaymentStatus.PAID

    def _is_due_to(self, shop: str, line: Line, at: Millis, window: Millis) -> bool:
        campaigns = [lines for (of, _), lines in self._recipients.items() if of == shop]
        theirs = [lines[line.recipient.customer] for lines in campaigns if line.recipient.customer in lines]
        later = any(line.claimed_at < one.claimed_at <= at for one in theirs if self._got(one))
        return line.claimed_at <= at < line.claimed_at + window and not later
