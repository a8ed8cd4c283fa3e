# SPDX-License-Identifier: GPL-3.0-or-later
"""The external lines that we have made in the portal."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select

from itgrix_module.storage.engine import Database
from itgrix_module.storage.models_portal import PortalLine
from itgrix_module.storage.values import clip
from itgrix_module.storage.writing import table_of, upsert

lines = table_of(PortalLine)


class SqlLineStore:
    """``app.line_sync.LineStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def made(self) -> Mapping[str, str]:
        """Number to name."""
        with self._database.read() as connection:
            return {row.number: row.name for row in connection.execute(select(lines).order_by(lines.c.number))}

    def remember(self, number: str, name: str) -> None:
        """We have made this line."""
        values = [{"number": clip(number, 100), "name": clip(name, 191)}]
        self._database.run(lambda connection: upsert(connection, PortalLine, values, keys=["number"], update=["name"]))

    def forget(self, number: str) -> None:
        """It is gone."""
        self._database.run(lambda connection: connection.execute(delete(lines).where(lines.c.number == number)))
