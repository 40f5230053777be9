"""The rules of the house: who may import whom, what stands where, how long a file is, and what the docs must name."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import pytest

from adapters import logs
from adapters.app import arguments
from adapters.app.environment import pins
from adapters.channels import kinds
from adapters.config import (
    ChannelConfig,
    CrmConfig,
    OutboxConfig,
    PaymentsConfig,
    ServerConfig,
    ShopConfig,
    StorageConfig,
)
from adapters.crm import kinds as crm_kinds
from adapters.kinds import Kind
from adapters.payments import kinds as provider_kinds
from adapters.settings import Secret
from adapters.terms import TermsConfig
from adapters.web.access import OwnerConfig

ROOT = Path(__file__).resolve().parents[1]
TOP = {
    *("engine", "adapters", "storage", "tests", "run.py", "pyproject.toml", "README.md"),
    *("CHANGELOG.md", "LICENSE", "requirements.lock", "requirements-dev.lock"),
}
NOT_OURS = {"data", "build", "__pycache__"}
LINES_AT_MOST = 400

PURE_LIBRARIES = {"msgspec", "babel", "rapidfuzz"}
RUNNING = {
    *("actor", "announcer", "breaker", "campaigning", "cashier", "courtesies", "crm", "crm_desk", "fetching", "held"),
    *("mailbox", "opting_out", "outbox", "papering", "ruling", "patience", "rooms", "router", "running", "scheduler"),
    *("sending_back", "spilled", "supervisor", "template_news", "template_sync", "uniting", "unknown"),
}
"""The part of engine that may use trio, log, and know what time it is."""
IMPURE = {
    *("asyncio", "http", "logging", "multiprocessing", "os", "random", "secrets", "select"),
    *("signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib.request"),
}
"""Parts of the standard library by which a pure module would touch the world."""


class Import(ast.NodeVisitor):
    """The dotted names that a module imports at any depth; names under TYPE_CHECKING too, for they couple as well."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_Import(self, node: ast.Import) -> None:
        self.names |= {alias.name for alias in node.names}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert node.level == 0, "imports are absolute"
        self.names |= {f"{node.module}.{alias.name}" for alias in node.names}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


@cache
def imports(path: Path) -> frozenset[str]:
    visitor = Import()
    visitor.visit(tree(path))
    return frozenset(visitor.names)


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def within(name: str, packages: set[str]) -> bool:
    """Whether a dotted name is one of these or lies inside one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def strangers(path: Path, allowed: set[str]) -> list[str]:
    """What a module imports beside the standard library and ``allowed``."""
    return sorted(
        name
        for name in imports(path)
        if name.partition(".")[0] not in sys.stdlib_module_names and not within(name, allowed)
    )


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def is_running(path: Path) -> bool:
    return (
        path.relative_to(ROOT).parts[:1] == ("engine",)
        and path.relative_to(ROOT).parts[1].removesuffix(".py") in RUNNING
    )


RUNNING_NAMES = {f"engine.{name}" for name in RUNNING}
ENGINE = modules("engine")
PURE = [path for path in ENGINE if not is_running(path)]


# -- who imports whom ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", PURE, ids=shown)
def test_the_pure_part_of_engine_touches_nothing(path: Path) -> None:
    assert strangers(path, {"engine", *PURE_LIBRARIES}) == []
    assert [name for name in imports(path) if within(name, IMPURE | RUNNING_NAMES)] == []
    assert re.findall(r"\b(?:date|datetime)\.(?:now|today|utcnow)\(", path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", [path for path in ENGINE if is_running(path)], ids=shown)
def test_the_running_part_of_engine_adds_only_trio(path: Path) -> None:
    assert strangers(path, {"engine", "trio", *PURE_LIBRARIES}) == []


@pytest.mark.parametrize("path", modules("storage"), ids=shown)
def test_storage_knows_engines_values_and_ports_only(path: Path) -> None:
    assert strangers(path, {"engine", "storage", "trio", "aiosqlite", *PURE_LIBRARIES}) == []
    assert [name for name in imports(path) if within(name, RUNNING_NAMES)] == []


@pytest.mark.parametrize(
    "path", [p for p in modules("adapters") if "app" not in p.relative_to(ROOT).parts[1:2]], ids=shown
)
def test_adapters_know_neither_storage_nor_the_composition(path: Path) -> None:
    assert [name for name in imports(path) if within(name, {"storage", "adapters.app", "run", "tests"})] == []


def test_what_run_py_needs_before_its_environment_is_the_standard_library() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "run.py"]
    while waiting:
        path = waiting.pop()
        seen.add(path)
        assert strangers(path, {"engine", "adapters"}) == [], shown(path)
        waiting += [other for name in imports(path) for other in files_of(name) if other not in seen]
    assert ROOT / "adapters/app/installing.py" in seen, "the walk follows imports"


def files_of(name: str) -> Iterator[Path]:
    """The project's files that run when this dotted name is imported."""
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        base = ROOT.joinpath(*parts[:depth])
        yield from (path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file())


