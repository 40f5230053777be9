"""What goes wrong with Zoho, on demand. Plans, rates and ``POST /control/faults`` are as in meta/faults.py.

fault             strikes             what happens
throttle          each call           refused with HTTP 429 and code 44, not carried out
server_error      each call           refused with HTTP ``status`` (500 to 599) and code 1000, not carried out
hang              each call           not carried out and never answered
reset             each call           not carried out, the connection is closed without an answer
lost_answer       each change         carried out, then the connection is closed without an answer
expired_token     each call           its token holds no longer: 401 and code 57; the next one does
refuse_token      each refresh        HTTP 200 with {"error": ...}, as Zoho says no
repeat            each page of items  the last item of the page before comes once more
odd_stock         each item           its stock comes as a text, with a fraction
renamed           each change         the order comes under ``sales_order``, as documented, and not ``salesorder``
no_filter         each search         ``reference_number`` is not understood: all sales orders come
"""

from __future__ import annotations

import msgspec

from adapters.phones.meta.faults import Fault, ServerError


class Refusal(Fault, frozen=True, forbid_unknown_fields=True):
    error: str = "general_error"


class ZohoFaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The plan: every fault with its settings. All are off unless given."""

    throttle: Fault = Fault()
    server_error: ServerError = ServerError()
    hang: Fault = Fault()
    reset: Fault = Fault()
    lost_answer: Fault = Fault()
    expired_token: Fault = Fault()
    refuse_token: Refusal = Refusal()
    repeat: Fault = Fault()
    odd_stock: Fault = Fault()
    renamed: Fault = Fault()
    no_filter: Fault = Fault()
