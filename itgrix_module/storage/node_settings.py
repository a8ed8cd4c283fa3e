# SPDX-License-Identifier: GPL-3.0-or-later
"""What each of several PBXs with one database has set for itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select

from itgrix_module.storage.engine import Database
from itgrix_module.storage.models import Setting
from itgrix_module.storage.values import from_json
from itgrix_module.storage.writing import table_of

settings = table_of(Setting)


class SqlNodeSettings:
    """Rows ``KEY`` of the first PBX and ``KEY@NODE`` of the further ones. No secrets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, key: str) -> dict[str, Any]:
        """Value by the name of the PBX, empty for the first one. Raises Failure."""
        wanted = or_(settings.c.name == key, settings.c.name.startswith(f"{key}@", autoescape=True))
        query = select(settings.c.name, settings.c.value).where(wanted, ~settings.c.secret)
        with self._database.read() as connection:
            return {name.partition("@")[2]: from_json(value, None) for name, value in connection.execute(query)}

    def names(self) -> frozenset[str]:
        """Of the further PBXs, as far as they have set anything. Raises Failure."""
        query = select(settings.c.name).where(settings.c.name.contains("@"))
        with self._database.read() as connection:
            return frozenset(name.partition("@")[2] for name in connection.scalars(query))
