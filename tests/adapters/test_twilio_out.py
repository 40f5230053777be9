"""Channel ``twilio``: what leaves, what its answers mean, and what is fetched."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.channels._twilio.codes import CODES, UNHEARD, meaning, sentence
from adapters.channels._twilio.listing import PAGE
from adapters.channels.twilio import TwilioSettings, advice, build
from adapters.kinds import Site
from adapters.settings import Secret
from engine.address import MINUTE
from engine.errors import ConfigError
from engine.events import TextSaid
from engine.messages import Document, Image, OutcomeClass, Template, Text
from engine.ports import Answer, AnswerLost, NotSent
from tests.adapters.twilio_channel import ACCOUNT, NOW, NUMBER, PATH, PUBLIC, SID, TOKEN, cases, channel, outgoing

CLASSES = {
    "O": OutcomeClass.OPERATOR,
    "T": OutcomeClass.THROTTLE_NUMBER,
    "R": OutcomeClass.RETRY,
    "1": OutcomeClass.RETRY,
    "W": OutcomeClass.NEEDS_TEMPLATE,
    "S": OutcomeClass.STOPPED,
    "N": OutcomeClass.NEVER,
}
OUR_DAY = "Mon, 21 Sep 2026 14:13:20 +0000"


class Api:
    """Answers in turn; keeps what was asked."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers)
        self.posts: list[tuple[str, Mapping[str, str], dict[str, str]]] = []
        self.gets: list[str] = []

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        said = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        self.posts.append((url, headers, said))
        return self._next()

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        self.gets.append(url)
        return self._next()

    def _next(self) -> Answer:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def answer(http: int, **body: Any) -> Answer:
    return Answer(http, {}, json.dumps(body).encode())


TAKEN = answer(201, sid=SID, status="queued")


# -- what leaves -----------------------------------------------------------------------------------------------------
async def test_a_text_goes_as_a_form_with_a_status_address_that_names_its_row() -> None:
    api = Api(TAKEN)
    outcome = await channel().send(api, outgoing(Text("Karibu café")))
    assert (outcome.kind, outcome.provider_id) == (OutcomeClass.SENT, SID)
    ((url, headers, said),) = api.posts
    assert url == f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert headers["authorization"].startswith("Basic ")
    assert said == {
        "To": "whatsapp:+254700000001",
        "From": f"whatsapp:+{NUMBER}",
        "Body": "Karibu café",
        "StatusCallback": f"{PUBLIC}{PATH}?key=dealer%2Fc1%3A3%3A0#rc=5&rp=all",
    }


@pytest.mark.parametrize(
    ("message", "part"),
    [
        (Image("https://x.test/a.png", caption="Unga"), {"MediaUrl": "https://x.test/a.png", "Body": "Unga"}),
        (Document("r.pdf", "https://x.test/r.pdf"), {"MediaUrl": "https://x.test/r.pdf"}),
        (Template("HX1", "sw", ("42", "3")), {"ContentSid": "HX1", "ContentVariables": '{"1":"42","2":"3"}'}),
        (Template("HX2", "sw"), {"ContentSid": "HX2"}),
    ],
)
async def test_every_kind_of_message_has_its_parameters(message: Any, part: dict[str, str]) -> None:
    api = Api(TAKEN)
    await channel().send(api, outgoing(message))
    ((_, _, said),) = api.posts
    assert {name: value for name, value in said.items() if name not in ("To", "From", "StatusCallback")} == part


async def test_a_picture_without_a_public_address_is_never_sent() -> None:
    api = Api()
    outcome = await channel().send(api, outgoing(Image(path="/srv/a.png")))
    assert outcome.kind is OutcomeClass.NEVER
    assert "https://" in outcome.reason
    assert api.posts == []


async def test_sends_go_through_a_messaging_service_where_there_is_one() -> None:
    api, service = Api(TAKEN), "MG" + "0" * 32
    await channel(messaging_service_sid=service).send(api, outgoing(Text("hi")))
    assert api.posts[0][2]["MessagingServiceSid"] == service
    assert "From" not in api.posts[0][2]


