"""``run.py letters``: parked letters are seen, replayed and released while the server is stopped."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio

from adapters.app import letters
from adapters.app.arguments import parse
from adapters.app.compose import WallClock
from engine.address import Address, Sender
from engine.errors import BadInput, StoreLocked
from engine.events import Inbound, Letter, TextSaid
from engine.ports import Store
from storage import open_store

PHONE = "254700000001"
SENDER = Sender(phone=PHONE, name="Asha Devi")
ANN = Address("bakery", "c1")
CONFIG = """
[server]
bind = "127.0.0.1:0"
public_url = "http://127.0.0.1"
[storage]
url = "sqlite:///shop.db"
[[shop]]
name = "bakery"
flow = "counter"
currency = "INR"
locale = "en_IN"
catalogue = "bakery.csv"
[shop.channel]
kind = "whatsapp_cloud"
path = "/hook"
phone_number_id = "1"
access_token = "token"
app_secret = "secret"
verify_token = "verify"
dev_mode = true
"""


class Stopped:
    """The folder of a stopped server."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "shop.toml"
        self.config.write_text(CONFIG)
        (folder / "bakery.csv").write_text("sku,name,price,stock\ncookie,Cookie,50,100\n")
        self._url = f"sqlite:///{folder / 'shop.db'}"

    def store(self, work: Callable[[Store], Awaitable[None]]) -> None:
        """Do something to the store and close it."""

        async def run() -> None:
            async with open_store(self._url, WallClock()) as store:
                await work(store)

        trio.run(run)

    def options(self, action: str, *what: str) -> argparse.Namespace:
        return parse(["letters", action, *what, "--config", str(self.config)])

    def letters(self, action: str, *what: str) -> int:
        return letters.run(self.options(action, *what))


def letter(number: int, address: Address = ANN) -> Letter:
    return Letter(address, Inbound(f"wamid.{number}", "bakery", SENDER, 1_790_000_000_000, TextSaid("hi, I am Asha")))


@pytest.fixture
def stopped(tmp_path: Path) -> Stopped:
    stopped = Stopped(tmp_path)

    async def park(store: Store) -> None:
        await store.park(letter(1), dead=True, why="ValueError", at=1_790_000_000_000)
        await store.quarantine(ANN, "crashed more than 6 times", 1_790_000_000_000)
        await store.park(letter(2), dead=False, why="quarantined", at=1_790_000_000_001)
        await store.park(letter(3), dead=False, why="quarantined", at=1_790_000_000_002)

    stopped.store(park)
    return stopped


def test_what_is_parked_is_listed_without_anything_of_the_customer(
    stopped: Stopped, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stopped.letters("list") == 0
    out = capsys.readouterr().out
    assert out.splitlines() == [
        "quarantined  bakery/c1  2 letters wait: crashed more than 6 times",
        "dead         1  bakery/c1  2026-09-21 14:13:20 UTC  TextSaid: ValueError",
    ]


def test_a_release_answers_what_waited_in_order_and_then_the_dead_one_can_be_replayed(
    stopped: Stopped, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stopped.letters("release", "bakery/c1") == 0
    assert stopped.letters("replay", "1") == 0
    assert capsys.readouterr().out.splitlines() == [
        "2 letters were answered, 0 are parked again.",
        "1 letters were answered, 0 are parked again.",
    ]
    assert stopped.letters("list") == 0
    assert capsys.readouterr().out == "No letter is parked.\n"

    async def three_turns(store: Store) -> None:
        snapshot = await store.wake(ANN)
        assert snapshot is not None
        assert snapshot.version == 3

    stopped.store(three_turns)


@pytest.mark.parametrize(
    ("action", "what", "said"),
    [("replay", "99", "no dead letter has the number 99"), ("release", "bakery/c2", "not quarantined: bakery/c2")],
)
def test_what_is_not_there_is_a_sentence(stopped: Stopped, action: str, what: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        stopped.letters(action, what)


def test_a_store_that_was_never_made_is_not_made_by_looking(tmp_path: Path) -> None:
    stopped = Stopped(tmp_path)
    with pytest.raises(BadInput, match="there is no store"):
        stopped.letters("list")
    assert not (tmp_path / "shop.db").exists()


def test_a_running_server_is_left_alone(stopped: Stopped) -> None:
    """The store is held open by another, as a server holds it."""
    options = stopped.options("list")

    async def look(_: Store) -> None:
        with pytest.raises(StoreLocked):
            await trio.to_thread.run_sync(letters.run, options)

    stopped.store(look)
