"""Logs that can't tell on a customer: one line per event, a fixed name and a few allowed fields, nothing else.

    {"at":"2026-11-21T10:00:00.123Z","level":"error","event":"send_failed","shop":"bakery","code":131026}

The guarantee is by construction, not by searching for what looks like a phone number: a record's text is never
written. Of our own loggers (``sokoni.*``) the event's name is, when it stands in EVENTS, and of the ``extra`` fields
those in FIELDS, each in its own shape. Of an exception its classes and its places in the code are, never its text. Of
the records of libraries (hypercorn, httpx, quart, …) the logger's name, the place and the exception are.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import TextIO

OURS = "sokoni"
HASH_BYTES = 6
"""Twelve hexadecimal digits: enough to follow one customer through a log, no way back to them without the key."""
PLACES = 6
"""Places in the code that are written per exception, the innermost ones."""
CLASSES = 8
"""Classes that are written per exception, its causes and members."""
GREATEST = 10**9
"""Counts, codes and sizes are smaller; a phone number in the wrong field is not."""
READABLE_LEVEL = 8

EVENTS: Mapping[str, str] = {
    "accept_failed": "the system refused a new connection; the code is its errno",
    "actor_crashed": "an actor failed on a letter and restarts from its snapshot",
    "address_quarantined": "an address crashed too often; its letters are parked until it is released",
    "api_crashed": "a request to the owner's API met a bug; it was answered 500",
    "ask_crashed": "asking what became of a payment failed inside the provider's adapter (a bug); it is asked again",
    "breaker_closed": "a service that had failed works again",
    "breaker_open": "a service failed so often that it is left alone for a while; /ready says which and until when",
    "campaign_completed": "every recipient of a campaign is accounted for",
    "campaign_crashed": "finding a campaign's audience failed (a bug); it is tried again",
    "campaign_stopped": "a campaign was paused, or not started, by itself; its owner is told why",
    "charge_crashed": "asking for money failed inside the provider's adapter (a bug); nobody is asked twice",
    "refund_crashed": "sending money back failed inside the provider's adapter (a bug); it is asked again",
    "refund_failed": "a provider did not send money back; the owner is told why",
    "clock_jumped": "the machine's clock was set, or it slept; milliseconds are by how much, below 0 for back",
    "charge_failed": "a customer could not be asked for money, or the provider refused; the kind says why",
    "connection_failed": "a connection ended in an error",
    "crm_crashed": "dealing with a CRM failed inside its adapter (a bug); it is tried again",
    "crm_failed": "a CRM could not be told an order, or asked for stock; it is tried again",
    "crm_order_refused": "a CRM does not take an order; it is tried again every hour",
    "dead_letter": "a letter crashed its actor twice and was parked; it can be replayed",
    "delivery_not_kept": "a webhook was answered 503, so that the provider keeps it",
    "item_refused": "one item of a webhook could not be read; the rest was",
    "mark_read_crashed": "showing that a message was read failed inside the channel (a bug)",
    "not_parked": "a letter that crashes its actor could not be parked either; its provider keeps it",
    "number_paused": "a business number stopped sending: the provider wants the operator to act",
    "payment_not_kept": "a payment webhook was answered 500, so that the provider keeps it",
    "payment_unreadable": "a payment webhook with a good signature could not be read (400); its money is not counted",
    "hearsay_of_nothing": "an unsigned callback tells of a request to pay that is not in the store; nothing was done",
    "payment_unsigned": "a payment webhook with a missing or wrong signature was refused; nothing was done",
    "process_crashed": "an error that nobody caught ended the process or one of its threads",
    "provider_notice": "the provider tells something about the account",
    "opening_not_kept": "an invoice was opened by its link, and the store could not keep that; it was shown",
    "paper_failed": "a ticket, receipt or invoice could not be made; its message is tried again",
    "send_crashed": "sending failed inside the channel (a bug); the send counts as unknown",
    "send_failed": "a message was given up; the code is the provider's",
    "not_fetched": "the provider did not list what it received; it is asked again in some minutes",
    "templates_not_listed": "the provider did not list the message templates; it is asked again",
    "templates_crashed": "listing the message templates failed inside the channel (a bug); it is asked again",
    "fetch_crashed": "a channel's fetch raised; a bug, it is tried again in some minutes",
    "refused_late": "messages were accepted and then refused for the 24-hour window; their templates go, or they wait",
    "sent_once_more": "the fate of a send stayed unknown, so it was sent again; it may arrive twice",
    "serving": "webhooks are taken",
    "stock_taken": "stock was taken over from a CRM; so many products changed",
    "stay_two": "two customers named together were not made one; the next message that names both tries again",
    "stopping": "a graceful stop has begun",
    "store_failed": "the store can't be trusted; the engine starts again from disk",
    "swept": "old ids and expired holds were deleted",
    "webhook_crashed": "a bug in reading or keeping a delivery; it was answered 503 and comes again",
}
"""Every event with its meaning. A test holds the code to this table."""

Shape = Callable[[object], str | float | None]


def _number(value: object) -> float | None:
    return value if isinstance(value, (int, float)) and abs(value) < GREATEST else None


def _matching(pattern: str) -> Shape:
    whole = re.compile(pattern)
    return lambda value: value if isinstance(value, str) and whole.fullmatch(value) else None


FIELDS: Mapping[str, Shape] = {
    "shop": _matching(r"[a-z][a-z0-9-]{0,39}"),
    "busy": _number,
    "code": _number,
    "count": _number,
    "milliseconds": _number,
    "port": _number,
    "shops": _number,
    # The path of an item in a webhook: names and positions, no values.
    "where": _matching(r"[a-z_]{1,24}(\[\d{1,4}\])?(\.[a-z_]{1,24}(\[\d{1,4}\])?){0,6}"),
    # Fixed words of ours and of the provider. A test holds their sources to constants.
    "kind": _matching(r"[a-z_]{1,60}"),
    "why": _matching(r"[a-z_ ,;'-]{1,120}"),
}
"""What may be written beside ``address`` (as a keyed hash), each in a shape that holds nobody's name or number."""

