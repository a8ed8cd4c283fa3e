# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup of a furnished installation."""

from __future__ import annotations

from pathlib import Path

import pytest

from itgrix_module.app import backups as rules
from tests.backups.installations import home


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A backup of a furnished home."""
    with home(tmp_path / "old") as old:
        old.furnish()
        return old.backups.make(rules.BY_HAND)
