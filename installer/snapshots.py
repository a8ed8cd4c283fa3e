# SPDX-License-Identifier: GPL-3.0-or-later
"""Our tables as they were before a migration. SQLite: a copy of the file. MariaDB: definitions and rows in one file.

MariaDB commits each change of a table, so a migration that fails half-way cannot be rolled back there.
"""

from __future__ import annotations

import gzip
import os
import pickle
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, make_url

from itgrix_module.storage.engine import open_engine

PORTION = 500  # rows read and written at once
_TABLES = "SHOW TABLES LIKE 'itgrix\\_%'"


def save(url: str, file: Path) -> None:
    """Raises what the database raises; there is no file then."""
    draft = file.with_name(f".{file.name}.new")
    try:
        _save(make_url(url), draft)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def load(url: str, file: Path) -> None:
    """The database holds what ``save`` found, whatever a migration made of it meanwhile."""
    address = make_url(url)
    if address.drivername.startswith("sqlite"):
        _copy(file, Path(str(address.database)))
        return
    engine = open_engine(url, pool_size=1, answer_seconds=None)
    try:
        with engine.begin() as connection, gzip.open(file, "rb") as source:
            connection.execute(text("SET FOREIGN_KEY_CHECKS=0"))
            for name in _tables(connection):
                connection.execute(text(f"DROP TABLE `{name}`"))
            for name, definition, rows in _read(source):
                _fill(connection, name, definition, rows)
            connection.execute(text("SET FOREIGN_KEY_CHECKS=1"))
    finally:
        engine.dispose()


def _save(address: URL, draft: Path) -> None:
    os.close(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
    if address.drivername.startswith("sqlite"):
        _copy(Path(str(address.database)), draft)
        return
    engine = open_engine(address.render_as_string(hide_password=False), pool_size=1, answer_seconds=None)
    try:
        with engine.connect() as connection, gzip.open(draft, "wb", compresslevel=3) as target:
            connection.execute(text("START TRANSACTION WITH CONSISTENT SNAPSHOT"))
            for name in _tables(connection):
                _write(connection, name, target)
    finally:
        engine.dispose()


def _copy(source: Path, target: Path) -> None:
    """SQLite's own way: what is still in the log of the source comes along."""
    reader, writer = sqlite3.connect(source), sqlite3.connect(target)
    try:
        reader.backup(writer)
    finally:
        writer.close()
        reader.close()


def _tables(connection: Connection) -> list[str]:
    return [str(row[0]) for row in connection.execute(text(_TABLES))]


def _write(connection: Connection, name: str, target: Any) -> None:
    definition = str(connection.execute(text(f"SHOW CREATE TABLE `{name}`")).one()[1])
    pickle.dump((name, definition), target)
    found = connection.execution_options(stream_results=True).execute(text(f"SELECT * FROM `{name}`"))  # noqa: S608
    while rows := found.fetchmany(PORTION):
        pickle.dump([dict(row._mapping) for row in rows], target)
    pickle.dump([], target)


def _read(source: BinaryIO | gzip.GzipFile) -> Iterator[tuple[str, str, Iterator[list[dict[str, Any]]]]]:
    while True:
        try:
            name, definition = pickle.load(source)  # noqa: S301 - our own file, readable by the owner alone
        except EOFError:
            return
        yield name, definition, _portions(source)


def _portions(source: BinaryIO | gzip.GzipFile) -> Iterator[list[dict[str, Any]]]:
    while rows := pickle.load(source):  # noqa: S301
        yield rows


def _fill(connection: Connection, name: str, definition: str, portions: Iterator[list[dict[str, Any]]]) -> None:
    connection.exec_driver_sql(definition.replace("%", "%%"))
    for rows in portions:
        columns = list(rows[0])
        listed, places = ", ".join(f"`{column}`" for column in columns), ", ".join(["%s"] * len(columns))
        values = [tuple(row[column] for column in columns) for row in rows]
        connection.exec_driver_sql(f"INSERT INTO `{name}` ({listed}) VALUES ({places})", values)  # noqa: S608
