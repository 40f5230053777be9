"""What all tests share: long runs stay out unless they are asked for."""

from __future__ import annotations

import pytest

LONG = {"test_run.py", "test_five_shops.py", "test_load_shops.py", "test_fuzz.py", "test_anything.py", "test_runs.py"}
"""Files that take the better part of a minute each."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--torture", action="store_true", help="run the long checks too (kill -9, torn writes, overload)")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect, rather than skip: what was left out is counted, and nothing looks as if it were broken. Files that take
    long come first, or one core would be left with them at the end."""
    items.sort(key=lambda item: item.path.name not in LONG)
    if config.getoption("--torture"):
        return
    long = [item for item in items if item.get_closest_marker("torture")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
