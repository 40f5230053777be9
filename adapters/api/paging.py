"""Lists in pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from adapters.api.answers import Page

T = TypeVar("T")
U = TypeVar("U")

PAGES_AT_MOST = 1_000_000
SIZE_AT_MOST = 200


class Paged(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which part of a list is wanted; the base of every list's query."""

    page: Annotated[
        int, Meta(ge=1, le=PAGES_AT_MOST, description=f"a whole number from 1 to {PAGES_AT_MOST}", examples=[1])
    ] = 1
    page_size: Annotated[
        int, Meta(ge=1, le=SIZE_AT_MOST, description=f"a whole number from 1 to {SIZE_AT_MOST}", examples=[20])
    ] = 20


async def page_of(query: Paged, rows: Callable[[int, int], Awaitable[Sequence[T]]], shown: Callable[[T], U]) -> Page[U]:
    """The wanted page of ``rows(limit, offset)``; one row more is asked for, to know whether more follow."""
    found = await rows(query.page_size + 1, (query.page - 1) * query.page_size)
    data = [shown(row) for row in found[: query.page_size]]
    return Page(data, query.page, query.page_size, more=len(found) > query.page_size)
