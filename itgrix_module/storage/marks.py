# SPDX-License-Identifier: GPL-3.0-or-later
"""Single numbers by name."""

from __future__ import annotations

from sqlalchemy import Connection, select

from itgrix_module.storage.models import Mark
from itgrix_module.storage.writing import table_of, upsert

marks = table_of(Mark)


def mark(connection: Connection, name: str) -> float:
    """The number; 0 when it was never set."""
    return connection.scalar(select(marks.c.number).where(marks.c.name == name)) or 0.0


def set_mark(connection: Connection, name: str, number: float) -> None:
    upsert(connection, Mark, [{"name": name, "number": number}], keys=["name"], update=["number"])


def raise_mark(connection: Connection, name: str) -> None:
    """Add one."""
    upsert(connection, Mark, [{"name": name, "number": 1}], keys=["name"], update=[], added=["number"])
