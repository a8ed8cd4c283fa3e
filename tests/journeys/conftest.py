# SPDX-License-Identifier: GPL-3.0-or-later
"""One folder for all changed recordings of a module: thousands of folders take longer than what is done in them."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a test writes a recording that it reads at once."""
    return tmp_path_factory.mktemp("recordings")
