"""Tickets that can't be forged, and names of papers that can't be guessed."""

from __future__ import annotations

import io

import msgspec
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from adapters.papers import picture
from adapters.papers.names import Names
from adapters.papers.tokens import PREFIX, Signer, Ticket, read
from engine.orders import PaymentStatus
from engine.tickets import Booking, BookingStatus

BOOKING = Booking(
    id="BKG-7K2M9P",
    shop="tickets",
    customer="c1",
    event="mumbai-indie-night",
    title="Mumbai Indie Night",
    starts_at=1_760_797_800_000,
    seats=2,
    price=79_900,
    currency="INR",
    status=BookingStatus.CONFIRMED,
    payment=PaymentStatus.PAID,
    held_at=1,
    expires_at=2,
)
SIGNER = Signer(b"k" * 32)


def test_a_token_says_whose_ticket_it_is_and_is_checked_without_a_secret() -> None:
    ticket = read(SIGNER.token(BOOKING), SIGNER.public)
    assert ticket == Ticket("tickets", "BKG-7K2M9P", "mumbai-indie-night", 2, 1_760_797_800_000)


def test_the_token_of_a_booking_is_always_the_same() -> None:
    assert SIGNER.token(BOOKING) == SIGNER.token(BOOKING)


def test_a_token_of_another_key_is_forged() -> None:
    assert read(Signer(b"x" * 32).token(BOOKING), SIGNER.public) is None


@given(st.data())
def test_a_token_with_any_one_letter_changed_is_forged(data: st.DataObject) -> None:
    token = SIGNER.token(BOOKING)
    at = data.draw(st.integers(len(PREFIX), len(token) - 2))  # the last letter holds spare bits of base32
    other = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").filter(lambda one: one != token[at]))
    changed = token[:at] + other + token[at + 1 :]
    ticket = read(changed, SIGNER.public)
    assert ticket is None or ticket == read(token, SIGNER.public)


@given(st.text(max_size=300).map(lambda text: PREFIX + text) | st.text(max_size=50))
def test_whatever_is_scanned_nothing_raises_and_nothing_is_believed(scanned: str) -> None:
    assert read(scanned, SIGNER.public) is None


def test_the_picture_is_read_back_as_the_token() -> None:
    token = SIGNER.token(BOOKING)
    image = Image.open(io.BytesIO(picture.png(token)))
    assert [found.text for found in zxingcpp.read_barcodes(image)] == [token]
    assert min(image.size) >= 300, "too small for a scratched phone screen"


# -- names -------------------------------------------------------------------------------------------------------------
NAMES = Names(b"n" * 32)
PAPERS = ("ticket:BKG-7K2M9P", "receipt:ORD-7F3K9M", "invoice:WS20251018123456")


@pytest.mark.parametrize("paper", PAPERS)
def test_a_name_leads_back_to_its_paper_in_its_own_shop_only(paper: str) -> None:
    file = NAMES.path("tickets", paper).rpartition("/")[2]
    assert NAMES.paper("tickets", file) == paper
    assert NAMES.paper("bakery", file) is None
    assert Names(b"o" * 32).paper("tickets", file) is None


@pytest.mark.parametrize(
    "file",
    [
        "BKG-7K2M9P.png",
        "BKG-7K2M9P-aaaaaaaaaaaaaaaaaaaaaaaaaa.png",
        "../BKG-7K2M9P-aaaaaaaaaaaaaaaaaaaaaaaaaa.png",
        "invoice-WS1-aaaaaaaaaaaaaaaaaaaaaaaaaa.pdf",
        "..%2f..%2fetc%2fpasswd",
        "",
        ".",
    ],
)
def test_a_name_that_we_did_not_make_is_nothing(file: str) -> None:
    assert NAMES.paper("tickets", file) is None


def test_a_ticket_and_a_receipt_of_one_number_have_different_signatures() -> None:
    paths = {NAMES.path("tickets", f"{kind}:A1")[-30:] for kind in ("receipt", "invoice")}
    assert len(paths) == 2
    assert msgspec.structs.asdict(BOOKING)["id"] in NAMES.path("tickets", PAPERS[0])
