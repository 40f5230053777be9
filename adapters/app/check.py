"""``run.py check``: what is still missing or wrong before ``serve``, in plain words.

Everything is looked at: the configuration, the files it names, the disk, and with ``--online`` whether each provider
takes the credentials. Nothing is sent to anybody, and nothing is changed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import trio

from adapters.app.compose import WallClock, connections, open_shop, read_config
from adapters.app.process import Opened
from adapters.channels import kinds
from adapters.checking import Finding, Grade, findings
from adapters.config import Config, ShopConfig
from adapters.crm import kinds as crm_kinds
from adapters.payments import kinds as provider_kinds
from engine.errors import ConfigError

ROOM_LEAST = 200 * 1024 * 1024
"""Bytes free on the disk, below which a shop should not begin."""
MEND = "change its owner or rights"
HEADINGS = {
    Grade.WRONG: "It can't serve yet:",
    Grade.MISSING: "It can serve, but:",
    Grade.TO_DO: "To do at the providers:",
    Grade.FINE: "Well:",
}


def run(options: argparse.Namespace) -> int:
    """0 when it can serve, 1 when something is wrong."""
    try:
        config = read_config(Path(options.config))
    except ConfigError as error:
        print(error)
        return 1
    found = [*findings(config, _modules()), *_disk(config)]
    opened: list[Opened] = []
    for shop in config.shops:
        try:
            opened.append(_opened(shop, config))
        except ConfigError as error:
            found.append(Finding(Grade.WRONG, shop.name, str(error)))
    if options.online:
        found += trio.run(_online, opened)
    _tell(found)
    return 1 if any(one.grade is Grade.WRONG for one in found) else 0


def _modules() -> dict[tuple[str, str], ModuleType]:
    found = {("channels", name): kind.module for name, kind in kinds().items()}
    found |= {("payments", name): kind.module for name, kind in provider_kinds().items()}
    return found | {("crm", name): kind.module for name, kind in crm_kinds().items()}


def _opened(shop: ShopConfig, config: Config) -> Opened:
    return open_shop(shop, WallClock(), config.server.public_url, insecure=config.server.insecure)


def _tell(found: Sequence[Finding]) -> None:
    for grade, heading in HEADINGS.items():
        sentences = [one for one in found if one.grade is grade]
        if sentences:
            print(f"\n{heading}")
        for one in sentences:
            print(f"  {f'[{one.shop}] ' if one.shop else ''}{one.sentence}")
    if not any(one.grade is Grade.WRONG for one in found):
        print("\nNothing is wrong: `run.py serve` can start.")


# -- the disk --------------------------------------------------------------------------------------------------------
def _disk(config: Config) -> Iterator[Finding]:
    path = config.storage.path
    folder = next(one for one in path.parents if one.exists())
    if not _takes_files(folder):
        yield Finding(Grade.WRONG, "", f"storage.url: {folder} takes no file of this user's; {MEND}.")
    elif path.exists() and not os.access(path, os.W_OK):
        yield Finding(Grade.WRONG, "", f"storage.url: {path} can't be written by this user; {MEND}.")
    elif (free := shutil.disk_usage(folder).free) < ROOM_LEAST:
        yield Finding(Grade.MISSING, "", f"storage.url: only {free // 2**20} MB are free on the disk of {folder}.")


def _takes_files(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


# -- the providers ---------------------------------------------------------------------------------------------------
async def _online(opened: Sequence[Opened]) -> list[Finding]:
    found: list[Finding] = []
    async with trio.open_nursery() as nursery:
        for one in opened:
            for thing in (one.channel, *one.providers):
                nursery.start_soon(_asked, one.shop.name, thing, found)
    return sorted(found)


async def _asked(shop: str, thing: Any, found: list[Finding]) -> None:
    kind = type(thing).__module__.rpartition(".")[2]
    if not hasattr(thing, "check"):
        found.append(Finding(Grade.TO_DO, shop, f"{kind}: it can't be asked whether its credentials work; try it."))
        return
    async with connections()() as http:
        why = await thing.check(http)
    if why:
        found.append(Finding(Grade.WRONG, shop, f"{kind}: {why}"))
    else:
        found.append(Finding(Grade.FINE, shop, f"{kind}: its credentials work."))
