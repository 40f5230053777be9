"""What the lines of a case do: see tests/engine/cases.py for the language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from engine import money
from engine.address import DAY, HOUR, MINUTE, Millis, Sender
from engine.campaigns import CampaignStatus, Part, Plan
from engine.catalogue import Product
from engine.events import AnyEvent, AnyNews
from engine.orders import Customer, OrderStatus, PaymentStatus
from engine.payments import PaymentNews
from engine.tickets import EventStatus, TicketEvent
from tests.engine import case_checks, news
from tests.engine.open_store import at_once
from tests.engine.world import World

UNITS = {"s": 1_000, "m": MINUTE, "h": HOUR, "d": DAY}

Verb = Callable[[World, str], None]


def _wait(world: World, rest: str) -> None:
    world.now += millis(rest)


def millis(text: str) -> Millis:
    """``31m`` in ms."""
    return int(text[:-1]) * UNITS[text[-1]]


# -- what arrives --------------------------------------------------------------------------------------------------
def _send(world: World, rest: str) -> None:
    world.send(msgspec.json.decode(rest, type=AnyEvent))


def _again(world: World, rest: str) -> None:
    commits = len(world.commits)
    world.redeliver()
    assert len(world.commits) == commits, "a duplicate was committed"


def _fire(world: World, rest: str) -> None:
    kind, _, turn = rest.partition(" ")
    world.fire(kind, int(turn) if turn else None)


def _from(world: World, rest: str) -> None:
    world.sender = Sender(user_id=rest) if "." in rest else Sender(phone=rest)


def _post(world: World, rest: str) -> None:
    world.post(msgspec.json.decode(rest, type=AnyNews))


# -- what the shop does --------------------------------------------------------------------------------------------
def _left(world: World, rest: str) -> None:
    sku, count = rest.split()
    world.left[sku] = int(count)


def _price(world: World, rest: str) -> None:
    sku, price = rest.split()
    world.change(sku, price=money.read(price, world.shop.currency))


def _products(world: World, rest: str) -> None:
    world.catalogue([Product(f"p{n}", f"Product {n}", 1_000, track_stock=False) for n in range(1, int(rest) + 1)])


def _free(world: World, rest: str) -> None:
    event, count = rest.split()
    taken = world.store.seats_taken(world.shop.name, event, world.now)
    world.change_event(event, capacity=taken + int(count))


def _event(world: World, rest: str) -> None:
    event, _, how = rest.partition(" ")
    if how.startswith("{"):
        known = world.shop.programme.by_id[event]
        changed = merged(known, how, TicketEvent)
        world.change_event(event, **msgspec.structs.asdict(changed))
    else:
        world.change_event(event, status=EventStatus(how))


def merged(known: msgspec.Struct, changes: str, kind: type[Any]) -> Any:
    """The struct with the fields that the JSON object names."""
    fields: Mapping[str, object] = msgspec.json.decode(changes)
    assert set(fields) <= set(known.__struct_fields__), f"there is no such field among {list(fields)}"
    kinds = {one.name: one.type for one in msgspec.structs.fields(kind)}
    return msgspec.structs.replace(known, **{name: msgspec.convert(fields[name], kinds[name]) for name in fields})


def _shop(world: World, rest: str) -> None:
    fields = msgspec.json.decode(rest)
    kinds = msgspec.structs.fields(type(world.shop))
    changes = {one.name: msgspec.convert(fields.pop(one.name), one.type) for one in kinds if one.name in fields}
    assert not fields, f"a shop has no {list(fields)}"
    world.shop = msgspec.structs.replace(world.shop, **changes)


def _terms(world: World, rest: str) -> None:
    terms = merged(world.shop.terms, rest, type(world.shop.terms))
    world.shop = msgspec.structs.replace(world.shop, terms=terms)


def _languages(world: World, rest: str) -> None:
    world.shop = msgspec.structs.replace(world.shop, languages=tuple(rest.split()))


def _ordered(world: World, number: str) -> None:
    cart = getattr(world.conversation.state, "cart", None)
    assert cart is not None
    world.store.set_ordered(world.shop.name, cart.id, number)


def _card(world: World, rest: str) -> None:
    whose = world.who
    if rest.startswith("{"):
        known = world.card or Customer(whose.customer, whose.shop, phone=world.sender.phone)
        world.card = merged(known, rest, Customer)
        return
    name, address = (part.strip() for part in rest.split("|"))
    world.card = Customer(whose.customer, whose.shop, name=name, address=address, email="ann@example.test")


def _order(world: World, rest: str) -> None:
    number, stands = rest.split()
    status, _, payment = stands.partition("/")
    fields: dict[str, object] = {"status": OrderStatus(status)}
    if payment:
        fields["payment"] = PaymentStatus(payment)
    world.store.set_order(world.shop.name, number, **fields)


# -- money and the house -------------------------------------------------------------------------------------------
def _pay(world: World, rest: str) -> None:
    if rest == "again":
        assert world.told is not None, "nothing was paid yet"
        assert not news.tell(world, world.told), "the same news was recorded twice"
        return
    world.told = _news_of(world, rest)
    assert news.tell(world, world.told), "it was told before"


def _news_of(world: World, rest: str) -> PaymentNews:
    said, _, reference = rest.partition("for ")
    amount: int | None = None
    currency = name = ""
    for word in said.split():
        if word.isdecimal():
            amount = int(word)
        elif re.fullmatch("[A-Z]{3}", word):
            currency = word
        else:
            name = word
    return news.paid(world, amount=amount, currency=currency, name=name, reference=reference)


def _unpaid(world: World, rest: str) -> None:
    news.tell(world, news.unpaid(world, rest))


def _campaign(world: World, rest: str) -> None:
    name, _, title = rest.partition(" ")
    store, shop, status = world.store, world.shop.name, CampaignStatus
    assert at_once(store.create_campaign(shop, name, Plan(title), world.now))
    assert at_once(store.move_campaign(shop, name, status.DRAFT, status.STARTING, world.now))
    at_once(store.freeze(shop, name, "", Part((), {}, ""), world.now))


def _decide(world: World, rest: str) -> None:
    decision, _, about = rest.partition(" ")
    if about.isdecimal():
        news.decide(world, decision, amount=int(about))
    else:
        news.decide(world, decision, about)


def _meanwhile(world: World, rest: str) -> None:
    verb, _, after = rest.partition(" ")
    assert verb in MEANWHILE, f"{verb!r} can't happen meanwhile"
    world.meanwhile = lambda: MEANWHILE[verb](world, after)


MEANWHILE: dict[str, Verb] = {
    "left": _left,
    "price": _price,
    "inactive": lambda world, rest: world.change(rest, active=False),
    "active": lambda world, rest: world.change(rest, active=True),
    "drop": lambda world, rest: world.drop(rest),
    "products": _products,
    "free": _free,
    "event": _event,
    "taken": lambda world, rest: world.taken_numbers.add(rest),
    "ordered": _ordered,
    "order": _order,
    "card": _card,
    "pay": _pay,
    "unpaid": _unpaid,
    "charged": lambda world, rest: news.answer(world, link=rest),
    "uncharged": lambda world, rest: news.answer(world, failure=rest),
    "decide": _decide,
    "sweep": lambda world, rest: news.sweep(world),
    "deliver": lambda world, rest: world.deliver_posted(),
    "post": _post,
    "wait": _wait,
}
VERBS: dict[str, Verb] = MEANWHILE | {
    ">": lambda world, rest: world.say(rest.replace("\\n", "\n")),
    "tap": lambda world, rest: world.tap(rest),
    "first": lambda world, rest: world.tap(rest, message=0),
    "send": _send,
    "again": _again,
    "campaign": _campaign,
    "as": lambda world, rest: world.as_customer(rest) and None,
    "from": _from,
    "fire": _fire,
    "meanwhile": _meanwhile,
    "languages": _languages,
    "shop": _shop,
    "terms": _terms,
    "=": case_checks.state,
    "<": case_checks.contains,
    "<!": case_checks.lacks,
    "?": case_checks.needs,
    "+": case_checks.expect,
}
