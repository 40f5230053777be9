"""One business number at work: what it does with a shop's sends, and with what its customers' phones do."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from adapters.phones.meta.check import Form, ReadMark, check
from adapters.phones.meta.errors import (
    BAD_PARAMETER,
    BSUID_NOT_ALLOWED,
    INVALID,
    PAIR,
    SELF,
    TEMPLATE_DISABLED,
    TEMPLATE_PAUSED,
    THROUGHPUT,
    UNAVAILABLE,
    WINDOW,
    GraphError,
)
from adapters.phones.meta.inbound import Saying
from adapters.phones.meta.payloads import Json, accepted, message_value, status
from adapters.phones.meta.phones import Phone, Phones, Record, encode
from adapters.phones.meta.rules import Bucket, FakeNumber, TemplateRule
from adapters.phones.meta.socket import Socket
from adapters.phones.meta.webhooks import Deliverer
from adapters.phones.meta.wire import Wire
from adapters.phones.meta.world import World
from engine.address import HOUR, Millis
from engine.errors import BadInput

TYPING_SECONDS = 25
DIGITS = re.compile(r"[0-9]{6,15}")
CLOSED = "Message failed to send because more than 24 hours have passed since the customer last replied to this number."


LATE = frozenset({"twilio"})
"""Providers that accept what WhatsApp then refuses, and say so by status."""
STOPPED: Mapping[str, int] = {
    "PAUSED": TEMPLATE_PAUSED,
    "DISABLED": TEMPLATE_DISABLED,
    "REJECTED": TEMPLATE_DISABLED,
}
"""What such a provider then says of a template. One that is PENDING goes inside the window, as any other message."""


class Sent(msgspec.Struct, frozen=True):
    """One accepted send, for whoever checks a shop. ``key`` is the sender's biz_opaque_callback_data."""

    number: str
    to: str
    user_id: str
    wamid: str
    key: str
    at: Millis
    body: msgspec.Raw


