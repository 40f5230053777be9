"""Where an invoice's number goes: into the texts of the turn that issues it, once the commit has allocated it."""

from __future__ import annotations

import msgspec

from engine.invoices import NUMBER
from engine.messages import AnyMessage

_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(AnyMessage).decode


def with_number(message: AnyMessage, number: str) -> AnyMessage:
    """The message with the real number wherever NUMBER stands: text, caption, file name, parameter of a template."""
    filled: AnyMessage = _decode(with_number_in(_encode(message), number))
    return filled


def with_number_in(encoded: bytes, number: str) -> bytes:
    """The same for a message that is JSON already. A number is plain letters, so it needs no escaping."""
    return encoded.replace(NUMBER.encode(), number.encode())
