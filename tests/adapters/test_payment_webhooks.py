"""A payment provider's webhook: kept before it is thanked, told twice is done once, and forged ones do nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio.testing

from adapters.kinds import Site
from adapters.payments.ghala import Ghala, GhalaSettings, build
from adapters.phones.pay.callbacks import signature
from adapters.settings import Secret
from adapters.web.app import Web
from adapters.web.body import Bodies
from adapters.web.webhooks import Engine, WebLimits
from engine.address import Address
from engine.books import Charged
from engine.errors import ConfigError, StoreBusy, StoreFailed
from engine.facts import IntentOf
from engine.payments import IntentStatus, PaymentState
from engine.running import Running
from tests.adapters.edge import WireChannel, call
from tests.engine.cash import intent, keep
from tests.engine.scripted import BAKERY, SHOP, START, Core, TrioClock, TroubledStore, core, settled, store
from tests.engine.sending import FAST, ScriptedChannel, no_http

__all__ = ["core", "store"]

Clock = trio.testing.MockClock
PATH = "/api/webhooks/ghala"
SECRET = "gh-webhook-secret"
KIOSK = "kiosk"


def provider(shop: str = SHOP, secret: str = SECRET, *, path: str = PATH) -> Ghala:
    return build(Site(shop), GhalaSettings(api_key=Secret("k"), webhook_secret=Secret(secret), path=path))


class Front:
    """The edge with its engine, over providers."""

    def __init__(self, store: TroubledStore, *providers: Ghala) -> None:
        self.engine = Engine()
        self.channel = ScriptedChannel()
        channels = {SHOP: self.channel, KIOSK: ScriptedChannel(KIOSK)}
        shops = dict.fromkeys(channels, BAKERY)
        self.running = Running(store, shops, channels, dict.fromkeys(channels, FAST), no_http, TrioClock())
        bodies = Bodies(100_000, 10)
        self.web = Web([WireChannel()], self.engine, bodies=bodies, limits=WebLimits(), providers=providers)

    async def post(self, body: Any, *, secret: str = SECRET, path: str = PATH) -> tuple[int, dict[str, Any]]:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, answer = await call(self.web, "POST", path, raw, {"x-ghala-signature": signature(secret, raw)})
        return status, json.loads(answer)


@asynccontextmanager
async def front(store: TroubledStore, *providers: Ghala) -> AsyncIterator[Front]:
    made = Front(store, *(providers or (provider(),)))
    async with trio.open_nursery() as nursery:
        await nursery.start(made.running.run)
        made.engine.running = made.running
        try:
            yield made
        finally:
            store.open_gates()
            nursery.cancel_scope.cancel()


def success(reference: str = "a", transaction: str = "TX1", amount: int = 3000) -> dict[str, Any]:
    data = {"order_id": "gh_1", "transaction_reference": transaction, "amount": amount, "currency": "KES"}
    return {"event": "payment.success", "data": {**data, "status": "success", "reference": reference}}


FAILED = {"event": "payment.failed", "data": {"order_id": "gh_1", "reason": "wrong_pin", "reference": "a"}}


# -- whose it is -----------------------------------------------------------------------------------------------------
async def test_of_two_shops_with_one_account_the_one_gets_the_money_that_has_asked_for_it(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    """The classic dialect's events, as documented, name no reference of ours (flows.md 4)."""
    await keep(store, (intent("a", shop=KIOSK),))
    await store.claim_charges(["a"], START)
    await store.settle_charges([Charged("a", asked=True, provider="ghala", provider_ref="gh_1")], START)
    async with front(store, provider(), provider(KIOSK)) as made:
        assert (await made.post(success("")))[0] == 200
        assert await store.payments(SHOP, [], 10) == [], "it is none of the first shop's"
        (payment,) = await store.payments(KIOSK, [], 10)
        assert (payment.intent, payment.order) == ("a", "ORD-a")


