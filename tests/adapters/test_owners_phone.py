"""The demo's owner runs a shop from the phone that the demo names: every part is the real one, on loopback."""

from __future__ import annotations

from pathlib import Path

import trio

from adapters.app.laboratory import Laboratory
from adapters.app.samples import BAKERY, OWNER
from adapters.phones.sim import open_phone

CUSTOMER = "254700000001"
ORDERING = ("1, 2", "done", "Asha", "12 Moi Avenue", "skip")


async def test_the_owner_hears_of_an_order_and_finishes_it(tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path, messages_per_second=1_000, shops=(BAKERY,), owned=True)
    assert laboratory.fake.numbers()[0].owner == OWNER
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            await nursery.start(laboratory.run)
            async with (
                open_phone(laboratory.url, BAKERY.number_id, OWNER, name="The owner") as owner,
                open_phone(laboratory.url, BAKERY.number_id, CUSTOMER, name="Asha") as customer,
            ):
                await owner.say("help")
                await owner.wait_for("You are at the desk of")
                await customer.say("hi")
                await customer.wait_for("Welcome")
                for words in ORDERING:
                    await customer.say(words)
                await customer.wait_for("12 Moi Avenue")
                await customer.say("confirm")
                await owner.wait_for("New order")
                await owner.say("orders")
                await owner.wait_for("What is open")
                await owner.say("done 1")
                asked = await owner.wait_for("Its customer is told")
                await owner.tap(asked, "Yes")
                await owner.wait_for("is completed")
                await customer.wait_for("it is completed")
            nursery.cancel_scope.cancel()
