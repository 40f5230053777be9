"""The durable memory behind ``engine.ports.Store``: one file per backend, one contract suite over all.

``open_store("sqlite:///data/shop.db", clock)`` is all that the rest of the house needs from here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from engine.errors import ConfigError
from engine.ports import Clock, Store
from storage.memory import MemoryStore
from storage.sqlite import open_sqlite

FORMS = "sqlite:///relative/file.db, sqlite:////absolute/file.db or memory://"


def sqlite_path(url: str) -> Path | None:
    """The file that a URL names, None for ``memory://``. Raises ConfigError for anything else."""
    if url == "memory://":
        return None
    path = url.removeprefix("sqlite:///")
    if path in (url, "") or path.endswith("/"):
        raise ConfigError(f"storage.url: {url!r} names no store; expected {FORMS}.")
    return Path(path)


@asynccontextmanager
async def open_store(url: str, clock: Clock) -> AsyncIterator[Store]:
    """Open, or make, the store that ``url`` names, and close it in order at the end.

    The folder of a SQLite file is made where it is missing. Raises ConfigError, StoreLocked or StoreFailed.
    """
    path = sqlite_path(url)
    if path is None:
        yield MemoryStore(clock)
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"storage.url: the folder of {path} can't be made ({error.strerror}).") from error
    async with open_sqlite(path, clock) as store:
        yield store
