"""The account's rules, which a test or a demo may set: window, paces, templates, and how webhooks are delivered."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from adapters.phones.meta.check import Form, body_parameters
from adapters.phones.meta.errors import (
    TEMPLATE_DISABLED,
    TEMPLATE_MISSING,
    TEMPLATE_PARAMETERS,
    TEMPLATE_PAUSED,
    GraphError,
)
from engine.errors import BadInput

Share = Annotated[float, msgspec.Meta(ge=0)]
Positive = Annotated[float, msgspec.Meta(gt=0)]


class FakeNumber(msgspec.Struct, frozen=True):
    """One business number. ``name`` is the shop's own (for tools that choose by it), ``title`` what customers see,
    ``says`` what a stranger may tap to begin, ``flow`` the kind of shop,
    ``provider`` through whom it is on WhatsApp (adapters/phones/fronts.py), ``owner`` the phone of its owner, digits,
    where it has one.

    ``webhook_url`` may be set later (``FakeMeta.set_webhook``); until then nothing is delivered, only kept.
    """

    phone_number_id: str
    display_phone_number: str
    title: str
    waba_id: str
    access_token: str
    app_secret: str
    webhook_url: str = ""
    name: str = ""
    about: str = ""
    says: tuple[str, ...] = ("hi", "menu", "help")
    flow: str = ""
    provider: str = "meta"
    owner: str = ""

    @property
    def digits(self) -> str:
        """The display number as webhooks write it."""
        return "".join(one for one in self.display_phone_number if one in "0123456789")


class TemplateRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A template in one language, with the number of its body's parameters. Only APPROVED may be sent; ``reason`` is
    why it is REJECTED."""

    name: str
    language: str
    parameters: int = 0
    category: str = "utility"
    status: Literal["APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED"] = "APPROVED"
    quality: Literal["GREEN", "YELLOW", "RED", "UNKNOWN"] = "UNKNOWN"
    reason: str = "NONE"


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the account may do.

    ``window``: refuse free messages when the customer's last message is older than ``window_hours`` (131047), at once,
    or with ``late_refusals`` as Meta often does: accepted first, refused by a ``failed`` status.
    ``pair_burst`` messages to one customer may go at once, one more every ``pair_seconds`` (131056); 0: no such limit.
    ``per_second``: messages in and out of one number together (130429); 0: no such limit, 80 is a new number's.
    ``auto_deliver``: messages count as delivered even when the phone is not connected.
    ``retry_first``/``retry_most``: seconds before a webhook's first new attempt, doubling up to the second figure.
    ``opt_out``: at Twilio, whoever wrote STOP last gets nothing until they write START (21610).
    ``status_batch``/``status_wait``: statuses are posted together, so many at most, after so many seconds at most.
    """

    window: bool = True
    window_hours: Positive = 24.0
    late_refusals: bool = False
    pair_burst: Annotated[int, msgspec.Meta(ge=0)] = 45
    pair_seconds: Positive = 6.0
    per_second: Share = 0.0
    auto_deliver: bool = False
    opt_out: bool = False
    templates: tuple[TemplateRule, ...] = ()
    retry_first: Positive = 0.5
    retry_most: Positive = 3600.0
    status_batch: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 100
    status_wait: Share = 0.05

    def template(self, form: Form, *, whatever_status: bool = False) -> TemplateRule:
        """The template that a message uses. Raises GraphError when Meta would refuse it; ``whatever_status``: it may be
        stopped."""
        wanted = form.body["template"]
        name, language = wanted["name"], wanted["language"]["code"]
        rule = next((one for one in self.templates if (one.name, one.language) == (name, language)), None)
        if rule is None or (rule.status in ("PENDING", "REJECTED") and not whatever_status):
            raise GraphError(TEMPLATE_MISSING, f"template name ({name}) does not exist in {language}")
        if rule.status != "APPROVED" and not whatever_status:
            code = TEMPLATE_PAUSED if rule.status == "PAUSED" else TEMPLATE_DISABLED
            raise GraphError(code, f"template name ({name}) is {rule.status.lower()}")
        given = body_parameters(wanted)
        if given != rule.parameters:
            details = f"body: number of localizable_params ({given}) does not match the expected number of params"
            raise GraphError(TEMPLATE_PARAMETERS, f"{details} ({rule.parameters})")
        return rule


def changed(rules: Rules, raw: bytes) -> Rules:
    """The rules after a control request that names some of them. Raises BadInput with a sentence."""
    try:
        wishes = msgspec.json.decode(raw, type=dict[str, object])
        return msgspec.convert(msgspec.to_builtins(rules) | wishes, Rules)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise BadInput(f"{error}; there are: {', '.join(Rules.__struct_fields__)}") from None


class Bucket:
    """A token bucket: ``burst`` at once, one more every ``seconds``. Written apart from the shop's own pace, so that
    one mistake can't hide the other."""

    __slots__ = ("_at", "_tokens")

    def __init__(self, burst: int, now: float) -> None:
        self._tokens = float(burst)
        self._at = now

    def take(self, burst: int, seconds: float, now: float) -> bool:
        """Take one token at ``now`` (s); False when there is none."""
        self._tokens = min(float(burst), self._tokens + (now - self._at) / seconds)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
