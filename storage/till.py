"""The memory store's till: intents, payments, and which letters follow from what a provider tells.

Pure and without a pause; what it posts is handed back, for the store to keep in the same step.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from msgspec.structs import replace

from engine.address import Millis
from engine.books import Charged
from engine.commit import Commit, Posted
from engine.hearsay import completed, outweighs, overheard, settles
from engine.payments import (
    ASK_NOBODY,
    INTENT_MOVES,
    NEVER,
    OPEN,
    Intent,
    IntentMove,
    IntentStatus,
    Payment,
    PaymentNews,
    PaymentSettlement,
    PaymentState,
    claimed,
    folded,
    has_receipt,
    nobodys,
    recorded,
    same_money,
    settled,
)
from storage import letters
from storage.judge import Key
from storage.refunds import Refunds


class Till:
    """Intents and payments of all shops."""

    def __init__(self) -> None:
        self.intents: dict[str, Intent] = {}
        self.payments: dict[Key, Payment] = {}
        """Shop and id → payment, in the order in which they were recorded."""
        self._touched: dict[str, Millis] = {}
        """When an intent last changed its status, or was asked about."""
        self.refunds = Refunds(self.payments)
        self._told: set[tuple[str, str, bool]] = set()
        """Shop, provider and news id, and whether it was of success."""

    # -- a turn's commit -------------------------------------------------------------------------------------------
    def standing(self, commit: Commit) -> dict[Key, PaymentState]:
        """What ``commit`` contends for here."""
        keys = [(commit.address.shop, one.id) for one in commit.settlements]
        return {key: self.payments[key].state for key in keys if key in self.payments}

    def write(self, commit: Commit) -> None:
        """What a turn that was judged good does here."""
        for intent in commit.intents:
            asks_nobody = intent.way in ASK_NOBODY
            self.intents[intent.id] = replace(intent, status=IntentStatus.PENDING) if asks_nobody else intent
            self._touched[intent.id] = commit.at
        for move in commit.intent_moves:
            self._move(move, commit.at)
        for settlement in commit.settlements:
            self._settle(settlement, commit)

    def _move(self, move: IntentMove, at: Millis) -> None:
        intent = self.intents.get(move.id)
        if intent is not None and intent.status in move.frm and move.to in INTENT_MOVES[intent.status]:
            self._become(intent, move.to, at, move.reason)

    def _become(self, intent: Intent, status: IntentStatus, at: Millis, reason: str = "") -> Intent:
        moved = replace(intent, status=status, reason=reason or intent.reason)
        self.intents[intent.id] = moved
        self._touched[intent.id] = at
        return moved

    def _settle(self, settlement: PaymentSettlement, commit: Commit) -> None:
        shop, customer = commit.address
        payment = self.payments[shop, settlement.id]
        self.payments[shop, settlement.id] = settled(payment, settlement, customer)
        if settlement.to is PaymentState.REFUNDING:
            self.refunds.due[shop, settlement.id] = commit.at

    # -- what providers tell ---------------------------------------------------------------------------------------
    def record(self, shop: str, news: PaymentNews, at: Millis) -> tuple[bool, list[Posted]]:
        """See Till.record: whether it was news, and the letter that follows."""
        intent = self.meant(shop, news)
        news = completed(news, intent.told if intent is not None else None)
        told = (shop, f"{news.provider}:{news.id}", news.ok)
        if intent is not None and settles(news, intent.told):
            intent = self.intents[intent.id] = replace(intent, told=None)
        nobodys_ = self._nobodys(shop, news)
        if nobodys_ is None and (told in self._told or self._has_receipt(shop, news)):
            return False, []
        if news.ok and intent is not None and self._has_paid(intent, news, nobodys_):
            return False, []
        if nobodys_ is not None:
            return (False, []) if intent is None else (True, self._comes_in(claimed(nobodys_, intent), intent, at))
        self._told.add(told)
        if news.ok:
            return True, self._paid(shop, news, intent, at)
        if intent is None or IntentStatus.FAILED not in INTENT_MOVES[intent.status]:
            return True, []
        return True, [letters.unpaid(self._become(intent, IntentStatus.FAILED, at, news.failure.value), news, at)]

    def _paid(self, shop: str, news: PaymentNews, intent: Intent | None, at: Millis) -> list[Posted]:
        return self._comes_in(recorded(shop, news, intent, at), intent, at)

    def _comes_in(self, payment: Payment, intent: Intent | None, at: Millis) -> list[Posted]:
        self.payments[payment.shop, payment.id] = payment
        if intent is None:
            return []
        if intent.status is not IntentStatus.PAID:
            self._become(intent, IntentStatus.PAID, at)
        return [letters.paid(payment, at)]

    def _nobodys(self, shop: str, news: PaymentNews) -> Payment | None:
        """The money that these news tell of where it lies on the desk, for nobody knew whose it is."""
        payment = self.payments.get((shop, f"{news.provider}:{news.id}")) if news.ok else None
        return payment if payment is not None and nobodys(payment) else None

    def _has_paid(self, intent: Intent, news: PaymentNews, lies: Payment | None) -> bool:
        """Whether it is money that came before; a number that was not known then is written into it, unless that
        ``lies`` on the desk already."""
        its = [one for one in self.payments.values() if (one.intent, one.order) == (intent.id, intent.order)]
        same = next((one for one in its if same_money(one, news)), None)
        if same is not None and has_receipt(news) and lies is None:
            payer = same.payer or news.payer
            self.payments[same.shop, same.id] = replace(same, transaction=news.transaction, payer=payer)
        return same is not None

    def _has_receipt(self, shop: str, news: PaymentNews) -> bool:
        name = (shop, news.provider, news.transaction)
        return has_receipt(news) and any((p.shop, p.provider, p.transaction) == name for p in self.payments.values())

    def meant(self, shop: str, news: PaymentNews) -> Intent | None:
        """See Till.meant."""
        own = [intent for intent in reversed(self.intents.values()) if intent.shop == shop]
        by_id = (one for one in own if one.id == news.intent)
        by_ref = (one for one in own if news.provider_ref and _ref(one) == (news.provider, news.provider_ref))
        found = next((one for named in (by_id, by_ref) for one in named), None)
        return found or self._referred(shop, news.reference)

    def _referred(self, shop: str, reference: str) -> Intent | None:
        own = [intent for intent in reversed(self.intents.values()) if intent.shop == shop]
        named = (one for one in own if reference and reference in (one.reference, one.order))
        typed = folded(reference)
        meant = (one for one in own if typed and typed in (folded(one.reference), folded(one.order)))
        return next((one for found in (named, meant) for one in found), None)

    def overheard(self, shop: str, news: PaymentNews, at: Millis) -> bool | None:
        """See Till.overheard."""
        intent = self.intents.get(news.intent)
        if intent is None or intent.shop != shop:
            return None
        taken = self._has_receipt(shop, news) and self._nobodys(shop, news) is None
        known = taken if news.ok else intent.status not in OPEN
        if known or not outweighs(news, intent.told):
            return False
        self.intents[intent.id] = overheard(intent, news, at)
        self._touched[intent.id] = 0
        return True

    # -- asking providers ------------------------------------------------------------------------------------------
    def created(self) -> list[Intent]:
        """Intents that wait to be asked for, oldest first."""
        found = [intent for intent in self.intents.values() if intent.status is IntentStatus.CREATED]
        return sorted(found, key=lambda intent: intent.created_at)

    def claim(self, ids: Iterable[str], at: Millis) -> set[str]:
        """See Till.claim_charges."""
        named = [self.intents[name] for name in dict.fromkeys(ids) if name in self.intents]
        found = [intent for intent in named if intent.status is IntentStatus.CREATED]
        return {self._become(intent, IntentStatus.ASKING, at).id for intent in found}

    def settle(self, results: Sequence[Charged], at: Millis) -> list[Posted]:
        """See Till.settle_charges: the letters that follow."""
        return [letter for answer in results for letter in self._answered(answer, at)]

    def _answered(self, answer: Charged, at: Millis) -> list[Posted]:
        intent = self.intents.get(answer.intent)
        if intent is None:
            return []
        intent = self.intents[intent.id] = replace(
            intent,
            provider=answer.provider or intent.provider,
            provider_ref=answer.provider_ref or intent.provider_ref,
            link=answer.link or intent.link,
        )
        if intent.status is not IntentStatus.ASKING:
            return []
        if answer.asked:
            intent = self._become(intent, IntentStatus.PENDING, 0 if intent.told else at)
            return [letters.charged(intent, answer, at)] if answer.provider_ref or answer.link else []
        if answer.again:
            self._become(intent, IntentStatus.CREATED, at)
            return []
        return [letters.uncharged(self._become(intent, IntentStatus.FAILED, at, answer.failure), answer, at)]

    def silent(self, before: Millis) -> list[Intent]:
        """See Till.silent_charges."""
        found = [
            intent
            for intent in self.intents.values()
            if (
                intent.status is IntentStatus.PENDING
                or (intent.status is IntentStatus.CANCELLED and intent.provider)
                or intent.told is not None
            )
            and intent.way not in ASK_NOBODY
            and self._touched[intent.id] < before
        ]
        return sorted(found, key=lambda intent: self._touched[intent.id])

    def asked_about(self, ids: Iterable[str], at: Millis) -> None:
        """See Till.asked_about."""
        for name in ids:
            if name in self.intents:
                self._touched[name] = at

    def asked_enough(self, ids: Iterable[str]) -> None:
        """See Till.asked_enough."""
        self.asked_about([name for name in ids if name in self.intents and self.intents[name].told is None], NEVER)

    # -- what is looked up -----------------------------------------------------------------------------------------
    def own(self, shop: str, customer: str) -> list[Intent]:
        """A customer's intents, newest first."""
        return [one for one in reversed(self.intents.values()) if (one.shop, one.customer) == (shop, customer)]

    def payments_in(self, shop: str, states: Collection[PaymentState]) -> list[Payment]:
        """A shop's payments in these states (none named: any), newest first; of one moment, the one recorded last."""
        found = [one for one in reversed(self.payments.values()) if one.shop == shop]
        found.sort(key=lambda payment: payment.at, reverse=True)
        return [one for one in found if not states or one.state in states]


def pays(payment: Payment) -> bool:
    """Whether a payment is what paid its order: applied, or more than was asked for (engine.settling)."""
    return payment.state is PaymentState.APPLIED or (payment.state is PaymentState.DESK and payment.why == "over")


def _ref(intent: Intent) -> tuple[str, str]:
    return intent.provider, intent.provider_ref
