"""An organisation's books at the fake Zoho: items, contacts, sales orders, and what is still to be had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

Json = dict[str, Any]

FIRST_ID = 460_000_000_000_000
COMMITTED = frozenset({"confirmed", "open"})
"""Statuses in which a sales order reserves its goods."""
VOIDABLE = frozenset({"draft", "confirmed", "open"})


class ZohoItem(msgspec.Struct):
    """``on_hand`` None: a service, which has no stock at all. A text is shown as it is, however odd."""

    sku: str
    name: str
    rate: float = 0.0
    on_hand: int | str | None = 0
    active: bool = True
    item_id: str = ""


class ZohoContact(msgspec.Struct):
    name: str
    phone: str = ""
    contact_id: str = ""


class SalesOrder(msgspec.Struct):
    salesorder_id: str
    salesorder_number: str
    customer_id: str
    reference_number: str
    date: str
    lines: list[tuple[str, int]]
    total: float
    body: Json
    status: str = "draft"

    def shown(self) -> Json:
        lines = [{"item_id": item, "quantity": quantity} for item, quantity in self.lines]
        told = {name: getattr(self, name) for name in ("salesorder_id", "salesorder_number", "customer_id", "date")}
        more = {"reference_number": self.reference_number, "status": self.status, "total": self.total}
        return told | more | {"line_items": lines}


class Refused(Exception):
    """A call that breaks the API's rules: its HTTP status and body (protocols.md 4.2)."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = msgspec.json.encode({"code": code, "message": message})


class ZohoAccount(msgspec.Struct, dict=True):
    """An organisation and its client's credentials. Ids are made here; the first contact is the walk-in customer."""

    name: str
    client_id: str
    client_secret: str
    refresh_token: str
    organization_id: str
    items: list[ZohoItem] = []
    contacts: list[ZohoContact] = []
    orders: list[SalesOrder] = []

    def __post_init__(self) -> None:
        self._last = FIRST_ID
        for item in self.items:
            item.item_id = self.next_id()
        self.contacts = self.contacts or [ZohoContact("Walk-in customer")]
        for contact in self.contacts:
            contact.contact_id = self.next_id()

    def next_id(self) -> str:
        """Ids are texts, too large for the numbers of some languages."""
        self._last += 1
        return str(self._last)

    def committed(self, item: ZohoItem) -> int:
        """What confirmed sales orders reserve of an item."""
        held = [one for one in self.orders if one.status in COMMITTED]
        return sum(quantity for one in held for item_id, quantity in one.lines if item_id == item.item_id)

    def shown(self, item: ZohoItem) -> Json:
        """An item as the API shows it."""
        told: Json = {"item_id": item.item_id, "name": item.name, "sku": item.sku, "rate": item.rate}
        told |= {"status": "active" if item.active else "inactive"}
        told |= {"item_type": "sales" if item.on_hand is None else "inventory"}
        if isinstance(item.on_hand, int):
            left = item.on_hand - self.committed(item)
            told |= {"stock_on_hand": item.on_hand, "available_stock": left, "actual_available_stock": left}
        elif item.on_hand is not None:
            told |= dict.fromkeys(("stock_on_hand", "available_stock", "actual_available_stock"), item.on_hand)
        return told

    # -- sales orders --------------------------------------------------------------------------------------------------
    def place(self, body: Mapping[str, Any]) -> SalesOrder:
        """A draft of what a body asks for. Raises Refused."""
        lines = list(self._lines(body))
        if body.get("customer_id") not in {one.contact_id for one in self.contacts}:
            raise Refused(400, 1002, "Customer does not exist.")
        number = len(self.orders) + 1
        made = SalesOrder(
            self.next_id(),
            f"SO-{number:05d}",
            str(body["customer_id"]),
            str(body.get("reference_number", "")),
            str(body.get("date", "")),
            [(item, quantity) for item, quantity, _ in lines],
            sum(quantity * rate for _, quantity, rate in lines),
            dict(body),
        )
        self.orders.append(made)
        return made

    def _lines(self, body: Mapping[str, Any]) -> Iterator[tuple[str, int, float]]:
        given = body.get("line_items")
        if not isinstance(given, list) or not given:
            raise Refused(400, 2, "Invalid value passed for line_items")
        known = {one.item_id for one in self.items}
        for line in given:
            item, quantity, rate = line.get("item_id"), line.get("quantity"), line.get("rate")
            if item not in known:
                raise Refused(404, 1002, "Item does not exist.")
            if not isinstance(quantity, int) or quantity <= 0 or not isinstance(rate, (int, float)):
                raise Refused(400, 2, "Invalid value passed for quantity")
            yield item, quantity, rate

    def move(self, salesorder_id: str, to: str) -> SalesOrder:
        """``confirmed`` or ``void``. Raises Refused."""
        found = next((one for one in self.orders if one.salesorder_id == salesorder_id), None)
        if found is None:
            raise Refused(404, 1002, "Sales Order does not exist.")
        if (to == "void" and found.status not in VOIDABLE) or (to == "confirmed" and found.status == "void"):
            raise Refused(400, 36_012, "The status of this sales order can not be changed.")
        found.status = to
        return found

    def in_force(self, reference: str) -> list[SalesOrder]:
        """The sales orders of a reference number that are not void."""
        return [one for one in self.orders if one.reference_number == reference and one.status != "void"]
