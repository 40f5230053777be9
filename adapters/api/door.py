"""The door: scans are checked in, one by one or all that a door without network has gathered."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from adapters.api.answers import Done, Refusal
from adapters.api.endpoint import TOKEN, Call, Noun
from adapters.api.events import TICKETING
from adapters.api.fields import EventId, Moment, millis, shown
from adapters.papers import tokens
from engine.address import MINUTE, Millis
from engine.tickets import BOOKING_FORM, CheckIn, DoorAnswer

door = Noun("door", "The door: who has a ticket, and who is in already.")

SCANS_AT_MOST = 500
"""Of a door without network, in one request."""
TYPED = re.compile(BOOKING_FORM)
AHEAD: Millis = 5 * MINUTE
"""How wrong a door's clock may be."""


class Scan(msgspec.Struct, frozen=True):
    """A scan. ``token`` is what the QR code holds, or a booking's number typed by hand where the code can't be read.
    ``scan`` is the door's own name for this scan: sent again, it gets its first answer. ``event``: the one that is let
    in here; any where it is left out. ``at``: when it was scanned; now where it is left out."""

    token: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=tokens.LONGEST,
            description="what the QR code holds, or a booking's number",
            examples=["BKG-7K2M9P"],
        ),
    ]
    scan: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9._:-]{1,64}$",
            description="a name for this scan: 1 to 64 letters, digits and . _ : -",
            examples=["door-1:000042"],
        ),
    ]
    event: EventId | None = None
    at: Moment | None = None


class Scans(msgspec.Struct, frozen=True):
    """What a door has gathered, in its order."""

    scans: Annotated[
        list[Scan],
        Meta(min_length=1, max_length=SCANS_AT_MOST, description=f"a list of 1 to {SCANS_AT_MOST} scans"),
    ]


class Answered(msgspec.Struct, frozen=True):
    """What the door says. ``since``: when the first scan went in. ``why``: of a refusal, one of forged, unknown,
    other_event, cancelled, not_confirmed."""

    scan: str
    result: CheckIn
    message: str
    booking: str = ""
    name: str = ""
    seats: int = 0
    since: datetime | None = None
    why: str = ""


class AllAnswered(msgspec.Struct, frozen=True):
    """One answer for each scan, in their order."""

    answers: list[Answered]


class Key(msgspec.Struct, frozen=True, rename="camel"):
    """What a door needs to check tickets without network: the public key, 32 bytes in base64, and the form of a token:
    payload and signature in base32 without padding, the payload being ``shop|booking|event|seats|startsAt`` (ms)."""

    public_key: str
    shop: str
    algorithm: str = "Ed25519"
    token: str = f"{tokens.PREFIX}<payload>.<signature>"


SENTENCES = {
    "forged": "Not a ticket of ours.",
    "unknown": "There is no such booking.",
    "other_event": "A ticket for another event.",
    "cancelled": "This booking was cancelled.",
    "not_confirmed": "This booking is not confirmed.",
}


@door.post("/admin/checkins", "Check a ticket in", access=TOKEN, flows=TICKETING)
async def check_in(call: Call, body: Scan) -> Done[Answered]:
    """*in* first, *already* afterwards, *refused* with the reason. The same scan again gets its first answer."""
    answer = await _scanned(call, body, await _public(call), _when(call, body, "at"))
    return Done(answer.message, answer)


@door.post("/admin/checkins/batch", "Check in what was scanned without network", access=TOKEN, flows=TICKETING)
async def check_in_all(call: Call, body: Scans) -> Done[AllAnswered]:
    """Each scan has its own answer; sending the list again, or a part of it, changes nothing."""
    public = await _public(call)
    moments = [_when(call, scan, f"scans[{place}].at") for place, scan in enumerate(body.scans)]
    answers = [await _scanned(call, scan, public, at) for scan, at in zip(body.scans, moments, strict=True)]
    inside = sum(answer.result is CheckIn.IN for answer in answers)
    return Done(f"{inside} of {len(answers)} went in.", AllAnswered(answers))


@door.get("/admin/checkins/key", "The key to check tickets without network", access=TOKEN, flows=TICKETING)
async def key(call: Call) -> Key:
    return Key(b64encode(await _public(call)).decode(), call.shop.name)


async def _public(call: Call) -> bytes:
    """The public half of the key that signs tickets."""
    return tokens.Signer(await call.store.key(tokens.STORE_KEY)).public


def _when(call: Call, scan: Scan, field: str) -> Millis:
    """When it was scanned. Refusal 400 for a moment to come."""
    now = call.running.around.clock.now()
    at = millis(scan.at) if scan.at is not None else now
    if at > now + AHEAD:
        raise Refusal(400, f"Please correct: {field}.", {field: "it is in the future; is the door's clock right?"})
    return min(at, now)


async def _scanned(call: Call, scan: Scan, public: bytes, at: Millis) -> Answered:
    booking, refused = _booking_of(scan.token, call.shop.name, public)
    if refused:
        return _answer(call, scan.scan, DoorAnswer(CheckIn.REFUSED, why=refused))
    told = await call.store.check_in(call.shop.name, booking, scan.scan, scan.event or "", at)
    return _answer(call, scan.scan, told)


def _booking_of(token: str, shop: str, public: bytes) -> tuple[str, str]:
    """(booking, ""), or ("", why) of what is no ticket of this shop's."""
    said = token.strip()
    if TYPED.fullmatch(said.upper()):
        return said.upper(), ""
    ticket = tokens.read(said, public)
    if ticket is None:
        return "", "forged"
    return (ticket.booking, "") if ticket.shop == shop else ("", "unknown")


def _answer(call: Call, scan: str, told: DoorAnswer) -> Answered:
    since = shown(told.since, call.shop.timezone) if told.since else None
    match told.result:
        case CheckIn.IN:
            seats = "1 seat" if told.seats == 1 else f"{told.seats} seats"
            said = f"In: {told.name or told.booking}, {seats}."
        case CheckIn.ALREADY:
            said = f"Already in since {since:%H:%M}." if since is not None else "Already in."
        case CheckIn.REFUSED:
            said = SENTENCES.get(told.why, "Refused.")
    return Answered(scan, told.result, said, told.booking, told.name, told.seats, since, told.why)
