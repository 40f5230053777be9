"""The owner sees how the shop stands with its CRM, and may have it dealt with now."""

from __future__ import annotations

import trio
import trio.testing

from engine.address import MINUTE
from engine.crm_desk import Served
from tests.adapters.api.office import call, office
from tests.engine.backoffice import DOWN, REFUSED, ScriptedCrm
from tests.engine.scripted import TroubledStore, settled, store

__all__ = ["store"]

Clock = trio.testing.MockClock
PATH, SYNC = "/s/dealer/api/admin/crm", "/s/dealer/api/admin/crm/sync"


def ledger() -> ScriptedCrm:
    crm = ScriptedCrm("dealer")
    crm.stock = {"tmt-8": 7, "pie": 3}
    return crm


async def test_the_owner_has_stock_fetched_now(store: TroubledStore, autojump_clock: Clock) -> None:
    crm = ledger()
    async with office(store, crms=[Served(crm, 15 * MINUTE)]) as made:
        await settled()
        crm.stock = {"tmt-8": 6, "pie": 3}
        done = await made.ask("POST", SYNC, as_owner="dealer")
        seen = await made.ask("GET", PATH, as_owner="dealer")
        stock = {one.sku: one.stock for one in await store.products("dealer")}
    assert (done.status, done.body["message"]) == (200, "Stock is fetched, and orders are told.")
    assert stock["tmt-8"] == 6
    assert seen.body == done.data
    assert (seen.body["works"], seen.body["unknownSkus"], seen.body["refusedOrders"]) == (True, ["pie"], {})
    assert "bricks" in seen.body["untoldSkus"]


async def test_while_it_is_down_the_owner_reads_why_and_how_old_the_stock_is(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    crm = ledger()
    async with office(store, crms=[Served(crm, 15 * MINUTE)]) as made:
        await settled()
        before = await made.ask("GET", PATH, as_owner="dealer")
        crm.always = DOWN
        await trio.sleep(1800)
        done = await made.ask("POST", SYNC, as_owner="dealer")
        ready = await call(made.web, "GET", "/ready", b"", {})
    assert done.body["message"] == "It can't be reached."
    assert (done.data["works"], done.data["reasons"]) == (False, ["It can't be reached."])
    assert done.data["stockAt"] == before.body["stockAt"]
    told = ready.body["crm"]["dealer"]
    assert (ready.status, told["works"], told["reasons"]) == (200, False, ["It can't be reached."])
    assert told["stock_at"] > 0


async def test_an_order_that_is_refused_is_named_to_the_owner_and_to_nobody_else(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    crm = ledger()
    crm.answers.append(REFUSED)
    async with office(store, crms=[Served(crm, 15 * MINUTE)]) as made:
        await made.say("dealer", "tmt 8mm x 5", "1", "Asha Traders")
        await settled()
        (number,) = await store.unsynced("dealer", 9)
        seen = await made.ask("GET", PATH, as_owner="dealer")
        ready = await call(made.web, "GET", "/ready", b"", {})
    assert seen.body["refusedOrders"] == {number: "It is malformed."}
    assert ready.body["crm"]["dealer"]["refused"] == 1
    assert number not in str(ready.body)


async def test_a_crm_that_hangs_keeps_no_owner_waiting(store: TroubledStore, autojump_clock: Clock) -> None:
    crm = ledger()
    async with office(store, crms=[Served(crm, 15 * MINUTE)]) as made:
        await settled()
        crm.counts.append(trio.Event())
        assert (await made.ask("POST", SYNC, as_owner="dealer")).status == 202


async def test_a_shop_without_a_crm_says_so(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        for method, path in (("GET", PATH), ("POST", SYNC)):
            refused = await made.ask(method, path, as_owner="dealer")
            assert (refused.status, refused.body["message"].split(".")[0]) == (404, "This shop has no CRM")
        assert (await made.ask("GET", PATH)).status == 401
