# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole database as one SQLite file, whichever it lives in, and back from such a file into either.

A file of an older version is brought to this version first, so that an old backup fits a new program. Rows of known
tables are copied, never the file itself: nothing else that it may hold becomes part of the database.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Table, delete, func, insert, select, text, update

from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent
from itgrix_module.storage.engine import Database, open_database
from itgrix_module.storage.marks import mark, set_mark
from itgrix_module.storage.migrate import VERSION_TABLE, head, known_versions, upgrade
from itgrix_module.storage.models import Base, Setting, Step
from itgrix_module.storage.models_portal import PortalToken
from itgrix_module.storage.settings_store import VERSION
from itgrix_module.storage.writing import table_of, upsert

settings = table_of(Setting)
steps = table_of(Step)
PORTION = 500  # rows read and written at once
PAGES = 2000  # of SQLite copied at once
REST = 0.002  # seconds between portions: calls go first
# What belongs to the running service and not to the company: it stays as it is where a backup is restored.
OF_THE_MOMENT = frozenset({"itgrix_leases", "itgrix_sessions", "itgrix_login_waits", "itgrix_portal_limits"})


class Stopped(Exception):
    """The service ends; what was begun is thrown away."""


def save(database: Database, file: Path, goes_on: Callable[[], bool] = lambda: True) -> None:
    """Write all tables as of one moment into a new file. Raises Failure, Stopped; there is no file then."""
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        if database.is_sqlite:
            _save_sqlite(Path(str(database.engine.url.database)), file, goes_on)
        else:
            _save_rows(database, file, goes_on)
        _close_log(file)
    except BaseException:
        remove(file)
        raise


def remove(file: Path) -> None:
    """The file and what SQLite keeps beside it."""
    for path in (file, *(file.with_name(f"{file.name}{end}") for end in ("-wal", "-shm", "-journal"))):
        path.unlink(missing_ok=True)


def _save_sqlite(source: Path, file: Path, goes_on: Callable[[], bool]) -> None:
    def tell(*_: int) -> None:
        if not goes_on():
            raise Stopped

    try:
        with closing(sqlite3.connect(source)) as reader, closing(sqlite3.connect(file)) as writer:
            # One state for the whole copy: without it every write of the service would start the copy anew.
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
            reader.backup(writer, pages=PAGES, progress=tell, sleep=REST)
    except sqlite3.Error as error:
        raise _unwritable(file, str(error)) from error


def _save_rows(database: Database, file: Path, goes_on: Callable[[], bool]) -> None:
    url = f"sqlite:///{file}"
    upgrade(url)
    with _opened(url) as target, database.read() as reading:
        reading.rollback()
        with reading.execution_options(isolation_level="REPEATABLE READ") as source, target.begin() as writing:
            source.execute(text("START TRANSACTION WITH CONSISTENT SNAPSHOT"))
            for table in Base.metadata.sorted_tables:
                for rows in _portions(source, table):
                    if not goes_on():
                        raise Stopped
                    writing.execute(insert(table), rows)


def _close_log(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def counts_of(file: Path) -> dict[str, int]:
    """Rows of each table."""
    with closing(sqlite3.connect(file)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        ours = sorted({table.name for table in Base.metadata.sorted_tables} & set(names))
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ours}  # noqa: S608


def check(file: Path) -> str:
    """The version of its tables. Raises Permanent ``backup_broken``, ``backup_newer``."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema=OFF")
            state = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            strange = "SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view') OR sql LIKE 'CREATE VIRTUAL%'"
            if state != "ok" or connection.execute(strange).fetchone():
                raise _broken()
            found = str(connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()[0])  # noqa: S608
    except (sqlite3.Error, TypeError, UnicodeDecodeError):
        raise _broken() from None
    if found not in known_versions():
        raise Permanent(
            "backup_newer",
            f"this backup was made by a newer version of the program (tables {found[:40]}; this one knows {head()})",
            "Install that version first, then restore.",
        )
    return found


def load(file: Path, database: Database) -> dict[str, int]:
    """Put the rows of a file that was checked in the place of those that are there; all of them or none.

    The file is brought to this version for it. Raises Failure. Returns how many rows of each table.
    """
    url = f"sqlite:///{file}"
    try:
        if check(file) != head():
            upgrade(url)
    except Failure as failure:
        raise Permanent(
            "backup_broken", f"this backup cannot be brought to this version: {failure.text}", failure.hint
        ) from None
    with _opened(url) as source, source.read() as reading:
        return database.run(lambda writing: _replace(reading, writing))


def _replace(reading: Connection, writing: Connection) -> dict[str, int]:
    version = max(mark(reading, VERSION), mark(writing, VERSION))
    tokens = _newer_tokens(reading, writing)
    tables = [table for table in Base.metadata.sorted_tables if table.name not in OF_THE_MOMENT]
    for table in reversed(Base.metadata.sorted_tables):
        if table.name != "itgrix_portal_limits":
            writing.execute(delete(table))
    for table in tables:
        for rows in _portions(reading, table):
            writing.execute(insert(table), rows)
    upsert(writing, PortalToken, tokens, keys=["portal"], update=["sealed", "saved_at"])
    # What waited then may have been sent since: whoever sends it looks first where the portal can tell.
    writing.execute(update(steps).where(steps.c.state == "waiting").values(unsure=True))
    set_mark(writing, VERSION, version + 1)  # so that every process sees other settings than it has
    return {table.name: writing.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def _newer_tokens(reading: Connection, writing: Connection) -> list[dict[str, object]]:
    """Those that are there are newer than the backup's, which the portal takes no more, if the portal is the same."""
    names = ("portal.domain", "portal.client_id")
    query = select(settings.c.name, settings.c.value).where(settings.c.name.in_(names)).order_by(settings.c.name)
    if reading.execute(query).all() != writing.execute(query).all():
        return []
    table = table_of(PortalToken)
    old = {str(portal): float(at) for portal, at in reading.execute(select(table.c.portal, table.c.saved_at))}
    rows = [dict(row) for row in writing.execute(select(table)).mappings()]
    return [row for row in rows if float(row["saved_at"]) > old.get(str(row["portal"]), 0.0)]


def _portions(source: Connection, table: Table) -> Iterator[list[dict[str, object]]]:
    found = source.execution_options(yield_per=PORTION).execute(select(table))
    for rows in found.mappings().partitions():
        yield [dict(row) for row in rows]


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    database = open_database(url)
    try:
        yield database
    finally:
        database.close()


def _broken() -> Permanent:
    return Permanent(
        "backup_broken", "this backup cannot be used: its database is damaged", "Take another one; nothing was changed."
    )


def _unwritable(file: Path, what: str) -> NeedsOwner:
    return NeedsOwner(
        "backup_unwritable", f"the copy of the database in {file.parent} failed: {what}", "Check the disk and its room."
    )
