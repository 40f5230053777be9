"""Reading typed settings from a TOML table and the environment, and naming every mistake at once.

A settings struct is a ``msgspec.Struct`` whose fields are leaves: text, numbers, switches, tuples of text, ``Secret``
and ``Path``. Bounds and patterns stand in ``msgspec.Meta``; its ``description`` is what an error says is expected.

    class Settings(msgspec.Struct, frozen=True, kw_only=True):
        phone_number_id: Annotated[str, Meta(pattern=r"^[0-9]+$", description="digits, as the provider shows them")]
        access_token: Secret
        messages_per_second: Annotated[int, Meta(ge=1, le=1000)] = 80

Each value is looked for in the environment first (the variable is the path in upper case), then in the table. A
``Secret`` may stand in a file instead: ``access_token_file``. Relative paths are relative to the configuration file.
A field without a default is required.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

PREFIX = "SOKONI_"
SHOWN_AT_MOST = 60
SECRET_AT_MOST = 10_000
"""Characters; a longer file is not the one that was meant."""
SWITCHES = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
WORDS = {
    inspect.StrType: "text in quotes",
    inspect.BoolType: "true or false",
    inspect.VarTupleType: "a list of texts",
}


class Secret(str):
    """A text that shows itself to nobody: its ``repr``, and so logs and tracebacks of what holds it, hide it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(hidden)" if self else "Secret('')"


def without(text: str, *secrets: str) -> str:
    """A provider's own words without these secrets: some say back what they were given."""
    for secret in filter(None, secrets):
        text = text.replace(secret, "…")
    return text


class No(Enum):
    """Why there is no value."""

    ABSENT = "absent"
    WRONG = "wrong"


class Reader:
    """Reads tables into values and gathers ``problems``: sentences that start with the key."""

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self.problems: list[str] = []
        self._environ = environ
        self.folder = folder
        self._variables: dict[str, str] = {}

    def values(
        self,
        struct: type[msgspec.Struct],
        table: object,
        path: str,
        nested: Collection[str] = (),
        empty_secrets: bool = False,
    ) -> dict[str, Any]:
        """The values of ``struct``'s fields that were given and are right; everything else has become a problem.

        ``nested`` names keys of the table that the caller reads itself. With ``empty_secrets`` a required Secret may
        be absent; it is "" then.
        """
        if not isinstance(table, dict):
            self.problems.append(f"{path}: expected a table, found {shown(table)}")
            return {}
        fields = [field for field in msgspec.structs.fields(struct) if field.name not in nested]
        files = [f"{field.name}_file" for field in fields if field.type is Secret]
        self.refuse_unknown(table, [*(field.name for field in fields), *files, *nested], path)
        found: dict[str, Any] = {}
        for field in fields:
            value = self._value(field, table, f"{path}.{field.name}")
            if value is No.ABSENT and field.required and field.type is Secret and empty_secrets:
                value = Secret("")
            if value is No.ABSENT and field.required:
                self.problems.append(f"{path}.{field.name}: missing; expected {expected(field.type)}")
            if not isinstance(value, No):
                found[field.name] = value
        return found

    def refuse_unknown(self, table: Mapping[str, object], known: Collection[str], path: str) -> None:
        """A key that nobody reads is a mistake of spelling; its value is not shown, for it may be a secret."""
        for key in table:
            if key not in known:
                self.problems.append(f"{path}.{key}: unknown key{meant(key, known)}".removeprefix("."))

    def refuse_unknown_variables(self, ours: Collection[str]) -> None:
        """The same for the environment, once all tables are read. ``ours`` are variables that are no settings."""
        for name in sorted(self._environ):
            if name.startswith(PREFIX) and name not in self._variables and name not in ours:
                self.problems.append(f"{name}: unknown environment variable{meant(name, self._variables)}")

    # -- one value ---------------------------------------------------------------------------------------------------
    def _value(self, field: msgspec.structs.FieldInfo, table: Mapping[str, object], path: str) -> object:
        name, kind = self._variable(path), field.type
        if kind is Secret:
            return self._secret(field.name, table, path)
        if name in self._environ:
            return self._convert(_untext(self._environ[name], kind), kind, path, name, strict=False)
        if field.name in table:
            return self._convert(table[field.name], kind, path, path, strict=True)
        return No.ABSENT

    def _variable(self, path: str) -> str:
        """The environment variable of a path; two paths that make the same one are a problem."""
        name = PREFIX + path.upper().replace(".", "_").replace("-", "_")
        other = self._variables.setdefault(name, path)
        if other != path:
            self.problems.append(f"{path}: its environment variable {name} is also that of {other}; rename the shop")
        return name

    def _secret(self, key: str, table: Mapping[str, object], path: str) -> object:
        """From exactly one place; the environment as a whole goes before the file."""
        name, file_name = self._variable(path), self._variable(f"{path}_file")
        for places, source in (((name, file_name), self._environ), ((key, f"{key}_file"), table)):
            given = [place for place in places if place in source]
            if len(given) == 2:
                self.problems.append(f"{path}: given twice, as {given[0]} and as {given[1]}; leave one")
                return No.WRONG
            if given:
                where = given[0] if source is self._environ else f"{path.removesuffix(key)}{given[0]}"
                value = self._from_file(source[given[0]], where) if given[0] == places[1] else source[given[0]]
                return value if isinstance(value, No) else self._convert(value, Secret, path, where, strict=True)
        return No.ABSENT

    def _from_file(self, place: object, where: str) -> str | No:
        if not isinstance(place, str) or not place:
            self.problems.append(f"{where}: expected the path of a file that holds the secret, found {shown(place)}")
            return No.WRONG
        try:
            with (self.folder / Path(place).expanduser()).open(encoding="utf-8") as file:
                return file.read(SECRET_AT_MOST).strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a text file"
            self.problems.append(f"{where}: the secret can't be read from {place} ({reason})")
            return No.WRONG

    def _convert(self, raw: object, kind: Any, path: str, where: str, strict: bool) -> object:
        try:
            return msgspec.convert(raw, kind, strict=strict, dec_hook=self._custom)
        except (msgspec.ValidationError, ValueError, OverflowError):
            found = "a value that is not shown here" if kind is Secret else shown(raw)
            via = "" if where == path else f" (from {where})"
            self.problems.append(f"{path}: expected {expected(kind)}, found {found}{via}")
            return No.WRONG

    def _custom(self, kind: type, raw: object) -> object:
        if not isinstance(raw, str) or not raw:
            raise ValueError("text is expected")
        if kind is Path:
            return self.folder / Path(raw).expanduser()
        if not raw.isascii() or not raw.isprintable() or " " in raw or len(raw) >= SECRET_AT_MOST:
            raise ValueError("not a secret that fits into an HTTP header")
        return Secret(raw)


