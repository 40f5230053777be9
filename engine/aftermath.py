"""What a turn knows after its own first step: a session ends in silence and the letter that ended it is then heard, in
one turn and one commit. What the first step has moved, the second must not find unmoved, else each would move it and
the commit be refused for ever.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from engine.effects import AnyEffect, MoveBooking, MoveIntent, MoveOrder, MovePayment
from engine.facts import Facts
from engine.tickets import moved


def seen(facts: Facts, effects: Sequence[AnyEffect]) -> Facts:
    """The facts as they are once these wishes are granted. New rows are not among them: nothing new is wished for by
    what ends."""
    orders = {order.number: order for order in facts.orders}
    bookings = {booking.id: booking for booking in facts.bookings}
    intents = {intent.id: intent for intent in facts.intents}
    for effect in effects:
        match effect:
            case MoveBooking(move) if move.id in bookings:
                bookings[move.id] = moved(bookings[move.id], move, facts.now)
            case MoveOrder(move) if move.number in orders:
                orders[move.number] = replace(orders[move.number], status=move.to)
            case MovePayment(move) if move.number in orders:
                orders[move.number] = replace(orders[move.number], payment=move.to)
            case MoveIntent(move) if move.id in intents:
                intents[move.id] = replace(intents[move.id], status=move.to)
            case _:
                pass
    return replace(
        facts, orders=tuple(orders.values()), bookings=tuple(bookings.values()), intents=tuple(intents.values())
    )
