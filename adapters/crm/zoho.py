"""CRM ``zoho``: Zoho Inventory (protocols.md 4).

    inventory   GET  /items, page after page             what may still be sold, by sku
    push        GET  /salesorders?reference_number=…     only where it may be there already
                POST /salesorders, …/status/confirmed    the order; confirmed, it reserves its goods
                POST /salesorders/<id>/status/void       a cancelled one

Zoho has no idempotency key: our order's number is the sales order's reference number, and whatever may have been told
before is looked for by it. The figure that is taken over is ``available_stock``: what is there less what confirmed
sales orders reserve. So a told order is taken off there, once; ``stock_on_hand`` would bring its goods back until they
are shipped.

An order is written to the contact whose phone number its customer has, else to the contact ``customer_id``; nothing is
created but sales orders. Prices on it are ours.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from adapters.crm._zoho import codes
from adapters.crm._zoho.calls import Calls, Json
from adapters.crm._zoho.reading import (
    DIGITS_ALIKE,
    Contact,
    Item,
    SalesOrder,
    digits,
    figure,
    is_last_page,
    rows,
    salesorder,
    same_phone,
)
from adapters.crm._zoho.tokens import DATA_CENTRES, Client, Refused, Tokens
from adapters.kinds import Site
from adapters.settings import Secret
from engine import money
from engine.address import Millis
from engine.backoffice import Stocktake
from engine.errors import ConfigError
from engine.messages import Outcome, OutcomeClass
from engine.orders import Order, OrderLine, OrderStatus
from engine.ports import Http

KIND = "zoho"

PAGE = 200
PAGES_AT_MOST = 500
CONTACTS_KEPT = 5_000
LOOPBACK = r"^(|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)\Z"
VOID, DRAFT = "void", "draft"

ENDLESS = Outcome(
    OutcomeClass.RETRY, code=1, reason="Zoho's list has no end. The last known stock stays; please report this."
)
NO_ORDER = Outcome(
    OutcomeClass.UNKNOWN,
    code=1,
    reason="Zoho's answer names no sales order. Nothing to do: it is looked for before it is told again.",
    wait=10_000,
)


class ZohoSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator sets for one shop; a secret may be "" only where the whole server is ``insecure``."""

    data_centre: Annotated[
        str,
        Meta(pattern=r"^(com|eu|in|com\.au|jp|com\.cn|sa|ca)\Z", description=f"one of {', '.join(DATA_CENTRES)}"),
    ] = "com"
    client_id: Annotated[str, Meta(min_length=1, description="the client's id in Zoho's API console")]
    client_secret: Secret
    refresh_token: Secret
    organization_id: Annotated[str, Meta(pattern=r"^[0-9]{1,30}\Z", description="the organisation's id, digits")]
    customer_id: Annotated[
        str, Meta(pattern=r"^[0-9]{1,30}\Z", description="the id of the contact that orders are written to, digits")
    ]
    find_customers: bool = True
    stock: Annotated[
        str,
        Meta(
            pattern=r"^(available_stock|actual_available_stock)\Z",
            description="a figure that reserved goods are off",
        ),
    ] = "available_stock"
    reference_prefix: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9/_.-]{0,20}\Z", description="up to 20 letters, digits and /_.-")
    ] = ""
    requests_per_minute: Annotated[int, Meta(ge=1, le=90)] = 90
    accounts_url: Annotated[
        str, Meta(pattern=LOOPBACK, description="for tests: http:// on loopback, where a fake answers")
    ] = ""


Settings = ZohoSettings


def build(site: Site, settings: ZohoSettings) -> Zoho:
    """The CRM of a shop. Raises ConfigError when a secret is missing and the server is not ``insecure``."""
    missing = [name for name in ("client_secret", "refresh_token") if not getattr(settings, name)]
    if missing and not site.insecure:
        keys = ", ".join(f"shop.{site.shop}.crm.{name}" for name in missing)
        raise ConfigError(f"{keys}: missing; a CRM does not start without its secrets.")
    return Zoho(site, settings)


