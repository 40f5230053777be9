"""The shop from its own people's phones: whoever the configuration names as owner or staff commands it by WhatsApp.

Their messages come the same way as everybody's and are turns like all others: read what is needed, answer, and wish.
What changes an order or a conversation of a customer is a letter to that customer's actor, posted in the same commit as
the answer and the log of who did it; so it happens once, in order with the customer's own messages, and they are told.

Who says ``shop`` is a customer like any other until they say ``desk``.
"""

from __future__ import annotations

from msgspec.structs import replace

from engine import cockpit_campaigns, cockpit_changes, cockpit_views, commands, offers
from engine.address import MINUTE, Millis
from engine.commands import NUMBERED, Command, Verb
from engine.crew import Role
from engine.dates import day_began
from engine.effects import AnyEffect, Ask, Say
from engine.events import AnyEvent, Inbound, MediaSent, News, OptionTapped, Reacted, TextSaid, TimerFired
from engine.facts import AnyNeed, AnyOrder, Availability, DayOf, Facts, OpenOrders, Reached
from engine.folding import ended
from engine.offers import Old, Picked, Turned
from engine.phrases import say
from engine.remembered import Conversation
from engine.shop import Shop
from engine.turn import Turn
from engine.words import says_more

SHOP, DESK = "shop", "desk"
"""What takes one of them from the desk into the shop, and back."""
CONFIRMED_WITHIN: Millis = 15 * MINUTE
"""A yes that comes later is asked for anew: who remembers what it was about?"""
OWNERS_ONLY = frozenset({Verb.TODAY, Verb.CANCEL, Verb.PAID, Verb.PRICE, Verb.PAUSE, Verb.RESUME})

Meant = Command | Turned | Old | None


# -- who is at the desk ------------------------------------------------------------------------------------------------
def steered(c: Conversation, inbound: Inbound, shop: Shop) -> tuple[Conversation, Inbound]:
    """The way from the desk into the shop and back, taken before anything else is made of the word."""
    if not shop.crew.phones or not isinstance(inbound.event, TextSaid):
        return c, inbound
    if shop.crew.role(inbound.sender.phone or c.phone) is None:
        return c, inbound
    word = ended(inbound.event.text)
    if word == SHOP and not c.shopping:
        return replace(c, shopping=True, offer=None), replace(inbound, event=TextSaid("menu"))
    if word == DESK:
        return replace(c, shopping=False, offer=None), replace(inbound, event=TextSaid(Verb.HELP.value))
    return c, inbound


def concerns(c: Conversation, inbound: Inbound, shop: Shop) -> bool:
    """Whether this is for the cockpit: a message of one of the shop's own people who is at the desk."""
    if not shop.crew.phones or c.shopping or isinstance(inbound.event, News | TimerFired | Reacted):
        return False
    said = inbound.sender.phone or inbound.sender.user_id or inbound.sender.provider_id
    return bool(said) and shop.crew.role(inbound.sender.phone or c.phone) is not None


# -- what is read, and what is done ------------------------------------------------------------------------------------
def needs(c: Conversation, inbound: Inbound, shop: Shop, now: Millis) -> tuple[AnyNeed, ...]:
    """What has to be read before ``turn``."""
    meant = _meant(c, inbound.event, shop)
    if not isinstance(meant, Command):
        return ()
    match meant.verb:
        case Verb.TODAY:
            return (DayOf(day_began(now, shop.timezone), shop.currency), Availability())
        case Verb.ORDERS:
            return (OpenOrders(),)
        case Verb.STOCK | Verb.PRICE:
            return (Availability(),)
        case Verb.TAKE | Verb.GIVE_BACK:
            return (Reached(cockpit_changes.digits(meant.what)),)
        case Verb.PAUSE | Verb.RESUME:
            return (cockpit_campaigns.need(meant.verb),)
        case verb if verb in NUMBERED and meant.what:
            return (AnyOrder(meant.what),)
        case _:
            return ()


