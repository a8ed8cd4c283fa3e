# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose turn it is, one after the other, for all nodes and across restarts."""

from __future__ import annotations

from sqlalchemy import Connection, select

from itgrix_module.storage.engine import Database
from itgrix_module.storage.models import Turn
from itgrix_module.storage.values import clip
from itgrix_module.storage.writing import table_of, upsert

turns = table_of(Turn)


class SqlTurns:
    """Round robin. ``next`` is atomic: no turn is given twice while others go by."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def next(self, name: str, count: int) -> int:
        """The next of ``count`` places, from 0. Raises ValueError when there are none."""
        if count < 1:
            raise ValueError("there is nobody to take turns")
        key = clip(name, 100)
        return (self._database.run(lambda connection: _counted(connection, key)) - 1) % count


def _counted(connection: Connection, name: str) -> int:
    upsert(connection, Turn, [{"name": name, "last": 1}], keys=["name"], update=[], added=["last"])
    last: int = connection.execute(select(turns.c.last).where(turns.c.name == name)).scalar_one()
    return last
