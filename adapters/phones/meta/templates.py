"""The account's message templates: Meta's list of them, page by page, and the webhooks when one has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from zlib import crc32

import msgspec

from adapters.phones.meta.payloads import Json
from adapters.phones.meta.rules import Rules, TemplateRule
from engine.errors import BadInput

LIMIT, LIMIT_MOST = 25, 1_000
"""Templates per page, unless the request says otherwise."""
STATUS, QUALITY = "message_template_status_update", "message_template_quality_update"


def page(templates: Sequence[TemplateRule], query: Mapping[str, str], url: str) -> Json:
    """What a GET is answered. A cursor is opaque; the last page has cursors too, but no ``next``."""
    start = _place(query.get("after", ""))
    limit = query.get("limit", "")
    end = start + (min(int(limit), LIMIT_MOST) if limit.isascii() and limit.isdigit() and int(limit) else LIMIT)
    fields = query.get("fields", "name,language,status,category").split(",")
    cursors = {"before": _cursor(start), "after": _cursor(end)}
    more = {"next": f"{url}?after={cursors['after']}"} if end < len(templates) else {}
    return {"data": [_shown(one, fields) for one in templates[start:end]], "paging": {"cursors": cursors, **more}}


def _cursor(place: int) -> str:
    return f"Q{place}ZD=="


def _place(cursor: str) -> int:
    digits = cursor.removeprefix("Q").removesuffix("ZD==")
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _shown(rule: TemplateRule, fields: Sequence[str]) -> Json:
    everything = {
        "name": rule.name,
        "language": rule.language,
        "status": rule.status,
        "category": rule.category.upper(),
        "quality_score": {"score": rule.quality, "date": 1_790_000_000},
        "rejected_reason": rule.reason,
    }
    return {field: everything[field] for field in fields if field in everything} | {"id": str(_id(rule))}


def _id(rule: TemplateRule) -> int:
    return 10**15 + crc32(f"{rule.name} {rule.language}".encode())


def news(before: Rules, after: Rules) -> Iterator[tuple[str, Json]]:
    """The field and value of each webhook that tells what has changed of templates that were there before."""
    known = {(one.name, one.language): one for one in before.templates}
    for rule in after.templates:
        old = known.get((rule.name, rule.language), rule)
        named = {
            "message_template_id": _id(rule),
            "message_template_name": rule.name,
            "message_template_language": rule.language.replace("_", "-"),
        }
        if old.status != rule.status:
            told: Json = {"event": rule.status, "reason": rule.reason}
            if rule.status == "PAUSED":
                told["other_info"] = {"title": "FIRST_PAUSE", "description": "It is paused for 3 hours."}
            yield STATUS, told | named
        if old.quality != rule.quality:
            yield QUALITY, {"previous_quality_score": old.quality, "new_quality_score": rule.quality} | named


def changed(rules: Rules, raw: bytes) -> Rules:
    """The rules after a control request: an object with name and language of a template that is there, and what is to
    be different of it. Raises BadInput with a sentence."""
    try:
        wishes = msgspec.json.decode(raw, type=dict[str, object])
        wanted = (wishes.get("name"), wishes.get("language"))
        if wanted not in [(one.name, one.language) for one in rules.templates]:
            raise BadInput(f"there is no template {wanted[0]} in {wanted[1]}; POST /control/rules makes them")
        return msgspec.structs.replace(rules, templates=tuple(_with(one, wanted, wishes) for one in rules.templates))
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise BadInput(f"{error}; a template has: {', '.join(TemplateRule.__struct_fields__)}") from None


def _with(rule: TemplateRule, wanted: tuple[object, object], wishes: Mapping[str, object]) -> TemplateRule:
    if (rule.name, rule.language) != wanted:
        return rule
    return msgspec.convert(msgspec.to_builtins(rule) | dict(wishes), TemplateRule)
