"""What leaves for Meta, and what its answers mean (protocols.md 1.7 and 1.8)."""

from __future__ import annotations

import json
from email import message_from_bytes
from email.policy import HTTP
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.channels._whatsapp.codes import CODES, meaning, sentence
from adapters.channels._whatsapp.media import DOCUMENTS, IMAGES, MB
from engine.messages import (
    AnyMessage,
    Buttons,
    Choice,
    ChoiceList,
    Document,
    Image,
    LocationRequest,
    Outcome,
    OutcomeClass,
    Template,
    Text,
)
from engine.ports import Answer, AnswerLost, NotSent
from tests.adapters.whatsapp_cloud import (
    CASES,
    TOKEN,
    URL,
    Case,
    Provider,
    accepted,
    answer,
    cases,
    channel,
    outgoing,
)

COMMON = {"messaging_product": "whatsapp", "recipient_type": "individual", "biz_opaque_callback_data": "bakery/c1:3:0"}
PNG = b"\x89PNG\r\n\x1a\n--not really a picture--"


def posted(provider: Provider) -> Any:
    return json.loads(provider.posts[-1][2])


# -- bodies -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", cases("sends"))
async def test_a_message_has_metas_shape(case: Case) -> None:
    provider = Provider(accepted())
    outcome = await channel().send(provider, outgoing(msgspec.convert(case["message"], AnyMessage)))
    assert outcome == Outcome(OutcomeClass.SENT, "wamid.OUT0001")
    assert posted(provider) == COMMON | {"to": "+254700000001"} | case["body"]
    url, headers, _ = provider.posts[0]
    assert url == f"{URL}/messages"
    assert headers == {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}


async def test_a_customer_without_a_phone_is_written_to_by_user_id() -> None:
    provider = Provider(accepted())
    await channel().send(provider, outgoing(Text("hi"), phone=""))
    assert posted(provider)["recipient"] == "KE.900000000000001"
    assert "to" not in posted(provider)


async def test_a_customer_without_phone_and_user_id_is_never_sent_to() -> None:
    provider = Provider()
    outcome = await channel().send(provider, outgoing(Text("hi"), phone="", user_id=""))
    assert (outcome.kind, provider.posts) == (OutcomeClass.NEVER, [])


async def test_address_and_version_are_settings() -> None:
    provider = Provider(accepted())
    await channel(base_url="http://127.0.0.1:9/graph/", api_version="v25.0").send(provider, outgoing(Text("hi")))
    assert provider.posts[0][0] == "http://127.0.0.1:9/graph/v25.0/200000000000002/messages"


# -- limits -----------------------------------------------------------------------------------------------------------
def choices(count: int, title: int = 5, description: int = 0, ids: int = 3) -> tuple[Choice, ...]:
    return tuple(Choice(str(n).zfill(ids), str(n).zfill(title), "d" * description) for n in range(count))


FITS: list[tuple[str, AnyMessage]] = [
    ("the longest text", Text("x" * 4096)),
    ("the longest text of emoji", Text("🙏" * 4096)),
    ("three full buttons", Buttons("q" * 1024, choices(3, 20, ids=256))),
    ("ten full rows", ChoiceList("q" * 4096, "b" * 20, choices(10, 24, 72, 200))),
    ("the longest caption", Image(link="https://x.test/a.png", caption="c" * 1024)),
    ("the longest question for a place", LocationRequest("q" * 1024)),
    ("the longest template name", Template("n" * 512, "en")),
]
BREAKS: list[tuple[str, AnyMessage]] = [
    ("a text of one too many", Text("x" * 4097)),
    ("an empty text", Text("")),
    ("a text of spaces", Text(" \n ")),
    ("a question of one too many", Buttons("q" * 1025, choices(1))),
    ("four buttons", Buttons("q", choices(4))),
    ("no button", Buttons("q", ())),
    ("a button's title of one too many", Buttons("q", choices(1, 21))),
    ("an empty button", Buttons("q", (Choice("a", ""),))),
    ("a button's id of one too many", Buttons("q", choices(1, ids=257))),
    ("two buttons with one id", Buttons("q", (Choice("a", "A"), Choice("a", "B")))),
    ("two buttons with one title", Buttons("q", (Choice("a", "A"), Choice("b", "A")))),
    ("a list's question of one too many", ChoiceList("q" * 4097, "b", choices(1))),
    ("a list's button of one too many", ChoiceList("q", "b" * 21, choices(1))),
    ("eleven rows", ChoiceList("q", "b", choices(11))),
    ("no row", ChoiceList("q", "b", ())),
    ("a row's title of one too many", ChoiceList("q", "b", choices(1, 25))),
    ("a row's description of one too many", ChoiceList("q", "b", choices(1, 24, 73))),
    ("a row's id of one too many", ChoiceList("q", "b", choices(1, ids=201))),
    ("two rows with one id", ChoiceList("q", "b", (Choice("a", "A"), Choice("a", "B")))),
    ("a caption of one too many", Image(link="https://x.test/a.png", caption="c" * 1025)),
    ("a picture from nowhere", Image()),
    ("a document from nowhere", Document("a.pdf")),
    ("a document without a name", Document("", link="https://x.test/a.pdf")),
    ("a template without a name", Template("", "en")),
    ("a template with nothing in a parameter", Template("a", "en", (" ",))),
    ("a template with a parameter of one too many", Template("a", "en", ("x" * 1025,))),
    ("a place asked for without words", LocationRequest("")),
]


