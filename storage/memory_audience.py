"""The memory store's audiences: everybody is looked at, one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from engine.address import Address, Link, Millis, customer_id, stranger_id
from engine.audience import NOT_BOUGHT, Audience, AudiencePart, Bought, Cap, Person, Profile, person
from engine.messages import Purpose, SendState
from engine.ports import Clock
from engine.tickets import BookingStatus
from storage.audience import FOR_EVER, phones_behind
from storage.memory_desk import Pause
from storage.memory_people import MemoryPeople


class _Talk(msgspec.Struct, frozen=True):
    """What a snapshot says of where replies go, and in which language."""

    phone: str = ""
    user_id: str = ""
    language: str = "en"


class MemoryAudience(MemoryPeople):
    """See engine.audience.Audiences."""

    def __init__(self, clock: Clock, pause: Pause) -> None:
        super().__init__(clock, pause)
        self._tags: dict[Address, frozenset[str]] = {}

    async def people(self, shop: str, audience: Audience, cap: Cap, after: str, limit: int) -> AudiencePart:
        await self._turn()
        limit = max(1, limit)
        if audience.phones:
            looked_at = phones_behind(audience, after, limit)
            profiles = [self._listed(shop, phone, audience, cap) for phone in looked_at]
        else:
            known = {who.customer for who in (*self._ledger.cards, *self._snapshots) if who.shop == shop}
            looked_at = sorted(one for one in known if one > after)[:limit]
            profiles = [self._profile(Address(shop, one), "", audience, cap) for one in looked_at]
        found: dict[str, Person] = {}
        for profile in profiles:
            if (one := person(profile, audience, cap)) is not None:
                found[one.customer] = one
        return AudiencePart(tuple(found.values()), looked_at[-1] if len(looked_at) == limit else "")

    async def tag(self, shop: str, customers: Sequence[str], add: Sequence[str], drop: Sequence[str]) -> None:
        await self._turn()
        for one in customers:
            who = Address(shop, one)
            self._tags[who] = self._tags.get(who, frozenset()) - {*drop} | {*add}

    async def tags_of(self, address: Address) -> tuple[str, ...]:
        await self._turn()
        return tuple(sorted(self._tags.get(address, ())))

    async def tags(self, shop: str) -> Mapping[str, int]:
        await self._turn()
        found = Counter(tag for who, tags in self._tags.items() if who.shop == shop for tag in tags)
        return dict(sorted(found.items()))

    def _make_tags_one(self, gone: Address, survivor: Address) -> None:
        both = self._tags.pop(gone, frozenset()) | self._tags.get(survivor, frozenset())
        if both:
            self._tags[survivor] = both

    def _listed(self, shop: str, phone: str, audience: Audience, cap: Cap) -> Profile:
        """A number that leads to nobody is a stranger's, or nobody's whom we could name."""
        link = Link("phone", phone)
        who = Address(shop, self._links.get((shop, link)) or customer_id(shop, link))
        if (shop, link) not in self._links and (who in self._snapshots or who in self._forwards):
            return Profile(stranger_id("listed", link))
        return self._profile(who, phone, audience, cap)

    def _profile(self, who: Address, listed: str, audience: Audience, cap: Cap) -> Profile:
        card, talk = self._ledger.cards.get(who), self._talk(who)
        orders, spent = self._bought(who, audience.bought) if audience.bought else (0, 0)
        card_phone, card_language = (card.phone, card.language) if card else ("", "")
        return Profile(
            who.customer,
            (talk.phone if talk else "") or ("" if talk and talk.user_id else card_phone or listed),
            talk.user_id if talk else "",
            card.name if card else "",
            talk.language if talk else card_language,
            card.address if card else "",
            card.region if card else "",
            card.marketing if card else True,
            card.active if card else True,
            self._heard.get(who, 0),
            tuple(sorted(self._tags.get(who, ()))),
            orders,
            spent,
            self._attended(who, audience.attended),
            self._campaigned(who, cap.since) if cap.most else 0,
        )

    def _talk(self, who: Address) -> _Talk | None:
        snapshot = self._snapshots.get(who)
        try:
            return msgspec.json.decode(snapshot.data, type=_Talk) if snapshot is not None else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    def _bought(self, who: Address, bought: Bought) -> tuple[int, int]:
        until = bought.until or FOR_EVER
        count = spent = 0
        for order in self._ledger.orders.values():
            theirs = Address(order.shop, order.customer) == who and order.status not in NOT_BOUGHT
            lines = [line for line in order.lines if line.sku == bought.sku]
            if theirs and bought.since <= order.placed_at < until and (lines or not bought.sku):
                count += 1
                spent += sum(line.total for line in lines) if bought.sku else order.total
        return count, spent

    def _attended(self, who: Address, event: str) -> bool:
        return any(
            (one.shop, one.customer) == who and one.event == event and one.status is BookingStatus.CHECKED_IN
            for one in self._seats.bookings.values()
        )

    def _campaigned(self, who: Address, since: Millis) -> int:
        lost = (SendState.FAILED, SendState.SKIPPED)
        return sum(
            row.outgoing.address == who
            and row.outgoing.purpose is Purpose.BULK
            and row.outgoing.created_at >= since
            and row.state not in lost
            for row in self._outbox.values()
        )
