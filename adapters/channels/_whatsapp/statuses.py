"""What became of our messages: one item of ``statuses`` → one Status."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.channels._whatsapp.codes import meaning, sentence
from adapters.channels._whatsapp.reading import Map, identifier, integer, mapping, moment, sequence
from engine.messages import Status, StatusRank

RANKS: Mapping[str, StatusRank] = {
    "sent": StatusRank.SENT,
    "delivered": StatusRank.DELIVERED,
    "read": StatusRank.READ,
    "played": StatusRank.PLAYED,
    "failed": StatusRank.FAILED,
}
"""Any other status is ignored (protocols 1.6): ``deleted`` is of old, and new ones come without notice."""

NO_REASON = (
    "WhatsApp did not deliver the message and did not say why. Try again later or contact the customer another way."
)


def read_status(shop: str, item: Map) -> Status | None:
    """The status in ``item``, None where ``readable`` says that there is none or its word is not ours."""
    word, provider_id = item.get("status"), identifier(item.get("id"))
    rank = RANKS.get(word) if isinstance(word, str) else None
    if rank is None or not provider_id:
        return None
    at, key = moment(item.get("timestamp")), identifier(item.get("biz_opaque_callback_data"))
    if rank is not StatusRank.FAILED:
        return Status(shop, provider_id, rank, at, key)
    code, reason = failure(item)
    means = meaning(code) if code else None
    kind, template = (means.kind, means.template) if means is not None else (None, "")
    return Status(shop, provider_id, rank, at, key, code, reason, kind, template)


def readable(item: Map) -> bool:
    """Whether an item says a status about a message at all."""
    return isinstance(item.get("status"), str) and bool(identifier(item.get("id")))


def failure(item: Map) -> tuple[int, str]:
    """The first error's code, and the owner's sentence for it."""
    for error in sequence(item.get("errors")):
        code = integer(mapping(error).get("code"))
        if code is not None and 0 < code < 2**31:
            return code, sentence(code)
    return 0, NO_REASON
