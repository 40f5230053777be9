"""The contract's modules hold tests though they are not named test_*: their asserts shall explain themselves too."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    "tests.storage.contract",
    "tests.storage.contract_turns",
    "tests.storage.contract_stock",
    "tests.storage.contract_outbox",
    "tests.storage.contract_held",
    "tests.storage.contract_intents",
    "tests.storage.contract_money",
    "tests.storage.contract_seats",
    "tests.storage.contract_events",
    "tests.storage.contract_letters",
    "tests.storage.contract_books",
    "tests.storage.contract_accounts",
    "tests.storage.contract_processing",
    "tests.storage.contract_campaigns",
    "tests.storage.contract_invoices",
    "tests.storage.contract_notices",
    "tests.storage.contract_people",
    "tests.storage.contract_audience",
    "tests.storage.contract_links",
    "tests.storage.contract_results",
)
