"""Messages as they are queued in the outbox, whoever wishes for them."""

from __future__ import annotations

import msgspec

from engine.messages import Outgoing
from storage.sql import Row

encode = msgspec.json.encode


def outbox_row(o: Outgoing, message: bytes) -> Row:
    """As OUTBOX takes it; ``message`` is its JSON, completed."""
    fallback = encode(o.fallback).decode() if o.fallback is not None else None
    sent = (o.key, *o.address, o.phone, o.user_id, message.decode(), o.purpose.value, o.created_at, o.attempts)
    return (*sent, o.free_until, fallback)


OUTBOX = """INSERT INTO outbox
    (key, shop, customer, phone, user_id, message, purpose, created_at, attempts, free_until, fallback) {values}"""
