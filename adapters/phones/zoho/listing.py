"""Lists of the fake Zoho: filters, pages, and ``page_context``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters.phones.meta.faults import Mischief
from adapters.phones.zoho.books import Json, Refused, ZohoAccount, ZohoItem
from adapters.phones.zoho.faults import ZohoFaults

PER_PAGE = 200


def items(account: ZohoAccount, query: Mapping[str, str], mischief: Mischief[ZohoFaults]) -> Json:
    """``GET /items``."""
    found = [one for one in account.items if one.active or query.get("filter_by") != "Status.Active"]
    if "sku" in query:
        found = [one for one in found if one.sku == query["sku"]]

    def shown(item: ZohoItem) -> Json:
        told = account.shown(item)
        if isinstance(item.on_hand, int) and mischief.strikes("odd_stock"):
            told |= {name: f"{value}.40" for name, value in told.items() if name.endswith("available_stock")}
        return told

    told = paged("items", found, query, shown)
    start = (int(query.get("page", "1")) - 1) * told["page_context"]["per_page"]
    if start and mischief.strikes("repeat"):
        told["items"].insert(0, shown(found[start - 1]))
    return told


def salesorders(account: ZohoAccount, query: Mapping[str, str], mischief: Mischief[ZohoFaults]) -> Json:
    """``GET /salesorders``, the latest first."""
    found = account.orders[::-1]
    if "reference_number" in query and not mischief.strikes("no_filter"):
        found = [one for one in found if one.reference_number == query["reference_number"]]
    return paged("salesorders", found, query, lambda one: one.shown())


def contacts(account: ZohoAccount, query: Mapping[str, str]) -> Json:
    """``GET /contacts``. A number is found by the characters in it, spaces and all, as it was entered."""
    part = query.get("phone_contains", "")
    found = [one for one in account.contacts if part in one.phone]

    def shown(one: Any) -> Json:
        return {"contact_id": one.contact_id, "contact_name": one.name, "phone": one.phone, "mobile": ""}

    return paged("contacts", found, query, shown)


def paged(name: str, found: Sequence[Any], query: Mapping[str, str], shown: Callable[[Any], Json]) -> Json:
    """One page of a list. Raises Refused."""
    asked = query.get("page", "1"), query.get("per_page", str(PER_PAGE))
    if not all(one.isdecimal() and int(one) > 0 for one in asked):
        raise Refused(400, 2, "Invalid value passed for page")
    page, per_page = int(asked[0]), min(PER_PAGE, int(asked[1]))
    end = page * per_page
    context = {"page": page, "per_page": per_page, "has_more_page": end < len(found)}
    some = [shown(one) for one in found[end - per_page : end]]
    return {"code": 0, "message": "success", name: some, "page_context": context}
