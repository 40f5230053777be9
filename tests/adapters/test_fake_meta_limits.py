"""What Meta refuses, and how: every limit of the reference as a labelled case, with the code it is refused by."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from adapters.phones.meta.check import Form, ReadMark, check
from adapters.phones.meta.errors import GraphError

Json = dict[str, Any]


def has_media(media_id: str) -> bool:
    return media_id == "4001"


def verdict(body: Json | bytes) -> int:
    """0 when it is taken, else the code of the refusal, which always says why."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode({"messaging_product": "whatsapp"} | body)
    try:
        check(raw, has_media)
    except GraphError as error:
        return error.code if error.details else -1
    return 0


def message(**part: Any) -> Json:
    return {"to": "+254700000001"} | part


def text(body: object) -> Json:
    return message(type="text", text={"body": body})


def interactive(kind: str, action: Json, words: str = "Choose", **more: Any) -> Json:
    body = {"type": kind, "body": {"text": words}, "action": action} | more
    return message(type="interactive", interactive=body)


def buttons(*titles: str, ids: tuple[str, ...] = (), words: str = "Choose", **more: Any) -> Json:
    names = ids or tuple(str(at) for at in range(len(titles)))
    replies = [{"type": "reply", "reply": {"id": id, "title": t}} for id, t in zip(names, titles, strict=True)]
    return interactive("button", {"buttons": replies}, words, **more)


def listed(*sections: Json, button: str = "View", words: str = "Choose", **more: Any) -> Json:
    return interactive("list", {"button": button, "sections": list(sections)}, words, **more)


def section(*rows: Json, title: str = "") -> Json:
    return {"rows": list(rows)} | ({"title": title} if title else {})


def row(at: int, title: str = "Unga", **more: str) -> Json:
    return {"id": f"sku:{at}", "title": title} | more


def link(words: str, url: str = "https://pay.example.test/o/42") -> Json:
    return interactive("cta_url", {"name": "cta_url", "parameters": {"display_text": words, "url": url}})


def products(*counts: int, **more: Any) -> Json:
    sections = [{"title": "S", "product_items": [{"product_retailer_id": "K"}] * count} for count in counts]
    head = {"header": {"type": "text", "text": "Shop"}} | more
    return interactive("product_list", {"catalog_id": "3", "sections": sections}, **head)


def template(*components: Json, name: str = "order_ready") -> Json:
    return message(type="template", template={"name": name, "language": {"code": "sw"}, "components": list(components)})


