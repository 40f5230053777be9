"""Customers of the ticket shop, who hold seats, give a name, and pay where the event costs something.

    buyer           search food → 1 → seats → name → yes → the code, and its picture
    seat_racer      all go for one event that costs money and has few seats, and pay by card
    decliner        lets the link expire, so the seats go; begins again and pays
    double_tapper   says yes twice in a row: one booking, shown again
    mind_changer    lets held seats go, searches on, takes others
    dawdler         a racer who takes seconds over each answer while the seats are held

A booking is answered by two messages: its code as text, then its picture. Who finds too few seats tries for one, and
goes home when there is none.
"""

from __future__ import annotations

import re
from dataclasses import replace

from adapters.phones.script import Buyers, Person, Step, answer

NUMBER = r"Booked! 🎉 Your code is \*(BKG-[2-9A-HJKMNP-Z]{6})\*"
NAMES = ("Asha Rao", "José O'Neil", "प्रिया", "Wanjiru", "محمد")

FOUND = answer(r"Here is what I found|Nothing fits all of|Coming up")
SEATS = answer(r"How many seats would you like")
KEPT = answer(r"I'm keeping [0-9]+ seats? ")
SUMMARY = answer(r"Shall I book it\?")
LINK = answer(r"your link to pay .* is coming", r"^Pay .* here: http")
FREE = answer(rf"^{NUMBER}", r"^\[image\] .*BKG-")
SHOWN = answer(r"^Booking \*BKG-.*: booked", r"^\[image\] .*BKG-")
BOUGHT = answer(rf"Your payment of .* has arrived[\s\S]*{NUMBER}|^{NUMBER}", r"^\[image\] .*BKG-")

FOOD = Step("search", ("search food", "search mumbai food"), (FOUND,))
COMEDY = Step("search", ("search comedy", "search delhi comedy"), (FOUND,))
GOA = Step("search", ("search goa",), (FOUND,))
PICK = Step("pick", ("1",), (SEATS,))
SEATS_WANTED = Step("seats", ("1", "2", "3 seats"), (KEPT,), instead="1")
NAME = Step("name", NAMES, (SUMMARY,))
YES_FREE = Step("yes", ("yes",), (FREE,), tap="Yes")
YES = Step("yes to pay", ("yes",), (LINK,), tap="Yes")
NO = Step("no", ("no",), (answer(r"^Fine, I let"),), tap="No")
PAID = Step("pay", answers=(BOUGHT,), pays="approve")
REFUSED = Step("expired", answers=(answer(r"So I let your [0-9]+ seats? "),), pays="expired")
CANCEL = Step("cancel", ("cancel",), (answer(r"Cancelled|Nothing was open"),))

HOLDING = (PICK, SEATS_WANTED, NAME)
RACE = (COMEDY, *HOLDING, YES, PAID)

BUYERS = Buyers(
    flow="ticketing",
    people={
        "buyer": Person(0.35, (FOOD, *HOLDING, YES_FREE)),
        "seat_racer": Person(0.25, RACE),
        "decliner": Person(0.1, (GOA, *HOLDING, YES, REFUSED, GOA, *HOLDING, YES, PAID)),
        "double_tapper": Person(0.1, (FOOD, *HOLDING, replace(YES_FREE, tap="", twice=True, again=SHOWN))),
        "mind_changer": Person(0.1, (COMEDY, *HOLDING, NO, FOOD, *HOLDING, YES_FREE)),
        "dawdler": Person(0.1, RACE, dawdles=2.0),
    },
    done=re.compile(NUMBER),
    sold_out=re.compile(r"sold out|Only [0-9]+ seats? (?:is|are) left|others were quicker"),
    leave=CANCEL,
    asides=re.compile(r"I keep your [0-9]+ seats? |The time for your|I keep your seats for|did not come in time"),
    most=3,
)
