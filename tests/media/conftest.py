# SPDX-License-Identifier: GPL-3.0-or-later
"""A recordings folder, a work folder, and a machine with some programs only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.media.sounds import PROGRAMS

Only = Callable[..., Path]


@pytest.fixture(scope="session", autouse=True)
def programs() -> None:
    """Without them nothing here could be believed."""
    missing = ", ".join(name for name, path in PROGRAMS.items() if not path)
    assert not missing, f"not installed: {missing}. Install what the tests need: python3 tools/setup.py --system test"


@pytest.fixture
def monitor(tmp_path: Path) -> Path:
    folder = tmp_path / "monitor"
    folder.mkdir()
    return folder


@pytest.fixture
def day(monitor: Path) -> Path:
    folder = monitor / "2026/11/21"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Only:
    """Leaves the named programs on the search path, and scripts given as ``name="text"``."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def limited(*names: str, **scripts: str) -> Path:
        for name in names:
            (folder / name).symlink_to(PROGRAMS[name])
        for name, text in scripts.items():
            (folder / name).write_text(f"#!/bin/sh\n{text}\n")
            (folder / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        return folder

    return limited
