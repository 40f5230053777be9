"""What is offered to whom and when: prices, codes, delivery, each at the edges where it begins and ends."""

from __future__ import annotations

import msgspec
import pytest

from engine import cart as carts
from engine import conversation, offering
from engine.address import HOUR, Sender
from engine.cart import Cart, Change, ChangeKind
from engine.catalogue import Product
from engine.conversation import Conversation
from engine.events import Inbound, Reacted, TextSaid
from engine.facts import Facts, OwnCard
from engine.orders import Customer
from engine.shop import Shop
from engine.terms import Discount, Promotion, Terms, Zone
from tests.engine.world import ANN, NOON, shop_with

TEA = Product("tea", "Tea", 1_000, stock=20, unit="bag", tax_rate="0")
BUN = Product("bun", "Bun", 305)
FACTS = Facts(now=NOON, key=f"{ANN}:7", left={"tea": 20, "bun": 50})
DEALER = Customer(ANN.customer, ANN.shop, price_list="dealer")


def shop(**terms: object) -> Shop:
    return msgspec.structs.replace(shop_with([TEA, BUN]), terms=msgspec.structs.replace(Terms(), **terms))


# -- prices --------------------------------------------------------------------------------------------------------
def promotion(**fields: object) -> Promotion:
    return msgspec.structs.replace(Promotion("p1", "Tea time", "tea"), **fields)


PROMOTIONS = [
    ("a price", promotion(price=800), 800),
    ("per cent", promotion(percent="12.5"), 875),
    ("all of it", promotion(percent="100"), 0),
    ("dearer than usual", promotion(price=1_200), 1_000),
    ("neither price nor per cent", promotion(), 1_000),
    ("on something else", promotion(sku="bun", price=1), 1_000),
    ("not yet", promotion(price=800, starts=NOON + 1), 1_000),
    ("from now on", promotion(price=800, starts=NOON), 800),
    ("until now", promotion(price=800, ends=NOON), 1_000),
    ("a moment longer", promotion(price=800, ends=NOON + 1), 800),
]


@pytest.mark.parametrize(("offer", "price"), [pytest.param(*rest, id=title) for title, *rest in PROMOTIONS])
def test_a_promotion_makes_cheaper_while_it_runs(offer: Promotion, price: int) -> None:
    tea_time = shop(promotions=(offer,))
    assert offering.price_of(TEA, tea_time, FACTS) == price
    assert offering.usual_price(TEA, tea_time, FACTS) == 1_000


def test_per_cent_off_goes_up_at_a_half() -> None:
    assert offering.price_of(BUN, shop(promotions=(promotion(sku="bun", percent="10"),)), FACTS) == 305 - 31


def test_the_best_of_several_promotions_holds() -> None:
    several = shop(promotions=(promotion(price=900), promotion(percent="50"), promotion(price=700)))
    assert offering.price_of(TEA, several, FACTS) == 500


def test_a_price_list_holds_for_customers_whose_card_names_it() -> None:
    listed = shop(price_lists={"dealer": {"tea": 700}}, promotions=(promotion(price=800),))
    dealer = msgspec.structs.replace(FACTS, customer=DEALER)
    assert offering.price_of(TEA, listed, dealer) == 700
    assert offering.price_of(BUN, listed, dealer) == 305
    assert offering.price_of(TEA, listed, FACTS) == 800
    unknown = msgspec.structs.replace(FACTS, customer=msgspec.structs.replace(DEALER, price_list="no such list"))
    assert offering.price_of(TEA, listed, unknown) == 800


def test_a_shop_with_price_lists_reads_the_card_for_whatever_looks_at_prices() -> None:
    c = Conversation("counter", 1, conversation.load(None, shop()).state)
    hello = Inbound("m1", "bakery", Sender(), NOON, TextSaid("hi"))
    listed = shop(price_lists={"dealer": {}})
    assert OwnCard() in conversation.needs(c, hello, listed, NOON)
    assert OwnCard() not in conversation.needs(c, hello, shop(), NOON)
    reaction = msgspec.structs.replace(hello, event=Reacted("m0", "👍"))
    assert conversation.needs(c, reaction, listed, NOON) == ()


def test_carts_hold_the_customers_price_and_name_its_change() -> None:
    listed = shop(price_lists={"dealer": {"tea": 700}})
    dealer = msgspec.structs.replace(FACTS, customer=DEALER)
    cart = carts.put(Cart(), TEA, 2, listed, dealer)
    assert cart.total == 1_400
    assert carts.revise(cart, listed, dealer) == (cart, ())
    later, changes = carts.revise(cart, listed, FACTS)
    assert later.total == 2_000
    assert changes == (Change(ChangeKind.REPRICED, "Tea", 700, 1_000),)


