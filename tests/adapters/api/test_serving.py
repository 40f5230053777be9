"""Who is let in where, what is refused before anything is read, and what happens when the store is out."""

from __future__ import annotations

import json
import logging
from base64 import b64encode

import pytest
import trio
import trio.testing

from adapters.api import serving
from adapters.api.endpoint import BASIC, Endpoint
from adapters.api.endpoints import ENDPOINTS
from adapters.api.serving import BODY_AT_MOST, BODY_SECONDS, CALL_SECONDS
from adapters.web.access import OwnerConfig, new_secret
from engine.errors import StoreBusy, StoreFailed
from tests.adapters.api.office import Office, call, office
from tests.engine.scripted import TroubledStore, store
from tests.engine.shops import bakery, burgers, coffee

__all__ = ["store"]

Clock = trio.testing.MockClock
SHOP_OF = {"counter": "bakery", "micro_sales": "coffee", "ticketing": "tickets"}


def shop_for(endpoint: Endpoint) -> str:
    """A shop that has this endpoint."""
    return SHOP_OF[next(iter(endpoint.flows), "micro_sales")]


def path_of(endpoint: Endpoint) -> str:
    """Its path with something in it that may well be a name."""
    names = {"<number>": "ORD-7K2M9PQR", "<booking>": "BKG-7K2M9P", "<payment>": "bank:x"}
    path = endpoint.path
    for name, value in (names | {"<customer>": "c1", "<event>": "night"}).items():
        path = path.replace(name, value)
    return path


def name_of(endpoint: Endpoint) -> str:
    return endpoint.name


# -- who is let in ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
async def test_every_endpoint_is_closed_to_whoever_has_no_secret_of_that_shop(
    store: TroubledStore, autojump_clock: Clock, endpoint: Endpoint
) -> None:
    shop, path = shop_for(endpoint), path_of(endpoint)
    async with office(store) as made:
        other = next(name for name in made.shops if name != shop)
        tried = {
            "nothing": None,
            "a wrong secret": "Bearer wrong",
            "another scheme": f"Token {made.secrets[shop]}",
            "another user": "Basic " + b64encode(f"ben:{made.secrets[shop]}".encode()).decode(),
            "another shop's": made.authorization(other),
            **({} if BASIC in endpoint.access else {"a password": made.authorization(shop, basic=True)}),
        }
        for what, header in tried.items():
            headers = {"authorization": header} if header is not None else {}
            reply = await made.ask(endpoint.method, f"/s/{shop}{path}", headers=headers)
            assert reply.status == 401, what
            assert ("Basic" in reply.headers["www-authenticate"]) == (BASIC in endpoint.access)
            assert reply.headers["www-authenticate"].startswith('Bearer realm="sokoni"')
            assert reply.headers["content-type"] == "application/problem+json"
    assert store.commits == []


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
async def test_every_endpoint_is_open_to_its_shop_on_both_paths(
    store: TroubledStore, autojump_clock: Clock, endpoint: Endpoint
) -> None:
    shop, path = shop_for(endpoint), path_of(endpoint)
    async with office(store) as made:
        for where in (path, f"/s/{shop}{path}"):
            for basic in (False, True) if BASIC in endpoint.access else (False,):
                reply = await made.ask(endpoint.method, where, as_owner=shop, basic=basic)
                assert reply.status in (200, 400, 404)
                assert (reply.headers["cache-control"], reply.headers["x-content-type-options"]) == (
                    *("no-store", "nosniff"),
                )


