# SPDX-License-Identifier: GPL-3.0-or-later
"""Order and company of the tests when several processes run them: long files first, each file in one process."""

from __future__ import annotations

import pytest

LONG = ("tests/live", "tests/chaos", "tests/service", "tests/module", "tests/journeys", "tests/web")


def pytest_configure(config: pytest.Config) -> None:
    """Known also where the tests are run one after another, without the plugin."""
    config.addinivalue_line("markers", "xdist_group(name): tests that one process runs")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What plays calls on the real PBXs stays together: each process that plays has PBXs of its own."""
    for item in items:
        file = item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group("tests/live" if file.startswith("tests/live") else file))
    items.sort(
        key=lambda item: next((place for place, name in enumerate(LONG) if item.nodeid.startswith(name)), len(LONG))
    )
