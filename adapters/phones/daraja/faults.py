"""What goes wrong at Daraja, on demand. Plans, rates and ``POST /control/faults`` are as in meta/faults.py.

fault             strikes            what happens
never_call_back   each callback      it is never posted; only a question finds out, and that has no receipt
call_back_twice   each callback      it is posted a second time, at the same moment
call_back_first   each push          its customer approves at once, and the callback is answered before the push
wrong_amount      each success       the callback tells one shilling less than was paid
delay             each callback      it is posted ``ms`` later
forged            each push          a stranger posts a success to addresses that are guessed from the real one
throttle          each request       refused with 500.003.02, not carried out
server_error      each request       answered with HTTP ``status`` (500 to 599), not carried out; the caller can't know
lost_answer       each request       taken and carried out, then the connection is closed without an answer
hang              each request       not carried out and never answered
expired_token     each request       its access token is over before its time
"""

from __future__ import annotations

import msgspec

from adapters.phones.meta.faults import Delay, Fault, ServerError


class DarajaFaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The plan: every fault with its settings. All are off unless given. Requests are pushes and questions."""

    never_call_back: Fault = Fault()
    call_back_twice: Fault = Fault()
    call_back_first: Fault = Fault()
    wrong_amount: Fault = Fault()
    delay: Delay = Delay()
    forged: Fault = Fault()
    throttle: Fault = Fault()
    server_error: ServerError = ServerError()
    lost_answer: Fault = Fault()
    hang: Fault = Fault()
    expired_token: Fault = Fault()
