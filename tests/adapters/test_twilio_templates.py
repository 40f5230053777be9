"""Templates of channel ``twilio``: the list, page by page at our own address, refusals, and refused messages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from adapters.channels import ghala, twilio, whatsapp_cloud
from adapters.channels._ghala import codes as ghala_codes
from adapters.channels._twilio import codes as twilio_codes
from adapters.channels._twilio.templates import NO_LIST, NO_PERMISSION, NOT_UNDERSTOOD, PAGE, PAGES
from adapters.channels._whatsapp import codes as whatsapp_codes
from adapters.channels._whatsapp.codes import Meaning
from adapters.channels.twilio import TwilioSettings, build
from adapters.http import LIST_BYTES
from adapters.kinds import Site
from adapters.phones.meta.rules import Rules, TemplateRule
from adapters.settings import Secret
from engine.messages import Outcome, OutcomeClass, StatusRank, Template, Text
from engine.ports import Answer, AnswerLost, NotSent
from engine.template_states import BLOCKED, TemplateState, stopped
from tests.adapters.test_twilio_and_fake import greeted, town
from tests.adapters.test_twilio_out import Api, answer
from tests.adapters.twilio_channel import ACCOUNT, NUMBER, PATH, PUBLIC, SHOPS, SID, TOKEN, channel, outgoing, signed

LIST = "https://content.twilio.com/v1/ContentAndApprovals"
HX1, HX2 = "HX" + "0" * 31 + "1", "HX" + "0" * 31 + "2"
BIG_CONTENT = 30_000
"""Bytes of one with ten cards in two types."""


def item(sid: str = HX1, status: str = "approved", reason: str = "", **changes: Any) -> dict[str, Any]:
    approval = {"name": "order_ready", "category": "UTILITY", "content_type": "twilio/text", "status": status}
    known = {"sid": sid, "friendly_name": "order_ready", "language": "en", "types": {"twilio/text": {"body": "Hi"}}}
    return known | {"approval_requests": approval | {"rejection_reason": reason}} | changes


def page(*items: Any, following: str | None = None) -> Answer:
    return answer(200, contents=list(items), meta={"page": 0, "page_size": 50, "next_page_url": following})


async def listed(*answers: Answer | Exception, **changes: Any) -> tuple[Any, Api]:
    api = Api(*answers)
    return await channel(**changes).templates(api), api


# -- the list --------------------------------------------------------------------------------------------------------
async def test_a_content_is_known_by_its_sid_in_any_language_with_twilios_word_for_its_status() -> None:
    words = ("unsubmitted", "received", "pending", "approved", "rejected", "paused", "disabled")
    found, api = await listed(page(*[item(f"HX{word}", word, "Too  vague.\n") for word in words]))
    whys = {word: "" if word == "approved" else "Too vague" for word in words}
    assert found == [TemplateState(f"HX{word}", "", word, reason=whys[word]) for word in words]
    assert api.gets == [f"{LIST}?PageSize={PAGE}"]
    assert [bool(stopped(one)) for one in found] == [word != "approved" for word in words]


async def test_the_account_asks_with_its_token() -> None:
    class Asked(Api):
        async def get(self, url: str, headers: Any) -> Answer:
            assert headers["authorization"].startswith("Basic ")
            return await super().get(url, headers)

    assert await channel().templates(Asked(page(item()))) == [TemplateState(HX1, "", "approved")]


async def test_pages_are_followed_at_our_own_address_only() -> None:
    ours = f"{LIST}?PageSize=50&Page=1&PageToken=PT%2F1"
    theirs = "https://evil.test/v1/steal?PageSize=50&Page=2&PageToken=PT2&to=evil"
    found, api = await listed(page(item(HX1), following=ours), page(item(HX2), following=theirs), page())
    assert [one.name for one in found] == [HX1, HX2]
    assert {urlsplit(url).netloc for url in api.gets} == {"content.twilio.com"}
    assert api.gets[1:] == [ours, f"{LIST}?PageSize=50&Page=2&PageToken=PT2"]


async def test_its_address_is_a_setting_of_its_own() -> None:
    _, api = await listed(page(), content_url="http://127.0.0.1:9/twilio/")
    assert api.gets == [f"http://127.0.0.1:9/twilio/v1/ContentAndApprovals?PageSize={PAGE}"]


async def test_what_is_no_content_is_passed_over_and_what_was_not_told_stops_nothing() -> None:
    found, _ = await listed(page(None, 5, {}, item(sid=""), item(approval_requests=None), item(HX2, reason="NONE")))
    assert found == [TemplateState(HX1, ""), TemplateState(HX2, "", "approved")]
    assert stopped(found[0]) == ""


@pytest.mark.parametrize(
    "odd",
    [
        Answer(200, {}, b"<html>"),
        Answer(200, {}, b'{"contents":[{"sid":"HX1"'),
        answer(200, contents={}),
        page(following="?"),
        page(following="http://[x/?Page=1"),
    ],
)
async def test_a_page_that_is_no_list_spoils_the_whole(odd: Answer) -> None:
    """Half a list would call templates missing."""
    found, _ = await listed(page(item(), following=f"{LIST}?Page=1"), odd)
    assert isinstance(found, Outcome)
    assert found.reason == NOT_UNDERSTOOD


async def test_a_list_without_end_is_given_up() -> None:
    found, api = await listed(*[page(item(), following=f"{LIST}?Page=1") for _ in range(PAGES + 1)])
    assert isinstance(found, Outcome)
    assert len(api.gets) == PAGES


def test_a_page_of_the_largest_contents_is_read_whole() -> None:
    assert PAGE * BIG_CONTENT <= LIST_BYTES


@pytest.mark.parametrize(
    ("refusal", "kind", "reason"),
    [
        (answer(401, code=20003), OutcomeClass.OPERATOR, "Twilio does not accept account_sid and auth_token."),
        (answer(401), OutcomeClass.OPERATOR, "Twilio does not accept account_sid and auth_token."),
        (answer(403, code=20003), OutcomeClass.OPERATOR, "Twilio does not accept account_sid and auth_token."),
        (answer(403, code=30002), OutcomeClass.OPERATOR, "Twilio has suspended the account."),
        (answer(403, code=99999), OutcomeClass.OPERATOR, NO_PERMISSION),
        (answer(403), OutcomeClass.OPERATOR, NO_PERMISSION),
        (answer(404, code=20404), OutcomeClass.OPERATOR, NO_LIST),
        (answer(302), OutcomeClass.NEVER, NOT_UNDERSTOOD),
    ],
)
async def test_a_refusal_says_what_to_mend(refusal: Answer, kind: OutcomeClass, reason: str) -> None:
    found, _ = await listed(refusal)
    assert isinstance(found, Outcome)
    assert (found.kind, found.reason.startswith(reason)) == (kind, True)


@pytest.mark.parametrize("trouble", [answer(503), answer(429, code=20429), AnswerLost("x")])
async def test_an_outage_is_no_refusal(trouble: Answer | Exception) -> None:
    with pytest.raises(AnswerLost):
        await listed(trouble)
    with pytest.raises(NotSent):
        await listed(NotSent("x"))


async def test_in_development_the_real_account_is_left_alone() -> None:
    given = TwilioSettings(path=PATH, account_sid=ACCOUNT, auth_token=Secret(TOKEN), number=NUMBER)
    assert await build(Site("dealer", PUBLIC, dev_mode=True), given).templates(Api()) is None


# -- messages that are refused for their template ----------------------------------------------------------------------
@pytest.mark.parametrize(("code", "status"), [(63040, "rejected"), (63041, "paused"), (63016, ""), (63027, "")])
async def test_an_answer_and_a_status_say_which_status_the_template_is_in(code: int, status: str) -> None:
    for refusal in (answer(400, code=code), answer(201, sid=SID, status="failed", error_code=code)):
        outcome = await channel().send(Api(refusal), outgoing(Template(HX1, "sw")))
        assert (outcome.code, outcome.template) == (code, status)
    said = {"MessageSid": SID, "MessageStatus": "undelivered", "ErrorCode": str(code), "From": f"whatsapp:+{NUMBER}"}
    (told,) = channel().parse(signed(said), SHOPS).statuses
    assert (told.code, told.template, told.refused) == (code, status, bool(status) or code == 63016)


def test_every_status_that_a_code_tells_of_is_one_that_holds() -> None:
    """Else a message that is refused for it would be tried every minute."""
    tables: list[Meaning] = [
        *twilio_codes.CODES.values(),
        *whatsapp_codes.CODES.values(),
        *ghala_codes.CODES.values(),
        *ghala_codes.STATUSES.values(),
    ]
    told = [one for one in tables if one.template]
    assert {one.template for one in told} == {"paused", "disabled", "rejected"}
    assert {one.template for one in told} <= set(BLOCKED)
    assert {one.kind for one in told} == {OutcomeClass.NEVER}, "what the code means when it is about no template"


def test_only_twilios_names_stand_for_one_language() -> None:
    assert channel().multilingual is False
    for kind in (ghala.Ghala, whatsapp_cloud.WhatsAppCloud):
        assert kind.multilingual is not twilio.Twilio.multilingual


# -- at the fake -------------------------------------------------------------------------------------------------------
RULES = Rules(
    status_wait=0.0,
    templates=(
        TemplateRule("hx0a", "en", 1),
        TemplateRule("hx0b", "sw", status="PAUSED"),
        TemplateRule("hx0c", "en", status="REJECTED", reason="Too vague."),
        TemplateRule("hx0d", "en", status="PENDING"),
        *[TemplateRule(f"hx1{at:02x}", "en") for at in range(PAGE)],
    ),
)


async def test_the_fakes_rules_are_listed_by_sid_page_by_page() -> None:
    async with town(rules=RULES) as here:
        found = await here.channel.templates(here.http)
        assert not isinstance(found, Outcome)
        assert found is not None
        assert found[:4] == [
            TemplateState("HX0a", "", "approved"),
            TemplateState("HX0b", "", "paused"),
            TemplateState("HX0c", "", "rejected", reason="Too vague"),
            TemplateState("HX0d", "", "pending"),
        ]
        assert len(found) == PAGE + 4
        wrong = build(Site("burgers", PUBLIC), replace(here.channel.settings, auth_token=Secret("other")))
        refused = await wrong.templates(here.http)
        assert isinstance(refused, Outcome)
        assert "account_sid and auth_token" in refused.reason


@pytest.mark.parametrize(
    ("sid", "code", "status"), [("HX0b", 63041, "paused"), ("HX0c", 63040, "rejected"), ("HX0d", 63016, "")]
)
async def test_a_stopped_template_is_accepted_and_refused_by_status(sid: str, code: int, status: str) -> None:
    async with town(rules=RULES) as here:
        assert (await here.channel.send(here.http, outgoing(Template(sid, "sw")))).kind is OutcomeClass.SENT
        await here.until(lambda: here.heard)
        (told,) = here.heard[0].statuses
        assert (told.rank, told.code, told.template) == (StatusRank.FAILED, code, status)


async def test_one_that_is_not_looked_at_yet_goes_inside_the_window() -> None:
    async with town(rules=RULES) as here, here.phone() as phone:
        await greeted(here, phone)
        await here.channel.send(here.http, outgoing(Template("HX0d", "sw")))
        await phone.wait_for()
        await here.channel.send(here.http, outgoing(Text("Karibu")))
        await phone.wait_for("Karibu")