@pytest.mark.parametrize("message", [message for _, message in FITS], ids=[title for title, _ in FITS])
async def test_what_is_just_within_a_limit_leaves(message: AnyMessage) -> None:
    assert (await channel().send(Provider(accepted()), outgoing(message))).kind is OutcomeClass.SENT


@pytest.mark.parametrize("message", [message for _, message in BREAKS], ids=[title for title, _ in BREAKS])
async def test_what_breaks_a_limit_never_leaves_and_says_so(message: AnyMessage) -> None:
    provider = Provider()
    outcome = await channel().send(provider, outgoing(message))
    assert (outcome.kind, provider.posts) == (OutcomeClass.NEVER, [])
    assert outcome.reason.endswith(".")


async def test_a_key_longer_than_meta_echoes_never_leaves() -> None:
    assert (await channel().send(Provider(accepted()), outgoing(Text("x"), key="k" * 512))).kind is OutcomeClass.SENT
    assert (await channel().send(Provider(), outgoing(Text("x"), key="k" * 513))).kind is OutcomeClass.NEVER


# -- files of ours ----------------------------------------------------------------------------------------------------
async def test_a_file_of_ours_is_uploaded_and_then_sent_by_its_id(tmp_path: Path) -> None:
    (tmp_path / "qr.png").write_bytes(PNG)
    provider = Provider(answer({"id": "400000000000010"}), accepted())
    outcome = await channel().send(provider, outgoing(Image(path=str(tmp_path / "qr.png"), caption="Your ticket")))
    assert outcome == Outcome(OutcomeClass.SENT, "wamid.OUT0001")
    (url, headers, form), _ = provider.posts
    assert (url, headers["authorization"]) == (f"{URL}/media", f"Bearer {TOKEN}")
    parts = message_from_bytes(b"content-type: " + headers["content-type"].encode() + b"\r\n\r\n" + form, policy=HTTP)
    found = {part.get_param("name", header="content-disposition"): part for part in parts.iter_parts()}
    assert {name: part.get_content_type() for name, part in found.items()}["file"] == "image/png"
    assert [found[name].get_payload() for name in ("messaging_product", "type")] == ["whatsapp", "image/png"]
    assert PNG in form
    assert posted(provider)["image"] == {"id": "400000000000010", "caption": "Your ticket"}


async def test_a_document_of_ours_keeps_the_name_that_the_customer_sees(tmp_path: Path) -> None:
    (tmp_path / "17.pdf").write_bytes(b"%PDF-1.7")
    provider = Provider(answer({"id": "400000000000010"}), accepted())
    await channel().send(provider, outgoing(Document("Invoice INV-17.pdf", path=str(tmp_path / "17.pdf"))))
    assert posted(provider)["document"] == {"id": "400000000000010", "filename": "Invoice INV-17.pdf"}


@pytest.mark.parametrize(
    ("name", "content"),
    [("gone.png", None), ("empty.png", b""), ("big.png", bytes(5 * MB + 1)), ("a.gif", b"GIF"), ("nothing", b"x")],
)
async def test_a_file_that_can_t_be_sent_is_never_tried_and_says_why(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    provider = Provider()
    outcome = await channel().send(provider, outgoing(Image(path=str(tmp_path / name))))
    assert (outcome.kind, provider.posts) == (OutcomeClass.NEVER, [])
    assert outcome.reason.endswith(".")
    assert str(tmp_path) not in outcome.reason


async def test_a_message_that_breaks_a_limit_is_not_uploaded_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "qr.png").write_bytes(PNG)
    provider = Provider()
    outcome = await channel().send(provider, outgoing(Image(path=str(tmp_path / "qr.png"), caption="c" * 1025)))
    assert (outcome.kind, provider.posts) == (OutcomeClass.NEVER, [])