class Zoho:
    """See ``engine.ports.Crm``. What it remembers (a token, which item has a sku, whose contact a phone is) can be
    asked for again at any time."""

    title = "Zoho Inventory"

    def __init__(self, site: Site, settings: ZohoSettings) -> None:
        self.shop = site.shop
        self._settings = settings
        self._zone = ZoneInfo(site.timezone)
        accounts, domain = (f"https://{host}" for host in DATA_CENTRES[settings.data_centre])
        if settings.accounts_url:
            accounts = domain = settings.accounts_url
        client = Client(accounts, domain, settings.client_id, settings.client_secret, settings.refresh_token)
        self._calls = Calls(Tokens(client), settings.organization_id, settings.requests_per_minute)
        self._items: dict[str, str] = {}
        self._contacts: OrderedDict[str, str] = OrderedDict()

    # -- stock in ------------------------------------------------------------------------------------------------------
    async def inventory(self, http: Http, mark: str) -> Stocktake | Outcome:
        """All active items; whole, or an Outcome. Zoho can't say that nothing has changed, so it never does."""
        try:
            items = await self._active(http)
        except Refused as refused:
            return refused.outcome
        readable = [one for one in items if one is not None]
        self._items = {one.sku.strip(): str(one.item_id) for one in readable if one.sku}
        faults = ["An item of Zoho's could not be read; its stock stays as it was."] * (len(items) - len(readable))
        return self._counted(readable, faults)

    async def _active(self, http: Http) -> list[Item | None]:
        found: dict[str, Item | None] = {}
        for page in range(1, PAGES_AT_MOST + 1):
            asked: dict[str, str | int] = {"page": page, "per_page": PAGE, "filter_by": "Status.Active"}
            told = await self._calls.get(http, "/items", asked)
            for place, one in enumerate(rows(told, "items", Item)):
                found[str(one.item_id) if one else f"page {page}, row {place}"] = one
            if is_last_page(told):
                return list(found.values())
        raise Refused(ENDLESS)

    def _counted(self, items: list[Item], faults: list[str]) -> Stocktake:
        """By sku; one of two items with the same sku would be a guess, so neither is taken over."""
        skus = Counter(one.sku.strip() for one in items if one.sku)
        quantities: dict[str, int] = {}
        for one in items:
            sku = one.sku.strip() if one.sku else ""
            value = getattr(one, self._settings.stock)
            try:
                count = figure(value)
            except ValueError:
                faults.append(f"{sku}: Zoho's stock is no number; it stays as it was here.")
                continue
            if sku and count is not None and skus[sku] == 1:
                quantities[sku] = count
        twice = sorted(sku for sku, times in skus.items() if times > 1)
        faults += [f"{sku}: several active items in Zoho have this sku; give each its own." for sku in twice]
        return Stocktake(quantities, tuple(faults))

    # -- orders out ----------------------------------------------------------------------------------------------------
    async def push(self, http: Http, order: Order, tried: bool) -> Outcome:
        """A confirmed sales order, once; or a void one, where the order is cancelled and Zoho has it."""
        try:
            if order.status is OrderStatus.CANCELLED:
                return await self._void(http, order)
            return await self._place(http, order, tried)
        except Refused as refused:
            if refused.outcome.kind is OutcomeClass.NEVER:
                self._items.clear()  # an item may have been made anew
            return refused.outcome

    async def _place(self, http: Http, order: Order, tried: bool) -> Outcome:
        found = await self._find(http, order) if tried else None
        if found is None:
            made = await self._calls.post(http, "/salesorders", await self._request(http, order))
            found = salesorder(made)
            if found is None:
                raise Refused(NO_ORDER)
        if found.status == DRAFT:
            await self._calls.post(http, f"/salesorders/{_name(found)}/status/confirmed", {})
        return Outcome(OutcomeClass.SENT, provider_id=str(found.salesorder_id))

    async def _void(self, http: Http, order: Order) -> Outcome:
        found = await self._find(http, order)
        if found is not None and found.status != VOID:
            await self._calls.post(http, f"/salesorders/{_name(found)}/status/void", {})
        return Outcome(OutcomeClass.SENT, provider_id=str(found.salesorder_id) if found else "")

    async def _find(self, http: Http, order: Order) -> SalesOrder | None:
        """The sales order of this reference number; of several one that holds. Where the filter is not understood all
        orders come, the latest first, and are looked through."""
        reference = self._reference(order)
        asked: dict[str, str | int] = {
            "reference_number": reference,
            "sort_column": "created_time",
            "sort_order": "D",
            "per_page": PAGE,
        }
        found: list[SalesOrder] = []
        for page in range(1, PAGES_AT_MOST + 1):
            told = await self._calls.get(http, "/salesorders", asked | {"page": page})
            some = [one for one in rows(told, "salesorders", SalesOrder) if one is not None]
            found += [one for one in some if one.reference_number == reference]
            if is_last_page(told) or found:
                return min(found, key=lambda one: one.status == VOID, default=None)
        raise Refused(ENDLESS)

    async def _request(self, http: Http, order: Order) -> Json:
        """The body; amounts in major units. What is zero is left out: less that an account could refuse."""
        places = money.digits(order.currency)

        def major(amount: int) -> Decimal:
            return Decimal(amount).scaleb(-places)

        lines = [await self._line(http, line, major(line.unit_price)) for line in order.lines]
        body: Json = {
            "customer_id": await self._contact(http, order.phone),
            "reference_number": self._reference(order),
            "date": _day(order.placed_at, self._zone),
            "line_items": lines,
        }
        if order.tax and order.tax_included:
            body["is_inclusive_tax"] = True
        if order.discount:
            body |= {"discount": major(order.discount), "discount_type": "entity_level"}
        if order.delivery:
            body["shipping_charge"] = major(order.delivery)
        if order.rounding:
            body |= {"adjustment": major(order.rounding), "adjustment_description": "Rounding"}
        if notes := ", ".join(filter(None, (order.name, order.phone, order.address, order.instructions))):
            body["notes"] = notes
        return body

    async def _line(self, http: Http, line: OrderLine, rate: Decimal) -> Json:
        made: Json = {"item_id": await self._item(http, line.sku), "rate": rate, "quantity": line.quantity}
        return made | ({"description": line.note} if line.note else {})

    async def _item(self, http: Http, sku: str) -> str:
        """The item of a sku, asked for where the last stocktake did not have it."""
        if sku not in self._items:
            told = await self._calls.get(http, "/items", {"sku": sku, "filter_by": "Status.Active"})
            same = [one for one in rows(told, "items", Item) if one is not None and one.sku and one.sku.strip() == sku]
            if not same:
                raise Refused(_no_item(sku))
            self._items[sku] = str(same[0].item_id)
        return self._items[sku]

    async def _contact(self, http: Http, phone: str) -> str:
        """Whom the order is written to."""
        if not self._settings.find_customers or len(digits(phone)) < DIGITS_ALIKE:
            return self._settings.customer_id
        if phone not in self._contacts:
            told = await self._calls.get(http, "/contacts", {"phone_contains": digits(phone)[-DIGITS_ALIKE:]})
            found = [
                str(one.contact_id)
                for one in rows(told, "contacts", Contact)
                if one is not None and any(same_phone(phone, known or "") for known in (one.phone, one.mobile))
            ]
            if len(found) != 1:
                return self._settings.customer_id
            self._contacts[phone] = found[0]
            if len(self._contacts) > CONTACTS_KEPT:
                self._contacts.popitem(last=False)
        return self._contacts[phone]

    def _reference(self, order: Order) -> str:
        return f"{self._settings.reference_prefix}{order.number}"


def _name(found: SalesOrder) -> str:
    return quote(str(found.salesorder_id), safe="")


def _day(moment: Millis, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).astimezone(zone).date().isoformat()


def _no_item(sku: str) -> Outcome:
    said = f"Zoho has no active item with the sku {sku}. Make one, or enter the order there by hand under its number."
    return msgspec.structs.replace(codes.GONE, reason=said)
