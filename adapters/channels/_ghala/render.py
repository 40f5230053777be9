"""One Outgoing → the body that a dialect wants: WhatsApp's own parts under the dialect's names."""

from __future__ import annotations

import msgspec

from adapters.channels._ghala.names import Names
from adapters.channels._whatsapp import render
from adapters.channels._whatsapp.reading import Map, mapping
from adapters.channels._whatsapp.render import Unsendable
from adapters.ghala.names import Json, found, idempotency_key, put
from engine.messages import Document, Image, Limits, Outgoing, Template

LIMITS: Limits = msgspec.structs.replace(render.LIMITS, location_request=False)
"""WhatsApp's own; that Ghala passes on a request for a place is said nowhere, so it is asked in words."""

NO_PHONE = "The customer has no phone number that Ghala could write to. Contact them another way."
NO_LINK = "Ghala takes pictures and files by public link only. Put an https:// link into the catalogue."


def key(outgoing: Outgoing) -> str:
    """The idempotency key of a row: the same however often it is sent; another one where a template stands in for what
    was refused. Out of its time too, so that a shop that begins
    anew with an empty store does not repeat the names of the one before."""
    kind = " template" if isinstance(outgoing.message, Template) else ""
    return idempotency_key(f"{outgoing.key} {outgoing.created_at}{kind}")


def body(outgoing: Outgoing, names: Names) -> bytes:
    """The whole body. Raises Unsendable."""
    message = outgoing.message
    if not outgoing.phone:
        raise Unsendable(NO_PHONE)
    if isinstance(message, (Image, Document)) and not message.link:
        raise Unsendable(NO_LINK)
    made = Json()
    put(made, names.to, outgoing.phone)
    if names.key:
        put(made, names.key, outgoing.key)
    content = render.content(message)
    put(made, names.kind, content["type"])
    _fill(made, content, names)
    return msgspec.json.encode(made)


def _fill(made: Json, content: Map, names: Names) -> None:
    kind = str(content["type"])
    part = mapping(content[kind])
    match kind:
        case "text":
            put(made, names.text, part["body"])
        case "template":
            put(made, names.template_name, part["name"])
            put(made, names.template_language, found(part, "language.code"))
            if "components" in part:
                put(made, names.template_components, part["components"])
        case _:
            put(made, getattr(names, kind), part)
