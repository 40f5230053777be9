"""Meta's error codes (Graph API, WhatsApp Cloud API v26.0) as one table.

A code comes back from a send at once, or later in a ``failed`` status, with the same meaning. The sentence is for the
shop's owner: what happened, then what to do. Meta's own texts are never shown: they can hold a customer's number, and
for code 190 even the access token.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.address import HOUR, MINUTE, Millis
from engine.messages import OutcomeClass

SECOND: Millis = 1_000
RETRY, NEVER, OPERATOR = OutcomeClass.RETRY, OutcomeClass.NEVER, OutcomeClass.OPERATOR
NUMBER, CUSTOMER = OutcomeClass.THROTTLE_NUMBER, OutcomeClass.THROTTLE_CUSTOMER
STOPPED = OutcomeClass.STOPPED


class Meaning(NamedTuple):
    """What a code means for us: its class, the owner's sentence, how long to wait (ms; 0: our own backoff), and the
    status of the message's template that it tells of, as in Outcome.template."""

    kind: OutcomeClass
    reason: str
    wait: Millis = 0
    template: str = ""


_PERMISSION = Meaning(
    OPERATOR,
    "The access token may not do this. Give its user the WhatsApp permissions in Meta Business settings.",
)
_LOCKED = Meaning(OPERATOR, "Meta has restricted this account. Open Business Support Home to see why and to appeal.")
_OUR_BUG = Meaning(NEVER, "WhatsApp refused the message as malformed. Please report this with the code and the time.")
_OUTAGE = Meaning(RETRY, "WhatsApp is having trouble. Nothing to do: it will be sent again.")
_MARKETING_API = Meaning(
    NEVER, "This campaign message is not allowed there. Check the template's category and its set-up."
)
_TEMPLATE_SHAPE = Meaning(
    NEVER,
    "The template and what was filled into it do not match. Compare them in WhatsApp Manager.",
)
_TEMPLATE_OFF = "Meta has stopped this template. Edit it in WhatsApp Manager or use another."
_REGISTRATION = Meaning(
    OPERATOR, "The number's registration is not in order. Register it again with its PIN in WhatsApp Manager."
)

