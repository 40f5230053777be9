"""A POST with an Idempotency-Key is carried out once, as at Stripe: the same request again gets the first answer.

    first under its key ──▶ carried out, its answer kept for a day
    again, answered     ──▶ the first answer, status and body, with ``Idempotent-Replayed: true``
    again, in progress  ──▶ 409
    another request     ──▶ 422

Nothing is kept of a request that could not be read (400), nor of one that may yet end otherwise: 202, and 5xx. Such a
one is carried out again, which is harmless too: what it wishes carries the request's name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from adapters.api.answers import Answer, Refusal, refused
from adapters.api.endpoint import Call
from engine.patience import patiently
from engine.repeats import FirstAnswer

IN_PROGRESS = "The same request is being carried out; please ask again in a moment."
ANOTHER = "This Idempotency-Key was used for another request; please use a new one."
AGAIN_SECONDS = "2"
REPLAYED = {"idempotent-replayed": "true"}
MAY_CHANGE = 202
CarryOut = Callable[[], Awaitable[Answer]]


async def once(call: Call, carry_out: CarryOut) -> Answer:
    """Carry a request out, or give its first answer. ``call.request`` is its digest. Raises Refusal and StoreError."""
    now = call.running.around.clock.now()
    with trio.CancelScope(shield=True):
        first = await call.store.begin_request(call.shop.name, call.key, call.request, now)
    if first is not None:
        return _again(first, call.request)
    answer: Answer | None = None
    try:
        answer = await carry_out()
    except Refusal as refusal:
        answer = refused(refusal)
    finally:
        await _end(call, answer)
    return answer


def _again(first: FirstAnswer, digest: str) -> Answer:
    if first.digest != digest:
        raise Refusal(422, ANOTHER)
    if not first.status:
        raise Refusal(409, IN_PROGRESS, headers={"retry-after": AGAIN_SECONDS})
    return Answer(first.status, first.body, first.content_type, REPLAYED)


async def _end(call: Call, answer: Answer | None) -> None:
    """Keep what the first was answered, or forget that it began; shielded, for a client may go away."""
    shop, key, digest, store = call.shop.name, call.key, call.request, call.store
    if answer is None or answer.status == MAY_CHANGE or answer.status >= 500:
        await patiently(lambda: store.forget_request(shop, key, digest))
    else:
        kept = FirstAnswer(digest, answer.status, answer.content_type, answer.body)
        await patiently(lambda: store.end_request(shop, key, kept))
