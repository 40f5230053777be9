"""The door: in once, already in afterwards, refused with the reason; a scan sent again gets its first answer."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import msgspec
import trio
import trio.testing

from adapters.api.door import AHEAD, SCANS_AT_MOST
from adapters.papers import tokens
from engine.address import MINUTE
from tests.adapters.api.office import ANN, BEN, Json, Office, Reply, office
from tests.adapters.api.test_events import book, plan
from tests.engine.scripted import TroubledStore, store

__all__ = ["store"]

Clock = trio.testing.MockClock


async def ticket(made: Office, booking: str) -> str:
    """What the QR code of a booking holds."""
    found = await made.store.booking("tickets", booking)
    assert found is not None
    return tokens.Signer(await made.store.key(tokens.STORE_KEY)).token(found)


async def scan(made: Office, token: str, name: str = "s1", **more: Any) -> Reply:
    return await made.ask("POST", "/admin/checkins", {"token": token, "scan": name, **more}, as_owner="tickets")


async def gather(made: Office, *scans: Json) -> Reply:
    return await made.ask("POST", "/admin/checkins/batch", {"scans": list(scans)}, as_owner="tickets")


# -- at the door -----------------------------------------------------------------------------------------------------
async def test_the_first_scan_goes_in_and_another_is_already_in(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        await plan(made)
        token = await ticket(made, await book(made, 2))
        first = await scan(made, token)
        made.clock.jump += 5 * MINUTE
        again, other = await scan(made, token), await scan(made, token, "s2")
        metrics = await made.ask("GET", "/admin/metrics", as_owner="tickets")
    assert (first.status, first.data["result"], first.body["message"]) == (200, "in", "In: Asha, 2 seats.")
    assert again.body == first.body, "the same scan, sent again"
    assert (other.data["result"], other.data["since"]) == ("already", first.data["since"])
    assert other.body["message"] == "Already in since 12:34."
    assert metrics.body["checkedIn"] == 2


async def test_a_number_typed_by_hand_goes_in_too(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        await plan(made)
        reply = await scan(made, f" {(await book(made)).lower()} ")
    assert reply.body["message"] == "In: Asha, 1 seat."


async def test_what_is_no_ticket_is_refused_with_the_reason(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        await plan(made)
        booking = await book(made)
        token = await ticket(made, booking)
        found = await store.booking("tickets", booking)
        assert found is not None
        signer = tokens.Signer(await store.key(tokens.STORE_KEY))
        forged = tokens.Signer(b"1" * 32).token(found)
        replies = {
            "forged": [await scan(made, one) for one in (forged, token[:-1], "SOKONI1:", "hello", "x" * 2_000)],
            "unknown": [
                await scan(made, "BKG-222222"),
                await scan(made, signer.token(msgspec.structs.replace(found, shop="coffee"))),
                await scan(made, signer.token(msgspec.structs.replace(found, id="BKG-222222"))),
            ],
            "other_event": [await scan(made, token, event="mumbai-indie-night")],
        }
        await made.ask("POST", f"/admin/bookings/{booking}/cancel", as_owner="tickets")
        replies["cancelled"] = [await scan(made, token, "s9")]
        await made.say("tickets", "search jazz", "1", "1", phone=BEN)
        held = (await made.ask("GET", "/admin/reservations?status=held", as_owner="tickets")).data[0]["id"]
        replies["not_confirmed"] = [await scan(made, held, "s8")]
    for why, found_out in replies.items():
        assert [(one.status, one.data["result"], one.data["why"]) for one in found_out] == [
            (200, "refused", why)
        ] * len(found_out)
    assert replies["forged"][0].body["message"] == "Not a ticket of ours."


async def test_a_ticket_scanned_at_two_doors_at_once_goes_in_once(store: TroubledStore, autojump_clock: Clock) -> None:
    results: list[str] = []
    async with office(store) as made:
        await plan(made)
        token = await ticket(made, await book(made))

        async def at_door(name: str) -> None:
            results.append((await scan(made, token, name)).data["result"])

        async with trio.open_nursery() as nursery:
            for door in range(10):
                nursery.start_soon(at_door, f"door-{door}")
    assert sorted(results) == ["already"] * 9 + ["in"]


async def test_every_faulty_field_of_a_scan_is_named(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        reply = await scan(made, "", "a b", event="", at="now", door=1)
        ahead = await scan(made, "BKG-222222", at=moment(made, AHEAD + 60_000))
    assert (reply.status, set(reply.errors)) == (400, {"token", "scan", "event", "at", "door"})
    assert (ahead.status, list(ahead.errors)) == (400, ["at"])


def moment(made: Office, later: int) -> str:
    """A moment on the door's clock, so many ms from now."""
    from adapters.api.fields import shown

    return shown(made.clock.now() + later).isoformat()