async def test_the_secret_decides_which_shop_is_meant_where_several_share_a_path(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        await made.say("bakery", "hi", "1, 2", "done", "Asha", "Moi Avenue 12", "skip", "confirm")
        bakers = await made.ask("GET", "/api/admin/stats", as_owner="bakery")
        coffee_sellers = await made.ask("GET", "/api/admin/stats", as_owner="coffee")
    assert (bakers.body["totalOrders"], coffee_sellers.body["totalOrders"]) == (1, 0)


async def test_one_secret_of_several_shops_means_the_one_whose_path_it_is_or_must_choose(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store, bakery(), burgers(), coffee()) as made:
        secret, kept = new_secret()
        made.web = _web_with(made, OwnerConfig(secrets=(kept,)))
        headers = {"authorization": f"Bearer {secret}"}
        assert (await made.ask("GET", "/api/admin/stats", headers=headers)).status == 200
        del made.shops["coffee"]
        reply = await made.ask("GET", "/api/admin/stats", headers=headers)
        assert reply.status == 409
        assert "/s/bakery/api/admin/stats, /s/burgers/api/admin/stats" in reply.body["message"]
        assert (await made.ask("GET", "/s/bakery/api/admin/stats", headers=headers)).status == 200


def _web_with(made: Office, owner: OwnerConfig) -> object:
    return serving.Api(made.engine, dict.fromkeys(made.shops, owner)).before(made.web)


async def test_a_shop_without_secrets_is_closed(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store, bakery()) as made:
        made.web = _web_with(made, OwnerConfig())
        for header in ("Bearer ", "Bearer x", "Basic " + b64encode(b"owner:").decode()):
            reply = await made.ask("GET", "/api/admin/stats", headers={"authorization": header})
            assert reply.status == 401


# -- where something is ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path",
    [
        *("/api/admin/nothing", "/api/orders/", "/api/admin/orders/A/B", "/API/ORDERS", "/s//api/orders"),
        *(
            "/s/nobody/api/orders",
            "/s/bakery/api/orders",
            "/s/coffee/admin/events",
            "/s/coffee/api/whatsapptest/sessions",
        ),
        *("/s/coffee/s/coffee/api/orders", "//api/orders", "/api/../api/orders"),
    ],
)
async def test_where_nothing_is_it_is_404_in_the_same_form(
    store: TroubledStore, autojump_clock: Clock, path: str
) -> None:
    async with office(store) as made:
        reply = await made.ask("GET", path, as_owner="coffee")
    assert (reply.status, reply.body["message"]) == (404, "There is nothing at this address.")
    assert reply.headers["content-type"] == "application/problem+json"


async def test_without_a_box_office_there_are_no_events(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store, bakery()) as made:
        assert (await made.ask("GET", "/admin/events", as_owner="bakery")).status == 404


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/api/orders", "POST"),
        ("DELETE", "/api/admin/stats", "GET, HEAD"),
        ("PATCH", "/admin/events/night", "GET, PUT, DELETE, HEAD"),
        ("OPTIONS", "/api/orders", "POST"),
        ("TRACE", "/openapi.json", "GET, HEAD"),
        ("POST", "/s/tickets/admin/metrics", "GET, HEAD"),
    ],
)
async def test_another_method_is_405_and_says_which_can_be_used(
    store: TroubledStore, autojump_clock: Clock, method: str, path: str, allow: str
) -> None:
    async with office(store) as made:
        reply = await made.ask(method, path)
    assert (reply.status, reply.headers["allow"]) == (405, allow)
    assert reply.body["title"] == "Method Not Allowed"


