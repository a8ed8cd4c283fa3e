# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing the tables to the version that this program needs, with Alembic called from Python.

Alembic is imported when there is something to migrate only: every command looks at the version, and waits for imports.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect, text

import migrations
from itgrix_module.domain.failures import NeedsOwner, Temporary
from itgrix_module.storage.engine import open_engine
from itgrix_module.storage.faults import explained

VERSION_TABLE = "itgrix_alembic_version"
LOCK_SECONDS = 120.0

if TYPE_CHECKING:
    from alembic.config import Config


def head() -> str:
    """The version that this program needs."""
    return max(known_versions())


def current(url: str) -> str | None:
    """The version of the database; None when it has no tables of ours."""
    with _connected(url) as connection:
        return _version(connection)


def upgrade(url: str) -> str:
    """Brings the database to ``head()`` and returns it. Two processes that do so at once follow one another.

    Raises NeedsOwner ``database_newer`` when a newer program made the tables: nothing is changed then.
    """
    from alembic import command

    with _connected(url) as connection, _alone(connection):
        _refuse_newer(_version(connection))
        command.upgrade(_config(connection), "head")
        connection.commit()
    return head()


def remove(url: str) -> None:
    """Takes all our tables out of the database, for an uninstall that keeps no data."""
    from alembic import command

    with _connected(url) as connection, _alone(connection):
        _refuse_newer(_version(connection))
        command.downgrade(_config(connection), "base")
        connection.execute(text(f"DROP TABLE IF EXISTS {VERSION_TABLE}"))
        connection.commit()


def check_version(connection: Connection) -> None:
    """Raises NeedsOwner when the tables are missing, older (``database_older``) or newer (``database_newer``)."""
    found = _version(connection)
    _refuse_newer(found)
    if found != head():
        what = "has no tables yet" if found is None else f"is of version {found}, this program needs {head()}"
        raise NeedsOwner("database_older", f"the database {what}", "Run: itgrix migrate")


def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Tables of others in the same database are none of our business."""
    return kind != "table" or (name or "").startswith("itgrix_")


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    # A migration of a large table may take minutes: MariaDB is given the time.
    engine = open_engine(url, pool_size=1, busy_seconds=LOCK_SECONDS, answer_seconds=None)
    writes = engine.execution_options(itgrix_writes=True, itgrix_durable=True)
    try:
        with explained(), writes.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """SQLite's writers are alone anyway; MariaDB commits each DDL statement, so a lock by name is needed."""
    if connection.dialect.name == "sqlite":
        yield
        return
    name = {"name": f"itgrix_migrate_{connection.engine.url.database}"[:64]}
    if not connection.scalar(text("SELECT GET_LOCK(:name, :seconds)"), {**name, "seconds": LOCK_SECONDS}):
        raise Temporary("database_locked", "another program is migrating the database", "Wait for it, then repeat.")
    try:
        yield
    finally:
        connection.execute(text("SELECT RELEASE_LOCK(:name)"), name)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608
    return found


def known_versions() -> frozenset[str]:
    """Of tables that this program can bring to ``head()``: the files of the migrations begin with theirs."""
    return frozenset(path.name.partition("_")[0] for path in (_folder() / "versions").glob("[0-9]*_*.py"))


def _folder() -> Path:
    return Path(migrations.__file__).parent


def _refuse_newer(found: str | None) -> None:
    if found is not None and found not in known_versions():
        raise NeedsOwner(
            "database_newer",
            f"the database was made by a newer version of the program ({found}; this one knows up to {head()})",
            "Install that version again, or restore the backup that was made before the upgrade.",
        )
