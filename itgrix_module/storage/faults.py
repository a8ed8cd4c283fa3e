# SPDX-License-Identifier: GPL-3.0-or-later
"""What the database's errors mean: one table per driver, from the error's number or name to a failure.

Temporary: the same again later will do (a lock, a lost connection). NeedsOwner: the administrator has to act (disk,
password, rights); writers keep their data and repeat. Permanent: this request will never be accepted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pymysql
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary


@dataclass(frozen=True)
class Meaning:
    """``kind`` of failure, its ``code``, and the words for the administrator."""

    kind: type[Failure]
    code: str
    text: str
    hint: str = ""


LOCKED = Meaning(
    Temporary,
    "database_locked",
    "the database is locked by another program",
    "It is tried again by itself. If it stays, find who holds the file open (fuser, lsof): a backup, a second service.",
)
DISK_FULL = Meaning(
    NeedsOwner,
    "disk_full",
    "the disk with the database is full",
    "Free some space on it. Calls are kept in memory and stored as soon as there is room.",
)
READ_ONLY = Meaning(
    NeedsOwner,
    "database_read_only",
    "the database can only be read",
    "Check owner and rights of the file and its folder, and that the disk is not mounted read-only.",
)
CANNOT_OPEN = Meaning(
    NeedsOwner,
    "database_cannot_open",
    "the database file cannot be opened",
    "Check that its folder exists and belongs to the user of the service.",
)
DAMAGED = Meaning(
    NeedsOwner,
    "database_damaged",
    "the database file is damaged or is no SQLite database",
    "Stop the service and restore the last backup (itgrix restore).",
)
DISK_ERROR = Meaning(
    NeedsOwner,
    "disk_error",
    "reading or writing the database file failed",
    "Check the disk (dmesg) and the rights of the file; then restart the service.",
)
NO_SCHEMA = Meaning(
    NeedsOwner,
    "database_schema",
    "the tables do not fit this version of the program",
    "Run: itgrix migrate",
)
UNREACHABLE = Meaning(
    Temporary,
    "database_unreachable",
    "the database server does not answer",
    "Check that MariaDB runs and that host and port in ITGRIX_DATABASE_URL are right.",
)
LOST = Meaning(Temporary, "database_lost", "the connection to the database was lost", "It is tried again by itself.")
BUSY_SERVER = Meaning(
    Temporary,
    "database_connections",
    "the database server accepts no more connections",
    "Raise max_connections of MariaDB, or see which program holds so many.",
)
DENIED = Meaning(
    NeedsOwner,
    "database_access_denied",
    "the database server refuses this user name or password",
    "Correct the user and the password in ITGRIX_DATABASE_URL, or GRANT the user access from this host.",
)
NO_RIGHTS = Meaning(
    NeedsOwner,
    "database_rights",
    "the database user lacks a right",
    "GRANT ALL ON the database TO the user.",
)
UNKNOWN_DATABASE = Meaning(
    NeedsOwner,
    "database_unknown",
    "this database does not exist on the server",
    "CREATE DATABASE it with CHARACTER SET utf8mb4, or correct its name in ITGRIX_DATABASE_URL.",
)
CONFLICT = Meaning(Temporary, "database_conflict", "another writer was in the way", "It is tried again by itself.")
BAD_DATA = Meaning(Permanent, "database_data", "the database refuses these data")
NO_CONNECTION_FREE = Meaning(
    Temporary,
    "database_pool",
    "no database connection became free in time",
    "It is tried again by itself. If it stays, report it: something holds connections.",
)
UNKNOWN = Meaning(Permanent, "database_error", "the database reports an error")

# By the name of the primary or extended result code; the longest name that begins the reported one counts.
SQLITE: dict[str, Meaning] = {
    "SQLITE_BUSY": LOCKED,
    "SQLITE_LOCKED": LOCKED,
    "SQLITE_FULL": DISK_FULL,
    "SQLITE_IOERR_SHMSIZE": DISK_FULL,
    "SQLITE_IOERR": DISK_ERROR,
    "SQLITE_READONLY": READ_ONLY,
    "SQLITE_PERM": READ_ONLY,
    "SQLITE_CANTOPEN": CANNOT_OPEN,
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_NOTADB": DAMAGED,
    "SQLITE_SCHEMA": NO_SCHEMA,
    "SQLITE_CONSTRAINT": BAD_DATA,
    "SQLITE_TOOBIG": BAD_DATA,
    "SQLITE_MISMATCH": BAD_DATA,
}

MARIADB: dict[int, Meaning] = {
    2002: UNREACHABLE,
    2003: UNREACHABLE,
    2005: UNREACHABLE,
    2006: LOST,
    2013: LOST,
    1053: LOST,
    1927: LOST,
    1077: LOST,
    1047: UNREACHABLE,
    1040: BUSY_SERVER,
    1203: BUSY_SERVER,
    1226: BUSY_SERVER,
    1129: NO_RIGHTS,
    1130: DENIED,
    1045: DENIED,
    1698: DENIED,
    1044: NO_RIGHTS,
    1142: NO_RIGHTS,
    1143: NO_RIGHTS,
    1227: NO_RIGHTS,
    1049: UNKNOWN_DATABASE,
    1146: NO_SCHEMA,
    1054: NO_SCHEMA,
    1205: CONFLICT,
    1213: CONFLICT,
    1020: CONFLICT,
    1290: READ_ONLY,
    1792: READ_ONLY,
    1836: READ_ONLY,
    1021: DISK_FULL,
    1114: DISK_FULL,
    1041: DISK_FULL,
    1048: BAD_DATA,
    1062: BAD_DATA,
    1153: BAD_DATA,
    1264: BAD_DATA,
    1366: BAD_DATA,
    1406: BAD_DATA,
    1451: BAD_DATA,
    1452: BAD_DATA,
}
# Errors of reading and writing files: the operating system's number stands in the text only.
MARIADB_FILE_ERRORS = frozenset({3, 1026, 1030, 1006, 1005})


def meaning_of(error: BaseException | None) -> Meaning:
    """What the driver's error says. UNKNOWN when no table knows it."""
    if isinstance(error, sqlite3.Error):
        return _sqlite_meaning(error)
    if isinstance(error, pymysql.Error):
        return _mariadb_meaning(error)
    return UNKNOWN


