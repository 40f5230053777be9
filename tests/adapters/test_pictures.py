"""Pictures beside a table: which may be named, how they are kept, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters import pictures
from adapters.pictures import Pictures, only_known
from engine.errors import BadInput

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
JPEG = b"\xff\xd8\xff\xe0" + bytes(40)
LINK = "https://shop.example.test/tea.png"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A table's folder, with pictures beside it, and one outside."""
    folder = tmp_path / "shop"
    (folder / "images").mkdir(parents=True)
    (folder / "tea.png").write_bytes(PNG)
    (folder / "images/bun.JPG").write_bytes(JPEG)
    (tmp_path / "secret.png").write_bytes(PNG)
    return folder


TAKEN: list[tuple[str, str, str]] = [
    ("nothing", "", ""),
    ("a link", LINK, LINK),
    ("a file", "tea.png", "{folder}/tea.png"),
    ("a file in a folder, as another system writes it", r"images\bun.JPG", "{folder}/images/bun.JPG"),
    ("a file by its whole path", "{folder}/tea.png", "{folder}/tea.png"),
    ("a way round within the folder", "images/../tea.png", "{folder}/tea.png"),
    ("one that the shop has, wherever it lies", "/elsewhere/old.png", "/elsewhere/old.png"),
]


@pytest.mark.parametrize(("text", "kept"), [pytest.param(t, k, id=title) for title, t, k in TAKEN])
def test_a_link_or_a_picture_in_the_folder_is_taken(folder: Path, text: str, kept: str) -> None:
    beside = Pictures(folder, {"/elsewhere/old.png"})
    assert beside(text.format(folder=folder)) == kept.format(folder=folder)


def outside_by_link(folder: Path) -> None:
    (folder / "link.png").symlink_to("../secret.png")


def circle(folder: Path) -> None:
    (folder / "link.png").symlink_to("link.png")


def text(folder: Path) -> None:
    (folder / "text.png").write_text("sku,name,price\n")


def misnamed(folder: Path) -> None:
    (folder / "photo.png").write_bytes(JPEG)


def big(folder: Path) -> None:
    with (folder / "big.png").open("wb") as file:
        file.write(PNG)
        file.truncate(pictures.BYTES_AT_MOST + 1)


def nothing(folder: Path) -> None:
    """Only what is there already."""


REFUSED: list[tuple[str, Callable[[Path], None], str, str]] = [
    ("a script", nothing, "javascript:alert(1).png.js", "image must be a link that starts with https://, or a file"),
    ("another kind of file", nothing, "tea.gif", "image must be a link that starts with https://, or a file"),
    ("another kind of address", nothing, "ftp://x/tea.png", "'ftp://x/tea.png' is not there"),
    ("a file that is not there", nothing, "cake.png", "the picture 'cake.png' is not there; it is looked for in"),
    ("a folder", lambda folder: (folder / "dir.png").mkdir(), "dir.png", "is not there"),
    ("a file of somebody else's", nothing, "../secret.png", "lies outside of the folder of the table"),
    ("the same by a link", outside_by_link, "link.png", "lies outside of the folder of the table"),
    ("the same by its whole path", nothing, "/etc/logo.png", "lies outside of the folder of the table"),
    ("a link to itself", circle, "link.png", "'link.png' "),
    ("a name that no disk takes", nothing, "x" * 1_000 + ".png", "can't be read (OSError)"),
    ("text that is called a picture", text, "text.png", "is not what its name says, .png"),
    ("a photo that is called .png", misnamed, "photo.png", "is not what its name says, .png"),
    ("a large one", big, "big.png", "has 5.0 MB; at most 5"),
]


@pytest.mark.parametrize(
    ("prepare", "name", "why"), [pytest.param(p, name, why, id=title) for title, p, name, why in REFUSED]
)
def test_anything_else_is_refused_with_a_sentence(
    folder: Path, prepare: Callable[[Path], None], name: str, why: str
) -> None:
    prepare(folder)
    with pytest.raises(BadInput) as caught:
        Pictures(folder)(name)
    assert why in str(caught.value)


def test_a_start_looks_at_no_file_but_keeps_to_the_folder(folder: Path) -> None:
    """Twin: a picture that was deleted must not keep the shop closed."""
    trusting = Pictures(folder, looked_at=False)
    assert trusting("gone.png") == f"{folder}/gone.png"
    with pytest.raises(BadInput, match="lies outside"):
        trusting("../secret.png")


def test_a_table_that_lies_nowhere_names_links_and_what_is_known() -> None:
    picture = only_known({"/shop/tea.png"})
    assert [picture(text) for text in ("", LINK, "/shop/tea.png")] == ["", LINK, "/shop/tea.png"]
    with pytest.raises(BadInput, match="image must be a link"):
        picture("/etc/logo.png")


def test_a_table_names_what_lies_beside_it_in_short(folder: Path) -> None:
    beside = Pictures(folder)
    kept = [beside("tea.png"), "/elsewhere/old.png", LINK, ""]
    assert [beside.named(path) for path in kept] == ["tea.png", "/elsewhere/old.png", LINK, ""]
