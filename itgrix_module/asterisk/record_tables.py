# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the PBX's record database in pages that an index serves, whatever its age and size. Never writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, column, create_engine, inspect, select, table
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.sql.selectable import TableClause

from itgrix_module.domain.failures import NeedsOwner, Temporary

PAGE = 1000  # rows
_TIMEOUT = 5  # seconds to connect
_ANSWER = 30  # seconds that one page may take


def open_records(url: str) -> Engine:
    """Raises NeedsOwner for an address that is none."""
    try:
        options: dict[str, Any] = {"timeout": _TIMEOUT}
        if url.startswith("mysql"):
            options = {"connect_timeout": _TIMEOUT, "read_timeout": _ANSWER, "charset": "utf8mb4"}
        return create_engine(url, connect_args=options, pool_pre_ping=True, pool_size=1, max_overflow=1)
    except (ArgumentError, ImportError) as error:
        raise NeedsOwner(
            "cdr_url", f"the address of the call records is not usable: {error}", "Check cdr.url."
        ) from None


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for one look. Raises Temporary ``cdr_unreadable`` for whatever goes wrong inside."""
    try:
        with engine.connect() as connection:
            yield connection
    except (SQLAlchemyError, UnicodeError, ValueError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise Temporary("cdr_unreadable", f"the call records cannot be read: {reason}", "Check cdr.url.") from error


class RecordTable:
    """One table by those of the wanted columns that it has; older PBXs lack some."""

    def __init__(self, engine: Engine, name: str, wanted: Sequence[str], needed: Sequence[str]) -> None:
        self.engine, self.name = engine, name
        self._wanted, self._needed = wanted, needed
        self._there: tuple[str, ...] = ()
        self._rows: TableClause | None = None

    @property
    def exists(self) -> bool:
        """Is it there, with the columns without which it says nothing?"""
        return set(self._needed) <= set(self.columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that are there; asked for once. An empty table counts as none until it is made."""
        if not self._there:
            self._there = self._asked()
        return self._there

    def _asked(self) -> tuple[str, ...]:
        with reading(self.engine) as connection:
            inspector = inspect(connection)
            if not inspector.has_table(self.name):
                return ()
            there = {found["name"].lower() for found in inspector.get_columns(self.name)}
        return tuple(name for name in self._wanted if name in there)

    @property
    def rows(self) -> TableClause:
        """The table, for a query."""
        if self._rows is None:
            self._rows = table(self.name, *(column(name) for name in self.columns))
        return self._rows

    def page(
        self, *conditions: Any, order: Sequence[str], limit: int = PAGE, newest: bool = False
    ) -> list[dict[str, Any]]:
        """Some rows. ``order``: columns."""
        rows = self.rows
        by = [rows.c[name].desc() if newest else rows.c[name] for name in order if name in rows.c]
        with reading(self.engine) as connection:
            found = connection.execute(select(rows).where(*conditions).order_by(*by).limit(limit)).mappings()
            return [dict(row) for row in found]


def shown(moment: datetime) -> str:
    """A time of the wall clock as every database compares it with its own."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"
