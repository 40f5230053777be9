"""What goes wrong with payments, on demand. Plans, rates and ``POST /control/faults`` are as in meta/faults.py.

fault             strikes            what happens
never_call_back   each callback      it is never posted; only a question finds out
call_back_twice   each callback      the same webhook is posted a second time, at the same moment
call_back_first   each request       its customer approves at once, and the webhook is answered before the request
wrong_signature   each attempt       the webhook is signed with a wrong secret; the attempt after it is right again
wrong_amount      each success       the webhook tells one major unit less than was asked for
delay             each callback      it is posted ``ms`` later
lost_answer       each request       taken and carried out, then the connection is closed without an answer
server_error      each request       refused with HTTP ``status`` (500 to 599), not carried out
hang              each request       not carried out and never answered
"""

from __future__ import annotations

import msgspec

from adapters.phones.meta.faults import Delay, Fault, ServerError


class PayFaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The plan: every fault with its settings. All are off unless given."""

    never_call_back: Fault = Fault()
    call_back_twice: Fault = Fault()
    call_back_first: Fault = Fault()
    wrong_signature: Fault = Fault()
    wrong_amount: Fault = Fault()
    delay: Delay = Delay()
    lost_answer: Fault = Fault()
    server_error: ServerError = ServerError()
    hang: Fault = Fault()
