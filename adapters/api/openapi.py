"""The API's document, OpenAPI 3.1, made of the same declarations that read requests and answer them.

``/openapi.json`` holds all of it; ``/s/<shop>/openapi.json`` what that shop has, with its address as server.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any, TypeAlias, get_args

import msgspec
from msgspec.json import schema_components

from adapters.api.answers import JSON, PROBLEM, Later, Problem
from adapters.api.endpoint import BASIC, BEARER, PARAMETER, Endpoint
from adapters.api.endpoints import ENDPOINTS, NOUNS
from adapters.api.examples import example
from adapters.api.fields import IdempotencyKey

Json: TypeAlias = dict[str, Any]

PATH = "/openapi.json"
VERSION = "1.0.0"
"""Of the API; it grows with every change that a client could notice."""

ABOUT = """What a shop's own programs may ask of it.

**Access.** A secret of the shop's (`run.py token` makes one), as bearer token or as Basic password. Where several shops
share a path, the secret decides which is meant; each also has all of it under `/s/<shop>/…`.

**Answers.** What is read comes as it is, lists as `{data, page, pageSize, more}`. What changes something answers
`{success, message, data}`; 202 means that it is kept and will be done soon. Every refusal is an RFC 9457 problem that
also has `success`, `message` and `errors`, a sentence for each faulty field.

**Money** is in major units of the shop's currency; **moments** are RFC 3339 with their offset.

