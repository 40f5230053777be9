"""A body from Ghala → its items. One item is one message or one status, however it is wrapped:

    {"event": "message.received", "data": {…}}            classic
    {…} or {"message": {…}}, the event in a header        v2
    {"messages": […], "statuses": […], "contacts": […]}   several at once
    {"object": "whatsapp_business_account", "entry": …}   WhatsApp's own, passed on whole
    [ … ]                                                 several of any of these

What can't be an item is given back with the reason, and never drops the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from adapters.channels._ghala.names import Names
from adapters.channels._whatsapp import people
from adapters.channels._whatsapp.reading import NAME_LENGTH, Json, Map, mapping, sequence, text
from adapters.ghala.names import found

DEEPEST = 4
"""Lists and envelopes within each other; real ones are two deep."""
NOTHING: Mapping[str, Map] = {}


class Item(NamedTuple):
    """One message (``status`` False) or status, and where it stood. ``business`` is the number that its envelope names,
    ``why`` says what is wrong with one that is none."""

    where: str
    body: Map
    status: bool = False
    contacts: Mapping[str, Map] = NOTHING
    business: str = ""
    why: str = ""


def items(body: Json, names: Names, event: str, where: str = "", depth: int = 0) -> Iterator[Item]:
    """Everything in a body, in its order. ``event`` is what a header says of it, or ""."""
    if depth > DEEPEST:
        yield Item(where, {}, why="nested too deeply")
    elif isinstance(body, list):
        for place, one in enumerate(body):
            yield from items(one, names, event, f"{where}[{place}]", depth + 1)
    elif not isinstance(body, dict):
        yield Item(where, {}, why="expected an object")
    elif isinstance(body.get("entry"), list):
        yield from _entries(body["entry"], names, where, depth)
    elif isinstance(body.get("messages"), list) or isinstance(body.get("statuses"), list):
        yield from _several(body, names, where)
    else:
        yield from _event(body, names, event, where, depth)


def _entries(entries: Json, names: Names, where: str, depth: int) -> Iterator[Item]:
    for place, entry in enumerate(sequence(entries)):
        for number, change in enumerate(sequence(mapping(entry).get("changes"))):
            value, inside = mapping(change).get("value"), f"{where}entry[{place}].changes[{number}]"
            if isinstance(value, dict):
                yield from _several(value, names, inside + ".")
            else:
                yield Item(inside, {}, why="expected a value")


def _several(body: Map, names: Names, where: str) -> Iterator[Item]:
    contacts = people.contacts(body.get("contacts"))
    business = text(mapping(body.get("metadata")).get("display_phone_number"), NAME_LENGTH)
    for kind, status in (("messages", False), ("statuses", True)):
        for place, one in enumerate(sequence(body.get(kind))):
            inside = f"{where}{kind}[{place}]"
            if isinstance(one, dict):
                yield Item(inside, one, status, contacts, business)
            else:
                yield Item(inside, {}, why="expected an object")


def _event(body: Map, names: Names, header: str, where: str, depth: int) -> Iterator[Item]:
    event = header or text(found(body, names.event), NAME_LENGTH)
    inner = found(body, names.data)
    if isinstance(inner, list):
        yield from items(inner, names, event, where, depth + 1)
    elif isinstance(inner, dict):
        around = {name: value for name, value in body.items() if value is not inner and name != names.event}
        yield from items({**around, **inner}, names, event, where, depth + 1)
    elif event in (names.received, names.changed):
        yield Item(where, body, event == names.changed)
    elif event:
        yield Item(where, body, why="an event of another kind; payments have a webhook of their own")
    elif _is_item(body, names):
        yield Item(where, body, found(body, names.sender) is None)
    else:
        yield Item(where, body, why="neither a message nor a status")


def _is_item(body: Map, names: Names) -> bool:
    return found(body, names.sender) is not None or isinstance(found(body, names.status), str)
