"""``run.py campaign`` against a server on a real port: from the plan's file to the results."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.app import campaign
from adapters.app.arguments import parse
from engine.errors import BadInput
from tests.adapters.api.open_office import Open, open_office

PLAN: dict[str, Any] = {
    "id": "mangoes",
    "name": "Mangoes are here",
    "audience": {"phones": ["+254799999999"]},  # who has just written is busy, and would be waited for
    "variants": [{"template": "mangoes", "parameters": ["{name:friend}"]}],
}


@pytest.fixture(scope="module")
def opened() -> Iterator[Open]:
    with open_office() as opened:
        yield opened


@pytest.fixture(autouse=True)
def secret(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(campaign.SECRET, opened.secrets["dealer"])


def run(opened: Open, *arguments: str) -> int:
    return campaign.run(parse(["campaign", *arguments, "--target", opened.url]))


def file(folder: Path, **changes: object) -> str:
    path = folder / "plan.json"
    path.write_text(json.dumps(PLAN | changes), "utf-8")
    return str(path)


def test_a_campaign_goes_from_its_file_to_its_results(
    opened: Open, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(opened, "list") == 0
    assert "eid              draft      Eid" in capsys.readouterr().out
    assert run(opened, "create", file(tmp_path)) == 0
    assert "Its id is mangoes." in capsys.readouterr().out
    assert run(opened, "preview", "mangoes") == 0
    assert json.loads(capsys.readouterr().out)["recipients"] == 1
    assert run(opened, "test", "mangoes", "--phone", "+254712345678") == 0
    assert "One message is on its way." in capsys.readouterr().out
    assert run(opened, "start", "mangoes", "--shop", "dealer") == 0
    said = capsys.readouterr()
    assert "The campaign is completed." in said.out
    assert "sent" in said.out
    assert "100%" in said.err
    assert run(opened, "results", "mangoes") == 0
    assert json.loads(capsys.readouterr().out)["variants"][0]["sent"] == 1
    assert run(opened, "list") == 0
    assert "mangoes          completed  Mangoes are here" in capsys.readouterr().out


def test_what_the_server_refuses_is_said_with_its_fields(
    opened: Open, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(opened, "create", file(tmp_path, id="bad", audience={})) == 1
    said = capsys.readouterr().err
    assert "audience.everybody: there is no condition" in said
    assert run(opened, "pause", "nothing") == 1
    assert "There is no campaign nothing." in capsys.readouterr().err


def test_a_wrong_secret_and_a_silent_server_are_said(
    opened: Open, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(campaign.SECRET, "wrong")
    assert run(opened, "list") == 1
    assert "secret" in capsys.readouterr().err
    assert campaign.run(parse(["campaign", "list", "--target", "http://127.0.0.1:1"])) == 1
    assert "does not answer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "--target", "shop.example"], "--target"),
        (["start"], "needs the campaign's id"),
        (["create"], "needs a file"),
        (["test", "mangoes"], "needs --phone"),
        (["create", "/no/such/file"], "can't be read"),
    ],
)
def test_what_can_not_be_asked_is_said_before(arguments: list[str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        campaign.run(parse(["campaign", *arguments]))


def test_a_file_that_is_no_json_is_said(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{half", "utf-8")
    with pytest.raises(BadInput, match="is not JSON"):
        run(opened, "create", str(tmp_path / "plan.json"))


@pytest.mark.parametrize(
    ("counts", "share", "more"),
    [
        ({}, 0.0, ""),
        ({"queued": 3, "sent": 1}, 0.25, "of 4: 3 queued, 1 sent"),
        ({"sending": 1, "held": 1, "failed": 1, "unknown": 1}, 0.5, "of 4: 1 sending, 1 held, 1 failed, 1 unknown"),
        ({"read": 1_000, "skipped": 1_000}, 1.0, "of 2,000: 1,000 read, 1,000 skipped"),
    ],
)
def test_the_view_says_how_far_it_is(counts: dict[str, int], share: float, more: str) -> None:
    shown = campaign.state_of({"status": "running", "counts": counts, "waits": ""})
    assert (shown.what, shown.share, shown.more) == ("running", share, more)


def test_the_view_says_why_nothing_goes() -> None:
    shown = campaign.state_of({"status": "running", "counts": {"queued": 2}, "waits": "It is quiet."})
    assert shown.more == "of 2: 2 queued. It is quiet"


def test_a_secret_that_nobody_can_be_asked_for_is_said_to_be_missing(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(campaign.SECRET)
    with pytest.raises(BadInput, match=campaign.SECRET):
        run(opened, "list")
