"""Messages as Twilio lists them: to fetch what was missed, and to find a send whose answer was lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode, urlsplit

from adapters.channels._twilio.answers import REFUSED
from adapters.channels._twilio.reading import CHANNEL, Fields, decoded, read
from adapters.channels._whatsapp.answers import OK
from adapters.channels._whatsapp.reading import Map, integer, mapping, sequence, text
from engine.address import Millis
from engine.events import Inbound
from engine.messages import Outgoing
from engine.ports import Answer, AnswerLost, Delivery, Http

PAGE = 50
"""Messages a page: what fits into the answer that a lane reads (adapters.http.LIST_BYTES), however long they are."""
PAGES_AT_MOST = 1_000
"""One fetch reads at most 50,000 messages, the newest first."""
FOUND_AMONG = 20
"""The latest messages to a customer among which a lost send is looked for."""
SECOND: Millis = 1_000
SKEW: Millis = 30 * SECOND
"""How far Twilio's clock, which dates to the second, may be behind ours. An older message of the same words is known by
its id as another row's (engine.ruling)."""


def page_of(since: Millis, query: Mapping[str, str]) -> str:
    """The query of a list from the day of ``since`` on: Twilio counts in days of UTC."""
    day = datetime.fromtimestamp(since / 1_000, UTC).date().isoformat()
    return urlencode([*query.items(), ("DateSent>", day), ("PageSize", str(PAGE))])


async def pages(
    http: Http, first: str, headers: Mapping[str, str], most: int = PAGES_AT_MOST, since: Millis = 0
) -> list[Map]:
    """All messages of a list, which begins with the newest, up to the page on which none is of ``since`` or later: a
    list is of whole days, and a busy number would read its day again every few minutes. Never leaves the host:
    next_page_uri is a path. Raises NotSent, and AnswerLost for an answer that is no list."""
    parts = urlsplit(first)
    root, url, found = f"{parts.scheme}://{parts.netloc}", first, list[Map]()
    for _ in range(most):
        body = _list_of(await http.get(url, headers))
        page = [mapping(one) for one in sequence(body.get("messages"))]
        found += page
        following = text(body.get("next_page_uri"))
        if page and all(moment(one) < since for one in page):
            break
        if not following.startswith("/") or following.startswith("//"):
            break
        url = root + following
    return found


def _list_of(answer: Answer) -> Mapping[str, object]:
    body = decoded(answer.body)
    if answer.status not in OK or "messages" not in body:
        raise AnswerLost(f"no list (HTTP {answer.status})")
    return body


# -- what was missed -------------------------------------------------------------------------------------------------
def missed(shop: str, listed: list[Map], since: Millis) -> Delivery:
    """What came in since then, oldest first; also of one second, in which the list has the newest first. A listed
    message has no payload of a button: its words decide (protocols.md 2.3)."""
    found = sorted(_inbounds(shop, listed[::-1], since), key=lambda one: one.sent_at)
    return Delivery(tuple(found))


def _inbounds(shop: str, listed: list[Map], since: Millis) -> Iterator[Inbound]:
    for one in listed:
        at = moment(one)
        if text(one.get("direction")) == "inbound" and at >= since:
            inbound = read(_as_call(one), shop, at)
            if isinstance(inbound, Inbound):
                yield inbound


def _as_call(one: Map) -> Fields:
    """A listed message in the words of a webhook."""
    files = integer(one.get("num_media")) or 0
    said = {
        "MessageSid": text(one.get("sid")),
        "From": text(one.get("from")),
        "Body": text(one.get("body")),
        "NumMedia": str(files),
    }
    return said | {"MediaUrl0": f"{text(one.get('uri'))}#media", "MediaContentType0": "image/jpeg"} if files else said


def moment(one: Map) -> Millis:
    """When it was sent or made, 0 when it does not say."""
    for name in ("date_sent", "date_created"):
        try:
            return round(parsedate_to_datetime(text(one.get(name))).timestamp()) * SECOND
        except (ValueError, TypeError, OverflowError):
            continue
    return 0


# -- what became of one ----------------------------------------------------------------------------------------------
def sent_already(outgoing: Outgoing, body: str, listed: list[Map]) -> list[str]:
    """The SIDs of messages that this row may have become: of the same words, and not older than the row, as far as
    two clocks agree."""
    since = outgoing.created_at - SKEW
    return [
        text(one.get("sid"))
        for one in listed
        if text(one.get("direction")).startswith("outbound")
        and text(one.get("status")) not in REFUSED
        and text(one.get("body")) == body
        and moment({"date_created": one.get("date_created")}) >= since
    ]


def addressed(outgoing: Outgoing) -> str:
    """The customer as Twilio writes them."""
    return CHANNEL + (f"+{outgoing.phone}" if outgoing.phone else outgoing.user_id)
