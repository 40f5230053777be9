"""The browser phone on a scripted provider."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.conftest import Driver
from tests.adapters.phone_page.handling import Phone
from tests.adapters.scripted_provider import ScriptedProvider, running


@pytest.fixture
def provider() -> Iterator[ScriptedProvider]:
    with running(ScriptedProvider()) as provider:
        yield provider


@pytest.fixture
def phone(driver: Driver, provider: ScriptedProvider) -> Iterator[Phone]:
    phone = driver.run(lambda: Phone(driver.page(viewport={"width": 390, "height": 844}), provider))
    yield phone
    driver.run(phone.page.context.close)
    assert phone.complaints == [], "the browser complained"
