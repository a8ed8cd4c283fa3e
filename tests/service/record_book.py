# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox PBX's CDR and CEL in a database with FreePBX's tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from itgrix_module.sandbox.pbx import SandboxPbx
from itgrix_module.sandbox.rig.configuration import write_record_database

Row = Mapping[str, object]


class RecordBook:
    """``url``: for ``cdr.url``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.url = f"sqlite:///{path}"
        write_record_database(path)
        self._done = {"cdr": 0, "cel": 0}

    def write(self, pbx: SandboxPbx, *kinds: str) -> None:
        """What the PBX wrote since the last time. ``kinds``: ``cdr``, ``cel``; both by default."""
        for kind in kinds or ("cdr", "cel"):
            rows = getattr(pbx, kind)
            self.add(kind, rows[self._done[kind] :])
            self._done[kind] = len(rows)

    def add(self, table: str, rows: Sequence[Row]) -> None:
        """Insert rows as they are."""
        with closing(sqlite3.connect(self._path, timeout=10)) as database, database:
            for row in rows:
                names, marks = ", ".join(row), ", ".join("?" * len(row))
                database.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))
