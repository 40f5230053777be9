"""Who sends wrong signatures again and again is not listened to for a while, and nobody else pays for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import trio
import trio.testing

from adapters.config import ServerConfig
from adapters.loading import server_problems
from adapters.web import strangers as strangers_module
from adapters.web.strangers import BARRED_SECONDS, REFUSALS, WITHIN_SECONDS, Strangers
from tests.adapters.edge import PATH, SECRET, call, edge, message
from tests.engine.scripted import Core, TroubledStore, core, store

__all__ = ["core", "store"]

Clock = trio.testing.MockClock
EVIL, GOOD = "203.0.113.7", "198.51.100.9"


def scope(peer: str, *forwarded: str) -> Any:
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    return {"type": "http", "client": (peer, 1), "headers": headers}


def refuse(strangers: Strangers, request: Any, times: int = REFUSALS) -> None:
    for _ in range(times):
        strangers.judged(request, genuine=False)


# -- counting --------------------------------------------------------------------------------------------------------
async def test_twenty_wrong_signatures_in_a_minute_bar_an_address_for_a_minute(autojump_clock: Clock) -> None:
    strangers = Strangers()
    refuse(strangers, scope(EVIL), REFUSALS - 1)
    assert not strangers.barred(scope(EVIL))
    refuse(strangers, scope(EVIL), 1)
    assert strangers.barred(scope(EVIL))
    assert not strangers.barred(scope(GOOD))
    await trio.sleep(BARRED_SECONDS)
    assert not strangers.barred(scope(EVIL))


async def test_a_few_in_each_minute_bar_nobody(autojump_clock: Clock) -> None:
    strangers = Strangers()
    for _ in range(5):
        refuse(strangers, scope(EVIL), REFUSALS - 1)
        await trio.sleep(WITHIN_SECONDS)
    assert not strangers.barred(scope(EVIL))


async def test_a_right_signature_makes_good_what_came_before(autojump_clock: Clock) -> None:
    strangers = Strangers()
    refuse(strangers, scope(GOOD), REFUSALS - 1)
    strangers.judged(scope(GOOD), genuine=True)
    refuse(strangers, scope(GOOD), REFUSALS - 1)
    assert not strangers.barred(scope(GOOD))


async def test_memory_is_bounded_and_the_latest_are_remembered(
    autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers_module, "REMEMBERED", 10)
    strangers = Strangers()
    for number in range(100):
        refuse(strangers, scope(f"203.0.113.{number}"))
    assert len(strangers._seen) == 10
    assert strangers.barred(scope("203.0.113.99"))


# -- whose address ---------------------------------------------------------------------------------------------------
CLIENTS: list[tuple[str, str, Sequence[str], str]] = [
    ("a direct client is its own", EVIL, (), EVIL),
    ("what a direct client writes is not believed", EVIL, (GOOD,), EVIL),
    ("a proxy on loopback is believed", "127.0.0.1", (EVIL,), EVIL),
    ("the nearest hop counts, not what the client made up", "127.0.0.1", (f"{GOOD}, {EVIL}",), EVIL),
    ("further trusted proxies are passed over", "127.0.0.1", (f"{EVIL}, 10.0.0.5",), EVIL),
    ("several headers are one list", "::1", (GOOD, EVIL), EVIL),
    ("a proxy that names nobody stands for nobody", "127.0.0.1", (), ""),
    ("nonsense stands for nobody", "127.0.0.1", ("unknown",), ""),
    ("an IPv6 client is its network", "2001:db8:1:2:3::4", (), "2001:db8:1:2::/64"),
    ("a mapped address is the one it maps", f"::ffff:{EVIL}", (), EVIL),
]


@pytest.mark.parametrize(("peer", "forwarded", "client"), [c[1:] for c in CLIENTS], ids=[c[0] for c in CLIENTS])
def test_whose_address_counts(peer: str, forwarded: Sequence[str], client: str) -> None:
    assert Strangers(("127.0.0.0/8", "::1", "10.0.0.0/8")).client(scope(peer, *forwarded)) == client


async def test_a_proxy_that_names_nobody_is_never_barred(autojump_clock: Clock) -> None:
    strangers = Strangers()
    refuse(strangers, scope("127.0.0.1"), 10 * REFUSALS)
    assert not strangers.barred(scope("127.0.0.1"))


# -- at the edge -----------------------------------------------------------------------------------------------------
async def test_a_barred_address_is_answered_429_without_being_read_and_others_are_served(
    core: Core, store: TroubledStore, autojump_clock: Clock
) -> None:
    async with edge(store) as made:

        async def post(address: str, secret: str) -> tuple[int, bytes]:
            headers = {"x-signature": secret, "x-forwarded-for": address}
            return await call(made.web, "POST", PATH, b"[]", headers)

        assert [await post(EVIL, "wrong") for _ in range(REFUSALS)] == [(401, b"")] * REFUSALS
        assert await post(EVIL, SECRET) == (429, b"")
        assert await post(GOOD, SECRET) == (200, b"")
        assert (await call(made.web, "GET", PATH, headers={"x-forwarded-for": EVIL}))[0] == 429
        assert (made.web.counters.refused_signature, made.web.counters.barred) == (REFUSALS, 2)
        await trio.sleep(BARRED_SECONDS)
        assert await post(EVIL, SECRET) == (200, b""), "never starved for long"


async def test_without_the_limit_it_is_read_every_time(
    core: Core, store: TroubledStore, autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers_module, "REFUSALS", 10**9)
    async with edge(store) as made:
        headers = {"x-signature": "wrong", "x-forwarded-for": EVIL}
        told = {(await call(made.web, "POST", PATH, b"[]", headers))[0] for _ in range(3 * REFUSALS)}
        assert told == {401}
        assert await made.deliver(message("w1", "hi")) == 200


# -- the setting -----------------------------------------------------------------------------------------------------
def test_what_is_no_address_or_network_is_named() -> None:
    server = ServerConfig(public_url="https://shop.example.test", trusted_proxies=("10.0.0.0/8", "proxy", "::1"))
    assert server_problems(server) == ['server.trusted_proxies: expected addresses or networks, found "proxy"']
