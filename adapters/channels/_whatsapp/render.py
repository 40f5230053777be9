"""One Outgoing → the body that Meta wants (protocols 1.7). Pure.

``engine.fit`` has already split and shortened what is shown; here every limit is only checked, so that nothing too long
ever leaves unnoticed. What breaks one is a bug of ours and raises Unsendable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from engine.messages import (
    AnyMessage,
    Buttons,
    Choice,
    ChoiceList,
    Document,
    Image,
    Limits,
    LocationRequest,
    Outgoing,
    Template,
    Text,
)

LIMITS = Limits(
    text=4096,
    question=1024,
    list_question=4096,
    buttons=3,
    button_title=20,
    rows=10,
    row_title=24,
    row_description=72,
    list_button=20,
    caption=1024,
    location_request=True,
)
"""What is shown, in code points (Meta does not say what it counts; engine.fit keeps its distance)."""
BUTTON_ID = 256
ROW_ID = 200
KEY = 512
TEMPLATE_NAME = 512
PARAMETER = 1024
FILENAME = 240

Body = dict[str, object]


class Unsendable(Exception):
    """The message breaks a rule of Meta's: a bug of ours, or a file that is gone. Its text is the owner's sentence."""


def body(outgoing: Outgoing, media_id: str = "") -> Body:
    """The whole body. ``media_id`` is what the upload of the message's file gave. Raises Unsendable."""
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_recipient(outgoing),
        "biz_opaque_callback_data": _fits("the key", outgoing.key, KEY),
        **content(outgoing.message, media_id),
    }


def read_receipt(message_id: str) -> Body:
    """Blue ticks, and "typing…" until the answer comes or 25 s have passed."""
    return {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": message_id,
        "typing_indicator": {"type": "text"},
    }


def _recipient(outgoing: Outgoing) -> Body:
    """The phone with +, since without it Meta may put the business's own country before it; else the BSUID."""
    if outgoing.phone:
        return {"to": f"+{outgoing.phone}"}
    if outgoing.user_id:
        return {"recipient": outgoing.user_id}
    raise Unsendable("The customer has neither a phone number nor a WhatsApp id. Contact them another way.")


def content(message: AnyMessage, media_id: str = "") -> Body:
    """The message's own part of a body. Raises Unsendable."""
    match message:
        case Text():
            return {"type": "text", "text": {"preview_url": False, "body": _fits("a text", message.body, LIMITS.text)}}
        case Buttons():
            return _interactive("button", message.body, LIMITS.question, _buttons(message.choices))
        case ChoiceList():
            return _interactive("list", message.body, LIMITS.list_question, _list(message))
        case LocationRequest():
            return _interactive("location_request_message", message.body, LIMITS.question, {"name": "send_location"})
        case Image():
            return {"type": "image", "image": {**_file(message, media_id), **_caption(message.caption)}}
        case Document():
            filename = _fits("a file's name", message.filename, FILENAME)
            document = {**_file(message, media_id), "filename": filename, **_caption(message.caption)}
            return {"type": "document", "document": document}
        case Template():
            return {"type": "template", "template": _template(message)}
        case _:
            assert_never(message)


def _interactive(kind: str, question: str, most: int, action: Body) -> Body:
    text = _fits("a question", question, most)
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": text}, "action": action}}


def _buttons(choices: Sequence[Choice]) -> Body:
    _count("buttons", choices, LIMITS.buttons)
    _distinct("buttons' titles", [choice.title for choice in choices])
    return {
        "buttons": [
            {
                "type": "reply",
                "reply": {
                    "id": _fits("a button's id", choice.id, BUTTON_ID),
                    "title": _fits("a button", choice.title, LIMITS.button_title),
                },
            }
            for choice in choices
        ]
    }


def _list(message: ChoiceList) -> Body:
    """One section without a title, which is allowed when there is only one."""
    _count("rows", message.choices, LIMITS.rows)
    rows = [_row(choice) for choice in message.choices]
    return {"button": _fits("a list's button", message.button, LIMITS.list_button), "sections": [{"rows": rows}]}


def _row(choice: Choice) -> Body:
    row: Body = {
        "id": _fits("a row's id", choice.id, ROW_ID),
        "title": _fits("a row", choice.title, LIMITS.row_title),
    }
    if choice.description:
        row["description"] = _fits("a row's description", choice.description, LIMITS.row_description)
    return row


def _file(message: Image | Document, media_id: str) -> Body:
    if media_id:
        return {"id": media_id}
    if message.link:
        return {"link": message.link}
    raise Unsendable("A picture or file has neither a link nor a path. Please report this.")


def _caption(caption: str) -> Body:
    return {"caption": _fits("a caption", caption, LIMITS.caption)} if caption else {}


def _template(message: Template) -> Body:
    template: Body = {
        "name": _fits("a template's name", message.name, TEMPLATE_NAME),
        "language": {"code": message.language},
    }
    if message.parameters:
        parameters = [{"type": "text", "text": _parameter(text)} for text in message.parameters]
        template["components"] = [{"type": "body", "parameters": parameters}]
    return template


def _parameter(text: str) -> str:
    """Meta refuses line ends, tabs and runs of spaces inside a parameter; they become one space each."""
    return _fits("a template's parameter", " ".join(text.split()), PARAMETER)


def _fits(what: str, text: str, most: int) -> str:
    if not text.strip():
        raise Unsendable(f"WhatsApp refuses {what} that is empty. Please report this.")
    if len(text) > most:
        raise Unsendable(f"WhatsApp refuses {what} of {len(text)} characters, over {most}. Please report this.")
    return text


def _count(what: str, choices: Sequence[Choice], most: int) -> None:
    if not 1 <= len(choices) <= most:
        raise Unsendable(f"WhatsApp takes 1 to {most} {what}, not {len(choices)}. Please report this.")
    _distinct(f"ids of {what}", [choice.id for choice in choices])


def _distinct(what: str, texts: Sequence[str]) -> None:
    if len(set(texts)) != len(texts):
        raise Unsendable(f"WhatsApp refuses {what} that are the same twice. Please report this.")
