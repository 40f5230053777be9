"""The fake provider from both ends: what a shop sends, what the customer's phone shows, what the webhook gets."""

from __future__ import annotations

import re

import pytest
import trio

from adapters.phones.meta.rules import Rules
from adapters.phones.sim import LineLost, PhoneRefused, open_phone
from tests.adapters.fake_world import ASHA, NUMBER, START, Json, world

BUTTONS: Json = {
    "type": "interactive",
    "interactive": {
        "type": "button",
        "body": {"text": "Confirm?"},
        "action": {"buttons": [{"type": "reply", "reply": {"id": "yes:1", "title": "Yes"}}]},
    },
}
ROW = {"id": "sku:7", "title": "Unga 2kg", "description": "KES 210"}
LIST: Json = {
    "type": "interactive",
    "interactive": {
        "type": "list",
        "body": {"text": "Pick"},
        "action": {"button": "View", "sections": [{"rows": [ROW]}]},
    },
}


async def test_a_customers_text_arrives_signed_as_meta_writes_it() -> None:
    async with world() as here, here.phone() as phone:
        wamid = await phone.say("caf\u00e9 \u2713 a/b")
        await here.hook.until(lambda: len(here.hook.raw) == 1)
        assert here.hook.genuine(0)
        assert b"caf\\u00e9 \\u2713 a\\/b" in here.hook.raw[0]
        [value] = here.hook.values
        assert value["metadata"] == {"display_phone_number": "254700000900", "phone_number_id": NUMBER}
        [contact] = value["contacts"]
        assert (contact["profile"]["name"], contact["wa_id"]) == ("Asha Test", ASHA)
        [message] = value["messages"]
        assert message == {
            "from": ASHA,
            "from_user_id": contact["user_id"],
            "id": wamid,
            "timestamp": str(START // 1000),
            "type": "text",
            "text": {"body": "caf\u00e9 \u2713 a/b"},
        }


async def test_a_reply_comes_to_the_phone_and_its_statuses_to_the_shop() -> None:
    async with world() as here, here.phone() as phone:
        await phone.say("hi")
        answer = await here.send(type="text", text={"body": "Karibu"}, biz_opaque_callback_data="job-17")
        assert answer.status_code == 200
        said = answer.json()
        assert said["messaging_product"] == "whatsapp"
        assert (said["contacts"][0]["input"], said["contacts"][0]["wa_id"]) == (f"+{ASHA}", ASHA)
        message = await phone.wait_for("Karibu")
        assert message.id == said["messages"][0]["id"]
        assert message.id.startswith("wamid.")
        await phone.read(message)
        await here.hook.until(lambda: len(here.hook.statuses) == 3)
        assert [one["status"] for one in here.hook.statuses] == ["sent", "delivered", "read"]
        assert {one["biz_opaque_callback_data"] for one in here.hook.statuses} == {"job-17"}
        assert {one["recipient_id"] for one in here.hook.statuses} == {ASHA}
        assert here.hook.statuses[0]["pricing"] == {
            "billable": False,
            "pricing_model": "PMP",
            "type": "free_customer_service",
            "category": "service",
        }
        assert "conversation" not in here.hook.statuses[0]


async def test_a_phone_that_is_off_gets_its_message_when_it_comes_back() -> None:
    async with world(rules=Rules(window=False)) as here:
        await here.send()
        await here.hook.until(lambda: len(here.hook.statuses) == 1)
        async with here.phone() as phone:
            assert [frame["body"]["text"]["body"] for frame in phone.history] == ["Karibu"]
            await here.hook.until(lambda: len(here.hook.statuses) == 2)
        assert [one["status"] for one in here.hook.statuses] == ["sent", "delivered"]


async def test_auto_deliver_needs_no_phone() -> None:
    async with world(rules=Rules(window=False, auto_deliver=True)) as here:
        await here.send()
        await here.hook.until(lambda: len(here.hook.statuses) == 2)
        assert [one["status"] for one in here.hook.statuses] == ["sent", "delivered"]


async def test_a_tap_on_a_button_carries_its_id_title_and_message() -> None:
    async with world() as here, here.phone() as phone:
        await phone.say("hi")
        await here.send(**BUTTONS)
        asked = await phone.wait_for("Confirm?")
        assert asked.options == [("yes:1", "Yes")]
        await phone.tap(asked, "Yes")
        await here.hook.until(lambda: len(here.hook.messages) == 2)
        tap = here.hook.messages[1]
        assert tap["context"] == {"from": "254700000900", "id": asked.id}
        assert tap["interactive"] == {"type": "button_reply", "button_reply": {"id": "yes:1", "title": "Yes"}}


async def test_a_tap_on_a_row_carries_its_description_too() -> None:
    async with world() as here, here.phone() as phone:
        await phone.say("hi")
        await here.send(**LIST)
        await phone.tap(await phone.wait_for("Pick"), "sku:7")
        await here.hook.until(lambda: len(here.hook.messages) == 2)
        assert here.hook.messages[1]["interactive"] == {"type": "list_reply", "list_reply": ROW}


FRAMES: dict[str, tuple[Json, Json]] = {
    "a place": (
        {"type": "location", "latitude": -1.29, "longitude": 36.82, "name": "Shop", "address": "Test Rd 1"},
        {
            "type": "location",
            "location": {"latitude": -1.29, "longitude": 36.82, "name": "Shop", "address": "Test Rd 1"},
        },
    ),
    "a cart": (
        {"type": "order", "items": [{"sku": "SKU-7", "quantity": 2}], "text": ""},
        {
            "type": "order",
            "order": {
                "catalog_id": "300000000000003",
                "text": "",
                "product_items": [{"product_retailer_id": "SKU-7", "quantity": 2, "item_price": 0, "currency": "KES"}],
            },
        },
    ),
    "anything at all": (
        {"type": "raw", "message": {"type": "poll", "poll": [1, {"x": None}]}},
        {"type": "poll", "poll": [1, {"x": None}]},
    ),
}


@pytest.mark.parametrize("title", FRAMES)
async def test_what_a_phone_can_send(title: str) -> None:
    frame, expected = FRAMES[title]
    async with world() as here, here.phone() as phone:
        wamid = await phone.do(frame)
        await here.hook.until(lambda: bool(here.hook.messages))
        [message] = here.hook.messages
        assert message["id"] == wamid
        assert {key: message[key] for key in expected} == expected


@pytest.mark.parametrize("kind", ["image", "document", "video", "audio", "sticker"])
async def test_media_of_a_phone_can_be_fetched_by_its_id(kind: str) -> None:
    async with world() as here, here.phone() as phone:
        await phone.do({"type": "media", "kind": kind, "caption": "this one"})
        await here.hook.until(lambda: bool(here.hook.messages))
        media = here.hook.messages[0][kind]
        assert ("caption" in media) == (kind in ("image", "document", "video"))
        found = await here.client.get(f"/v26.0/{media['id']}", headers={"Authorization": "Bearer a-token"})
        assert found.json()["mime_type"] == media["mime_type"]
        url = found.json()["url"]
        assert (await here.client.get(url)).status_code == 401
        file = await here.client.get(url, headers={"Authorization": "Bearer a-token"})
        assert len(file.content) == found.json()["file_size"]


async def test_reaction_edit_and_deletion_name_the_message_they_change() -> None:
    async with world() as here, here.phone() as phone:
        first = await phone.say("cookeis")
        await phone.do({"type": "edit", "message_id": first, "text": "cookies"})
        await phone.do({"type": "reaction", "message_id": first, "emoji": "\U0001f44d"})
        await phone.do({"type": "reaction", "message_id": first, "emoji": ""})
        await phone.do({"type": "delete", "message_id": first})
        await here.hook.until(lambda: len(here.hook.messages) == 5)
        _, edit, reaction, taken_back, revoke = here.hook.messages
        assert edit["edit"]["original_message_id"] == first
        assert edit["edit"]["message"]["text"]["body"] == "cookies"
        assert reaction["reaction"] == {"message_id": first, "emoji": "\U0001f44d"}
        assert taken_back["reaction"] == {"message_id": first}
        assert revoke["revoke"] == {"original_message_id": first}


async def test_a_customer_without_a_visible_phone_is_known_by_user_id_only() -> None:
    async with world() as here, here.phone(hide_phone="1", user_id="KE.9000000001", username="asha.test") as phone:
        await phone.say("hi")
        await here.hook.until(lambda: bool(here.hook.messages))
        assert ASHA not in str(here.hook.values)
        assert here.hook.messages[0]["from_user_id"] == "KE.9000000001"
        assert here.hook.values[0]["contacts"] == [
            {"profile": {"name": "Asha Test", "username": "asha.test"}, "user_id": "KE.9000000001"}
        ]
        body = {"messaging_product": "whatsapp", "recipient": "KE.9000000001", "text": {"body": "Hello"}}
        assert (await here.post(body)).json()["contacts"] == [{"input": "KE.9000000001", "user_id": "KE.9000000001"}]
        await phone.wait_for("Hello")
        await here.hook.until(lambda: bool(here.hook.statuses))
        assert here.hook.statuses[0]["recipient_user_id"] == "KE.9000000001"
        assert "recipient_id" not in here.hook.statuses[0]


async def test_ticks_say_what_became_of_ones_own_message() -> None:
    async with world() as here, here.phone() as phone:
        first = await phone.say("hi")
        second = await phone.say("there")
        await phone.until_ticks(second, "delivered")
        typing = {"messaging_product": "whatsapp", "status": "read", "message_id": second}
        answer = await here.post(typing | {"typing_indicator": {"type": "text"}})
        assert answer.json() == {"success": True}
        await phone.until_ticks(second, "read")
        assert phone.ticks[first] == "read", "marking one as read marks the earlier ones too"
        await phone.say("its answer comes behind everything before")
        assert phone.typing == 1


async def test_reading_a_message_that_was_never_sent_is_refused() -> None:
    async with world() as here:
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.nobody"}
        answer = await here.post(body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, 131009)


async def test_a_second_screen_of_the_same_phone_sees_everything_once() -> None:
    async with world() as here, here.phone() as one, here.phone() as two:
        await one.say("hi")
        await here.send()
        await one.wait_for("Karibu")
        await two.wait_for("Karibu")
        async with here.phone() as three:
            shown = [(frame["type"], frame.get("text", "")) for frame in three.history]
            assert shown == [("mine", "hi"), ("message", "")]


async def test_memory_per_phone_is_bounded_and_counts_stay_exact() -> None:
    async with world(keep=5) as here, here.phone() as phone:
        for at in range(12):
            await phone.say(f"message {at}")
        async with here.phone() as again:
            assert [frame["text"] for frame in again.history] == [f"message {at}" for at in range(7, 12)]
        assert here.fake.stats()["counts"]["messages_in"] == 12


WRONG = {
    "a frame of no known type": ({"type": "dance"}, "can't do 'dance'"),
    "a tap on nothing": ({"type": "tap", "message_id": "wamid.x", "option": "1"}, "not known"),
    "a place beyond the pole": ({"type": "location", "latitude": 91, "longitude": 0}, "latitude must be"),
    "a text that is a number": ({"type": "say", "text": 5}, "text must be"),
    "an order of nothing": ({"type": "order", "items": []}, "1 to 100 items"),
    "media of no known kind": ({"type": "media", "kind": "hologram"}, "can't send 'hologram'"),
    "raw without a message": ({"type": "raw"}, "needs message"),
}


@pytest.mark.parametrize("title", WRONG)
async def test_nonsense_from_a_phone_is_answered_with_a_sentence(title: str) -> None:
    frame, sentence = WRONG[title]
    async with world() as here, here.phone() as phone:
        with pytest.raises(PhoneRefused, match=re.escape(sentence)):
            await phone.do(frame)
        await phone.say("still here")


async def test_a_phone_of_a_number_that_is_not_here_is_refused() -> None:
    async with world() as here:
        with pytest.raises(PhoneRefused, match="no shop with the number '1'"):
            async with open_phone(here.url, "1", ASHA):
                pass
        with pytest.raises(PhoneRefused, match="6 to 15 digits"):
            async with open_phone(here.url, NUMBER, "abc"):
                pass


async def test_a_phone_hears_when_its_line_is_lost() -> None:
    with pytest.raises(LineLost, match="Nobody answers"):
        async with open_phone("http://127.0.0.1:9", NUMBER, ASHA):
            pass


async def test_uploaded_media_can_be_sent_and_shown() -> None:
    async with world() as here, here.phone() as phone:
        await phone.say("hi")
        upload = await here.client.post(
            f"/v26.0/{NUMBER}/media",
            headers={"Authorization": "Bearer a-token"},
            data={"messaging_product": "whatsapp", "type": "application/pdf"},
            files={"file": ("receipt.pdf", b"%PDF-1.4 \r\n\x00\xff", "application/pdf")},
        )
        media = upload.json()["id"]
        answer = await here.send(type="document", document={"id": media, "filename": "receipt.pdf", "caption": "Yours"})
        assert answer.status_code == 200
        message = await phone.wait_for("Yours")
        shown = await here.client.get(f"/phone-media/{message.body['document']['id']}")
        assert shown.content == b"%PDF-1.4 \r\n\x00\xff"
        gone = await here.client.delete(f"/v26.0/{media}", headers={"Authorization": "Bearer a-token"})
        assert gone.json() == {"success": True}
        again = await here.send(type="document", document={"id": media})
        assert (again.status_code, again.json()["error"]["code"]) == (400, 100)


async def test_an_upload_of_the_wrong_kind_or_without_a_token_is_refused() -> None:
    async with world() as here:
        form = {"data": {"messaging_product": "whatsapp", "type": "text/html"}, "files": {"file": ("x", b"<p>")}}
        path, token = f"/v26.0/{NUMBER}/media", {"Authorization": "Bearer a-token"}
        refused = await here.client.post(path, headers=token, **form)  # type: ignore[arg-type]
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, 100)
        refused = await here.client.post(path, **form)  # type: ignore[arg-type]
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, 190)