# -- what answers mean -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (answer(201, sid=SID, status="failed", error_code=63003), OutcomeClass.NEVER),
        (answer(201, sid="?", status="queued"), OutcomeClass.UNKNOWN),
        (answer(400, code=63016, status=400), OutcomeClass.NEEDS_TEMPLATE),
        (answer(401, code=20003, status=401), OutcomeClass.OPERATOR),
        (answer(429, code=20429, status=429), OutcomeClass.THROTTLE_NUMBER),
        (answer(429), OutcomeClass.THROTTLE_NUMBER),
        (answer(400, code=99999), OutcomeClass.NEVER),
        (answer(404), OutcomeClass.OPERATOR),
        (answer(503, code=20503), OutcomeClass.UNKNOWN),
        (Answer(502, {}, b"<html>"), OutcomeClass.UNKNOWN),
        (NotSent("x"), OutcomeClass.RETRY),
        (AnswerLost("x"), OutcomeClass.UNKNOWN),
    ],
)
async def test_an_answer_is_an_outcome(given: Answer | Exception, kind: OutcomeClass) -> None:
    outcome = await channel().send(Api(given), outgoing(Text("hi")))
    assert outcome.kind is kind
    assert outcome.reason
    assert "254700000001" not in outcome.reason


def test_the_table_has_every_code_of_the_protocol_in_its_class_with_a_sentence_and_a_next_step() -> None:
    known = {code: CLASSES[letter] for letter in CLASSES for code in cases("codes")[letter]}
    assert {code: one.kind for code, one in CODES.items()} == known
    for code in known:
        assert re.fullmatch(r"[A-Z].+\. [A-Z].+\.|[A-Z].+: .+\.|[A-Z].+\.", sentence(code)), code
        assert len(sentence(code).split()) > 6, code
    for code in cases("codes")["1"]:
        again = meaning(code, attempts=2)
        assert again is not None
        assert again.kind is OutcomeClass.NEVER
    assert sentence(99999) == UNHEARD


OTHER = "SM" + "0" * 31 + "2"


# -- a send whose answer was lost ------------------------------------------------------------------------------------
def listed(**changes: Any) -> dict[str, Any]:
    one = {"sid": SID, "direction": "outbound-api", "status": "sent", "body": "hi", "date_created": OUR_DAY}
    return one | changes


async def test_before_a_send_goes_once_more_it_is_looked_for() -> None:
    api = Api(answer(200, messages=[listed(), listed(sid=OTHER)]))
    assert await channel().found(api, outgoing(Text("hi"), attempts=2)) == [SID, OTHER]
    assert parse_qs(urlsplit(api.gets[0]).query)["To"] == ["whatsapp:+254700000001"]


@pytest.mark.parametrize(
    "other",
    [
        {"body": "something else"},
        {"direction": "inbound"},
        {"status": "failed"},
        {"date_created": "Mon, 21 Sep 2026 14:12:49 +0000"},
    ],
)
async def test_another_message_is_not_taken_for_it(other: dict[str, str]) -> None:
    api = Api(answer(200, messages=[listed(**other)]))
    assert await channel().found(api, outgoing(Text("hi"), attempts=2)) == []


async def test_without_words_there_is_nothing_to_look_for() -> None:
    api = Api()
    for message in (Template("HX1", "en"), Image(link="https://example.test/a.png"), Image(path="/a.png")):
        assert await channel().found(api, outgoing(message, attempts=2)) == ()
    assert api.gets == []


async def test_a_send_is_found_though_twilio_s_clock_is_behind_ours() -> None:
    api = Api(answer(200, messages=[listed(date_created="Mon, 21 Sep 2026 14:12:55 +0000")]))
    assert await channel().found(api, outgoing(Text("hi"), attempts=2)) == [SID]


async def test_that_it_can_t_be_looked_for_is_said() -> None:
    for trouble in (NotSent("x"), AnswerLost("x"), answer(503)):
        with pytest.raises(NotSent):
            await channel().found(Api(trouble), outgoing(Text("hi"), attempts=2))


# -- what was missed -------------------------------------------------------------------------------------------------
BEFORE = "Mon, 21 Sep 2026 10:00:00 +0000"


