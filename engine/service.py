"""Answers that are the same in every shop: help, one's orders, opting out, a human, the language.

Each answer takes the conversation and gives it back with its effects; none changes the flow's state.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from babel.dates import format_date

from engine import billing, languages, money, owner
from engine.address import MINUTE, Millis
from engine.effects import AnyEffect, Ask, HushReplies, MoveOrder, Option, SaveCustomer, Say
from engine.facts import Facts
from engine.flow import Flow, Guide, customer_of
from engine.flows import flow_named
from engine.offers import Offer, ask_again, offer_of
from engine.orders import Customer, Order, OrderMove, OrderStatus, PaymentStatus
from engine.phrases import language_name, phrase, say, say_count
from engine.remembered import Conversation
from engine.shop import Shop
from engine.shopping import local, named_line
from engine.turn import Turn

NOT_BEGUN = (OrderStatus.PENDING, OrderStatus.CONFIRMED)
"""A customer may cancel as long as the shop has not begun on the order (flows.md, "Global words")."""

STATUS_PHRASES = {
    OrderStatus.PENDING: phrase("received, the shop has not begun on it"),
    OrderStatus.CONFIRMED: phrase("confirmed"),
    OrderStatus.PROCESSING: phrase("being prepared"),
    OrderStatus.COMPLETED: phrase("completed"),
    OrderStatus.CANCELLED: phrase("cancelled"),
    OrderStatus.PAYMENT_FAILED: phrase("waiting for payment"),
}


# -- saying something without changing where the customer stands ---------------------------------------------------
def flows_offer(offer: Offer | None) -> Offer | None:
    """The flow's own question, without one of the conversation's on top."""
    while offer is not None and offer.below is not None:
        offer = offer.below
    return offer


def remark(c: Conversation, text: str, effects: tuple[AnyEffect, ...] = ()) -> Turn:
    """Say something and show the flow's open question again, so that its buttons stay at hand."""
    offer = flows_offer(c.offer)
    if offer is not c.offer:
        c = msgspec.structs.replace(c, offer=offer, tapped="", again=())
    ask = Say(text) if offer is None or not offer.shown else ask_again(offer, text)
    return Turn(c, (*effects, ask))


def question(c: Conversation, text: str, options: tuple[Option, ...], button: str = "", *, numbered: bool) -> Turn:
    """Ask something of the conversation's own; the flow's question stays open below."""
    ask = Ask(text, options, button, numbered)
    offer = offer_of(ask, c.turn, flows_offer(c.offer))
    return Turn(msgspec.structs.replace(c, offer=offer), (ask,))


def guide(c: Conversation, shop: Shop, facts: Facts) -> Guide:
    return flow_named(c.flow).guide_for(c.state, shop, facts)


# -- the answers ---------------------------------------------------------------------------------------------------
def help_now(c: Conversation, rest: str, shop: Shop, facts: Facts) -> Turn:
    """``help``: what can be said now."""
    lines = [
        say(c.language, "Here is what you can say now:"),
        *guide(c, shop, facts).help,
        *[say(c.language, line) for line in flow_named(c.flow).always],
        *([say(c.language, "*statement* – your account with us")] if billing.keeps_accounts(shop) else ()),
        say(c.language, "*cancel* – drop everything"),
        say(c.language, "*agent* – talk to a person"),
    ]
    return remark(c, "\n".join(lines))


def opt(wanted: bool) -> Callable[[Conversation, str, Shop, Facts], Turn]:
    """``stop`` and ``subscribe``: offers and news, never the service."""

    def answer(c: Conversation, rest: str, shop: Shop, facts: Facts) -> Turn:
        text = (
            say(c.language, "Welcome back: you'll hear about our offers again. Say *stop* whenever you like.")
            if wanted
            else say(
                c.language,
                "Done: no more offers or news from us. Ordering here works as before. Say *subscribe* to change that.",
            )
        )
        return remark(c, text, (prefer(wanted, c, shop, facts),))

    return answer


def prefer(wanted: bool, c: Conversation, shop: Shop, facts: Facts) -> SaveCustomer:
    """The customer's card with the marketing wish on it."""
    return SaveCustomer(msgspec.structs.replace(_card(c, shop, facts), marketing=wanted))


def _card(c: Conversation, shop: Shop, facts: Facts) -> Customer:
    """What the shop knows of the customer, or a new card. Wants OwnCard among what is read."""
    return facts.customer or Customer(customer_of(facts), shop.name, phone=c.phone, language=c.language)


