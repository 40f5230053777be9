"""What README.md shows is tried here as it stands there: the flow, its cases, the configuration, the commands."""

from __future__ import annotations

import re
import shlex
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import trio

from adapters.app import arguments
from adapters.channels import kinds
from adapters.loading import load
from engine import flows
from engine.address import DAY
from engine.flow import AnyFlowEvent, Arrow, Flow, State
from storage import open_store
from storage.errands import INBOUND_KEPT
from tests.bench.suite import SUITE
from tests.engine import cases
from tests.engine.world import BAKERY_CSV, World, bakery
from tests.storage.values import FixedClock, Talk

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def block(before: str) -> str:
    """The fenced block that follows this text."""
    _, found, after = README.partition(before)
    fenced = re.match(r"[^\n]*\n\n```\w*\n(.*?)```\n", after, re.DOTALL)
    assert found, f"the page has no {before!r}"
    assert fenced is not None, f"there is no block after {before!r}"
    return fenced[1]


def commands() -> list[str]:
    """All that the page tells people to type behind ``python3 run.py``, comments aside."""
    typed = re.findall(r"python3? (?:/opt/sokoni/)?run\.py((?: [^`#\n]+(?:\n  [^`#\n]+)?)?)", README)
    return [" ".join(one.split()) for one in typed if "COMMAND" not in one and one.strip()]


# -- the flow --------------------------------------------------------------------------------------------------------
@pytest.fixture
def pickup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flow]:
    """The page's flow, found in a folder of flows like any other."""
    (tmp_path / "pickup.py").write_text(block("`engine/flows/pickup.py`"), "utf-8")
    monkeypatch.setattr(flows, "__path__", [*flows.__path__, str(tmp_path)])
    flows._flows.cache_clear()
    yield flows.flow_named("pickup")
    flows._flows.cache_clear()
    sys.modules.pop("engine.flows.pickup")


def test_the_flow_holds_its_conversations_and_they_take_all_its_arrows(
    pickup: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: set[tuple[type, type]] = set()
    find = Flow.arrow_for

    def spy(self: Flow, state: type[State], event: type[AnyFlowEvent]) -> Arrow | None:
        arrow = find(self, state, event)
        if arrow is not None:
            taken.add((arrow.frm, arrow.event))
        return arrow

    monkeypatch.setattr(Flow, "arrow_for", spy)
    monkeypatch.setattr(cases, "CASES", tmp_path)
    (tmp_path / "pickup").mkdir()
    (tmp_path / "pickup/1.txt").write_text(block("`tests/cases/pickup/1-putting-aside.txt`"), "utf-8")
    found = cases.cases_of("pickup")
    assert len(found) > 2
    for case in found:
        cases.run(case, World(msgspec.structs.replace(bakery(), flow=pickup.name)))
    assert taken == {(arrow.frm, arrow.event) for arrow in pickup.arrows}


# -- running it for real ---------------------------------------------------------------------------------------------
def test_the_configuration_loads(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(block("`/etc/sokoni/shop.toml`"), "utf-8")
    shutil.copy(BAKERY_CSV, tmp_path / "bakery.csv")
    (tmp_path / "secrets").mkdir()
    for name in ("access_token", "app_secret", "verify_token"):
        (tmp_path / "secrets" / name).write_text("secret\n", "utf-8")
    config = load(tmp_path / "shop.toml", {}, {name: kind.settings for name, kind in kinds().items()}, flows.names())
    assert [shop.name for shop in config.shops] == ["bakery"]
    assert config.warnings == ()
    assert f"reverse_proxy {config.shops[0].channel.settings.path} {config.server.bind}" in README
    assert f"`{config.server.public_url}{config.shops[0].channel.settings.path}`" in README


def test_the_backup_is_whole_while_the_store_is_open(tmp_path: Path) -> None:
    """Twin: the file alone, copied at the same moment, does not even have the tables."""
    python, *arguments = shlex.split(block("This copies all of it"))
    assert python == "python3"
    database = tmp_path / "shop.db"

    async def use_and_back_up() -> None:
        async with open_store(f"sqlite:///{database}", FixedClock()) as store:
            await Talk(store).commit()
            here = [one.replace("/var/lib/sokoni/shop.db", str(database)) for one in arguments]
            await trio.run_process([sys.executable, *here], cwd=tmp_path)
            shutil.copy(database, tmp_path / "alone.db")

    trio.run(use_and_back_up)
    assert rows(tmp_path / "shop-backup.db", "SELECT count(*) FROM snapshots") == [(1,)]
    assert rows(tmp_path / "shop-backup.db", "PRAGMA integrity_check") == [("ok",)]
    assert rows(tmp_path / "alone.db", "SELECT count(*) FROM sqlite_schema") == [(0,)]


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    database = sqlite3.connect(path)
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


# -- what it says ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("command", sorted(set(commands())))
def test_a_command_that_is_shown_is_understood(command: str) -> None:
    arguments.parse(command.split())


def test_every_command_is_shown() -> None:
    assert {command.split()[0] for command in commands()} == set(arguments.COMMANDS)


def test_the_parts_of_bench_are_all_named_here_and_in_its_help() -> None:
    assert tuple(SUITE) == arguments.BENCH_PARTS
    assert ", ".join(f"`{part}`" for part in SUITE) in README.replace("\n  ", " ")


def test_message_ids_are_kept_as_long_as_it_says() -> None:
    assert f"kept for {INBOUND_KEPT // DAY} days" in README.replace("\n  ", " ")


def test_links_inside_the_page_lead_somewhere() -> None:
    titles = re.findall(r"^#{2,3} (.+)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= anchors


def test_files_that_are_named_are_there() -> None:
    named = re.findall(r"`((?:engine|adapters|storage|tests)/[\w/.-]+\.(?:py|md|txt))`", README)
    assert len(named) > 10
    ours = ("engine/flows/pickup.py", "tests/cases/pickup/1-putting-aside.txt")
    assert [name for name in named if name not in ours and not (ROOT / name).is_file()] == []
