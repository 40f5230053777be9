"""Where numbers of invoices and credit notes go: into the texts of the turn that issues them, once allocated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from engine.messages import AnyMessage

Marks: TypeAlias = Mapping[str, str]
"""What stands in texts (invoices.NUMBER, invoices.CREDIT) → the number that it becomes."""

_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(AnyMessage).decode


def with_numbers(message: AnyMessage, marks: Marks) -> AnyMessage:
    """The message with the real numbers wherever a mark stands: text, caption, file name, parameter of a template."""
    filled: AnyMessage = _decode(with_numbers_in(_encode(message), marks))
    return filled


def with_numbers_in(encoded: bytes, marks: Marks) -> bytes:
    """The same for a message that is JSON already. A number is plain letters, so it needs no escaping."""
    for mark, number in marks.items():
        encoded = encoded.replace(mark.encode(), number.encode())
    return encoded


def named(paper: str, marks: Marks) -> str:
    """The same for the name of a paper."""
    for mark, number in marks.items():
        paper = paper.replace(mark, number)
    return paper
