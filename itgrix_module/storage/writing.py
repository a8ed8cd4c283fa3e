# SPDX-License-Identifier: GPL-3.0-or-later
"""Insert-or-update in the words of each database; many rows go in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, func
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql import ColumnElement

T = TypeVar("T")
Row = Mapping[str, Any]


def table_of(model: type[DeclarativeBase]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def upsert(
    connection: Connection,
    model: type[DeclarativeBase],
    rows: Sequence[Row],
    *,
    keys: Sequence[str],
    update: Sequence[str],
    added: Sequence[str] = (),
    only: ColumnElement[bool] | None = None,
) -> None:
    """Insert the rows; where the unique ``keys`` are taken, set the ``update`` columns, add to the ``added`` ones.

    ``only``: leave a row that is there and of which this does not hold; without parameters, and of columns that stay.
    """
    if not rows:
        return
    table = table_of(model)
    if connection.dialect.name == "sqlite":
        statement = sqlite.insert(table)
        changes = _changes(table, statement.excluded, update, added)
        conflict = statement.on_conflict_do_update(index_elements=list(keys), set_=changes, where=only)
        connection.execute(conflict, list(rows))
        return
    other = mysql.insert(table)
    changes = _changes(table, other.inserted, update, added)
    if only is not None:
        changes = {name: func.if_(only, new, table.c[name]) for name, new in changes.items()}
    connection.execute(other.on_duplicate_key_update(changes), list(rows))


def _changes(table: Table, new: Any, update: Sequence[str], added: Sequence[str]) -> dict[str, ColumnElement[Any]]:
    changes = {name: new[name] for name in update}
    return changes | {name: table.c[name] + new[name] for name in added}


def slices(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most ``size``: the number of values in one statement is limited."""
    some: list[T] = []
    for item in items:
        some.append(item)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some
