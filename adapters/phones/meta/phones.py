"""The customers' phones as Meta knows them: who they are, what was said lately, and the lines that are open.

Memory is bounded: each phone keeps its last ``keep`` messages. What is counted is counted exactly, elsewhere.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Protocol

import msgspec

from adapters.phones.meta.rules import Bucket, Rules
from engine.address import Millis

STATES = {"sent": 1, "delivered": 2, "read": 3}
UNDELIVERED = 1_000
"""How many messages wait for a phone that is off; Meta drops them after 30 days, this fake the oldest first."""


class Line(Protocol):
    """One open connection of a phone. ``ticks`` is False for a client that asked for messages only."""

    ticks: bool

    def push(self, frame: str) -> None:
        """Send a frame soon. Never waits: a line that does not keep up is cut, and finds the rest in its history."""


@dataclass(slots=True)
class Record:
    """One message of a conversation. ``raw`` is the posted body of a shop's message, b"" for the phone's own."""

    id: str
    at: Millis
    mine: bool
    kind: str
    text: str = ""
    quoted: str = ""
    ref: Any = None
    state: str = "sent"
    raw: bytes = b""
    key: str = ""

    def frame(self, *, history: bool = False) -> dict[str, Any]:
        """The frame that shows this message to a phone."""
        if not self.mine:
            return {"type": "message", "message_id": self.id, "at": self.at, "body": msgspec.Raw(self.raw)}
        frame = {"type": "mine", "message_id": self.id, "kind": self.kind, "text": self.text, "at": self.at}
        if self.quoted:
            frame["quoted"] = self.quoted
        return frame | {"state": self.state, "ref": self.ref} if history else frame

    def advance(self, state: str) -> bool:
        """Move the state forward; False when it is there already."""
        if STATES[state] <= STATES[self.state]:
            return False
        self.state = state
        return True


@dataclass(slots=True)
class Phone:
    """One customer of one business number. ``hidden``: the shop sees no phone number, only the user id."""

    digits: str
    user_id: str
    bucket: Bucket
    name: str = ""
    username: str = ""
    hidden: bool = False
    last_in: Millis = 0
    records: dict[str, Record] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    undelivered: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=UNDELIVERED))

    def keep(self, record: Record, most: int) -> None:
        """Remember a message and forget the oldest beyond ``most``."""
        self.records[record.id] = record
        if len(self.records) > most:
            del self.records[next(iter(self.records))]

    def show(self, frame: dict[str, Any], *, but: Line | None = None) -> None:
        """Push a frame to every open line, save one."""
        if self.lines:
            text = encode(frame)
            for line in tuple(self.lines):
                if line is not but:
                    line.push(text)

    def tick(self, record: Record, state: str) -> None:
        """Move one of the phone's own messages to delivered or read, and show it."""
        if not record.advance(state):
            return
        watching = [line for line in self.lines if line.ticks]
        if watching:
            text = encode({"type": "ticks", "message_id": record.id, "state": state})
            for line in watching:
                line.push(text)

    def show_typing(self, seconds: int) -> None:
        """The shop is typing."""
        for line in (line for line in self.lines if line.ticks):
            line.push(encode({"type": "typing", "seconds": seconds}))

    def read_up_to(self, message_id: str) -> None:
        """The shop has read this message, and with it all the phone's earlier ones."""
        own = [record for record in self.records.values() if record.mine]
        if message_id in self.records:
            while own and own[-1].id != message_id:
                own.pop()
            for record in own:
                self.tick(record, "read")


class Phones:
    """All phones of one business number, found by digits or by user id, and the ids of their messages."""

    def __init__(self, number_id: str, rules: Rules, since: Millis) -> None:
        self._number_id = number_id
        self._rules = rules
        self._since = since
        self._counted = 0
        self._by_digits: dict[str, Phone] = {}
        self._by_user: dict[str, Phone] = {}

    def __iter__(self) -> Iterator[Phone]:
        return iter(self._by_digits.values())

    def __len__(self) -> int:
        return len(self._by_digits)

    def by_digits(self, digits: str, now: float) -> Phone:
        """The phone with this number; a stranger is made up on the spot, as any number might be on WhatsApp."""
        phone = self._by_digits.get(digits)
        if phone is None:
            user_id = user_id_of(self._number_id, digits)
            phone = Phone(digits, user_id, Bucket(self._rules.pair_burst, now))
            self._by_digits[digits] = self._by_user[phone.user_id] = phone
        return phone

    def by_user(self, user_id: str) -> Phone | None:
        return self._by_user.get(user_id)

    def rename(self, phone: Phone, user_id: str) -> None:
        """Give a phone the user id that its client asked for."""
        self._by_user.pop(phone.user_id, None)
        phone.user_id = user_id
        self._by_user[user_id] = phone

    def new_id(self, phone: Phone) -> str:
        """A fresh wamid: opaque to everybody else, unique over restarts, and naming its phone to us."""
        self._counted += 1
        inside = f"{phone.digits}:{self._number_id}:{self._since:x}:{self._counted:x}"
        return "wamid." + urlsafe_b64encode(inside.encode()).decode().rstrip("=")

    def owner(self, message_id: str) -> Phone | None:
        """The phone in whose conversation this id was given out, also after the message itself was forgotten."""
        code = message_id.removeprefix("wamid.")
        try:
            inside = urlsafe_b64decode(code + "=" * (-len(code) % 4)).decode()
        except (ValueError, UnicodeError):
            return None
        digits, _, rest = inside.partition(":")
        return self._by_digits.get(digits) if rest.startswith(f"{self._number_id}:") else None


def user_id_of(number_id: str, digits: str) -> str:
    """A made-up but stable business-scoped user id."""
    return "KE." + str(int.from_bytes(blake2b(f"{number_id}/{digits}".encode(), digest_size=7).digest(), "big"))


def encode(frame: dict[str, Any]) -> str:
    """A frame as JSON text."""
    return msgspec.json.encode(frame).decode()
