"""Conversations as data: files in tests/cases/<flow>/, each a list of titled cases.

== title
> text            Ann writes (\\n is a line break)
tap TITLE         Ann taps the newest choice of this title;  first TITLE: the oldest
send JSON         anything else that can arrive, as engine.events tags it
again             the last letter is delivered once more
wait 31m          time passes (s, m, h)
fire KIND         that timer comes due;  fire KIND TURN: one that another turn had set
left SKU N        so many are left;  price SKU 90.00;  inactive SKU;  active SKU;  drop SKU
meanwhile …       the same, but between Ann's facts and the commit; also: taken NUMBER, ordered NUMBER
card NAME | ADDR  the shop knows Ann;  languages sw en: what the shop speaks
order NUMBER ST   the shop moved her order to this status
from PHONE        Ann writes from this number now
= state           where the conversation stands
< text            the answer contains it;  <! text: it does not;  < nothing: there is no answer
? need, need      what had to be read for the last letter
+ order NUMBER TOTAL: 2 × sku, …    exactly this order exists (minor units)
+ orders N        so many orders exist
+ card NAME | ADDRESS | PHONE       what the shop knows of Ann
+ marketing no    whether Ann wants offers
+ timer KIND 30m  it is due so long from now;  + timer none
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from engine import money
from engine.address import HOUR, MINUTE, Millis, Sender
from engine.catalogue import Product
from engine.diagram import state_name
from engine.events import AnyEvent
from engine.orders import Customer, OrderStatus
from tests.engine.world import ANN, World

CASES = Path(__file__).parents[1] / "cases"
UNITS = {"s": 1_000, "m": MINUTE, "h": HOUR}


class Case(msgspec.Struct, frozen=True):
    """One titled conversation; ``lines`` with their numbers in ``file``."""

    title: str
    file: str
    lines: tuple[tuple[int, str], ...]


def cases_of(flow: str) -> list[Case]:
    """All cases of a flow, in order."""
    return [case for path in sorted((CASES / flow).glob("*.txt")) for case in _parse(path)]


def _parse(path: Path) -> list[Case]:
    found: list[tuple[str, list[tuple[int, str]]]] = []
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.strip()
        if line.startswith("== "):
            found.append((line[3:], []))
        elif line and not line.startswith("#"):
            found[-1][1].append((number, line))
    return [Case(title, path.name, tuple(lines)) for title, lines in found]


def run(case: Case, world: World) -> None:
    """Play a case; AssertionError names the line that does not hold."""
    for number, line in case.lines:
        verb, _, rest = line.partition(" ")
        try:
            VERBS[verb](world, rest)
        except AssertionError as error:
            raise AssertionError(f"{case.file}:{number}: {line}\n{error}\nthe answer was:\n{world.text}") from error
        world.invariants()


def _wait(world: World, rest: str) -> None:
    world.now += _millis(rest)


def _millis(text: str) -> Millis:
    return int(text[:-1]) * UNITS[text[-1]]


def _send(world: World, rest: str) -> None:
    world.send(msgspec.json.decode(rest, type=AnyEvent))


def _again(world: World, rest: str) -> None:
    commits = len(world.commits)
    world.redeliver()
    assert len(world.commits) == commits, "a duplicate was committed"


def _fire(world: World, rest: str) -> None:
    kind, _, turn = rest.partition(" ")
    world.fire(kind, int(turn) if turn else None)


def _left(world: World, rest: str) -> None:
    sku, count = rest.split()
    world.left[sku] = int(count)


def _price(world: World, rest: str) -> None:
    sku, price = rest.split()
    world.change(sku, price=money.read(price, world.shop.currency))


def _meanwhile(world: World, rest: str) -> None:
    verb, _, after = rest.partition(" ")
    world.meanwhile = lambda: MEANWHILE[verb](world, after)


def _ordered(world: World, number: str) -> None:
    cart = getattr(world.conversation.state, "cart", None)
    assert cart is not None
    world.ordered_carts[cart.id] = number
    world.meanwhile = None


def _card(world: World, rest: str) -> None:
    name, address = (part.strip() for part in rest.split("|"))
    world.card = Customer(ANN.customer, ANN.shop, name=name, address=address, email="ann@example.test")


def _order(world: World, rest: str) -> None:
    number, status = rest.split()
    world.orders[number] = msgspec.structs.replace(world.orders[number], status=OrderStatus(status))


def _languages(world: World, rest: str) -> None:
    world.shop = msgspec.structs.replace(world.shop, languages=tuple(rest.split()))


def _products(world: World, rest: str) -> None:
    world.catalogue([Product(f"p{n}", f"Product {n}", 1_000, track_stock=False) for n in range(1, int(rest) + 1)])


def _from(world: World, rest: str) -> None:
    world.sender = Sender(user_id=rest) if "." in rest else Sender(phone=rest)


def _state(world: World, rest: str) -> None:
    assert state_name(type(world.conversation.state)) == rest, f"the state is {world.conversation.state}"


def _contains(world: World, rest: str) -> None:
    if rest == "nothing":
        assert not world.said
    else:
        assert rest.replace("\\n", "\n") in world.text


def _lacks(world: World, rest: str) -> None:
    assert world.said
    assert rest not in world.text


def _needs(world: World, rest: str) -> None:
    wanted = [name.strip() for name in rest.split(",") if name.strip() != "nothing"]
    assert [type(need).__name__ for need in world.needed] == wanted


def _expect(world: World, rest: str) -> None:
    verb, _, after = rest.partition(" ")
    EXPECTED[verb](world, after)


def _expect_order(world: World, rest: str) -> None:
    head, _, tail = rest.partition(": ")
    number, total = head.split()
    assert number in world.orders, f"there is no such order, only {list(world.orders)}"
    order = world.orders[number]
    assert order.total == int(total)
    assert ", ".join(f"{line.quantity} × {line.sku}" for line in order.lines) == tail


def _expect_orders(world: World, rest: str) -> None:
    assert len(world.orders) == int(rest)


def _expect_card(world: World, rest: str) -> None:
    assert world.card is not None
    assert rest == f"{world.card.name} | {world.card.address} | {world.card.phone}"


def _expect_marketing(world: World, rest: str) -> None:
    assert world.card is not None
    assert world.card.marketing is (rest == "yes")


def _expect_timer(world: World, rest: str) -> None:
    if rest == "none":
        assert not world.timers
        return
    kind, due = re.split(r"\s+", rest)
    assert kind in world.timers, "it is not set"
    assert world.timers[kind].due - world.now == _millis(due)


def _expect_to(world: World, rest: str) -> None:
    assert {(one.phone, one.user_id) for one in world.commits[-1].outbox} == {tuple(rest.split("|"))}


EXPECTED = {
    "order": _expect_order,
    "orders": _expect_orders,
    "card": _expect_card,
    "marketing": _expect_marketing,
    "timer": _expect_timer,
    "to": _expect_to,
}
MEANWHILE = {
    "left": _left,
    "price": _price,
    "inactive": lambda world, rest: world.change(rest, active=False),
    "active": lambda world, rest: world.change(rest, active=True),
    "drop": lambda world, rest: world.drop(rest),
    "taken": lambda world, rest: world.taken_numbers.add(rest),
    "ordered": _ordered,
    "order": _order,
}
VERBS = MEANWHILE | {
    ">": lambda world, rest: world.say(rest.replace("\\n", "\n")),
    "tap": lambda world, rest: world.tap(rest),
    "first": lambda world, rest: world.tap(rest, message=0),
    "send": _send,
    "again": _again,
    "wait": _wait,
    "fire": _fire,
    "meanwhile": _meanwhile,
    "card": _card,
    "languages": _languages,
    "products": _products,
    "from": _from,
    "=": _state,
    "<": _contains,
    "<!": _lacks,
    "?": _needs,
    "+": _expect,
}
