"""The account's content templates with WhatsApp's approval, as Twilio lists them.

    GET /v1/ContentAndApprovals?PageSize=…   ─▶ page after page ─▶ TemplateState

A shop names a content by its SID, which has one language of its own: so its state holds whatever language the customer
speaks (TemplateState.language ""). Twilio tells no quality, and calls nobody when a status changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

from adapters.channels._twilio.codes import meaning, sentence
from adapters.channels._twilio.reading import decoded
from adapters.channels._whatsapp.answers import OK
from adapters.channels._whatsapp.codes import NEVER, OPERATOR
from adapters.channels._whatsapp.reading import ID_LENGTH, Map, integer, mapping, sequence, text
from engine.messages import Outcome
from engine.ports import Answer, AnswerLost, Http
from engine.template_states import APPROVED, TemplateState

PAGE = 50
"""Contents a page. One with ten cards in several types is about 30 KB, so a page of such fits into the answer to a
question (adapters.http.LIST_BYTES)."""
PAGES = 200
"""A list longer than this has no end: WhatsApp allows an account 6,000 templates."""
PLACE = frozenset({"Page", "PageToken", "PageSize"})
"""What of the next page's address is ours to follow."""
WORD_LENGTH, REASON_LENGTH = 64, 300

BAD_TOKEN, TOO_FAST = 20003, 429
NO_PERMISSION = "Twilio does not let this account read content templates. Look at its rights in Twilio's console."
NO_LIST = "Twilio has no list of content templates at this address. Check content_url."
NOT_UNDERSTOOD = "Twilio's list was not understood. It is asked again; if this lasts, please report it."


async def listed(http: Http, url: str, headers: Mapping[str, str]) -> Sequence[TemplateState] | Outcome:
    """All of them; an Outcome when Twilio refuses. Raises NotSent, and AnswerLost also when Twilio is out of order or
    asked too often."""
    states: list[TemplateState] = []
    place = urlencode({"PageSize": PAGE})
    for _ in range(PAGES):
        answer = await http.get(f"{url}?{place}", headers)
        if answer.status not in OK:
            return _refused(answer)
        page = decoded(answer.body)
        if not isinstance(page.get("contents"), list):
            break
        states += [one for item in sequence(page.get("contents")) if (one := _state(mapping(item))) is not None]
        following = text(mapping(page.get("meta")).get("next_page_url"))
        if not following:
            return states
        place = _place(following)
        if not place:
            break
    return Outcome(NEVER, reason=NOT_UNDERSTOOD)


def _place(following: str) -> str:
    """Where the next page is, at our own address: ``next_page_url`` is another's word for where to take the token."""
    try:
        query = parse_qsl(urlsplit(following).query)
    except ValueError:
        return ""
    return urlencode([(name, value) for name, value in query if name in PLACE])


def _refused(answer: Answer) -> Outcome:
    code = integer(decoded(answer.body).get("code")) or 0
    if answer.status >= 500 or answer.status == TOO_FAST:
        raise AnswerLost("it has no answer now")
    known = meaning(code)
    if answer.status == 401 or code == BAD_TOKEN:
        return Outcome(OPERATOR, code=code, reason=sentence(BAD_TOKEN))
    if answer.status == 404:
        return Outcome(OPERATOR, code=code, reason=NO_LIST)
    if known is not None and known.kind is OPERATOR:
        return Outcome(OPERATOR, code=code, reason=known.reason)
    if answer.status == 403:
        return Outcome(OPERATOR, code=code, reason=NO_PERMISSION)
    return Outcome(NEVER, code=answer.status, reason=NOT_UNDERSTOOD)


def _state(item: Map) -> TemplateState | None:
    sid = text(item.get("sid"), ID_LENGTH)
    if not sid:
        return None
    approval = mapping(item.get("approval_requests"))
    status = text(approval.get("status"), WORD_LENGTH).lower()
    reason = " ".join(text(approval.get("rejection_reason"), REASON_LENGTH).split()).rstrip(".")
    told = status != APPROVED and reason.lower() != "none"
    return TemplateState(sid, "", status, reason=reason if told else "")
