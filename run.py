#!/usr/bin/env python3
"""Sokoni's one entrance: ``python3 run.py --help``.

Needs nothing but Python 3.11: the first command makes ``.venv`` from the lock and goes on in it. Everything up to
``enter`` uses the standard library only. This file parses on Python 3.6 too, so that it can say what is missing.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  (the sentence is for those who have an older one)
    sys.stderr.write(
        "Sokoni needs Python 3.11 or newer; this is Python %d.%d (%s). "  # noqa: UP031
        "Install a newer one and run it by its name, for example: python3.11 run.py\n"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )
    sys.exit(2)

import importlib
import os
from collections.abc import Sequence
from pathlib import Path

from adapters.app.arguments import parse
from adapters.app.environment import enter
from adapters.app.installing import CannotEnter
from engine.errors import BadInput, ConfigError, SokoniError, StoreLocked

ROOT = Path(__file__).resolve().parent
INTERRUPTED = 130
MISTAKES = (CannotEnter, ConfigError, BadInput, StoreLocked)
"""Errors that the person at the keyboard can mend."""


def main(arguments: list[str]) -> int:
    """Run one command. Returns the exit code: 0 well, 1 it failed, 2 a mistake of the user's."""
    options = parse(arguments)
    try:
        enter(ROOT, [str(ROOT / "run.py"), *arguments], dev=options.needs_dev)
        command = importlib.import_module(f"adapters.app.{options.command}")
        return int(command.run(options))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe left, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (CannotEnter, SokoniError) as error:
        return _say([error])
    except BaseExceptionGroup as group:
        return _told(group)


def _told(group: BaseExceptionGroup[BaseException]) -> int:
    """The exit code for what a nursery raised; anything but mistakes and Ctrl-C is a bug and keeps its traceback."""
    known, rest = group.split((SokoniError, KeyboardInterrupt))
    if rest is not None or known is None:
        raise group
    errors = [error for error in _leaves(known) if isinstance(error, SokoniError)]
    return _say(errors) if errors else INTERRUPTED


def _say(errors: Sequence[Exception]) -> int:
    """One sentence for each, and the exit code: 2 when all are mistakes, else 1."""
    for sentence in dict.fromkeys(str(error) for error in errors):
        print(f"sokoni: {sentence}", file=sys.stderr)
    return 2 if all(isinstance(error, MISTAKES) for error in errors) else 1


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    nested = (_leaves(error) if isinstance(error, BaseExceptionGroup) else [error] for error in group.exceptions)
    return [error for errors in nested for error in errors]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
