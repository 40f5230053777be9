"""What goes wrong at Stripe, on demand. Plans, rates and ``POST /control/faults`` are as in meta/faults.py.

fault             strikes            what happens
never_call_back   each event         it is never posted; only a question finds out
call_back_twice   each event         the same event is posted a second time, at the same moment
duplicate         each event         a second event, with an id of its own, tells the same
call_back_first   each request       its card pays at once, and the event is answered before the request; refunds too
reorder           each event         the next event overtakes it, if one comes within REORDER_MS
delay             each event         it is posted ``ms`` later
wrong_signature   each attempt       it is signed with a wrong secret; the attempt after it is right again
wrong_amount      each paid session  the event tells one unit less than was paid
throttle          each request       refused with 429, not carried out
server_error      each request       refused with HTTP ``status`` (500 to 599), not carried out
lost_answer       each request       taken and carried out, then the connection is closed without an answer
hang              each request       not carried out and never answered
"""

from __future__ import annotations

import msgspec

from adapters.phones.meta.faults import Delay, Fault, ServerError


class StripeFaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The plan: every fault with its settings. All are off unless given. Requests are those that change something, and
    questions for refunds and sessions hang and fail like them."""

    never_call_back: Fault = Fault()
    call_back_twice: Fault = Fault()
    duplicate: Fault = Fault()
    call_back_first: Fault = Fault()
    reorder: Fault = Fault()
    delay: Delay = Delay()
    wrong_signature: Fault = Fault()
    wrong_amount: Fault = Fault()
    throttle: Fault = Fault()
    server_error: ServerError = ServerError()
    lost_answer: Fault = Fault()
    hang: Fault = Fault()