async def test_the_browser_phone_is_served_beside_the_api() -> None:
    async with world() as here:
        assert "text/html" in (await here.client.get("/")).headers["content-type"]
        shops = (await here.client.get("/shops.json")).json()["shops"]
        assert [(shop["number"], shop["title"]) for shop in shops] == [(NUMBER, "Mkate Bakery")]


async def test_commerce_settings_are_kept() -> None:
    async with world() as here:
        path, token = f"/v26.0/{NUMBER}/whatsapp_commerce_settings", {"Authorization": "Bearer a-token"}
        await here.client.post(path, params={"is_catalog_visible": "true"}, headers=token)
        found = (await here.client.get(path, headers=token)).json()
        assert found == {"data": [{"is_cart_enabled": True, "is_catalog_visible": True, "id": NUMBER}]}


async def test_what_is_accepted_at_once_is_shown_in_the_order_of_acceptance() -> None:
    async with world(rules=Rules(pair_burst=0), keep=1_000) as here, here.phone() as phone:
        await phone.say("hi")
        async with trio.open_nursery() as nursery:
            for _ in range(50):
                nursery.start_soon(here.send)
        for _ in range(50):
            await phone.wait_for()
        assert [message.id for message in phone.received] == [one.wamid for one in here.fake.sent(NUMBER, ASHA)]
