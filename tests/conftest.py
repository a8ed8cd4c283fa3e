# SPDX-License-Identifier: GPL-3.0-or-later
"""Order and company of the tests when several processes run them: long files first, each file in one process.

And patience with examples that are made up.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Tests do not time: on a full machine an example may take seconds.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

LONG = ("tests/live", "tests/module", "tests/chaos", "tests/service", "tests/journeys", "tests/web")
# What plays calls on the real PBXs stays together: each process that plays has PBXs of its own.
TOGETHER = "tests/live"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(
        key=lambda item: next((place for place, name in enumerate(LONG) if item.nodeid.startswith(name)), len(LONG))
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """The plugin's own groups need marks in the names of tests, which pytest 9.2 does not let it write."""
    from xdist.scheduler import LoadScopeScheduling

    by_file = LoadScopeScheduling(config, log)
    by_file._split_scope = lambda nodeid: TOGETHER if nodeid.startswith(TOGETHER) else nodeid.partition("::")[0]
    return by_file