CODES: dict[int, Meaning] = {
    # -- who we are and what we may do
    0: Meaning(OPERATOR, "Meta could not check the access token. Make a new one and put it into the configuration."),
    190: Meaning(
        OPERATOR, "The access token has expired or was revoked. Make a new one and put it into the configuration."
    ),
    3: _PERMISSION,
    10: _PERMISSION,
    131005: _PERMISSION,
    33: Meaning(OPERATOR, "Meta does not know this phone number id. Check phone_number_id in the configuration."),
    368: _LOCKED,
    131031: _LOCKED,
    131037: Meaning(OPERATOR, "The number's display name is not approved. Have it approved in WhatsApp Manager."),
    131042: Meaning(
        OPERATOR, "Meta has a problem with the account's payment. Check the payment method in Meta Business settings."
    ),
    131045: _REGISTRATION,
    133005: _REGISTRATION,
    133006: _REGISTRATION,
    133008: _REGISTRATION,
    133009: _REGISTRATION,
    133010: Meaning(OPERATOR, "The number is not registered for the Cloud API. Register it in WhatsApp Manager."),
    133015: Meaning(OPERATOR, "The number was just removed. Wait five minutes, then register it again.", 5 * MINUTE),
    # -- too fast
    4: Meaning(NUMBER, "The app has made too many calls. Nothing to do: sending goes on in a minute.", MINUTE),
    80007: Meaning(
        NUMBER, "The business account has made too many calls. Nothing to do: sending goes on in a minute.", MINUTE
    ),
    130429: Meaning(
        NUMBER, "The number sends faster than Meta allows. If this repeats, lower messages_per_second.", 2 * SECOND
    ),
    131048: Meaning(
        NUMBER,
        "Too many customers blocked or reported this number. Stop campaigns and check its quality rating.",
        2 * HOUR,
    ),
    131064: Meaning(
        NUMBER, "Sending is limited because a template is in the wrong category. Check the templates' categories.", HOUR
    ),
    133016: Meaning(
        NUMBER, "The number was registered and removed too often. Leave its registration alone for some hours.", HOUR
    ),
    132069: Meaning(
        NUMBER, "The form was sent too often in this hour. Nothing to do: sending goes on later.", 10 * MINUTE
    ),
    131056: Meaning(
        CUSTOMER, "Too many messages to this one customer. Nothing to do: the next goes out a little later.", SECOND
    ),
    # -- Meta's trouble
    1: _OUTAGE,
    2: _OUTAGE,
    131000: _OUTAGE,
    131016: _OUTAGE,
    133004: _OUTAGE,
    131057: Meaning(RETRY, "Meta is upgrading the number. Nothing to do: it will be sent again in a minute.", MINUTE),
    133000: Meaning(
        RETRY, "An earlier removal of the number is unfinished. It is tried again; if that fails, remove it once more."
    ),
    131053: Meaning(
        RETRY, "WhatsApp could not take the picture or file. It is tried again; check that its link opens."
    ),
    134101: Meaning(
        RETRY, "The template is new and not ready yet. Nothing to do: it will be sent in ten minutes.", 10 * MINUTE
    ),
    # -- this message, this customer
    131047: Meaning(
        OutcomeClass.NEEDS_TEMPLATE,
        "The customer last wrote over 24 hours ago. Only a template may go until they write.",
    ),
    131026: Meaning(NEVER, "The customer can't be reached on WhatsApp. Check the number, or contact them another way."),
    131021: Meaning(NEVER, "The shop can't write to its own number. Use another number for the customer."),
    131030: Meaning(
        NEVER, "A test number may write only to listed people. Add the customer to the list in the app's dashboard."
    ),
    131049: Meaning(
        NEVER, "Meta held this back: the customer gets many offers already. Try again after a day at the earliest."
    ),
    131050: Meaning(STOPPED, "The customer has stopped offers from this shop. Do not send them offers again."),
    130472: Meaning(NEVER, "Meta excluded this customer from offers for an experiment. Contact them another way."),
    130497: Meaning(
        NEVER, "WhatsApp does not allow this shop's messages to the customer's country. Contact them another way."
    ),
    131062: Meaning(NEVER, "This message needs the customer's phone number. Ask the customer for it."),
    137000: Meaning(NEVER, "The customer's identity has changed. Check with the customer before sending again."),
    131052: Meaning(NEVER, "The customer's picture or file could not be fetched. Ask them to send it again."),
    # -- what we sent
    100: _OUR_BUG,
    131008: _OUR_BUG,
    131009: _OUR_BUG,
    131051: _OUR_BUG,
    135000: _OUR_BUG,
    131055: _MARKETING_API,
    131063: _MARKETING_API,
    134100: _MARKETING_API,
    134102: _MARKETING_API,
    132000: _TEMPLATE_SHAPE,
    132005: _TEMPLATE_SHAPE,
    132008: _TEMPLATE_SHAPE,
    132012: _TEMPLATE_SHAPE,
    132001: Meaning(
        NEVER, "There is no such template in this language. Check its name and language in WhatsApp Manager."
    ),
    132007: Meaning(NEVER, "The template breaks WhatsApp's rules. Change it in WhatsApp Manager and have it approved."),
    132015: Meaning(NEVER, _TEMPLATE_OFF, template="paused"),
    132016: Meaning(NEVER, _TEMPLATE_OFF, template="disabled"),
    132068: Meaning(NEVER, "Meta has blocked this form. Mend it in WhatsApp Manager."),
}

PERMISSION_CODES = range(200, 300)
"""Every code in here is a missing permission."""


def meaning(code: int) -> Meaning | None:
    """What Meta's ``code`` means, None for one that the table does not know."""
    return _PERMISSION if code in PERMISSION_CODES else CODES.get(code)


def sentence(code: int) -> str:
    """The owner's sentence for any code, also one that is new."""
    known = meaning(code)
    return known.reason if known else "WhatsApp refused the message. Look the code up in Meta's list of error codes."
