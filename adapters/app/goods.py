"""``run.py goods``: what a shop sells, out into a file and in from one, while the server is stopped.

*preview* says what an import would change, and every fault of the file with its line; *import* does it, whole or not at
all; *export* writes what the shop has now, in a form that reads back as it was.

After an import the configured file counts as imported too: the next start must not undo what was just done. It is taken
again as soon as its content changes.
"""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import trio
from msgspec.structs import replace

from adapters.app.compose import WallClock, read_config
from adapters.app.wares import Events, Products, T, Wares
from adapters.config import Config, ShopConfig
from adapters.goods import read_file
from engine.changes import Changes
from engine.errors import BadInput
from engine.ports import Clock, Store
from storage import open_store
from storage.memory import MemoryStore


def run(options: argparse.Namespace) -> int:
    """0 when it was done, 1 when the file has faults (then nothing was changed). Raises SokoniError."""
    config = read_config(Path(options.config))
    shop = _shop(config, options.shop)
    clock = WallClock()
    path, now = Path(options.file), clock.now()
    if options.what == "events" or (options.what is None and shop.catalogue == Path()):
        return trio.run(_run, config, clock, options.action, Events(shop, now), path)
    return trio.run(_run, config, clock, options.action, Products(shop, now), path)


def _shop(config: Config, name: str | None) -> ShopConfig:
    names = [shop.name for shop in config.shops]
    if name is None and len(names) > 1:
        raise BadInput(f"there are several shops; say which with --shop: {', '.join(names)}.")
    found = next((shop for shop in config.shops if name in (None, shop.name)), None)
    if found is None:
        raise BadInput(f"there is no shop {name}; the configuration has {', '.join(names)}.")
    return found


async def _run(config: Config, clock: Clock, action: str, wares: Wares[T], path: Path) -> int:
    async with _store(config, clock, action) as store:
        have = await wares.have(store)
        if action == "export":
            return _export(wares, have, path)
        new, faults = wares.read(read_file(path), path, have)
        changes = await wares.compared(store, have, new)
        if faults:
            return _refused(path, faults, changes, wares.noun)
        if action == "import":
            await wares.take(store, new)
        return _told(action, wares, path, changes)


@asynccontextmanager
async def _store(config: Config, clock: Clock, action: str) -> AsyncIterator[Store]:
    """The shop's store; to look at a file before the first start, an empty one that leaves no trace."""
    if config.storage.path.exists():
        async with open_store(config.storage.url, clock) as store:
            yield store
    elif action == "preview":
        yield MemoryStore(clock)
    else:
        raise BadInput(f"there is no store at {config.storage.path} yet; it is made by the first start.")


def _export(wares: Wares[T], have: Sequence[T], path: Path) -> int:
    """Write what there is into a new file; one that is there already may be what somebody has just edited."""
    if not have:
        raise BadInput(f"the shop {wares.shop.name} has no {wares.noun}.")
    data = wares.written(have, path)
    try:
        with path.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise BadInput(f"{path} is there already; give another name, or move it away.") from None
    except OSError as error:
        raise BadInput(f"{path} can't be written: {error.strerror}.") from None
    print(f"{len(have)} {wares.noun} of {wares.shop.name} are in {path}.")
    return 0


def _refused(path: Path, faults: Sequence[str], changes: Changes, noun: str) -> int:
    """Every fault, and what the rows without one would change; nothing of those that seem to be missing."""
    print(f"{path} can't be imported; nothing was changed.")
    for fault in faults:
        print(f"  {fault}")
    good = replace(changes, removed=(), warnings=())
    if good.added or good.changed or good.unchanged:
        print(f"Its other {noun}: {good.summary}")
        _print_lines(good)
    return 1


def _told(action: str, wares: Wares[T], path: Path, changes: Changes) -> int:
    done = action == "import"
    print(f"{path} {'is imported into' if done else 'compared with'} {wares.shop.name}: {changes.summary}")
    _print_lines(changes)
    if not done:
        print(
            "Nothing was changed yet; `goods import` does it."
            if changes or changes.warnings
            else "There is nothing to import."
        )
    elif wares.configured != Path() and path.resolve() != wares.configured.resolve():
        print(f"The next start leaves it so; {wares.configured} is imported again when it changes.")
    return 0


def _print_lines(changes: Changes) -> None:
    for line in changes.lines:
        print(line)