async def test_another_method_on_a_page_is_405_in_the_same_form(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        reply = await made.ask("POST", "/ready")
    assert (reply.status, reply.body["title"], reply.body["success"]) == (405, "Method Not Allowed", False)


async def test_head_is_get_without_its_body(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        got = await made.ask("GET", "/api/admin/stats", as_owner="coffee")
        head = await made.ask("HEAD", "/api/admin/stats", as_owner="coffee")
        stranger = await made.ask("HEAD", "/api/admin/stats")
    assert (head.status, head.body, head.headers) == (200, {}, got.headers)
    assert stranger.status == 401


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_sites_page_changes_nothing_with_the_password_that_a_browser_adds(
    store: TroubledStore, autojump_clock: Clock, site: str
) -> None:
    async with office(store) as made:
        headers = {"sec-fetch-site": site}
        path = "/api/admin/payments/bank:x/refund"
        reply = await made.ask("POST", path, as_owner="coffee", basic=True, headers=headers)
        own = await made.ask("POST", path, as_owner="coffee", basic=True, headers={"sec-fetch-site": "same-origin"})
        seen = await made.ask("GET", "/api/admin/stats", as_owner="coffee", basic=True, headers=headers)
    assert (reply.status, own.status, seen.status) == (403, 404, 200)


# -- bodies ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "raw",
    [
        *(b"{", b"[]", b"null", b"5", b'"x"', b"\xff", b'{"text": "\xff"}', b'{"text": "\\ud800"}', b"NaN", b"["),
        *(b"[" * 100_000, b'{"a":' * 50_000, b'{"to": 1e400}'),
    ],
)
async def test_what_is_no_json_object_is_400(store: TroubledStore, autojump_clock: Clock, raw: bytes) -> None:
    async with office(store) as made:
        reply = await made.ask("POST", "/api/whatsapptest/send-text", raw, as_owner="bakery")
    assert (reply.status, reply.errors) == (400, {})
    assert store.commits == []


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
async def test_another_kind_of_body_is_415(store: TroubledStore, autojump_clock: Clock, kind: str) -> None:
    async with office(store) as made:
        path, body = "/api/whatsapptest/send-text", {"to": "+254700000001", "text": "hi"}
        reply = await made.ask("POST", path, body, as_owner="bakery", headers={"content-type": kind})
        good = await made.ask(
            *("POST", path, body), as_owner="bakery", headers={"content-type": "Application/JSON; charset=utf-8"}
        )
    assert (reply.status, good.status) == (415, 200)


async def test_a_body_over_the_cap_is_413_whether_it_says_so_or_not(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        headers = {"authorization": made.authorization("bakery"), "content-type": "application/json"}
        path, part = "/api/whatsapptest/send-text", b"x" * 100_000
        said = await call(made.web, "POST", path, b"", headers | {"content-length": str(BODY_AT_MOST + 1)})
        streamed = await call(made.web, "POST", path, part, headers, "", part, part)
    assert (said.status, streamed.status) == (413, 413)


async def test_a_body_that_does_not_arrive_is_408(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        headers = {"authorization": made.authorization("bakery"), "content-type": "application/json"}
        began = trio.current_time()
        never = _endless(made)
        reply = await call(never, "POST", "/api/whatsapptest/send-text", b"{", headers)
    assert (reply.status, trio.current_time() - began) == (408, BODY_SECONDS)


def _endless(made: Office) -> object:
    """The application, for a client that never says that its body has ended."""

    async def app(scope: object, receive: object, send: object) -> None:
        first = True

        async def dribble() -> dict[str, object]:
            nonlocal first
            if not first:
                await trio.sleep_forever()
            first = False
            return {"type": "http.request", "body": b"{", "more_body": True}

        await made.web(scope, dribble, send)

    return app


async def test_a_strangers_body_is_not_read(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        reply = await call(_endless(made), "POST", "/api/whatsapptest/send-text", b"{", {})
    assert (reply.status, trio.current_time() % 1) == (401, 0)


# -- the store -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("error", [StoreBusy("full"), StoreFailed("broken")])
async def test_a_store_that_takes_nothing_is_503_and_may_be_tried_again(
    store: TroubledStore, autojump_clock: Clock, error: Exception
) -> None:
    async with office(store) as made:
        store.always["customers_for"] = error  # type: ignore[assignment]
        body = {"to": "+254700000001", "text": "hi"}
        reply = await made.ask("POST", "/api/whatsapptest/send-text", body, as_owner="bakery")
        del store.always["customers_for"]
    assert (reply.status, reply.headers["retry-after"], reply.body["success"]) == (503, "2", False)


async def test_without_an_engine_everything_is_503(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        made.engine.running = None
        assert (await made.ask("GET", "/api/admin/stats", as_owner="coffee")).status == 503
        assert (await made.ask("GET", "/openapi.json")).status == 503
        assert (await made.ask("DELETE", "/api/admin/stats")).status == 405


async def test_a_store_that_never_answers_is_503_after_a_while(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        store.gate("customers_for")
        began = trio.current_time()
        body = {"to": "+254700000001", "text": "hi"}
        reply = await made.ask("POST", "/api/whatsapptest/send-text", body, as_owner="bakery")
    assert (reply.status, trio.current_time() - began) == (503, CALL_SECONDS)


async def test_a_mistake_of_ours_is_500_with_nothing_about_anybody_in_the_log(
    store: TroubledStore, autojump_clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stats(shop: str) -> None:
        raise RuntimeError("+254700000001")

    monkeypatch.setattr(store, "stats", stats)
    async with office(store) as made:
        with caplog.at_level(logging.ERROR):
            reply = await made.ask("GET", "/api/admin/stats", as_owner="coffee")
    assert (reply.status, reply.body["title"]) == (500, "Internal Server Error")
    assert "254" not in json.dumps(reply.body)
    assert [record.message for record in caplog.records] == ["api_crashed"]
