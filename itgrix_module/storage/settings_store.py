# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings: dotted keys to JSON values, the secret ones sealed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select

from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.storage.engine import Database
from itgrix_module.storage.marks import mark, raise_mark
from itgrix_module.storage.models import Setting
from itgrix_module.storage.values import from_json, to_json
from itgrix_module.storage.vault import Vault
from itgrix_module.storage.writing import table_of, upsert

settings = table_of(Setting)
VERSION = "settings.version"


class SqlSettingStore:
    """house_ports.SettingStore. ``is_secret``: whether the value of this key must be sealed."""

    def __init__(self, database: Database, vault: Vault, is_secret: Callable[[str], bool]) -> None:
        self._database = database
        self._vault = vault
        self._is_secret = is_secret

    def load(self) -> Mapping[str, Any]:
        """Raises NeedsOwner ``key_wrong``, with the names, when sealed values do not fit the key file."""
        with self._database.read() as connection:
            rows = connection.execute(select(settings)).mappings().all()
        unreadable = self._unreadable(rows)
        if unreadable:
            raise NeedsOwner(
                "key_wrong",
                f"the key file does not open the stored secrets: {', '.join(unreadable)}",
                "Put the key file of the backup back, or enter the secrets anew (itgrix settings set).",
            )
        return {row["name"]: from_json(self._opened(row), None) for row in rows}

    def save(self, values: Mapping[str, Any], removed: Sequence[str] = ()) -> None:
        rows = [self._row(name, value) for name, value in values.items()]

        def store(connection: Connection) -> None:
            if removed:
                connection.execute(delete(settings).where(settings.c.name.in_(list(removed))))
            upsert(connection, Setting, rows, keys=["name"], update=["value", "secret"])
            raise_mark(connection, VERSION)

        self._database.run(store)

    def version(self) -> int:
        with self._database.read() as connection:
            return int(mark(connection, VERSION))

    def forget_unreadable(self) -> tuple[str, ...]:
        """Removes sealed values that no key opens, so that they can be entered anew; returns their names."""
        with self._database.read() as connection:
            names = self._unreadable(connection.execute(select(settings)).mappings().all())
        if names:
            self.save({}, names)
        return names

    def _row(self, name: str, value: Any) -> dict[str, Any]:
        secret = self._is_secret(name)
        stored = to_json(value)
        return {"name": name, "value": self._vault.seal(stored) if secret else stored, "secret": secret}

    def _opened(self, row: RowMapping) -> str:
        return self._vault.open(row["value"]) if row["secret"] else row["value"]

    def _unreadable(self, rows: Sequence[RowMapping]) -> tuple[str, ...]:
        return tuple(row["name"] for row in rows if row["secret"] and not self._vault.opens(row["value"]))