CASES: dict[str, tuple[Json | bytes, int]] = {
    "a text": (text("Karibu"), 0),
    "a text without its type": (message(text={"body": "Karibu"}), 0),
    "a text at its limit": (text("é" * 4096), 0),
    "a text beyond its limit": (text("é" * 4097), 100),
    "an empty text": (text(""), 131008),
    "a text that is a number": (text(5), 100),
    "no text": (message(type="text"), 131008),
    "a body that is no JSON": (b"{", 100),
    "a body that is a list": (b"[]", 100),
    "no messaging_product": (b'{"to":"+254700000001","text":{"body":"x"}}', 100),
    "nobody to send to": ({"text": {"body": "x"}}, 131008),
    "a recipient that is a word": ({"to": "Asha", "text": {"body": "x"}}, 131009),
    "a recipient with spaces": ({"to": "+254 700 000001", "text": {"body": "x"}}, 0),
    "a group": (message(recipient_type="group", text={"body": "x"}), 131009),
    "a user id": ({"recipient": "KE.900000000000001", "text": {"body": "x"}}, 0),
    "a user id that is none": ({"recipient": "900", "text": {"body": "x"}}, 131009),
    "a type that nobody knows": (message(type="poll", poll={}), 131051),
    "a type that is a list": (message(type=["text"]), 131051),
    "our own id at its limit": (text("x") | {"biz_opaque_callback_data": "k" * 512}, 0),
    "our own id beyond its limit": (text("x") | {"biz_opaque_callback_data": "k" * 513}, 100),
    "a quoted reply": (text("x") | {"context": {"message_id": "wamid.1"}}, 0),
    "a quoted reaction": (
        message(type="reaction", reaction={"message_id": "wamid.1", "emoji": "x"}, context={"message_id": "wamid.1"}),
        131009,
    ),
    "one button": (buttons("Yes"), 0),
    "three buttons at their limits": (buttons("a" * 20, "b" * 20, "c" * 20, words="w" * 1024), 0),
    "four buttons": (buttons("a", "b", "c", "d"), 131009),
    "no buttons": (buttons(), 131009),
    "a button's title beyond its limit": (buttons("a" * 21), 131009),
    "an empty button": (buttons(""), 131009),
    "two buttons of one title": (buttons("Yes", "Yes"), 131009),
    "two buttons of one id": (buttons("Yes", "No", ids=("1", "1")), 131009),
    "a button's id at its limit": (buttons("Yes", ids=("i" * 256,)), 0),
    "a button's id beyond its limit": (buttons("Yes", ids=("i" * 257,)), 131009),
    "a question beyond its limit": (buttons("Yes", words="w" * 1025), 100),
    "a header and a footer at their limits": (
        buttons("Yes", header={"type": "text", "text": "h" * 60}, footer={"text": "f" * 60}),
        0,
    ),
    "a header beyond its limit": (buttons("Yes", header={"type": "text", "text": "h" * 61}), 131009),
    "a footer beyond its limit": (buttons("Yes", footer={"text": "f" * 61}), 131009),
    "a header with a picture": (buttons("Yes", header={"type": "image", "image": {"id": "4001"}}), 0),
    "a header with a picture that is not here": (buttons("Yes", header={"type": "image", "image": {"id": "9"}}), 100),
    "a list": (listed(section(row(1)), words="w" * 4096), 0),
    "a list's question beyond its limit": (listed(section(row(1)), words="w" * 4097), 100),
    "a list with a picture as header": (
        listed(section(row(1)), header={"type": "image", "image": {"id": "4001"}}),
        100,
    ),
    "ten rows": (listed(section(*map(row, range(10)))), 0),
    "eleven rows": (listed(section(*map(row, range(11)))), 131009),
    "eleven rows in two sections": (
        listed(section(*map(row, range(6)), title="A"), section(*map(row, range(6, 11)), title="B")),
        131009,
    ),
    "two sections, one without a title": (listed(section(row(1), title="A"), section(row(2))), 131008),
    "a section's title beyond its limit": (listed(section(row(1), title="s" * 25)), 131009),
    "eleven sections": (listed(*(section(row(at), title="S") for at in range(11))), 131009),
    "a row's texts at their limits": (listed(section(row(1, "t" * 24, description="d" * 72))), 0),
    "a row's title beyond its limit": (listed(section(row(1, "t" * 25))), 131009),
    "a row's description beyond its limit": (listed(section(row(1, description="d" * 73))), 131009),
    "an empty description": (listed(section(row(1, description=""))), 131009),
    "a row's id beyond its limit": (listed(section({"id": "i" * 201, "title": "x"})), 131009),
    "two rows of one id": (listed(section(row(1), row(1))), 131009),
    "a list's button beyond its limit": (listed(section(row(1)), button="b" * 21), 131009),
    "a link": (link("Pay now"), 0),
    "a link's words beyond their limit": (link("p" * 21), 131009),
    "a link to nowhere": (link("Pay now", "javascript:alert(1)"), 131009),
    "a request for a place": (interactive("location_request_message", {"name": "send_location"}), 0),
    "a request for a place by another name": (interactive("location_request_message", {"name": "where"}), 100),
    "thirty products": (products(10, 10, 10), 0),
    "thirty-one products": (products(10, 10, 11), 131009),
    "a product": (interactive("product", {"catalog_id": "3", "product_retailer_id": "K"}), 0),
    "a product of no catalogue": (interactive("product", {"product_retailer_id": "K"}), 131008),
    "a catalogue": (interactive("catalog_message", {"name": "catalog_message"}), 0),
    "a carousel of one card": (interactive("carousel", {"cards": [{"card_index": 0}]}), 131009),
    "a carousel out of order": (interactive("carousel", {"cards": [{"card_index": 1}, {"card_index": 0}]}), 131009),
    "an interactive of no known kind": (interactive("wheel", {}), 100),
    "a picture by link": (message(type="image", image={"link": "https://cdn.example.test/a.jpg"}), 0),
    "a picture by id": (message(type="image", image={"id": "4001", "caption": "c" * 1024}), 0),
    "a picture that was never uploaded": (message(type="image", image={"id": "9"}), 100),
    "a picture by id and link": (message(type="image", image={"id": "4001", "link": "https://x.test"}), 100),
    "a picture without either": (message(type="image", image={}), 131008),
    "a caption beyond its limit": (message(type="image", image={"id": "4001", "caption": "c" * 1025}), 100),
    "a caption under a sound": (message(type="audio", audio={"id": "4001", "caption": "c"}), 100),
    "a place": (message(type="location", location={"latitude": -1.29, "longitude": 36.82}), 0),
    "a place beyond the pole": (message(type="location", location={"latitude": 91, "longitude": 0}), 131009),
    "a reaction": (message(type="reaction", reaction={"message_id": "wamid.1", "emoji": ""}), 0),
    "a contact": (message(type="contacts", contacts=[{"name": {"formatted_name": "B Test"}}]), 0),
    "a contact without a name": (message(type="contacts", contacts=[{"phones": []}]), 131008),
    "a template": (template({"type": "body", "parameters": [{"type": "text", "text": "42"}]}), 0),
    "a template's button with its index as a word": (
        template({"type": "button", "sub_type": "quick_reply", "index": "0"}),
        0,
    ),
    "a template's button without its index": (template({"type": "button", "sub_type": "quick_reply"}), 131008),
    "a template in capitals": (template(name="Order"), 131009),
    "a template's name at its limit": (template(name="t" * 512), 0),
    "a template's name beyond its limit": (template(name="t" * 513), 100),
    "a template's empty parameter": (template({"type": "body", "parameters": [{"type": "text", "text": ""}]}), 131008),
    "a read mark": ({"status": "read", "message_id": "wamid.1"}, 0),
    "a read mark of no message": ({"status": "read"}, 131008),
    "a mark that is not read": ({"status": "delivered", "message_id": "wamid.1"}, 100),
    "typing": ({"status": "read", "message_id": "wamid.1", "typing_indicator": {"type": "text"}}, 0),
    "typing of another kind": ({"status": "read", "message_id": "wamid.1", "typing_indicator": {"type": "audio"}}, 100),
}


