"""Changes that are about the account rather than a customer: for the log and the owner."""

from __future__ import annotations

from collections.abc import Iterable

from adapters.channels._whatsapp.codes import sentence
from adapters.channels._whatsapp.reading import NAME_LENGTH, Json, Map, integer, mapping, text
from adapters.channels._whatsapp.templates import told as template_told
from engine.messages import Notice

FIELDS = frozenset(
    {
        "account_alerts",
        "account_review_update",
        "account_update",
        "business_capability_update",
        "message_template_components_update",
        "message_template_quality_update",
        "message_template_status_update",
        "phone_number_name_update",
        "phone_number_quality_update",
        "security",
        "template_category_update",
    }
)
"""Webhook fields that become a Notice; what is neither here nor read elsewhere is acknowledged and ignored."""

TOLD = (
    "event",
    "message_template_name",
    "message_template_language",
    "reason",
    "previous_quality_score",
    "new_quality_score",
    "previous_category",
    "new_category",
    "display_phone_number",
    "current_limit",
    "old_limit",
    "decision",
    "requested_verified_name",
    "rejection_reason",
    "alert_type",
    "alert_severity",
    "alert_status",
    "max_daily_conversation_per_phone",
    "max_phone_numbers_per_business",
)
"""What a notice tells, in this order. Everything in these is the shop's own; nothing in them is a customer's."""


def account_notices(shops: Iterable[str], field: str, value: Map, account: str) -> list[Notice]:
    """Such a change names the account, not a number, so every shop of this webhook hears it."""
    template = template_told(value)
    told = ((name, _plain(value.get(name))) for name in TOLD)
    detail = ", ".join(f"{name} {what}" for name, what in told if what)
    return [Notice(shop, field, detail, account, template) for shop in shops]


def _plain(found: Json) -> str:
    number = None if isinstance(found, str) else integer(found)
    return text(found, NAME_LENGTH) if number is None else str(number)


def error_notice(shop: str, error: Json) -> Notice:
    """An error of the account beside, or instead of, messages (protocols 1.4)."""
    code = integer(mapping(error).get("code"))
    if code is None or not 0 <= code < 2**31:
        return Notice(shop, "error", "WhatsApp reported an error without a code.")
    return Notice(shop, "error", f"{code}: {sentence(code)}")
