"""The adapter ``zoho`` and the fake Zoho speak to each other, also when things go wrong."""

from __future__ import annotations

import pytest
import trio
import trio.testing
from msgspec.structs import replace

from adapters.crm._zoho import codes
from adapters.crm._zoho.tokens import OTHER_CENTRE, REFRESHES
from adapters.crm.zoho import build
from adapters.http import LaneHttp
from adapters.kinds import Site
from adapters.phones.meta.faults import Fault, ServerError
from adapters.phones.zoho.books import ZohoItem
from adapters.phones.zoho.faults import Refusal, ZohoFaults
from adapters.settings import Secret
from engine.backoffice import Stocktake
from engine.errors import ConfigError
from engine.messages import Outcome, OutcomeClass
from tests.adapters.test_http import TLS
from tests.adapters.zoho import PHONE, account, cancelled, dealer, line, order

ONCE = Fault(next=1)
SENT = OutcomeClass.SENT


@pytest.fixture
def fast_clock() -> trio.testing.MockClock:
    """Time passes at once where everybody waits for it; a moment's grace for what travels over loopback."""
    return trio.testing.MockClock(autojump_threshold=0.05)


# -- stock in --------------------------------------------------------------------------------------------------------
async def test_stock_is_read_however_it_is_written() -> None:
    async with dealer() as made:
        found = await made.zoho.inventory(made.http, "")
    assert isinstance(found, Stocktake)
    assert dict(found.quantities) == {"cement": 1200, "sand": 12, "tmt": -3}, "services and blanks are not counted"
    assert found.faults == ()


async def test_stock_that_is_no_number_is_named_and_the_rest_is_taken() -> None:
    books = account([ZohoItem("a", "A", 1, "lots"), ZohoItem("b", "B", 1, 5), ZohoItem("c", "C", 1, "NaN")])
    async with dealer(books=books) as made:
        found = await made.zoho.inventory(made.http, "")
    assert isinstance(found, Stocktake)
    assert dict(found.quantities) == {"b": 5}
    assert [fault.partition(":")[0] for fault in found.faults] == ["a", "c"]


async def test_of_two_items_with_one_sku_neither_is_taken() -> None:
    books = account([ZohoItem("a", "A", 1, 4), ZohoItem("a ", "A again", 1, 9), ZohoItem("b", "B", 1, 5)])
    async with dealer(books=books) as made:
        found = await made.zoho.inventory(made.http, "")
    assert isinstance(found, Stocktake)
    assert dict(found.quantities) == {"b": 5}
    assert found.faults == ("a: several active items in Zoho have this sku; give each its own.",)


async def test_every_page_is_read_and_what_comes_twice_counts_once() -> None:
    books = account([ZohoItem(f"s{n}", "S", 1, n) for n in range(450)])
    async with dealer(ZohoFaults(repeat=Fault(rate=1)), books=books) as made:
        found = await made.zoho.inventory(made.http, "")
        assert made.calls("GET /items") == 3
    assert isinstance(found, Stocktake)
    assert found.quantities == {f"s{n}": n for n in range(450)}
    assert found.faults == ()


async def test_stock_comes_whole_or_not_at_all() -> None:
    books = account([ZohoItem(f"s{n}", "S", 1, n) for n in range(250)])
    async with dealer(books=books) as made:
        await made.stock()
        made.fake.faults = ZohoFaults(server_error=ServerError(rate=0.5))
        answers = [await made.zoho.inventory(made.http, "") for _ in range(6)]
    assert {len(one.quantities) if isinstance(one, Stocktake) else one.kind for one in answers} == {
        250,
        OutcomeClass.RETRY,
    }


