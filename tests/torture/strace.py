"""What a process asked of the disk, read from the log that strace wrote of it.

SQLite asks with few words here: no mmap of the database, no rename, no vectored writes. A call on the database's files
that this reader does not know makes the log useless, and raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

TRACED = ("open", "openat", "creat", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "unlink", "unlinkat")
UNKNOWN = ("rename", "renameat", "renameat2", "pwritev", "pwritev2", "writev", "fallocate", "sync_file_range", "msync")

OPTIONS = ("-f", "-y", "-xx", "-s", "1000000", "-e", f"trace={','.join((*TRACED, *UNKNOWN))}")
"""All threads, paths beside descriptors, every byte of every string in hexadecimal."""


class UnknownCall(Exception):
    """The log holds a call that nobody here can judge."""


@dataclass(frozen=True, slots=True)
class Call:
    """One step, in order. ``kind``: create, write, truncate (``offset`` is the new size), unlink, synced (``begun`` is
    the place in the log where the sync began), or said (an acknowledgement, in ``data``)."""

    kind: str
    path: str
    offset: int = 0
    data: bytes = b""
    begun: int = -1


_LINE = re.compile(r"(?P<thread>\d+) +(?P<rest>.*)")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(?P<rest>.*)")
_CALL = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)")
_ON_FILE = re.compile(r'\d+<(?P<path>[^>]*)>(?:, "(?P<data>[^"]*)")?(?P<numbers>(?:, -?\d+)*)')
_NAMED = re.compile(r'"(?P<path>(?:\\x[0-9a-f]{2})+)"')
_RESULT = re.compile(r"\) += (-?\d+)[^)]*(?:\([^)]*\))?$")
UNFINISHED = "<unfinished ...>"


def parse(log: Path, folder: Path, said: Path) -> list[Call]:
    """The calls on files of ``folder`` and the acknowledgements written to ``said``, in order. Raises UnknownCall."""
    reader = _Reader(str(folder), str(said))
    with log.open(encoding="latin-1") as lines:
        for line in lines:
            if match := _LINE.fullmatch(line.rstrip("\n")):
                reader.read(int(match["thread"]), match["rest"])
    return reader.calls


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


class _Reader:
    """Line by line; a call that another thread interrupted in the log is put together again."""

    def __init__(self, folder: str, said: str) -> None:
        self.calls: list[Call] = []
        self._folder = folder
        self._said = said
        self._under_way: dict[int, tuple[str, int]] = {}
        self._names: set[str] = set()

    def read(self, thread: int, rest: str) -> None:
        if match := _RESUMED.fullmatch(rest):
            begun, place = self._under_way.pop(thread)
            self._end(begun + match["rest"], place)
        elif rest.endswith(UNFINISHED):
            begun = rest.removesuffix(UNFINISHED).rstrip()
            self._under_way[thread] = (begun, len(self.calls))
            self._begin(begun)
        else:
            place = len(self.calls)
            self._begin(rest)
            self._end(rest, place)

    def _begin(self, text: str) -> None:
        """Writes and truncations may reach the disk as soon as they begin."""
        call = _CALL.match(text)
        on = _ON_FILE.match(call["arguments"]) if call else None
        if call is None or on is None:
            return
        path, numbers = _bytes(on["path"]).decode(), [int(number) for number in re.findall(r"-?\d+", on["numbers"])]
        if path == self._said and call["name"] == "write":
            self.calls.append(Call("said", path, data=_bytes(on["data"])))
        elif not self._ours(path):
            return
        elif call["name"] == "pwrite64":
            self.calls.append(Call("write", path, numbers[1], _bytes(on["data"])))
        elif call["name"] == "ftruncate":
            self.calls.append(Call("truncate", path, numbers[0]))
        elif call["name"] not in TRACED or call["name"] == "write":
            raise UnknownCall(f"the model of a disk does not know {call['name']} on {path}")

    def _end(self, text: str, place: int) -> None:
        """Names and syncs count when the call has returned, and only when it went well."""
        call, result = _CALL.match(text), _RESULT.search(text)
        if call is None or result is None or int(result[1]) < 0:
            return
        name, arguments = call["name"], call["arguments"]
        if name in ("fsync", "fdatasync"):
            path = _bytes(_ON_FILE.match(arguments)["path"]).decode()  # type: ignore[index]
            if self._ours(path) or path == self._folder:
                self.calls.append(Call("synced", path, begun=place))
        elif named := _NAMED.search(arguments):
            self._named(name, _bytes(named["path"]).decode(errors="replace"), arguments)

    def _named(self, name: str, path: str, arguments: str) -> None:
        if not self._ours(path):
            return
        if name in ("unlink", "unlinkat"):
            self._names.discard(path)
            self.calls.append(Call("unlink", path))
        elif name.startswith("rename"):
            raise UnknownCall(f"the model of a disk does not know {name} of {path}")
        elif path not in self._names and (name == "creat" or "O_CREAT" in arguments):
            self._names.add(path)
            self.calls.append(Call("create", path))

    def _ours(self, path: str) -> bool:
        return path.startswith(self._folder + "/") and not path.endswith((".lock", "-shm"))
