"""``run.py letters``: look at the letters that were parked, and give them another chance, while the server is stopped.

A letter that crashed its actor twice is *dead*; the letters of a quarantined address *wait*. Replaying runs the engine
over the store without its HTTP edge: the answers that it makes are rows like any other, sent now or after the next
start. No text, name or phone number is printed: a letter is told by its number, its kind and why it was parked.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import trio

from adapters.app.compose import WallClock, compose, read_config
from adapters.config import Config
from engine.address import Address
from engine.commit import Parked
from engine.errors import BadInput
from engine.events import Letter
from engine.ports import Store
from engine.supervisor import Supervisor
from storage import open_store

SHOWN_AT_MOST = 1_000
DRAIN_SECONDS = 10.0
"""How long sends under way may take at the end."""


def run(options: argparse.Namespace) -> int:
    """0 when every letter that was asked for met its end, 1 when some are parked again. Raises SokoniError."""
    config = read_config(Path(options.config))
    if not config.storage.path.exists():
        raise BadInput(f"there is no store at {config.storage.path} yet.")
    return trio.run(_run, config, options.action, options.what)


async def _run(config: Config, action: str, what: Sequence[str]) -> int:
    clock = WallClock()
    async with open_store(config.storage.url, clock) as store:
        if action == "list":
            return await _list(store)
        letters = await (_dead(store, what) if action == "replay" else _released(store, what))
        process = compose(config, clock)
        running = await process.engine_over(store)
        async with trio.open_nursery() as nursery:
            await nursery.start(running.run)
            await _replay(running.supervisor, letters)
            with trio.move_on_after(DRAIN_SECONDS):
                await running.outbox.drain()
            nursery.cancel_scope.cancel()
        return await _report(store, letters)


# -- looking ---------------------------------------------------------------------------------------------------------
async def _list(store: Store) -> int:
    quarantined = await store.quarantined()
    waiting = await store.parked(None, dead=False, limit=SHOWN_AT_MOST)
    dead = await store.parked(None, dead=True, limit=SHOWN_AT_MOST)
    for address, why in quarantined.items():
        count = sum(1 for letter in waiting if letter.address == address)
        print(f"quarantined  {address}  {count} letters wait: {why}")
    for letter in dead:
        print(f"dead         {told(letter)}")
    if not quarantined and not dead:
        print("No letter is parked.")
    return 0


def told(parked: Parked) -> str:
    """One letter in one line, without anything its customer wrote."""
    kind = type(msgspec.json.decode(parked.letter, type=Letter).inbound.event).__name__
    at = datetime.fromtimestamp(parked.at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{parked.id}  {parked.address}  {at}  {kind}: {parked.why}"


# -- another chance --------------------------------------------------------------------------------------------------
async def _dead(store: Store, what: Sequence[str]) -> list[Parked]:
    """The dead letters of these numbers, or all. Raises BadInput."""
    dead = {str(letter.id): letter for letter in await store.parked(None, dead=True, limit=SHOWN_AT_MOST)}
    unknown = [number for number in what if number not in dead]
    if unknown:
        raise BadInput(f"no dead letter has the number {', '.join(unknown)}; see: python3 run.py letters list")
    return [dead[number] for number in dict.fromkeys(what or dead)]


async def _released(store: Store, what: Sequence[str]) -> list[Parked]:
    """End the quarantine of these addresses, or of all; the letters that waited, in order. Raises BadInput."""
    quarantined = {str(address): address for address in await store.quarantined()}
    unknown = [text for text in what if text not in quarantined]
    if unknown:
        raise BadInput(f"not quarantined: {', '.join(unknown)}; see: python3 run.py letters list")
    letters: list[Parked] = []
    for text in dict.fromkeys(what or quarantined):
        address: Address = quarantined[text]
        letters += await store.parked(address, dead=False, limit=SHOWN_AT_MOST)
        await store.release(address)
    return letters


async def _replay(supervisor: Supervisor, letters: Sequence[Parked]) -> None:
    """One after another, so that each customer's keep their order."""
    for letter in letters:
        await supervisor.replay(letter)


async def _report(store: Store, letters: Sequence[Parked]) -> int:
    parked = [*await store.parked(None, True, SHOWN_AT_MOST), *await store.parked(None, False, SHOWN_AT_MOST)]
    again = {letter.id for letter in parked}
    failed = [letter for letter in letters if letter.id in again]
    print(f"{len(letters) - len(failed)} letters were answered, {len(failed)} are parked again.")
    return 1 if failed else 0