def test_the_offers_of_the_day_are_those_that_run_on_what_is_sold() -> None:
    running, over, gone = promotion(), promotion(ends=NOON), promotion(sku="gone")
    assert offering.running_promotions(shop(promotions=(over, gone, running)), NOON) == (running,)


def test_an_order_line_keeps_unit_and_rate_the_products_own_before_the_shops() -> None:
    taxed = shop(tax_rate="7.5")
    cart = carts.put(carts.put(Cart(), TEA, 1, taxed, FACTS), BUN, 1, taxed, FACTS)
    assert [(line.unit, line.tax_rate) for line in cart.order_lines(taxed)] == [("bag", "0"), ("", "7.5")]


# -- discount codes ------------------------------------------------------------------------------------------------
TEN = Discount("Save 10", percent="10", least=2_000, starts=NOON - HOUR, ends=NOON + HOUR)
CODES = [
    ("as it is written", "SAVE10", 2_000, NOON, ""),
    ("in any case and with spaces", " save 10 ", 2_000, NOON, ""),
    ("unknown", "SAVE20", 2_000, NOON, "I don't know the code SAVE20."),
    ("only the word", "", 2_000, NOON, "A discount code? Say *code* and the code."),
    ("endless", "x" * 5_000, 2_000, NOON, "I don't know the code xxx"),
    ("too little in the cart", "save10", 1_999, NOON, "The code Save 10 holds for orders from ₹20.00 up."),
    ("too early", "save10", 2_000, NOON - HOUR - 1, "The code Save 10 does not hold yet."),
    ("just in time", "save10", 2_000, NOON - HOUR, ""),
    ("too late", "save10", 2_000, NOON + HOUR, "The code Save 10 is over, sorry."),
]


@pytest.mark.parametrize(
    ("said", "subtotal", "now", "refusal"), [pytest.param(*rest, id=title) for title, *rest in CODES]
)
def test_a_code_holds_or_is_refused_with_its_reason(said: str, subtotal: int, now: int, refusal: str) -> None:
    facts = msgspec.structs.replace(FACTS, now=now)
    found, why = offering.discount_for(said, subtotal, shop(discounts=(TEN,)), facts)
    assert found == (None if refusal else TEN)
    assert why.startswith(refusal)
    assert len(why) < 80
    assert bool(why) is bool(refusal)


def test_a_code_takes_off_per_cent_or_an_amount_but_never_more_than_all() -> None:
    assert offering.taken_off(TEN, 2_005) == 201
    assert offering.taken_off(Discount("X", amount=500), 2_005) == 500
    assert offering.taken_off(Discount("X", amount=5_000), 2_005) == 2_005


# -- delivery ------------------------------------------------------------------------------------------------------
ISLAND = Zone("Island", 1_500_00, ("lekki", "victoria island", "ikoyi"))
MAINLAND = Zone("Mainland", 800_00, ("ikeja", "yaba", "नई दिल्ली"))
ELSEWHERE = Zone("Elsewhere", 3_000_00)
ADDRESSES: list[tuple[str, Zone | None]] = [
    ("12 Admiralty Way, Lekki", ISLAND),
    ("5 Akin Adesola St., VICTORIA  ISLAND", ISLAND),
    ("1 Victoria Road, Surulere", None),
    ("Allen Avenue (Ikeja)", MAINLAND),
    ("Ikejaland 4", None),
    ("सेक्टर-5, नई दिल्ली, भारत", MAINLAND),
    ("6.43512, 3.44721", None),
]


@pytest.mark.parametrize(("address", "zone"), ADDRESSES)
def test_a_zone_is_known_by_whole_words_of_the_address(address: str, zone: Zone | None) -> None:
    assert offering.zone_of(address, Terms(zones=(ISLAND, MAINLAND))) == zone
    assert offering.zone_of(address, Terms(zones=(ELSEWHERE, ISLAND, MAINLAND))) == (zone or ELSEWHERE)


def test_delivery_is_free_from_a_certain_amount() -> None:
    free = Terms(free_delivery_from=20_000_00)
    assert offering.delivery_fee(ISLAND, 19_999_99, free) == 1_500_00
    assert offering.delivery_fee(ISLAND, 20_000_00, free) == 0
    assert offering.delivery_fee(ISLAND, 20_000_00, Terms()) == 1_500_00
