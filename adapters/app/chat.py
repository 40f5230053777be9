"""``run.py chat SHOP``: a phone in the terminal, on a running demo, or on shops started just for this."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import TypeAlias

import trio

from adapters import logs
from adapters.app.laboratory import Laboratory
from adapters.app.samples import OWNER
from adapters.phones.terminal import chat
from engine.errors import BadInput

DEMO = "http://127.0.0.1:8080"
PHONE = "254700000042"
NAME = "Terminal"
ASK_SECONDS = 2.0

Person: TypeAlias = tuple[str, str]
"""Phone and name."""


def run(options: argparse.Namespace) -> int:
    """Chat until the input ends. Returns the chat's exit code; raises BadInput for a shop that is not there."""
    logs.setup(sys.stderr, logs.key_of([]), level=logging.ERROR)
    target = options.target or (DEMO if _shops(DEMO) else None)
    who = (OWNER, "The owner") if options.owner else (PHONE, NAME)
    if target is None:
        return trio.run(_alone, options.shop, who)
    return trio.run(_with, target.rstrip("/"), options.shop, who)


async def _alone(shop: str, who: Person) -> int:
    """Start the sample shops with data that lasts as long as the chat."""
    print("No demo is running: starting the shops just for this chat.", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="sokoni-chat-") as folder:
        laboratory = Laboratory(Path(folder), owned=True)
        async with trio.open_nursery() as nursery:
            await nursery.start(laboratory.run)
            code = await _with(laboratory.url, shop, who)
            if laboratory.process is not None:
                laboratory.process.stop()
        return code


async def _with(target: str, shop: str, who: Person) -> int:
    shops = await trio.to_thread.run_sync(_shops, target)
    if shop not in shops:
        known = ", ".join(sorted(shops)) or "none"
        raise BadInput(f"{target} has no shop named {shop!r}; it has: {known}.")
    return await chat(target, shops[shop], *who, input=sys.stdin, output=sys.stdout)


def _shops(target: str) -> dict[str, str]:
    """The shops' names with their numbers' ids, as the provider at ``target`` lists them; {} when nobody answers."""
    if not target.startswith(("http://", "https://")):
        raise BadInput(f"--target: expected http://HOST:PORT, found {target!r}.")
    try:
        with urllib.request.urlopen(f"{target}/control/numbers", timeout=ASK_SECONDS) as answer:  # noqa: S310  (checked)
            return {one["name"]: one["phone_number_id"] for one in json.load(answer)["numbers"]}
    except (OSError, ValueError, KeyError, TypeError, urllib.error.URLError):
        return {}
