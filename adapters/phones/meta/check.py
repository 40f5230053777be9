"""What Meta takes and refuses in ``POST …/messages``: shapes and limits of every message type, as pure functions.

Lengths are counted in characters (code points). A missing parameter is 131008, a value that breaks a rule 131009, a
wrong JSON type or a text that is too long 100, an unknown ``type`` 131051.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from adapters.phones.meta.errors import BAD_PARAMETER, INVALID, MISSING, UNSUPPORTED, GraphError
from adapters.phones.meta.fields import JsonObject, count, number, one_of, optional_text, part, rows, text
from adapters.phones.meta.interactive import check_interactive

TEXT = 4096
CAPTION = 1024
CALLBACK_DATA = 512
TEMPLATE_NAME = 512
LATITUDE = 90.0
LONGITUDE = 180.0

RECIPIENT = re.compile(r"\+?[0-9][0-9 ()\-]{5,24}")
USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
TEMPLATE = re.compile(r"[a-z0-9_]+")
NOT_DIGITS = re.compile(r"[^0-9]")

HasMedia: TypeAlias = Callable[[str], bool]


class Form(msgspec.Struct, frozen=True):
    """A checked message: who it is for (``digits`` or ``user_id``), its type, and the sender's own id (``key``)."""

    given: str
    digits: str
    user_id: str
    type: str
    key: str
    context: str
    body: JsonObject


class ReadMark(msgspec.Struct, frozen=True):
    """A checked "I have read this", with or without "typing…"."""

    message_id: str
    typing: bool


def check(raw: bytes, has_media: HasMedia) -> Form | ReadMark:
    """Read and check one request body. Raises GraphError with the code and details that Meta would answer."""
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise GraphError(BAD_PARAMETER, f"The request body is not valid JSON: {error}") from None
    if not isinstance(body, dict):
        raise GraphError(BAD_PARAMETER, "The request body must be a JSON object.")
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(BAD_PARAMETER, "The parameter messaging_product is required and must be 'whatsapp'.")
    return _read_mark(body) if "status" in body else _message(body, has_media)


def _read_mark(body: JsonObject) -> ReadMark:
    one_of(body, "status", ("read",), "")
    message_id = text(body, "message_id", 512, "")
    if not message_id.startswith("wamid."):
        raise GraphError(INVALID, "Param message_id is not a valid WhatsApp message id.")
    typing = body.get("typing_indicator")
    if typing is not None:
        one_of(part(body, "typing_indicator", ""), "type", ("text",), "typing_indicator")
    return ReadMark(message_id, typing is not None)


def _message(body: JsonObject, has_media: HasMedia) -> Form:
    if body.get("recipient_type", "individual") != "individual":
        raise GraphError(INVALID, "Param recipient_type must be 'individual' for this phone number.")
    given, digits, user_id = _recipient(body)
    kind = body.get("type", "text")
    checker = CHECKERS.get(kind) if isinstance(kind, str) else None
    if checker is None:
        raise GraphError(UNSUPPORTED, f"Message type {kind!r} is not supported.")
    checker(body, has_media)
    context = ""
    if "context" in body:
        context = text(part(body, "context", ""), "message_id", 512, "context")
        if kind == "reaction":
            raise GraphError(INVALID, "Param context can not be used with reaction messages.")
    return Form(
        given, digits, user_id, kind, optional_text(body, "biz_opaque_callback_data", CALLBACK_DATA, ""), context, body
    )


def _recipient(body: JsonObject) -> tuple[str, str, str]:
    """The recipient as given, as digits, and as a user id; ``to`` wins over ``recipient``."""
    if "to" in body:
        given = text(body, "to", 150, "")
        if USER_ID.fullmatch(given):
            return given, "", given
        if not RECIPIENT.fullmatch(given):
            raise GraphError(INVALID, "Param to must be a phone number with its country code.")
        return given, NOT_DIGITS.sub("", given), ""
    if "recipient" not in body:
        raise GraphError(MISSING, "The parameter to is required.")
    given = text(body, "recipient", 150, "")
    if not USER_ID.fullmatch(given):
        raise GraphError(INVALID, "Param recipient must be a business-scoped user id.")
    return given, "", given


# -- one function per type ----------------------------------------------------------------------------------------
def _text(body: JsonObject, _media: HasMedia) -> None:
    text(part(body, "text", ""), "body", TEXT, "text")