**Once only.** A POST with an `Idempotency-Key` is carried out once, however often it is sent: for a day the same
request gets its first answer, 409 while that is being made, and another request under the same key 422."""

REASONS = {
    400: "Faulty fields, each named with a sentence.",
    401: "No secret of this shop's.",
    403: "From another site's page.",
    404: "There is no such thing, or its name has not the right form.",
    408: "The body did not arrive in time.",
    409: "This secret opens several shops; one is chosen by `/s/<shop>/…`. Or the same request is being carried out.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "This Idempotency-Key was used for another request.",
    503: "The store takes nothing just now; try again.",
}
"""What a refusal means, where an endpoint says nothing of its own."""


HEADERS: Mapping[int, tuple[str, Json]] = {
    401: ("WWW-Authenticate", {"description": "How to show a secret.", "schema": {"type": "string"}}),
    503: ("Retry-After", {"description": "Seconds.", "schema": {"type": "integer"}}),
}


@cache
def _document(flows: frozenset[str] | None, server: str) -> bytes:
    return msgspec.json.encode(document(flows, server))


def written(flows: Iterable[str] | None, server: str) -> bytes:
    """The document as JSON; of the shops of these flows, or all."""
    return _document(None if flows is None else frozenset(flows), server)


def document(flows: frozenset[str] | None = None, server: str = "") -> Json:
    """The document; ``server``: the path before all paths."""
    here = [one for one in ENDPOINTS if flows is None or not one.flows or one.flows & flows]
    schemas = _Schemas(here)
    paths: Json = {}
    for endpoint in here:
        path = PARAMETER.sub(r"{\1}", endpoint.path)
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    used = {one.noun for one in here}
    abouts = {noun.name: noun.about for noun in NOUNS if noun.about and noun.name in used}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sokoni",
            "version": VERSION,
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server or "/"}],
        "tags": [{"name": name, "description": about} for name, about in abouts.items()],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": {str(status): _refusal(status, None, schemas) for status in REASONS},
            "securitySchemes": {
                BEARER: {"type": "http", "scheme": "bearer", "description": "A secret that `run.py token` made."},
                BASIC: {"type": "http", "scheme": "basic", "description": "The owner's user, and a secret."},
            },
        },
    }


class _Schemas:
    """The schemas of everything that endpoints read and answer; named ones stand among the components."""

    REF = "#/components/schemas/{name}"

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        read = [kind for one in endpoints for kind in _read(one)]
        said: list[Any] = [Problem, Later, *[one.answer for one in endpoints]]
        self.read, taken = schema_components(read, ref_template=self.REF)
        self.said, given = schema_components(said, ref_template=self.REF)
        for schema in taken.values():
            if schema.get("type") == "object":
                schema["additionalProperties"] = False
        for schema in given.values():
            if "properties" in schema:  # of what we say, everything is always there
                schema["required"] = list(schema["properties"])
        self.components = dict(sorted({**taken, **given}.items()))
        self._of = {repr(kind): schema for kind, schema in zip([*read, *said], [*self.read, *self.said], strict=True)}

    def of(self, kind: Any) -> Json:
        return dict(self._of[repr(kind)])


def _read(endpoint: Endpoint) -> list[Any]:
    """The types that a request is read as."""
    asked = [_present(field.type) for field in msgspec.structs.fields(endpoint.query)] if endpoint.query else []
    body = [endpoint.body] if endpoint.body is not None else []
    return [*endpoint.parameters.values(), *asked, *body, IdempotencyKey]


def _present(kind: Any) -> Any:
    """The type of a parameter that is given."""
    kinds = [one for one in get_args(kind) if one is not type(None)]
    return kinds[0] if type(None) in get_args(kind) else kind


# -- one operation ---------------------------------------------------------------------------------------------------
def _operation(endpoint: Endpoint, schemas: _Schemas) -> Json:
    operation: Json = {
        "operationId": endpoint.name,
        "tags": [endpoint.noun],
        "summary": endpoint.summary,
        "security": [{scheme: []} for scheme in sorted(endpoint.access, reverse=True)],
        "parameters": _parameters(endpoint, schemas),
        "responses": {str(status): answer for status, answer in sorted(_responses(endpoint, schemas).items())},
    }
    if endpoint.about:
        operation["description"] = " ".join(endpoint.about.split())
    if endpoint.body is not None:
        required = any(field.required for field in msgspec.structs.fields(endpoint.body))
        content = {"schema": schemas.of(endpoint.body), "example": example(endpoint.body)}
        operation["requestBody"] = {"required": required, "content": {JSON: content}}
    return operation


def _parameters(endpoint: Endpoint, schemas: _Schemas) -> list[Json]:
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": schemas.of(kind)}
        for name, kind in endpoint.parameters.items()
    ]
    for field in msgspec.structs.fields(endpoint.query) if endpoint.query is not None else ():
        schema = schemas.of(_present(field.type))
        if field.default not in (None, msgspec.NODEFAULT):
            schema["default"] = field.default
        found.append({"name": field.encode_name, "in": "query", "required": False, "schema": schema})
    if endpoint.method == "POST":
        about = "Names this request, so that it is carried out once however often it is sent."
        schema = schemas.of(IdempotencyKey)
        found.append(
            {"name": "Idempotency-Key", "in": "header", "required": False, "description": about, "schema": schema}
        )
    return found


def _responses(endpoint: Endpoint, schemas: _Schemas) -> dict[int, Json]:
    content = {"schema": schemas.of(endpoint.answer), "example": example(endpoint.answer)}
    found: dict[int, Json] = {endpoint.status: {"description": endpoint.summary, "content": {JSON: content}}}
    if endpoint.later:
        later = {"schema": schemas.of(Later), "example": example(Later)}
        found[202] = {"description": "It is kept and will be done soon.", "content": {JSON: later}}
    for status in _refusals(endpoint):
        own = endpoint.refuses.get(status)
        found[status] = _refusal(status, own, schemas) if own else {"$ref": f"#/components/responses/{status}"}
    return found


def _refusal(status: int, own: str | None, schemas: _Schemas) -> Json:
    """A refusal; ``own``: what it means at one endpoint beside what it means everywhere."""
    problem = {"schema": schemas.of(Problem), "example": _problem(status)}
    reason = f"{own} {REASONS[status]}" if own else REASONS[status]
    refusal: Json = {"description": reason, "content": {PROBLEM: problem}}
    if status in HEADERS:
        refusal["headers"] = {HEADERS[status][0]: HEADERS[status][1]}
    return refusal


def _refusals(endpoint: Endpoint) -> Iterator[int]:
    """The statuses of every refusal that can happen here."""
    yield from (401, 409, 503)
    if endpoint.parameters or 404 in endpoint.refuses:
        yield 404
    if endpoint.query is not None or endpoint.method == "POST" or endpoint.body is not None:
        yield 400
    if endpoint.changes:
        yield 403
    if endpoint.method == "POST" and not endpoint.own_key:
        yield 422
    if endpoint.body is not None:
        yield from (408, 413, 415)


def _problem(status: int) -> Json:
    errors = {"quantity": "expected a whole number from 1 to 99"} if status == 400 else {}
    said = "Please correct: quantity." if errors else REASONS[status]
    title = HTTPStatus(status).phrase
    problem = Problem(title=title, status=status, detail=said, message=said, errors=errors)
    made: Json = msgspec.to_builtins(problem)
    return made