@pytest.mark.parametrize("title", CASES)
def test_what_is_taken_and_what_is_refused(title: str) -> None:
    body, code = CASES[title]
    assert verdict(body) == code


def test_a_form_says_who_what_and_whose() -> None:
    raw = msgspec.json.encode({"messaging_product": "whatsapp"} | text("x") | {"biz_opaque_callback_data": "job-17"})
    form = check(raw, has_media)
    assert isinstance(form, Form)
    assert (form.given, form.digits, form.type, form.key) == ("+254700000001", "254700000001", "text", "job-17")


def test_a_read_mark_says_whether_the_shop_is_typing() -> None:
    mark: Json = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.1"}
    assert check(msgspec.json.encode(mark), has_media) == ReadMark("wamid.1", False)
    typing = mark | {"typing_indicator": {"type": "text"}}
    assert check(msgspec.json.encode(typing), has_media) == ReadMark("wamid.1", True)


HOSTILE: list[object] = [None, True, 5, 1.5, "x", [], [[]], {}, {"type": "x"}, [None], [{"type": {}}]]


@pytest.mark.parametrize(
    "title", [title for title, (body, code) in CASES.items() if code == 0 and isinstance(body, dict)]
)
def test_wrong_types_anywhere_are_refused_and_never_crash(title: str) -> None:
    body, _ = CASES[title]
    assert isinstance(body, dict)
    for wrong in _bent({"messaging_product": "whatsapp"} | body):
        verdict(msgspec.json.encode(wrong))


def _bent(value: Any) -> list[Any]:
    """The value with each of its parts in turn replaced by each hostile thing."""
    if isinstance(value, dict):
        return [value | {key: bent} for key, part in value.items() for bent in [*HOSTILE, *_bent(part)]]
    if isinstance(value, list):
        return [
            [*value[:at], bent, *value[at + 1 :]] for at, p in enumerate(value[:2]) for bent in [*HOSTILE, *_bent(p)]
        ]
    return []
