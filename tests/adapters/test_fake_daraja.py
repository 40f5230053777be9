"""The fake Daraja by itself, held against protocols.md 3.2."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import trio

from adapters.phones.daraja import book, keys
from adapters.phones.daraja.faults import DarajaFaults
from adapters.phones.meta.faults import Delay, Fault, ServerError
from tests.adapters.mpesa import KEY, PASSKEY, PHONE, SECRET, SHORTCODE, Till, till

ONCE = Fault(next=1)
STAMP = "20260921170000"
PUSH, QUERY = "/mpesa/stkpush/v1/processrequest", "/mpesa/stkpushquery/v1/query"


def signed(**changes: Any) -> dict[str, Any]:
    password = base64.b64encode(f"{SHORTCODE}{PASSKEY}{STAMP}".encode()).decode()
    return {"BusinessShortCode": SHORTCODE, "Password": password, "Timestamp": STAMP} | changes


def wish(**changes: Any) -> dict[str, Any]:
    """A push that keeps all rules."""
    told = {"TransactionType": "CustomerPayBillOnline", "Amount": 210, "PartyA": PHONE, "PartyB": SHORTCODE}
    told |= {"PhoneNumber": PHONE, "CallBackURL": "https://shop.example.test/pay/m/1", "AccountReference": "ORD42"}
    return signed(**(told | {"TransactionDesc": "Order 42"} | changes))


async def said(made: Till, path: str, body: Any, token: str = "") -> tuple[int, dict[str, Any]]:
    """What a request of anybody's is answered with."""
    answer = await made.say(path, body, Authorization=f"Bearer {token or await made.token()}")
    return answer.status_code, answer.json()


async def refused(made: Till, path: str, body: Any, token: str = "") -> tuple[int, str]:
    status, told = await said(made, path, body, token)
    assert set(told) == {"requestId", "errorCode", "errorMessage"}
    return status, told["errorCode"]


# -- tokens ----------------------------------------------------------------------------------------------------------
async def test_a_token_is_for_whoever_knows_the_app() -> None:
    async with till() as made:
        path, good = "/oauth/v1/generate?grant_type=client_credentials", base64.b64encode(f"{KEY}:{SECRET}".encode())
        told = (await made.say(path, Authorization=f"Basic {good.decode()}")).json()
        assert told == {"access_token": "token-kiosk-1", "expires_in": "3599"}
        bad = base64.b64encode(f"{KEY}:no".encode()).decode()
        for header in (f"Basic {bad}", "Basic !!", f"Bearer {good.decode()}", ""):
            answer = await made.say(path, Authorization=header)
            assert (answer.status_code, answer.json()["errorCode"]) == (400, "400.008.01")
        odd = await made.say("/oauth/v1/generate?grant_type=password", Authorization=f"Basic {good.decode()}")
        assert odd.json()["errorCode"] == "400.008.02"


async def test_a_new_token_voids_the_old(autojump_clock: Any) -> None:
    async with till() as made:
        old, new = await made.token(), await made.token()
        assert await refused(made, PUSH, wish(), old) == (404, "404.001.03")
        assert (await said(made, PUSH, wish(), new))[0] == 200
        assert await refused(made, PUSH, wish(), "no-such") == (404, "404.001.03")
        answer = await made.say(PUSH, wish())
        assert answer.json()["errorCode"] == "404.001.04"


async def test_a_token_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "LIFE", 0)
    async with till() as made:
        assert await refused(made, PUSH, wish()) == (404, "404.001.03")


