"""Examples for the document, made of the types: what a field's Meta gives, else what one of its name usually holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import inspect

MOMENT = "2026-01-31T12:34:56+03:00"

BY_NAME: Mapping[str, object] = {
    "address": "Moi Avenue 12, Nairobi",
    "amount": 3000,
    "booking": "BKG-7K2M9P",
    "city": "Mumbai",
    "currency": "KES",
    "customerId": "c0f3a9d2b1e4c5a6978",
    "event": "indie-night",
    "id": "ORD-7K2M9PQR",
    "kind": "delivery",
    "language": "en",
    "message": "It is done.",
    "name": "Asha Njeri",
    "number": "ORD-7K2M9PQR",
    "order": "ORD-7K2M9PQR",
    "payer": "254712345678",
    "phone": "254712345678",
    "price": 1500,
    "productName": "Premium Coffee Beans 1kg",
    "provider": "bank",
    "publicKey": "3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "quantity": 2,
    "reference": "ORD-7K2M9PQR",
    "scan": "door-1:000042",
    "seats": 2,
    "shop": "coffee",
    "sku": "prod_001",
    "source": "API",
    "state": "awaiting_order",
    "timezone": "Asia/Kolkata",
    "title": "Mumbai Indie Night",
    "to": "+254712345678",
    "total": 3000,
    "totalAmount": 3000,
    "transaction": "HDFC-20260131-77",
    "unitPrice": 1500,
}
"""By the name in JSON; what stands nowhere is "", 0 or true."""


def example(kind: Any) -> object:
    """An example of a type, as JSON has it."""
    return _example(inspect.type_info(kind), kind, "")


def _example(info: inspect.Type, kind: Any, name: str) -> object:
    if isinstance(info, inspect.Metadata):
        given = (info.extra_json_schema or {}).get("examples")
        return given[0] if given else _example(info.type, kind, name)
    match info:
        case inspect.StructType(fields=fields):
            return {one.encode_name: _example(one.type, None, one.encode_name) for one in fields}
        case inspect.UnionType(types=types):
            return _example(types[0], kind, name)
        case inspect.ListType(item_type=item):
            return [_example(item, None, "")]
        case inspect.EnumType(cls=cls):
            return next(iter(cls)).value
        case inspect.DateTimeType():
            return MOMENT
        case inspect.DictType():
            return {}
        case inspect.BoolType():
            return True
        case inspect.IntType() | inspect.FloatType():
            return BY_NAME.get(name, 0)
        case _:
            return BY_NAME.get(name, "")
