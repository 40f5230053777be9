"""One item of a webhook → an Inbound, or a Status. Any field may be missing or of another shape, and one bad item never
raises: it becomes a Refusal, or a message that can't be read, of which the customer is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b

import msgspec

from adapters.channels._ghala.codes import meaning, sentence_of
from adapters.channels._ghala.envelope import Item, items
from adapters.channels._ghala.names import Names
from adapters.channels._whatsapp import people
from adapters.channels._whatsapp.reading import (
    NAME_LENGTH,
    Json,
    Map,
    document,
    identifier,
    integer,
    mapping,
    moment,
    sequence,
    text,
)
from adapters.channels._whatsapp.said import READERS, said
from adapters.channels._whatsapp.statuses import NO_REASON, RANKS
from adapters.ghala.names import found
from engine.address import Millis, Sender
from engine.events import AnyEvent, Inbound, TextSaid, UnsupportedSent
from engine.messages import OutcomeClass, Refusal, Status, StatusRank
from engine.ports import Call, Delivery

DERIVED = "derived:"
"""How the ids begin that we make for messages that come without one."""
STATUS_WORDS: Mapping[str, StatusRank] = {
    **RANKS,
    "undelivered": StatusRank.FAILED,
    "rejected": StatusRank.FAILED,
    "error": StatusRank.FAILED,
}
"""Any other word (queued, accepted, …) says nothing that we did not know."""
NOBODY_SAID_IT = UnsupportedSent("system")
TAPS = ("button_reply", "list_reply")
FILES = ("image", "document", "audio", "voice", "video", "sticker")


def deliver(call: Call, shops: Mapping[str, str], shop: str, names: Names) -> Delivery:
    """Everything in a genuine call. ``shops`` maps a business number to its shop; what names no number is ``shop``'s.
    Raises BadInput when the body is no JSON."""
    header = call.headers.get(names.event_header, "")
    given = list(items(document(call.raw), names, header))
    single = identifier(call.headers.get(names.delivery_header, "")) if len(given) == 1 else ""
    read = [_read(item, shops, shop, names, single) for item in given]
    return Delivery(
        inbounds=tuple(one for one in read if isinstance(one, Inbound)),
        statuses=tuple(one for one in read if isinstance(one, Status)),
        refusals=tuple(one for one in read if isinstance(one, Refusal)),
    )


def _read(
    item: Item, shops: Mapping[str, str], usual: str, names: Names, delivery: str
) -> Inbound | Status | Refusal | None:
    """None for a status that tells nothing."""
    if item.why:
        return Refusal(item.where, item.why)
    shop = _shop(item, shops, usual, names)
    if item.status:
        return _status(item, shop or usual, names)
    if shop is None:
        return Refusal(item.where, "for a business number that no shop has here")
    return _message(item, shop, names, delivery)


def _shop(item: Item, shops: Mapping[str, str], usual: str, names: Names) -> str | None:
    number = people.phone(found(item.body, names.business)) or "".join(filter(str.isdigit, item.business))
    return shops.get(number) if number and shops else usual


# -- a message ---------------------------------------------------------------------------------------------------------
def _message(item: Item, shop: str, names: Names, delivery: str) -> Inbound | Refusal:
    sender = _sender(item, names)
    if sender is None:
        return Refusal(item.where, "no sender")
    at = when(found(item.body, names.at))
    message_id = _id(item.body, names.id) or delivery or _derived(item.body, at)
    if not message_id:
        return Refusal(item.where, "no message id, and no time to know it by")
    if item.body.get("group_id") is not None:
        return Refusal(item.where, "from a group; a shop answers people only")
    said_it = event(item.body, names)
    if said_it == NOBODY_SAID_IT:
        return Refusal(item.where, "a notice of WhatsApp's that says nothing to us")
    return Inbound(message_id, shop, sender, at, said_it, _id(item.body, names.quoted))


def _sender(item: Item, names: Names) -> Sender | None:
    sender = people.sender(_as_text(found(item.body, names.sender)), found(item.body, names.user), item.contacts)
    if sender is None or sender.name:
        return sender
    return msgspec.structs.replace(sender, name=text(found(item.body, names.name), NAME_LENGTH))


def _as_text(given: Json) -> Json:
    """A phone that came as a number."""
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


def _id(body: Map, name: str) -> str:
    return identifier(_as_text(found(body, name)))


def _derived(body: Map, at: Millis) -> str:
    """Out of all that it says, so that a redelivery is the same; without a time no two could be told apart."""
    if not at:
        return ""
    said_it = msgspec.json.encode(body, order="sorted")
    return DERIVED + blake2b(said_it, digest_size=12).hexdigest()  # ids are logged, what was said never


def event(body: Map, names: Names) -> AnyEvent:
    """What a message says."""
    kind = text(found(body, names.kind), NAME_LENGTH)
    words = found(body, names.words)
    if isinstance(words, str) and kind in ("text", "chat", "message", ""):
        return TextSaid(text(words))
    kind = kind or next((name for name in READERS if isinstance(body.get(name), dict)), "")
    _, read = said(_as_whatsapp_says(body, kind))
    return UnsupportedSent(kind or "unknown") if read is None else read


def _as_whatsapp_says(body: Map, kind: str) -> Map:
    """The message in WhatsApp's own shape, where Ghala leaves a layer out."""
    part = body.get(kind)
    if kind in TAPS:
        return {"type": "interactive", "interactive": {"type": kind, kind: part}}
    if kind == "interactive" and isinstance(part, dict) and not part.get("type"):
        tap = next((name for name in TAPS if name in part), "")
        return {"type": kind, kind: {**part, "type": tap}}
    if kind in FILES and isinstance(part, dict) and not part.get("id"):
        return {"type": kind, kind: {**part, "id": part.get("url") or part.get("link")}}
    return {**body, "type": kind}


def when(given: Json) -> Millis:
    """A time in seconds, milliseconds, or as ISO 8601 writes it; 0 when it says nothing usable."""
    if at := moment(given):
        return at
    try:
        read = datetime.fromisoformat(text(given, NAME_LENGTH))
        return moment(str(round((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1_000)))
    except (ValueError, OverflowError):
        return 0


# -- a status ----------------------------------------------------------------------------------------------------------
def _status(item: Item, shop: str, names: Names) -> Status | Refusal | None:
    word, provider_id = found(item.body, names.status), _id(item.body, names.id)
    if not isinstance(word, str) or not provider_id:
        return Refusal(item.where, "a status without id or word")
    rank = STATUS_WORDS.get(word.lower())
    if rank is None:
        return None
    key = identifier(found(item.body, names.key)) if names.key else ""
    failure = _failure(item.body, names) if rank is StatusRank.FAILED else (0, "", None, "")
    return Status(shop, provider_id, rank, when(found(item.body, names.at)), key, *failure)


def _failure(body: Map, names: Names) -> tuple[int, str, OutcomeClass | None, str]:
    """The error's number where it is one of WhatsApp's, the owner's sentence, what it means, and the template's status
    that it tells of."""
    told = found(body, names.error)
    error = mapping(told) or mapping(next(iter(sequence(body.get("errors"))), None))
    code = error.get("code") if error else told
    number = integer(error.get("whatsapp_code")) or integer(code) or 0
    number = number if 0 < number < 2**31 else 0
    word = text(code, NAME_LENGTH)
    means = meaning(word, number, 200) if word or number else None
    kind, template = (means.kind, means.template) if means is not None else (None, "")
    return number, sentence_of(word, number) or NO_REASON, kind, template