# -- without network -------------------------------------------------------------------------------------------------
async def test_what_was_gathered_is_answered_one_by_one_and_may_be_sent_again(
    store: TroubledStore, autojump_clock: Clock
) -> None:
    async with office(store) as made:
        await plan(made)
        first = await ticket(made, await book(made))
        made.clock.jump += 1_000
        second = await book(made, phone=BEN)
        scans: list[Json] = [
            {"token": first, "scan": "a", "at": moment(made, -20 * MINUTE)},
            {"token": second, "scan": "b", "event": "jazz-night"},
            {"token": first, "scan": "c"},
            {"token": "SOKONI1:X.Y", "scan": "d"},
        ]
        reply = await gather(made, *scans)
        again = await gather(made, *scans)
    assert (reply.status, reply.body["message"]) == (200, "2 of 4 went in.")
    answers = reply.data["answers"]
    assert [(one["scan"], one["result"], one["why"]) for one in answers] == [
        ("a", "in", ""),
        ("b", "in", ""),
        ("c", "already", ""),
        ("d", "refused", "forged"),
    ]
    assert answers[0]["since"] == answers[2]["since"], "when it was scanned, not when it was sent"
    assert again.body == reply.body


async def test_faults_among_many_scans_are_named_with_their_places(store: TroubledStore, autojump_clock: Clock) -> None:
    good: Json = {"token": "BKG-222222", "scan": "a"}
    async with office(store) as made:
        reply = await gather(made, good, {"token": 5}, good | {"at": moment(made, 10 * MINUTE)})
        later = await gather(made, good, good | {"at": moment(made, 10 * MINUTE)})
        odd = await gather(made, "BKG-222222")  # type: ignore[arg-type]
        many = await gather(made, *[good] * (SCANS_AT_MOST + 1))
        most = await gather(made, *[good] * SCANS_AT_MOST)
        awful = await gather(made, *[{}] * SCANS_AT_MOST)
        bodies: list[Json] = [{}, {"scans": []}, {"scans": {}}, {"scans": "x"}, {"scans": None}]
        none = [await made.ask("POST", "/admin/checkins/batch", body, as_owner="tickets") for body in bodies]
    assert (reply.status, set(reply.errors)) == (400, {"scans[1].token", "scans[1].scan"})
    assert (later.status, list(later.errors)) == (400, ["scans[1].at"])
    assert (odd.status, odd.errors) == (400, {"scans[0]": "expected an object"})
    assert (many.status, list(many.errors), most.status) == (400, ["scans"], 200)
    assert (awful.status, len(awful.errors)) == (400, 100)
    assert [(one.status, list(one.errors)) for one in none] == [(400, ["scans"])] * 5


async def test_the_key_lets_a_door_check_tickets_by_itself(store: TroubledStore, autojump_clock: Clock) -> None:
    async with office(store) as made:
        await plan(made)
        booking = await book(made)
        token = await ticket(made, booking)
        reply = await made.ask("GET", "/admin/checkins/key", as_owner="tickets")
    read = tokens.read(token, b64decode(reply.body["publicKey"]))
    assert read is not None
    assert (read.booking, read.shop, reply.body["shop"], reply.body["algorithm"]) == (
        *(booking, "tickets", "tickets", "Ed25519"),
    )
    assert await store.key(tokens.STORE_KEY) != b64decode(reply.body["publicKey"])
    assert ANN not in str(reply.body)
