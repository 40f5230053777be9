"""The fake Stripe: its API to the letter, the page that somebody answers, and its events."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import stripe
import trio
import trio.testing

from adapters.payments._stripe.forms import form
from adapters.phones.stripe import events
from adapters.phones.stripe.forms import items, read
from adapters.phones.stripe.refused import Refused
from engine.address import DAY
from tests.adapters.fake_world import START
from tests.adapters.stripe import KEY, NEXT, SECRET, Till, till

SESSIONS, REFUNDS = "/v1/checkout/sessions", "/v1/refunds"
LINE = {"price_data": {"currency": "kes", "unit_amount": 21_000, "product_data": {"name": "Unga"}}, "quantity": 1}
BODY: dict[str, Any] = {
    "mode": "payment",
    "line_items": [LINE],
    "success_url": "https://shop.example.test/paid",
    "cancel_url": "https://shop.example.test/unpaid",
    "client_reference_id": "kiosk/c1:6:pay",
    "metadata": {"order": "42"},
}


async def opened(made: Till, *, key: str = "", **changes: Any) -> dict[str, Any]:
    answer = await made.ask(SESSIONS, form(BODY | changes), key=key)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def paid(made: Till) -> str:
    """The payment intent of a session that is paid."""
    session = await opened(made)
    made.fake.answer(session["id"], "approve")
    return made.fake.book.sessions[session["id"]].payment_intent


# -- sessions --------------------------------------------------------------------------------------------------------
async def test_a_session_has_what_the_protocol_says() -> None:
    async with till() as made:
        session = await opened(made)
        assert session["id"].startswith("cs_test_")
        assert session["url"] == f"{made.fake.url}/c/pay/{session['id']}"
        assert {name: session[name] for name in ("object", "status", "payment_status", "amount_total", "currency")} == {
            "object": "checkout.session",
            "status": "open",
            "payment_status": "unpaid",
            "amount_total": 21_000,
            "currency": "kes",
        }
        assert (session["metadata"], session["client_reference_id"]) == ({"order": "42"}, "kiosk/c1:6:pay")
        assert session["expires_at"] == (START + DAY) // 1000
        assert (await made.ask(f"{SESSIONS}/{session['id']}")).json() == session
        made.fake.answer(session["id"], "approve")
        after = (await made.ask(f"{SESSIONS}/{session['id']}?expand[]=payment_intent")).json()
        assert (after["url"], after["status"], after["payment_status"]) == (None, "complete", "paid")
        assert after["payment_intent"]["status"] == "succeeded"


async def test_many_lines_are_summed_in_their_order() -> None:
    async with till() as made:
        lines = [{**LINE, "quantity": count} for count in range(1, 13)]
        assert (await opened(made, line_items=lines))["amount_total"] == 78 * 21_000


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"mode": "subscription"}, "mode"),
        ({"mode": ""}, "mode"),
        ({"line_items": []}, "line_items"),
        ({"line_items": [LINE] * 101}, "line_items"),
        ({"line_items": [{**LINE, "quantity": 0}]}, "line_items"),
        ({"line_items": [{**LINE, "quantity": "x"}]}, "quantity"),
        ({"line_items": [{"quantity": 1}]}, "price_data[currency]"),
        ({"line_items": [{**LINE, "price_data": {**LINE["price_data"], "currency": "zzz"}}]},  # type: ignore[dict-item]
         "line_items[0][price_data][currency]"),
        ({"line_items": [{**LINE, "price_data": {**LINE["price_data"], "unit_amount": "1.5"}}]},  # type: ignore[dict-item]
         "price_data[unit_amount]"),
        ({"success_url": "shop"}, "success_url"),
        ({"success_url": ""}, "success_url"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
        ({"expires_at": START // 1000 + 60}, "expires_at"),
        ({"expires_at": (START + 2 * DAY) // 1000}, "expires_at"),
        ({"wishes": 3}, "wishes"),
    ],
)  # fmt: skip
async def test_what_breaks_the_rules_is_refused(changes: dict[str, Any], param: str) -> None:
    async with till() as made:
        refused = await made.ask(SESSIONS, form(BODY | changes), key="k")
        assert refused.status_code == 400
        assert refused.json()["error"]["type"] == "invalid_request_error"
        assert refused.json()["error"]["param"] == param
        assert list(made.fake.book) == []
        assert (await opened(made, key="k"))["status"] == "open", "a key is not used up by what was refused"


@pytest.mark.parametrize("raw", [b"a", b"a[=1", b"a=1&a[b]=2", b"\xff=1", b"a" + b"[b]" * 9 + b"=1"])
def test_what_is_no_form(raw: bytes) -> None:
    with pytest.raises(Refused):
        read(raw)


def test_a_form_is_read_with_its_brackets() -> None:
    assert read(b"") == {}
    assert read(b"a[b][0][c]=d+e&a[b][1][c]=%C3%BC&x[]=1&x[]=2") == {
        "a": {"b": {"0": {"c": "d e"}, "1": {"c": "ü"}}},
        "x": {"0": "1", "1": "2"},
    }
    assert items(read(form({"a": list(range(12))}))["a"]) == [str(one) for one in range(12)]


async def test_who_gets_in() -> None:
    async with till() as made:
        basic = base64.b64encode(f"{KEY}:".encode()).decode()
        session = await opened(made)
        path = f"{SESSIONS}/{session['id']}"
        assert (await made.client.get(path, headers={"Authorization": f"Basic {basic}"})).status_code == 200
        assert (await made.ask(path, token="sk_test_2")).status_code == 401
        assert (await made.client.get(path)).status_code == 401


async def test_what_else_is_refused() -> None:
    async with till() as made:
        assert (await made.ask(f"{SESSIONS}/cs_none")).json()["error"]["code"] == "resource_missing"
        assert (await made.ask("/v1/charges")).status_code == 404
        assert (await made.ask("/v1/charges", b"")).status_code == 404
        assert (await made.ask(SESSIONS, b"a=" + b"b" * 70_000)).status_code == 413
        headers = {"Authorization": f"Bearer {KEY}"}
        assert (await made.client.delete(SESSIONS, headers=headers)).status_code == 405


# -- idempotency -----------------------------------------------------------------------------------------------------
async def test_the_same_key_with_the_same_words_is_the_first_answer_again() -> None:
    async with till() as made:
        first = await made.ask(SESSIONS, form(BODY), key="k1")
        again = await made.ask(SESSIONS, form(BODY), key="k1")
        assert (first.content, "idempotent-replayed" in first.headers) == (again.content, False)
        assert again.headers["idempotent-replayed"] == "true"
        assert len(list(made.fake.book)) == 1
        other = await made.ask(SESSIONS, form(BODY | {"metadata": {"order": "43"}}), key="k1")
        assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")
        assert (await made.ask(REFUNDS, form(BODY), key="k1")).status_code == 400
        await opened(made, key="k2")
        assert len(list(made.fake.book)) == 2


async def test_the_same_key_at_the_same_time_is_a_conflict() -> None:
    async with till() as made:
        made.hook.answers = [500] * 9  # so that the answer waits for its event
        await made.client.post("/control/faults", json={"call_back_first": {"next": 1}})

        async def first() -> None:
            await made.ask(SESSIONS, form(BODY), key="k1")

        async with trio.open_nursery() as nursery:
            before = len(made.hook.answers)
            nursery.start_soon(first)
            await made.hook.until(lambda: len(made.hook.answers) < before)
            conflict = await made.ask(SESSIONS, form(BODY), key="k1")
            assert (conflict.status_code, conflict.json()["error"]["code"]) == (409, "idempotency_key_in_use")
            made.hook.answers = []
        assert (await made.ask(SESSIONS, form(BODY), key="k1")).headers["idempotent-replayed"] == "true"


# -- the page --------------------------------------------------------------------------------------------------------
async def test_a_tester_pays_at_the_page() -> None:
    async with till() as made:
        session = await opened(made)
        page = (await made.client.get(session["url"])).text
        assert "KES 210.00" in page
        assert "Duka &lt;3" in page
        declined = (await made.client.post(session["url"], data={"answer": "no_funds"})).text
        assert "insufficient funds" in declined
        assert "approve" in declined, "another card may be tried"
        assert "Thank you" in (await made.client.post(session["url"], data={"answer": "approve"})).text
        await made.hook.until(lambda: made.hook.kinds == ["checkout.session.completed"])
        assert "Thank you" in (await made.client.post(session["url"], data={"answer": "expired"})).text
        assert (await made.client.get("/c/pay/cs_none")).status_code == 404


async def test_a_tester_goes_back_or_lets_it_expire() -> None:
    async with till() as made:
        session = await opened(made)
        back = await made.client.post(session["url"], data={"answer": "cancelled"})
        assert (back.status_code, back.headers["location"]) == (303, "https://shop.example.test/unpaid")
        assert made.session().status == "open"
        assert "expired" in (await made.client.post(session["url"], data={"answer": "expired"})).text
        await made.hook.until(lambda: made.hook.kinds == ["checkout.session.expired"])
        assert (await made.ask(f"{SESSIONS}/{session['id']}/expire", b"")).status_code == 400


@pytest.mark.parametrize(
    ("said", "kind", "status"),
    [
        ("later", "checkout.session.async_payment_succeeded", "paid"),
        ("later_no", "checkout.session.async_payment_failed", "unpaid"),
    ],
)
async def test_a_bank_takes_its_time(said: str, kind: str, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.phones.fake_stripe.LATER_SECONDS", 0.05)
    async with till() as made:
        session = await opened(made)
        made.fake.answer(session["id"], said)
        await made.hook.until(lambda: len(made.hook.raw) == 2)
        assert set(made.hook.kinds) == {"checkout.session.completed", kind}
        assert made.session().payment_status == status


async def test_a_link_that_nobody_pays_at_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.phones.stripe.book.SHORTEST", 0)
    async with till() as made:
        await opened(made, expires_at=START // 1000)
        await made.hook.until(lambda: made.hook.kinds == ["checkout.session.expired"])


# -- refunds ---------------------------------------------------------------------------------------------------------
async def test_refunds_add_up_to_what_was_paid() -> None:
    async with till() as made:
        intent = await paid(made)
        part = await made.ask(REFUNDS, form({"payment_intent": intent, "amount": 1_000, "metadata": {"refund": "k"}}))
        assert part.json() | {"id": "", "charge": "", "created": 0} == {
            "id": "",
            "object": "refund",
            "amount": 1_000,
            "charge": "",
            "created": 0,
            "currency": "kes",
            "metadata": {"refund": "k"},
            "payment_intent": intent,
            "reason": None,
            "status": "succeeded",
        }
        more = await made.ask(REFUNDS, form({"payment_intent": intent, "amount": 21_000}))
        assert (more.status_code, more.json()["error"]["param"]) == (400, "amount")
        assert (await made.ask(REFUNDS, form({"payment_intent": intent, "amount": 0}))).status_code == 400
        assert (await made.ask(REFUNDS, form({"payment_intent": intent}))).json()["amount"] == 20_000
        gone = await made.ask(REFUNDS, form({"payment_intent": intent}))
        assert gone.json()["error"]["code"] == "charge_already_refunded"
        listed = (await made.ask(f"{REFUNDS}?payment_intent={intent}&limit=1")).json()
        assert ([one["amount"] for one in listed["data"]], listed["has_more"]) == ([20_000], True)
        every = (await made.ask(f"{REFUNDS}?limit=1")).json()
        assert ([one["amount"] for one in every["data"]], every["has_more"]) == ([20_000], True)
        rest = (await made.ask(f"{REFUNDS}?limit=1&starting_after={every['data'][0]['id']}")).json()
        assert ([one["amount"] for one in rest["data"]], rest["has_more"]) == ([1_000], False)
        assert (await made.ask(f"{REFUNDS}?created[gte]={START // 1000 + 1}")).json()["data"] == []
        assert (await made.ask(f"{REFUNDS}?payment_intent=pi_none")).status_code == 404
        await made.hook.until(lambda: made.hook.kinds.count("refund.created") == 2)
        shown = (await made.client.get("/control/refunds")).json()["refunds"]
        assert [(one["amount"], one["key"]) for one in shown] == [("10.00", "k"), ("200.00", "")]


async def test_what_is_not_paid_can_not_be_refunded() -> None:
    async with till() as made:
        session = await opened(made)
        made.fake.answer(session["id"], "later")
        intent = made.session().payment_intent
        assert (await made.ask(REFUNDS, form({"payment_intent": intent}))).status_code == 404


async def test_the_owner_refunds_in_the_dashboard_and_a_refund_may_fail_after_all() -> None:
    async with till() as made:
        intent = await paid(made)
        made_there = await made.client.post("/control/refunds", json={"payment": intent, "amount": 500})
        name = made_there.json()["id"]
        await made.client.post(f"/control/refunds/{name}", json={"failure": "declined"})
        await made.hook.until(lambda: "refund.failed" in made.hook.kinds)
        assert made.fake.book.refunds[name].status == "failed"
        for path in ("", "/re_none"):
            body = {"payment": "pi_none", "amount": 1, "failure": "x"}
            assert (await made.client.post(f"/control/refunds{path}", json=body)).status_code == 404
        assert (await made.client.post("/control/refunds", json={})).status_code == 400


# -- events ----------------------------------------------------------------------------------------------------------
async def test_stripes_own_library_reads_our_events() -> None:
    async with till() as made:
        await paid(made)
        await made.hook.until(lambda: bool(made.hook.raw))
        event = stripe.Event.construct_from(json.loads(made.hook.raw[0]), KEY)
        assert (event.type, event.data.object.payment_status) == ("checkout.session.completed", "paid")
        assert (event.livemode, event.pending_webhooks) == (False, 1)
        assert event.request is not None
        assert event.request.id is None


async def test_an_event_comes_again_until_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "RETRY_FIRST", 0.01)
    async with till() as made:
        made.hook.answers = [500, 302, 404]
        await paid(made)
        await made.hook.until(lambda: bool(made.hook.raw))
        assert made.fake.counts["events_posted"] == 4


async def test_while_a_secret_is_rolled_both_sign() -> None:
    async with till() as made:
        account = made.fake._accounts["kiosk"]
        made.fake.set_webhook("kiosk", account.webhook_url, (NEXT, SECRET))
        await paid(made)
        await made.hook.until(lambda: bool(made.hook.raw))
        made.fake.set_webhook("kiosk", account.webhook_url, (NEXT,))
        await paid(made)
        await made.hook.until(lambda: made.hook.refused == 1)


async def test_events_wait_for_an_address() -> None:
    async with till() as made:
        url, made.fake._accounts["kiosk"].webhook_url = made.fake._accounts["kiosk"].webhook_url, ""
        await paid(made)
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert made.hook.raw == []
        made.fake.set_webhook("kiosk", url)
        await made.hook.until(lambda: len(made.hook.raw) == 1)


async def test_the_controls_show_every_payment_as_all_fakes_do() -> None:
    async with till() as made:
        intent = await paid(made)
        (shown,) = (await made.client.get("/control/payments")).json()["payments"]
        assert {name: shown[name] for name in ("shop", "amount", "currency", "status", "transaction_reference")} == {
            "shop": "kiosk",
            "amount": "210.00",
            "currency": "KES",
            "status": "success",
            "transaction_reference": intent,
        }
        assert (await made.client.get("/control/stats")).json()["sessions"] == {"complete paid": 1}
