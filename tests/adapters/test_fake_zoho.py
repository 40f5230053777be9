"""The fake Zoho answers as protocols.md 4 says, also where it says no."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import trio.testing

from adapters.phones.zoho.books import ZohoItem
from adapters.phones.zoho.tokens import PER_WINDOW
from tests.adapters.zoho import CLIENT, Dealer, account, dealer

NAMES = ("client_id", "client_secret", "refresh_token")
FORM = dict(zip(NAMES, CLIENT, strict=True)) | {"grant_type": "refresh_token"}
ORGANIZATION = {"organization_id": "10"}


@pytest.fixture
def fast_clock() -> trio.testing.MockClock:
    return trio.testing.MockClock(autojump_threshold=0.05)


async def refreshed(made: Dealer, **changes: str) -> Any:
    answer = await made.client.post("/oauth/v2/token", data=FORM | changes)
    assert answer.status_code == 200, "whatever it says"
    return answer.json()


async def let_in(made: Dealer) -> httpx.AsyncClient:
    token = (await refreshed(made))["access_token"]
    made.client.headers["authorization"] = f"Zoho-oauthtoken {token}"
    made.client.params = httpx.QueryParams(ORGANIZATION)
    return made.client


async def test_a_token_comes_with_its_life_and_its_domain() -> None:
    async with dealer() as made:
        told = await refreshed(made)
        assert told.pop("access_token").startswith("1000.")
        assert told == {"expires_in": 3600, "api_domain": made.fake.url, "token_type": "Bearer"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"refresh_token": "x"}, "invalid_code"),
        ({"grant_type": "password"}, "invalid_code"),
        ({"client_id": "x"}, "invalid_client"),
        ({"client_secret": "x"}, "invalid_client_secret"),
    ],
)
async def test_refusals_of_tokens_come_with_200(changes: dict[str, str], error: str) -> None:
    async with dealer() as made:
        assert await refreshed(made, **changes) == {"error": error}


async def test_ten_tokens_in_ten_minutes(fast_clock: trio.testing.MockClock) -> None:
    async with dealer() as made:
        told = [await refreshed(made) for _ in range(PER_WINDOW + 1)]
        assert [("access_token" in one) for one in told] == [True] * PER_WINDOW + [False]
        assert told[-1] == {"error": "access_denied"}
        fast_clock.jump(601)
        assert "access_token" in await refreshed(made)


@pytest.mark.parametrize(
    ("header", "organization"),
    [("Bearer {}", "10"), ("Zoho-oauthtoken x", "10"), ("", "10"), ("Zoho-oauthtoken {}", "11"), ("{}", "10")],
)
async def test_only_a_token_in_its_own_header_opens_its_own_organisation(header: str, organization: str) -> None:
    async with dealer() as made:
        token = (await refreshed(made))["access_token"]
        headers = {"authorization": header.format(token)}
        query = {"organization_id": organization}
        answer = await made.client.get("/inventory/v1/items", headers=headers, params=query)
        assert (answer.status_code, answer.json()["code"]) == (401, 57)


async def test_a_token_ends_after_an_hour(fast_clock: trio.testing.MockClock) -> None:
    async with dealer() as made:
        client = await let_in(made)
        fast_clock.jump(3_590)
        assert (await client.get("/inventory/v1/items")).status_code == 200
        fast_clock.jump(11)
        assert (await client.get("/inventory/v1/items")).status_code == 401


async def test_items_come_in_pages_with_ids_as_texts() -> None:
    books = account([ZohoItem(f"s{n}", "S", 1, n) for n in range(5)])
    async with dealer(books=books) as made:
        client = await let_in(made)
        first = (await client.get("/inventory/v1/items", params={"per_page": 2})).json()
        last = (await client.get("/inventory/v1/items", params={"per_page": 2, "page": 3})).json()
        assert (first["code"], first["message"], len(first["items"])) == (0, "success", 2)
        assert first["page_context"] == {"page": 1, "per_page": 2, "has_more_page": True}
        assert last["page_context"] == {"page": 3, "per_page": 2, "has_more_page": False}
        assert isinstance(first["items"][0]["item_id"], str)
        bad = await client.get("/inventory/v1/items", params={"page": "0"})
        assert (bad.status_code, bad.json()["code"]) == (400, 2)


async def test_an_order_is_a_draft_that_reserves_nothing_until_it_is_confirmed() -> None:
    async with dealer() as made:
        client = await let_in(made)
        item, customer = made.books.items[0], made.books.contacts[0].contact_id
        body = {
            "customer_id": customer,
            "reference_number": "ORD42",
            "line_items": [{"item_id": item.item_id, "rate": 210, "quantity": 2}],
        }
        answer = await client.post("/inventory/v1/salesorders", json=body)
        placed = answer.json()["salesorder"]
        assert (answer.status_code, placed["status"], placed["total"]) == (201, "draft", 420)
        assert made.books.shown(item)["available_stock"] == 1200
        for to, left in (("confirmed", 1198), ("void", 1200)):
            moved = await client.post(f"/inventory/v1/salesorders/{placed['salesorder_id']}/status/{to}")
            assert (moved.status_code, moved.json()["code"]) == (200, 0)
            assert made.books.shown(item)["available_stock"] == left
        again = await client.post("/inventory/v1/salesorders", json=body)
        assert again.status_code == 201, "no idempotency key"
        assert len(made.books.orders) == 2


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"customer_id": "1"}, 400, 1002),
        ({"line_items": []}, 400, 2),
        ({"line_items": [{"item_id": "1", "quantity": 1, "rate": 1}]}, 404, 1002),
    ],
)
async def test_a_faulty_order_is_refused_with_its_code(changes: dict[str, Any], status: int, code: int) -> None:
    async with dealer() as made:
        client = await let_in(made)
        good = {"item_id": made.books.items[0].item_id, "rate": 1, "quantity": 1}
        body = {"customer_id": made.books.contacts[0].contact_id, "line_items": [good]} | changes
        answer = await client.post("/inventory/v1/salesorders", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert made.books.orders == []


async def test_what_is_not_there_is_refused() -> None:
    async with dealer() as made:
        client = await let_in(made)
        for method, path in (("GET", "/bills"), ("POST", "/items"), ("POST", "/salesorders/9/status/closed")):
            assert (await client.request(method, f"/inventory/v1{path}", json={})).json()["code"] == 5
        gone = await client.post("/inventory/v1/salesorders/9/status/void")
        assert (gone.status_code, gone.json()["code"]) == (404, 1002)
