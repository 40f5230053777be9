"""``[shop.payments]``: read like a channel's table, and no way is offered that nobody takes."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from adapters.app.compose import open_shop, read_config
from adapters.app.serve import secrets_of
from adapters.config import Config
from adapters.payments.ghala import GhalaSettings
from adapters.settings import Secret
from engine.errors import ConfigError
from engine.payments import Way
from tests.adapters.calls import call
from tests.storage.values import FixedClock

GOOD = """
[server]
public_url = "https://shop.example.test"
[storage]
url = "sqlite:///shop.db"
[[shop]]
name = "kiosk"
flow = "counter"
currency = "KES"
locale = "en_KE"
catalogue = "kiosk.csv"
[shop.terms]
ways = ["mpesa", "card", "cash"]
[shop.channel]
kind = "whatsapp_cloud"
path = "/hook"
phone_number_id = "200000000000002"
access_token = "t"
app_secret = "channel-secret"
verify_token = "v"
[shop.payments]
kind = "ghala"
api_key = "very-secret-key"
webhook_secret = "very-secret-too"
"""

CLOCK = FixedClock(1_790_000_000_000)
PUBLIC = "https://shop.example.test"


def read(folder: Path, text: str) -> Config:
    (folder / "kiosk.csv").write_text("sku,name,price\na,Tea,10\n")
    (folder / "shop.toml").write_text(text)
    return read_config(folder / "shop.toml")


def test_a_shop_with_payments_gets_its_provider(tmp_path: Path) -> None:
    config = read(tmp_path, GOOD)
    (shop,) = config.shops
    (payments,) = shop.payments
    assert payments.settings == GhalaSettings(
        api_key=Secret("very-secret-key"), webhook_secret=Secret("very-secret-too")
    )
    (provider,) = open_shop(shop, CLOCK, PUBLIC).providers
    assert (provider.shop, provider.paths) == ("kiosk", ("/api/webhooks/ghala",))
    assert provider.ways == {Way.MPESA, Way.CARD}
    assert secrets_of(config) == ["channel-secret", "very-secret-too"]


def test_secrets_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOKONI_SHOP_KIOSK_PAYMENTS_API_KEY", "from-outside")
    (shop,) = read(tmp_path, GOOD.replace('api_key = "very-secret-key"\n', "")).shops
    assert [one.settings.api_key for one in shop.payments] == ["from-outside"]


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ('kind = "ghala"', 'kind = "gala"', r"shop.kiosk.payments.kind: unknown payment provider .*ghala"),
        ('kind = "ghala"', "", r"shop.kiosk.payments.kind: missing"),
        ('api_key = "very-secret-key"', "", r"shop.kiosk.payments.api_key: missing"),
        ("api_key = ", "api_kye = ", r"shop.kiosk.payments.api_kye: unknown key"),
        ("[shop.payments]", "[shop.payment]", r"shop.kiosk.payment: unknown key; did you mean payments"),
        ('webhook_secret = "very', 'path = "hook"\nwebhook_secret = "very', r"shop.kiosk.payments.path: expected"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, before: str, after: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, GOOD.replace(before, after))
    assert re.search(problem, str(caught.value))
    assert "very-secret" not in str(caught.value)


def test_no_way_is_offered_that_nobody_takes(tmp_path: Path) -> None:
    (shop,) = read(tmp_path, GOOD.partition("[shop.payments]")[0]).shops
    with pytest.raises(ConfigError, match=r"shop\.kiosk\.terms\.ways: nobody takes mpesa and card"):
        open_shop(shop, CLOCK, PUBLIC)
    off = msgspec.structs.replace(shop, terms=msgspec.structs.replace(shop.terms, payments=False))
    assert open_shop(off, CLOCK, PUBLIC).providers == ()
    (card,) = read(tmp_path, GOOD + 'offers = ["card"]\n').shops
    with pytest.raises(ConfigError, match="nobody takes mpesa;"):
        open_shop(card, CLOCK, PUBLIC)


def test_several_providers_are_several_tables_each_kind_once(tmp_path: Path) -> None:
    head, _, table = GOOD.partition("[shop.payments]")
    (shop,) = read(tmp_path, f"{head}[[shop.payments]]{table}").shops
    assert [one.kind for one in shop.payments] == ["ghala"]
    with pytest.raises(ConfigError, match=r"shop\.kiosk\.payments: ghala stands here twice"):
        read(tmp_path, f"{head}[[shop.payments]]{table}[[shop.payments]]{table}")
    with pytest.raises(ConfigError, match=r"shop\.kiosk\.payments: expected a \[shop\.payments\] table"):
        read(tmp_path, head.replace('flow = "counter"', 'flow = "counter"\npayments = 3'))


def test_secrets_may_be_missing_only_where_the_server_is_insecure(tmp_path: Path) -> None:
    bare = GOOD.replace('api_key = "very-secret-key"\nwebhook_secret = "very-secret-too"\n', "")
    local = bare.replace('public_url = "https://shop.example.test"', 'public_url = "http://127.0.0.1"\ninsecure = true')
    (shop,) = read(tmp_path, local).shops
    (provider,) = open_shop(shop, CLOCK, PUBLIC, insecure=True).providers
    assert provider.genuine(call(b"{}"))
    with pytest.raises(ConfigError, match=r"shop\.kiosk\.payments\.api_key"):
        open_shop(shop, CLOCK, PUBLIC)
