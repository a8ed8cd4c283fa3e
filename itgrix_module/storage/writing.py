# SPDX-License-Identifier: GPL-3.0-or-later
"""Insert-or-update in the words of each database; many rows go in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Insert, Table, func
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
    if rows:
        statement = _upsert(connection.dialect.name, table_of(model), tuple(keys), tuple(update), tuple(added), only)
        connection.execute(statement, list(rows))


@lru_cache(maxsize=100)  # as many as there are places that call it; each costs as much as sending it does
def _upsert(
    dialect: str,
    table: Table,
    keys: tuple[str, ...],
    update: tuple[str, ...],
    added: tuple[str, ...],
    only: ColumnElement[bool] | None,
) -> Insert:
    if dialect == "sqlite":
        statement = sqlite.insert(table)
        changes = _changes(table, statement.excluded, update, added)
        return statement.on_conflict_do_update(index_elements=keys, set_=changes, where=only)
    other = mysql.insert(table)
    changes = _changes(table, other.inserted, update, added)
    if only is not None:
        changes = {name: func.if_(only, new, table.c[name]) for name, new in changes.items()}
    return other.on_duplicate_key_update(changes)


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
