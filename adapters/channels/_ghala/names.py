"""What the two dialects call things of a message (``adapters.ghala.names`` says how to change them).

How messages come in is documented for neither dialect. What is read is the classic dialect's event, or Ghala's v2
headers around the message itself, or WhatsApp's own envelope passed on whole; see tests/cases/ghala/channel_in.json.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from adapters.ghala.names import CLASSIC, V2


class Names(msgspec.Struct, frozen=True):
    """Their names by ours; the defaults are the classic dialect's. Names of headers may be "": it has none.

    ``key`` is our own name of a message, out and back in its statuses. ``business``: the shop's number, to which it was
    sent. ``whatsapp_code``: WhatsApp's own number of an error, where Ghala passes it on.
    """

    # of a webhook
    signature: str = "x-ghala-signature"
    timestamp: str = "x-ghala-timestamp"
    event_header: str = ""
    delivery_header: str = ""
    event: str = "event"
    data: str = "data|message"
    received: str = "message.received"
    changed: str = "message.status"
    # of a message that came in
    id: str = "id|message_id|wa_message_id"
    sender: str = "from|phone|customer.phone"
    user: str = "from_user_id|user_id"
    name: str = "name|customer.name|profile.name"
    business: str = "to|business_number"
    at: str = "timestamp|created_at"
    quoted: str = "context.id"
    kind: str = "type"
    words: str = "text.body|text|body|message"
    # of a status
    status: str = "status"
    key: str = "reference"
    error: str = "error"
    # of a message that goes out
    messages: str = "/whatsapp/messages"
    to: str = "to"
    text: str = "text.body"
    interactive: str = "interactive"
    image: str = "image"
    document: str = "document"
    template_name: str = "template.name"
    template_language: str = "template.language.code"
    template_components: str = "template.components"
    # of the answer to it
    accepted: str = "id|message_id|data.id"
    code: str = "code|error.code"
    whatsapp_code: str = "whatsapp_code|error.whatsapp_code"


DIALECTS: Mapping[str, Names] = {
    CLASSIC: Names(),
    V2: Names(
        event_header="x-ghala-event",
        delivery_header="x-ghala-delivery",
        key="",
        messages="/messages",
        template_name="template_name",
        template_language="template_language",
        template_components="template_components",
    ),
}
"""v2 has an idempotency key, so it needs no name of ours in the body (protocols.md 3.1)."""
