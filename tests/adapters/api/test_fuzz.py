"""The API against whoever reads its document and sends whatever comes to mind: schemathesis, through a real port.

Nothing is a mistake of the server's, every answer is one that the document knows, and what breaks the document is
refused. Faults that no schema can say (a name without letters, a time zone that there is not) are 400 as well, so 400
counts as an answer to what only looks right.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.schemas import OpenApiSchema

from adapters.api.openapi import document
from tests.adapters.api.open_office import Open, open_office

EXAMPLES, EXAMPLES_LONG = 5, 200
SHOPS = {"orders_place": "coffee", "messages": "bakery", "events": "tickets", "bookings": "tickets", "door": "tickets"}
"""By operation or tag: whose secret is shown; else the dealer's."""
OFF = {"enabled": False}
UNCHECKED = {
    # What one request has deleted, the next may plan again.
    "use_after_free": OFF,
    "ensure_resource_availability": OFF,
    # A request more for each request; test_serving tries every endpoint without access.
    "ignored_auth": OFF,
}


HERE = {
    "number": "WS20250101000000",
    "event": "an-event",
    "booking": "BKG-222222",
    "payment": "here:payment",
    "customer": "a-customer",
    "campaign": "a-campaign",
    "reminder": "note:here",
    "invoice": "INV-2000-0001",
    "step": "notice",
}
"""What stands in paths for something that is there, until the server has told its name."""


def schema_of(examples: int) -> OpenApiSchema:
    """The document, only that names in paths are often those of things that are there."""
    made = document()
    for methods in made["paths"].values():
        for operation in methods.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    parameter["schema"] = {"anyOf": [{"const": HERE[parameter["name"]]}, parameter["schema"]]}
    checks = {"positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404", "409", "422"]}, **UNCHECKED}
    config = {"generation": {"max-examples": examples}, "checks": checks, "seed": 1}
    return from_dict(made, config=SchemathesisConfig.from_dict(config))


@pytest.fixture(scope="module")
def opened() -> Iterator[Open]:
    with open_office() as opened:
        yield opened


def call(case: schemathesis.Case[Any], opened: Open) -> None:
    """Ask as the owner of a shop that has this."""
    definition = case.operation.definition.raw
    shop = SHOPS.get(definition["operationId"]) or SHOPS.get(definition["tags"][0], "dealer")
    for name, value in (case.path_parameters or {}).items():
        if value == HERE[name]:
            case.path_parameters[name] = opened.there[name]
    case.call_and_validate(opened.url, headers={"Authorization": f"Bearer {opened.secrets[shop]}"})


@schema_of(EXAMPLES).parametrize()
def test_no_request_surprises_it(case: schemathesis.Case[Any], opened: Open) -> None:
    call(case, opened)


@pytest.mark.torture
@schema_of(EXAMPLES_LONG).parametrize()
def test_no_request_surprises_it_in_the_long_run(case: schemathesis.Case[Any], opened: Open) -> None:
    call(case, opened)
