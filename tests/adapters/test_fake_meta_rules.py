"""The account's rules: token, version, number, window, paces, templates; and the controls that change them."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from adapters.phones.fake_meta import FakeMeta
from adapters.phones.meta.rules import Rules, TemplateRule
from engine.address import HOUR
from engine.errors import ConfigError
from tests.adapters.fake_world import ASHA, BEN, NUMBER, Clock, Json, number, world

TEXT: Json = {"messaging_product": "whatsapp", "to": f"+{ASHA}", "text": {"body": "x"}}
PATHS = {
    "another token": ({"token": "wrong"}, 401, 190),
    "another number": ({"path": "/v26.0/999/messages"}, 400, 33),
    "a version that has ended": ({"path": f"/v12.0/{NUMBER}/messages"}, 400, 100),
    "no version": ({"path": f"/{NUMBER}/messages"}, 400, 100),
    "free text as marketing": ({"path": f"/v26.0/{NUMBER}/marketing_messages"}, 400, 100),
}


@pytest.mark.parametrize("title", PATHS)
async def test_requests_that_are_refused_before_they_are_read(title: str) -> None:
    options, status, code = PATHS[title]
    async with world() as here:
        answer = await here.post(TEXT, **options)
        assert answer.status_code == status
        error = answer.json()["error"]
        assert (error["code"], error["type"]) == (code, "OAuthException")
        assert error["fbtrace_id"]
        assert here.fake.stats()["refused"] == {str(code): 1}


async def test_the_error_body_is_metas() -> None:
    async with world() as here:
        error = (await here.send(type="text", text={"body": "x" * 4097})).json()["error"]
        details = "Param text['body'] must be at most 4096 characters long."
        assert {key: error[key] for key in ("message", "type", "code", "error_data")} == {
            "message": "(#100) Invalid parameter",
            "type": "OAuthException",
            "code": 100,
            "error_data": {"messaging_product": "whatsapp", "details": details},
        }


async def test_the_window_opens_with_the_customers_message_and_closes_after_a_day() -> None:
    async with world() as here:
        assert (await here.send()).json()["error"]["code"] == 131047
        await here.greet()
        here.clock.at += 24 * HOUR - 1
        assert (await here.send()).status_code == 200
        here.clock.at += 1
        assert (await here.send()).json()["error"]["code"] == 131047
        here.fake.rules = Rules(window=False)
        assert (await here.send()).status_code == 200


async def test_the_window_may_also_be_refused_by_a_status() -> None:
    async with world(rules=Rules(late_refusals=True)) as here:
        answer = await here.send(type="text", text={"body": "x"}, biz_opaque_callback_data="job-1")
        assert answer.status_code == 200
        await here.hook.until(lambda: bool(here.hook.statuses))
        [status] = here.hook.statuses
        assert (status["status"], status["biz_opaque_callback_data"]) == ("failed", "job-1")
        assert status["id"] == answer.json()["messages"][0]["id"]
        assert status["errors"][0]["code"] == 131047


async def test_one_customers_pace_has_a_burst_that_is_paid_back() -> None:
    async with world(rules=Rules(window=False, pair_burst=3, pair_seconds=6)) as here:
        assert [(await here.send()).status_code for _ in range(4)] == [200, 200, 200, 400]
        assert (await here.send()).json()["error"]["code"] == 131056
        assert (await here.send(BEN)).status_code == 200
        here.clock.at += 6_000
        assert [(await here.send()).status_code for _ in range(2)] == [200, 400]


async def test_a_numbers_pace_counts_messages_in_and_out() -> None:
    async with world(rules=Rules(per_second=2, pair_burst=0)) as here:
        here.clock.at += 10_000
        await here.greet()
        assert [(await here.send()).status_code for _ in range(2)] == [200, 400]
        assert (await here.send()).json()["error"]["code"] == 130429
        here.clock.at += 1_000
        assert (await here.send()).status_code == 200


def template(name: str, language: str, *values: str) -> Json:
    parameters = [{"type": "text", "text": value} for value in values]
    components = [{"type": "body", "parameters": parameters}] if parameters else []
    return {"type": "template", "template": {"name": name, "language": {"code": language}, "components": components}}


KNOWN = Rules(
    templates=(
        TemplateRule("order_ready", "sw", 1),
        TemplateRule("sale", "en", status="PAUSED"),
        TemplateRule("spam", "en", status="DISABLED"),
        TemplateRule("new", "en", status="PENDING"),
    )
)
TEMPLATES = {
    "known, with its parameter": (template("order_ready", "sw", "42"), 0),
    "in a language it was not written in": (template("order_ready", "en", "42"), 132001),
    "that nobody made": (template("order_lost", "sw", "42"), 132001),
    "without its parameter": (template("order_ready", "sw"), 132000),
    "with one too many": (template("order_ready", "sw", "42", "43"), 132000),
    "that is paused": (template("sale", "en"), 132015),
    "that is disabled": (template("spam", "en"), 132016),
    "that is not approved yet": (template("new", "en"), 132001),
}


@pytest.mark.parametrize("title", TEMPLATES)
async def test_a_template(title: str) -> None:
    body, code = TEMPLATES[title]
    async with world(rules=KNOWN) as here:
        answer = await here.send(**body)
        assert answer.json().get("error", {}).get("code", 0) == code
        if not code:
            assert answer.json()["messages"][0]["message_status"] == "accepted"
            await here.hook.until(lambda: bool(here.hook.statuses))
            assert here.hook.statuses[0]["pricing"]["category"] == "utility"


async def test_the_shops_own_number_is_no_customer() -> None:
    async with world() as here:
        assert (await here.send("254700000900")).json()["error"]["code"] == 131021


async def test_what_was_accepted_can_be_asked_for() -> None:
    async with world(keep=2, keep_all=True) as here:
        await here.greet()
        for at in range(5):
            await here.send(type="text", text={"body": str(at)}, biz_opaque_callback_data=f"job-{at // 2}")
        sent = (await here.client.get("/control/sent", params={"number": NUMBER})).json()["sent"]
        assert [one["body"]["text"]["body"] for one in sent] == ["0", "1", "2", "3", "4"]
        assert [one["key"] for one in sent] == ["job-0", "job-0", "job-1", "job-1", "job-2"]
        assert {one["to"] for one in sent} == {ASHA}
        counts = (await here.client.get("/control/stats")).json()["counts"]
        assert (counts["sends_accepted"], counts["sends_doubled"]) == (5, 2)
        assert (await here.client.get("/control/sent", params={"to": BEN})).json() == {"sent": []}


async def test_without_keep_all_only_the_last_messages_can_be_asked_for() -> None:
    async with world(keep=3) as here:
        await here.greet()
        for at in range(5):
            await here.send(type="text", text={"body": str(at)})
        assert [one.body for one in here.fake.sent()] != []
        assert len(here.fake.sent()) == 3
        assert here.fake.stats()["counts"]["sends_accepted"] == 5


async def test_the_numbers_are_listed_by_name_and_without_their_secrets() -> None:
    async with world() as here:
        answer = await here.client.get("/control/numbers")
        [one] = answer.json()["numbers"]
        assert (one["name"], one["phone_number_id"]) == ("bakery", NUMBER)
        assert "test_app_secret" not in answer.text
        assert "a-token" not in answer.text


async def test_rules_are_changed_by_name() -> None:
    async with world() as here:
        changed = await here.client.post("/control/rules", json={"window": False, "per_second": 80})
        assert changed.json()["window"] is False
        assert changed.json()["pair_burst"] == 45
        assert here.fake.rules == Rules(window=False, per_second=80)


CONTROLS: dict[str, tuple[str, Any, str]] = {
    "a fault that is none": ("faults", {"explode": {"rate": 1}}, "there is no fault 'explode'"),
    "a rate above 1": ("faults", {"duplicate": {"rate": 2}}, "duplicate: Expected `float` <= 1.0"),
    "a setting that is none": ("faults", {"delay": {"seconds": 1}}, "unknown field `seconds`"),
    "faults that are a list": ("faults", [1], "expected a JSON object"),
    "a rule that is none": ("rules", {"windows": True}, "unknown field `windows`"),
    "a rule of the wrong type": ("rules", {"window": "no"}, "Expected `bool`"),
}


@pytest.mark.parametrize("title", CONTROLS)
async def test_a_wrong_control_is_answered_with_a_sentence(title: str) -> None:
    name, body, sentence = CONTROLS[title]
    async with world() as here:
        before = (await here.client.get(f"/control/{name}")).json()
        answer = await here.client.post(f"/control/{name}", json=body)
        assert answer.status_code == 400
        assert sentence in answer.json()["error"]
        assert (await here.client.get(f"/control/{name}")).json() == before


async def test_an_address_in_use_is_a_mistake_of_the_operator() -> None:
    async with world() as here:
        port = int(here.url.rpartition(":")[2])
        fake = FakeMeta([number("")], clock=Clock())
        with pytest.raises(ConfigError, match=f"can't listen on 127.0.0.1:{port}"):
            await fake.serve("127.0.0.1", port)


async def test_messages_wait_for_a_number_that_has_no_webhook_yet() -> None:
    async with world() as here, trio.open_nursery() as nursery:
        fake = FakeMeta([number("")], clock=here.clock)
        port = await nursery.start(fake.serve, "127.0.0.1", 0)
        here.url = f"http://127.0.0.1:{port}"
        async with here.phone() as phone:
            first, second = await phone.say("one"), await phone.say("two")
            fake.set_webhook(NUMBER, here.fake.numbers()[0].webhook_url)
            await here.hook.until(lambda: len(here.hook.messages) == 2)
        assert [message["id"] for message in here.hook.messages] == [first, second]
        nursery.cancel_scope.cancel()
