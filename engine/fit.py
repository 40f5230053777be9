"""From wishes to messages that the channel can show: split, shortened and paged so that one Message is one send.

Lengths are code points, as Meta counts them; the numbers are the channel's Limits.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from engine.effects import AnyEffect, Ask, AskLocation, Option, Say, ShowDocument, ShowImage, UseTemplate
from engine.messages import (
    AnyMessage,
    Buttons,
    Choice,
    ChoiceList,
    Document,
    Image,
    Limits,
    LocationRequest,
    Purpose,
    Template,
    Text,
)
from engine.phrases import say

TEXT_ROWS = 10
"""Options a page where the channel has neither buttons nor lists: what fits a small screen."""

ELLIPSIS = "…"
_CLINGS = frozenset("\u200d\ufe0f\u20e3")
"""Zero-width joiner, emoji presentation, keycap: never parted from what they follow."""


def messages(
    effect: AnyEffect, limits: Limits, question: int, page: int, language: str
) -> tuple[tuple[AnyMessage, Purpose, Template | None], ...]:
    """What one effect shows, in order, each with what stands in for it; nothing for an effect that shows nothing.

    ``question`` and ``page`` belong to the offer that an Ask stands for. A ticket, receipt or invoice is news of an
    order: it goes out also where a person has begun to answer meanwhile.
    """
    match effect:
        case Say(text, purpose):
            return _shown([Text(part) for part in split(text, limits.text)], purpose, effect.stand_in)
        case Ask():
            return _shown(_ask(effect, limits, question, page, language), effect.purpose, effect.stand_in)
        case AskLocation(text):
            return _shown(_ask_location(text, limits))
        case ShowImage(paper=paper) | ShowDocument(paper=paper):
            return _shown(_picture(effect, limits), Purpose.ORDER if paper else Purpose.REPLY)
        case UseTemplate(name, spoken, parameters, purpose):
            return _shown([Template(name, spoken, parameters)], purpose)
        case _:
            return ()


def _shown(
    parts: Sequence[AnyMessage], purpose: Purpose = Purpose.REPLY, stand_in: Template | None = None
) -> tuple[tuple[AnyMessage, Purpose, Template | None], ...]:
    """The last part says what it is about, or asks: that is what a template stands in for."""
    if len(parts) == 1:
        return ((parts[0], purpose, stand_in),)
    last = len(parts) - 1
    return tuple([(part, purpose, stand_in if place == last else None) for place, part in enumerate(parts)])


def split(text: str, limit: int) -> list[str]:
    """``text`` in parts of at most ``limit``, at line ends where there are, else at spaces, else between characters."""
    parts: list[str] = []
    rest = text.strip()
    while len(rest) > limit:
        cut = _cut(rest, limit)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if rest:
        parts.append(rest)
    return parts


def _cut(text: str, limit: int) -> int:
    """Where to break: 1 to ``limit``, so that the parts come to an end."""
    for mark in ("\n", " "):
        at = text.rfind(mark, 1, limit + 1)
        if at > limit // 2 and text[:at].strip():
            return at
    return _between(text, limit)


def _between(text: str, limit: int) -> int:
    """The last place up to ``limit`` that does not part a character from its marks."""
    at = limit
    while at > 1 and (_clings(text[at]) or text[at - 1] == "\u200d"):
        at -= 1
    return at if at > 1 else limit


def _clings(one: str) -> bool:
    return one in _CLINGS or unicodedata.category(one)[0] == "M"


def shorten(text: str, limit: int) -> str:
    """``text`` on one line within ``limit``, with an ellipsis where it was longer."""
    line = text if "\n" not in text else " ".join(text.split())
    return line if len(line) <= limit else line[: _between(line, limit - 1)].rstrip() + ELLIPSIS


@lru_cache(maxsize=1024)
def distinct(titles: tuple[str, ...], limit: int) -> tuple[str, ...]:
    """Titles shortened to ``limit`` and still all different: providers refuse two buttons of one name."""
    taken: dict[str, None] = {}
    for title in titles:
        short = shorten(title, limit)
        for number in range(2, len(titles) + 2):
            if short not in taken:
                break
            mark = f" ({number})"
            short = shorten(title, limit - len(mark)) + mark
        taken[short] = None
    return tuple(taken)


# -- questions -------------------------------------------------------------------------------------------------------
def pages(shown: int, limits: Limits) -> tuple[int, int]:
    """(options a page, number of pages) for this many shown options."""
    room = limits.rows or TEXT_ROWS
    if shown <= max(room, limits.buttons):
        return max(shown, 1), 1
    return room - 1, -(-shown // (room - 1))


def _ask(ask: Ask, limits: Limits, question: int, page: int, language: str) -> list[AnyMessage]:
    shown = [(index, option) for index, option in enumerate(ask.options) if not option.hidden]
    size, last = pages(len(shown), limits)
    here = shown[page * size : (page + 1) * size]
    if not here:
        return [Text(part) for part in split(ask.text, limits.text)]
    first = page * size + 1
    more = page + 1 < last
    if last == 1 and len(here) <= limits.buttons and not any(option.description for _, option in here):
        return _buttons(ask, limits, question, here)
    if limits.rows:
        return _list(ask, limits, question, here, first, f"{question}:more:{page + 1}" if more else "", language)
    return _numbered(ask, limits, here, first, more, language)


def _body(text: str, limit: int, limits: Limits) -> tuple[list[AnyMessage], str]:
    """A question's text within ``limit``; what does not fit goes ahead as plain messages."""
    if len(text) <= limit and text.strip():
        return [], text
    *ahead, last = split(text, limit) or ["…"]
    before = "\n".join(ahead)
    return [Text(part) for part in split(before, limits.text)], last


