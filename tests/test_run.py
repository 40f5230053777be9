"""run.py: the first command anybody types here. Environments are made from tiny wheels in a folder; no network."""

from __future__ import annotations

import ast
import base64
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from adapters.app import environment, pip_wheel

ROOT = Path(__file__).resolve().parents[1]
PYTHON = str(getattr(sys, "_base_executable", sys.executable))
ENTRANCE = ("arguments.py", "environment.py", "installing.py", "pip_wheel.py")

ECHO = """
import argparse
import sys
from importlib import metadata


def run(options: argparse.Namespace) -> int:
    print(sys.prefix, *sorted(d.name for d in metadata.distributions() if d.name.startswith("tiny")), *options.rest)
    return 0
"""


def wheel(folder: Path, name: str, version: str) -> str:
    """A wheel with nothing in it but its name; its line for a lock."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(zipfile.ZipInfo(file), text)  # without the time, so that its hash stays
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            lines.append(f"{file},sha256={digest},{len(text)}")
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), "\n".join([*lines, f"{info}/RECORD,,"]) + "\n")
    return f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def _heeds_ctrl_c() -> None:
    """A shell starts what goes on in its background with SIGINT ignored, and that is inherited."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Clone:
    """A fresh clone with an empty shop in it: run.py and its entrance, locks of tiny packages, and one command."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.wheels = root.parent / "wheels"
        app = root / "adapters" / "app"
        app.mkdir(parents=True)
        (root / "engine").mkdir()
        shutil.copy(ROOT / "run.py", root)
        shutil.copy(ROOT / "engine/errors.py", root / "engine")
        for name in ENTRANCE:
            shutil.copy(ROOT / "adapters/app" / name, app)
        (app / "test.py").write_text(ECHO)
        self.lock(tiny="1.0")
        if importlib.util.find_spec("ensurepip") is None:
            pip_as_wheel(self)

    def lock(self, **packages: str) -> None:
        base = "".join(wheel(self.wheels, name, version) for name, version in packages.items())
        (self.root / "requirements.lock").write_text(base)
        (self.root / "requirements-dev.lock").write_text(base + wheel(self.wheels, "tinytool", "1.0"))

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def marker(self) -> Path:
        return self.venv / environment.MARKER

    def environ(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG")}
        pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
        return kept | {"HOME": str(self.root.parent)} | pip | more

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [PYTHON, str(self.root / "run.py"), *arguments],
            env=self.environ(**environ),
            cwd=self.root.parent,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_heeds_ctrl_c,
        )

    def run(self, *arguments: str, **environ: str) -> tuple[int, str, str]:
        process = self.start(*arguments, **environ)
        out, err = process.communicate()
        return process.returncode, out, err


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "a shop's folder")


@pytest.fixture(scope="module")
def ready_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a clone whose environment was made once, to be copied."""
    ready = Clone(tmp_path_factory.mktemp("ready") / "shop")
    assert ready.run("test")[0] == 0
    return ready.root


@pytest.fixture
def ready(clone: Clone, ready_folder: Path) -> Clone:
    """A clone whose environment is there already (a copied one finds its own packages all the same)."""
    shutil.copytree(ready_folder / ".venv", clone.venv, symlinks=True)
    return clone


@pytest.fixture
def base_only(ready: Clone) -> Clone:
    """A clone whose environment was made by another command than ``test``: the tools are still to be installed."""
    digests = json.loads(ready.marker.read_text())
    ready.marker.write_text(json.dumps({environment.BASE_LOCK: digests[environment.BASE_LOCK]}))
    python = str(ready.venv / "bin" / "python")
    subprocess.run([python, "-m", "pip", "uninstall", "-qy", "tinytool"], env=ready.environ(), check=True)
    return ready


# -- before anything -------------------------------------------------------------------------------------------------
def test_run_py_parses_on_pythons_that_are_too_old() -> None:
    ast.parse((ROOT / "run.py").read_text("utf-8"), feature_version=(3, 7))


def test_an_old_python_is_told_what_to_do() -> None:
    pretend = "import runpy, sys; sys.version_info = (3, 9, 2); runpy.run_path('run.py', run_name='__main__')"
    found = subprocess.run([PYTHON, "-c", pretend], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 2
    assert re.fullmatch(r"Sokoni needs Python 3\.11 or newer; this is Python 3\.9 .*\n", found.stderr)


def test_help_needs_no_environment(clone: Clone) -> None:
    code, out, _ = clone.run("--help")
    assert code == 0
    assert "run the tests" in out
    code, out, _ = clone.run("test", "--help")
    assert code == 0
    assert "python3 run.py test tests/engine -k cart" in out
    assert not clone.venv.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["tets"], "invalid choice"), (["--colour"], "required|unrecognized"), ([], "usage")],
    ids=["a misspelt command", "an unknown option", "nothing"],
)
def test_a_mistake_on_the_command_line_is_a_sentence_and_exit_code_2(
    clone: Clone, arguments: list[str], said: str
) -> None:
    code, out, err = clone.run(*arguments)
    assert (code, out) == (2, "")
    assert re.search(said, err)
    assert "Traceback" not in err


