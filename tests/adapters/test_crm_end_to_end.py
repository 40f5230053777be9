"""The dealer of the demo and its fake Zoho, as the demo runs them: real HTTP, SQLite, a phone."""

from __future__ import annotations

from pathlib import Path

import httpx
import trio

from adapters.app.laboratory import Laboratory
from adapters.app.samples import DEALER
from adapters.phones.sim import open_phone

ASHA = "919800000001"
PATIENCE = 30.0


async def test_what_is_ordered_is_in_zoho_and_what_zoho_has_is_sold(tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path, shops=(DEALER,), messages_per_second=1_000)
    (books,) = laboratory.zoho.accounts
    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            await nursery.start(laboratory.run)
            api = f"{laboratory.shop_url}/s/dealer/api/admin"
            owner = {"authorization": f"Bearer {laboratory.secret}"}
            async with (
                httpx.AsyncClient(headers=owner, timeout=PATIENCE) as client,
                open_phone(laboratory.url, DEALER.number_id, ASHA) as phone,
            ):
                books.items[0].on_hand = 150
                assert (await client.post(f"{api}/crm/sync")).json()["data"]["works"]
                await phone.say("200 bags cement opc 43")
                assert "150" in (await phone.wait_for("Cement OPC 43")).text, "what Zoho has"
                await phone.say("cancel")
                await phone.say("100 bags cement opc 43")
                await phone.wait_for("Is it right like this?")
                await phone.say("1")
                await phone.say("Asha Traders")
                await phone.wait_for("Your order")
                assert (await client.post(f"{api}/crm/sync")).json()["data"]["waitingOrders"] == 0
                (order,) = (await client.get(f"{api}/orders")).json()["data"]
                (told,) = (await client.get(f"{laboratory.zoho.url}/control/salesorders")).json()["dealer"]
                assert (told["reference_number"], told["status"]) == (order["number"], "confirmed")
                item = (await client.get(f"{laboratory.zoho.url}/control/stock")).json()["dealer"][0]
                assert item["available_stock"] == 50
                await phone.say("60 bags cement opc 43")
                assert "50" in (await phone.wait_for(lambda message: "60" in message.text)).text
                ready = (await client.get(f"{laboratory.shop_url}/ready")).json()
                assert ready["crm"]["dealer"]["works"]
            nursery.cancel_scope.cancel()
