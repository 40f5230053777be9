"""A phone in the terminal: what a person or a script types goes to the shop, what the shop says is printed.

A person sees a prompt with the ticks of the last message and "typing…". A script (input that is no terminal) has its
lines sent one after another, each only when the shop has answered the one before and has been quiet for a moment: the
provider gives no sign that an answer is complete, so silence has to be it.
"""

from __future__ import annotations

import math
import os
import shutil
from typing import Any, Protocol, TextIO
from urllib.parse import quote, urlencode, urlsplit

import msgspec
import trio
from trio_websocket import ConnectionClosed, HandshakeError, WebSocketConnection, wrap_client_stream

from adapters.phones.terminal_text import PLAIN, STYLES, Shown, clean, lines, shown, styled

ANSWER = 20.0  # s that a script waits for an answer to one line
QUIET = 0.6  # s of silence after which an answer counts as complete
CONNECT = 10.0  # s until the provider has to have let us in, and then said hello
GOODBYE = 1.0  # s that it may take to say goodbye

TICKS = {"": "", "waiting": "", "sent": "✓ ", "delivered": "✓✓ ", "read": "✓✓ read "}
RANK = ["", "waiting", "sent", "delivered", "read"]

NOBODY = "Nobody answers at {}. Is the shop running? (run.py demo starts one)"
REFUSED = "Whoever listens at {} is no provider with phones."
HELP = """\
Type and press Enter to say something. A number taps the option of that number, when the shop's last message had any.
  /tap N          tap option N of the last message that had options
  /location       send a sample place; or /location LATITUDE LONGITUDE
  /photo CAPTION  send a photo (the caption may be empty)
  /pin            enter the right PIN when M-Pesa asks; or /pin no, /pin poor, /pin wrong, /pin late
  /help           this
  /quit           leave"""
PLACE = {"latitude": -1.3097, "longitude": 36.7967, "name": "Kenyatta Market", "address": "Mbagathi Way, Nairobi"}

PINS = {"": "approve", "no": "cancelled", "poor": "no_funds", "wrong": "wrong_pin", "late": "no_answer"}
"""What /pin can say → what becomes of the payment."""

Frame = dict[str, Any]


class Lines(Protocol):
    """Where lines come from, as sys.stdin does: ``readline`` blocks and gives "" at the end."""

    def readline(self) -> str: ...

    def isatty(self) -> bool: ...


class _Misuse(Exception):
    """A line that sends nothing; the sentence is for whoever typed it."""


async def chat(
    url: str,
    number: str,
    phone: str,
    name: str,
    *,
    input: Lines,
    output: TextIO,
    answer: float = ANSWER,
    quiet: float = QUIET,
) -> int:
    """Chat with the shop ``number`` (phone_number_id) as ``phone`` (digits) until the input ends or ``/quit``.

    ``url`` is the provider's base address (http, https, ws or wss). Waiting times are in seconds. Returns the exit
    code: 0, or 1 when nobody listens, the line broke, or a script's line was never answered. The reason is printed.
    """
    try:
        with trio.fail_after(CONNECT):
            stream = await _dial(url)
    except (OSError, trio.TooSlowError):
        print(NOBODY.format(url), file=output, flush=True)
        return 1
    terminal = _Terminal(input, output, answer, quiet)
    # The stream is closed here: the WebSocket's own close leaves it open when the handshake was refused.
    try:
        async with stream, trio.open_nursery() as nursery:
            host, path = urlsplit(url).netloc, _path(number, phone, name)
            with trio.fail_after(CONNECT):
                socket = await wrap_client_stream(nursery, stream, host, path)
            await terminal.run(socket)
            with trio.move_on_after(GOODBYE):
                await socket.aclose()
            nursery.cancel_scope.cancel()
    except* (HandshakeError, trio.TooSlowError):
        terminal.fail(REFUSED.format(url))
    return terminal.code


async def _dial(url: str) -> trio.SocketStream | trio.SSLStream[trio.SocketStream]:
    parts = urlsplit(url)
    host = parts.hostname or "127.0.0.1"
    if parts.scheme in ("https", "wss"):
        return await trio.open_ssl_over_tcp_stream(host, parts.port or 443)
    return await trio.open_tcp_stream(host, parts.port or 80)


def _path(number: str, phone: str, name: str) -> str:
    return f"/phone/{quote(phone, safe='')}?{urlencode({'number': number, 'name': name})}"