class Account:
    """Everything of one business number. It is the ``Desk`` of its customers' sockets."""

    def __init__(self, number: FakeNumber, world: World, wire: Wire) -> None:
        self.number = number
        self.phones = Phones(number.phone_number_id, world.rules, world.now())
        self.deliverer = Deliverer(number, world, wire)
        self.commerce = {"is_cart_enabled": True, "is_catalog_visible": False}
        self._world = world
        self._saying = Saying(number, world.media)
        self._bucket = Bucket(1, world.seconds())
        self._sent: list[Sent] = []

    def sent(self) -> list[Sent]:
        """What was accepted, oldest first: all of it with ``keep_all``, else what the phones still remember."""
        if self._world.keep_all:
            return list(self._sent)
        shown = [(phone, one) for phone in self.phones for one in phone.records.values() if not one.mine]
        return sorted((self._sent_of(phone, one) for phone, one in shown), key=lambda sent: sent.at)

    @property
    def is_metas(self) -> bool:
        """Whether the shop has this number from Meta itself, and hears of its account by webhook."""
        return self.number.provider == "meta"

    def set_webhook(self, url: str) -> None:
        self.number = msgspec.structs.replace(self.number, webhook_url=url)
        self.deliverer.number = self.number
        self.deliverer.resume()

    # -- a send --------------------------------------------------------------------------------------------------------
    def take(self, raw: bytes, *, marketing: bool) -> bytes:
        """Check and carry out one send; returns the answer's body. Raises GraphError when it is refused."""
        mischief = self._world.mischief
        if mischief.strikes("server_error"):
            raise GraphError(UNAVAILABLE, "Temporary failure.", mischief.plan.server_error.status)
        form = check(raw, self._world.media.__contains__)
        if isinstance(form, ReadMark):
            return self._mark_read(form)
        if marketing and form.type != "template":
            raise GraphError(BAD_PARAMETER, "Only marketing templates can be sent here.")
        phone = self._recipient(form)
        rule = self._obey(phone, form)
        return self._accept(phone, form, raw, rule)

    def _recipient(self, form: Form) -> Phone:
        if form.digits:
            if form.digits == self.number.digits:
                raise GraphError(SELF)
            return self.phones.by_digits(form.digits, self._world.seconds())
        phone = self.phones.by_user(form.user_id)
        if phone is None:
            raise GraphError(INVALID, "Param recipient is not a known business-scoped user id.")
        return phone

    def _obey(self, phone: Phone, form: Form) -> TemplateRule | None:
        """Hold the account's rules against a send; returns the template that it uses."""
        world, rules = self._world, self._world.rules
        if world.mischief.strikes("throttle") or not self._pace():
            raise GraphError(THROUGHPUT, "Cloud API message throughput has been reached.")
        rule, late = None, self.number.provider in LATE
        if form.type == "template":
            rule = rules.template(form, whatever_status=late)
            if rule.category == "authentication" and not form.digits:
                raise GraphError(BSUID_NOT_ALLOWED, "Authentication templates need a phone number.")
        elif self._closed(phone) and not (rules.late_refusals or late):
            raise GraphError(WINDOW, CLOSED)
        if rules.pair_burst and not phone.bucket.take(rules.pair_burst, rules.pair_seconds, world.seconds()):
            raise GraphError(PAIR, "Too many messages were sent to this phone number in a short time.")
        return rule

    def _late_refusal(self, phone: Phone, rule: TemplateRule | None) -> GraphError | None:
        """Why a message that is accepted does not reach the phone."""
        if rule is not None and rule.status in STOPPED:
            return GraphError(STOPPED[rule.status], f"template name ({rule.name}) is {rule.status.lower()}")
        free = rule is None or rule.status != "APPROVED"
        return GraphError(WINDOW, CLOSED) if free and self._closed(phone) else None

    def _closed(self, phone: Phone) -> bool:
        rules = self._world.rules
        return rules.window and self._world.now() - phone.last_in >= rules.window_hours * HOUR

    def _pace(self) -> bool:
        rate = self._world.rules.per_second
        return not rate or self._bucket.take(max(1, int(rate)), 1 / rate, self._world.seconds())

    def _accept(self, phone: Phone, form: Form, raw: bytes, rule: TemplateRule | None) -> bytes:
        world = self._world
        wamid = self.phones.new_id(phone)
        record = Record(wamid, world.now(), False, form.type, quoted=form.context, raw=raw, key=form.key)
        world.count_send(form.type, form.key)
        if world.keep_all:
            self._sent.append(self._sent_of(phone, record))
        why = self._late_refusal(phone, rule)
        if why is not None:
            self._fail(phone, record, why)
        else:
            self._show(phone, record, rule.category if rule is not None else "service")
        return msgspec.json.encode(accepted(phone, form.given, wamid, template=rule is not None))

    def _show(self, phone: Phone, record: Record, category: str) -> None:
        phone.keep(record, self._world.keep)
        phone.show(record.frame())
        self._report(phone, record, "sent", category)
        if phone.lines or self._world.rules.auto_deliver:
            self._report(phone, record, "delivered", category)
        else:
            phone.undelivered.append((record.id, category))

    def _report(self, phone: Phone, record: Record, state: str, category: str = "service") -> None:
        """Tell the shop how far a message has come. A reaction only ever reports ``sent``."""
        if state == "sent" or (record.kind != "reaction" and record.advance(state)):
            self._world.counts[f"status_{state}"] += 1
            self.deliverer.status(status(phone, record.id, state, self._world.now(), record.key, category))

    def _fail(self, phone: Phone, record: Record, why: GraphError) -> None:
        self._world.counts["status_failed"] += 1
        failed = status(phone, record.id, "failed", self._world.now(), record.key, "service")
        self.deliverer.status(failed | {"errors": [why.status_error()]})

    def _mark_read(self, mark: ReadMark) -> bytes:
        phone = self.phones.owner(mark.message_id)
        if phone is None:
            raise GraphError(INVALID, "Param message_id is not a message to this phone number.")
        self._world.counts["read_marks"] += 1
        phone.read_up_to(mark.message_id)
        if mark.typing:
            phone.show_typing(TYPING_SECONDS)
        return b'{"success":true}'

    def _sent_of(self, phone: Phone, record: Record) -> Sent:
        number = self.number.phone_number_id
        return Sent(number, phone.digits, phone.user_id, record.id, record.key, record.at, msgspec.Raw(record.raw))

    # -- the phones' side ----------------------------------------------------------------------------------------------
    def connect(self, digits: str, query: Json) -> tuple[Phone, Json]:
        """The phone behind a new line, and the hello for it. Raises BadInput for a number that can't be."""
        if not DIGITS.fullmatch(digits):
            raise BadInput("A phone number is 6 to 15 digits, without +.")
        phone = self.phones.by_digits(digits, self._world.seconds())
        phone.name = query.get("name") or phone.name or f"+{digits}"
        phone.username = query.get("username", phone.username)
        phone.hidden = query.get("hide_phone") == "1"
        if query.get("user_id"):
            self.phones.rename(phone, query["user_id"])
        history = [record.frame(history=True) for record in phone.records.values()]
        title, display = self.number.title, self.number.display_phone_number
        return phone, {"type": "hello", "title": title, "number": display, "history": history}

    def online(self, phone: Phone, line: Socket) -> None:
        """From here on ``line`` gets everything; what waited for the phone is delivered."""
        phone.lines.append(line)
        for prompt in self._world.prompts.open(phone.digits):
            line.push(encode(prompt.frame()))
        while phone.undelivered:
            wamid, category = phone.undelivered.popleft()
            if (record := phone.records.get(wamid)) is not None:
                self._report(phone, record, "delivered", category)

    def frame(self, phone: Phone, line: Socket, frame: Json) -> Json | None:
        """Do what one frame asks for; returns the frame that answers it. Raises BadInput with a sentence."""
        if frame.get("type") == "read":
            self._seen(phone, frame.get("message_id"))
            return None
        if frame.get("type") == "prompt":
            return self._prompted(frame)
        said = self._saying.read(phone, frame)
        now = self._world.now()
        record = Record(self.phones.new_id(phone), now, True, said.kind, said.text, said.quoted, frame.get("ref"))
        phone.keep(record, self._world.keep)
        phone.last_in = now
        phone.show(record.frame(), but=line)
        self._world.counts["messages_in"] += 1
        self._pace()
        value = message_value(self.number, phone, record.id, now, said.part)
        self.deliverer.message(phone.digits, value, lambda: phone.tick(record, "delivered"))
        return {"type": "accepted", "ref": frame.get("ref"), "message_id": record.id, "at": now}

    def _prompted(self, frame: Json) -> Json:
        """The phone's owner answers a question of M-Pesa's. Raises BadInput for what is no answer."""
        prompt = str(frame.get("id", ""))
        taken = self._world.prompts.answer(prompt, str(frame.get("answer", "")))
        return {"type": "prompted", "ref": frame.get("ref"), "id": prompt, "taken": taken}

    def _seen(self, phone: Phone, message_id: object) -> None:
        record = phone.records.get(message_id) if isinstance(message_id, str) else None
        if record is not None and not record.mine:
            self._report(phone, record, "read")
