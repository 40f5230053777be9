"""The account's message templates, as Meta lists them and as its webhooks tell of one.

    GET /{waba_id}/message_templates?fields=…   ─▶ page after page ─▶ TemplateState
    message_template_status_update, message_template_quality_update ─▶ TemplateState, as far as it is told

A language is written ``en_US`` in the list and in sends, ``en-US`` in webhooks; here always as in sends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from adapters.channels._whatsapp.answers import BAD_PARAMETER, NO_SUCH_OBJECT, OK, error_code, read_outcome
from adapters.channels._whatsapp.codes import PERMISSION_CODES
from adapters.channels._whatsapp.reading import ID_LENGTH, Json, Map, document, identifier, mapping, sequence, text
from engine.errors import BadInput
from engine.messages import Outcome, OutcomeClass
from engine.ports import Answer, AnswerLost, Http
from engine.template_states import TemplateState

FIELDS = "name,language,status,category,quality_score,rejected_reason"
LIMIT = 100
"""Templates per page."""
PAGES = 100
"""An account has 250 templates, 6,000 at most, each in a few languages; a list longer than this has no end."""
WORD_LENGTH = 64

NO_ACCOUNT = (
    "Meta does not know this WhatsApp account. Check waba_id: WhatsApp > API Setup shows it beside the number's."
)
NO_PERMISSION = (
    "The access token may not read templates. Give its system user the WhatsApp account and make a token that has "
    "whatsapp_business_management too."
)
NOT_UNDERSTOOD = "WhatsApp's list was not understood. It is asked again; if this lasts, please report it."
PERMISSIONS = frozenset({3, 10, *PERMISSION_CODES})


async def listed(http: Http, url: str, headers: Mapping[str, str]) -> Sequence[TemplateState] | Outcome:
    """All of them; an Outcome when Meta refuses. Raises NotSent, and AnswerLost also when Meta is out of order."""
    states: list[TemplateState] = []
    after = ""
    for _ in range(PAGES):
        answer = await http.get(_page(url, after), headers)
        if answer.status not in OK:
            return _refused(answer)
        page = _read(answer)
        if page is None:
            break
        states += [one for item in sequence(page.get("data")) if (one := _state(mapping(item))) is not None]
        after = _after(mapping(page.get("paging")))
        if not after:
            return states
    return Outcome(OutcomeClass.NEVER, reason=NOT_UNDERSTOOD)


def _page(url: str, after: str) -> str:
    """Always at our own address: ``paging.next`` is another's word for where to take the access token."""
    cursor = f"&after={quote(after, safe='')}" if after else ""
    return f"{url}?fields={FIELDS}&limit={LIMIT}{cursor}"


def _after(paging: Map) -> str:
    """The cursor of the next page; the last page has a cursor too, but no ``next``."""
    return identifier(mapping(paging.get("cursors")).get("after")) if text(paging.get("next")) else ""


def _read(answer: Answer) -> Map | None:
    try:
        page = mapping(document(answer.body))
    except BadInput:
        return None
    return page if isinstance(page.get("data"), list) else None


def _refused(answer: Answer) -> Outcome:
    code = error_code(answer) or 0
    if code in (BAD_PARAMETER, NO_SUCH_OBJECT):
        return Outcome(OutcomeClass.OPERATOR, code=code, reason=NO_ACCOUNT)
    if code in PERMISSIONS:
        return Outcome(OutcomeClass.OPERATOR, code=code, reason=NO_PERMISSION)
    outcome = read_outcome(answer)
    if outcome.kind in (OutcomeClass.RETRY, OutcomeClass.THROTTLE_NUMBER):
        raise AnswerLost("it has no answer now")
    return outcome


def _state(item: Map) -> TemplateState | None:
    rating = mapping(item.get("quality_score"))
    return _made(
        item.get("name"), item.get("language"), item.get("status"), rating.get("score"), item.get("rejected_reason")
    )


def told(value: Map) -> TemplateState | None:
    """What a webhook's value tells of one template; None where it tells neither status nor quality of any."""
    reason = _word(value.get("reason")) or mapping(value.get("other_info")).get("title")
    state = _made(
        value.get("message_template_name"),
        value.get("message_template_language"),
        value.get("event"),
        value.get("new_quality_score"),
        reason,
    )
    return state if state is not None and (state.status or state.quality) else None


def _made(name: Json, language: Json, status: Json, quality: Json, reason: Json) -> TemplateState | None:
    named, spoken = text(name, ID_LENGTH), text(language, WORD_LENGTH).replace("-", "_")
    if not named or not spoken:
        return None
    state = _word(status)
    return TemplateState(named, spoken, state, _word(quality), "" if state == "approved" else _word(reason))


def _word(found: Json) -> str:
    """A word of Meta's in lower case; its NONE is none."""
    word = text(found, WORD_LENGTH).lower()
    return "" if word == "none" else word
