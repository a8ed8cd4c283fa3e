# SPDX-License-Identifier: GPL-3.0-or-later
"""The account of the portal's request budget: one row that all threads, processes and nodes share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, select

from itgrix_module.app.rest_ports import LimitState
from itgrix_module.storage.engine import Database
from itgrix_module.storage.models_portal import PortalLimit
from itgrix_module.storage.values import clip, from_json, to_json
from itgrix_module.storage.writing import table_of, upsert

limits = table_of(PortalLimit)


class SqlLimitStore:
    """rest_ports.LimitStore. ``locked()`` is the row's lock in a transaction: whoever dies in it lets go of it.

    With SQLite it is the lock of the one writer, so the block must only count: no request, no wait, no other store.
    """

    def __init__(self, database: Database, portal: str = "main") -> None:
        self._database = database
        self._portal = clip(portal, 100)
        self._held = threading.local()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """``save`` in the block is stored when the block ends without an exception."""
        with self._database.begin(durable=False) as connection:
            self._lock_row(connection)
            self._held.connection = connection
            try:
                yield
            finally:
                self._held.connection = None

    def load(self) -> LimitState:
        held: Connection | None = getattr(self._held, "connection", None)
        if held is not None:
            return self._load(held)
        with self._database.read() as connection:
            return self._load(connection)

    def save(self, state: LimitState) -> None:
        held: Connection | None = getattr(self._held, "connection", None)
        if held is not None:
            self._save(held, state)
        else:
            self._database.run(lambda connection: self._save(connection, state), durable=False)

    def _lock_row(self, connection: Connection) -> None:
        # SQLite's transaction has the lock already; a row is locked where there is one.
        row = select(limits.c.portal).where(limits.c.portal == self._portal).with_for_update()
        if self._database.is_sqlite or connection.execute(row).first():
            return
        empty = {"portal": self._portal, "level": 0.0, "at": 0.0, "operating": "{}", "blocked": "{}"}
        upsert(connection, PortalLimit, [empty], keys=["portal"], update=["portal"])

    def _load(self, connection: Connection) -> LimitState:
        row = connection.execute(select(limits).where(limits.c.portal == self._portal)).mappings().first()
        if row is None:
            return LimitState()
        operating = {method: (used, until) for method, (used, until) in from_json(row["operating"], {}).items()}
        return LimitState(row["level"], row["at"], operating, from_json(row["blocked"], {}))

    def _save(self, connection: Connection, state: LimitState) -> None:
        values = {
            "portal": self._portal,
            "level": state.level,
            "at": state.at,
            "operating": to_json(state.operating),
            "blocked": to_json(state.blocked_until),
        }
        upsert(connection, PortalLimit, [values], keys=["portal"], update=["level", "at", "operating", "blocked"])