# -- kept, then thanked ----------------------------------------------------------------------------------------------
async def test_money_is_kept_then_thanked_and_its_customer_hears_at_once(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    await keep(store, (intent("a"),))
    async with front(store) as made:
        assert await made.post(success()) == (200, {"success": True, "message": "Recorded."})
        payment = await store.payment(SHOP, "ghala:TX1")
        assert payment is not None
        assert (payment.amount, payment.order, payment.state) == (300_000, "ORD-a", PaymentState.RECORDED)
        await settled()
        assert made.channel.order == ["ann2"]


async def test_it_is_not_thanked_before_it_is_kept(core: Core, store: TroubledStore, autojump_clock: Clock) -> None:
    answers: list[int] = []
    async with front(store) as made, trio.open_nursery() as nursery:
        gate = store.gate("record")

        async def post() -> None:
            answers.append((await made.post(success()))[0])

        nursery.start_soon(post)
        await settled()
        assert answers == []
        gate.set()
        await settled()
        assert answers == [200]


async def test_told_again_it_is_thanked_again_and_nothing_more_happens(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    await keep(store, (intent("a"),))
    async with front(store) as made:
        await made.post(success())
        assert await made.post(success()) == (200, {"success": True, "message": "Known already."})
        await settled()
        assert made.channel.order == ["ann2"]
        assert len(await store.payments(SHOP, [], 10)) == 1


async def test_a_failure_is_told_to_its_customer(core: Core, store: TroubledStore, autojump_clock: Clock) -> None:
    await keep(store, (intent("a"),))
    async with front(store) as made:
        assert (await made.post(FAILED))[0] == 200
        await settled()
        assert made.channel.order == ["ann2"]
        (found,) = (await store.know(Address(SHOP, "ann"), (IntentOf("a"),), 0)).intents
        assert (found.status, found.reason) == (IntentStatus.FAILED, "wrong_pin")


async def test_money_that_nobody_knows_waits_on_the_desk(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with front(store) as made:
        assert (await made.post(success("who-knows")))[0] == 200
        (payment,) = await store.payments(SHOP, [PaymentState.DESK], 10)
        assert payment.why == "unknown"
        await settled()
        assert core.heard == []


async def test_an_event_of_another_kind_is_thanked_and_left(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with front(store) as made:
        assert await made.post({"event": "order.created", "data": {}}) == (
            200,
            {"success": True, "message": "Nothing to record."},
        )
    assert store.calls["record"] == 0


# -- refused ---------------------------------------------------------------------------------------------------------
async def test_a_forged_webhook_does_nothing_and_is_logged_without_what_it_said(
    core: Core, store: TroubledStore, autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with front(store) as made:
        status, body = await made.post(success(), secret="guessed")
        assert (status, body["success"]) == (401, False)
        raw = json.dumps(success()).encode()
        assert (await call(made.web, "POST", PATH, raw))[0] == 401
        assert made.web.counters.refused_signature == 2
    assert store.calls["record"] == 0
    assert [record.msg for record in caplog.records] == ["payment_unsigned", "payment_unsigned"]


@pytest.mark.parametrize("body", [b"", b"[]", {"event": "payment.success"}, {**success(), "data": {}}])
async def test_what_is_no_envelope_is_400_and_logged(
    core: Core, store: TroubledStore, autojump_clock: Clock, caplog: pytest.LogCaptureFixture, body: object
) -> None:
    async with front(store) as made:
        status, answer = await made.post(body)
        assert (status, answer["success"]) == (400, False)
        assert answer["message"]
    assert store.calls["record"] == 0
    assert [record.msg for record in caplog.records] == ["payment_unreadable"]


async def test_a_body_that_is_too_large_is_413_and_another_method_405(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with front(store) as made:
        assert (await made.post(b" " * 100_001))[0] == 413
        assert (await call(made.web, "GET", PATH))[0] == 405
        assert made.web.payments[PATH]._bodies._held == 0


# -- what can't be kept comes again ----------------------------------------------------------------------------------
@pytest.mark.parametrize("trouble", [StoreBusy("full"), StoreFailed("no disk")])
async def test_what_can_not_be_kept_is_500_and_the_providers_retry_completes_it(
    core: Core, store: TroubledStore, autojump_clock: Clock, trouble: StoreBusy | StoreFailed
) -> None:
    await keep(store, (intent("a"),))
    async with front(store) as made:
        store.trouble["record"].append(trouble)
        status, answer = await made.post(success())
        assert (status, answer["success"]) == (500, False)
        assert made.web.counters.unavailable == 1
        assert (await made.post(success()))[0] == 200
        await settled()
        assert made.channel.order == ["ann2"]


async def test_while_the_store_is_out_it_is_500(core: Core, store: TroubledStore, autojump_clock: Clock) -> None:
    async with front(store) as made:
        made.engine.running = None
        assert (await made.post(success()))[0] == 500


async def test_a_bug_in_an_adapter_is_500_so_that_the_money_comes_again(
    core: Core, store: TroubledStore, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Ghala, raw: bytes) -> Any:
        raise RuntimeError("a bug")

    async with front(store) as made:
        monkeypatch.setattr(Ghala, "parse", broken)
        assert (await made.post(success()))[0] == 500


# -- whose it is -----------------------------------------------------------------------------------------------------
async def test_each_shop_answers_under_its_own_name_and_its_secret_decides(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with front(store, provider(), provider(KIOSK, "another")) as made:
        assert (await made.post(success("x", "TX1"), secret="another"))[0] == 200
        assert (await made.post(success("x", "TX2"), secret="another", path=f"/s/{KIOSK}{PATH}"))[0] == 200
        assert (await made.post(success("x", "TX3"), secret="another", path=f"/s/{SHOP}{PATH}"))[0] == 401
        found = await store.payments(KIOSK, [], 10)
        assert sorted(payment.transaction for payment in found) == ["TX1", "TX2"]
        assert await store.payments(SHOP, [], 10) == []


async def test_of_shops_that_share_an_account_it_is_whose_request_it_names(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    await keep(store, (intent(f"{KIOSK}/ann:1:pay", shop=KIOSK),))
    async with front(store, provider(), provider(KIOSK)) as made:
        assert (await made.post(success(f"{KIOSK}/ann:1:pay")))[0] == 200
        assert len(await store.payments(KIOSK, [], 10)) == 1


def test_a_channel_and_a_provider_can_not_have_one_path() -> None:
    bodies = Bodies(100_000, 10)
    with pytest.raises(ConfigError, match="/hook"):
        Web([WireChannel()], Engine(), bodies=bodies, limits=WebLimits(), providers=[provider(path="/hook")])
