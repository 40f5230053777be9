r"""Conversations as data: files in tests/cases/<flow>/, each a list of titled cases, played in tests/engine/shops.py's
shop of that flow.

== title
> text            Ann writes (\n is a line break)
tap TITLE         she taps the newest choice of this title;  first TITLE: the oldest
send JSON         anything else that can arrive, as engine.events tags it
again             the last letter is delivered once more
as NAME           somebody else acts from here on (as ben, as ann); what is expected below is theirs too
from PHONE        she writes from this number now
wait 31m          time passes (s, m, h, d)
fire KIND         that timer comes due;  fire KIND TURN: one that another turn had set
left SKU N        so many are on hand;  price SKU 90.00;  inactive SKU;  active SKU;  drop SKU;  products N
free EVENT N      so many seats are free;  event EVENT cancelled|active;  event EVENT JSON: any of its fields
meanwhile …       any of these, or of those about money and the house below, but between Ann's facts and the commit;
                  also: taken NUMBER (an order's or booking's), ordered NUMBER
card NAME | ADDR  the shop knows her;  card JSON: any fields of orders.Customer
order NUMBER ST   the shop moved an order to this status, behind her back;  order NUMBER ST/PAYMENT
languages sw en   what the shop speaks;  shop JSON, terms JSON: any fields of shop.Shop or terms.Terms

pay [AMOUNT] [CURRENCY] [ID] [for REFERENCE]
                  her newest open request to pay is paid (else the newest), AMOUNT in minor units, in full unless said;
                  "for": whatever the reference names, if anything;  pay again: the same news once more
unpaid FAILURE    it will not be paid: a payments.Failure (cancelled, no_funds, wrong_pin, no_answer, expired …)
charged [LINK]    the provider took the newest request to pay;  uncharged FAILURE: it refused it
decide match [ORDER] | decide refund [AMOUNT] | decide credit
                  the owner decides about the newest payment on the desk; the letter goes to whoever acts
sweep             holds that are over end and free seats are offered;  deliver: letters that are due now
campaign ID NAME  a campaign is running
post JSON         our own house tells her this news (engine.events.News)

= state           where the conversation stands
< text            the answer contains it;  <! text: it does not;  < nothing: there is no answer
? need, need      what had to be read for the last letter
+ order NUMBER TOTAL: 2 × sku, …    exactly this order exists (minor units)
+ order NUMBER ST/PAYMENT           where it stands (or ST alone);  + orders N: so many exist
+ history NUMBER a>b, b>c           its moves, of its status and its payment
+ card NAME | ADDRESS | PHONE       what the shop knows of her;  + card JSON: these fields
+ marketing no                      whether she wants offers
+ timer KIND 30m                    it is due so long from now;  + timer none
+ reminder ID STATE [REASON]        how the ledger says that it stands
+ to PHONE|USER                     whom the last answer goes to
+ held SKU N                        so many are held, by all customers;  + left SKU N: so many are on hand
+ intent WAY STATUS [AMOUNT]        her newest request to pay this way;  + intents N
+ payment STATE [WHY]               the shop's newest payment;  + payments N
+ booking EVENT SEATS ST[/PAYMENT]  her newest booking for it;  + bookings N: so many of hers, + bookings none
+ seats EVENT N                     so many are free;  + entry EVENT STATUS [SEATS]: her newest on the waiting list
+ invoice NUMBER TOTAL [STATUS]     exactly this invoice exists;  + invoices N
+ credits NUMBER AMOUNT, …         exactly these credit notes exist, as issued;  + credits none
+ synced NUMBER                     the CRM shall hear of this order
+ deed ROLE VERB ABOUT [DETAIL]     the last line in the log of who did what;  + deeds N: so many lines
+ notice KIND DETAIL                the last on the board for the shop's own people
+ image CAPTION, + document NAME    the answer has a picture whose caption, or a file whose name, contains this

In any line {order}, {booking}, {invoice}, {payment}, {intent} and {reference} stand for the newest of Ann's (of
whoever acts): numbers that are derived need not be known beforehand.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from tests.engine.case_checks import newest
from tests.engine.case_verbs import VERBS
from tests.engine.world import World

CASES = Path(__file__).parents[1] / "cases"
NAMED = re.compile(r"\{(order|booking|invoice|payment|intent|reference)\}")


class Case(msgspec.Struct, frozen=True):
    """One titled conversation; ``lines`` with their numbers in ``file``."""

    title: str
    file: str
    lines: tuple[tuple[int, str], ...]


def cases_of(flow: str) -> list[Case]:
    """All cases of a flow, in order."""
    return [case for path in sorted((CASES / flow).glob("*.txt")) for case in _parse(path)]


def _parse(path: Path) -> list[Case]:
    found: list[tuple[str, list[tuple[int, str]]]] = []
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.strip()
        if line.startswith("== "):
            found.append((line[3:], []))
        elif line and not line.startswith("#"):
            found[-1][1].append((number, line))
    return [Case(title, path.name, tuple(lines)) for title, lines in found]


def run(case: Case, world: World) -> None:
    """Play a case; AssertionError names the line that does not hold."""
    for number, line in case.lines:
        try:
            verb, _, rest = NAMED.sub(lambda name: newest(world, name[1]), line).partition(" ")
            assert verb in VERBS, f"there is no verb {verb!r}"
            VERBS[verb](world, rest.strip())
        except (AssertionError, KeyError, ValueError, msgspec.ValidationError) as error:
            raise AssertionError(f"{case.file}:{number}: {line}\n{error}\nthe answer was:\n{world.text}") from error
        world.invariants()
