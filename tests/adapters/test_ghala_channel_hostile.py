"""Whatever JSON arrives at channel ``ghala``: nothing is raised for it, and a good neighbour stays unharmed."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.channels._whatsapp.said import READERS
from engine.ports import Delivery
from tests.adapters.calls import call
from tests.adapters.ghala_channel import SHOPS, channel

EXAMPLES = settings(max_examples=200, deadline=None, derandomize=True, database=None)
"""The same examples in every run: a red test is about the change at hand."""

WORDS = sorted({*READERS, "message.received", "message.status", "button_reply", "list_reply", "sent", "failed"})
NAMES = sorted(
    {
        *(
            "id",
            "from",
            "to",
            "type",
            "timestamp",
            "created_at",
            "status",
            "error",
            "errors",
            "code",
            "context",
            "event",
        ),
        *("data", "message", "messages", "statuses", "entry", "changes", "value", "contacts", "metadata", "profile"),
        *("name", "reference", "customer", "phone", "body", "url", "link", "wa_message_id", "message_id", "group_id"),
        *WORDS,
    }
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None, exclude_categories=()))  # lone surrogates too
    | st.sampled_from(WORDS)
    | st.sampled_from(
        ["254700000001", 254700000001, "KE.9001", "1790000000", "2026-09-21T13:33:20Z", 10**400, "9999-12-31"]
    )
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=6),
    max_leaves=20,
)
GOOD = {"event": "message.received", "data": {"id": "good", "from": "254700000002", "text": "good"}}


def read(body: object, dialect: str, event: str) -> Delivery:
    """Parse, and check what holds for every delivery."""
    headers = {"x-ghala-event": event, "x-ghala-delivery": "d-1"} if event else {}
    found = channel(dialect).parse(call(json.dumps(body).encode(), headers), SHOPS)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Delivery) == found, "it can be stored and read back"
    for inbound in found.inbounds:
        assert inbound.id
        assert inbound.shop in SHOPS.values()
        assert inbound.sender.links()
        assert 0 <= inbound.sent_at < 2**63
    for status in found.statuses:
        assert status.provider_id
        assert 0 <= status.at < 2**63
        assert 0 <= status.code < 2**31
    return found


@EXAMPLES
@given(documents, st.sampled_from(["classic", "v2"]), st.sampled_from(["", "message.received", "message.status", "x"]))
def test_any_document_is_a_delivery(body: object, dialect: str, event: str) -> None:
    read(body, dialect, event)


@EXAMPLES
@given(
    st.lists(documents, max_size=3), st.lists(documents, max_size=3), st.dictionaries(st.sampled_from(NAMES), documents)
)
def test_a_good_message_is_read_whatever_stands_beside_it(
    before: list[object], after: list[object], odd: dict[str, object]
) -> None:
    found = read([*before, {"event": "message.received", "data": odd}, GOOD, *after], "classic", "")
    assert "good" in [inbound.id for inbound in found.inbounds]


@pytest.mark.parametrize("depth", [5, 50])
def test_what_is_nested_without_end_is_refused(depth: int) -> None:
    body: object = GOOD
    for _ in range(depth):
        body = {"data": [body]}
    assert read(body, "classic", "").inbounds == ()
