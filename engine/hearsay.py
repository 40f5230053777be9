"""Hearsay: what calls say that nobody signed. It is kept on its intent, and counts when its provider, asked, confirms
it (quality.md 12). How it weighs, what ends it, and what it adds; as every store writes it."""

from __future__ import annotations

import msgspec

from engine.address import Millis
from engine.payments import Intent, IntentStatus, PaymentNews, Told


def outweighs(news: PaymentNews, before: Told | None) -> bool:
    """Whether hearsay is kept in the place of what was told before: word of success is displaced by nothing."""
    return before is None or (news.ok and not before.news.ok)


def settles(news: PaymentNews, told: Told | None) -> bool:
    """Whether recorded news end what was overheard. Word of success that was contradicted is asked about again."""
    return told is not None and (news.ok or not told.news.ok)


def completed(news: PaymentNews, told: Told | None) -> PaymentNews:
    """News of success without a transaction's number, with what was overheard of the same request: a question may have
    been under way while the call came in that knows the number and the sum."""
    if told is None or not (news.ok and told.news.ok) or news.transaction or not told.news.transaction:
        return news
    if (news.provider, news.provider_ref) != (told.news.provider, told.news.provider_ref):
        return news
    return msgspec.structs.replace(told.news, intent=news.intent, amount=told.news.amount or news.amount)


def overheard(intent: Intent, news: PaymentNews, at: Millis) -> Intent:
    """The intent after hearsay that outweighs, as every store writes it. A provider that tells of a request has it: it
    is never asked for it again."""
    created = intent.status is IntentStatus.CREATED
    return msgspec.structs.replace(
        intent,
        told=Told(news, at),
        status=IntentStatus.PENDING if created else intent.status,
        provider=intent.provider or news.provider,
        provider_ref=intent.provider_ref or news.provider_ref,
    )