def _sqlite_meaning(error: sqlite3.Error) -> Meaning:
    name = getattr(error, "sqlite_errorname", "") or ""
    fitting = [known for known in SQLITE if name.startswith(known)]
    if fitting:
        return SQLITE[max(fitting, key=len)]
    return NO_SCHEMA if "no such table" in str(error) or "no such column" in str(error) else UNKNOWN


def _mariadb_meaning(error: pymysql.Error) -> Meaning:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if number in MARIADB_FILE_ERRORS:
        return DISK_FULL if "28" in str(error) else DISK_ERROR
    if isinstance(error, pymysql.InterfaceError) and number == 0:
        return LOST
    return MARIADB.get(number, UNKNOWN)


def contended(error: BaseException) -> bool:
    """True when the whole transaction was surely undone and may be run again at once."""
    if not isinstance(error, DBAPIError):
        return False
    return meaning_of(error.orig) in (LOCKED, CONFLICT)


def disconnected(error: BaseException) -> bool:
    """True when the connection broke: what was not committed is undone, a commit in flight is in doubt."""
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or meaning_of(error.orig) is LOST


def failure_of(error: SQLAlchemyError, *, executed: bool = False) -> Failure:
    """The failure that callers see. The text names the driver's error but never the statement's values."""
    if isinstance(error, PoolTimeout):
        return _made(NO_CONNECTION_FREE, "", executed)
    original = error.orig if isinstance(error, DBAPIError) else error
    return _made(meaning_of(original), _said(original), executed)


def locked() -> Failure:
    """What a writer is told whose turn did not come."""
    return _made(LOCKED, "", executed=False)


def _made(meaning: Meaning, said: str, executed: bool) -> Failure:
    text = f"{meaning.text} ({said})" if said else meaning.text
    return meaning.kind(meaning.code, text, meaning.hint, executed=executed)


def _said(error: BaseException | None) -> str:
    words = str(error.args[-1]) if error is not None and error.args else ""
    return " ".join(words.split())[:300]


@contextmanager
def explained() -> Iterator[None]:
    """Turns the database's errors into failures."""
    try:
        yield
    except SQLAlchemyError as error:
        raise failure_of(error) from error
