"""The fake payment provider: its API to the letter, prompts and cards that somebody answers, and its webhooks."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
import trio

from adapters.phones.pay import callbacks
from adapters.phones.pay.requests import DECLINES, PROMPT
from tests.adapters.ghala import KEY, PHONE, Till, till

MPESA = {"amount": 3000, "currency": "KES", "payment_method": "mpesa", "customer": {"phone": PHONE}, "reference": "r1"}
CARD = {"amount": 2999.5, "currency": "KES", "payment_method": "card", "reference": "r2"}


async def order(made: Till, body: Any = MPESA, *, key: str = "k1", token: str = KEY) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key, "Content-Type": "application/json"}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await made.client.post("/orders", content=raw, headers=headers)


async def look(made: Till, name: str, *, token: str = KEY) -> httpx.Response:
    return await made.client.get(f"/orders/{name}", headers={"Authorization": f"Bearer {token}"})


# -- the API ---------------------------------------------------------------------------------------------------------
async def test_a_request_is_taken_and_can_be_looked_up_by_either_name() -> None:
    async with till() as made:
        taken = await order(made)
        assert taken.status_code == 201
        body = taken.json()
        assert body == {
            "id": body["id"],
            "status": "pending",
            "amount": 3000,
            "currency": "KES",
            "payment_method": "mpesa",
            "reference": "r1",
        }
        for name in (body["id"], "r1"):
            assert (await look(made, name)).json() == body


async def test_a_card_gets_a_link() -> None:
    async with till() as made:
        body = (await order(made, CARD)).json()
        assert body["payment_url"] == f"{made.fake.url}/pay/{body['id']}"
        assert body["amount"] == 2999.5


async def test_the_same_key_is_the_same_request_and_prompts_once() -> None:
    async with till() as made:
        first, second = await order(made), await order(made)
        assert first.json() == second.json()
        assert len(made.fake.prompts()) == 1
        other = await order(made, {**MPESA, "amount": 5})
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        assert (await order(made, key="k2")).json()["id"] != first.json()["id"]


async def test_nobody_gets_in_without_the_key() -> None:
    async with till() as made:
        assert (await order(made, token="wrong")).status_code == 401
        assert (await look(made, "r1", token="wrong")).status_code == 401
        assert made.fake.requests() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        {**MPESA, "amount": 0},
        {**MPESA, "amount": "much"},
        {**MPESA, "amount": "NaN"},
        {**MPESA, "amount": 2999.5},
        {**MPESA, "customer": {"phone": ""}},
        {**MPESA, "customer": {"phone": "+254700000001"}},
        {**MPESA, "payment_method": "cowries"},
        {"amount": 3000},
    ],
)
async def test_a_request_that_breaks_the_rules_is_refused(body: Any) -> None:
    async with till() as made:
        refused = await order(made, body)
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")
        assert made.fake.requests() == []


async def test_what_else_is_refused() -> None:
    async with till() as made:
        assert (await look(made, "gh_nothing")).status_code == 404
        assert (await order(made, b" " * 100_000)).status_code == 413
        headers = {"Authorization": f"Bearer {KEY}"}
        assert (await made.client.delete("/orders/x", headers=headers)).status_code == 405


# -- the phone's prompt ----------------------------------------------------------------------------------------------
async def test_a_prompt_stands_on_its_phone_until_it_is_answered() -> None:
    async with till() as made:
        await order(made)
        await order(made, {**MPESA, "customer": {"phone": "254700000002"}, "reference": "r2"}, key="k2")
        shown = (await made.client.get("/prompts", params={"phone": PHONE})).json()["prompts"]
        (prompt,) = shown
        assert (prompt["shop"], prompt["amount"], prompt["currency"]) == ("Duka <3", "3,000", "KES")
        answered = await made.client.post(f"/prompts/{prompt['id']}", json={"answer": "approve"})
        assert answered.json() == {"success": True}
        await made.hook.until(lambda: len(made.hook.news) == 1)
        assert len((await made.client.get("/prompts")).json()["prompts"]) == 1
        again = await made.client.post(f"/prompts/{prompt['id']}", json={"answer": "cancelled"})
        assert again.status_code == 409
        assert (await look(made, "r1")).json()["status"] == "success"


@pytest.mark.parametrize("body", [b"", b"{}", b'{"answer":"perhaps"}'])
async def test_a_wrong_answer_is_no_answer(body: bytes) -> None:
    async with till() as made:
        await order(made)
        refused = await made.client.post(f"/prompts/{made.prompt()}", content=body)
        assert refused.status_code == 400
        assert refused.json()["error"]
        assert len(made.fake.prompts()) == 1


async def test_who_plays_the_phones_is_told_of_every_prompt() -> None:
    async with till() as made:
        seen: list[str] = []
        made.fake.on_prompt(lambda request: seen.append(f"{request.phone} {request.amount} {request.method}"))
        await order(made)
        await order(made)
        await order(made, CARD, key="k2")
        assert seen == [f"{PHONE} 3000 mpesa", " 2999.5 card"]


async def test_a_prompt_that_is_ignored_leaves_the_screen_and_can_not_be_paid_twice() -> None:
    async with till() as made:
        await order(made)
        name = made.prompt()
        made.fake.ignore(name)
        assert made.fake.prompts() == []
        assert made.fake.approve(name)
        assert not made.fake.approve(name)
        assert not made.fake.decline("gh_nothing", "cancelled")
        await made.hook.until(lambda: len(made.hook.news) == 1)


async def test_a_prompt_ends_by_itself_after_a_minute() -> None:
    async with till() as made:
        await order(made)
        request = made.fake.request(made.prompt())
        assert request is not None
        assert request.expires_at - request.created_at == PROMPT
        made.fake._over(request)
        await made.hook.until(lambda: len(made.hook.news) == 1)
        assert (request.status, request.reason) == ("failed", "timeout")


# -- the card's page -------------------------------------------------------------------------------------------------
async def test_a_card_is_paid_on_its_page() -> None:
    async with till() as made:
        link = (await order(made, CARD)).json()["payment_url"]
        page = (await made.client.get(link)).text
        assert "KES 2,999.5" in page
        assert "Duka &lt;3" in page
        paid = (await made.client.post(link, data={"answer": "approve"})).text
        assert "Paid" in paid
        assert "Paid" in (await made.client.post(link, data={"answer": "declined"})).text
        await made.hook.until(lambda: len(made.hook.news) == 1)


async def test_a_card_that_the_bank_refuses_says_so() -> None:
    async with till() as made:
        link = (await order(made, CARD)).json()["payment_url"]
        assert "<form" in (await made.client.post(link, data={"answer": "perhaps"})).text
        assert "insufficient funds" in (await made.client.post(link, data={"answer": "no_funds"})).text


async def test_only_a_card_has_a_page() -> None:
    async with till() as made:
        await order(made)
        for name in (made.prompt(), "gh_nothing", "..%2F..%2Fetc%2Fpasswd"):
            assert (await made.client.get(f"/pay/{name}")).status_code == 404


# -- webhooks --------------------------------------------------------------------------------------------------------
async def test_a_webhook_comes_until_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "RETRY_FIRST", 0.01)
    async with till() as made:
        made.hook.answers = [500]
        await order(made)
        made.fake.approve(made.prompt())
        await made.hook.until(lambda: len(made.hook.news) == 1)
        assert made.fake.counts["callbacks_failed"] == 1


async def test_a_webhook_waits_for_an_address() -> None:
    async with till() as made:
        account = made.fake.request((await order(made)).json()["id"])
        assert account is not None
        url = account.account.webhook_url
        made.fake.set_webhook("kiosk", "")
        made.fake.approve(made.prompt())
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert made.hook.news == []
        made.fake.set_webhook("kiosk", url)
        await made.hook.until(lambda: len(made.hook.news) == 1)


async def test_ids_and_transactions_of_another_run_are_others() -> None:
    names: set[str] = set()
    for minute in range(2):
        async with till() as made:
            made.clock.at += 60_000 * minute
            made.fake._requests._began = f"{made.clock.now():x}"
            name = (await order(made)).json()["id"]
            made.fake.approve(name)
            request = made.fake.request(name)
            assert request is not None
            names |= {request.id, request.transaction}
    assert len(names) == 4


async def test_the_controls_tell_what_happened() -> None:
    async with till() as made:
        await order(made)
        made.fake.decline(made.prompt(), "wrong_pin")
        stats = (await made.client.get("/control/stats")).json()
        assert stats["requests"] == {"wrong_pin": 1}
        assert stats["counts"]["requests_new"] == 1
        (payment,) = (await made.client.get("/control/payments")).json()["payments"]
        assert (payment["shop"], payment["status"], payment["reason"]) == ("kiosk", "failed", "wrong_pin")
        assert set(DECLINES) >= {"cancelled", "no_funds", "wrong_pin", "no_answer"}
