# SPDX-License-Identifier: GPL-3.0-or-later
"""A fresh folder of scripts for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hooks.bench import Folder
from tests.needed import need_root


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "hooks")


@pytest.fixture
def root() -> None:
    """The test gives files away."""
    need_root()
