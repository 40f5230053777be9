"""What a shop offers this customer now: prices with price lists and promotions, discount codes, delivery.

Pure functions of the shop's terms and the moment. What they say may have changed a message later: a price that did is
named and confirmed again (engine.cart.revise), and so is a code or a delivery fee (the flow's review).
"""

from __future__ import annotations

import unicodedata

from engine import text
from engine.address import Millis
from engine.catalogue import Product
from engine.facts import Facts
from engine.money import show
from engine.phrases import say
from engine.shop import Shop
from engine.terms import Discount, Promotion, Terms, Zone
from engine.totals import percent_of

CODE_AT_MOST = 32
"""Characters of a discount code; what is longer is none."""


# -- prices --------------------------------------------------------------------------------------------------------
def price_of(product: Product, shop: Shop, facts: Facts) -> int:
    """What one of it costs this customer now, minor units: the price of their card's list, or of the best promotion
    that runs, whichever is less. ``facts.customer`` is known where a shop has price lists (conversation.needs)."""
    usual = _listed(product, shop.terms, facts)
    promotion = best_promotion(product, usual, shop.terms, facts.now)
    return usual if promotion is None else _promoted(usual, promotion)


def usual_price(product: Product, shop: Shop, facts: Facts) -> int:
    """The same without promotions: what an offer is compared with."""
    return _listed(product, shop.terms, facts)


def unit_price(product: Product, shop: Shop, facts: Facts) -> str:
    """The price as customers read it: "₹380.00/bag", with what it was where an offer makes it cheaper."""
    now, usual = price_of(product, shop, facts), usual_price(product, shop, facts)
    shown = show(now, shop.currency, shop.locale) + (f"/{product.unit}" if product.unit else "")
    if now == usual:
        return shown
    return say(facts.language, "{now} instead of {usual}", now=shown, usual=show(usual, shop.currency, shop.locale))


def pack_of(product: Product, language: str) -> str:
    """What one of it holds: "50 kg"; "bundle of 10" where the catalogue says ``bundle=10``; "" where nothing."""
    unit, is_many, count = product.pack.partition("=")
    if not is_many:
        return product.pack
    return say(language, "{pack} of {count}", pack=unit.strip(), count=count.strip())


def best_promotion(product: Product, usual: int, terms: Terms, now: Millis) -> Promotion | None:
    """The promotion that makes this product cheapest now; None when none makes it cheaper."""
    if not terms.promotions:
        return None
    running = [one for one in terms.promotions_by_sku.get(product.sku, ()) if runs(one, now)]
    cheapest = min(running, key=lambda one: _promoted(usual, one), default=None)
    return cheapest if cheapest is not None and _promoted(usual, cheapest) < usual else None


def running_promotions(shop: Shop, now: Millis) -> tuple[Promotion, ...]:
    """The offers of the day on products that are sold, in the shop's order."""
    return tuple([one for one in shop.terms.promotions if runs(one, now) and shop.catalogue.sold(one.sku) is not None])


def runs(offer: Promotion | Discount, now: Millis) -> bool:
    """Whether it has begun and is not over; its end is the first moment without it."""
    return offer.starts <= now and (not offer.ends or now < offer.ends)


def _listed(product: Product, terms: Terms, facts: Facts) -> int:
    if terms.price_lists and facts.customer is not None:
        return terms.price_lists.get(facts.customer.price_list, {}).get(product.sku, product.price)
    return product.price


def _promoted(usual: int, promotion: Promotion) -> int:
    """A promotion has a price, or takes per cent off; one that has neither changes nothing."""
    if promotion.percent:
        return max(0, usual - percent_of(usual, promotion.percent))
    return promotion.price or usual


def tax_rate_of(product: Product, terms: Terms) -> str:
    """The product's own rate ("0" is one), else the shop's; "" for no tax."""
    return product.tax_rate or terms.tax_rate


# -- discount codes ------------------------------------------------------------------------------------------------
def code_in(said: str) -> str:
    """A discount code as typed, as codes are compared: without spaces, capitals; "" for what can be none."""
    code = "".join(text.plain(said).split()).upper()
    return code if len(code) <= CODE_AT_MOST else ""


def discount_for(code: str, subtotal: int, shop: Shop, facts: Facts) -> tuple[Discount | None, str]:
    """The discount that a typed code gives on lines of ``subtotal``, or None and the sentence that says why not."""
    wanted = code_in(code)
    if not code:
        return None, say(facts.language, "A discount code? Say *code* and the code.")
    found = next((one for one in shop.terms.discounts if wanted and code_in(one.code) == wanted), None)
    if found is None:
        return None, say(facts.language, "I don't know the code {code}.", code=_clip(text.one_line(code)))
    if found.ends and facts.now >= found.ends:
        return None, say(facts.language, "The code {code} is over, sorry.", code=found.code)
    if facts.now < found.starts:
        return None, say(facts.language, "The code {code} does not hold yet.", code=found.code)
    if subtotal < found.least:
        least = show(found.least, shop.currency, shop.locale)
        return None, say(
            facts.language, "The code {code} holds for orders from {least} up.", code=found.code, least=least
        )
    return found, ""


def taken_off(discount: Discount, subtotal: int) -> int:
    """How much a discount takes off lines of ``subtotal``: per cent half-up, or its amount; never more than all."""
    off = percent_of(subtotal, discount.percent) if discount.percent else discount.amount
    return min(off, subtotal)


# -- delivery ------------------------------------------------------------------------------------------------------
def zone_of(address: str, terms: Terms) -> Zone | None:
    """The delivery zone of an address: the first whose words stand in it, else the one that takes every address."""
    spaced = f" {_words(address)} "
    named = (zone for zone in terms.zones if any(f" {_words(word)} " in spaced for word in zone.words))
    return next(named, None) or next((zone for zone in terms.zones if not zone.words), None)


def delivery_fee(zone: Zone, goods: int, terms: Terms) -> int:
    """What delivery to a zone costs for ``goods`` (minor units, discount taken off): nothing from a certain amount."""
    return 0 if terms.free_delivery_from and goods >= terms.free_delivery_from else zone.fee


def _words(said: str) -> str:
    """Only words, single spaces between them, in any script: a vowel sign is part of a word, a comma is not."""
    folded = text.words(said)
    kept = (one if one.isalnum() or unicodedata.category(one)[0] == "M" else " " for one in folded)
    return " ".join("".join(kept).split())


def _clip(said: str) -> str:
    return said if len(said) <= CODE_AT_MOST else said[: CODE_AT_MOST - 1] + "…"