def came(number: int, **changes: Any) -> dict[str, Any]:
    one = {
        "sid": f"SM{number:032x}",
        "direction": "inbound",
        "from": "whatsapp:+254700000001",
        "body": f"message {number}",
        "num_media": "0",
        "date_sent": OUR_DAY,
    }
    return one | changes


async def test_messages_are_fetched_page_by_page_and_never_from_another_host() -> None:
    first = answer(200, messages=[came(2), listed()], next_page_uri="/2010-04-01/next?Page=1")
    second = answer(200, messages=[came(1, date_sent="Mon, 21 Sep 2026 14:13:10 +0000")], next_page_uri="//evil.test/x")
    api = Api(first, second)
    found = await channel().fetch(api, NOW - 60_000)
    assert [one.event for one in found.inbounds] == [TextSaid("message 1"), TextSaid("message 2")], "oldest first"
    assert [urlsplit(url).netloc for url in api.gets] == ["api.twilio.com"] * 2
    query = parse_qs(urlsplit(api.gets[0]).query)
    assert query == {"To": [f"whatsapp:+{NUMBER}"], "DateSent>": ["2026-09-21"], "PageSize": [str(PAGE)]}


async def test_what_came_before_is_left_out_and_a_broken_list_raises() -> None:
    api = Api(answer(200, messages=[came(1), came(2, date_sent="Mon, 21 Sep 2026 10:00:00 +0000")]))
    assert len((await channel().fetch(api, NOW - 60_000)).inbounds) == 1
    with pytest.raises(AnswerLost):
        await channel().fetch(Api(answer(500)), NOW)


async def test_what_was_said_within_a_second_stays_in_its_order() -> None:
    api = Api(answer(200, messages=[came(3), came(2), came(1)]))
    found = await channel().fetch(api, NOW - 60_000)
    assert [one.event for one in found.inbounds] == [TextSaid(f"message {number}") for number in (1, 2, 3)]


async def test_of_a_long_day_only_what_may_be_new_is_read() -> None:
    new = answer(200, messages=[came(3), came(2, date_sent=BEFORE)], next_page_uri="/next?Page=1")
    old = answer(200, messages=[came(1, date_sent=BEFORE)], next_page_uri="/next?Page=2")
    api = Api(new, old)
    found = await channel().fetch(api, NOW - 60_000)
    assert [one.event for one in found.inbounds] == [TextSaid("message 3")]
    assert len(api.gets) == 2, "the rest of the day was read before"


def test_it_fetches_as_often_as_set_and_never_in_development() -> None:
    assert channel().fetch_every == 5 * MINUTE
    assert channel(fetch_minutes=0).fetch_every == 0
    given = TwilioSettings(path=PATH, account_sid=ACCOUNT, auth_token=Secret(TOKEN), number=NUMBER)
    assert build(Site("dealer", PUBLIC, dev_mode=True), given).fetch_every == 0


# -- set-up ----------------------------------------------------------------------------------------------------------
def test_it_does_not_start_without_its_token_nor_at_an_address_that_twilio_does_not_call() -> None:
    with pytest.raises(ConfigError, match=r"shop\.dealer\.channel\.auth_token"):
        channel(auth_token=Secret(""))
    given = TwilioSettings(path=PATH, account_sid=ACCOUNT, auth_token=Secret(TOKEN), number=NUMBER)
    with pytest.raises(ConfigError, match="underscore"):
        build(Site("dealer", "https://my_shop.example.test"), given)


async def test_development_mode_sends_nothing_and_no_secret_shows() -> None:
    given = TwilioSettings(path=PATH, account_sid=ACCOUNT, auth_token=Secret(TOKEN), number=NUMBER)
    dev = build(Site("dealer", PUBLIC, dev_mode=True), given)
    api = Api()
    assert (await dev.send(api, outgoing(Text("hi")))).provider_id == "dev:dealer/c1:3:0"
    assert api.posts == []
    assert TOKEN not in repr(dev) + repr(dev.settings)


def test_the_steps_for_a_stranger_name_the_address_with_its_retries() -> None:
    given = TwilioSettings(path=PATH, account_sid=ACCOUNT, auth_token=Secret(TOKEN), number=NUMBER)
    steps = " ".join(advice("dealer", given, PUBLIC))
    assert f"{PUBLIC}{PATH}#rc=5&rp=all" in steps
