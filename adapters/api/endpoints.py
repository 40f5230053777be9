"""All endpoints of the API, in the order of the document."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.api.bookings import bookings
from adapters.api.books import books
from adapters.api.campaign_ledger import ledger
from adapters.api.campaigns import campaigns
from adapters.api.crm import crm
from adapters.api.customers import customers
from adapters.api.deeds import deeds
from adapters.api.door import door
from adapters.api.endpoint import Endpoint, Noun
from adapters.api.events import events
from adapters.api.invoices import invoices
from adapters.api.messages import messages
from adapters.api.notices import notices
from adapters.api.orders import orders
from adapters.api.payments import payments
from adapters.api.placing import placing
from adapters.api.processing import processing
from adapters.api.receiving import receiving
from adapters.api.reminders import reminders
from adapters.api.statements import statements
from adapters.api.tags import tags
from adapters.api.takeover import takeover
from adapters.api.templates import templates

NOUNS: Sequence[Noun] = (
    *(orders, processing, placing, payments, receiving, customers, tags, books, invoices, statements),
    *(events, bookings, door, messages, takeover, reminders, campaigns, ledger, notices, deeds, templates, crm),
)
ENDPOINTS: Sequence[Endpoint] = tuple(one for noun in NOUNS for one in noun.endpoints)
