"""The providers behind which a simulated phone may be reached: for each, how it takes sends and writes webhooks.

All of them stand on the same accounts, phones, rules and faults; ``FakeNumber.provider`` says whose a number is. Sends
of provider ``meta`` are taken by the fake itself, those of others under a path that begins with the provider's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from adapters.phones.ghala.front import Front, GhalaFront
from adapters.phones.ghala.wire import CLASSIC, V2, ClassicWire, V2Wire
from adapters.phones.meta.account import Account
from adapters.phones.meta.rules import FakeNumber
from adapters.phones.meta.wire import MetaWire, Wire
from adapters.phones.meta.world import World
from adapters.phones.twilio.front import TwilioFront
from adapters.phones.twilio.names import PROVIDER as TWILIO
from adapters.phones.twilio.wire import TwilioWire

META = "meta"
WIRES: Mapping[str, Wire] = {META: MetaWire(), CLASSIC: ClassicWire(), V2: V2Wire(), TWILIO: TwilioWire()}


def wire_of(number: FakeNumber) -> Wire:
    """How this number's webhooks are written."""
    return WIRES[number.provider]


def fronts(world: World, accounts: Iterable[Account]) -> Mapping[str, Front]:
    """What takes sends, by the first segment of their paths."""
    ghala = [one for one in accounts if one.number.provider in (CLASSIC, V2)]
    twilio = [one for one in accounts if one.number.provider == TWILIO]
    return {"ghala": GhalaFront(world, ghala), "twilio": TwilioFront(world, twilio)}
