"""The sample shops' books at the fake Zoho, and how a shop is configured to deal with them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from decimal import Decimal

from adapters import goods
from adapters.app.samples import Sample
from adapters.config import CrmConfig
from adapters.crm.zoho import ZohoSettings
from adapters.phones.zoho.books import ZohoAccount, ZohoContact, ZohoItem
from adapters.settings import Secret
from engine import money
from engine.catalogue import Product

ORGANIZATION = "10"


def zoho_accounts(shops: Iterable[Sample]) -> dict[str, ZohoAccount]:
    """An organisation for each shop that has a CRM, with fresh secrets and the stock of its catalogue."""
    return {shop.name: _account(shop) for shop in shops if shop.terms.crm}


def crm_config(account: ZohoAccount, url: str) -> CrmConfig:
    """The shop's side of it; ``url`` is the fake's."""
    settings = ZohoSettings(
        client_id=account.client_id,
        client_secret=Secret(account.client_secret),
        refresh_token=Secret(account.refresh_token),
        organization_id=account.organization_id,
        customer_id=account.contacts[0].contact_id,
        accounts_url=url,
    )
    return CrmConfig(kind="zoho", settings=settings)


def _account(shop: Sample) -> ZohoAccount:
    products, _ = goods.products(goods.read_file(shop.catalogue), shop.catalogue, shop.currency)
    return ZohoAccount(
        name=shop.name,
        client_id=f"1000.{secrets.token_hex(8)}",
        client_secret=secrets.token_hex(16),
        refresh_token=f"1000.{secrets.token_hex(16)}",
        organization_id=ORGANIZATION,
        items=[_item(product, shop.currency) for product in products],
        contacts=[ZohoContact("Customers of the WhatsApp shop")],
    )


def _item(product: Product, currency: str) -> ZohoItem:
    rate = float(Decimal(product.price).scaleb(-money.digits(currency)))
    return ZohoItem(product.sku, product.name, rate, product.stock if product.track_stock else None)
