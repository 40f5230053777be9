"""``run.py c2b``: the addresses of payments by hand are told to Daraja, or it is said why not."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
import trio

from adapters.app import c2b
from adapters.app.compose import WallClock
from adapters.phones.daraja.book import DarajaAccount
from adapters.phones.fake_daraja import FakeDaraja
from engine.errors import BadInput, ConfigError
from tests.adapters.mpesa import KEY, PASSKEY, SECRET

GOOD = """
[server]
public_url = "https://shop.example.test"
[storage]
url = "sqlite:///shop.db"
[[shop]]
name = "coffee"
flow = "micro_sales"
currency = "KES"
locale = "en_KE"
timezone = "Africa/Nairobi"
catalogue = "coffee.csv"
[shop.terms]
ways = ["mpesa"]
[shop.channel]
kind = "ghala"
api_key = "a-key"
webhook_secret = "a-secret"
number = "254200000005"
[shop.payments]
kind = "mpesa"
shortcode = "174379"
by_hand = true
"""


def config(folder: Path, url: str, text: str = GOOD) -> argparse.Namespace:
    (folder / "coffee.csv").write_text("sku,name,description,price\nc,Coffee,,100\n", "utf-8")
    keys = {
        "consumer_key": KEY,
        "consumer_secret": SECRET,
        "passkey": PASSKEY,
        "callback_secret": "own",
        "base_url": url,
    }
    (folder / "shop.toml").write_text(text + "".join(f'{name} = "{value}"\n' for name, value in keys.items()), "utf-8")
    return argparse.Namespace(config=str(folder / "shop.toml"), shop="coffee")


async def test_addresses_are_registered_and_the_second_time_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account = DarajaAccount("coffee", "Kahawa", KEY, SECRET, PASSKEY)
    fake = FakeDaraja([account], clock=WallClock())
    async with trio.open_nursery() as nursery:
        await nursery.start(fake.serve, "127.0.0.1", 0)
        options = config(tmp_path, fake.url)
        assert await trio.to_thread.run_sync(c2b.run, options) == 0
        assert account.confirmation_url.startswith("https://shop.example.test/pay/m/")
        assert account.confirmation_url != account.validation_url
        assert await trio.to_thread.run_sync(c2b.run, options) == 1
        nursery.cancel_scope.cancel()
    assert "registered before" in capsys.readouterr().out


def test_what_can_not_be_registered_is_said(tmp_path: Path) -> None:
    options = config(tmp_path, "http://127.0.0.1:9")
    options.shop = "tea"
    with pytest.raises(BadInput, match="it has: coffee"):
        c2b.run(options)
    with pytest.raises(ConfigError, match="by_hand: off"):
        c2b.run(config(tmp_path, "http://127.0.0.1:9", GOOD.replace("by_hand = true", "by_hand = false")))


def test_a_shop_without_m_pesa_is_told_so(tmp_path: Path) -> None:
    options = config(tmp_path, "http://127.0.0.1:9")
    bare = GOOD.partition("[shop.payments]")[0].replace('["mpesa"]', '["cash"]')
    (tmp_path / "shop.toml").write_text(bare, "utf-8")
    with pytest.raises(ConfigError, match="no provider of kind mpesa"):
        c2b.run(options)
