"""Customers of the bakery, who order by number. It answers each message with one message.

    buyer           hi → 1, 2 → done → name → address → skip → confirm
    double_tapper   the same, but taps Confirm twice in a row: still one order
    mind_changer    adds a second item, looks at the cart, takes it out, goes back from the summary once
    dawdler         a buyer who takes seconds over each answer

Who finds an item sold out takes the last one on the menu instead, or what is left in the cart.
"""

from __future__ import annotations

import re
from dataclasses import replace

from adapters.phones.script import Buyers, Person, Step, answer

NAMES = ("Asha", "José Núñez", "O'Neil", "प्रिया", "Anne-Marie", "محمد", "Wanjiru Kamau", "Dr. Li")
STREETS = ("12 Mlima Road", "7 Market Street", "3 Rue de l'Église", "88 Biashara Lane", "1 Station Approach")
NUMBER = r"order \*(WA[0-9]{14}(?:-[0-9A-F]{4})?)\*"

ASKED_NAME = answer(r"What name")
SUMMARY = answer(r"Shall I place this order")

HI = Step("hi", ("hi",), (answer(r"^Welcome|Send an item number"),))
ADD = Step("add", ("1, 2",), (answer(r"Your cart: "),), instead="{last}, 1")
CART = Step("cart", ("cart",), (answer(r"Your cart:\n"),), tap="View cart")
REMOVE = Step("remove", ("remove 2",), (answer(r"Removed |is not in your cart"),))
DONE = Step("done", ("done",), (ASKED_NAME,), tap="Done")
NAME = Step("name", NAMES, (answer(r"Where shall we deliver"),))
ADDRESS = Step("address", STREETS, (answer(r"Any instructions"),))
SKIP = Step("skip", ("skip",), (SUMMARY,), tap="Skip")
NOTE = Step("note", ("Ring twice, please", "Leave it at the gate", "No nuts!"), (SUMMARY,))
EDIT = Step("edit", ("edit",), (answer(r"Here is the menu again"),), tap="Edit")
CONFIRM = Step("confirm", ("confirm",), (answer(NUMBER),), tap="Confirm", instead="confirm")
CANCEL = Step("cancel", ("cancel",), (answer(r"Cancelled|Nothing was open"),))

CHECKOUT = (DONE, NAME, ADDRESS, SKIP)
WITH_NOTE = (DONE, NAME, ADDRESS, NOTE)
BUYING = (HI, ADD, *CHECKOUT, CONFIRM)

BUYERS = Buyers(
    flow="counter",
    people={
        "buyer": Person(0.6, BUYING),
        "double_tapper": Person(0.15, (*BUYING[:-1], replace(CONFIRM, twice=True))),
        "mind_changer": Person(
            0.15, (HI, ADD, replace(ADD, says=("2, 1",)), CART, REMOVE, *WITH_NOTE, EDIT, *CHECKOUT, CONFIRM)
        ),
        "dawdler": Person(0.1, BUYING, dawdles=2.0),
    },
    done=re.compile(NUMBER),
    sold_out=re.compile(r"Your cart is empty|confirm again|menu again|not sold any more"),
    leave=CANCEL,
    most=2,
)
