"""Papers are made when they are sent: what the channel gets, and what becomes of a message whose paper fails."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.address import Address
from engine.messages import AnyMessage, Document, Image, Outcome, OutcomeClass, Outgoing, Purpose, Text
from engine.papering import FETCHED, Papering
from engine.ports import Answer, Http
from tests.engine.world import NOON

ANN = Address("tickets", "c1")
PICTURE = b"\x89PNG a picture"


class Sent:
    """A channel that takes everything, and remembers it."""

    def __init__(self) -> None:
        self.messages: list[AnyMessage] = []

    async def send(self, http: Http, outgoing: Outgoing) -> Outcome:
        self.messages.append(outgoing.message)
        return Outcome(OutcomeClass.SENT, "wamid.1")

    async def found(self, http: Http, outgoing: Outgoing) -> Sequence[str]:
        return ["wamid.1"]

    async def mark_read(self, http: Http, inbound_id: str) -> Outcome:
        return Outcome(OutcomeClass.SENT)


class Drawer:
    """Draws one ticket and one invoice, knows no other, and breaks on request."""

    async def make(self, shop: str, paper: str) -> bytes | None:
        if paper == "ticket:broken":
            raise ValueError("no ink")
        return PICTURE if paper in ("ticket:BKG-AAAAAA", "invoice:WA1") else None

    def link(self, shop: str, paper: str) -> str:
        return f"https://shop.example.test/{paper}"

    def shown(self, shop: str, path: str) -> str:
        return f"https://shop.example.test/shown{path}"

    def named(self, shop: str, file: str) -> str | None:
        return None


class NoHttp:
    async def post(self, url: str, headers: object, body: bytes) -> Answer:
        raise AssertionError("the channel of this test needs no connection")

    async def get(self, url: str, headers: object) -> Answer:
        raise AssertionError("the channel of this test needs no connection")


async def send(message: AnyMessage) -> tuple[Outcome, list[AnyMessage]]:
    channel = Sent()
    row = Outgoing("tickets/c1:1:0", ANN, "254700000001", "", message, Purpose.REPLY, NOON)
    return await Papering(channel, Drawer()).send(NoHttp(), row), channel.messages


async def test_a_paper_is_drawn_for_the_message_that_names_it_and_linked_for_channels_that_can_t_upload() -> None:
    outcome, sent = await send(Image(caption="Your ticket", paper="ticket:BKG-AAAAAA"))
    assert outcome.kind is OutcomeClass.SENT
    link = "https://shop.example.test/ticket:BKG-AAAAAA"
    assert sent == [Image(caption="Your ticket", paper="ticket:BKG-AAAAAA", content=PICTURE, link=link)]


async def test_an_invoices_link_says_that_it_is_a_provider_who_fetches_it() -> None:
    _, (sent,) = await send(Document("i.pdf", paper="invoice:WA1"))
    assert isinstance(sent, Document)
    assert sent.link == f"https://shop.example.test/invoice:WA1{FETCHED}"


@pytest.mark.parametrize("message", [Text("hello"), Image(link="https://example.test/a.png")], ids=["text", "link"])
async def test_a_message_without_a_paper_goes_as_it_is(message: AnyMessage) -> None:
    assert (await send(message))[1] == [message]


async def test_a_picture_that_is_a_file_of_ours_has_an_address_too() -> None:
    assert (await send(Image(path="/tea.png", caption="Tea")))[1] == [
        Image(link="https://shop.example.test/shown/tea.png", path="/tea.png", caption="Tea")
    ]


async def test_a_paper_that_can_not_be_drawn_is_tried_again_and_one_of_nothing_never() -> None:
    broken, sent = await send(Image(paper="ticket:broken"))
    assert (broken.kind, sent) == (OutcomeClass.RETRY, [])
    unknown, sent = await send(Image(paper="ticket:BKG-ZZZZZZ"))
    assert (unknown.kind, sent) == (OutcomeClass.NEVER, [])
