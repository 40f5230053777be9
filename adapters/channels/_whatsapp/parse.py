"""Meta's webhook body → a Delivery.

    entry[] ─▶ changes[] ─▶ by ``field``: messages[], statuses[], errors[] · message_echoes[] · user_preferences[]

Every item has its own outcome; one that can't be read, or is for a number that is not here, becomes a Refusal and
never drops the others. Only a body that is not Meta's envelope at all raises BadInput.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b

from adapters.channels._whatsapp import notices, people
from adapters.channels._whatsapp.reading import NAME_LENGTH, Json, Map, document, identifier, mapping, moment, text
from adapters.channels._whatsapp.said import said, words
from adapters.channels._whatsapp.statuses import read_status, readable
from engine.address import Sender
from engine.errors import BadInput
from engine.events import AnyEvent, Inbound, NumberChanged, OwnerEchoed, PreferenceSet, UnsupportedSent
from engine.messages import Notice, Refusal, Status
from engine.ports import Delivery

OBJECT = "whatsapp_business_account"
PREFERENCE = "preference:"
"""How the ids begin that we make for preferences, which come without one. All other inbound ids are Meta's."""
WISHES: Mapping[str, bool] = {"stop": False, "resume": True, "signup": True}
MARKETING = "marketing_messages"


def parse(raw: bytes, shops: Mapping[str, str]) -> Delivery:
    """Read a body. ``shops`` maps phone_number_id to shop. Raises BadInput (see above)."""
    body = document(raw)
    if not isinstance(body, dict) or body.get("object") != OBJECT or not isinstance(body.get("entry"), list):
        raise BadInput(f'Not a WhatsApp webhook: expected {{"object": "{OBJECT}", "entry": […]}}.')
    return _Reading(shops).whole(body)


