"""A disk after a power cut, made from what a process asked of it (tests/torture/strace.py).

What the model believes, and nothing more:

- Every write to a file that began before a sync of this file began is there once that sync has returned.
- A write after the last such sync is there, or not, or torn: any subset of its 512-byte sectors, in any mixture with
  other writes, and the file may have grown without the data (then it holds zeros). Truncation is there or not.
- A new name, and the absence of an unlinked one, is certain only after its *folder* was synced; before that it is a
  coin's throw. (Real file systems mostly promise more: ext4 keeps the name of a file that was itself synced.)
- The ``-shm`` file is shared memory, not data: it is missing or holds rubbish.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture.strace import Call

SECTOR = 512
"""What a disk writes whole, at the least."""


@dataclass(slots=True)
class _File:
    """``safe`` is what no power cut can take; ``loose`` is what came later, in order, with its place in the log."""

    safe: bytearray = field(default_factory=bytearray)
    loose: list[tuple[int, Call]] = field(default_factory=list)
    name_is_safe: bool = False
    unlinked: bool = False


class Disk:
    """The files as they stand at one place of the log. ``advance`` goes on; ``cut`` pulls the plug."""

    def __init__(self, calls: list[Call], folder: str) -> None:
        self._calls = calls
        self._folder = folder
        self._files: dict[str, list[_File]] = {}  # one name may have had several files, the last is the present one
        self._at = 0
        self.said: list[str] = []

    def advance(self, until: int) -> None:
        """Carry out the log up to and without place ``until``."""
        for place in range(self._at, until):
            self._carry_out(place, self._calls[place])
        self._at = max(self._at, until)

    def _carry_out(self, place: int, call: Call) -> None:
        if call.kind == "said":
            self.said += call.data.decode().split()
        elif call.kind == "create":
            present = self._files.setdefault(call.path, [])
            if not present or present[-1].unlinked:
                present.append(_File())
        elif call.kind == "unlink":
            self._present(call.path).unlinked = True
        elif call.kind == "synced" and call.path == self._folder:
            self._sync_names()
        elif call.kind == "synced":
            self._sync(self._present(call.path), call.begun)
        else:
            self._present(call.path).loose.append((place, call))

    def _present(self, path: str) -> _File:
        return self._files.setdefault(path, [_File()])[-1]

    def _sync(self, file: _File, begun: int) -> None:
        for place, call in file.loose:
            if place < begun:
                _apply(file.safe, call)
        file.loose = [(place, call) for place, call in file.loose if place >= begun]

    def _sync_names(self) -> None:
        for path, files in self._files.items():
            self._files[path] = [file for file in files if not file.unlinked]
            for file in self._files[path]:
                file.name_is_safe = True

    def cut(self, folder: Path, draw: random.Random) -> None:
        """Write into ``folder`` what may be found there when the power goes now."""
        for path, files in self._files.items():
            if (file := _found(files, draw)) is not None:
                (folder / Path(path).name).write_bytes(_content_after_cut(file, draw))
            if path.endswith("-wal") and draw.random() < 0.5:
                (folder / f"{Path(path).name.removesuffix('-wal')}-shm").write_bytes(draw.randbytes(32_768))


def _found(files: list[_File], draw: random.Random) -> _File | None:
    """Which of the files that had this name is there: certain names stay, later changes of names may be lost."""
    found: _File | None = None
    for file in files:
        if file.name_is_safe or draw.random() < 0.5:
            found = file
        if file.unlinked and found is file and draw.random() < 0.5:
            found = None
    return found


def _content_after_cut(file: _File, draw: random.Random) -> bytes:
    content = bytearray(file.safe)
    for _, call in file.loose:
        fate = draw.choice(("there", "absent", "torn"))
        if fate == "there":
            _apply(content, call)
        elif fate == "torn":
            for part in _torn(call, draw):
                _apply(content, part)
    return bytes(content)


def _torn(call: Call, draw: random.Random) -> Iterator[Call]:
    """Some sectors of a write; and mostly the length that it would have given to the file."""
    if call.kind != "write":
        return
    end = call.offset + len(call.data)
    if draw.random() < 0.7:
        yield Call("grow", call.path, end)
    start = call.offset
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        if draw.random() < 0.5:
            yield Call("write", call.path, start, call.data[start - call.offset : stop - call.offset])
        start = stop


def _apply(content: bytearray, call: Call) -> None:
    if call.kind == "truncate":
        del content[call.offset :]
    end = call.offset + len(call.data)
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if call.kind == "write":
        content[call.offset : end] = call.data
