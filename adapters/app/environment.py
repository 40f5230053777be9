"""The environment that run.py works in: ``.venv``, made from a lock of hashed packages. Standard library only.

    running inside it, marker right ── go on          made, marker right ── re-execute in it
    packages already installed here ── go on          anything else      ── make it anew, then re-execute

The marker (``sokoni.json`` inside the folder) names the digests of the locks that were installed; it is emptied first
and filled last, so whatever stops the making, what is left is not trusted later. The folder itself is the lock file
(flock) of two processes that start at once: it needs no second name and vanishes with the environment.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from adapters.app.installing import CannotEnter, create, install, python_of, say

BASE_LOCK = "requirements.lock"
DEV_LOCK = "requirements-dev.lock"
MARKER = "sokoni.json"


def enter(root: Path, command: Sequence[str], dev: bool) -> None:
    """Return once this interpreter has the locked packages; else make them and start ``command`` anew with them.

    ``dev`` asks for the tools of the developers too. ``SOKONI_VENV`` names another folder than ``root/.venv``.
    Raises CannotEnter.
    """
    folder = Path(os.environ.get("SOKONI_VENV") or root / ".venv").resolve()
    lock = root / (DEV_LOCK if dev else BASE_LOCK)
    if not lock.is_file():
        raise CannotEnter(f"{lock} is missing; get Sokoni's folder whole.")
    inside = Path(sys.prefix).resolve() == folder
    if not trusted(folder, lock):
        if satisfied(lock):
            return
        with _readable_errors(folder):
            make(folder, root, lock)
    elif inside:
        return
    python = str(python_of(folder))
    sys.stdout.flush()
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}  # it would lead out again
    os.execve(python, [python, *command], environ)  # noqa: S606  (no shell is wanted)


def satisfied(lock: Path) -> bool:
    """Whether this very interpreter has every package at the version of the lock, as in a container image."""
    installed = {_normal(found.name): found.version for found in metadata.distributions()}
    return all(installed.get(name) == version for name, version in pins(lock).items())


def pins(lock: Path) -> dict[str, str]:
    """Package → version, without those that the lock wants on some platforms only."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;\\]+) \\$", lock.read_text("utf-8"), re.MULTILINE))


def trusted(folder: Path, lock: Path) -> bool:
    """Whether ``folder`` holds an environment made to the end from this very lock."""
    return _marker(folder).get(lock.name) == _digest(lock) and python_of(folder).exists()


def make(folder: Path, root: Path, lock: Path) -> None:
    """Make the environment, alone; another process that wants the same waits and finds it ready."""
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        if trusted(folder, lock):
            return
        _refuse_foreign(folder)
        if not trusted(folder, root / BASE_LOCK):
            _write_marker(folder, {})
            _clear(folder)
            create(folder)
        install(folder, lock)
        locks = [lock] if lock.name == BASE_LOCK else [lock, root / BASE_LOCK]  # the second holds all of the first
        _write_marker(folder, {each.name: _digest(each) for each in locks})


# -- the folder ------------------------------------------------------------------------------------------------------
def _refuse_foreign(folder: Path) -> None:
    """Never empty a folder that somebody else filled."""
    names = [entry.name for entry in folder.iterdir()]
    if names and not any(name.startswith(MARKER) for name in names):
        raise CannotEnter(
            f"{folder} was not made by run.py. Remove it, or name another folder: SOKONI_VENV=FOLDER python3 run.py …"
        )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, saying so when that means waiting."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting for another run.py that is making {folder} …")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def _readable_errors(folder: Path) -> Iterator[None]:
    """Turn what the file system or Ctrl-C does into a sentence."""
    try:
        yield
    except OSError as error:
        raise CannotEnter(
            f"{folder} can't be written ({error.strerror or error}). "
            "Name a folder that can: SOKONI_VENV=FOLDER python3 run.py …"
        ) from None
    except KeyboardInterrupt:
        say("\nStopped. What was half made will be made anew the next time.")
        raise


def _clear(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != MARKER:
            entry.unlink()


def _marker(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / MARKER).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_marker(folder: Path, digests: Mapping[str, str]) -> None:
    draft = folder / f"{MARKER}.new"
    draft.write_text(json.dumps(digests) + "\n", "utf-8")
    draft.replace(folder / MARKER)


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
