# SPDX-License-Identifier: GPL-3.0-or-later
"""Which parts somebody was alerted of."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select

from itgrix_module.storage.engine import Database
from itgrix_module.storage.marks import marks, set_mark


class SqlTold:
    """app.alerts.Told: of one node, kept as marks."""

    def __init__(self, database: Database, node: str) -> None:
        self._database, self._prefix = database, f"alert:{node}:"

    def load(self) -> Mapping[str, float]:
        query = select(marks.c.name, marks.c.number).where(marks.c.name.startswith(self._prefix, autoescape=True))
        with self._database.read() as connection:
            return {name.removeprefix(self._prefix): number for name, number in connection.execute(query)}

    def put(self, part: str, since: float) -> None:
        self._database.run(lambda connection: set_mark(connection, self._prefix + part, since))

    def remove(self, part: str) -> None:
        statement = delete(marks).where(marks.c.name == self._prefix + part)
        self._database.run(lambda connection: connection.execute(statement))
