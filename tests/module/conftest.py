# SPDX-License-Identifier: GPL-3.0-or-later
"""Installations that are stopped when their test ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.module import installation


@pytest.fixture
def place(tmp_path: Path) -> Iterator[installation.Installation]:
    found = installation.new(tmp_path)
    yield found
    if (found.home / "bin" / "itgrix-service").exists():
        found.control("stop")
