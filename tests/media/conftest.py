# SPDX-License-Identifier: GPL-3.0-or-later
"""A recordings folder, a work folder, and a machine with some programs only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.media.sounds import PROGRAMS

Only = Callable[..., Path]


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
    """Leaves the named programs on the search path, and scripts given as ``name="text"``; skips where one is absent."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def limited(*names: str, **scripts: str) -> Path:
        for name in names:
            real = PROGRAMS[name]
            if not real:
                pytest.skip(f"{name} is not installed")
            (folder / name).symlink_to(real)
        for name, text in scripts.items():
            (folder / name).write_text(f"#!/bin/sh\n{text}\n")
            (folder / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        return folder

    return limited
