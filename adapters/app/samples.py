"""The five sample shops of flows.md: how each is configured, and what its number is called at the fake provider."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adapters.terms import TermsConfig

FOLDER = Path(__file__).parents[2] / "engine" / "flows" / "samples"
NOTHING = Path()
USUAL = TermsConfig()
OWNER = "254700000099"
"""The phone that owns all five of them in the demo."""
DIGEST = "20:00"


@dataclass(frozen=True)
class Sample:
    """One sample shop. ``path`` and ``payments`` are its webhooks (flows.md); ``payments`` is "" where no provider is
    needed. ``says`` are first words that lead somewhere. ``channel`` is the kind of its channel, ``bank`` that of its
    payment provider, ``dialect`` that of everything of Ghala's. ``daraja``: M-Pesa is taken at Safaricom itself, and
    the provider takes the rest."""

    name: str
    title: str
    about: str
    flow: str
    currency: str
    locale: str
    timezone: str
    path: str
    number_id: str
    number: str
    says: tuple[str, ...]
    catalogue: Path = NOTHING
    events: Path = NOTHING
    terms: TermsConfig = USUAL
    payments: str = ""
    bank: str = "ghala"
    daraja: bool = False
    channel: str = "whatsapp_cloud"
    dialect: str = "classic"
    languages: tuple[str, ...] = ("en", "sw", "hi", "ur")


BAKERY = Sample(
    name="bakery",
    title="Asha's Bakery",
    about="Cookies and cakes, ordered by number",
    flow="counter",
    currency="INR",
    locale="en_IN",
    timezone="Asia/Kolkata",
    path="/api/whatsappwebhook",
    number_id="200000000000002",
    number="+91 80 0000 0002",
    says=("hi", "1, 2"),
    catalogue=FOLDER / "bakery.csv",
)
BURGERS = Sample(
    name="burgers",
    title="Lagos Burgers",
    about="A cart with tax, paid by card, bank or at the door",
    flow="cart",
    currency="NGN",
    locale="en_NG",
    timezone="Africa/Lagos",
    path="/api/twilio/webhook",
    channel="twilio",
    number_id="200000000000003",
    number="+234 1 000 0003",
    says=("hi", "double"),
    catalogue=FOLDER / "cart.csv",
    terms=TermsConfig(
        tax_rate="7.5",
        tax_included=False,
        ways=("card", "bank", "cash"),
        bank="Lagos Burgers, GTBank 0123456789",
    ),
    payments="/api/webhooks/stripe",
    bank="stripe",
)
DEALER = Sample(
    name="dealer",
    title="Rao Building Materials",
    about="Write a list, get a price and an invoice",
    flow="wholesale",
    currency="INR",
    locale="en_IN",
    timezone="Asia/Kolkata",
    path="/whatsapp/webhook",
    channel="twilio",
    number_id="200000000000004",
    number="+91 80 0000 0004",
    says=("hi", "100 bags cement, 20 tmt 12mm"),
    catalogue=FOLDER / "wholesale.csv",
    terms=TermsConfig(
        ways=("bank", "cash"),
        bank="Rao Building Materials, HDFC 50100012345678",
        tax_number="29ABCDE1234F1Z5",
        crm=True,
    ),
)
COFFEE = Sample(
    name="coffee",
    title="Kahawa Direct",
    about="Buttons, M-Pesa and card",
    flow="micro_sales",
    currency="KES",
    locale="en_KE",
    timezone="Africa/Nairobi",
    path="/api/messages/incoming",
    channel="ghala",
    number_id="200000000000005",
    number="+254 20 000 0005",
    says=("hi", "honey"),
    catalogue=FOLDER / "micro_sales.csv",
    terms=TermsConfig(ways=("mpesa", "card"), promotions=FOLDER / "micro_sales-promotions.csv"),
    payments="/api/webhooks/ghala",
    daraja=True,
)
TICKETS = Sample(
    name="tickets",
    title="Mumbai Tickets",
    about="Search, hold, book, and a QR code for the door",
    flow="ticketing",
    currency="INR",
    locale="en_IN",
    timezone="Asia/Kolkata",
    path="/webhook",
    number_id="200000000000006",
    number="+91 22 0000 0006",
    says=("search mumbai", "search comedy"),
    events=FOLDER / "ticketing.csv",
    terms=TermsConfig(ways=("card",)),
    payments="/api/webhooks/stripe",
    bank="stripe",
)
SHOPS = (BAKERY, BURGERS, DEALER, COFFEE, TICKETS)