class _Reading:
    """What one body has given so far. ``_where`` is the path to the item being read, for refusals."""

    def __init__(self, shops: Mapping[str, str]) -> None:
        self._shops = shops
        self._where = ""
        self._account = ""
        self._inbounds: list[Inbound] = []
        self._statuses: list[Status] = []
        self._notices: list[Notice] = []
        self._refusals: list[Refusal] = []

    def whole(self, body: Map) -> Delivery:
        for entry in self._items(body, "entry", ""):
            self._account = identifier(entry.get("id"))
            for change in self._items(entry, "changes", self._where + "."):
                self._change(change, self._where)
        return Delivery(tuple(self._inbounds), tuple(self._statuses), tuple(self._notices), tuple(self._refusals))

    def _items(self, parent: Map, name: str, where: str) -> Iterator[Map]:
        """The objects in a list that may be missing; what is no object is refused."""
        found = parent.get(name)
        if found is None:
            return
        if not isinstance(found, list):
            self._refusals.append(Refusal(where + name, "expected a list"))
            return
        for index, item in enumerate(found):
            self._where = f"{where}{name}[{index}]"
            if isinstance(item, dict):
                yield item
            else:
                self._refuse("expected an object")

    def _refuse(self, why: str) -> None:
        self._refusals.append(Refusal(self._where, why))

    # -- one change ------------------------------------------------------------------------------------------------
    def _change(self, change: Map, where: str) -> None:
        field, value = change.get("field"), change.get("value")
        if not isinstance(field, str):
            self._refuse("expected a field's name")
        elif not isinstance(value, dict):
            if field in FIELDS or field in notices.FIELDS:
                self._refuse("expected a value")
        elif field in FIELDS:
            self._for_a_number(FIELDS[field], value, where + ".")
        elif field in notices.FIELDS:
            shops = sorted(set(self._shops.values()))
            self._notices += notices.account_notices(shops, field, value, self._account)

    def _for_a_number(self, read: Callable[[_Reading, str, Map, str], None], value: Map, where: str) -> None:
        number = mapping(value.get("metadata")).get("phone_number_id")
        shop = self._shops.get(number) if isinstance(number, str) else None
        if shop is None:
            self._refuse("for a phone number id that no shop has here")
        else:
            read(self, shop, value, where)

    def _messages(self, shop: str, value: Map, where: str) -> None:
        contacts = people.contacts(value.get("contacts"))
        for message in self._items(value, "messages", where):
            self._message(shop, message, contacts)
        for item in self._items(value, "statuses", where):
            status = read_status(shop, item)
            if status is not None:
                self._statuses.append(status)
            elif not readable(item):
                self._refuse("a status without id or word")
        for error in self._items(value, "errors", where):
            self._notices.append(notices.error_notice(shop, error))

    def _echoes(self, shop: str, value: Map, where: str) -> None:
        contacts = people.contacts(value.get("contacts"))
        for echo in self._items(value, "message_echoes", where):
            customer = people.sender(echo.get("to"), echo.get("to_user_id"), contacts)
            self._keep(shop, echo, customer, OwnerEchoed(words(echo)))

    def _preferences(self, shop: str, value: Map, where: str) -> None:
        contacts = people.contacts(value.get("contacts"))
        for item in self._items(value, "user_preferences", where):
            customer = people.sender(item.get("wa_id"), item.get("user_id"), contacts)
            wish = WISHES.get(text(item.get("value")))
            if wish is None or item.get("category", MARKETING) != MARKETING:
                self._refuse("a preference that is not known")
            elif customer is None:
                self._refuse("no sender")
            else:
                self._inbounds.append(_preference(shop, customer, wish, item))

    # -- one message -------------------------------------------------------------------------------------------------
    def _message(self, shop: str, message: Map, contacts: Mapping[str, Map]) -> None:
        if message.get("group_id") is not None:
            self._refuse("from a group; a shop answers people only")
            return
        kind, event = said(message)
        if kind == "system":
            self._system(shop, message, event)
            return
        if event is None:
            self._refuse(f"{kind} that can't be read; the customer is told so")
            event = UnsupportedSent(kind)
        self._keep(shop, message, people.sender(message.get("from"), message.get("from_user_id"), contacts), event)

    def _system(self, shop: str, message: Map, event: AnyEvent | None) -> None:
        """Nobody wrote a system message, so one that says nothing to us is no letter, only a notice."""
        if isinstance(event, NumberChanged):
            self._keep(shop, message, _before_change(message, event), event)
        else:
            self._notices.append(Notice(shop, "system", text(mapping(message.get("system")).get("type"), NAME_LENGTH)))

    def _keep(self, shop: str, message: Map, sender: Sender | None, event: AnyEvent) -> None:
        message_id = identifier(message.get("id"))
        if not message_id or message_id.startswith(PREFERENCE):
            self._refuse("no message id")
        elif sender is None:
            self._refuse("no sender")
        else:
            quoted = identifier(mapping(message.get("context")).get("id"))
            self._inbounds.append(Inbound(message_id, shop, sender, moment(message.get("timestamp")), event, quoted))


def _before_change(message: Map, change: NumberChanged) -> Sender | None:
    """Who it was before: the old phone is in ``from``, the old user id in ``previous_user_id``."""
    system = mapping(message.get("system"))
    before: Json = system.get("previous_user_id")
    if before is None and message.get("from_user_id") != change.new_user_id:
        before = message.get("from_user_id")
    return people.sender(message.get("from"), before, {})


def _preference(shop: str, customer: Sender, wish: bool, item: Map) -> Inbound:
    """It has no id of its own. Derived from all that it says, so that a redelivery is the same and a change of mind is
    another."""
    at = moment(item.get("timestamp"))
    said_it = f"{customer.phone}\0{customer.user_id}\0{wish}\0{at}".encode()
    digest = blake2b(said_it, digest_size=12).hexdigest()  # ids are logged, phone numbers never
    return Inbound(PREFERENCE + digest, shop, customer, at, PreferenceSet(wish))


FIELDS: Mapping[str, Callable[[_Reading, str, Map, str], None]] = {
    "messages": _Reading._messages,
    "smb_message_echoes": _Reading._echoes,
    "user_preferences": _Reading._preferences,
}
"""Webhook fields with something of a customer's in them, each with its reader."""
