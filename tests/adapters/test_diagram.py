"""``run.py diagram``: what it prints is what the flows' code draws."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.app import diagram as command
from adapters.app.arguments import parse
from engine import diagram
from engine.errors import ConfigError
from engine.flows import flow_named


def test_a_flow_is_printed_as_lines_or_as_mermaid(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(parse(["diagram", "counter"])) == 0
    assert capsys.readouterr().out == diagram.text(flow_named("counter"))
    assert command.run(parse(["diagram", "--mermaid", "counter"])) == 0
    assert capsys.readouterr().out == diagram.mermaid(flow_named("counter"))


def test_the_page_of_all_flows_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "PAGE", tmp_path / "README.md")
    assert command.run(parse(["diagram", "--write"])) == 0
    assert diagram.text(flow_named("counter")) in (tmp_path / "README.md").read_text("utf-8")


def test_an_unknown_flow_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match=r"there are: .*counter"):
        command.run(parse(["diagram", "conter"]))
