# SPDX-License-Identifier: GPL-3.0-or-later
"""SQLite files with all tables of this version: migrated once in a process, then copied."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from itgrix_module.storage.migrate import upgrade

SQLITE = "sqlite:///"


def migrated(url: str) -> None:
    """What ``upgrade`` makes of an empty database; a database that is there is only brought to this version."""
    file = Path(url.removeprefix(SQLITE))
    if not url.startswith(SQLITE) or file.exists():
        upgrade(url)
        return
    file.touch(mode=0o600)
    file.write_bytes(_with_tables())


@cache
def _with_tables() -> bytes:
    with tempfile.TemporaryDirectory(prefix="itgrix-tables-") as folder:
        file = Path(folder) / "itgrix.db"
        upgrade(f"{SQLITE}{file}")
        return file.read_bytes()
