"""Twilio's error codes for WhatsApp as one table (protocols.md 2.7).

A code comes back from a send at once, or later in a status, with the same meaning. The sentence is for the shop's
owner: what happened, then what to do. Twilio's own texts are never shown: they hold the customer's number.
"""

from __future__ import annotations

from collections.abc import Mapping

from adapters.channels._whatsapp.codes import NEVER, NUMBER, OPERATOR, RETRY, SECOND, STOPPED, Meaning
from engine.address import HOUR, MINUTE
from engine.messages import OutcomeClass

ONCE = frozenset({30008, 63019, 63037})
"""Tried a second time, and then given up."""

_BAD_ADDRESS = Meaning(
    NEVER, "Twilio can't send to or from this number. Check the customer's number, and number in the configuration."
)
_BUG = Meaning(NEVER, "Twilio refused the message as malformed. Please report this with the code and the time.")
_TEMPLATE = Meaning(
    NEVER, "Twilio can't use this content template. Look at it in the Content Template Builder: its SID and variables."
)
_TEMPLATE_OFF = "WhatsApp has not approved or has paused this template. Edit it, or use another."
_SENDER = Meaning(
    OPERATOR, "The WhatsApp sender is not in order. Open Messaging > Senders > WhatsApp senders in Twilio's console."
)
_UNREACHABLE = Meaning(NEVER, "The customer's phone can't be reached. Contact them another way.")
_POLICY = Meaning(NEVER, "WhatsApp does not take this content. Change the text, its size or the picture.")
_OUTAGE = Meaning(RETRY, "WhatsApp or Twilio is having trouble. Nothing to do: it will be sent again.")
_FAST = Meaning(
    NUMBER, "Messages go out faster than Twilio allows. If this repeats, lower messages_per_second.", 2 * SECOND
)
_MEDIA = Meaning(
    RETRY, "The picture or file did not get through. It is tried once more; check that its address is public."
)
_SETUP = Meaning(NEVER, "This message can't be sent this way. Check the template's set-up in Twilio's console.")

CODES: Mapping[int, Meaning] = {
    # -- who we are and what we may do
    20003: Meaning(OPERATOR, "Twilio does not accept account_sid and auth_token. Check both in the configuration."),
    30002: Meaning(OPERATOR, "Twilio has suspended the account. Open Twilio's console to see why."),
    63001: _SENDER,
    63002: _SENDER,
    63007: Meaning(OPERATOR, "Twilio knows no WhatsApp sender of this number. Check number in the configuration."),
    63020: Meaning(OPERATOR, "Meta's Business Manager blocks the sender. Accept Twilio's invitation there."),
    # -- too fast
    20429: _FAST,
    21611: Meaning(NUMBER, "The sender's queue at Twilio is full. Nothing to do: sending goes on in a minute.", MINUTE),
    30001: Meaning(NUMBER, "The sender's queue at Twilio is full. Nothing to do: sending goes on in a minute.", MINUTE),
    63017: _FAST,
    63018: _FAST,
    63038: Meaning(
        NUMBER, "The account's messages for today are used up. Ask Twilio for more; sending goes on later.", HOUR
    ),
    # -- the customer
    21610: Meaning(STOPPED, "The customer has opted out with Twilio. Nobody may write until they send START."),
    30003: _UNREACHABLE,
    30004: Meaning(NEVER, "The customer has blocked the shop. Contact them another way."),
    30005: _UNREACHABLE,
    30006: _UNREACHABLE,
    30007: Meaning(NEVER, "The message was filtered as spam. Change its text; ask Twilio's support if it repeats."),
    30008: Meaning(RETRY, "The message was lost on the way. It is tried once more."),
    63003: Meaning(NEVER, "This number is not on WhatsApp. Contact the customer another way."),
    63014: Meaning(NEVER, "The customer has blocked the shop. Contact them another way."),
    63015: Meaning(
        NEVER, "The customer has not joined the sandbox. They send it the join words from Twilio's console."
    ),
    63024: Meaning(NEVER, "This number can't receive the message. Contact the customer another way."),
    63031: Meaning(NEVER, "The shop's own number can't write to itself. Use another phone."),
    63032: Meaning(NEVER, "WhatsApp limits messages to this customer. Wait until they write."),
    63033: Meaning(NEVER, "The customer can't be written to. Contact them another way."),
    63036: _UNREACHABLE,
    63049: Meaning(NEVER, "WhatsApp held back this marketing message. Try it again after a day at the earliest."),
    # -- the window
    63016: Meaning(
        OutcomeClass.NEEDS_TEMPLATE,
        "The customer last wrote over 24 hours ago. Only a template may go until they write.",
    ),
    30036: Meaning(NEVER, "The message became too old before it could go out. Send it again if it still matters."),
    # -- what was sent
    20404: Meaning(NEVER, "Twilio does not know what this message names. Check account_sid and the template's SID."),
    21211: _BAD_ADDRESS,
    21614: _BAD_ADDRESS,
    21604: _BAD_ADDRESS,
    21606: _BAD_ADDRESS,
    21603: _BAD_ADDRESS,
    21602: _BUG,
    21609: Meaning(NEVER, "Twilio can't call the status address. Check server.public_url: https, and no underscore."),
    21408: Meaning(NEVER, "The account may not send to this country. Allow it in Twilio's console, Geo permissions."),
    21617: _BUG,
    21620: Meaning(NEVER, "Twilio can't fetch the picture or file. Check that its address is public and https."),
    21623: Meaning(NEVER, "Twilio does not take this picture or file. Use JPEG, PNG or PDF of up to 16 MB."),
    21654: _TEMPLATE,
    21655: _TEMPLATE,
    21656: _TEMPLATE,
    63005: _POLICY,
    63013: _POLICY,
    63021: _POLICY,
    63025: _SETUP,
    63026: Meaning(NEVER, "WhatsApp takes the message for spam. Change its text, and write to fewer people at once."),
    63027: _TEMPLATE,
    63028: _TEMPLATE,
    63029: _SETUP,
    63030: _SETUP,
    63034: _POLICY,
    63040: Meaning(NEVER, _TEMPLATE_OFF, template="rejected"),
    63041: Meaning(NEVER, _TEMPLATE_OFF, template="paused"),
    # -- trouble
    63009: _OUTAGE,
    63010: _OUTAGE,
    63012: _OUTAGE,
    63019: _MEDIA,
    63037: _MEDIA,
}

UNHEARD = "Twilio refused the message with a code that is new here. Look the code up in Twilio's console."


def meaning(code: int, attempts: int = 1) -> Meaning | None:
    """What a code means for a message that was begun so often; None for one that the table does not have."""
    known = CODES.get(code)
    if known is not None and code in ONCE and attempts > 1:
        return Meaning(NEVER, known.reason)
    return known


def sentence(code: int) -> str:
    """The owner's sentence for a code."""
    known = CODES.get(code)
    return known.reason if known is not None else UNHEARD