# -- orders out ------------------------------------------------------------------------------------------------------
async def test_an_order_becomes_one_confirmed_sales_order() -> None:
    async with dealer() as made:
        sold = order(
            "ORD42",
            line("cement", 2, note="early"),
            line("mixing", 1, 90_050),
            phone=PHONE,
            name="Asha",
            delivery=5_000,
            discount=1_050,
            rounding=-50,
            tax=100,
        )
        outcome = await made.zoho.push(made.http, sold, tried=False)
        (told,) = made.books.orders
    ids = {one.sku: one.item_id for one in made.books.items}
    assert (outcome.kind, outcome.provider_id) == (SENT, told.salesorder_id)
    assert told.status == "confirmed"
    assert told.body == {
        "customer_id": made.books.contacts[1].contact_id,
        "reference_number": "ORD42",
        "date": "2026-09-21",
        "line_items": [
            {"item_id": ids["cement"], "rate": 380, "quantity": 2, "description": "early"},
            {"item_id": ids["mixing"], "rate": 900.5, "quantity": 1},
        ],
        "is_inclusive_tax": True,
        "discount": 10.5,
        "discount_type": "entity_level",
        "shipping_charge": 50,
        "adjustment": -0.5,
        "adjustment_description": "Rounding",
        "notes": f"Asha, {PHONE}",
    }


async def test_a_told_order_is_off_zohos_figure_once() -> None:
    async with dealer() as made:
        assert (await made.stock())["cement"] == 1200
        await made.zoho.push(made.http, order(), tried=False)
        assert (await made.stock())["cement"] == 1198
        assert (await made.zoho.push(made.http, order(), tried=True)).kind is SENT
        assert (await made.stock())["cement"] == 1198
        assert (await made.zoho.push(made.http, cancelled(), tried=True)).kind is SENT
        assert (await made.stock())["cement"] == 1200
        assert [one.status for one in made.books.orders] == ["void"]


async def test_the_answers_other_name_is_understood() -> None:
    async with dealer(ZohoFaults(renamed=ONCE)) as made:
        assert (await made.zoho.push(made.http, order(), tried=False)).kind is SENT
        assert [one.status for one in made.books.orders] == ["confirmed"]


async def test_a_cancelled_order_that_zoho_never_had_is_done() -> None:
    async with dealer() as made:
        assert (await made.zoho.push(made.http, cancelled(), tried=True)).kind is SENT
        assert made.books.orders == []
        assert made.fake.counts["POST /salesorders"] == 0


async def test_a_customer_is_found_by_phone_else_the_default_contact_is_taken() -> None:
    async with dealer() as made:
        known, unknown = order("ORD1", phone=PHONE), order("ORD2", phone="919800000009")
        for one in (known, unknown, order("ORD3", phone=PHONE), order("ORD4")):
            await made.zoho.push(made.http, one, tried=False)
        walk_in, asha = (one.contact_id for one in made.books.contacts)
        assert [one.customer_id for one in made.books.orders] == [asha, walk_in, asha, walk_in]
        assert made.calls("GET /contacts") == 2, "who was found is remembered, and no phone is no question"
        alone = made.adapter(find_customers=False)
        await alone.push(made.http, order("ORD5", phone=PHONE), tried=False)
        assert made.books.orders[-1].customer_id == walk_in


async def test_an_item_that_zoho_has_not_is_named_and_nothing_is_told() -> None:
    async with dealer() as made:
        for sku in ("pie", "old"):
            outcome = await made.zoho.push(made.http, order("ORD42", line(sku)), tried=False)
            assert outcome.kind is OutcomeClass.NEVER
            assert f"no active item with the sku {sku}." in outcome.reason
        assert made.books.orders == []


async def test_an_item_that_was_made_anew_is_found_at_the_next_try() -> None:
    async with dealer() as made:
        await made.stock()
        made.books.items[0].item_id = made.books.next_id()
        assert (await made.zoho.push(made.http, order(), tried=False)).kind is OutcomeClass.NEVER
        assert (await made.zoho.push(made.http, order(), tried=True)).kind is SENT


async def test_two_shops_of_one_organisation_have_references_of_their_own() -> None:
    async with dealer() as made:
        for prefix in ("A-", "B-"):
            await made.adapter(reference_prefix=prefix).push(made.http, order(), tried=True)
        assert [one.reference_number for one in made.books.orders] == ["A-ORD42", "B-ORD42"]


