"""Customers of the dealer, who are shops themselves and write what they need in words of their own.

    buyer           a list → read back → confirm → the business name, the first time → invoice → bank transfer
    asker           a line that may be two things is asked, and answered by its number
    double_tapper   confirms twice in a row, and gives a name if that is asked: one order
    mind_changer    changes a line after the read-back, removes another
    dawdler         a buyer who takes seconds over each answer

An order is answered by three messages: the order with its invoice's number, the invoice as a document, and how to pay.
Who hears that less is left than was wanted takes what there is.
"""

from __future__ import annotations

import re
from dataclasses import replace

from adapters.phones.script import Buyers, Person, Step, answer

NUMBER = r"order \*(WS[0-9]{14}(?:-[0-9A-F]{4})?)\*"
LISTS = ("10 opc 43, 5 sand", "20 tmt 12mm\n10 bags opc 53", "binding wire 25kg", "3 ton river sand n 30 tmt 8mm")
NAMES = ("Sharma & Sons", "M/s A-1 Steel & Co. (Pune)", "Rao Traders", "गुप्ता एंड संस")

READ_BACK = answer(r"Please check your order:[\s\S]*Is it right like this")
ASKED_NAME = answer(r"What is your business called")
ORDERED = answer(
    rf"^Thank you, .* Your {NUMBER} is confirmed[\s\S]*invoice \*INV-[0-9]{{4}}-[0-9]+\*",
    r"^\[document invoice-",
    r"How would you like to pay",
)

HI = Step("hi", ("hi",), (answer(r"^Welcome"),))
LIST = Step("list", LISTS, (READ_BACK,), instead="500 bricks")
DOUBTFUL = Step("doubtful list", ("100 bags cement, 5 sand",), (answer(r"Which one do you mean by \*cement\*"),))
CHOICE = Step("which one", ("1", "2", "opc 53"), (READ_BACK,), tap="Cement OPC 43")
CHANGE = Step("change", ("2",), (answer(r"^Your order so far"),), tap="Change")
LINE = Step("change a line", ("1, 7",), (answer(r"(?m)^1\. 7 × |^Only [0-9]+ × .* available"),))
ADD = Step("add", ("add 2 sand",), (READ_BACK,))
CONFIRM = Step("confirm", ("1", "yes"), (ORDERED, ASKED_NAME), tap="Confirm", instead="1")
NAME = Step("name", NAMES, (ORDERED,), when=re.compile(r"business called|name of your business"), instead="1")
BANK = Step("bank", ("bank transfer",), (answer(r"^Please transfer"),), tap="Bank transfer")
CASH = Step("cash", ("2",), (answer(r"you pay .* on delivery"),), tap="Pay on delivery")
CANCEL = Step("cancel", ("cancel",), (answer(r"Cancelled|Nothing was open|cancel"),))

BUYING = (HI, LIST, CONFIRM, NAME, BANK)

BUYERS = Buyers(
    flow="wholesale",
    people={
        "buyer": Person(0.4, BUYING),
        "asker": Person(0.2, (DOUBTFUL, CHOICE, CONFIRM, NAME, CASH)),
        "double_tapper": Person(0.15, (HI, LIST, replace(CONFIRM, says=("1",), twice=True), NAME)),
        "mind_changer": Person(0.15, (HI, LIST, CHANGE, LINE, ADD, CONFIRM, NAME, CASH)),
        "dawdler": Person(0.1, BUYING, dawdles=2.0),
    },
    done=re.compile(NUMBER),
    sold_out=re.compile(r"sold out|Only [0-9]+ × .* left|Please confirm again"),
    leave=CANCEL,
    most=100,
)
