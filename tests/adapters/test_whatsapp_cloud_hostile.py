"""Whatever JSON arrives: nothing but BadInput is raised, only for what is no envelope, and neighbours stay unharmed."""

from __future__ import annotations

import copy
import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.channels._whatsapp.parse import FIELDS
from adapters.channels._whatsapp.said import READERS
from engine.errors import BadInput
from engine.ports import Delivery
from tests.adapters.calls import call
from tests.adapters.whatsapp_cloud import CASES, SHOPS, Case, channel, envelope

EXAMPLES = settings(max_examples=200, deadline=None, derandomize=True, database=None)
"""The same examples in every run: a red test is about the change at hand."""

WORDS = sorted(
    {*READERS, *FIELDS, "contacts", "sent", "failed", "button_reply", "nfm_reply", "stop", "user_changed_number"}
)
NAMES = sorted(
    {
        *("id", "from", "from_user_id", "type", "timestamp", "status", "body", "errors", "code", "context", "wa_id"),
        *("user_id", "profile", "name", "emoji", "message_id", "response_json", "product_items", "quantity", "phones"),
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
    | st.sampled_from(["254700000001", "KE.900000000000001", "wamid.1", "1790000000", 1_790_000_000_000, 10**400])
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=6),
    max_leaves=20,
)
GOOD = {"from": "254700000002", "id": "wamid.good", "timestamp": "1790000000", "type": "text", "text": {"body": "good"}}


def read(body: object) -> Delivery:
    """Parse, and check what holds for every delivery."""
    found = channel().parse(call(json.dumps(body).encode()), SHOPS)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Delivery) == found, "it can be stored and read back"
    for inbound in found.inbounds:
        assert inbound.id
        assert inbound.shop in SHOPS.values()
        assert inbound.sender.links()
        assert 0 <= inbound.sent_at < 2**63
    for status in found.statuses:
        assert status.provider_id
        assert (0 <= status.at < 2**63, -(2**63) <= status.code < 2**63) == (True, True)
    return found


@EXAMPLES
@given(documents)
def test_any_document_is_a_delivery_or_bad_input(body: object) -> None:
    is_envelope = (
        isinstance(body, dict)
        and body.get("object") == "whatsapp_business_account"
        and isinstance(body.get("entry"), list)
    )
    try:
        read(body)
    except BadInput:
        assert not is_envelope
    else:
        assert is_envelope


@EXAMPLES
@given(st.binary())
def test_any_bytes_are_bad_input(body: bytes) -> None:
    try:
        channel().parse(call(body), SHOPS)
    except BadInput:
        return
    raise AssertionError("no random bytes are an envelope")


@EXAMPLES
@given(documents)
def test_anything_as_entries_is_a_delivery(entries: object) -> None:
    read({"object": "whatsapp_business_account", "entry": [entries]})


@EXAMPLES
@given(st.sampled_from([*FIELDS, "account_update", "calls"]), documents)
def test_anything_as_a_change_is_a_delivery(field: str, value: object) -> None:
    changes = [{"field": field, "value": value}]
    read({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]})


@EXAMPLES
@given(st.lists(documents, max_size=3), st.lists(documents, max_size=3), documents)
def test_a_good_message_arrives_among_anything(before: list[object], after: list[object], contacts: object) -> None:
    found = read(envelope({"contacts": contacts, "messages": [*before, GOOD, *after], "statuses": after}))
    assert "wamid.good" in [inbound.id for inbound in found.inbounds]


@EXAMPLES
@given(st.sampled_from(sorted({*READERS, "contacts"})), documents)
def test_anything_as_a_message_s_part_is_answered(kind: str, part: object) -> None:
    message = {"from": "254700000001", "id": "wamid.1", "timestamp": "1790000000", "type": kind, kind: part}
    found = read(envelope({"messages": [message, GOOD]}))
    expected = ["wamid.good"] if kind == "system" and len(found.inbounds) == 1 else ["wamid.1", "wamid.good"]
    assert [inbound.id for inbound in found.inbounds] == expected


def paths(node: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The places in a document, the root left out."""
    inner: list[tuple[str | int, object]] = []
    if isinstance(node, dict):
        inner = list(node.items())
    elif isinstance(node, list):
        inner = list(enumerate(node))
    return [place for key, child in inner for place in [(*path, key), *paths(child, (*path, key))]]


def changed(body: Case, path: tuple[str | int, ...], value: object) -> Case:
    body = copy.deepcopy(body)
    node: Any = body
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return body


BODIES = [
    envelope(case["value"], case.get("field", "messages"))
    for case in json.loads((CASES / "values.json").read_text("utf-8"))
] + [case["body"] for case in json.loads((CASES / "bodies.json").read_text("utf-8"))]


@EXAMPLES
@given(st.data())
def test_a_real_body_with_one_place_changed_to_anything_is_still_read(data: st.DataObject) -> None:
    body = data.draw(st.sampled_from([body for body in BODIES if body["entry"]]))
    path = data.draw(st.sampled_from([place for place in paths(body) if place not in (("object",), ("entry",))]))
    read(changed(body, path, data.draw(documents)))
