"""One Outgoing → the form of Messages.json (protocols.md 2.5).

Twilio has buttons and lists only as content templates made beforehand, so questions go as numbered text (Limits without
buttons and rows); pictures and files go by public link. A status address with our outbox key is what a send whose
answer was lost is found again by: there is no idempotency key.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

import msgspec

from adapters.channels._twilio.reading import CHANNEL, KEY
from adapters.channels._whatsapp.render import Unsendable
from engine.messages import Document, Image, Limits, LocationRequest, Outgoing, Template, Text

BODY = 1_600
RETRIES = "#rc=5&rp=all"
"""What stands behind an address that Twilio calls (protocols.md 2.3): five more tries, whatever the first one met."""
LIMITS = Limits(
    text=BODY,
    question=BODY,
    list_question=BODY,
    buttons=0,
    rows=0,
    caption=1_024,
    location_request=False,
)

NO_ADDRESS = "The customer has neither a phone number nor a user id to write to. Contact them another way."
NO_LINK = "Twilio takes pictures and files by public link only. Put an https:// link into the catalogue."
NO_BUTTONS = "This channel has no buttons; the message was made for another channel. Please report this."


def form(outgoing: Outgoing, sender: str, service: str, hook: str) -> dict[str, str]:
    """The parameters of a send. ``sender`` is the number (digits), ``service`` a messaging service or "", ``hook`` the
    status address. Raises Unsendable."""
    to = f"+{outgoing.phone}" if outgoing.phone else outgoing.user_id
    if not to:
        raise Unsendable(NO_ADDRESS)
    who = {"MessagingServiceSid": service} if service else {"From": f"{CHANNEL}+{sender}"}
    said = {"To": CHANNEL + to, **who, **_content(outgoing)}
    return said | {"StatusCallback": f"{hook}?{KEY}={quote(outgoing.key, safe='')}{RETRIES}"}


def encoded(said: dict[str, str]) -> bytes:
    """As the body of a request."""
    return urlencode(said, errors="replace").encode()


def _content(outgoing: Outgoing) -> dict[str, str]:
    match outgoing.message:
        case Text(body) if body.strip():
            return {"Body": body}
        case LocationRequest(body):
            return {"Body": body}
        case Image(link, _, caption) | Document(_, link, _, caption):
            if not link:
                raise Unsendable(NO_LINK)
            return {"MediaUrl": link} | ({"Body": caption} if caption else {})
        case Template(name, _, parameters):
            values = {str(place): value for place, value in enumerate(parameters, 1)}
            variables = {"ContentVariables": msgspec.json.encode(values).decode()} if values else {}
            return {"ContentSid": name, **variables}
        case _:
            raise Unsendable(NO_BUTTONS)
