"""Reading requests: whatever comes is a struct or a refusal that names fields, and never anything else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from adapters.api import amounts, reading
from adapters.api.answers import Refusal
from adapters.api.door import Scans
from adapters.api.endpoints import ENDPOINTS
from adapters.api.events import NewEvent
from adapters.api.fields import Moment, Phone
from adapters.api.orders import OrderQuery
from adapters.api.placing import OrderWanted
from engine import money

BODIES = [one.body for one in ENDPOINTS if one.body is not None]
QUERIES = [one.query for one in ENDPOINTS if one.query is not None]

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
anything = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


Read = Callable[[bytes, type[msgspec.Struct]], msgspec.Struct]


def outcome(read: Read, raw: bytes, kind: type[msgspec.Struct]) -> Refusal | None:
    """The refusal of what can't be read; None for what can, as the struct that was wanted."""
    try:
        assert isinstance(read(raw, kind), kind)
    except Refusal as refusal:
        return refusal
    return None


@given(st.sampled_from(BODIES), st.data())
def test_any_fields_are_read_or_refused_by_name(kind: type[msgspec.Struct], data: st.DataObject) -> None:
    names = st.sampled_from([field.encode_name for field in msgspec.structs.fields(kind)] or [""])
    given = data.draw(st.dictionaries(names | st.text(max_size=5), anything, max_size=6))
    refusal = outcome(reading.body, json.dumps(given).encode(), kind)
    assert refusal is None or (refusal.status == 400 and refusal.errors and all(refusal.errors.values()))


@given(st.sampled_from(BODIES), st.binary())
def test_any_bytes_are_read_or_refused(kind: type[msgspec.Struct], raw: bytes) -> None:
    refusal = outcome(reading.body, raw, kind)
    assert refusal is None or refusal.status == 400


@given(st.sampled_from(QUERIES), st.binary())
def test_any_query_is_read_or_refused(kind: type[msgspec.Struct], raw: bytes) -> None:
    refusal = outcome(reading.query, raw, kind)
    assert refusal is None or refusal.status == 400


@given(st.text(), st.sampled_from([kind for one in ENDPOINTS for kind in one.parameters.values()]))
def test_any_name_in_a_path_is_read_or_refused(text: str, kind: Any) -> None:
    assert isinstance(reading.fault_of(text, kind), str)


def test_no_body_is_an_empty_one() -> None:
    with pytest.raises(Refusal) as caught:
        reading.body(b"", OrderWanted)
    assert set(caught.value.errors) == {"phoneNumber", "productId", "quantity"}


def test_null_is_no_value_only_where_it_may_be() -> None:
    scan = {"token": "x", "scan": "s", "at": None, "event": None}
    assert reading.body(json.dumps({"scans": [scan]}).encode(), Scans).scans[0].at is None
    with pytest.raises(Refusal) as caught:
        reading.body(json.dumps({"scans": [scan | {"scan": None}]}).encode(), Scans)
    assert list(caught.value.errors) == ["scans[0].scan"]


def test_a_line_break_at_the_end_is_no_part_of_a_pattern() -> None:
    """Python's "$" matches before it, JSON Schema's does not."""
    assert not reading.fault_of("+254700000001", Phone)
    assert reading.fault_of("+254700000001\n", Phone)


def test_long_names_and_many_faults_are_cut() -> None:
    given = {f"{number:04}{'x' * 500}": 1 for number in range(1_000)}
    with pytest.raises(Refusal) as caught:
        reading.body(json.dumps(given).encode(), NewEvent)
    assert len(caught.value.errors) == reading.FAULTS_AT_MOST
    assert max(map(len, caught.value.errors)) == reading.NAME_AT_MOST


def test_a_query_has_the_usual_values_where_it_says_nothing() -> None:
    read = reading.query(b"", OrderQuery)
    assert (read.page, read.page_size, read.status) == (1, 20, None)


class Odd(msgspec.Struct):
    """A field whose type says nothing of itself."""

    count: Annotated[int, Meta(ge=2, le=5)]
    at: Moment = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_field_without_description_is_described_by_its_type() -> None:
    with pytest.raises(Refusal) as caught:
        reading.body(b'{"count": 6}', Odd)
    assert caught.value.errors == {"count": "expected a whole number from 2 to 5"}


# -- money -----------------------------------------------------------------------------------------------------------
@given(st.integers(0, money.LARGEST // 1_000), st.sampled_from(["INR", "KES", "JPY", "KWD"]))
def test_money_comes_out_of_json_as_it_went_in(minor: int, currency: str) -> None:
    written = json.dumps(amounts.major(minor, currency))
    assert amounts.minor(float(json.loads(written)), currency, "price") == minor


@pytest.mark.parametrize(
    ("amount", "currency"), [(0.005, "INR"), (0.1, "JPY"), (1e-7, "KES"), (2.0005, "KWD"), (1e300, "INR")]
)
def test_money_with_more_decimals_than_its_currency_has_is_refused(amount: float, currency: str) -> None:
    with pytest.raises(Refusal) as caught:
        amounts.minor(amount, currency, "price")
    assert list(caught.value.errors) == ["price"]
