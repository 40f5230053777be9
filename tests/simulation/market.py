"""A market day in memory: shops, the services that they depend on, and their customers, with trouble on demand.

Everything is the real thing (laboratory, fakes, load test with its audit of books against banks), put on a wire in
memory (wire.py) and a virtual clock. What only costs time and says nothing here, drawing papers, is left out.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import trio

from adapters.app import compose as composing
from adapters.app.laboratory import Laboratory
from adapters.app.samples import Sample
from adapters.channels._ghala import render
from adapters.papers.desk import PaperDesk
from adapters.phones.load import LoadOptions, run_load
from adapters.phones.load_report import LoadReport
from adapters.phones.meta.faults import Fault
from adapters.phones.meta.rules import Rules
from adapters.phones.twilio.names import PROVIDER as TWILIO
from adapters.phones.twilio.names import sid_of
from adapters.phones.zoho.faults import ZohoFaults
from engine.messages import SendState
from storage import open_store
from storage.memory import MemoryStore
from tests.engine.scripted import TrioClock
from tests.simulation.wire import rewire

PACE = 1_000
PATIENCE = 900.0
"""Virtual seconds: far more than an unknown send, or a provider that is asked again, may take."""
SETTLE = 600.0
LOOKS, LOOK_SECONDS = 240, 120.0
"""How often, and in what gaps, one looks whether what was on its way has come to its end: where two of three sends
fail, a message may be tried for hours before it goes (engine.outbox, TRIES)."""
CRM_LOOKS, CRM_LOOK_SECONDS = 600, 30.0
"""The same for a CRM: what it answered badly too often is left alone for an hour."""
PAPERS = {"ticket": b"\x89PNG\r\n\x1a\n" + bytes(64), "receipt": b"%PDF-1.7\n", "invoice": b"%PDF-1.7\n"}

Plans = Mapping[str, msgspec.Struct]
"""Faults by the fake that makes them."""


def fakes(laboratory: Laboratory) -> Mapping[str, Any]:
    """Everything that makes trouble, by name."""
    return {
        "meta": laboratory.fake,
        "pay": laboratory.pay,
        "stripe": laboratory.stripe,
        "daraja": laboratory.daraja,
        "zoho": laboratory.zoho,
    }


async def day(
    folder: Path, shops: Sequence[Sample], patch: pytest.MonkeyPatch, plans: Plans, seed: int, buyers: int
) -> Day:
    """So many buyers at these shops while these faults strike; what became of them."""
    rewire(patch)
    trio._core._run._r.seed(seed)  # who runs first is drawn from the seed too
    patch.setattr(composing, "open_store", lambda _, clock: open_store("memory://", clock))
    patch.setattr(PaperDesk, "_draw", _undrawn)
    laboratory = Laboratory(
        folder, shops=shops, messages_per_second=PACE, rules=Rules(retry_first=0.05), clock=TrioClock()
    )
    async with trio.open_nursery() as nursery:
        laboratory.fake._world.keep_all = True
        await nursery.start(laboratory.run)
        for name, fake in fakes(laboratory).items():
            if name in plans:
                fake.faults = plans[name]
        options = LoadOptions(
            laboratory.url,
            shop="all",
            phones=buyers,
            arrivals=1.0,
            seconds=float(buyers),
            seed=seed,
            patience=PATIENCE,
            settle=SETTLE,
            pair_pace=False,
        )
        report = await run_load(options)
        untrue = await unkept(laboratory, struck_by(plans))
        nursery.cancel_scope.cancel()
    return Day(report, untrue)


class Day(NamedTuple):
    """What the customers saw, and what of the shops' promises was not kept."""

    report: LoadReport
    unkept: list[str]


