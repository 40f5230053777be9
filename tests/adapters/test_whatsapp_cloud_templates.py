"""Templates of channel ``whatsapp_cloud``: the list, page by page at our own address, refusals, and webhooks of one."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.channels._whatsapp.templates import NO_ACCOUNT, NO_PERMISSION, NOT_UNDERSTOOD, PAGES
from adapters.channels.whatsapp_cloud import build
from adapters.kinds import Site
from adapters.phones.meta import templates as meta_templates
from adapters.phones.meta.rules import Rules, TemplateRule
from engine.messages import Notice, Outcome, Template
from engine.ports import Answer, AnswerLost, NotSent
from engine.template_states import TemplateState
from tests.adapters.fake_world import Json, world
from tests.adapters.test_whatsapp_cloud_and_fake import OPEN, link
from tests.adapters.whatsapp_cloud import TOKEN, Provider, answer, channel, envelope, outgoing, parsed, settings

WABA = "100000000000001"
LIST = f"https://graph.facebook.com/v26.0/{WABA}/message_templates"
FIRST = f"{LIST}?fields=name,language,status,category,quality_score,rejected_reason&limit=100"


def item(**changes: Any) -> Json:
    known = {"name": "order_ready", "language": "sw", "status": "APPROVED", "category": "UTILITY", "id": "1"}
    return known | {"quality_score": {"score": "GREEN", "date": 1}, "rejected_reason": "NONE"} | changes


def page(*items: Any, after: str = "", more: bool = False) -> Answer:
    elsewhere = {"next": "https://elsewhere.example.test/v26.0/steal?access_token=x"} if more else {}
    return answer({"data": list(items), "paging": {"cursors": {"before": "x", "after": after}, **elsewhere}})


async def listed(*answers: Answer | Exception, **changes: Any) -> tuple[Any, Provider]:
    provider = Provider(*answers)
    return await channel(**({"waba_id": WABA} | changes)).templates(provider), provider


# -- the list --------------------------------------------------------------------------------------------------------
async def test_status_and_quality_are_metas_words_in_lower_case() -> None:
    found, provider = await listed(
        page(
            item(),
            item(language="en_US", status="REJECTED", rejected_reason="INVALID_FORMAT", quality_score=None),
            item(name="sale", status="PAUSED", quality_score={"score": "RED"}),
            item(name="new", status="PENDING", quality_score={"score": "UNKNOWN"}, rejected_reason=None),
        )
    )
    assert found == [
        TemplateState("order_ready", "sw", "approved", "green"),
        TemplateState("order_ready", "en_US", "rejected", "", "invalid_format"),
        TemplateState("sale", "sw", "paused", "red"),
        TemplateState("new", "sw", "pending", "unknown"),
    ]
    assert provider.gets == [(FIRST, {"authorization": f"Bearer {TOKEN}"})]


async def test_the_next_page_is_asked_for_by_cursor_and_never_elsewhere() -> None:
    found, provider = await listed(
        page(item(), after="a&b=/c", more=True), page(item(name="sale"), after="d", more=True), page(after="e")
    )
    assert [one.name for one in found] == ["order_ready", "sale"]
    assert [url for url, _ in provider.gets] == [FIRST, f"{FIRST}&after=a%26b%3D%2Fc", f"{FIRST}&after=d"]


async def test_what_is_no_template_is_passed_over() -> None:
    found, _ = await listed(page(None, 5, {}, item(name=5), item(language=""), item(status=7), item(name="sale")))
    assert found == [
        TemplateState("order_ready", "sw", "", "green"),
        TemplateState("sale", "sw", "approved", "green"),
    ]


@pytest.mark.parametrize("odd", [Answer(200, {}, b"<html>"), answer([]), answer({}), answer({"data": {}})])
async def test_a_page_that_is_no_list_spoils_the_whole(odd: Answer) -> None:
    """Half a list would call templates missing."""
    found, _ = await listed(page(item(), after="a", more=True), odd)
    assert isinstance(found, Outcome)
    assert found.reason == NOT_UNDERSTOOD


async def test_a_list_without_end_is_given_up() -> None:
    found, provider = await listed(*[page(item(), after="same", more=True) for _ in range(PAGES + 1)])
    assert isinstance(found, Outcome)
    assert len(provider.gets) == PAGES


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        (100, 400, NO_ACCOUNT),
        (33, 400, NO_ACCOUNT),
        (200, 403, NO_PERMISSION),
        (10, 403, NO_PERMISSION),
        (190, 401, "The access token has expired"),
    ],
)
async def test_a_refusal_says_what_to_mend(code: int, status: int, reason: str) -> None:
    found, _ = await listed(answer({"error": {"code": code, "message": "secret"}}, status))
    assert isinstance(found, Outcome)
    assert (found.code, found.reason.startswith(reason)) == (code, True)
    assert "secret" not in found.reason


@pytest.mark.parametrize(
    "trouble", [answer({}, 503), answer({"error": {"code": 131016}}, 500), answer({"error": {"code": 130429}}, 400)]
)
async def test_an_outage_is_no_refusal(trouble: Answer) -> None:
    with pytest.raises(AnswerLost):
        await listed(trouble)


async def test_what_happens_to_the_connection_is_told_on() -> None:
    with pytest.raises(NotSent):
        await listed(NotSent("x"))


async def test_without_an_account_and_in_development_nothing_is_asked() -> None:
    assert (await listed(waba_id=""))[0] is None
    provider = Provider()
    assert await build(Site("bakery", dev_mode=True), settings(waba_id=WABA)).templates(provider) is None
    assert provider.gets == []


# -- webhooks ----------------------------------------------------------------------------------------------------------
NAMED = {"message_template_id": 5, "message_template_name": "order_ready", "message_template_language": "en-US"}
STATUS, QUALITY = "message_template_status_update", "message_template_quality_update"
PAUSED = {"event": "PAUSED", "reason": "NONE", "other_info": {"title": "FIRST_PAUSE", "description": "for 3 hours"}}


@pytest.mark.parametrize(
    ("field", "value", "state"),
    [
        (STATUS, NAMED | PAUSED, ("paused", "", "first_pause")),
        (STATUS, NAMED | {"event": "REJECTED", "reason": "INVALID_FORMAT"}, ("rejected", "", "invalid_format")),
        (STATUS, NAMED | {"event": "DISABLED", "reason": None}, ("disabled", "", "")),
        (STATUS, NAMED | {"event": "APPROVED", "other_info": {"title": "UNPAUSE"}}, ("approved", "", "")),
        (QUALITY, NAMED | {"previous_quality_score": "GREEN", "new_quality_score": "RED"}, ("", "red", "")),
        (STATUS, NAMED | {"event": 5, "other_info": "odd"}, None),
        (STATUS, {"event": "PAUSED", "message_template_name": "order_ready"}, None),
        ("account_update", {"event": "DISABLED_UPDATE"}, None),
    ],
)
def test_a_webhook_tells_what_has_changed_of_one(field: str, value: Json, state: tuple[str, str, str] | None) -> None:
    body = {
        "object": "whatsapp_business_account",
        "entry": [{"id": WABA, "changes": [{"field": field, "value": value}]}],
    }
    notices = parsed(body).notices
    assert {(one.shop, one.account) for one in notices} == {("bakery", WABA), ("tickets", WABA)}
    assert [one.template for one in notices] == [TemplateState("order_ready", "en_US", *state) if state else None] * 2


# -- against the fake -------------------------------------------------------------------------------------------------
MANY = Rules(templates=tuple(TemplateRule(f"t{n:03}", "en") for n in range(230)))


async def test_the_fakes_list_is_read_whole() -> None:
    async with link(MANY, waba_id=WABA) as line:
        found = await line.channel.templates(line.http)
    assert found == [TemplateState(f"t{n:03}", "en", "approved", "unknown") for n in range(230)]


async def test_the_fake_refuses_another_account_and_another_token() -> None:
    async with link(waba_id="999") as line:
        found = await line.channel.templates(line.http)
        assert isinstance(found, Outcome)
        assert found.reason == NO_ACCOUNT
    async with link(waba_id=WABA, access_token="another") as line:
        found = await line.channel.templates(line.http)
        assert isinstance(found, Outcome)
        assert found.code == 190


async def test_what_the_fake_posts_of_a_template_is_read_as_it_lists_it() -> None:
    paused = Rules(templates=(TemplateRule("order_ready", "sw", 2, status="PAUSED", quality="RED"),))
    told = [
        parsed(
            {
                "object": "whatsapp_business_account",
                "entry": [{"id": WABA, "changes": [{"field": field, "value": value}]}],
            }
        )
        for field, value in meta_templates.news(OPEN, paused)
    ]
    assert [one.notices[0] for one in told] == [
        Notice(
            "bakery",
            STATUS,
            "event PAUSED, message_template_name order_ready, message_template_language sw, reason NONE",
            WABA,
            TemplateState("order_ready", "sw", "paused", "", "first_pause"),
        ),
        Notice(
            "bakery",
            QUALITY,
            "message_template_name order_ready, message_template_language sw, previous_quality_score UNKNOWN, "
            "new_quality_score RED",
            WABA,
            TemplateState("order_ready", "sw", "", "red"),
        ),
    ]


async def test_a_control_request_pauses_one_and_the_shop_is_told_signed_and_once() -> None:
    async with world(rules=Rules(templates=(TemplateRule("sale", "en_US"), TemplateRule("sale", "sw")))) as here:
        wish = {"name": "sale", "language": "en_US", "status": "PAUSED"}
        for _ in range(2):
            assert (await here.client.post("/control/templates", json=wish)).status_code == 200
        await here.hook.until(lambda: bool(here.hook.values))
        (value,) = here.hook.values
        assert (value["event"], value["message_template_name"]) == ("PAUSED", "sale")
        assert value["message_template_language"] == "en-US", "as Meta writes it in webhooks"
        assert here.hook.genuine(0)
        assert [one.status for one in here.fake.rules.templates] == ["PAUSED", "APPROVED"]


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        ({"name": "lost", "language": "en", "status": "PAUSED"}, "lost in en"),
        ({"name": "sale", "language": "en", "status": "ASLEEP"}, "ASLEEP"),
        ({"name": "sale", "language": "en", "colour": "red"}, "colour"),
        ([], "object"),
    ],
)
async def test_a_wrong_control_request_is_refused_with_a_sentence(wish: object, word: str) -> None:
    async with world(rules=Rules(templates=(TemplateRule("sale", "en"),))) as here:
        refused = await here.client.post("/control/templates", json=wish)
        assert (refused.status_code, word in refused.json()["error"]) == (400, True)


# -- messages that are refused for their template ----------------------------------------------------------------------
@pytest.mark.parametrize(("code", "status"), [(132015, "paused"), (132016, "disabled"), (132001, ""), (131047, "")])
async def test_an_answer_and_a_status_say_which_status_the_template_is_in(code: int, status: str) -> None:
    refused = Provider(answer({"error": {"code": code}}, 400))
    outcome = await channel().send(refused, outgoing(Template("order_ready", "sw")))
    assert (outcome.code, outcome.template) == (code, status)
    failed = {"id": "wamid.O2", "status": "failed", "timestamp": "1790000004", "errors": [{"code": code}]}
    (told,) = parsed(envelope({"statuses": [failed]})).statuses
    assert (told.code, told.template, told.refused) == (code, status, code != 132001)
