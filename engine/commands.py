"""What the shop's own people write to it, read as commands: pure text in, one Command out.

The desk's own words are English in every shop, as short as they can be, for they are typed on a phone; words that
customers say too are understood in the shop's languages, and the answers are in the language of whoever wrote. A number
may be an order's, a booking's, or its place in the list that was shown last.
"""

from __future__ import annotations

import re
from enum import Enum

import msgspec

from engine.folding import ascii_digits, ended, plain
from engine.offers import Offer
from engine.words import command, word_in

PREFIX = "desk:"
"""An Option's value that begins so is a command, as if it were typed; behind CONFIRMED it was asked about."""
CONFIRMED = "desk!:"


class Verb(str, Enum):
    TODAY = "today"
    ORDERS = "orders"
    ORDER = "order"
    START = "start"
    DONE = "done"
    CANCEL = "cancel"
    PAID = "paid"
    STOCK = "stock"
    PRICE = "price"
    TAKE = "take"
    GIVE_BACK = "give back"
    PAUSE = "pause campaign"
    RESUME = "resume campaign"
    HELP = "help"
    NOTHING = "no"


class Command(msgspec.Struct, frozen=True):
    """``what``: an order's number, a product's name or a phone, as it was written. ``value``: the quantity, the price
    or the way behind it. ``confirmed``: it was asked about, and the answer was yes."""

    verb: Verb
    what: str = ""
    value: str = ""
    confirmed: bool = False


SPELLINGS = {
    "today": Verb.TODAY,
    "figures": Verb.TODAY,
    "orders": Verb.ORDERS,
    "bookings": Verb.ORDERS,
    "order": Verb.ORDER,
    "booking": Verb.ORDER,
    "show": Verb.ORDER,
    "start": Verb.START,
    "begin": Verb.START,
    "done": Verb.DONE,
    "finish": Verb.DONE,
    "complete": Verb.DONE,
    "cancel": Verb.CANCEL,
    "paid": Verb.PAID,
    "stock": Verb.STOCK,
    "price": Verb.PRICE,
    "take": Verb.TAKE,
    "give back": Verb.GIVE_BACK,
    "giveback": Verb.GIVE_BACK,
    "release": Verb.GIVE_BACK,
    "pause campaign": Verb.PAUSE,
    "pause": Verb.PAUSE,
    "resume campaign": Verb.RESUME,
    "resume": Verb.RESUME,
    "help": Verb.HELP,
    "menu": Verb.HELP,
    "hi": Verb.HELP,
    "hello": Verb.HELP,
    "?": Verb.HELP,
    "no": Verb.NOTHING,
}
"""How each is said; the longest fits first."""

ALONE = frozenset({Verb.TODAY, Verb.ORDERS, Verb.HELP, Verb.NOTHING})
"""Commands that nothing follows: "help me" is none."""
NUMBERED = frozenset({Verb.ORDER, Verb.START, Verb.DONE, Verb.CANCEL, Verb.PAID})
PRICED = frozenset({Verb.STOCK, Verb.PRICE})

GLOBAL = {"help": Verb.HELP, "menu": Verb.HELP, "my orders": Verb.ORDERS, "cancel": Verb.CANCEL}
"""What customers' global words mean at the desk."""

_LAST = re.compile(r"(?P<what>.*?)[ =]+(?P<value>[0-9][0-9.,]*)")
_PLACE = re.compile(r"[0-9]{1,2}")
_WAY = re.compile(r"(?P<what>.*) (?P<value>cash|bank)", re.IGNORECASE)


def read(said: str, offer: Offer | None = None) -> Command | None:
    """The command that a text is; None when it is none. ``offer``: the list that was shown last."""
    text = " ".join(ascii_digits(plain(said)).split()).rstrip("!?.") or said.strip()
    folded = text.casefold()
    for spelling, verb in sorted(SPELLINGS.items(), key=lambda one: -len(one[0])):
        if folded == spelling:
            return Command(verb)
        if verb not in ALONE and folded.startswith(spelling + " "):
            return _about(verb, text[len(spelling) + 1 :].strip(), offer)
    return None


def in_any_language(said: str, languages: tuple[str, ...]) -> Command | None:
    """The command that one of the words is which customers say in their languages: help, my orders, cancel N, done."""
    word = word_in(ended(said), languages)
    if word is not None:
        verb = GLOBAL.get(word.name)
        return Command(verb, word.rest.upper()) if verb is not None else None
    verb = SPELLINGS.get(command(said))
    return Command(verb) if verb is not None else None


def _about(verb: Verb, rest: str, offer: Offer | None) -> Command:
    if verb is Verb.PAID and (found := _WAY.fullmatch(rest)):
        return Command(verb, _number(found["what"], offer), found["value"].casefold())
    if verb in NUMBERED:
        return Command(verb, _number(rest, offer))
    if verb in PRICED and (found := _LAST.fullmatch(rest)):
        return Command(verb, found["what"].strip(), found["value"].replace(",", ""))
    return Command(verb, rest)


def _number(written: str, offer: Offer | None) -> str:
    """An order's number in capitals; of one or two digits the place in the list that was shown."""
    number = written.removeprefix("#").strip()
    if (listed := list_in(offer)) is not None and _PLACE.fullmatch(number):
        shown = [option.value.removeprefix(LISTED) for _, option in listed.shown]
        if 1 <= int(number) <= len(shown):
            return shown[int(number) - 1]
    return number.upper()


LISTED = f"{PREFIX}{Verb.ORDER.value} "


def is_list(offer: Offer) -> bool:
    """Whether it is the list of open orders."""
    return all(option.value.startswith(LISTED) for option in offer.options)


def list_in(offer: Offer | None) -> Offer | None:
    """The list of open orders, wherever it stands among the questions of the desk."""
    while offer is not None and not is_list(offer):
        offer = offer.below
    return offer


def chosen(value: str) -> Command | None:
    """The command that an option's value is."""
    if value.startswith(CONFIRMED):
        wanted = read(value.removeprefix(CONFIRMED))
        return msgspec.structs.replace(wanted, confirmed=True) if wanted is not None else None
    return read(value.removeprefix(PREFIX)) if value.startswith(PREFIX) else None


def value_of(wanted: Command, *, confirmed: bool = False) -> str:
    """The option's value that reads back as this command."""
    words = " ".join(part for part in (wanted.verb.value, wanted.what, wanted.value) if part)
    return (CONFIRMED if confirmed else PREFIX) + words


def ours(offer: Offer | None) -> Offer | None:
    """The open question where it is one of the cockpit's, else None."""
    asked = offer is not None and all(one.value.startswith((PREFIX, CONFIRMED)) for one in offer.options)
    return offer if asked else None