def turn(c: Conversation, inbound: Inbound, shop: Shop, facts: Facts) -> Turn:
    """One message of one of the shop's own people. ``c`` is the next turn's, addressed to whoever wrote."""
    meant = _meant(c, inbound.event, shop)
    role = shop.crew.role(c.phone) or Role.STAFF
    late = facts.now - c.heard_at > CONFIRMED_WITHIN
    written = max(c.written_at, min(inbound.sent_at, facts.now))
    c = replace(c, heard_at=facts.now, written_at=written, missed=0, tapped="", again=())
    facts = replace(facts, phone=c.phone)
    match meant:
        case Turned(page) if c.offer is not None:
            offer = offers.turn_to(c.offer, page)
            return Turn(replace(c, offer=offer), (offers.ask_again(offer, say(c.language, "There is more:")),))
        case Command(confirmed=True) if late:
            return _shown(c, (Say(say(c.language, "That was asked too long ago. Please say it again.")),))
        case Command():
            return _shown(c, _answer(meant, role, shop, facts))
        case Old():
            return _shown(c, (Say(say(c.language, "That button is of before, so I changed nothing.")),))
        case _:
            hint = say(c.language, "I did not get that. Say *help* to see what you can say here.")
            return Turn(c, (Say(hint),))


def _meant(c: Conversation, event: AnyEvent, shop: Shop) -> Meant:
    offer = commands.ours(c.offer)
    match event:
        case OptionTapped(option, title):
            match offers.tapped(offer, option, shop.limits):
                case Picked(chosen):
                    return commands.chosen(chosen.value)
                case None:
                    return commands.read(title, offer)
                case other:
                    return other
        case TextSaid(said) | MediaSent(caption=said):
            return _typed(c, said, shop)
        case _:
            return None


def _typed(c: Conversation, said: str, shop: Shop) -> Meant:
    offer, folded = commands.ours(c.offer), ended(said)
    command = commands.read(said, offer)
    if command is not None:
        return command
    if offer is None:
        return commands.in_any_language(said, shop.languages)
    if (picked := offers.typed(offer, folded, shop.limits)) is not None:
        return commands.chosen(picked.option.value)
    page = offers.next_page(offer, shop.limits) if says_more(folded, shop.languages) else None
    return Turned(page) if page is not None else commands.in_any_language(said, shop.languages)


def _shown(c: Conversation, effects: tuple[AnyEffect, ...]) -> Turn:
    """A question replaces the one that was open. The list of orders that was shown last stays below, so that ``done 2``
    follows ``done 1``, but no question whether something shall be done outlives its answer, or another command."""
    listed = commands.list_in(c.offer)
    asks = [effect for effect in effects if isinstance(effect, Ask)]
    if not asks:
        return Turn(replace(c, offer=listed), effects)
    asked = offers.offer_of(asks[0], c.turn)
    below = None if commands.is_list(asked) else listed
    return Turn(replace(c, offer=replace(asked, below=below)), effects)


def _answer(command: Command, role: Role, shop: Shop, facts: Facts) -> tuple[AnyEffect, ...]:
    speech = facts.language
    if command.verb in OWNERS_ONLY and role is not Role.OWNER:
        return (Say(say(speech, "That is the owner's to do. Say *help* to see what you can say here.")),)
    match command.verb:
        case Verb.HELP:
            return (Say(cockpit_views.help_text(role, shop, speech)),)
        case Verb.NOTHING:
            return (Say(say(speech, "Fine, nothing was changed.")),)
        case Verb.TODAY:
            return (Say(cockpit_views.today(shop, facts)),)
        case Verb.ORDERS:
            return (cockpit_views.orders(shop, facts),)
        case Verb.ORDER:
            return (_order(command, role, shop, facts),)
        case Verb.PAUSE | Verb.RESUME:
            return cockpit_campaigns.change(command, role, shop, facts)
        case _:
            return cockpit_changes.CHANGES[command.verb](command, role, shop, facts)


def _order(command: Command, role: Role, shop: Shop, facts: Facts) -> Say | Ask:
    if (order := facts.order(command.what)) is not None:
        return cockpit_views.order(order, role, shop, facts)
    if (booking := facts.booking(command.what)) is not None:
        return cockpit_views.booking(booking, role, shop, facts)
    return Say(cockpit_changes.no_such(command, facts))