class _Terminal:
    """One conversation: the options that may be tapped, and what is known about the last line that was sent."""

    socket: WebSocketConnection

    def __init__(self, input: Lines, output: TextIO, answer: float, quiet: float) -> None:
        self.input = input
        self.output = output
        self.answer = answer
        self.quiet = quiet
        self.person = input.isatty()
        self.colour = output.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self.offers: tuple[str, Shown] | None = None  # the last message that had options, and its id
        self.fresh = False  # whether that was the last message of all
        self.state = ""  # of our last line: a key of TICKS
        self.last = ""  # the id of our last line
        self.ref = 0
        self.waits = False  # a line has no answer yet
        self.typing = math.inf
        self.heard = trio.Event()  # set, and made anew, at every message and at every refusal
        self.greeted = trio.Event()
        self.pin = ""  # the question of M-Pesa's that is open
        self.asked = trio.Event()  # set while there is one
        self.refusal = ""  # why the provider hung up, when it said so
        self.code = 0

    async def run(self, socket: WebSocketConnection) -> None:
        """Talk until the input ends; what went wrong is printed, and ``code`` set."""
        self.socket = socket
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._listen)
                with trio.fail_after(CONNECT):
                    await self.greeted.wait()
                await self._talk()
                nursery.cancel_scope.cancel()
        except* ConnectionClosed:
            self.fail(self.refusal or "The line to the provider broke.")
        except* trio.TooSlowError:
            self.fail("The provider took the call but never said hello.")

    def fail(self, sentence: str) -> None:
        self._print(sentence)
        self.code = 1

    # -- the shop ------------------------------------------------------------------------------------------------
    async def _listen(self) -> None:
        while True:
            frame = msgspec.json.decode(await self.socket.get_message(), type=Frame)
            handler = {
                "hello": self._hello,
                "message": self._message,
                "accepted": self._accepted,
                "ticks": self._ticks,
                "typing": self._types,
                "error": self._error,
                "mine": self._mine,
                "prompt": self._asked,
                "prompted": self._told,
            }.get(frame.get("type", ""))
            if handler is not None:
                handler(frame)

    def _hello(self, frame: Frame) -> None:
        title = clean(f"{frame.get('title', '')} {frame.get('number', '')}".strip())
        self._print(self._paint("shop", title))
        for old in frame.get("history", ()):
            self._mine(old) if old["type"] == "mine" else self._message(old)
        self.waits = False
        if self.person:
            self._print(self._paint("dim", "/help says what can be typed here."))
        self.greeted.set()
        self._prompt()

    def _message(self, frame: Frame) -> None:
        message = shown(frame.get("body", {}))
        self.fresh = bool(message.options)
        if message.options:
            self.offers = (frame["message_id"], message)
        self.typing = math.inf
        for line in lines(message, self._width()):
            self._print(styled(line) if self.colour else line)
        self._print("")
        self._answered()

    def _accepted(self, frame: Frame) -> None:
        if frame.get("ref") == self._ref():
            self.last = frame["message_id"]
            self._rise("sent")

    def _ticks(self, frame: Frame) -> None:
        if frame.get("message_id") == self.last:
            self._rise(frame.get("state", ""))

    def _types(self, frame: Frame) -> None:
        self.typing = trio.current_time() + float(frame.get("seconds", 25))
        self._prompt()

    def _error(self, frame: Frame) -> None:
        sentence = clean(str(frame.get("text", "The provider refused that.")))
        if not self.greeted.is_set():
            self.refusal = sentence
            return
        self._print(sentence)
        self.code = self.code if self.person else 1
        self._answered()

    def _asked(self, frame: Frame) -> None:
        """M-Pesa asks for a PIN, beside the chat."""
        self.pin = str(frame.get("id", ""))
        self.asked.set()
        words = f"M-Pesa: pay {frame.get('amount')} to {frame.get('title')} ({frame.get('reference')})? Type /pin"
        self._print(self._paint("shop", f"[{clean(words)}]"))
        self._prompt()

    def _told(self, frame: Frame) -> None:
        if not frame.get("taken"):
            self._print("M-Pesa does not ask any more.")
            self._answered()

    def _mine(self, frame: Frame) -> None:
        self._print(self._paint("dim", "> " + clean(str(frame.get("text") or f"[{frame.get('kind')}]"))))
        self._prompt()

    def _rise(self, state: str) -> None:
        if state in RANK and RANK.index(state) > RANK.index(self.state):
            self.state = state
            self._prompt()

    def _answered(self) -> None:
        self.waits = False
        heard, self.heard = self.heard, trio.Event()
        heard.set()
        self._prompt()

    # -- the person or the script --------------------------------------------------------------------------------
    async def _talk(self) -> None:
        while line := await self._line():
            words = line.rstrip("\r\n")
            if not words.strip():
                self._prompt()
                continue
            if words.strip() == "/quit":
                return
            try:
                frame = await self._pin(words) or self._frame(words)
            except _Misuse as misuse:
                self._print(str(misuse))
                self._prompt()
            else:
                await self._send(frame, words)

    async def _line(self) -> str:
        """The next line, "" at the end. Reading blocks a thread that is left behind when the chat ends first."""
        return await trio.to_thread.run_sync(self.input.readline, abandon_on_cancel=True)

    async def _pin(self, words: str) -> Frame | None:
        """The answer to M-Pesa's question; a script waits for the question."""
        command, _, rest = words.strip().partition(" ")
        if command != "/pin":
            return None
        answer = PINS.get(rest.strip().lower())
        if answer is None:
            raise _Misuse(f"/pin stands alone, or with one of: {', '.join(filter(None, PINS))}.")
        with trio.move_on_after(0 if self.person else self.answer):
            await self.asked.wait()
        if not self.pin:
            raise _Misuse("M-Pesa asks nothing now.")
        prompt, self.pin, self.asked = self.pin, "", trio.Event()
        return {"type": "prompt", "id": prompt, "answer": answer}

    def _frame(self, words: str) -> Frame:
        command, _, rest = words.strip().partition(" ")
        rest = rest.strip()
        if command == "/help":
            raise _Misuse(HELP)
        if command == "/tap":
            return self._tap(rest)
        if command == "/location":
            return _location(rest)
        if command == "/photo":
            return {"type": "media", "kind": "image", "caption": rest}
        if self.fresh and self._option(command) is not None and not rest:
            return self._tap(command)
        return {"type": "say", "text": words}

    def _option(self, number: str) -> str | None:
        """The id of option ``number`` of the last offer; None when there is no such option."""
        options = self.offers[1].options if self.offers else ()
        if number.isascii() and number.isdigit() and len(number) < 4 and 1 <= int(number) <= len(options):
            return options[int(number) - 1].id
        return None

    def _tap(self, number: str) -> Frame:
        if self.offers is None:
            raise _Misuse("There is nothing to tap yet: no message had options.")
        option = self._option(number)
        if option is None:
            raise _Misuse(f"/tap takes a number from 1 to {len(self.offers[1].options)}.")
        return {"type": "tap", "message_id": self.offers[0], "option": option}

    async def _send(self, frame: Frame, words: str) -> None:
        self.ref += 1
        self.state, self.last, self.waits = "waiting", "", True
        if not self.person:
            self._print(self._paint("dim", f"> {clean(words)}"))
        await self.socket.send_message(msgspec.json.encode({**frame, "ref": self._ref()}).decode())
        if not self.person:
            await self._settle()
        self._prompt()

    async def _settle(self) -> None:
        """Wait until the answer has come and nothing followed it for a moment, or nobody answered in time."""
        with trio.move_on_after(self.answer):
            while self.waits:
                await self.heard.wait()
        if self.waits:
            came = "reached the shop" if self.state in ("delivered", "read") else "did not reach the shop"
            self._print(f"(no answer within {self.answer:g} s; the message {came})")
            self.waits, self.code = False, 1
            return
        quiet = False
        while not quiet:
            with trio.move_on_after(self.quiet) as scope:
                await self.heard.wait()
            quiet = scope.cancelled_caught

    # -- printing ------------------------------------------------------------------------------------------------
    def _ref(self) -> str:
        return f"t{self.ref}"

    def _width(self) -> int:
        return shutil.get_terminal_size().columns if self.output.isatty() else 100

    def _paint(self, style: str, words: str) -> str:
        return f"{STYLES[style]}{words}{PLAIN}" if self.colour else words

    def _print(self, words: str) -> None:
        start = "\r\x1b[K" if self.person and self.output.isatty() else ""
        print(start + words, file=self.output, flush=True)

    def _prompt(self) -> None:
        """Draw the prompt anew: the ticks of the last line, or that the shop is typing."""
        if not (self.person and self.output.isatty() and self.greeted.is_set()):
            return
        typing = self.typing != math.inf and trio.current_time() < self.typing
        mood = "typing… " if typing else TICKS[self.state]
        print(f"\r\x1b[K{self._paint('dim', mood)}› ", end="", file=self.output, flush=True)


def _location(rest: str) -> Frame:
    if not rest:
        return {"type": "location", **PLACE}
    try:
        north, east = (float(part) for part in rest.replace(",", " ").split())
    except ValueError:
        raise _Misuse("/location takes nothing or two numbers, like /location -1.31 36.80") from None
    if not (abs(north) <= 90 and abs(east) <= 180):
        raise _Misuse("A latitude is from -90 to 90, a longitude from -180 to 180.")
    return {"type": "location", "latitude": north, "longitude": east, "name": "", "address": ""}
