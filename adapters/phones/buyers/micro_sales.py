"""Customers of the coffee seller, who tap buttons and pay before the order counts.

    buyer           View products → coffee → 2 → address → M-Pesa → PIN → receipt and its document
    payer           a product by its name, picked up, paid by card
    decliner        cancels on the phone, tries again, and pays
    changer_of_way  a wrong PIN, then the other way
    double_tapper   taps M-Pesa twice in a row: one order, one question on the phone
    mind_changer    looks at the offers, begins one thing and buys another
    dawdler         a buyer who takes seconds over each answer

Who finds something sold out asks for coffee instead.
"""

from __future__ import annotations

import re
from dataclasses import replace

from adapters.phones.script import Buyers, Person, Step, answer

NUMBER = r"Order: \*(ORD-[0-9A-Z]+)\*"

HOW_MANY = answer(r"How many would you like")
WHERE = answer(r"Where shall we deliver")
SUMMARY = answer(r"How would you like to pay")
ASKED = answer(r"Please check your phone")
LINK = answer(r"your link to pay .* is coming", r"^Pay .* here: http")
RECEIPT = answer(rf"^Receipt from .*\n{NUMBER}", r"^\[document receipt-")

HI = Step("hi", ("hi",), (answer(r"What would you like to see"),))
PRODUCTS = Step("products", ("products",), (answer(r"Which product would you like"),), tap="View products")
COFFEE = Step("product", ("coffee beans",), (HOW_MANY,), tap="Premium Coffee Beans…", instead="soap")
NAMED = Step("product", ("honey", "soap", "macadamia"), (HOW_MANY,), instead="coffee beans")
OFFERS = Step("offers", ("promotions",), (answer(r"^Our offers:"),), tap="View promotions")
OFFER = Step("offer", ("Honey week",), (HOW_MANY,), tap="Honey week", instead="soap")
HOME = Step("menu", ("menu",), (answer(r"What would you like to see"),))
QUANTITY = Step("quantity", ("1", "2", "two"), (WHERE,), instead="1")
ADDRESS = Step("address", ("Moi Avenue 12, Nairobi", "Biashara Street 7"), (SUMMARY,))
SKIP = Step("skip", ("skip",), (SUMMARY,), tap="Skip")
MPESA = Step("mpesa", ("M-Pesa",), (ASKED,), tap="M-Pesa")
CARD = Step("card", ("Card",), (LINK,), tap="Card")
PIN = Step("pin", answers=(RECEIPT,), pays="approve")
PAID = Step("pay", answers=(RECEIPT,), pays="approve")
NO = Step("cancelled", answers=(answer(r"The payment was cancelled"),), pays="cancelled")
WRONG = Step("wrong pin", answers=(answer(r"The PIN was not right"),), pays="wrong_pin")
RETRY = Step("try again", ("try again",), (ASKED,), tap="Try again")
OTHER = Step("other way", ("other way",), (SUMMARY,), tap="Other way")
CANCEL = Step("cancel", ("cancel",), (answer(r"[Cc]ancelled|Nothing was open"),))

BROWSED = (HI, PRODUCTS, COFFEE, QUANTITY, ADDRESS)
KNOWN = (HI, NAMED, QUANTITY, SKIP)

BUYERS = Buyers(
    flow="micro_sales",
    people={
        "buyer": Person(0.3, (*BROWSED, MPESA, PIN)),
        "payer": Person(0.2, (*KNOWN, CARD, PAID)),
        "decliner": Person(0.1, (*KNOWN, MPESA, NO, RETRY, PIN)),
        "changer_of_way": Person(0.1, (*KNOWN, MPESA, WRONG, OTHER, CARD, PAID)),
        "double_tapper": Person(0.1, (*BROWSED, replace(MPESA, twice=True), PIN)),
        "mind_changer": Person(0.1, (HI, OFFERS, OFFER, HOME, NAMED, QUANTITY, SKIP, MPESA, PIN)),
        "dawdler": Person(0.1, (*BROWSED, MPESA, PIN), dawdles=2.0),
    },
    done=re.compile(NUMBER),
    sold_out=re.compile(r"sold out|Only [0-9]+ × .* left|went to somebody else|took it out"),
    asides=re.compile(r"There is no word from M-Pesa yet"),
    leave=CANCEL,
    most=2,
)
