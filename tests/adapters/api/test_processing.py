"""What is done for orders, over the API: each step by itself, seen, and done again."""

from __future__ import annotations

import pytest
import trio.testing
from msgspec.structs import replace

from engine.address import MINUTE
from engine.crew import Crew
from engine.crm_desk import Served
from engine.messages import Document
from tests.adapters.api.office import BEN, Office, office
from tests.adapters.api.test_books import deal
from tests.engine.backoffice import REFUSED, ScriptedCrm
from tests.engine.scripted import TroubledStore, settled, store
from tests.engine.shops import dealer

__all__ = ["store"]

Clock = trio.testing.MockClock
SHOP = replace(dealer(), crew=Crew(owners=(BEN,)))


def served() -> tuple[ScriptedCrm, list[Served]]:
    crm = ScriptedCrm("dealer")
    crm.stock = {"cement-opc-53": 900}
    return crm, [Served(crm, 15 * MINUTE)]


async def steps(made: Office, number: str) -> dict[str, str]:
    reply = await made.ask("GET", f"/api/admin/orders/{number}/processing", as_owner="dealer")
    return {one["name"]: one["state"] for one in reply.body["steps"]} | {"whole": reply.body["state"]}


async def test_each_step_is_done_by_itself_and_seen(store: TroubledStore, autojump_clock: Clock) -> None:
    _, crms = served()
    async with office(store, SHOP, crms=crms) as made:
        number = await deal(made)
        await trio.sleep(60)
        assert await steps(made, number) == dict.fromkeys(("invoice", "send", "crm", "notice", "whole"), "done")
        listed = await made.ask("GET", "/api/admin/processing?state=done", as_owner="dealer")
        failed = await made.ask("GET", "/api/admin/processing?state=failed", as_owner="dealer")
    assert [one["order"] for one in listed.data] == [number]
    assert failed.data == []
    assert "New order" in made.text("dealer", BEN)


async def test_a_crm_that_refuses_an_order_holds_up_nothing_else_and_is_told_again(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    crm, crms = served()
    crm.answers.append(REFUSED)
    async with office(store, SHOP, crms=crms) as made:
        number = await deal(made)
        await trio.sleep(60)
        before = await steps(made, number)
        listed = await made.ask("GET", "/api/admin/processing?state=failed", as_owner="dealer")
        again = await made.ask("POST", f"/api/admin/orders/{number}/processing/crm", as_owner="dealer")
        await settled()
        after = await steps(made, number)
        once_more = await made.ask("POST", f"/api/admin/orders/{number}/processing/crm", as_owner="dealer")
        await settled()
        assert await store.unsynced("dealer", 9) == []
    assert before == {"invoice": "done", "send": "done", "crm": "failed", "notice": "done", "whole": "failed"}
    (job,) = listed.data
    assert [one["reason"] for one in job["steps"] if one["name"] == "crm"] == [REFUSED.reason]
    assert (again.status, once_more.status) == (200, 200)
    assert after["whole"] == "done"


async def test_an_invoice_and_a_notice_go_again(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store, SHOP) as made:
        number = await deal(made)
        await trio.sleep(60)
        for step in ("send", "notice"):
            reply = await made.ask("POST", f"/api/admin/orders/{number}/processing/{step}", as_owner="dealer")
            assert reply.status == 200
        await trio.sleep(60)
    papers = [one for one in made.said("dealer") if isinstance(one, Document) and one.paper == f"invoice:{number}"]
    assert len(papers) == 2
    assert made.text("dealer", BEN).count("New order") == 2


@pytest.mark.parametrize("step", ["crm", "notice"])
async def test_what_nobody_wishes_for_is_not_done(store: TroubledStore, autojump_clock: Clock, step: str) -> None:
    async with office(store) as made:
        number = await deal(made)
        reply = await made.ask("POST", f"/api/admin/orders/{number}/processing/{step}", as_owner="dealer")
    assert reply.status == 409


async def test_an_order_or_step_that_there_is_not_is_named(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        number = await deal(made)
        none = await made.ask("GET", "/api/admin/orders/WS20990101000000/processing", as_owner="dealer")
        odd = await made.ask("POST", f"/api/admin/orders/{number}/processing/pack", as_owner="dealer")
        state = await made.ask("GET", "/api/admin/processing?state=late", as_owner="dealer")
    assert none.status == 404
    assert odd.status in (400, 404)
    assert (state.status, set(state.errors)) == (400, {"state"})