Line = dict[str, object]


class Lines(logging.Formatter):
    """Makes the one line of a record: JSON, or ``readable`` for a person at a terminal."""

    def __init__(self, key: bytes, readable: bool = False) -> None:
        super().__init__()
        self._key = key
        self._readable = readable

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line = self.line(record)
        return _for_people(line) if self._readable else json.dumps(line, separators=(",", ":"), allow_nan=False)

    def line(self, record: logging.LogRecord) -> Line:
        """The fields in their order."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line: Line = {"at": at, "level": record.levelname.lower()}
        if record.name.partition(".")[0] != OURS:
            line |= {"event": "library", "logger": _identifier(record.name), "place": _place_of(record)}
        elif record.msg in EVENTS and not record.args:
            line |= {"event": record.msg, **self._fields(record.__dict__)}
        else:
            line |= {"event": "unnamed", "place": _place_of(record)}
        if record.exc_info and record.exc_info[1] is not None:
            line |= _told(record.exc_info[1])
        return line

    def _fields(self, given: Mapping[str, object]) -> Line:
        found: Line = {}
        if "address" in given:
            found["address"] = self.hashed(str(given["address"]))
        for name, shape in FIELDS.items():
            if name in given and (value := shape(given[name])) is not None:
                found[name] = value
        return found

    def hashed(self, address: str) -> str:
        """An address as it stands in this log; the same key gives the same hash."""
        return blake2b(address.encode("utf-8", "replace"), key=self._key, digest_size=HASH_BYTES).hexdigest()


class Stream(logging.StreamHandler[TextIO]):
    """Writes lines. Its own failure is dropped: the standard one prints the record, text and all."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (the name is logging's)
        """Nothing: a log that can't be written must not stop the shop, nor show what it would have hidden."""


def setup(stream: TextIO, key: bytes, level: int = logging.INFO) -> None:
    """Send every record of the process there, and what nobody catches too; readable when ``stream`` is a terminal.

    Libraries are heard from WARNING on. ``key`` (up to 64 bytes) makes hashes of addresses comparable between runs.
    """
    handler = Stream(stream)
    handler.setFormatter(Lines(key, readable=stream.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda hook: _uncaught(hook.exc_type, hook.exc_value, hook.exc_traceback)
    sys.unraisablehook = lambda hook: _uncaught(hook.exc_type, hook.exc_value, hook.exc_traceback)


def key_of(secrets: Iterable[str]) -> bytes:
    """A key that stays while the shop's secrets do; a fresh random one where there are none."""
    joined = "\0".join(sorted(secrets)).strip("\0")
    return blake2b(joined.encode(), digest_size=32, person=b"sokoni log").digest() if joined else os.urandom(32)


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if not issubclass(kind, (KeyboardInterrupt, SystemExit)):
        logging.getLogger(OURS).critical("process_crashed", exc_info=(kind, error or kind(), trace))


# -- exceptions and places ---------------------------------------------------------------------------------------------
def _told(error: BaseException) -> Line:
    """Classes and places, never the text: exceptions quote what they failed on."""
    classes = list(dict.fromkeys(type(each).__name__ for each in _family(error, set())))
    innermost = _deepest(error)
    frames = traceback.extract_tb(innermost.__traceback__)[-PLACES:]
    places = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error": classes[:CLASSES], "places": places}


def _family(error: BaseException, seen: set[int]) -> Iterator[BaseException]:
    """An error, the members of a group, and causes, each once."""
    if id(error) in seen:
        return
    seen.add(id(error))
    yield error
    members = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    for other in (*members, *((cause,) if cause else ())):
        yield from _family(other, seen)


def _deepest(error: BaseException) -> BaseException:
    """The first leaf of a group: its traceback leads to the trouble, the group's only to the nursery."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _short(filename: str) -> str:
    """The file and its folder: where it lies on this machine is nobody's business."""
    return "/".join(Path(filename).parts[-2:])


def _place_of(record: logging.LogRecord) -> str:
    return f"{_short(record.pathname)}:{record.lineno}"


def _identifier(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]{0,79}", name) else "?"


def _for_people(line: Line) -> str:
    shown = dict(line)
    time, level, event = str(shown.pop("at"))[11:19], str(shown.pop("level")), shown.pop("event")
    rest = "".join(f" {name}={_joined(value)}" for name, value in shown.items())
    return f"{time} {level:{READABLE_LEVEL}} {event}{rest}"


def _joined(value: object) -> str:
    return " < ".join(str(part) for part in value) if isinstance(value, list) else str(value)
