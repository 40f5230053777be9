"""Reading what a request holds into structs, and naming every faulty field at once.

msgspec alone stops at the first fault; so each field is converted by itself, and then checked (adapters.api.fields).
"""

from __future__ import annotations

import re
from typing import Any, TypeVar, get_args
from urllib.parse import parse_qsl

import msgspec
from msgspec import NODEFAULT, inspect

from adapters.api.answers import Refusal, faulty
from adapters.api.fields import check_of
from adapters.settings import expected, meant

S = TypeVar("S", bound=msgspec.Struct)
Info = TypeVar("Info", bound=inspect.Type)

FAULTS_AT_MOST = 100
"""Named in one answer; a list of scans could hold more."""
PAIRS_AT_MOST = 50
"""Parameters of one query."""
NAME_AT_MOST = 60
"""Characters of a field's name that are shown; nobody's field is longer."""

_WHOLE = re.compile(r"-?[0-9]{1,15}")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")


def body(raw: bytes, kind: type[S]) -> S:
    """A JSON body as its struct; no body at all is an empty object. Raises Refusal, 400."""
    try:
        given = msgspec.json.decode(raw) if raw else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal(400, "The body is not JSON that can be read.") from None
    if not isinstance(given, dict):
        raise Refusal(400, "The body must be a JSON object.")
    return _Reading().whole(given, kind)


def query(raw: bytes, kind: type[S]) -> S:
    """A query string as its struct. Raises Refusal, 400."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=PAIRS_AT_MOST)
    except ValueError:
        raise Refusal(400, "The query can't be read.") from None
    reading = _Reading()
    numbers = {one.encode_name for one in msgspec.structs.fields(kind) if _plain(one.type, inspect.IntType)}
    decimals = {one.encode_name for one in msgspec.structs.fields(kind) if _plain(one.type, inspect.FloatType)}
    given: dict[str, object] = {}
    for name, text in pairs:
        if name in given:
            reading.fault(name, "it is given twice")
        if name in numbers and _WHOLE.fullmatch(text):
            given[name] = int(text)
        else:
            given[name] = float(text) if name in decimals and _DECIMAL.fullmatch(text) else text
    return reading.whole(given, kind)


def fault_of(value: str, kind: Any) -> str:
    """What is wrong with a text that stands in a path or a header, "" when nothing is."""
    reading = _Reading()
    reading.value(value, kind, "")
    return next(iter(reading.faults.values()), "")


class _Reading:
    """One request as it is read; ``faults`` are sentences by the path of a field: ``scans[3].token``."""

    def __init__(self) -> None:
        self.faults: dict[str, str] = {}
        self._count = 0
        """Of all faults, those that are not named too."""

    def whole(self, given: dict[str, object], kind: type[S]) -> S:
        read = self.struct(given, kind, "")
        if read is None or self.faults:
            raise faulty(self.faults)
        return read

    def fault(self, path: str, why: str) -> Any:
        """Note a fault, the first of a field; None, for what can't be read."""
        self._count += 1
        if len(self.faults) < FAULTS_AT_MOST:
            self.faults.setdefault(path, why)
        return None

    def struct(self, given: dict[str, object], kind: type[S], path: str) -> S | None:
        """The struct, or None when anything in it is faulty."""
        before = self._count
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        for name in given.keys() - fields.keys():
            self.fault(path + name[:NAME_AT_MOST], f"there is no such field{meant(name[:NAME_AT_MOST], fields)}")
        values: dict[str, Any] = {}
        for name, field in fields.items():
            if name in given:
                values[field.name] = self.value(given[name], field.type, path + name)
            elif field.default is NODEFAULT and field.default_factory is NODEFAULT:
                self.fault(path + name, f"it is missing; expected {expected(field.type)}")
        return kind(**values) if self._count == before else None

    def value(self, value: object, kind: Any, path: str) -> Any:
        """One value, converted and checked; None when a fault was noted, or where it may be null and is."""
        if type(None) in get_args(kind):
            if value is None:
                return None
            kind = next(one for one in get_args(kind) if one is not type(None))
        inner = _plain(kind, inspect.StructType)
        if inner is not None:
            known = isinstance(value, dict)
            return self.struct(value, inner.cls, f"{path}.") if known else self.fault(path, "expected an object")  # type: ignore[arg-type]
        items = _plain(kind, inspect.ListType)
        if items is not None and isinstance(items.item_type, inspect.StructType):
            return self._list(value, items, expected(kind), path)
        try:
            read = msgspec.convert(_as_json_means(value, kind), kind)
        except (msgspec.ValidationError, ValueError, OverflowError):
            return self.fault(path, f"expected {expected(kind)}")
        if problem := _problem(read, kind):
            return self.fault(path, problem)
        return read

    def _list(self, value: object, kind: inspect.ListType, wanted: str, path: str) -> list[Any] | None:
        """A list of objects, each fault with its place."""
        assert isinstance(kind.item_type, inspect.StructType)
        if not isinstance(value, list) or not _fits(len(value), kind):
            self.fault(path, f"expected {wanted}")
            return None
        read = []
        for place, item in enumerate(value):
            if isinstance(item, dict):
                read.append(self.struct(item, kind.item_type.cls, f"{path}[{place}]."))
            else:
                self.fault(f"{path}[{place}]", "expected an object")
        return read


def _fits(length: int, kind: inspect.ListType) -> bool:
    most = kind.max_length
    return length >= (kind.min_length or 0) and (most is None or length <= most)


def _as_json_means(value: object, kind: Any) -> object:
    """JSON has one kind of number: 2.0 is a whole one."""
    whole = isinstance(value, float) and value.is_integer() and _plain(kind, inspect.IntType) is not None
    return int(value) if whole and isinstance(value, float) else value


def _problem(read: object, kind: Any) -> str:
    """What a schema can't say, or Python reads otherwise: its "$" matches before a last line break, JSON's does not."""
    text = _plain(kind, inspect.StrType)
    if text is not None and text.pattern and isinstance(read, str) and read.endswith("\n"):
        return f"expected {expected(kind)}"
    info = inspect.type_info(kind)
    check = check_of(info.extra) if isinstance(info, inspect.Metadata) else None
    return check(read) if check is not None else ""


def _plain(kind: Any, wanted: type[Info]) -> Info | None:
    """What msgspec knows of a type below its Meta, when it is of this sort."""
    info = inspect.type_info(kind)
    plain = info.type if isinstance(info, inspect.Metadata) else info
    return plain if isinstance(plain, wanted) else None
