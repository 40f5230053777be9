"""Customers of the burger shop, who fill a cart and pay for it after the order is placed.

    buyer           hi → Burgers → Classic → 2 → review → checkout → pay on delivery
    payer           orders by name and pays by card: a link comes, then a receipt and its document
    decliner        lets the first link expire, then pays at another
    transferrer     gets a reference to transfer the money under; nobody sees it arrive in this test
    double_tapper   taps Checkout twice in a row: still one order
    mind_changer    several goods at once, takes a line out, looks around, comes back
    dawdler         a payer who takes seconds over each answer

Who finds something sold out checks out with what is left, or goes home.
"""

from __future__ import annotations

import re
from dataclasses import replace

from adapters.phones.script import Buyers, Person, Step, answer

NUMBER = r"\*(CT[0-9]{14}(?:-[0-9A-F]{4})?)\*"

ADDED = answer(r"^Added [0-9]+ × ")
REVIEW = answer(r"Shall I place this order|check it once more")
CHECKED_OUT = answer(rf"order {NUMBER} is confirmed")
RECEIPT = answer(rf"^Receipt from .*\nOrder: {NUMBER}", r"^\[document receipt-")
LINK = answer(r"your link to pay .* is coming", r"^Pay .* here: http")

HI = Step("hi", ("hi",), (answer(r"^Welcome"),))
SHELF = Step("category", ("Burgers",), (answer(r"^Choose one"),), tap="Burgers")
ITEM = Step("item", ("Classic",), (answer(r"How many\?"),), tap="Classic", instead="2 water")
QUANTITY = Step("quantity", ("1", "2"), (ADDED,))
BY_NAME = Step("by name", ("2 cola", "1 fries", "water x 2", "onoin rings"), (ADDED, answer(r"How many\?")))
ONE = Step("quantity", ("1",), (ADDED,), when=re.compile(r"How many\?"))
SEVERAL = Step("by name", ("1 cola, 2 water", "1 fries and 1 water"), (ADDED,), instead="1 water")
CART = Step("review", ("cart",), (REVIEW,), tap="Review order")
REMOVE = Step("remove", ("remove 2",), (answer(r"^Removed |There is no such line"),))
LOOK = Step("back", ("back",), (answer(r"Your cart is kept|^Choose a category"),), tap="Add more")
CHECKOUT = Step("checkout", ("checkout",), (CHECKED_OUT,), tap="Checkout", instead="checkout")
CASH = Step("cash", ("cash",), (answer(r"you pay .* on delivery"),), tap="Pay on delivery")
BANK = Step("bank", ("bank",), (answer(r"^Please transfer"),), tap="Bank transfer")
CARD = Step("card", ("card",), (LINK,), tap="Card")
REFUSED = Step("expired", answers=(answer(r"time to pay was over"),), pays="expired")
RETRY = Step("try again", ("try again",), (LINK,), tap="Try again")
PAID = Step("pay", answers=(RECEIPT,), pays="approve")
CANCEL = Step("cancel", ("cancel",), (answer(r"[Cc]ancelled|Nothing was open"),))

BROWSED = (HI, SHELF, ITEM, QUANTITY, CART, CHECKOUT)
NAMED = (HI, BY_NAME, ONE, CART, CHECKOUT)

BUYERS = Buyers(
    flow="cart",
    people={
        "buyer": Person(0.25, (*BROWSED, CASH)),
        "payer": Person(0.25, (*NAMED, CARD, PAID)),
        "decliner": Person(0.1, (*NAMED, CARD, REFUSED, RETRY, PAID)),
        "transferrer": Person(0.1, (*NAMED, BANK)),
        "double_tapper": Person(0.1, (*BROWSED[:-1], replace(CHECKOUT, twice=True), CASH)),
        "mind_changer": Person(0.1, (HI, SEVERAL, CART, REMOVE, LOOK, BY_NAME, ONE, CART, CHECKOUT, CARD, PAID)),
        "dawdler": Person(0.1, (*NAMED, CARD, PAID), dawdles=2.0),
    },
    done=re.compile(NUMBER),
    sold_out=re.compile(r"sold out|Only [0-9]+ × .* left|Your cart is empty|not sold any more|took it out"),
    leave=CANCEL,
    asides=re.compile(r"is not paid yet: .* We keep it for you|was not paid in time, so I cancelled it"),
    most=2,
)