# -- what stands where -----------------------------------------------------------------------------------------------
def test_the_top_level_is_the_owners() -> None:
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - NOT_OURS
    assert found <= TOP, f"beside the fixed top level: {sorted(found - TOP)}"


@pytest.mark.parametrize("path", [ROOT / "run.py", *modules("engine", "adapters", "storage", "tests")], ids=shown)
def test_a_file_has_one_noun_and_no_loose_ends(path: Path) -> None:
    text = path.read_text("utf-8")
    length = text.count("\n")
    assert length <= LINES_AT_MOST
    keeps_a_schedule = path == ROOT / "tests" / "bench" / "traffic.py"  # a load generator, and no test
    if path != Path(__file__) and not keeps_a_schedule:
        assert re.findall(r"\b(?:TODO|FIXME|XXX)\b|NotImplementedError|time\.sleep\(|asyncio\.sleep\(", text) == []


@pytest.mark.parametrize("path", [ROOT / "run.py", *modules("engine", "adapters", "storage")], ids=shown)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    if path.read_text("utf-8").strip():
        assert ast.get_docstring(tree(path))


# -- what the docs must name -----------------------------------------------------------------------------------------
def settings() -> dict[str, object]:
    """Every key of the configuration and its default; NODEFAULT where there is none. Before the keys of one kind of
    channel or provider stands its name, as ``twilio: shop.channel.path``."""
    structs: list[tuple[str, str, type[msgspec.Struct]]] = [
        ("", "server", ServerConfig),
        ("", "storage", StorageConfig),
        ("", "outbox", OutboxConfig),
        ("", "shop", ShopConfig),
        ("", "shop.terms", TermsConfig),
        ("", "shop.owner", OwnerConfig),
        ("", "shop.channel", ChannelConfig),
        *((f"{name}: ", "shop.channel", kind.settings) for name, kind in kinds().items()),
        ("", "shop.payments", PaymentsConfig),
        *((f"{name}: ", "shop.payments", kind.settings) for name, kind in provider_kinds().items()),
        ("", "shop.crm", CrmConfig),
        *((f"{name}: ", "shop.crm", kind.settings) for name, kind in crm_kinds().items()),
    ]
    tables = {path for _, path, _ in structs}
    return {
        f"{kind}{path}.{field.name}": field.default
        for kind, path, struct in structs
        for field in msgspec.structs.fields(struct)
        if f"{path}.{field.name}" not in tables and field.name != "settings"
    }


