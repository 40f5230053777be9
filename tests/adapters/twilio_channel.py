"""What the tests of channel ``twilio`` share: a channel, its cases, and signed calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from adapters.channels._twilio.signature import parameters, signature
from adapters.channels.twilio import Twilio, TwilioSettings, build
from adapters.kinds import Site
from adapters.settings import Secret
from engine.address import Address
from engine.messages import AnyMessage, Outgoing, Purpose
from engine.ports import Call

CASES = Path(__file__).parents[1] / "cases" / "twilio"
TOKEN = "test_auth_token_1"
ACCOUNT = "AC" + "0" * 31 + "1"
PUBLIC = "https://shop.example.test"
PATH = "/twilio/in"
NUMBER = "14155550100"
SHOPS = {NUMBER: "dealer"}
SID = "SM" + "0" * 31 + "1"
NOW = 1_790_000_000_000
ASHA = {"From": "whatsapp:+254700000001", "WaId": "254700000001", "ProfileName": "Asha Test"}


def channel(**changes: Any) -> Twilio:
    given: dict[str, Any] = {"path": PATH, "account_sid": ACCOUNT, "auth_token": Secret(TOKEN), "number": NUMBER}
    return build(Site("dealer", PUBLIC), TwilioSettings(**(given | changes)))


def cases(name: str) -> Any:
    return json.loads((CASES / f"{name}.json").read_text("utf-8"))


def message(**said: str) -> dict[str, str]:
    """A message's parameters."""
    known = {"MessageSid": SID, "SmsStatus": "received", "To": f"whatsapp:+{NUMBER}", "NumMedia": "0"}
    return known | ASHA | {"Body": "hi"} | said


def signed(said: dict[str, str], target: str = PATH) -> Call:
    """A form as Twilio posts it."""
    raw = urlencode(said).encode()
    given = signature(TOKEN.encode(), PUBLIC + target, parameters(raw))
    headers = {"x-twilio-signature": given, "content-type": "application/x-www-form-urlencoded; charset=UTF-8"}
    return Call(target, PATH, headers, raw, NOW)


def outgoing(message: AnyMessage, attempts: int = 1) -> Outgoing:
    """A row to Asha."""
    address = Address("dealer", "c1")
    return Outgoing("dealer/c1:3:0", address, "254700000001", "", message, Purpose.REPLY, NOW, attempts)
