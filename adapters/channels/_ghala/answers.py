"""Ghala's answer to a send → Outcome."""

from __future__ import annotations

from adapters.channels._ghala.codes import BROKEN, meaning
from adapters.channels._ghala.names import Names
from adapters.channels._whatsapp.answers import OK, retry_after
from adapters.channels._whatsapp.reading import NAME_LENGTH, Map, document, identifier, integer, mapping, text
from adapters.ghala.names import found
from engine.errors import BadInput
from engine.messages import Outcome, OutcomeClass
from engine.ports import Answer

NOT_REACHED = "Ghala could not be reached. Nothing to do: it will be sent again."
DEVELOPMENT = "Development mode: stored and not sent."
NAMELESS = "Ghala took the message and gave no id that we know; its statuses can't be told. Set names: accepted=THEIRS."
ANSWER_LOST = "Ghala's answer was lost, so nobody knows yet whether the message went out; its status will tell."
ASKED_AGAIN = "Ghala's answer was lost. Nothing to do: it is asked again by the same key, which can't send it twice."


def lost(keyed: bool) -> Outcome:
    """Nobody knows whether it went out. Under an idempotency key that is no matter: the same again is the same."""
    if keyed:
        return Outcome(OutcomeClass.RETRY, reason=ASKED_AGAIN)
    return Outcome(OutcomeClass.UNKNOWN, reason=ANSWER_LOST)


def outcome(answer: Answer, names: Names, *, keyed: bool) -> Outcome:
    """What became of a message. ``keyed``: it went under an idempotency key."""
    body = _body(answer)
    if answer.status in OK:
        given = found(body, names.accepted)
        provider_id = identifier(str(given) if isinstance(given, int) and not isinstance(given, bool) else given)
        if provider_id:
            return Outcome(OutcomeClass.SENT, provider_id)
        return Outcome(OutcomeClass.SENT, reason=NAMELESS) if body and not found(body, names.error) else lost(keyed)
    number = integer(found(body, names.whatsapp_code)) or integer(found(body, names.code)) or 0
    number = number if 0 < number < 2**31 else 0
    means = meaning(text(found(body, names.code), NAME_LENGTH), number, answer.status)
    if means is None and not keyed:
        return lost(keyed)
    means = means or BROKEN
    wait = max(means.wait, retry_after(answer))
    code = number or answer.status
    return Outcome(means.kind, code=code, reason=means.reason, wait=wait, template=means.template)


def _body(answer: Answer) -> Map:
    try:
        return mapping(document(answer.body))
    except BadInput:
        return {}