@pytest.mark.parametrize(
    ("upload", "kind"),
    [
        (NotSent("x"), OutcomeClass.RETRY),
        (AnswerLost("x"), OutcomeClass.RETRY),
        (answer({"no": "id"}), OutcomeClass.RETRY),
        (answer({"error": {"code": 131053}}, 400), OutcomeClass.RETRY),
        (answer({"error": {"code": 190}}, 401), OutcomeClass.OPERATOR),
    ],
    ids=["not sent", "answer lost", "no id", "refused", "token"],
)
async def test_a_failed_upload_tells_the_customer_nothing_so_it_is_never_unknown(
    tmp_path: Path, upload: Answer | Exception, kind: OutcomeClass
) -> None:
    (tmp_path / "qr.png").write_bytes(PNG)
    provider = Provider(upload)
    outcome = await channel().send(provider, outgoing(Image(path=str(tmp_path / "qr.png"))))
    assert (outcome.kind, len(provider.posts)) == (kind, 1)


def test_only_what_meta_takes_is_uploaded() -> None:
    assert set(IMAGES.values()) == {"image/jpeg", "image/png"}
    assert not set(IMAGES) & set(DOCUMENTS)


# -- answers ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("case", cases("answers"))
async def test_an_answer_becomes_an_outcome(case: Case) -> None:
    content = case["text"].encode() if "text" in case else json.dumps(case["body"]).encode()
    provider = Provider(Answer(case["status"], case.get("headers", {}), content))
    outcome = await channel().send(provider, outgoing(Text("hi"), attempts=case.get("attempts", 1)))
    assert outcome == msgspec.convert(case["outcome"], Outcome)


@pytest.mark.parametrize(
    ("error", "kind"), [(NotSent("x"), OutcomeClass.RETRY), (AnswerLost("x"), OutcomeClass.UNKNOWN)]
)
async def test_a_network_error_becomes_an_outcome(error: Exception, kind: OutcomeClass) -> None:
    outcome = await channel().send(Provider(error), outgoing(Text("hi")))
    assert outcome.kind is kind
    assert outcome.reason.endswith(".")


TABLE = [(code, row["class"]) for row in json.loads((CASES / "codes.json").read_text("utf-8")) for code in row["codes"]]


@pytest.mark.parametrize(("code", "kind"), TABLE)
async def test_every_documented_code_has_its_class_and_a_sentence_with_a_next_step(code: int, kind: str) -> None:
    outcome = await channel().send(Provider(answer({"error": {"code": code}}, 400)), outgoing(Text("hi")))
    assert (outcome.kind.value, outcome.code) == (kind, code)
    assert outcome.reason == sentence(code)
    assert outcome.reason.endswith(".")
    assert outcome.reason.count(". ") >= 1, "what happened, then what to do"


def test_the_table_knows_no_code_that_is_not_documented() -> None:
    assert set(CODES) <= {code for code, _ in TABLE}
    assert meaning(139_999) is None


def test_who_is_throttled_or_not_ready_is_told_how_long_to_wait() -> None:
    waiting = (OutcomeClass.THROTTLE_NUMBER, OutcomeClass.THROTTLE_CUSTOMER)
    assert [code for code, known in CODES.items() if known.kind in waiting and not known.wait] == []
    assert (CODES[134101].wait, CODES[131057].wait) == (600_000, 60_000)


# -- read receipts ----------------------------------------------------------------------------------------------------
async def test_reading_shows_ticks_and_typing() -> None:
    provider = Provider(answer({"success": True}))
    assert await channel().mark_read(provider, "wamid.IN0001") == Outcome(OutcomeClass.SENT)
    assert provider.posts[0][0] == f"{URL}/messages"
    assert posted(provider) == {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.IN0001",
        "typing_indicator": {"type": "text"},
    }


async def test_reading_is_a_switch_and_never_for_letters_without_a_message() -> None:
    provider = Provider()
    await channel(mark_read=False).mark_read(provider, "wamid.IN0001")
    await channel().mark_read(provider, "preference:00")
    assert provider.posts == []


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (answer({"error": {"code": 100}}, 400), OutcomeClass.NEVER),
        (NotSent("x"), OutcomeClass.RETRY),
        (AnswerLost("x"), OutcomeClass.UNKNOWN),
    ],
    ids=["refused", "not sent", "answer lost"],
)
async def test_a_read_receipt_that_fails_is_only_an_outcome(said: Answer | Exception, kind: OutcomeClass) -> None:
    assert (await channel().mark_read(Provider(said), "wamid.IN0001")).kind is kind
