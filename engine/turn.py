"""What one letter did, and the rows that it becomes."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine import fit
from engine.address import Address, Link, Millis, Sender
from engine.commit import Commit, Posted, Renamed, Timer
from engine.effects import (
    VISIBLE,
    AnyEffect,
    Ask,
    AskLocation,
    Book,
    Charge,
    ClearTimer,
    HushReminders,
    HushReplies,
    IssueCredit,
    IssueInvoice,
    MoveBooking,
    MoveCampaign,
    MoveIntent,
    MoveOrder,
    MovePayment,
    NoteDeed,
    NoteReminder,
    PlaceOrder,
    PutEntry,
    PutNotice,
    Recount,
    ReleaseHold,
    Reprice,
    SaveCustomer,
    Say,
    SetTimer,
    SettlePayment,
    SyncOrder,
    TakeHold,
    TakeMoney,
    TakeStock,
    TellCustomer,
)
from engine.events import Inbound, Letter
from engine.facts import Conflict, Facts, Known
from engine.messages import Outgoing
from engine.remembered import Conversation, dump
from engine.shop import Shop
from engine.window import FREE


class Turn(msgspec.Struct, frozen=True):
    """The conversation after a letter, and the wishes to be granted when it is committed.

    ``links`` are the sender's outside names that this conversation has not committed before, ``renamed`` those that are
    not theirs any more.
    """

    conversation: Conversation
    effects: tuple[AnyEffect, ...] = ()
    links: tuple[Link, ...] = ()
    renamed: tuple[Renamed, ...] = ()


def facts_of(
    before: Conversation, letter: Letter, known: Known, now: Millis, attempt: int = 0, conflict: Conflict | None = None
) -> Facts:
    """What a turn may know: what the store answered, and what follows from the conversation and the letter."""
    return Facts(
        now=now,
        key=f"{letter.address}:{before.turn + 1}",
        phone=before.phone or letter.inbound.sender.phone,
        language=before.language,
        attempt=attempt,
        conflict=conflict,
        customer=known.customer,
        orders=known.orders,
        left=known.left,
        seats=known.seats,
        bookings=known.bookings,
        entries=known.entries,
        payment=known.payment,
        intents=known.intents,
        invoices=known.invoices,
        reminders=known.reminders,
        written_at=before.last_written,
        profile=letter.inbound.sender.name,
        day=known.day,
        reached=known.reached,
        campaigns=known.campaigns,
    )


def commit_of(turn: Turn, letter: Letter, shop: Shop, facts: Facts) -> Commit:
    """One turn as rows of one transaction.

    Messages fit the channel's limits and go to whoever wrote last. Every key is derived (``address:turn:n``), so that
    the same turn taken twice proposes the same rows.
    """
    number = turn.conversation.turn
    commit = Commit(
        address=letter.address,
        version=number,
        snapshot=dump(turn.conversation),
        at=facts.now,
        inbound_id="" if letter.parked_id else letter.inbound.id,
        parked_id=letter.parked_id,
        links=turn.links,
        outbox=_outbox(turn, letter.address, shop, facts),
        heard=turn.conversation.last_written,
        renamed=turn.renamed,
    )
    wishes = [effect for effect in turn.effects if not isinstance(effect, VISIBLE)]
    return _granting(commit, wishes) if wishes else commit


def _granting(commit: Commit, wishes: Sequence[AnyEffect]) -> Commit:
    """The commit with the rows of what the flow wishes beside its messages; most turns only say something."""
    address, number = commit.address, commit.version
    saved = [wish.customer for wish in wishes if isinstance(wish, SaveCustomer)]
    return msgspec.structs.replace(
        commit,
        customer=saved[-1] if saved else None,
        orders=tuple([wish.order for wish in wishes if isinstance(wish, PlaceOrder)]),
        moves=tuple([wish.move for wish in wishes if isinstance(wish, MoveOrder)]),
        holds=tuple([wish.hold for wish in wishes if isinstance(wish, TakeHold)]),
        releases=tuple([wish.hold_id for wish in wishes if isinstance(wish, ReleaseHold)]),
        timers=tuple([Timer(address, wish.kind, wish.due, number) for wish in wishes if isinstance(wish, SetTimer)]),
        timers_off=tuple([wish.kind for wish in wishes if isinstance(wish, ClearTimer)]),
        payment_moves=tuple([wish.move for wish in wishes if isinstance(wish, MovePayment)]),
        takes=tuple(dict.fromkeys([wish.number for wish in wishes if isinstance(wish, TakeStock)])),
        intents=tuple([wish.intent for wish in wishes if isinstance(wish, Charge)]),
        intent_moves=tuple([wish.move for wish in wishes if isinstance(wish, MoveIntent)]),
        settlements=tuple([wish.settlement for wish in wishes if isinstance(wish, SettlePayment)]),
        bookings=tuple([wish.booking for wish in wishes if isinstance(wish, Book)]),
        booking_moves=tuple([wish.move for wish in wishes if isinstance(wish, MoveBooking)]),
        entries=tuple([wish.entry for wish in wishes if isinstance(wish, PutEntry)]),
        invoices=tuple([wish.issue for wish in wishes if isinstance(wish, IssueInvoice)]),
        credits=tuple([wish.credit for wish in wishes if isinstance(wish, IssueCredit)]),
        synced=tuple([wish.number for wish in wishes if isinstance(wish, SyncOrder)]),
        reminders=tuple([wish.reminder for wish in wishes if isinstance(wish, NoteReminder)]),
        posted=_posted(wishes, commit),
        deeds=tuple([wish.deed for wish in wishes if isinstance(wish, NoteDeed)]),
        recounts=tuple([(wish.sku, wish.on_hand) for wish in wishes if isinstance(wish, Recount)]),
        reprices=tuple([(wish.sku, wish.price) for wish in wishes if isinstance(wish, Reprice)]),
        notices=tuple([wish.notice for wish in wishes if isinstance(wish, PutNotice)]),
        campaign_moves=tuple([wish.move for wish in wishes if isinstance(wish, MoveCampaign)]),
        taken_in=tuple([wish.news for wish in wishes if isinstance(wish, TakeMoney)]),
        hushed=tuple([wish.about for wish in wishes if isinstance(wish, HushReminders)]),
        hush=any(isinstance(wish, HushReplies) for wish in wishes),
    )


def _posted(wishes: Sequence[AnyEffect], commit: Commit) -> tuple[Posted, ...]:
    """Letters to other customers, each under an id of this turn's."""
    told = [wish for wish in wishes if isinstance(wish, TellCustomer)]
    shop = commit.address.shop
    return tuple(
        [
            Posted(
                Letter(
                    Address(shop, wish.customer),
                    Inbound(f"told:{commit.address}:{commit.version}:{place}", shop, Sender(), commit.at, wish.event),
                ),
                commit.at,
            )
            for place, wish in enumerate(told)
        ]
    )


