"""``[shop.crm]``: read like a channel's table, and a shop that has one tells it of its orders."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.app.compose import open_shop
from adapters.crm.zoho import ZohoSettings
from adapters.settings import Secret
from engine.address import MINUTE
from engine.errors import ConfigError
from tests.adapters.test_config_payments import CLOCK, GOOD, PUBLIC, read

ZOHO = """
[shop.crm]
kind = "zoho"
data_centre = "in"
client_id = "1000.ABC"
client_secret = "very-secret"
refresh_token = "1000.very.secret"
organization_id = "10234695"
customer_id = "460000000000009"
"""


def test_a_shop_with_a_crm_is_built_with_it(tmp_path: Path) -> None:
    (shop,) = read(tmp_path, GOOD + ZOHO).shops
    assert shop.crm is not None
    assert shop.crm.settings == ZohoSettings(
        data_centre="in",
        client_id="1000.ABC",
        client_secret=Secret("very-secret"),
        refresh_token=Secret("1000.very.secret"),
        organization_id="10234695",
        customer_id="460000000000009",
    )
    assert "very-secret" not in repr(shop)
    assert "very.secret" not in repr(shop)
    opened = open_shop(shop, CLOCK, PUBLIC)
    assert opened.crm is not None
    assert (opened.crm.crm.shop, opened.crm.crm.title, opened.crm.every) == ("kiosk", "Zoho Inventory", 15 * MINUTE)
    assert opened.shop.terms.crm, "it is told of orders"


def test_a_shop_without_one_tells_nobody(tmp_path: Path) -> None:
    (shop,) = read(tmp_path, GOOD).shops
    opened = open_shop(shop, CLOCK, PUBLIC)
    assert opened.crm is None
    assert not opened.shop.terms.crm


def test_a_shared_folder_is_named_from_where_the_configuration_lies(tmp_path: Path) -> None:
    text = GOOD + '[shop.crm]\nkind = "csv_drop"\nfolder = "books"\nstock_minutes = 1\n'
    (shop,) = read(tmp_path, text).shops
    with pytest.raises(ConfigError, match=r"shop\.kiosk\.crm\.folder: expected a folder that is there"):
        open_shop(shop, CLOCK, PUBLIC)
    (tmp_path / "books").mkdir()
    opened = open_shop(shop, CLOCK, PUBLIC)
    assert opened.crm is not None
    assert opened.crm.every == MINUTE


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "zoho"', 'kind = "zohoo"', r'shop\.kiosk\.crm\.kind: unknown CRM "zohoo"; did you mean zoho\?'),
        ('data_centre = "in"', 'data_centre = "mars"', r"shop\.kiosk\.crm\.data_centre: expected one of com, eu"),
        ('refresh_token = "1000.very.secret"', "", r"shop\.kiosk\.crm\.refresh_token: missing"),
        ('customer_id = "460000000000009"', 'customer_id = "Asha"', r"shop\.kiosk\.crm\.customer_id: expected the id"),
        ('data_centre = "in"', "stock_minutes = 0", r"shop\.kiosk\.crm\.stock_minutes: expected a whole number from 1"),
        (
            'data_centre = "in"',
            'accounts_url = "https://x.example"',
            r"kiosk\.crm\.accounts_url: expected for tests",
        ),
        (
            'data_centre = "in"',
            "requests_per_minute = 101",
            r"requests_per_minute: expected a whole number from 1",
        ),
        ('data_centre = "in"', "colour = 1", r"shop\.kiosk\.crm\.colour: unknown key"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(tmp_path, GOOD + ZOHO.replace(old, new))


def test_it_must_be_a_table(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"shop\.kiosk\.crm: expected a \[shop\.crm\] table with a kind"):
        read(tmp_path, GOOD.replace('catalogue = "kiosk.csv"', 'catalogue = "kiosk.csv"\ncrm = "zoho"'))
