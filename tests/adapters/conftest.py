"""The browser: one Chromium for all browser tests, driven from one thread; without it those tests are left out.

Playwright's blocking interface keeps an asyncio loop running in the thread that uses it, which trio and storage's own
loop must not meet. So everything marked ``browser`` runs, fixtures included, in a thread of its own.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

T = TypeVar("T")

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
PATIENCE = 15_000  # ms until an expectation of the page fails


def chromium() -> str | None:
    """The browser's path: SOKONI_CHROMIUM, or the first of the usual names; None without it or its driver."""
    if importlib.util.find_spec("playwright") is None:
        return None
    return os.environ.get("SOKONI_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


LEFT_OUT = pytest.StashKey[list[str]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if chromium() is not None:
        return
    left = [item for item in items if item.get_closest_marker("browser")]
    if left:
        items[:] = [item for item in items if item not in left]
        config.hook.pytest_deselected(items=left)
        config.stash[LEFT_OUT] = [item.nodeid for item in left]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    left = config.stash.get(LEFT_OUT, [])
    if left:
        files = ", ".join(sorted({nodeid.partition("::")[0] for nodeid in left}))
        terminalreporter.write_line(f"No Chromium here: left out {len(left)} browser tests of {files}")


class Driver:
    """The one thread in which the browser is used."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="browser")
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    def run(self, work: Callable[[], T]) -> T:
        return self._thread.submit(work).result()

    def page(self, **options: object) -> Page:
        """A page in a fresh context; to be called inside ``run``."""
        if self._browser is None:
            from playwright.sync_api import expect, sync_playwright

            expect.set_options(timeout=PATIENCE)

            self._playwright = sync_playwright().start()
            self._browser = self._playwright.chromium.launch(executable_path=self._path, args=FLAGS)
        context = self._browser.new_context(locale="en-GB", timezone_id="Africa/Nairobi", **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        return context.new_page()

    def close(self) -> None:
        self.run(self._close)
        self._thread.shutdown()

    def _close(self) -> None:
        if self._browser is not None and self._playwright is not None:
            self._browser.close()
            self._playwright.stop()


@pytest.fixture(scope="session")
def driver() -> Iterator[Driver]:
    path = chromium()
    assert path is not None
    driver = Driver(path)
    yield driver
    driver.close()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a browser test's body in the browser's thread."""
    if pyfuncitem.get_closest_marker("browser") is None:
        return None
    driver = pyfuncitem.funcargs["driver"]
    assert isinstance(driver, Driver)
    wanted = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    driver.run(lambda: pyfuncitem.obj(**wanted))
    return True
