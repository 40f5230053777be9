"""The parts of ``engine.ports.Store`` that have files of their own, joined: a new part is named here."""

from __future__ import annotations

from typing import Protocol

from engine.audience import Audiences
from engine.books import Books, BoxOffice, Post, Till
from engine.campaign_results import CampaignResults
from engine.campaigns import CampaignBook
from engine.identity import People
from engine.invoice_book import InvoiceBook
from engine.owners_desk import OwnersDesk
from engine.parking import Parking
from engine.processing import ProcessBook
from engine.reminders import ReminderBook
from engine.repeats import Repeats
from engine.short_links import ShortLinks
from engine.template_states import TemplateBook


class Money(Till, Post, BoxOffice, Books, InvoiceBook, Protocol):
    """Payments, seats, and what the owner looks up of them."""


class Contacts(OwnersDesk, TemplateBook, Repeats, People, Protocol):
    """The owner's desk, who is who, and what may be written."""


class Outreach(Audiences, ShortLinks, CampaignBook, CampaignResults, Protocol):
    """Campaigns: whom they are for, who got them, and what came of it."""


class Upkeep(Parking, ReminderBook, ProcessBook, Protocol):
    """Letters that wait, reminders, and the steps of orders."""


class Parts(Money, Contacts, Outreach, Upkeep, Protocol):
    """All of them."""
