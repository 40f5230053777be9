"""Logs: what an operator needs is there, and nothing of a customer ever is, whatever is thrown at them."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from adapters import logs

KEY = b"k" * 32
PHONE = "254700000001"
HOSTILE = {
    "a phone": PHONE,
    "a phone as people write it": "+254 700 000 001",
    "a name": "Asha Devi",
    "a name in Devanagari": "प्रिया",
    "a text": "Please bring 2 cookies to Moi Avenue",
    "a token": "EAAGm0PX4ZCpsBAKZA",
    "a shop's name with a line break": "bakery\n{}",
    "a path with a value": "entry[0].messages[254700000001]",
    "bytes": b"254700000001",
    "a number too big to count anything": 254_700_000_001,
    "a list": ["254700000001"],
    "an object that tells": type("Teller", (), {"__str__": lambda self: PHONE, "__repr__": lambda self: PHONE})(),
}


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """The log of a process that was set up, undone afterwards."""
    yield from _set_up(io.StringIO())


@pytest.fixture
def terminal() -> Iterator[io.StringIO]:
    yield from _set_up(Terminal())


def _set_up(stream: io.StringIO) -> Iterator[io.StringIO]:
    import threading

    root, ours = logging.getLogger(), logging.getLogger(logs.OURS)
    before = (root.handlers[:], root.level, ours.level, sys.excepthook, sys.unraisablehook, threading.excepthook)
    logs.setup(stream, KEY)
    yield stream
    logging.captureWarnings(False)
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    sys.excepthook, sys.unraisablehook, threading.excepthook = before[3:]


def only_line(stream: io.StringIO) -> dict[str, Any]:
    """The one JSON line that was written."""
    (text,) = stream.getvalue().splitlines()
    line: dict[str, Any] = json.loads(text)
    return line


def test_an_event_is_one_json_line_with_its_fields(stream: io.StringIO) -> None:
    logging.getLogger("sokoni.outbox").warning("send_failed", extra={"shop": "bakery", "code": 131026})
    line = only_line(stream)
    assert line.pop("at").endswith("Z")
    assert line == {"level": "warning", "event": "send_failed", "shop": "bakery", "code": 131026}


def test_at_a_terminal_it_is_readable(terminal: io.StringIO) -> None:
    logging.getLogger("sokoni.outbox").warning("send_failed", extra={"shop": "bakery", "code": 131026})
    assert terminal.getvalue()[8:] == " warning  send_failed shop=bakery code=131026\n"


def test_an_address_is_a_keyed_hash_that_can_be_followed(stream: io.StringIO) -> None:
    for key, address in ((KEY, f"bakery/{PHONE}"), (KEY, "bakery/other"), (b"another", f"bakery/{PHONE}")):
        logging.getLogger().handlers[0].setFormatter(logs.Lines(key))
        logging.getLogger("sokoni.x").error("dead_letter", extra={"address": address})
    first, other, elsewhere = (json.loads(line)["address"] for line in stream.getvalue().splitlines())
    assert first == logs.Lines(KEY).hashed(f"bakery/{PHONE}")
    assert len({first, other, elsewhere}) == 3
    assert PHONE not in stream.getvalue()


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("field", [*logs.FIELDS, "address", "text", "phone"])
def test_no_field_lets_a_customer_through(stream: io.StringIO, field: str, hostile: object) -> None:
    logging.getLogger("sokoni.x").error("send_failed", extra={field: hostile})
    line = only_line(stream)
    line.pop("at")
    if field == "address":
        assert len(line.pop("address")) == 2 * logs.HASH_BYTES
    assert line == {"level": "error", "event": "send_failed"}


@pytest.mark.parametrize("name", ["sokoni", "sokoni.web", "hypercorn.error", "hypercorn.access", "httpx", "quart.app"])
@pytest.mark.parametrize("as_argument", [False, True])
def test_no_message_text_lets_a_customer_through(stream: io.StringIO, name: str, as_argument: bool) -> None:
    for hostile in HOSTILE.values():
        if as_argument:
            logging.getLogger(name).error("said %s", hostile)
        else:
            logging.getLogger(name).error(f"said {hostile!s}")
    written = stream.getvalue()
    assert len(written.splitlines()) == len(HOSTILE)
    assert all(text not in written for text in ("said", PHONE, "Asha", "प्रिया", "\\u092a", "cookies", "EAAG"))


def test_an_exception_tells_its_classes_and_places_but_not_its_text(stream: io.StringIO) -> None:
    try:
        try:
            raise ValueError(f"bad phone {PHONE}")
        except ValueError as cause:
            raise ExceptionGroup(f"for {PHONE}", [KeyError(PHONE), httpx.ConnectError(PHONE)]) from cause
    except ExceptionGroup as group:
        logging.getLogger("hypercorn.error").exception(f"Error for {PHONE}", exc_info=group, stack_info=True)
    line = only_line(stream)
    assert PHONE not in stream.getvalue()
    assert line["error"] == ["ExceptionGroup", "KeyError", "ConnectError", "ValueError"]
    assert line["logger"] == "hypercorn.error"


def test_the_places_of_an_exception_are_the_innermost_and_hide_the_machine(stream: io.StringIO) -> None:
    def fail() -> None:
        raise RuntimeError(PHONE)

    try:
        fail()
    except RuntimeError:
        logging.getLogger("sokoni.x").exception("actor_crashed")
    places = only_line(stream)["places"]
    assert places[-1].startswith("adapters/test_logs.py:")
    assert places[-1].endswith(" fail")


def test_what_nobody_caught_is_logged_without_its_text(stream: io.StringIO) -> None:
    error = RuntimeError(PHONE)
    sys.excepthook(RuntimeError, error, None)
    assert only_line(stream)["event"] == "process_crashed"
    assert PHONE not in stream.getvalue()


def test_ctrl_c_is_no_crash(stream: io.StringIO) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert stream.getvalue() == ""


def test_an_event_without_a_name_in_the_table_tells_only_its_place(stream: io.StringIO) -> None:
    logging.getLogger("sokoni.x").error("asha_devi", extra={"shop": "bakery"})
    line = only_line(stream)
    assert line["event"] == "unnamed"
    assert line["place"].startswith("adapters/test_logs.py:")
    assert "asha" not in stream.getvalue()


def test_libraries_are_heard_from_warnings_on(stream: io.StringIO) -> None:
    logging.getLogger("httpx").info("HTTP Request: POST https://graph.facebook.com/…")
    logging.getLogger("sokoni.x").info("swept", extra={"count": 3})
    assert only_line(stream)["event"] == "swept"


def test_a_log_that_cannot_be_written_neither_stops_the_shop_nor_shows_the_record(
    stream: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    stream.close()
    logging.getLogger("sokoni.x").error("send_failed", extra={"text": PHONE})
    assert capsys.readouterr().err == ""


def test_not_a_number_makes_no_broken_json(stream: io.StringIO) -> None:
    logging.getLogger("sokoni.x").info("swept", extra={"count": float("nan"), "code": float("inf")})
    assert "count" not in only_line(stream)


def test_the_key_stays_while_the_secrets_do() -> None:
    assert logs.key_of(["a", "b"]) == logs.key_of(["b", "a"]) != logs.key_of(["a", "c"])
    assert logs.key_of([""]) != logs.key_of([""]), "without secrets it is random"
