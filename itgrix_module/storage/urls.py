# SPDX-License-Identifier: GPL-3.0-or-later
"""The database's address: what is accepted, and what is wrong with it in words for the administrator."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from itgrix_module.domain.failures import NeedsOwner

EXAMPLES = "Use sqlite:////var/lib/asterisk/itgrix/itgrix.db or mysql+pymysql://USER:PASSWORD@HOST/DATABASE"
MARIADB_NAMES = frozenset({"mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql"})
SQLITE_NAMES = frozenset({"sqlite", "sqlite+pysqlite"})


def checked_url(text: str) -> URL:
    """The address in one normal form: driver ``sqlite`` or ``mysql+pymysql``, utf8mb4.

    Raises NeedsOwner: ``database_url``, ``folder_missing``, ``database_read_only``.
    """
    try:
        url = make_url(text.strip())
    except ArgumentError:
        raise _wrong("is not a database address") from None
    if url.drivername in MARIADB_NAMES:
        return _mariadb(url)
    if url.drivername in SQLITE_NAMES:
        return _sqlite(url)
    raise _wrong(f"names the driver {url.drivername!r}, which is not supported")


def shown(url: URL) -> str:
    """For logs and pages: without the password."""
    return url.render_as_string(hide_password=True)


def _wrong(what: str) -> NeedsOwner:
    return NeedsOwner("database_url", f"ITGRIX_DATABASE_URL {what}", EXAMPLES)


def _mariadb(url: URL) -> URL:
    if not url.database:
        raise _wrong("names no database after the host")
    if not url.host and "unix_socket" not in url.query:
        raise _wrong("names no host")
    return url.set(drivername="mysql+pymysql").update_query_dict({"charset": "utf8mb4"})


def _sqlite(url: URL) -> URL:
    if not url.database or url.database == ":memory:":
        raise _wrong("names no file: a database in memory would lose the calls")
    if url.query or url.database.startswith("file:"):
        raise _wrong("must name a plain file, without options")
    path = Path(url.database).expanduser().absolute()
    _check_folder(path.parent)
    _check_file(path)
    return url.set(drivername="sqlite", database=str(path))


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise NeedsOwner("folder_missing", f"the folder {folder} of the database does not exist", f"mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise NeedsOwner(
            "database_read_only",
            f"the folder {folder} of the database cannot be written by this user",
            "SQLite keeps two more files beside the database: give the folder to the user of the service.",
        )


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise _wrong(f"names a folder: {path}")
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        raise NeedsOwner(
            "database_read_only",
            f"the database file {path} cannot be written by this user",
            "Give the file, and those beside it with -wal and -shm, to the user of the service.",
        )
