"""What a provider's request says of itself, out of ASGI's scope."""

from __future__ import annotations

from hypercorn.typing import HTTPScope


def headers_of(scope: HTTPScope) -> dict[str, str]:
    """Header names are lower case; of several of one name the last counts."""
    return {name.decode("latin1"): value.decode("latin1") for name, value in scope["headers"]}


def target_of(scope: HTTPScope) -> str:
    """Path and query exactly as they were called: some providers sign them (protocols.md 2.2)."""
    path, query = scope["raw_path"].decode("latin1"), scope["query_string"].decode("latin1")
    return f"{path}?{query}" if query else path