def hand_over(c: Conversation, rest: str, shop: Shop, facts: Facts) -> Turn:
    """``agent``: the bot is silent until it is handed back or the shop's time has passed."""
    minutes = max(1, -(-shop.handover // MINUTE))
    text = say_count(
        c.language,
        "A person from {title} will answer you here. I'll keep quiet for up to {count} minute.",
        "A person from {title} will answer you here. I'll keep quiet for up to {count} minutes.",
        minutes,
        title=shop.title,
    )
    silent = handed_over(c, shop, facts)
    return Turn(silent.conversation, (Say(text), *silent.effects))


def handed_over(c: Conversation, shop: Shop, facts: Facts) -> Turn:
    """A human answers from now on, for the shop's time; what the bot has not said yet stays unsaid."""
    return Turn(msgspec.structs.replace(c, silent_until=facts.now + shop.handover), (HushReplies(),))


def handed_back(c: Conversation) -> Turn:
    """The bot answers again."""
    return Turn(msgspec.structs.replace(c, silent_until=0))


def own_orders(c: Conversation, rest: str, shop: Shop, facts: Facts) -> Turn:
    """``my orders``: the latest, newest first."""
    if not facts.orders:
        return remark(c, say(c.language, "You have no orders with us yet. Say *menu* to see what we have."))
    lines = [say(c.language, "Your latest orders:")]
    lines += [_in_short(order, c.language, shop) for order in facts.orders]
    lines.append(say(c.language, "Say *track* and the number to see one."))
    return remark(c, "\n".join(lines))


def statement(c: Conversation, rest: str, shop: Shop, facts: Facts) -> Turn:
    """``statement``: their account over the last months, where the shop keeps accounts."""
    said, papers = billing.own_statement(shop, msgspec.structs.replace(facts, language=c.language))
    if not said:
        return remark(c, say(c.language, "You have no account with us: what you order is paid with the order."))
    return remark(c, said, papers)


def track(c: Conversation, rest: str, shop: Shop, facts: Facts) -> Turn:
    """``track NUMBER``: only the customer's own, where the shop lets orders be followed."""
    if not shop.terms.tracking:
        return remark(c, say(c.language, "I can't follow orders here. Say *agent* and a person will look it up."))
    order, problem = _order(c, rest, shop, facts)
    if order is None:
        return remark(c, problem)
    lines = [
        say(c.language, "Order *{number}*: {status}.", number=order.number, status=_status(order, c.language)),
        *(named_line(line, c.language) for line in order.lines),
        say(
            c.language,
            "{total}, ordered on {date}",
            total=_total(order, shop),
            date=_day(order.placed_at, c.language, shop),
        ),
    ]
    if order.status in NOT_BEGUN:
        lines.append(say(c.language, "You can still cancel it: *cancel {number}*", number=order.number))
    return remark(c, "\n".join(lines))


def cancel_order(c: Conversation, rest: str, shop: Shop, facts: Facts) -> Turn:
    """``cancel NUMBER``: while the shop has not begun on it. A move refused by the store comes here again."""
    order, problem = _order(c, rest, shop, facts)
    if order is None:
        return remark(c, problem)
    if order.status is OrderStatus.CANCELLED:
        return remark(c, say(c.language, "Order *{number}* is cancelled already.", number=order.number))
    if order.status not in NOT_BEGUN:
        return remark(
            c,
            say(
                c.language,
                "Order *{number}* can't be cancelled here any more: it is {status}. Say *agent* to talk to a person.",
                number=order.number,
                status=_status(order, c.language),
            ),
        )
    move = OrderMove(order.number, NOT_BEGUN, OrderStatus.CANCELLED, by="customer", customer=customer_of(facts))
    text = say(c.language, "Order *{number}* is cancelled. Nothing will be delivered.", number=order.number)
    if order.payment is PaymentStatus.PAID:
        text += "\n" + say(c.language, "You have paid it: we'll send your money back, and tell you.")
    return remark(c, text, (MoveOrder(move), *owner.dropping(order, facts)))


def language(c: Conversation, rest: str, shop: Shop, facts: Facts) -> Turn:
    """``language``: choose one of the shop's."""
    if rest:
        chosen = languages.meant(rest, shop.languages)
        if chosen is not None:
            return _speak(msgspec.structs.replace(c, language=chosen, language_chosen=True), shop, facts)
    if len(shop.languages) == 1:
        only = language_name(shop.languages[0])
        return remark(c, say(c.language, "Here we speak {language}.", language=only))
    options = tuple(Option(f"word:language {one}", language_name(one), words=(one,)) for one in shop.languages)
    text = say(c.language, "Which language would you like?")
    return question(c, text, options, say(c.language, "Languages"), numbered=True)


def _speak(c: Conversation, shop: Shop, facts: Facts) -> Turn:
    here = guide(c, shop, msgspec.structs.replace(facts, language=c.language))
    done = say(
        c.language, "Fine, {language} it is: {expected}.", language=language_name(c.language), expected=here.expected
    )
    card = msgspec.structs.replace(_card(c, shop, facts), language=c.language)
    return remark(c, done, (SaveCustomer(card),))


ANSWERS: dict[str, Callable[[Conversation, str, Shop, Facts], Turn]] = {
    "help": help_now,
    "stop": opt(False),
    "subscribe": opt(True),
    "agent": hand_over,
    "my orders": own_orders,
    "statement": statement,
    "track": track,
    "cancel": cancel_order,
    "language": language,
}
"""Global word → its answer. ``menu`` and a bare ``cancel`` are the flow's own: Started and Cancelled."""


# -- orders as customers see them ----------------------------------------------------------------------------------
def order_number(rest: str, flow: Flow) -> str | None:
    """An order number in its proper form, or None: nothing is looked up for anything else."""
    number = rest.upper()
    return number if flow.order_form.fullmatch(number) else None


def _order(c: Conversation, rest: str, shop: Shop, facts: Facts) -> tuple[Order | None, str]:
    """The order asked for, or the sentence that says why there is none."""
    flow = flow_named(c.flow)
    number = order_number(rest, flow)
    if number is None:
        example = flow.order_example
        return None, say(c.language, "Please add the order number; it looks like *{example}*.", example=example)
    order = next((order for order in facts.orders if order.number == number), None)
    return order, say(c.language, "I can't find an order *{number}* of yours.", number=number)


def _in_short(order: Order, speech: str, shop: Shop) -> str:
    return say(
        speech,
        "*{number}* – {total}, {date}: {status}",
        number=order.number,
        total=_total(order, shop),
        date=_day(order.placed_at, speech, shop),
        status=_status(order, speech),
    )


def _status(order: Order, speech: str) -> str:
    return say(speech, STATUS_PHRASES[order.status])


def _total(order: Order, shop: Shop) -> str:
    return money.show(order.total, order.currency, shop.locale)


def _day(moment: Millis, speech: str, shop: Shop) -> str:
    return str(format_date(local(moment, shop), format="d MMM y", locale=speech))