ENDS = [
    ("a mistake of the user's", 'raise ConfigError("bind: no")', 2, "sokoni: bind: no\n"),
    ("one that a nursery wrapped, twice", 'raise ExceptionGroup("", [BadInput("a"), BadInput("a")])', 2, "sokoni: a\n"),
    ("a failure of the machine's", 'raise StoreFailed("disk")', 1, "sokoni: disk\n"),
    ("Ctrl-C in a nursery", 'raise BaseExceptionGroup("", [KeyboardInterrupt()])', 130, ""),
    ("a bug", 'raise ExceptionGroup("", [BadInput("a"), ZeroDivisionError()])', 1, "ZeroDivisionError\n"),
    ("a figure that missed its threshold", "return 1", 1, ""),
]


def test_a_command_ends_with_the_exit_code_of_whose_fault_it_was(ready: Clone) -> None:
    for title, ending, expected, said in ENDS:
        command = f"from engine.errors import *\n\n\ndef run(options):\n    {ending}\n"
        (ready.root / "adapters/app/test.py").write_text(command)
        code, out, err = ready.run("test", PYTHONDONTWRITEBYTECODE="1")
        assert (code, out) == (expected, ""), title
        assert err == said if not title.startswith("a bug") else said.strip() in err, title


# -- making ----------------------------------------------------------------------------------------------------------
def test_the_first_command_makes_the_environment_and_the_next_finds_it(clone: Clone) -> None:
    code, out, err = clone.run("test", "-k", "cart", "--x")
    assert code == 0, err
    assert out == f"{clone.venv} tiny tinytool -k cart --x\n"
    assert err.splitlines()[0].startswith(f"Making {clone.venv} (Python 3.")
    assert err.splitlines()[1].startswith("Installing 2 packages from requirements-dev.lock (about ")
    assert clone.run("test") == (0, f"{clone.venv} tiny tinytool\n", "")


def test_another_folder_can_be_named(ready: Clone, tmp_path: Path) -> None:
    elsewhere = ready.venv.rename(tmp_path / "elsewhere")
    assert ready.run("test", SOKONI_VENV=str(elsewhere)) == (0, f"{elsewhere} tiny tinytool\n", "")
    assert not ready.venv.exists()


def test_a_changed_lock_renews_the_environment(ready: Clone) -> None:
    ready.lock(tinynew="2.0")
    code, out, err = ready.run("test")
    assert code == 0, err
    assert out.split()[-2:] == ["tinynew", "tinytool"], "what the new lock does not name is gone"


@pytest.mark.parametrize("spoil", ["half made", "another lock", "no marker", "a broken marker", "no python"])
def test_an_environment_that_is_not_whole_or_not_of_this_lock_is_not_trusted(ready: Clone, spoil: str) -> None:
    lock = ready.root / "requirements-dev.lock"
    assert environment.trusted(ready.venv, lock), "as it stands it is"
    match spoil:
        case "half made":
            ready.marker.write_text("{}\n")
        case "another lock":
            ready.lock(tiny="1.1")
        case "no marker":
            ready.marker.unlink()
        case "a broken marker":
            ready.marker.write_text("[")
        case _:
            (ready.venv / "bin" / "python").unlink()
    assert not environment.trusted(ready.venv, lock)


def test_the_developers_tools_are_added_to_a_whole_environment(base_only: Clone) -> None:
    code, out, err = base_only.run("test")
    assert (code, out) == (0, f"{base_only.venv} tiny tinytool\n")
    assert "Making" not in err


def test_a_folder_that_somebody_else_filled_is_left_alone(clone: Clone) -> None:
    clone.venv.mkdir()
    (clone.venv / "thesis.txt").write_text("years of work")
    code, _, err = clone.run("test")
    assert code == 2
    assert err.startswith(f"sokoni: {clone.venv} was not made by run.py. Remove it, or name another folder: ")
    assert (clone.venv / "thesis.txt").exists()


def test_without_the_packages_there_is_a_sentence_and_nothing_that_is_trusted_later(clone: Clone) -> None:
    shutil.rmtree(clone.wheels)
    code, out, err = clone.run(
        "test", PIP_NO_INDEX="", PIP_FIND_LINKS="", PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="0"
    )
    assert (code, out) == (2, "")
    assert "sokoni: The packages could not be fetched. Check the network" in err
    assert "Traceback" not in err
    assert json.loads(clone.marker.read_text()) == {}


def test_a_package_that_was_altered_is_refused(base_only: Clone) -> None:
    with zipfile.ZipFile(base_only.wheels / "tinytool-1.0-py3-none-any.whl", "a") as archive:
        archive.writestr("evil.py", "")
    code, _, err = base_only.run("test")
    assert code == 2
    assert "A downloaded package is not the one that the lock names" in err


