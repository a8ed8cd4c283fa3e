# SPDX-License-Identifier: GPL-3.0-or-later
"""A look for new versions whose publisher stops when its test ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.releases import Publisher, shelf
from tests.updates.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with shelf() as server:
        yield Desk(tmp_path, server, Publisher())
