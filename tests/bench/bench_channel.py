"""How long channels take to check and read what their providers post, and to write what we send: ``whatsapp_cloud``,
and ``ghala`` in both dialects and ``twilio`` beside it."""

from __future__ import annotations

import hmac
import timeit
from collections.abc import Callable
from random import Random

import msgspec

from adapters.app.accounts import PROVIDERS
from adapters.channels._ghala import render
from adapters.channels._twilio.render import encoded, form
from adapters.channels._twilio.signature import parameters
from adapters.channels._whatsapp.render import body
from adapters.phones.fronts import WIRES
from adapters.phones.meta.rules import FakeNumber
from adapters.phones.meta.wire import MESSAGE
from engine.messages import Text
from tests.adapters import ghala_channel, twilio_channel
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
    meta, twilio = whatsapp_figures(), twilio_figures()
    ghala = [figure for dialect in ("classic", "v2") for figure in ghala_figures(dialect)]
    share = _path(meta) / _path(twilio) * 100
    return [*meta, *ghala, *twilio, ("twilio: the path's speed beside Meta's", share, "%")]


def _path(figures: list[tuple[str, float, str]]) -> float:
    """Microseconds of one message's way in and one reply's way out."""
    return sum(figure for what, figure, _ in figures if "batch" not in what)


def whatsapp_figures() -> list[tuple[str, float, str]]:
    """The Cloud API's."""
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


def ghala_figures(dialect: str) -> list[tuple[str, float, str]]:
    """The same message through Ghala, and the same reply."""
    one, reply = ghala_channel.channel(dialect), ghala_channel.outgoing(Text("Karibu"))
    number = FakeNumber("1", "+254 20 000 0005", "Kiosk", "1", "key", ghala_channel.SECRET)
    (change,) = msgspec.json.decode(single_message())["entry"][0]["changes"]
    wire = WIRES[PROVIDERS["ghala", dialect]]
    body = wire.messages(number, [change["value"]], Random(0))
    headers = wire.headers(ghala_channel.SECRET, body, MESSAGE, 1, ghala_channel.NOW, "")
    told = call(body, {name.lower(): value for name, value in headers.items()}, at=ghala_channel.NOW)
    assert one.genuine(told)
    assert len(one.parse(told, ghala_channel.SHOPS).inbounds) == 1
    return [
        (f"ghala {dialect}: check a message's signature", best(lambda: one.genuine(told), 200), "µs"),
        (f"ghala {dialect}: read a single message", best(lambda: one.parse(told, ghala_channel.SHOPS), 200), "µs"),
        (f"ghala {dialect}: write a text reply", best(lambda: render.body(reply, one.names), 200), "µs"),
    ]


def twilio_figures() -> list[tuple[str, float, str]]:
    """The same message through Twilio, and the same reply."""
    one, reply = twilio_channel.channel(), twilio_channel.outgoing(Text("Karibu"))
    told = twilio_channel.signed(
        twilio_channel.message(
            SmsSid=twilio_channel.SID,
            SmsMessageSid=twilio_channel.SID,
            AccountSid=twilio_channel.ACCOUNT,
            ApiVersion="2010-04-01",
            MessageType="text",
            ExternalUserId="whatsapp:KE.900000000000001",
            Body="2 kg unga",
        )
    )
    hook = twilio_channel.PUBLIC + twilio_channel.PATH

    def judged_anew() -> bool:
        parameters.cache_clear()  # each call is another one
        return one.genuine(told)

    assert judged_anew()
    assert len(one.parse(told, twilio_channel.SHOPS).inbounds) == 1
    return [
        ("twilio: check a message's signature", best(judged_anew, 200), "µs"),
        ("twilio: read a single message", best(lambda: one.parse(told, twilio_channel.SHOPS), 200), "µs"),
        ("twilio: write a text reply", best(lambda: encoded(form(reply, "1", "", hook)), 200), "µs"),
    ]


if __name__ == "__main__":
    for what, figure, unit in channel_figures():
        print(f"{what:44} {figure:8.1f} {unit}")