def documented() -> dict[str, str]:
    """The keys of README's tables of settings with the defaults that they give; the line above a table says whether it
    is one kind's: "Channel `twilio`, …"."""
    section = (ROOT / "README.md").read_text("utf-8").partition("\n## Settings\n")[2].partition("\n## ")[0]
    found: dict[str, str] = {}
    kind = ""
    for line in section.splitlines():
        if heading := re.match(r"(?:Channel|Provider|CRM) `([a-z_]+)`", line):
            kind = f"{heading[1]}: "
        elif row := re.match(r"\| `([a-z_.]+)` \| ([^|]+) \|", line):
            found[kind + row[1]] = row[2]
        elif line and not line.startswith("|"):
            kind = ""
    return found


@pytest.mark.parametrize(
    "kind", [*kinds().values(), *provider_kinds().values(), *crm_kinds().values()], ids=lambda kind: kind.name
)
def test_what_sounds_secret_in_a_kinds_settings_is_a_secret(kind: Kind[object]) -> None:
    for field in msgspec.structs.fields(kind.settings):
        if re.search(r"token|secret|password|key$", field.name):
            assert field.type is Secret, f"{kind.name}: {field.name}"


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert set(documented()) == set(settings())


def test_documented_defaults_are_the_real_ones() -> None:
    for key, default in settings().items():
        said = documented()[key]
        if default is msgspec.NODEFAULT:
            assert said == "–", key
        elif key != "shop.title":
            assert said.strip("`") == written(default), key


def written(default: object) -> str:
    """A default as TOML writes it, texts without their quotes."""
    if default in ("", Path()):
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return "[" + ", ".join(f'"{part}"' for part in default) + "]"
    return f"{default:g}" if isinstance(default, float) else str(default)


def test_every_log_event_and_field_is_in_the_tables_of_logs() -> None:
    """Twin of the formatter, which writes nothing that is not there."""
    used: set[str] = set()
    for path in modules("engine", "adapters", "storage"):
        for call in log_calls(path):
            event = call.args[0]
            where = f"{shown(path)}:{call.lineno}"
            name = event.value if isinstance(event, ast.Constant) else None
            assert isinstance(name, str), f"{where}: the event's name is a constant"
            assert name in logs.EVENTS, f"{where}: {name} is not in logs.EVENTS"
            used.add(name)
            for field in extra_of(call):
                assert field in {*logs.FIELDS, "address"}, f"{where}: {field} is not in logs.FIELDS"
    assert set(logs.EVENTS) - used <= {"process_crashed"}, "an event that nobody logs"


def log_calls(path: Path) -> list[ast.Call]:
    levels = {"debug", "info", "warning", "error", "critical", "exception"}
    return [
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in levels
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "log"
    ]


def extra_of(call: ast.Call) -> list[object]:
    extra = next((keyword.value for keyword in call.keywords if keyword.arg == "extra"), None)
    if extra is None:
        return []
    assert isinstance(extra, ast.Dict), "the fields are written out, so that they can be checked"
    return [key.value for key in extra.keys if isinstance(key, ast.Constant)]


# -- packages --------------------------------------------------------------------------------------------------------
def test_the_locks_name_no_index_and_the_developers_one_holds_the_other() -> None:
    base, dev = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
    for lock in (base, dev):
        assert re.findall(r"://|--(?:extra-)?index|--find-links|--trusted-host", lock.read_text("utf-8")) == []
    assert len(pins(base)) > 20
    assert pins(base).items() <= pins(dev).items()


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for wanted, lock in (
        (project["project"]["dependencies"], "requirements.lock"),
        (project["dependency-groups"]["dev"], "requirements-dev.lock"),
    ):
        names = {re.split(r"[^A-Za-z0-9-]", line)[0].lower() for line in wanted}
        assert names <= set(pins(ROOT / lock)), "renew the locks: README.md, Packages"


def test_every_command_has_its_module_and_an_example() -> None:
    for name, command in arguments.COMMANDS.items():
        assert (ROOT / "adapters/app" / f"{name}.py").is_file()
        assert all(example.split()[0] == name for example in command.examples)


def test_the_changelog_has_a_place_for_what_comes() -> None:
    assert "\n## Unreleased\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")
