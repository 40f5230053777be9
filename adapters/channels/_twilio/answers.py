"""Twilio's answer to a call → Outcome. Never shows Twilio's own text (see ``codes``)."""

from __future__ import annotations

from adapters.channels._twilio.codes import UNHEARD, meaning, sentence
from adapters.channels._twilio.reading import SID, decoded
from adapters.channels._whatsapp.answers import OK, retry_after
from adapters.channels._whatsapp.codes import NEVER, NUMBER, OPERATOR, SECOND
from adapters.channels._whatsapp.reading import integer, text
from engine.messages import Outcome, OutcomeClass
from engine.ports import Answer

NOT_REACHED = "Twilio could not be reached. Nothing to do: it will be sent again."
ANSWER_LOST = "Twilio's answer was lost, so nobody knows yet whether the message went out; its status will tell."
DEVELOPMENT = "Development mode: stored and not sent."
REFUSED = frozenset({"failed", "undelivered", "canceled"})
TOO_FAST = 429


def outcome(answer: Answer, attempts: int) -> Outcome:
    """What became of a message; ``attempts`` counts its sends begun, this one too. A 5xx says nothing of what was done
    (protocols.md 2.7): it is unknown, and looked for before it is sent again."""
    said = decoded(answer.body)
    if answer.status not in OK:
        return _refusal(answer, integer(said.get("code")) or 0, attempts)
    sid, status = text(said.get("sid")), text(said.get("status"))
    code = integer(said.get("error_code")) or 0
    if status in REFUSED:
        return _by_code(code, attempts) if code else Outcome(NEVER, reason=UNHEARD)
    if not SID.fullmatch(sid):
        return Outcome(OutcomeClass.UNKNOWN, reason=ANSWER_LOST)
    return Outcome(OutcomeClass.SENT, sid)


def _refusal(answer: Answer, code: int, attempts: int) -> Outcome:
    wait = retry_after(answer)
    if answer.status == TOO_FAST:
        known = _by_code(code or 20429, attempts)
        return Outcome(NUMBER, code=known.code, reason=known.reason, wait=max(known.wait, wait))
    if answer.status >= 500:
        return Outcome(OutcomeClass.UNKNOWN, code=answer.status, reason=ANSWER_LOST, wait=max(wait, SECOND))
    if code:
        return _by_code(code, attempts, answer.status)
    kind = OPERATOR if answer.status in (401, 403, 404) else NEVER
    return Outcome(
        kind, code=answer.status, reason=f"Twilio refused the request (HTTP {answer.status}). Check base_url."
    )


def _by_code(code: int, attempts: int, status: int = 400) -> Outcome:
    known = meaning(code, attempts)
    if known is None:
        kind = OPERATOR if status in (401, 403) else NEVER
        return Outcome(kind, code=code if 0 < code < 2**31 else 0, reason=sentence(code))
    return Outcome(known.kind, code=code, reason=known.reason, wait=known.wait, template=known.template)
