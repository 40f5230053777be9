"""What happens to a World's customer outside the conversation: money comes or does not, time frees seats, the owner
decides. Each is told to the store as a provider or the scheduler would, and the letters that follow are delivered.
"""

from __future__ import annotations

from engine.books import Charged
from engine.events import DeskDecided
from engine.payments import ASK_NOBODY, Failure, Intent, IntentStatus, PaymentNews, PaymentState
from tests.engine.open_store import at_once
from tests.engine.world import World

OPEN = (IntentStatus.CREATED, IntentStatus.ASKING, IntentStatus.PENDING)
FAKE = "fake"
"""The provider of intents that no answer has named one for."""


def newest_intent(world: World) -> Intent | None:
    """The customer's newest intent that is open, else the newest of all, else None."""
    intents = world.store.intents_of(world.who)
    return next((one for one in intents if one.status in OPEN), intents[0] if intents else None)


def asked(world: World) -> Intent:
    intent = newest_intent(world)
    assert intent is not None, "nobody was asked for money"
    return intent


def provider_of(intent: Intent) -> str:
    return intent.way.value if intent.way in ASK_NOBODY else intent.provider or FAKE


def paid(
    world: World, *, amount: int | None = None, currency: str = "", name: str = "", reference: str = ""
) -> PaymentNews:
    """News of money for the newest intent, in full unless said otherwise; or for what ``reference`` names."""
    news_id = name or world.fresh("T")
    if reference:
        assert amount is not None, "how much?"
        return PaymentNews(news_id, FAKE, True, amount, currency or world.shop.currency, reference=reference)
    intent = asked(world)
    provider = provider_of(intent)
    return PaymentNews(
        id=news_id,
        provider=provider,
        ok=True,
        amount=intent.amount if amount is None else amount,
        currency=currency or intent.currency,
        intent=intent.id,
        transaction=news_id,
        payer=intent.phone,
        by="owner" if provider == intent.way.value else "",
    )


def unpaid(world: World, failure: str, number: str = "") -> PaymentNews:
    """News that the newest intent, of all or for the order ``number``, will not be paid."""
    its = [one for one in world.store.intents_of(world.who) if one.order == number]
    intent = its[0] if its else asked(world)
    news_id = world.fresh("T")
    return PaymentNews(
        news_id, provider_of(intent), False, 0, intent.currency, intent=intent.id, failure=Failure(failure)
    )


def tell(world: World, news: PaymentNews) -> bool:
    """The provider tells; whether it was news."""
    kept = at_once(world.store.record(world.shop.name, news, world.now))
    world.deliver_posted()
    return kept


def answer(world: World, *, link: str = "", ref: str = "", failure: str = "") -> None:
    """The provider answers the newest request to pay: it has it, or refuses it."""
    intent = asked(world)
    assert at_once(world.store.claim_charges([intent.id], world.now)) == {intent.id}, "it was not to be asked for"
    told = Charged(intent.id, not failure, provider=FAKE, provider_ref=ref or f"ref-{intent.id}", link=link)
    if failure:
        told = Charged(intent.id, False, provider=FAKE, failure=Failure(failure).value)
    at_once(world.store.settle_charges([told], world.now))
    world.deliver_posted()


def sweep(world: World) -> None:
    """The scheduler's round: holds that are over end, and free seats are offered."""
    at_once(world.store.sweep_bookings(world.now))
    at_once(world.store.offer_seats(world.now))
    world.deliver_posted()


def decide(world: World, decision: str, order: str = "", amount: int = 0) -> None:
    """The owner decides about the newest payment on the desk, else the newest of all."""
    desk = at_once(world.store.payments(world.shop.name, (PaymentState.DESK,), 1))
    payment = desk[0] if desk else world.store.payments_of(world.shop.name)[0]
    world.post(DeskDecided(payment.id, decision, "owner", order, amount, payment.refunded))
