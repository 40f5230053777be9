"""What Meta takes and refuses in interactive messages: buttons, lists, links, products, flows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from adapters.phones.meta.errors import BAD_PARAMETER, INVALID, MISSING, GraphError
from adapters.phones.meta.fields import JsonObject, one_of, optional_text, part, rows, text, titled

BODY = 1024
LIST_BODY = 4096
HEADER = 60
FOOTER = 60
BUTTONS = 3
BUTTON_TITLE = 20
BUTTON_ID = 256
SECTIONS = 10
SECTION_TITLE = 24
ROWS = 10
ROW_ID = 200
ROW_TITLE = 24
ROW_DESCRIPTION = 72
PRODUCTS = 30
LINK_TEXT = 20
FLOW_TEXT = 30
CARDS = 10

HEADERS = ("text", "image", "video", "document")
WHERE = "interactive"
ACTION = "interactive['action']"


def check_interactive(interactive: JsonObject) -> None:
    """Raises GraphError for whatever Meta would refuse."""
    kind = one_of(interactive, "type", tuple(KINDS), WHERE)
    _header(interactive, kind)
    if "footer" in interactive:
        titled(part(interactive, "footer", WHERE), "text", FOOTER, "interactive['footer']")
    KINDS[kind](interactive, part(interactive, "action", WHERE))


def _header(interactive: JsonObject, kind: str) -> None:
    if "header" not in interactive:
        return
    header = part(interactive, "header", WHERE)
    allowed = ("text",) if kind in ("list", "product_list") else HEADERS
    if one_of(header, "type", allowed, "interactive['header']") == "text":
        titled(header, "text", HEADER, "interactive['header']")


def _body(interactive: JsonObject, most: int = BODY) -> None:
    text(part(interactive, "body", WHERE), "text", most, "interactive['body']")


def _distinct(values: Sequence[str], what: str) -> None:
    if len(set(values)) != len(values):
        raise GraphError(INVALID, f"Duplicated {what} found. Each {what} must be unique within the message.")


def _buttons(interactive: JsonObject, action: JsonObject) -> None:
    _body(interactive)
    ids, titles = [], []
    for at, button in enumerate(rows(action, "buttons", 1, BUTTONS, ACTION)):
        where = f"{ACTION}['buttons'][{at}]"
        one_of(button, "type", ("reply",), where)
        reply = part(button, "reply", where)
        ids.append(titled(reply, "id", BUTTON_ID, f"{where}['reply']"))
        titles.append(titled(reply, "title", BUTTON_TITLE, f"{where}['reply']"))
    _distinct(ids, "button id")
    _distinct(titles, "button title")


def _list(interactive: JsonObject, action: JsonObject) -> None:
    _body(interactive, LIST_BODY)
    titled(action, "button", BUTTON_TITLE, ACTION)
    sections = rows(action, "sections", 1, SECTIONS, ACTION)
    ids: list[str] = []
    for at, section in enumerate(sections):
        where = f"{ACTION}['sections'][{at}]"
        _section_title(section, len(sections), where)
        for place, row in enumerate(rows(section, "rows", 1, 1_000, where)):
            ids.append(_row(row, f"{where}['rows'][{place}]"))
    if len(ids) > ROWS:
        raise GraphError(INVALID, f"Total row count exceed max allowed count: {ROWS}")
    _distinct(ids, "row id")


def _section_title(section: JsonObject, sections: int, where: str) -> None:
    if sections > 1 or section.get("title"):
        titled(section, "title", SECTION_TITLE, where)


def _row(row: JsonObject, where: str) -> str:
    titled(row, "title", ROW_TITLE, where)
    if "description" in row:
        titled(row, "description", ROW_DESCRIPTION, where)
    return titled(row, "id", ROW_ID, where)


def _link(interactive: JsonObject, action: JsonObject) -> None:
    _body(interactive)
    parameters = _named(action, "cta_url")
    titled(parameters, "display_text", LINK_TEXT, f"{ACTION}['parameters']")
    if not text(parameters, "url", 2048, f"{ACTION}['parameters']").startswith(("https://", "http://")):
        raise GraphError(INVALID, f"Param {ACTION}['parameters']['url'] is not a valid URL.")


def _named(action: JsonObject, name: str) -> JsonObject:
    one_of(action, "name", (name,), ACTION)
    return part(action, "parameters", ACTION)


def _place(interactive: JsonObject, action: JsonObject) -> None:
    _body(interactive)
    one_of(action, "name", ("send_location",), ACTION)


def _product(_interactive: JsonObject, action: JsonObject) -> None:
    text(action, "catalog_id", 100, ACTION)
    text(action, "product_retailer_id", 100, ACTION)


def _products(interactive: JsonObject, action: JsonObject) -> None:
    _body(interactive)
    if "header" not in interactive:
        raise GraphError(MISSING, "Param interactive['header'] is required.")
    text(action, "catalog_id", 100, ACTION)
    sections = rows(action, "sections", 1, SECTIONS, ACTION)
    total = 0
    for at, section in enumerate(sections):
        where = f"{ACTION}['sections'][{at}]"
        _section_title(section, len(sections), where)
        for item in rows(section, "product_items", 1, 1_000, where):
            text(item, "product_retailer_id", 100, f"{where}['product_items']")
            total += 1
    if total > PRODUCTS:
        raise GraphError(INVALID, f"Total product count exceed max allowed count: {PRODUCTS}")


def _catalogue(interactive: JsonObject, action: JsonObject) -> None:
    _body(interactive)
    one_of(action, "name", ("catalog_message",), ACTION)


def _flow(interactive: JsonObject, action: JsonObject) -> None:
    _body(interactive)
    parameters = _named(action, "flow")
    where = f"{ACTION}['parameters']"
    one_of(parameters, "flow_message_version", ("3",), where)
    titled(parameters, "flow_cta", FLOW_TEXT, where)
    if ("flow_id" in parameters) == ("flow_name" in parameters):
        raise GraphError(BAD_PARAMETER, f"Param {where} needs either flow_id or flow_name.")
    optional_text(parameters, "flow_token", 1_000, where)


def _carousel(interactive: JsonObject, action: JsonObject) -> None:
    _body(interactive)
    cards = rows(action, "cards", 2, CARDS, ACTION)
    if [card.get("card_index") for card in cards] != list(range(len(cards))):
        raise GraphError(INVALID, f"Param {ACTION}['cards'] must have card_index 0, 1, 2 … in order.")


KINDS: Mapping[str, Callable[[JsonObject, JsonObject], None]] = {
    "button": _buttons,
    "list": _list,
    "cta_url": _link,
    "location_request_message": _place,
    "product": _product,
    "product_list": _products,
    "catalog_message": _catalogue,
    "flow": _flow,
    "carousel": _carousel,
}