def _media(kind: str, *, caption: bool) -> Callable[[JsonObject, HasMedia], None]:
    def checker(body: JsonObject, has_media: HasMedia) -> None:
        media = part(body, kind, "")
        check_media(media, kind, has_media)
        if "caption" in media and not caption:
            raise GraphError(BAD_PARAMETER, f"Unexpected key 'caption' on param '{kind}'.")
        optional_text(media, "caption", CAPTION, kind)
        optional_text(media, "filename", 240, kind)

    return checker


def check_media(media: JsonObject, where: str, has_media: HasMedia) -> None:
    """Either an id that was uploaded here, or a link."""
    if ("id" in media) == ("link" in media):
        raise GraphError(MISSING if "id" not in media else BAD_PARAMETER, f"Param {where} needs either id or link.")
    if "id" in media and not has_media(text(media, "id", 100, where)):
        raise GraphError(
            BAD_PARAMETER, f"Param {where}['id'] is not a valid whatsapp business account media attachment ID."
        )
    if "link" in media and not text(media, "link", 2048, where).startswith(("https://", "http://")):
        raise GraphError(INVALID, f"Param {where}['link'] is not a valid URL.")


def _location(body: JsonObject, _media: HasMedia) -> None:
    place = part(body, "location", "")
    number(place, "latitude", LATITUDE, "location")
    number(place, "longitude", LONGITUDE, "location")
    optional_text(place, "name", 1000, "location")
    optional_text(place, "address", 1000, "location")


def _reaction(body: JsonObject, _media: HasMedia) -> None:
    reaction = part(body, "reaction", "")
    text(reaction, "message_id", 512, "reaction")
    if not isinstance(reaction.get("emoji"), str):
        raise GraphError(MISSING, "Param reaction['emoji'] is required.")


def _contacts(body: JsonObject, _media: HasMedia) -> None:
    for at, card in enumerate(rows(body, "contacts", 1, 257, "")):
        name = part(card, "name", f"contacts[{at}]")
        text(name, "formatted_name", 1000, f"contacts[{at}]['name']")


def _interactive(body: JsonObject, has_media: HasMedia) -> None:
    interactive = part(body, "interactive", "")
    check_interactive(interactive)
    header = interactive.get("header")
    if isinstance(header, dict) and header["type"] != "text":
        check_media(part(header, header["type"], "interactive['header']"), "interactive['header']", has_media)


def _template(body: JsonObject, _media: HasMedia) -> None:
    template = part(body, "template", "")
    if not TEMPLATE.fullmatch(text(template, "name", TEMPLATE_NAME, "template")):
        raise GraphError(INVALID, "Param template['name'] may hold lowercase letters, digits and underscores only.")
    text(part(template, "language", "template"), "code", 20, "template['language']")
    for at, component in enumerate(rows(template, "components", 0, 20, "template") if "components" in template else ()):
        where = f"template['components'][{at}]"
        kind = one_of(component, "type", ("header", "body", "button", "carousel", "limited_time_offer"), where)
        if kind == "button":
            subs = ("quick_reply", "url", "CATALOG", "catalog", "copy_code", "mpm", "flow")
            one_of(component, "sub_type", subs, where)
            count(component.get("index"), f"{where}['index']")
        if kind != "carousel" and "parameters" in component:
            for place, parameter in enumerate(rows(component, "parameters", 0, 64, where)):
                _parameter(parameter, f"{where}['parameters'][{place}]")


def _parameter(parameter: JsonObject, where: str) -> None:
    kind = text(parameter, "type", 30, where)
    if kind in ("text", "payload", "coupon_code"):
        text(parameter, kind, 1024 if kind != "coupon_code" else 20, where)


CHECKERS: Mapping[str, Callable[[JsonObject, HasMedia], None]] = {
    "text": _text,
    "image": _media("image", caption=True),
    "video": _media("video", caption=True),
    "document": _media("document", caption=True),
    "audio": _media("audio", caption=False),
    "sticker": _media("sticker", caption=False),
    "location": _location,
    "reaction": _reaction,
    "contacts": _contacts,
    "interactive": _interactive,
    "template": _template,
}


def body_parameters(template: Mapping[str, Any]) -> int:
    """How many parameters a template message gives for the template's body."""
    components = template.get("components") or ()
    return sum(len(one.get("parameters") or ()) for one in components if one["type"] == "body")
