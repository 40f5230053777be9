"""Meta's answer to a call → Outcome. Never shows Meta's own text (see ``codes``)."""

from __future__ import annotations

from adapters.channels._whatsapp.codes import meaning, sentence
from adapters.channels._whatsapp.reading import Map, document, identifier, integer, mapping, sequence
from engine.address import Millis
from engine.errors import BadInput
from engine.messages import Outcome, OutcomeClass
from engine.ports import Answer

PAIR_LIMIT = 131056
BAD_PARAMETER, NO_SUCH_OBJECT = 100, 33
PAIR_STEPS = 5
"""For the pair limit Meta asks for 4^n seconds, n = 0, 1, 2…; after these steps (17 minutes) it grows no further."""
WAIT_MOST: Millis = 15 * 60 * 1000
"""A Retry-After beyond this is cut: the number is tried again by then."""
OK = range(200, 300)

HELD = "Accepted, but Meta holds it back until the template's quality is known. Nothing to do."


def send_outcome(answer: Answer, attempts: int) -> Outcome:
    """What became of a message. ``attempts`` counts its sends begun, this one too."""
    said = _said(answer)
    if answer.status not in OK:
        return refusal(answer, said, attempts)
    message = mapping(next(iter(sequence(said.get("messages"))), None))
    provider_id = identifier(message.get("id"))
    if not provider_id:
        return Outcome(OutcomeClass.UNKNOWN, reason="WhatsApp's answer was not understood; its status will tell.")
    held = message.get("message_status") in ("held_for_quality_assessment", "paused")
    return Outcome(OutcomeClass.SENT, provider_id, reason=HELD if held else "")


def upload_outcome(answer: Answer, attempts: int) -> Outcome:
    """What became of an upload; ``provider_id`` is then the media id. Nothing was said to the customer yet, so a lost
    answer costs nothing but another upload."""
    said = _said(answer)
    if answer.status not in OK:
        return refusal(answer, said, attempts)
    media_id = identifier(said.get("id"))
    if not media_id:
        return Outcome(OutcomeClass.RETRY, reason="WhatsApp's answer to the upload was not understood.")
    return Outcome(OutcomeClass.SENT, media_id)


def read_outcome(answer: Answer) -> Outcome:
    """What became of a read receipt."""
    return Outcome(OutcomeClass.SENT) if answer.status in OK else refusal(answer, _said(answer), 1)


def number_problem(answer: Answer) -> str:
    """Why the number's own page was refused, "" when it was not. A bad parameter can only be the number's id."""
    if answer.status in OK:
        return ""
    return sentence(NO_SUCH_OBJECT) if error_code(answer) == BAD_PARAMETER else read_outcome(answer).reason


def error_code(answer: Answer) -> int | None:
    """Meta's code in an answer that is not 2xx."""
    return integer(mapping(_said(answer).get("error")).get("code"))


def refusal(answer: Answer, said: Map, attempts: int) -> Outcome:
    """An answer that is not 2xx: by Meta's code where there is one, else by the HTTP status."""
    code = integer(mapping(said.get("error")).get("code"))
    if code is None:
        return _without_code(answer)
    if code == PAIR_LIMIT:
        wait = 1_000 * 4 ** min(max(attempts - 1, 0), PAIR_STEPS)
        return Outcome(OutcomeClass.THROTTLE_CUSTOMER, code=code, reason=sentence(code), wait=wait)
    known = meaning(code)
    if known is None:
        return Outcome(_by_status(answer.status), code=code, reason=sentence(code), wait=retry_after(answer))
    wait = max(known.wait, retry_after(answer))
    return Outcome(known.kind, code=code, reason=known.reason, wait=wait, template=known.template)


def _without_code(answer: Answer) -> Outcome:
    """Something between us and Meta answered, or Meta is down: nothing in it says that the message was refused."""
    kind = OutcomeClass.THROTTLE_NUMBER if answer.status == 429 else OutcomeClass.RETRY
    reason = f"WhatsApp could not be reached (HTTP {answer.status}). It is tried again; if it lasts, check base_url."
    return Outcome(kind, reason=reason, wait=retry_after(answer))


def _by_status(status: int) -> OutcomeClass:
    """For a code that the table does not know."""
    if status in (401, 403):
        return OutcomeClass.OPERATOR
    if status == 429:
        return OutcomeClass.THROTTLE_NUMBER
    return OutcomeClass.RETRY if status >= 500 else OutcomeClass.NEVER


def retry_after(answer: Answer) -> Millis:
    """How long an answer asks us to wait (ms), 0 when it does not say."""
    seconds = integer(answer.headers.get("retry-after"))
    return min(1_000 * max(seconds or 0, 0), WAIT_MOST)


def _said(answer: Answer) -> Map:
    try:
        return mapping(document(answer.body))
    except BadInput:
        return {}