def _outbox(turn: Turn, address: Address, shop: Shop, facts: Facts) -> tuple[Outgoing, ...]:
    c = turn.conversation
    question, page = (c.offer.question, c.offer.page) if c.offer is not None else (0, 0)
    shown = [one for effect in turn.effects for one in fit.messages(effect, shop.limits, question, page, c.language)]
    key, free = f"{address}:{c.turn}:", c.last_written + FREE
    return tuple(
        [
            Outgoing(f"{key}{n}", address, c.phone, c.user_id, message, purpose, facts.now, 0, free, stand_in)
            for n, (message, purpose, stand_in) in enumerate(shown)
        ]
    )


def with_text(effects: tuple[AnyEffect, ...], ahead: str, behind: str) -> tuple[AnyEffect, ...]:
    """Put words before the first text or behind the last one: one message stays one message."""
    texts = [at for at, effect in enumerate(effects) if isinstance(effect, Say | Ask | AskLocation)]
    if not texts:
        return (*((Say(ahead),) if ahead else ()), *effects, *((Say(behind),) if behind else ()))
    at = texts[0] if ahead else texts[-1]
    effect = effects[at]
    if not isinstance(effect, Say | Ask | AskLocation):
        return effects
    return (*effects[:at], msgspec.structs.replace(effect, text=ahead + effect.text + behind), *effects[at + 1 :])
