"""The running part, wired: what turns Inbounds into durable turns and durable turns into sends.

post(inbound) → router → mailbox → actor → commit ┬→ outbox → channel
                    ↑                              ├→ cashier → provider
                    │                              ├→ crm
                    └────── scheduler ←────────────┴─────┘
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager

import trio
from msgspec.structs import replace

from engine.actor import Surroundings
from engine.address import Address, Millis
from engine.announcer import Announcer
from engine.breaker import Breakers, service_of
from engine.campaigning import Campaigning
from engine.cashier import Cashier
from engine.catalogue import repriced
from engine.commit import Commit, Posted
from engine.crm import CrmSync
from engine.crm_desk import Served
from engine.events import Inbound
from engine.fetching import Fetching
from engine.gathering import Gatherer
from engine.mailbox import Receipt
from engine.messages import Status
from engine.money import whole
from engine.outbox import Outbox, OutboxSettings
from engine.papering import Papering, Papers
from engine.payment_calls import Question, Verdict
from engine.payments import IntentStatus, PaymentNews, RefundNews
from engine.ports import Channel, Clock, Http, Provider, Store
from engine.rounds import Rounds
from engine.router import Router
from engine.ruling import Ruling
from engine.scheduler import Scheduler
from engine.shop import Shop
from engine.supervisor import Supervisor
from engine.template_sync import TemplateSync
from engine.tickets import BookingStatus, Programme

FORGET_SECONDS = 30.0
QUEUED = "Messages are kept and go out by themselves when it works again."
"""What the owner hears of a channel that rests."""
CLOSED = frozenset({IntentStatus.PAID, IntentStatus.CANCELLED})
"""Where a request to pay stands that nobody should pay any more."""
FREEING = frozenset({BookingStatus.CANCELLED, BookingStatus.EXPIRED})
"""What a booking becomes when its seats are for others."""


class Running:
    """One process's engine over one store. ``run`` is its life; the rest is what the edge calls meanwhile.

    ``shops`` is kept, not copied: a shop that changes is replaced in it, and whoever shares it sees the new one.
    ``url`` is what links of ours begin with.
    """

    def __init__(
        self,
        store: Store,
        shops: MutableMapping[str, Shop],
        channels: Mapping[str, Channel],
        paces: Mapping[str, float],
        connect: Callable[[], AbstractAsyncContextManager[Http]],
        clock: Clock,
        outbox: OutboxSettings | None = None,
        papers: Papers | None = None,
        providers: Sequence[Provider] = (),
        crms: Sequence[Served] = (),
        url: str = "",
    ) -> None:
        self.store = store
        self.papers = papers
        self.shops = shops
        self.programme_lock = trio.Lock()
        """Held by whoever changes events, from reading them to ``renew_programme``."""
        self.around = Surroundings(store, shops, clock, self._committed, self._noted, self._merged)
        self.supervisor = Supervisor(self.around)
        self.router = Router(self.supervisor)
        self.rounds = Rounds()
        self.scheduler = Scheduler(store, self.supervisor, clock, self.shops, self.rounds)
        self.announcer = Announcer(store, self.shops, self.router, self.scheduler, clock)
        self.breakers = Breakers(store, clock)
        self.channel_kinds = {shop: service_of(channel) for shop, channel in channels.items()}
        guards = {shop: self.breakers.of(kind, shop, QUEUED) for shop, kind in self.channel_kinds.items()}
        self.templates = TemplateSync(store, shops, channels.values(), connect, clock, guards)
        sending = {
            shop: Ruling(Papering(channel, papers) if papers else channel, store, clock, self.templates)
            for shop, channel in channels.items()
        }
        self.outbox = Outbox(store, sending, paces, connect, clock, outbox, guards, self.scheduler.note_now)
        self.gatherer = Gatherer(store, shops, clock, url)
        self.campaigning = Campaigning(store, shops, self.outbox, paces, clock, self.gatherer)
        self.fetching = Fetching(store, channels.values(), connect, clock, self.post, guards, self.rounds)
        self.cashier = Cashier(store, providers, connect, clock, self.scheduler.note_now, self.breakers)
        rests = {one.crm.shop: self.breakers.quiet(service_of(one.crm), one.crm.shop) for one in crms}
        self.crm = CrmSync(store, crms, connect, clock, rests, self.rounds)

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run until cancelled; raises, in a group, StoreFailed or TooManyRestarts when only a fresh start helps."""
        async with trio.open_nursery() as nursery:
            await nursery.start(self.supervisor.run)
            await nursery.start(self.router.run)
            await nursery.start(self.breakers.run)
            await nursery.start(self.campaigning.run)  # before the outbox: see there
            await nursery.start(self.outbox.run)
            await nursery.start(self.cashier.run)
            await nursery.start(self.crm.run)
            await nursery.start(self.scheduler.run)
            await nursery.start(self.fetching.run)
            await nursery.start(self.templates.run)
            await nursery.start(self.announcer.run)
            task_status.started()
            while True:
                await trio.sleep(FORGET_SECONDS)
                self.router.forget_sleeping()

    def _committed(self, commit: Commit) -> None:
        self.outbox.committed(commit)
        self.cashier.offer(commit)
        self.crm.offer(commit)
        if commit.reprices:
            self._reprice(commit)
        for timer in commit.timers:
            self.scheduler.note(timer.due)
        for letter in commit.posted:
            self.scheduler.note(letter.due)
        if commit.campaign_moves:
            self.campaigning.look()
        if commit.notices:
            self.announcer.look()
        if commit.taken_in:
            self.scheduler.note(commit.at)
        if any(move.to in FREEING for move in commit.booking_moves):
            self.scheduler.seats_freed()

    def _reprice(self, commit: Commit) -> None:
        """From each actor's next turn on; the store has it already, for the next start."""
        shop = self.shops.get(commit.address.shop)
        if shop is not None:
            self.shops[shop.name] = replace(shop, catalogue=repriced(shop.catalogue, dict(commit.reprices)))

    def _merged(self, gone: Address, survivor: Address) -> None:
        self.outbox.merged(gone, survivor)
        self.scheduler.note_now()

    def _noted(self, due: Millis) -> None:
        self.scheduler.note(due)

    def post(self, inbounds: Sequence[Inbound]) -> Receipt:
        """Hand in all messages of one delivery; its receipt is settled when each of them met its end."""
        receipt = Receipt(len(inbounds))
        for inbound in inbounds:
            self.router.post(inbound, receipt)
        return receipt

    async def statuses(self, statuses: Sequence[Status]) -> None:
        """Apply provider statuses durably."""
        await self.outbox.noted(await self.templates.heard(statuses))

    async def record(self, shop: str, news: PaymentNews) -> bool:
        """Keep what a provider, or the owner, tells of a payment, and let its customer's actor know at once; False when
        it was known. Raises StoreBusy and StoreFailed."""
        return await self.cashier.record(shop, news)

    async def whose(self, shops: Sequence[str], news: PaymentNews) -> str:
        """Of several shops with one account at a provider, the one whose payment it is: the first one where nobody
        knows. Raises StoreError."""
        for shop in shops:
            if await self.store.meant(shop, news) is not None:
                return shop
        return shops[0]

    async def overheard(self, shop: str, news: PaymentNews) -> bool | None:
        """Keep what nobody signed, and ask its provider at once whether it is so; see Till.overheard. Raises StoreBusy
        and StoreFailed."""
        return await self.cashier.overheard(shop, news)

    async def asked(self, shop: str, question: Question) -> Verdict:
        """Whether money that a provider asks about is welcome: something is open under its reference, and costs so
        much. Raises StoreError."""
        typed = PaymentNews("", "", True, question.amount, question.currency, reference=question.reference)
        intent = await self.store.meant(shop, typed)
        if intent is None or intent.status in CLOSED:
            return Verdict.NOT_OWED
        sums = (intent.amount, whole(intent.amount, intent.currency))  # mobile money takes whole units only
        fits = question.currency == intent.currency and question.amount in sums
        return Verdict.WELCOME if fits else Verdict.OTHER_AMOUNT

    async def record_refund(self, shop: str, news: RefundNews) -> bool:
        """Keep what a provider tells of a refund; False when it was known, or is none of this shop's."""
        return await self.cashier.refunds.record(shop, news)

    async def post_letters(self, letters: Sequence[Posted]) -> None:
        """Keep letters of our own (the owner's wishes), and bring those that are due at once. Raises StoreBusy and
        StoreFailed."""
        with trio.CancelScope(shield=True):
            await self.store.post(letters)
        for letter in letters:
            self.scheduler.note(letter.due)

    async def renew_programme(self, shop: str) -> None:
        """Let a shop sell the events that its store holds, from each actor's next turn on."""
        events = await self.store.events(shop)
        self.shops[shop] = replace(self.shops[shop], programme=Programme(tuple(events)))