# -- pushes ----------------------------------------------------------------------------------------------------------
async def test_a_push_becomes_a_prompt_and_is_told_of_once() -> None:
    async with till() as made:
        url = f"{made.mpesa._callbacks}{made.mpesa._segments.prompt('kiosk/c1:1:pay')}"
        status, told = await said(made, PUSH, wish(CallBackURL=url))
        assert (status, told["ResponseCode"], told["CheckoutRequestID"]) == (200, "0", made.push().id)
        (prompt,) = (await made.client.get("/prompts", params={"phone": PHONE})).json()["prompts"]
        assert (prompt["amount"], prompt["shop"], prompt["reference"]) == ("210", "Duka", "ORD42")
        assert (await made.client.post(f"/prompts/{prompt['id']}", json={"answer": "approve"})).json() == {
            "success": True
        }
        assert (await made.client.post(f"/prompts/{prompt['id']}", json={"answer": "approve"})).status_code == 409
        assert (await made.client.post(f"/prompts/{prompt['id']}", json={"answer": "perhaps"})).status_code == 400
        assert (await made.client.post(f"/prompts/{prompt['id']}", json=[])).status_code == 400
        await made.hook.until(lambda: len(made.hook.hearsay) == 1)
        (row,) = (await made.client.get("/control/payments")).json()["payments"]
        assert row["transaction_reference"] == made.hook.hearsay[0].transaction
        assert (row["shop"], row["amount"], row["currency"], row["status"]) == ("kiosk", "210", "KES", "success")
        assert made.fake.stats()["prompts"] == {"approve": 1}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Amount": 0}, "400.002.02"),
        ({"Amount": "210"}, "400.002.02"),
        ({"Amount": 2.5}, "400.002.02"),
        ({"Amount": True}, "400.002.02"),
        ({"PhoneNumber": "0700000001"}, "400.002.02"),
        ({"PartyA": "254700000002"}, "400.002.02"),
        ({"PartyB": "600000"}, "400.002.02"),
        ({"TransactionType": "Pay"}, "400.002.02"),
        ({"TransactionType": "CustomerBuyGoodsOnline"}, "400.002.02"),
        ({"AccountReference": "A" * 13}, "400.002.02"),
        ({"AccountReference": ""}, "400.002.02"),
        ({"TransactionDesc": "A" * 14}, "400.002.02"),
        ({"CallBackURL": "http://shop.example.test/pay"}, "400.002.02"),
        ({"CallBackURL": "https://shop.example.test/mpesa"}, "400.002.02"),
        ({"CallBackURL": "https://x.ngrok.io/pay"}, "400.002.02"),
        ({"CallBackURL": "pay"}, "400.002.02"),
        ({"Timestamp": "2026-09-01"}, "400.002.02"),
        ({"Timestamp": "20260921170001"}, "500.001.1001"),
        ({"Password": "x"}, "500.001.1001"),
        ({"BusinessShortCode": "600000"}, "500.001.1001"),
    ],
)
async def test_a_push_that_breaks_a_rule_is_refused(changes: dict[str, Any], code: str) -> None:
    async with till() as made:
        assert (await refused(made, PUSH, wish(**changes)))[1] == code
        assert not made.fake.book.pushes


async def test_a_phone_is_asked_one_thing_at_a_time() -> None:
    async with till() as made:
        await said(made, PUSH, wish())
        status, told = await said(made, PUSH, wish())
        assert (status, told["errorCode"]) == (500, "500.001.1001")
        assert "lock subscriber" in told["errorMessage"]
        made.fake.answer(made.push().id, "cancelled")
        assert (await said(made, PUSH, wish()))[0] == 200


async def test_other_addresses_methods_and_bodies_are_refused() -> None:
    async with till() as made:
        assert await refused(made, "/mpesa/nothing", {}) == (404, "404.001.01")
        assert (await made.say(PUSH)).json()["errorCode"] == "405.001"
        assert await refused(made, PUSH, [1]) == (400, "400.002.05")


# -- questions -------------------------------------------------------------------------------------------------------
async def test_a_question_says_that_it_is_under_way_then_how_it_ended() -> None:
    async with till() as made:
        _, taken = await said(made, PUSH, wish())
        about = signed(CheckoutRequestID=taken["CheckoutRequestID"])
        status, told = await said(made, QUERY, about)
        assert (status, told["errorMessage"]) == (500, "The transaction is being processed")
        made.fake.answer(made.push().id, "wrong_pin")
        _, told = await said(made, QUERY, about)
        assert told["ResultCode"] == "2001", "a text"
        assert "CallbackMetadata" not in told
        assert await refused(made, QUERY, signed(CheckoutRequestID="ws_CO_9")) == (400, "400.002.02")