# -- what must hold whatever struck ------------------------------------------------------------------------------------
async def unkept(laboratory: Laboratory, struck: Collection[str]) -> list[str]:
    """Promises that were not kept: every message in once, every answer out once, nothing left lying, one order a cart.

    A send whose answer and whose statuses were both lost may come twice, and its row says so (design.md)."""
    assert laboratory.process is not None
    running = laboratory.process.engine.running
    assert running is not None
    store = running.store
    assert isinstance(store, MemoryStore)
    rows = store._outbox.values()
    lying = await _lying(store)
    ours = {render.key(row.outgoing): row.outgoing.key for row in rows}  # Ghala's v2 knows a message by such a key only
    sent = Counter(ours.get(one.key, one.key) for one in laboratory.fake.sent())
    wanted = {row.outgoing.key for row in rows if row.state is SendState.SENT}
    risked = {row.outgoing.key for row in rows if row.doubled} if "drop_status" in struck else set[str]()
    told = [f"{count} messages ended {state}" for state, count in lying.items()]
    told += [f"{key} was accepted {times} times" for key, times in sent.items() if times > 1 and key not in risked]
    told += [f"{key} is called sent and never came" for key in sorted(wanted - sent.keys())]
    told += [f"the message {one} was never answered" for one in sorted(_said(laboratory) - store._inbound.keys())]
    carts = Counter((order.shop, order.cart) for order in store._ledger.orders.values() if order.cart)
    told += [f"cart {cart} became {count} orders" for cart, count in carts.items() if count > 1]
    told += [f"{len(store._parked)} letters are parked"] if store._parked else []
    return told + await _unbooked(laboratory, store)


async def _unbooked(laboratory: Laboratory, store: MemoryStore) -> list[str]:
    """Orders that are not in their shop's CRM once, as soon as it works again and had its time to hear of them: where
    most calls fail, and an order takes four of them, that could be days."""
    told: list[str] = []
    laboratory.zoho.faults = ZohoFaults()
    for account in laboratory.zoho.accounts:
        for _ in range(CRM_LOOKS):
            if not await store.unsynced(account.name, 1):
                break
            await trio.sleep(CRM_LOOK_SECONDS)
        booked = Counter(one.reference_number for one in account.orders)
        placed = [order.number for order in store._ledger.orders.values() if order.shop == account.name]
        told += [f"{number} is {booked[number]} times in the CRM" for number in placed if booked[number] != 1]
    return told


async def _lying(store: MemoryStore) -> Counter[str]:
    """The states of messages that were not sent, once what is under way has had its time."""
    for _ in range(LOOKS):
        lying = Counter(row.state.value for row in store._outbox.values() if row.state is not SendState.SENT)
        if not lying:
            break
        await trio.sleep(LOOK_SECONDS)
    return lying


def _said(laboratory: Laboratory) -> set[tuple[str, str]]:
    """Every message of a customer, as (shop, id)."""
    return {
        (account.number.name, sid_of(record.id) if account.number.provider == TWILIO else record.id)
        for account in laboratory.fake._accounts.values()
        for phone in account.phones
        for record in phone.records.values()
        if record.mine
    }


async def _undrawn(desk: PaperDesk, drawing: Callable[[], bytes]) -> bytes:
    return PAPERS["ticket"] if "picture" in drawing.__code__.co_names else PAPERS["receipt"]


# -- trouble -----------------------------------------------------------------------------------------------------------
def faults_of(plan: type[msgspec.Struct]) -> list[str]:
    """The names of the faults that a fake can make."""
    return list(plan.__struct_fields__)


def only(plan: type[msgspec.Struct], name: str, rate: float) -> msgspec.Struct:
    """One fault at this rate, no other."""
    fault = getattr(plan(), name)
    return msgspec.structs.replace(plan(), **{name: msgspec.structs.replace(fault, rate=rate)})


def mixed(plan: type[msgspec.Struct], draw: random.Random, without: Sequence[str] = ()) -> msgspec.Struct:
    """A few faults, each at a rate of its own."""
    rates = {name: draw.choice((0, 0, 0.02, 0.1, 0.3)) for name in faults_of(plan) if name not in without}
    return msgspec.structs.replace(
        plan(), **{name: msgspec.structs.replace(_fault(plan, name), rate=rate) for name, rate in rates.items()}
    )


def struck_by(plans: Plans) -> set[str]:
    """The names of all faults that are on."""
    return {name for plan in plans.values() for name in faults_of(type(plan)) if getattr(plan, name).rate}


def _fault(plan: type[msgspec.Struct], name: str) -> Fault:
    fault = getattr(plan(), name)
    assert isinstance(fault, Fault)
    return fault
