"""``run.py phrases``: what the shop says and in which languages; with ``--write`` the translators' files are renewed.

A phrase is what stands in the code as ``say(…, "phrase")``, ``say_count(…, "one", "many", …)`` or ``phrase("…")``.
It is found by reading the code, not by running it, so that no phrase is forgotten that is seldom said.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from io import SEEK_END, BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from engine import locales
from engine.errors import ConfigError

ROOT = Path(locales.__file__).resolve().parents[2]
PLACES = ("engine", "adapters")
WIDTH = 116
SAID: dict[str, tuple[int, ...]] = {"say": (1,), "say_count": (1, 2), "phrase": (0,)}
"""Function → which of its arguments are phrases, counted from 0."""

Phrase = tuple[str, ...]
"""A phrase, or the English singular and plural of a counted one."""


def run(options: argparse.Namespace) -> int:
    """Say what is missing in each language; 1 when something is. ``--write``: bring the files up to the code first."""
    template = collected()
    missing = 0
    for language in [options.language] if options.language else locales.languages():
        catalog = merged(language, template)
        if options.write:
            _path(language).write_bytes(written(language, catalog))
        lacking = untranslated(catalog)
        missing += len(lacking)
        print(f"{language}: {len(catalog) - len(lacking)} of {len(catalog)} phrases")
        for message in lacking:
            print(f"  {message.locations[0][0]}: {message.id if isinstance(message.id, str) else message.id[1]!r}")
    return 1 if missing else 0


# -- the code ------------------------------------------------------------------------------------------------------
def collected() -> Catalog:
    """Every phrase in the code, with the files it stands in, in their order."""
    catalog = Catalog()
    for path in sorted(found for place in PLACES for found in (ROOT / place).rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        for line, phrase in phrases(ast.parse(path.read_text("utf-8"), where)):
            catalog.add(phrase[0] if len(phrase) == 1 else phrase, locations=[(where, line)])
    return catalog


def phrases(tree: ast.AST) -> Iterator[tuple[int, Phrase]]:
    """(line, phrase) for each phrase that stands in a module as a literal."""
    for call in calls(tree):
        asked = SAID[called(call)]
        if len(call.args) > asked[-1]:
            texts = [list(_literals(call.args[at])) for at in asked]
            if len(asked) == 1:
                yield from ((call.lineno, (text,)) for text in texts[0])
            elif all(texts):
                yield call.lineno, tuple(text[0] for text in texts)


def calls(tree: ast.AST) -> list[ast.Call]:
    """The calls that phrases stand in, in the order of the code. Methods of that name are something else."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and called(node) in SAID]
    return sorted(found, key=lambda call: (call.lineno, call.col_offset))


def called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _literals(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(str(text)):
            yield text
        case ast.IfExp(_, one, other):
            yield from _literals(one)
            yield from _literals(other)


# -- the files -----------------------------------------------------------------------------------------------------
def merged(language: str, template: Catalog) -> Catalog:
    """The language's file with the code's phrases: translations are kept, those of phrases that went set aside.

    ConfigError where there is no such file: a language begins as an empty one.
    """
    if not _path(language).is_file():
        raise ConfigError(f"there is no {_path(language)}; to begin a language, make that file, empty")
    with _path(language).open("rb") as file:
        catalog = read_po(file, locale=language)
    catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
    return catalog


def written(language: str, catalog: Catalog) -> bytes:
    """The file's bytes: in the order of the code, with file names but no line numbers, which change with every edit.

    Its head, up to the first empty line, stays as it is: Babel's own carries dates and names of nobody.
    """
    head, _, _ = _path(language).read_bytes().partition(b"\n\n")
    file = BytesIO(head + b"\n\n" if head else b"")
    file.seek(0, SEEK_END)
    write_po(file, catalog, width=WIDTH, omit_header=bool(head), sort_by_file=True, include_lineno=False)
    return file.getvalue()


def untranslated(catalog: Catalog) -> list[Message]:
    """The messages that the language lacks, doubtful ("fuzzy") ones among them."""
    forms = locales.plural_forms(str(catalog.locale))
    done = locales.translations(catalog, forms)
    return [message for message in catalog if message.id and locales.key(message) not in done]


def _path(language: str) -> Path:
    return locales.FOLDER / f"{language}.po"
