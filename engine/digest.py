"""The day's figures at a set hour, to every owner's phone: a durable timer that sets itself anew.

The timer's kind carries the minute, so that another hour in the configuration is another timer, and the old one ends
when it fires. When it is due is found on the shop's own clock: an hour that the clocks leave out in spring is moved by
them, one that comes twice in autumn counts the first time.
"""

from __future__ import annotations

from datetime import date, time, timedelta

from msgspec.structs import replace

from engine.address import Millis
from engine.announcing import announced
from engine.cockpit_views import today
from engine.crew import NO_DIGEST, Role
from engine.dates import day_began, moment_of
from engine.effects import AnyEffect, ClearTimer, SetTimer
from engine.facts import AnyNeed, Availability, DayOf, Facts
from engine.remembered import Conversation
from engine.shop import Shop
from engine.shopping import local
from engine.timers import policy_of
from engine.turn import Turn

KIND = "digest"


def kind_of(shop: Shop) -> str:
    """The kind of the shop's timer; "" where it wants no digest."""
    return f"{KIND}:{shop.crew.digest}" if shop.crew.digest != NO_DIGEST else ""


def is_one(kind: str) -> bool:
    return kind.partition(":")[0] == KIND


def needs(shop: Shop, now: Millis) -> tuple[AnyNeed, ...]:
    """What a digest reads."""
    return (DayOf(day_began(now, shop.timezone), shop.currency), Availability())


def moment(on: date, shop: Shop) -> Millis:
    """When the digest of this day is due."""
    hour, minute = divmod(shop.crew.digest, 60)
    return moment_of(on, time(hour, minute), shop.timezone)


def next_after(now: Millis, shop: Shop) -> Millis:
    """The first one that lies ahead."""
    on = local(now, shop).date() - timedelta(days=1)
    while moment(on, shop) <= now:
        on += timedelta(days=1)
    return moment(on, shop)


def last_until(now: Millis, shop: Shop) -> Millis:
    """The last one that is not ahead."""
    on = local(now, shop).date() + timedelta(days=1)
    while moment(on, shop) > now:
        on -= timedelta(days=1)
    return moment(on, shop)


def called(c: Conversation, shop: Shop, facts: Facts) -> Turn:
    """An owner's phone is called at every start: its timer is set, unless it is."""
    kind = kind_of(shop)
    if not kind or kind in c.timers or shop.crew.role(c.phone) is not Role.OWNER:
        return Turn(c)
    return Turn(c, (SetTimer(kind, next_after(facts.now, shop)),))


def fired(kind: str, c: Conversation, shop: Shop, facts: Facts) -> Turn:
    """Speak, unless it is too late for this day, and come back tomorrow; end where the shop wants it otherwise now."""
    if kind != kind_of(shop) or shop.crew.role(c.phone) is not Role.OWNER:
        return Turn(c, (ClearTimer(kind),))
    again = SetTimer(kind, next_after(facts.now, shop))
    if facts.now - last_until(facts.now, shop) > policy_of(kind).useful:
        return Turn(c, (again,))
    return Turn(c, (*_said(c, shop, replace(facts, language=c.language)), again))


def _said(c: Conversation, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    text = today(shop, facts)
    return announced(text, text.replace("\n", "; "), shop, facts)