# -- what goes wrong -------------------------------------------------------------------------------------------------
FAULTS = {
    "throttle": (ZohoFaults(throttle=ONCE), OutcomeClass.THROTTLE_NUMBER),
    "server_error": (ZohoFaults(server_error=ServerError(next=1)), OutcomeClass.RETRY),
    "hang": (ZohoFaults(hang=ONCE), OutcomeClass.UNKNOWN),
    "reset": (ZohoFaults(reset=ONCE), OutcomeClass.UNKNOWN),
    "lost_answer": (ZohoFaults(lost_answer=ONCE), OutcomeClass.UNKNOWN),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("step", ["create", "confirm", "void"])
async def test_whatever_goes_wrong_at_any_step_the_order_is_there_once(
    name: str, step: str, fast_clock: trio.testing.MockClock
) -> None:
    faults, kind = FAULTS[name]
    async with dealer() as made:
        await made.stock()  # a token is there, and the item's id
        wanted = order()
        if step == "confirm":
            made.books.place(
                {
                    "customer_id": made.books.contacts[0].contact_id,
                    "reference_number": "ORD42",
                    "line_items": [{"item_id": made.books.items[0].item_id, "quantity": 2, "rate": 380}],
                }
            )
        if step == "void":
            assert (await made.zoho.push(made.http, wanted, tried=False)).kind is SENT
            wanted = cancelled()
        search = await made.zoho.push(made.http, order("ORD7"), tried=True)
        assert search.kind is SENT
        made.fake.faults = faults
        first = await made.zoho.push(made.http, wanted, tried=step != "create")
        if step == "create" or name == "lost_answer":
            assert first.kind is kind
        else:  # it is the search that fails, which changes nothing
            assert first.kind in (OutcomeClass.RETRY, OutcomeClass.THROTTLE_NUMBER)
        assert (await made.zoho.push(made.http, wanted, tried=True)).kind is SENT
        told = [one.status for one in made.books.orders if one.reference_number == "ORD42"]
        assert told == ["void" if step == "void" else "confirmed"]


async def test_without_the_search_a_lost_answer_would_make_two() -> None:
    """Twin of the above: it is the search that does it."""
    async with dealer(ZohoFaults(lost_answer=ONCE)) as made:
        assert (await made.zoho.push(made.http, order(), tried=False)).kind is OutcomeClass.UNKNOWN
        await made.zoho.push(made.http, order(), tried=False)
        assert len(made.books.in_force("ORD42")) == 2


async def test_a_search_whose_filter_is_not_understood_finds_the_order_all_the_same(
    fast_clock: trio.testing.MockClock,
) -> None:
    async with dealer() as made:
        await made.zoho.push(made.http, order("ORD42"), tried=False)
        item = made.books.items[0].item_id
        for n in range(450):
            line_items = [{"item_id": item, "quantity": 1, "rate": 1}]
            customer = made.books.contacts[0].contact_id
            made.books.place({"customer_id": customer, "reference_number": f"X{n}", "line_items": line_items})
        made.fake.faults = ZohoFaults(no_filter=Fault(rate=1))
        assert (await made.zoho.push(made.http, order("ORD42"), tried=True)).kind is SENT
        assert (await made.zoho.push(made.http, order("ORD43"), tried=True)).kind is SENT
        assert [len(made.books.in_force(one)) for one in ("ORD42", "ORD43", "ORD4")] == [1, 1, 0]


async def test_a_sales_order_that_cannot_be_voided_is_told_as_never() -> None:
    async with dealer() as made:
        await made.zoho.push(made.http, order(), tried=False)
        made.books.orders[0].status = "invoiced"
        outcome = await made.zoho.push(made.http, cancelled(), tried=True)
        assert (outcome.kind, outcome.code) == (OutcomeClass.NEVER, 36_012)


# -- tokens ----------------------------------------------------------------------------------------------------------
async def test_one_token_serves_all_calls_and_is_made_once_however_many_ask() -> None:
    async with dealer() as made:

        async def asks() -> None:
            async with LaneHttp(TLS) as lane:
                assert isinstance(await made.zoho.inventory(lane, ""), Stocktake)

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(asks)
        assert made.fake.counts["refreshes"] == 1


async def test_a_token_is_replaced_before_it_ends(fast_clock: trio.testing.MockClock) -> None:
    async with dealer() as made:
        await made.stock()
        fast_clock.jump(3_290)
        await made.stock()
        assert made.fake.counts["refreshes"] == 1
        fast_clock.jump(20)
        await made.stock()
        assert made.fake.counts["refreshes"] == 2
        assert made.fake.counts["refused"] == 0, "nobody had to be refused first"


async def test_a_token_that_holds_no_longer_is_replaced_once() -> None:
    async with dealer(ZohoFaults(expired_token=ONCE)) as made:
        assert (await made.stock())["cement"] == 1200
        assert made.fake.counts["refreshes"] == 2
        made.fake.faults = ZohoFaults(expired_token=Fault(rate=1))
        assert await made.zoho.inventory(made.http, "") == codes.TOKEN_REFUSED
        assert made.fake.counts["refreshes"] == 3


@pytest.mark.parametrize("error", codes.REFRESH)
async def test_a_refusal_with_http_200_is_a_refusal(error: str) -> None:
    async with dealer(ZohoFaults(refuse_token=Refusal(next=1, error=error))) as made:
        assert await made.zoho.inventory(made.http, "") == codes.REFRESH[error]
        assert (await made.stock())["cement"] == 1200


@pytest.mark.parametrize("name", ["client_id", "client_secret", "refresh_token"])
async def test_wrong_credentials_are_the_operators(name: str) -> None:
    async with dealer() as made:
        wrong = made.adapter(**{name: Secret("wrong")})
        outcome = await wrong.push(made.http, order(), tried=False)
        assert outcome.kind is OutcomeClass.OPERATOR
        assert name in outcome.reason.replace(" ", "_")


async def test_tokens_are_asked_for_seldom(fast_clock: trio.testing.MockClock) -> None:
    async with dealer(ZohoFaults(expired_token=Fault(rate=1))) as made:
        for _ in range(9):
            outcome = await made.zoho.inventory(made.http, "")
        assert isinstance(outcome, Outcome)
        assert outcome.kind is OutcomeClass.THROTTLE_NUMBER
        assert outcome.wait > 500_000
        assert made.fake.counts["refreshes"] == REFRESHES
        fast_clock.jump(601)
        made.fake.faults = ZohoFaults()
        assert (await made.stock())["cement"] == 1200


async def test_a_token_is_shown_to_its_own_data_centre_alone() -> None:
    async with dealer() as made:
        made.fake.url = "http://evil.example"
        assert await made.zoho.inventory(made.http, "") == OTHER_CENTRE
        assert made.calls("GET /items") == 0


# -- pace ------------------------------------------------------------------------------------------------------------
async def test_never_more_calls_in_a_minute_than_zoho_takes(fast_clock: trio.testing.MockClock) -> None:
    async with dealer() as made:
        began = trio.current_time()
        for n in range(150):
            assert (await made.zoho.push(made.http, order(f"ORD{n}"), tried=False)).kind is SENT
        assert made.fake.counts["too_many"] == 0
        assert made.fake.counts["refused"] == 0
        assert trio.current_time() - began < 300 / 90 * 60 + 10


async def test_the_fake_takes_no_more_than_zoho(fast_clock: trio.testing.MockClock) -> None:
    """Twin of the above: the fake would say so."""
    async with dealer(per_minute=5) as made:
        answers = [await made.zoho.inventory(made.http, "") for _ in range(6)]
        assert answers[-1] == codes.TOO_MANY


# -- settings --------------------------------------------------------------------------------------------------------
async def test_a_crm_does_not_start_without_its_secrets() -> None:
    async with dealer() as made:
        bare = replace(made.settings(), refresh_token=Secret(""))
        with pytest.raises(ConfigError, match=r"shop\.dealer\.crm\.refresh_token: missing"):
            build(Site("dealer"), bare)
        assert build(Site("dealer", insecure=True), bare).shop == "dealer"


async def test_the_controls_show_orders_stock_and_faults() -> None:
    async with dealer() as made:
        await made.zoho.push(made.http, order(), tried=False)
        (shown,) = (await made.client.get("/control/salesorders")).json()["dealer"]
        assert (shown["reference_number"], shown["status"]) == ("ORD42", "confirmed")
        assert (await made.client.get("/control/stock")).json()["dealer"][0]["available_stock"] == 1198
        assert (await made.client.post("/control/faults", json={"hang": {"next": 2}})).json()["hang"]["next"] == 2
        assert (await made.client.post("/control/faults", json={"rain": {}})).status_code == 400
        assert (await made.client.get("/control/stats")).json()["tokens"] == 1