def expected(kind: Any) -> str:
    """What a field takes, in words."""
    info = inspect.type_info(kind)
    if isinstance(info, inspect.Metadata):
        described = (info.extra_json_schema or {}).get("description")
        return str(described) if described else _plain(info.type)
    return _plain(info)


def _plain(info: inspect.Type) -> str:
    if isinstance(info, inspect.CustomType):
        return "a path" if info.cls is Path else "a secret: text without spaces"
    if isinstance(info, (inspect.IntType, inspect.FloatType)):
        noun = "a whole number" if isinstance(info, inspect.IntType) else "a number"
        low = f" from {info.ge}" if info.ge is not None else ""
        return noun + low + (f" to {info.le}" if info.le is not None else "")
    return WORDS[type(info)]


def shown(value: object) -> str:
    """A value as it may stand in an error: short, and printable."""
    text = "true" if value is True else "false" if value is False else ascii(value)
    if isinstance(value, str) and value.isprintable():
        text = f'"{value}"'
    return text if len(text) <= SHOWN_AT_MOST else f"{text[:SHOWN_AT_MOST]}…"


def meant(word: str, known: Iterable[str]) -> str:
    """``; did you mean …?``, or what is known when that is little, or nothing."""
    words = list(known)
    close = difflib.get_close_matches(word, words, n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; known are {', '.join(words)}" if 0 < len(words) <= 12 else ""


def _untext(text: str, kind: Any) -> object:
    """A variable's text as the value that TOML would have given, as far as that can be told."""
    info = inspect.type_info(kind)
    plain = info.type if isinstance(info, inspect.Metadata) else info
    if isinstance(plain, inspect.BoolType):
        return SWITCHES.get(text.strip().lower(), text)
    if isinstance(plain, inspect.VarTupleType):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text