def _buttons(ask: Ask, limits: Limits, question: int, here: list[tuple[int, Option]]) -> list[AnyMessage]:
    ahead, body = _body(ask.text, limits.question, limits)
    titles = distinct(tuple([option.title for _, option in here]), limits.button_title)
    choices = [Choice(f"{question}:{index}", title) for (index, _), title in zip(here, titles, strict=True)]
    return [*ahead, Buttons(body, tuple(choices))]


def _list(
    ask: Ask,
    limits: Limits,
    question: int,
    here: list[tuple[int, Option]],
    first: int,
    more: str,
    language: str,
) -> list[AnyMessage]:
    ahead, body = _body(ask.text, limits.list_question, limits)
    full = [f"{first + n}. {option.title}" if ask.numbered else option.title for n, (_, option) in enumerate(here)]
    titles = distinct(tuple(full), limits.row_title)
    choices = [
        Choice(f"{question}:{index}", title, _described(option, title == whole, limits))
        for (index, option), title, whole in zip(here, titles, full, strict=True)
    ]
    if more:
        choices.append(Choice(more, shorten(say(language, "More…"), limits.row_title)))
    return [
        *ahead,
        ChoiceList(body, shorten(ask.button or say(language, "Choose"), limits.list_button), tuple(choices)),
    ]


def _described(option: Option, whole: bool, limits: Limits) -> str:
    """A row's second line; begins with the full title where the first line had to be cut."""
    parts = [option.description] if whole else [option.title, option.description]
    return shorten(" – ".join(part for part in parts if part), limits.row_description)


def _numbered(
    ask: Ask, limits: Limits, here: list[tuple[int, Option]], first: int, more: bool, language: str
) -> list[AnyMessage]:
    lines = [ask.text, ""]
    for n, (_, option) in enumerate(here):
        mark = f"{first + n}." if ask.numbered else "•"
        lines.append(f"{mark} {option.title}" + (f" – {option.description}" if option.description else ""))
    if more:
        lines.append(say(language, "Say *more* for more."))
    return [Text(part) for part in split("\n".join(lines), limits.text)]


# -- places and pictures ---------------------------------------------------------------------------------------------
def _ask_location(text: str, limits: Limits) -> list[AnyMessage]:
    if not limits.location_request:
        return [Text(part) for part in split(text, limits.text)]
    ahead, body = _body(text, limits.question, limits)
    return [*ahead, LocationRequest(body)]


def _picture(effect: ShowImage | ShowDocument, limits: Limits) -> list[AnyMessage]:
    """A caption that is too long goes as text behind its picture, so that neither is lost."""
    long = len(effect.caption) > limits.caption
    caption = "" if long else effect.caption
    shown: AnyMessage
    if isinstance(effect, ShowImage):
        shown = Image(effect.link, effect.path, caption, effect.paper)
    else:
        shown = Document(effect.filename, effect.link, effect.path, caption, effect.paper)
    return [shown, *(Text(part) for part in split(effect.caption, limits.text) if long)]
