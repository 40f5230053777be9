"""The document: all that there is, nothing else, and examples that are right."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs
import pytest
import trio.testing

from adapters.api.endpoint import EITHER, TOKEN, Endpoint
from adapters.api.endpoints import ENDPOINTS
from adapters.api.openapi import REASONS, document
from tests.adapters.api.office import Json, office
from tests.engine.scripted import TroubledStore, store

__all__ = ["store"]

Clock = trio.testing.MockClock
DOCUMENT = document()


OPERATIONS: list[tuple[str, Json]] = [
    (f"{method.upper()} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def resolved(response: Json) -> Json:
    if "$ref" not in response:
        return response
    found: Json = DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return found


def test_every_endpoint_stands_in_it_and_nothing_else() -> None:
    ours = {f"{one.method} {one.path.replace('<', '{').replace('>', '}')}" for one in ENDPOINTS}
    assert {name for name, _ in OPERATIONS} == ours
    names = [operation["operationId"] for _, operation in OPERATIONS]
    assert len(set(names)) == len(names)


def test_the_paths_that_flows_md_names_are_there() -> None:
    names = {name for name, _ in OPERATIONS}
    assert names >= {
        *("POST /api/orders", "GET /api/admin/orders", "GET /api/admin/customers", "GET /api/admin/stats"),
        *("POST /api/whatsapptest/send-text", "POST /api/whatsapptest/send-menu", "GET /api/whatsapptest/sessions"),
        *("GET /admin/events", "POST /admin/events", "GET /admin/bookings", "GET /admin/reservations"),
        *("GET /admin/events/{event}", "PUT /admin/events/{event}", "DELETE /admin/events/{event}"),
        *("POST /admin/bookings/{booking}/cancel", "GET /admin/metrics", "POST /admin/checkins"),
    }


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_an_operation_says_who_may_what_is_answered_and_how_it_looks(name: str, operation: Json) -> None:
    assert {*operation["security"][0]} == {"bearer"}
    assert {"401", "409", "503"} < set(operation["responses"])
    assert set(operation["responses"]) <= {"200", "201", "202", *map(str, REASONS)}
    for status, response in operation["responses"].items():
        (content,) = resolved(response)["content"].values()
        check(content["example"], content["schema"], f"{name} {status}")
    if "requestBody" in operation:
        (content,) = operation["requestBody"]["content"].values()
        check(content["example"], content["schema"], f"{name} body")
    for parameter in operation["parameters"]:
        for example in parameter["schema"].get("examples", ()):
            check(example, parameter["schema"], f"{name} {parameter['name']}")


def check(example: Any, schema: Json, where: str) -> None:
    """Assert that an example is as its schema says."""
    whole = schema | {"components": DOCUMENT["components"]}
    problems = list(jsonschema_rs.Draft202012Validator(whole).iter_errors(example))
    assert not problems, f"{where}: {problems[0]}"


def test_every_component_is_used_and_there() -> None:
    text = json.dumps(DOCUMENT)
    used = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert used == set(DOCUMENT["components"]["schemas"])
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in used)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_access_is_as_flows_md_says(endpoint: Endpoint) -> None:
    by_token_only = endpoint.path == "/api/orders" or endpoint.path.startswith("/admin/")
    assert endpoint.access == (TOKEN if by_token_only else EITHER)


async def test_it_is_served_to_everybody_and_a_shops_own_has_what_that_shop_has(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        whole = await made.ask("GET", "/openapi.json")
        coffee = await made.ask("GET", "/s/coffee/openapi.json")
        nobody = await made.ask("GET", "/s/nobody/openapi.json")
    assert whole.body == json.loads(json.dumps(DOCUMENT))
    assert (whole.headers["content-type"], coffee.body["servers"]) == ("application/json", [{"url": "/s/coffee"}])
    assert "/api/orders" in coffee.body["paths"]
    assert not [path for path in coffee.body["paths"] if path.startswith("/admin/")]
    assert "TextTo" not in coffee.body["components"]["schemas"]
    assert nobody.status == 404