def test_a_folder_that_cannot_be_written_is_a_sentence(clone: Clone, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, _, err = clone.run("test", SOKONI_VENV=str(tmp_path / "file" / "venv"))
    assert code == 2
    assert re.fullmatch(r"sokoni: .* can't be written \(Not a directory\)\. Name a folder that can: .*\n", err)


def test_settings_of_pip_that_point_elsewhere_do_not_lead_the_packages_astray(base_only: Clone, tmp_path: Path) -> None:
    code, out, err = base_only.run(
        "test", PIP_TARGET=str(tmp_path / "astray"), PIP_USER="1", PIP_REQUIRE_VIRTUALENV="1"
    )
    assert code == 0, err
    assert out.endswith("tiny tinytool\n")


def test_of_two_that_start_at_once_one_makes_and_the_other_waits(ready: Clone) -> None:
    """The first is this test, which holds the folder as a run.py does that is at work."""
    digests = ready.marker.read_text()
    ready.marker.write_text("{}\n")
    holding = os.open(ready.venv, os.O_RDONLY)
    fcntl.flock(holding, fcntl.LOCK_EX)
    second = ready.start("test")
    assert second.stderr is not None
    assert second.stderr.readline() == f"Waiting for another run.py that is making {ready.venv} …\n"
    ready.marker.write_text(digests)
    os.close(holding)
    out, err = second.communicate()
    assert (second.returncode, out, err) == (0, f"{ready.venv} tiny tinytool\n", ""), "it found it ready"


def test_ctrl_c_leaves_nothing_that_is_trusted_later(clone: Clone) -> None:
    process = clone.start("test")
    assert process.stderr is not None
    assert process.stderr.readline().startswith("Making")
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate()
    assert (process.returncode, err) == (130, "\nStopped. What was half made will be made anew the next time.\n")
    assert json.loads(clone.marker.read_text()) == {}


def test_where_the_packages_are_installed_already_no_environment_is_made(ready: Clone, tmp_path: Path) -> None:
    """As in a container image: here the interpreter of one environment runs, and is asked for another."""
    found = subprocess.run(
        [str(ready.venv / "bin" / "python"), str(ready.root / "run.py"), "test"],
        env=ready.environ(SOKONI_VENV=str(tmp_path / "not-needed")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout) == (0, f"{ready.venv} tiny tinytool\n")
    assert not (tmp_path / "not-needed").exists()


# -- a Python without pip --------------------------------------------------------------------------------------------
@pytest.fixture
def no_ensurepip(clone: Clone) -> Clone:
    """Debian's python3 without python3-venv: there is venv, but no ensurepip."""
    entrance = clone.root / "run.py"
    hide = "import sys\nsys.modules['ensurepip'] = None\nimport importlib.util\n_find = importlib.util.find_spec\n"
    hide += (
        "importlib.util.find_spec = lambda name, package=None: None if name == 'ensurepip' else _find(name, package)\n"
    )
    entrance.write_text(hide + entrance.read_text("utf-8"), "utf-8")
    return clone


def pip_as_wheel(clone: Clone) -> None:
    """Put a real pip, the one of this environment packed again, where the pinned one is looked for."""
    import pip

    package = Path(pip.__file__).parent
    target = clone.wheels / pip_wheel.WHEEL
    version = pip_wheel.WHEEL.split("-")[1]
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(package.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, f"pip/{file.relative_to(package)}")
        info = f"pip-{version}.dist-info"
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: pip\nVersion: {version}\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    source = clone.root / "adapters/app/pip_wheel.py"
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    source.write_text(source.read_text("utf-8").replace(pip_wheel.SHA256, digest), "utf-8")


def test_a_python_without_ensurepip_gets_pip_as_a_pinned_wheel(no_ensurepip: Clone) -> None:
    pip_as_wheel(no_ensurepip)
    code, out, err = no_ensurepip.run("test")
    assert code == 0, err
    assert "This Python comes without pip: fetching it …" in err
    assert out.endswith("tiny tinytool\n")


def test_a_wheel_of_pip_that_was_altered_is_never_run(no_ensurepip: Clone) -> None:
    (no_ensurepip.wheels / pip_wheel.WHEEL).write_bytes(b"not pip")
    code, _, err = no_ensurepip.run("test")
    assert code == 2
    assert "what was found there is not the file that was meant" in err
    assert not (no_ensurepip.venv / pip_wheel.WHEEL).exists()


def test_without_pip_and_without_a_network_the_line_to_run_is_printed(no_ensurepip: Clone) -> None:
    code, _, err = no_ensurepip.run(
        "test", PIP_NO_INDEX="", PIP_FIND_LINKS="", PIP_INDEX_URL="http://127.0.0.1:9/simple"
    )
    assert code == 2
    assert "Connection refused" in err
    assert err.endswith("Or, on Debian and Ubuntu, run: sudo apt install python3-venv\n")