async def test_a_prompt_that_nobody_answers_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "PROMPT", 50)
    async with till() as made:
        await said(made, PUSH, wish())
        while made.push().open:
            await trio.testing.wait_all_tasks_blocked(0.01)
        assert made.push().said == "no_answer"
        assert not made.fake.answer(made.push().id, "approve")


# -- by hand ---------------------------------------------------------------------------------------------------------
async def test_addresses_are_registered_once_and_kept_to_the_rules() -> None:
    async with till() as made:
        urls = {name: f"https://shop.example.test/{name}" for name in ("ConfirmationURL", "ValidationURL")}
        told = {"ShortCode": SHORTCODE, "ResponseType": "Completed", **urls}
        path = "/mpesa/c2b/v2/registerurl"
        for changes in ({"ShortCode": "1"}, {"ResponseType": "x"}, {"ConfirmationURL": "https://a.test/sql"}):
            assert (await refused(made, path, told | changes))[1] == "400.002.02"
        assert (await said(made, path, told))[1]["OriginatorCoversationID"] == "o-1"
        status, again = await said(made, path, told)
        assert (status, again["errorMessage"]) == (500, "Urls are already registered")


async def test_who_pays_by_hand_is_validated_and_confirmed() -> None:
    async with till() as made:
        assert await made.mpesa.register_c2b(made.http) == ""
        made.hook.replies = [b'{"ResultCode": "C2B00012", "ResultDesc": "Rejected"}']
        path = "/mpesa/c2b/v2/simulate"
        pay = {"ShortCode": SHORTCODE, "CommandID": "CustomerPayBillOnline", "Amount": 210, "Msisdn": PHONE}
        assert (await said(made, path, {**pay, "BillRefNumber": "rent"}))[0] == 200
        assert not made.fake.book.receipts, "it was refused"
        made.hook.replies = [b'{"ResultCode": "0", "ResultDesc": "Accepted"}']
        await said(made, path, {**pay, "BillRefNumber": "ord 42"})
        await made.hook.until(lambda: len(made.hook.news) == 1)
        questions = [heard.question for heard in made.hook.heard if heard.question is not None]
        assert [(one.reference, one.amount) for one in questions] == [("rent", 21_000), ("ord 42", 21_000)]
        assert (made.hook.news[0].payer, made.hook.news[0].reference) == ("2547 ***** 001", "ord 42")
        assert (await made.client.get("/control/payments")).json()["payments"][0]["status"] == "success"


@pytest.mark.parametrize(("rule", "paid"), [("Completed", True), ("Cancelled", False)])
async def test_without_an_answer_the_account_s_own_rule_decides(rule: str, paid: bool) -> None:
    async with till() as made:
        made.account.validation_url, made.account.response_type = "http://127.0.0.1:9/x", rule
        assert (await made.fake.pay_by_hand(made.account, 5, PHONE, "x") == "") is paid
        assert bool(made.fake.book.receipts) is paid


# -- faults ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("faults", "status"),
    [
        (DarajaFaults(throttle=ONCE), 500),
        (DarajaFaults(server_error=ServerError(next=1, status=503)), 503),
        (DarajaFaults(expired_token=ONCE), 404),
    ],
)
async def test_what_is_refused_is_not_carried_out(faults: DarajaFaults, status: int) -> None:
    async with till(faults) as made:
        assert (await refused(made, PUSH, wish()))[0] == status
        assert not made.fake.book.pushes
        assert (await said(made, PUSH, wish()))[0] == 200


async def test_faults_are_set_over_http_and_wrong_ones_named() -> None:
    async with till() as made:
        changed = await made.client.post("/control/faults", json={"delay": {"next": 2, "ms": 5}})
        assert changed.json()["delay"] == {"rate": 0.0, "next": 2, "ms": 5}
        assert made.fake.faults.delay == Delay(next=2, ms=5)
        wrong = await made.client.post("/control/faults", json={"batch": {"next": 2}})
        assert wrong.status_code == 400
        assert (await made.client.get("/control/faults")).json()["delay"]["next"] == 2
        assert (await made.client.get("/control/stats")).json()["faults"] == {}
