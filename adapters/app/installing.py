"""Filling the environment: ``venv``, pip, and the packages of a lock, with progress. Standard library only.

What pip complains of is turned into one sentence that says what to do.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from adapters.app import pip_wheel

SECONDS_PER_PACKAGE = 0.4
"""What installing one takes on a small server, for the estimate that the user is shown."""
RETRIES = "2"
"""pip's own five take half a minute to say that there is no network."""

MISDIRECTING = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV")
"""pip settings of the user that would put the packages elsewhere than into the environment."""

APT = "sudo apt install python3-venv"

SENTENCES = {
    "DO NOT MATCH THE HASHES": "A downloaded package is not the one that the lock names, so nothing was installed. "
    "The index or a proxy altered it: try another network or mirror.",
    "No space left": "The disk is full. Free about 200 MB and run the same command again.",
    "CERTIFICATE_VERIFY_FAILED": "The package index shows a certificate that is not trusted here. "
    "Behind a company proxy, set PIP_CERT to its certificate file.",
}
NETWORK = (
    "The packages could not be fetched. Check the network and run the same command again; "
    "without one, set PIP_INDEX_URL to a mirror or PIP_FIND_LINKS to a folder of their wheels."
)
NETWORK_SIGNS = (
    "NewConnectionError",
    "ConnectionError",
    "Max retries",
    "No matching distribution",
    "timed out",
    "ProxyError",
)


class CannotEnter(Exception):
    """The environment can't be had; the sentence says what to do."""


def create(folder: Path) -> None:
    """An environment with pip in it, by ``ensurepip`` or, where a distribution leaves that out, from the index.

    Raises CannotEnter.
    """
    if importlib.util.find_spec("venv") is None:
        raise CannotEnter(f"This Python comes without its venv module. On Debian and Ubuntu run: {APT}")
    say(f"Making {folder} (Python {sys.version_info[0]}.{sys.version_info[1]}) …")
    venv = [_base_python(), "-I", "-m", "venv"]
    if importlib.util.find_spec("ensurepip") is not None and _run([*venv, str(folder)]) is None:
        return
    complaint = _run([*venv, "--without-pip", str(folder)])
    if complaint is not None:
        raise CannotEnter(f"{folder} could not be made: {_last(complaint)}")
    say("This Python comes without pip: fetching it …")
    try:
        wheel = pip_wheel.fetch(folder)
    except pip_wheel.NotFetched as error:
        raise CannotEnter(f"{error} Or, on Debian and Ubuntu, run: {APT}") from None
    by_wheel = [str(python_of(folder)), "-I", f"{wheel}/pip"]
    complaint = _run([*by_wheel, "install", "--quiet", "--no-index", "--no-deps", str(wheel)])
    if complaint is not None:
        raise CannotEnter(f"pip could not be installed: {_last(complaint)}")


def _base_python() -> str:
    """Not ``sys.executable``: that may lie in the folder that is about to be emptied."""
    return str(getattr(sys, "_base_executable", "") or sys.executable)


def install(folder: Path, lock: Path) -> None:
    """Put the packages of ``lock`` into the environment, each checked against its hash. Raises CannotEnter."""
    count = len(re.findall(r"^\S+==", lock.read_text("utf-8"), re.MULTILINE))
    say(f"Installing {count} packages from {lock.name} (about {count * SECONDS_PER_PACKAGE:.0f} s) …")
    pip = [str(python_of(folder)), "-I", "-m", "pip", "install", "--progress-bar", "off", "--no-input", "--no-deps"]
    if "PIP_RETRIES" not in os.environ:
        pip += ["--retries", RETRIES]
    complaint = _run([*pip, "--no-warn-script-location", "--require-hashes", "-r", str(lock)], _Progress(count))
    if complaint is not None:
        _explain(complaint)
    say("Ready.")


class _Progress:
    """Counts what pip collects; on a terminal only, in one line."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._seen = 0
        self._terminal = sys.stderr.isatty()

    def line(self, line: str) -> None:
        if not self._terminal:
            return
        if line.startswith(("Collecting ", "Requirement already satisfied: ")):
            self._seen += 1
            name = line.removeprefix("Requirement already satisfied: ").removeprefix("Collecting ").split("==")[0]
            sys.stderr.write(f"\r\x1b[K  {self._seen}/{self._total} {name}")
        elif line.startswith("Installing collected packages"):
            sys.stderr.write("\r\x1b[K  putting them in place …")
        elif line.startswith(("Successfully installed", "ERROR")):
            sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _run(command: Sequence[str], progress: _Progress | None = None) -> str | None:
    """None when it went well, else all that it said."""
    said: list[str] = []
    environ = {name: value for name, value in os.environ.items() if name not in MISDIRECTING}
    environ |= {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(  # noqa: S603  (our own words, no shell)
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None  # PIPE was asked for
        try:
            for line in process.stdout:
                said.append(line)
                if progress is not None:
                    progress.line(line)
        except BaseException:
            process.terminate()
            raise
    return None if process.returncode == 0 else "".join(said) or f"exit code {process.returncode}"


def _explain(complaint: str) -> NoReturn:
    for sign, sentence in SENTENCES.items():
        if sign in complaint:
            raise CannotEnter(sentence)
    if any(sign in complaint for sign in NETWORK_SIGNS):
        raise CannotEnter(f"{NETWORK} (pip: {_last(complaint)})")
    raise CannotEnter(f"The packages could not be installed. pip says: {_last(complaint)}")


def _last(complaint: str) -> str:
    """The last error that was printed, or else the last line."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()] or ["nothing"]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines)[-1].removeprefix("ERROR:").strip()


def say(text: str) -> None:
    """Progress goes to stderr: what a command prints on stdout may be read by a program."""
    print(text, file=sys.stderr, flush=True)


def python_of(folder: Path) -> Path:
    """The interpreter of an environment."""
    return folder / "bin" / "python"
