"""One conversation of two: which one goes on, and what neither may lose."""

from __future__ import annotations

import pytest
import trio.testing
from msgspec.structs import replace

from engine.address import DAY, HOUR, Link, Millis, Sender
from engine.cart import Cart, CartLine
from engine.commit import Snapshot
from engine.effects import Option
from engine.events import Inbound, TextSaid
from engine.flows import flow_named
from engine.flows.counter import AwaitingName, AwaitingOrder, Initial, OrderPlaced
from engine.identity import Identity
from engine.merging import merge_of, one_person, united
from engine.offers import Offer
from engine.remembered import Conversation, dump, load
from tests.adapters.api.office import ANN, office
from tests.engine.scripted import TroubledStore, settled, store
from tests.engine.sending import short
from tests.engine.shops import bakery

__all__ = ["store"]

NOW: Millis = 1_790_000_000_000
BAKERY = bakery()
CART = Cart("c", (CartLine("cookie", "Cookie", 2, 5_000),))
CHOOSING = AwaitingOrder(("cookie",), CART)
NAMING = AwaitingName(CART)
Clock = trio.testing.MockClock


def talk(state: object = None, turn: int = 5, **more: object) -> Conversation:
    flow = flow_named("counter")
    c = Conversation(flow.name, flow.version, Initial(), turn, heard_at=NOW - 9, written_at=NOW - 9)
    return replace(c, **({"state": state} if state is not None else {}), **more)


def open_question(number: int, below: Offer | None = None) -> Offer:
    return Offer(number, (Option("confirm", "Confirm"),), below=below)


@pytest.mark.parametrize(
    ("ours", "theirs", "goes_on"),
    [
        pytest.param(Initial(), NAMING, NAMING, id="a cart begun, and nothing"),
        pytest.param(OrderPlaced("WA1", 1), NAMING, NAMING, id="a cart begun, and an order that is done"),
        pytest.param(NAMING, CHOOSING, NAMING, id="both in the midst of something"),
        pytest.param(NAMING, Initial(), NAMING, id="nothing, and a cart begun"),
        pytest.param(Initial(), OrderPlaced("WA1", 1), OrderPlaced("WA1", 1), id="where one stands, and nothing"),
        pytest.param(Initial(), Initial(cart=CART), Initial(cart=CART), id="a cart that was saved"),
    ],
)
def test_the_survivors_conversation_goes_on_unless_it_rests_and_the_other_does_not(
    ours: object, theirs: object, goes_on: object
) -> None:
    both = united(talk(ours, 5), talk(theirs, 9), BAKERY, NOW)
    assert (both.state, both.turn) == (goes_on, 6)


def test_a_session_that_is_over_loses_nothing() -> None:
    old = talk(NAMING, heard_at=NOW - DAY)
    assert united(old, talk(CHOOSING), BAKERY, NOW).state == CHOOSING
    assert united(old, talk(), BAKERY, NOW).state == NAMING, "its own end is still to be told"


def test_who_they_are_is_of_whoever_wrote_last_and_of_both() -> None:
    ours = talk(phone="2547", written_at=NOW - 50, heard_at=NOW - 50, silent_until=NOW + 5, timers={"session": 4})
    theirs = talk(user_id="KE.2", provider_id="p", written_at=NOW - 3, told_at=NOW, timers={"session": 2, "end:W1": 3})
    both = united(ours, theirs, BAKERY, NOW)
    assert (both.phone, both.user_id, both.provider_id) == ("2547", "KE.2", "p")
    assert (both.written_at, both.heard_at, both.told_at, both.silent_until) == (NOW - 3, NOW - 9, NOW, NOW + 5)
    assert both.timers == {"session": 4, "end:W1": 6}
    moved = united(replace(ours, phone="2541"), replace(theirs, phone="2549"), BAKERY, NOW)
    assert moved.phone == "2549"


@pytest.mark.parametrize(
    ("ours", "theirs", "language"),
    [(("en", False), ("sw", False), "en"), (("en", False), ("sw", True), "sw"), (("hi", True), ("sw", True), "hi")],
)
def test_a_language_that_was_chosen_is_kept(ours: tuple[str, bool], theirs: tuple[str, bool], language: str) -> None:
    first, second = (talk(language=one, language_chosen=chosen) for one, chosen in (ours, theirs))
    assert united(first, second, BAKERY, NOW).language == language


@pytest.mark.parametrize(
    ("question", "others", "number"), [(4, 3, 4), (4, 4, 6), (2, 90, 6)], ids=["ours only", "of both", "of both, old"]
)
def test_a_question_whose_number_both_may_have_used_gets_another(question: int, others: int, number: int) -> None:
    """Else an old button of the one would choose in a question of the other."""
    ours = talk(NAMING, 5, offer=open_question(question), tapped=f"{question}:0")
    both = united(ours, talk(turn=others), BAKERY, NOW)
    assert both.offer == open_question(number)
    assert both.tapped == (f"{question}:0" if number == question else "")


def test_only_the_flows_own_question_stays_open_under_another_number() -> None:
    ours = talk(NAMING, 5, offer=open_question(5, below=open_question(2)))
    assert united(ours, talk(turn=3), BAKERY, NOW).offer == open_question(6)
    assert united(ours, talk(turn=1), BAKERY, NOW).offer == ours.offer


def test_two_with_phones_are_not_known_to_be_one() -> None:
    phone, user, other = Link("phone", "2547"), Link("user", "KE.1"), Link("phone", "2541")
    assert one_person(Identity("a", (phone,)), Identity("b", (user,)))
    assert one_person(Identity("a", (phone, user)), Identity("b", (Link("user", "KE.2"),)))
    assert not one_person(Identity("a", (phone,)), Identity("b", (other, user)))


def test_a_merge_is_a_turn_of_the_survivor() -> None:
    elder = Identity("a", (), Snapshot(5, dump(talk(turn=5))))
    younger = Identity("b", (), Snapshot(9, dump(talk(NAMING, 9, written_at=NOW - 2))))
    merge = merge_of(elder, younger, BAKERY, NOW)
    assert (merge.survivor, merge.gone, merge.version, merge.gone_version) == ("a", "b", 6, 9)
    assert (merge.heard, merge.at) == (NOW - 2, NOW)
    assert load(Snapshot(merge.version, merge.snapshot), BAKERY).state == NAMING
    assert merge_of(elder, Identity("new"), BAKERY, NOW).gone_version == 0


async def test_what_waits_to_be_sent_to_the_younger_is_sent_in_order_behind_the_elders(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    """From the message to the channel, the number being paused until both are one."""
    async with office(store) as made:
        desk = made.running.outbox.lines.desks["bakery"]
        desk.paused_until = float("inf")
        await made.say("bakery", "hi")
        for name, text in (("u1", "hi"), ("u2", "cart")):
            one = Inbound(name, "bakery", Sender(user_id="KE.7"), made.clock.now(), TextSaid(text))
            assert await made.running.post([one]).wait()
        both = Inbound("b1", "bakery", Sender(phone=ANN, user_id="KE.7"), made.clock.now(), TextSaid("help"))
        assert await made.running.post([both]).wait()
        assert {row.address for row in made.running.outbox.lines.rows.values()} == {made.address("bakery")}
        made.running.outbox.resume("bakery")
        await trio.sleep(HOUR / 1000)
        await settled()
        said = [row.key for commit in store.commits for row in commit.outbox]
        states = [row.state for key in said if (row := await store.outbox_row(key)) is not None]
        assert states == ["sent"] * len(said)
        assert made.channels["bakery"].accepted == [short(key) for key in said]
