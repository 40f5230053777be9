"""How long channel ``whatsapp_cloud`` takes to check and read what Meta posts, and to write what we send."""

from __future__ import annotations

import hmac
import timeit
from collections.abc import Callable

import msgspec

from adapters.channels._whatsapp.render import body
from engine.messages import Text
from tests.adapters.calls import call
from tests.adapters.whatsapp_cloud import SECRET, SHOPS, Case, channel, envelope, outgoing, raw

ROUNDS = 15
"""The best of these counts: whatever else the machine did made the others slower."""


def single_message() -> bytes:
    """One text message as Meta posts it, with its contact."""
    contact = {"profile": {"name": "Asha Test"}, "wa_id": "254700000001", "user_id": "KE.900000000000001"}
    message = {
        "from": "254700000001",
        "from_user_id": "KE.900000000000001",
        "id": "wamid.HBgMMjU0NzAwMDAwMDAxFQIAEhgUM0E5RjM4",
        "timestamp": "1790000000",
        "type": "text",
        "text": {"body": "2 kg unga"},
    }
    return raw(envelope({"contacts": [contact], "messages": [message]}))


def hundred_statuses() -> bytes:
    """A batch of statuses as newer API versions post them."""
    return raw(envelope({"statuses": [_status(number) for number in range(100)]}))


def _status(number: int) -> Case:
    return {
        "id": f"wamid.HBgMMjU0NzAwMDAwMDAxFQIAERgS{number:06d}",
        "status": "delivered",
        "timestamp": "1790000003",
        "recipient_id": "254700000001",
        "recipient_user_id": "KE.900000000000001",
        "biz_opaque_callback_data": f"bakery/c0123456789abcdef01:{number}:0",
        "pricing": {"billable": False, "pricing_model": "PMP", "type": "free_customer_service", "category": "service"},
    }


def best(work: Callable[[], object], times: int) -> float:
    """Microseconds that ``work`` takes."""
    return min(timeit.repeat(work, number=times, repeat=ROUNDS)) / times * 1e6


def channel_figures() -> list[tuple[str, float, str]]:
    """(what, figure, unit)."""
    one, single, statuses = channel(), single_message(), hundred_statuses()
    headers = {"x-hub-signature-256": f"sha256={hmac.digest(SECRET.encode(), single, 'sha256').hex()}"}
    single_call, statuses_call = call(single, headers), call(statuses)
    reply = outgoing(Text("Karibu"))
    assert one.genuine(single_call)
    assert len(one.parse(single_call, SHOPS).inbounds) == 1
    assert len(one.parse(statuses_call, SHOPS).statuses) == 100
    return [
        ("check a message's signature", best(lambda: one.genuine(single_call), 200), "µs"),
        ("read a single message", best(lambda: one.parse(single_call, SHOPS), 200), "µs"),
        ("read a batch of 100 statuses", best(lambda: one.parse(statuses_call, SHOPS), 20), "µs"),
        ("write a text reply", best(lambda: msgspec.json.encode(body(reply)), 200), "µs"),
    ]


if __name__ == "__main__":
    for what, figure, unit in channel_figures():
        print(f"{what:32} {figure:8.1f} {unit}")
