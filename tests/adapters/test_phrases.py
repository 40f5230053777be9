"""``run.py phrases``: phrases are found in the code, and the translators' files follow it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from adapters.app import arguments, phrases
from engine import locales
from engine.errors import ConfigError

CODE = """
TABLE = {1: phrase("In a table")}
say(facts.language, "Hello {name}", name=say(facts.language, "friend"))
say(speech, "One" if fine else "other")
say(speech, TABLE[1])
say_count(speech, "{count} item", "{count} items", 2)
person.say("not ours", "at all")
say("too short")
say(
    speech,
    "Two "
    "lines",
)
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one module, and one language that is begun."""
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine/shop.py").write_text(CODE)
    (tmp_path / "sw.po").write_text("")
    monkeypatch.setattr(phrases, "ROOT", tmp_path)
    monkeypatch.setattr(locales, "FOLDER", tmp_path)
    return tmp_path


def run(*words: str) -> int:
    return phrases.run(arguments.parse(["phrases", *words]))


def test_every_phrase_is_found_by_reading_the_code() -> None:
    assert [found for _, found in phrases.phrases(ast.parse(CODE))] == [
        ("In a table",),
        ("Hello {name}",),
        ("friend",),
        ("One",),
        ("other",),
        ("{count} item", "{count} items"),
        ("Two lines",),
    ]


def test_it_says_what_is_missing_and_where(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 1
    said = capsys.readouterr().out
    assert said.startswith("sw: 0 of 7 phrases\n  engine/shop.py: 'In a table'\n")
    assert (files / "sw.po").read_text() == "", "only --write writes"


def test_translations_are_kept_and_phrases_that_went_are_set_aside(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("--write", "sw")
    path = files / "sw.po"
    text = path.read_text("utf-8")
    text = text.replace('msgid "In a table"\nmsgstr ""', 'msgid "In a table"\nmsgstr "Mezani"')
    path.write_text(text.replace('msgid "friend"\nmsgstr ""', 'msgid "friend"\nmsgstr "rafiki"'), "utf-8")
    capsys.readouterr()
    (files / "engine/shop.py").write_text(CODE.replace('"friend"', '"neighbour"'))
    assert run("--write", "sw") == 1
    assert capsys.readouterr().out.startswith("sw: 1 of 7 phrases\n")
    text = path.read_text("utf-8")
    assert 'msgid "In a table"\nmsgstr "Mezani"' in text
    assert '#~ msgid "friend"\n#~ msgstr "rafiki"' in text
    assert 'msgid "neighbour"\nmsgstr ""' in text
    assert locales.catalogue("sw") == {"In a table": "Mezani"}


def test_writing_twice_changes_nothing(files: Path) -> None:
    run("--write")
    first = (files / "sw.po").read_bytes()
    run("--write")
    assert (files / "sw.po").read_bytes() == first


def test_a_doubtful_or_half_counted_translation_is_missing(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "sw.po").write_text(
        '#, fuzzy\nmsgid "One"\nmsgstr "Moja"\n\nmsgid "{count} item"\nmsgid_plural "{count} items"\n'
        'msgstr[0] "bidhaa {count}"\nmsgstr[1] ""\n\nmsgid "other"\nmsgstr "nyingine"\n'
    )
    run()
    assert "sw: 1 of 7 phrases" in capsys.readouterr().out
    assert locales.catalogue("sw") == {"other": "nyingine"}


def test_a_language_that_is_not_begun_is_a_mistake(files: Path) -> None:
    with pytest.raises(ConfigError, match="make that file"):
        run("fr")
