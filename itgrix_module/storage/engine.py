# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening the database, and its transactions.

SQLite: WAL, so that the panel reads while the tracker writes; writers begin with BEGIN IMMEDIATE, because a reader that
turns writer in mid-transaction is refused at once when somebody else wrote in between, whatever the busy timeout.

What survives what. A commit survives the kill of the process in every mode. A power cut never damages the database,
but with ``synchronous=NORMAL`` it may take the last commits away, with FULL it takes none. So each transaction says
whether it is ``durable``: steps, their settlement, tokens and settings are (FULL, one fsync each); a state that the
next second overwrites, a lease, the portal's account are not. Measured: FULL adds half a millisecond to a settlement on
a virtual disk (1.8 against 1.3 ms); a few such commits a second are affordable even where a sync takes ten.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.storage.faults import contended, disconnected, explained, failure_of, locked
from itgrix_module.storage.ownership import give_to_folder_owner
from itgrix_module.storage.urls import checked_url, shown

T = TypeVar("T")
SQLITE_PRAGMAS = (
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-16000",
    # The log is cut back to this after a checkpoint; a burst must not leave a huge file for ever.
    "PRAGMA journal_size_limit=67108864",
)
MARIADB_SESSION = (
    "SET SESSION sql_mode='STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', SESSION time_zone='+00:00', "
    "SESSION innodb_lock_wait_timeout=5"
)
PAUSE_SECONDS = 0.01
LONGEST_PAUSE_SECONDS = 0.5


class InDoubt(Exception):
    """The connection broke while the commit was under way: it may have happened."""

    def __init__(self, error: DBAPIError) -> None:
        super().__init__(str(error))
        self.error = error


def open_engine(
    url: str, *, pool_size: int = 10, busy_seconds: float = 5.0, answer_seconds: float | None = 30.0
) -> Engine:
    """An engine that is set up but not yet connected.

    ``busy_seconds``: how long a writer of SQLite waits for another one. ``answer_seconds``: how long MariaDB may
    take for one statement. Raises NeedsOwner for an address that cannot work.
    """
    checked = checked_url(url)
    if checked.drivername == "sqlite":
        return _sqlite_engine(checked, pool_size, busy_seconds)
    return _mariadb_engine(checked, pool_size, answer_seconds)


def _sqlite_engine(url: URL, pool_size: int, busy_seconds: float) -> Engine:
    _make_private_file(Path(str(url.database)))
    engine = create_engine(url, pool_size=pool_size, max_overflow=2 * pool_size, connect_args={"timeout": busy_seconds})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private_file(path: Path) -> None:
    """The database holds who called whom: nobody but its owner reads it. SQLite gives its other files the same mode."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise NeedsOwner(
            "database_cannot_open", f"the database file {path} cannot be made ({error.strerror})"
        ) from None
    try:
        give_to_folder_owner(handle, path.parent)
    finally:
        os.close(handle)


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself, see _begin_sqlite
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode != "wal":
        raise NeedsOwner(
            "database_no_wal",
            f"SQLite cannot keep its write-ahead log here (journal mode {mode})",
            "Put the database on a local disk: network folders do not work.",
        )
    for pragma in SQLITE_PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("itgrix_writes"):
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if options.get('itgrix_durable') else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _mariadb_engine(url: URL, pool_size: int, answer_seconds: float | None) -> Engine:
    return create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_size=pool_size,
        max_overflow=2 * pool_size,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": 10,
            "read_timeout": answer_seconds,
            "write_timeout": answer_seconds,
            "init_command": MARIADB_SESSION,
        },
    )


class Database:
    """The open database: transactions that fail with domain.failures only.

    ``patience``: seconds during which a transaction that lost against another writer is run again.
    """

    def __init__(self, engine: Engine, *, patience: float = 10.0) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._patience = patience
        self._writing = threading.local()
        # SQLite lets writers poll for their turn in growing pauses; threads of one process are woken at once instead.
        self._turn = threading.Lock() if self.is_sqlite else None
        self._durable = engine.execution_options(itgrix_writes=True, itgrix_durable=True)
        self._quick = engine.execution_options(itgrix_writes=True, itgrix_durable=False)

    @property
    def address(self) -> str:
        """Where it is, without the password."""
        return shown(self.engine.url)

    def check(self) -> None:
        """Raises the failure that tells why the database cannot be used."""
        with self.read() as connection:
            connection.exec_driver_sql("SELECT 1")

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading; with SQLite all statements of the block see one state.

        It ends with a rollback: there is nothing to commit that could fail.
        """
        with explained(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The models as objects, for reading."""
        with explained(), Session(self.engine) as session:
            yield session

    @contextmanager
    def begin(self, *, durable: bool = True) -> Iterator[Connection]:
        """A writing transaction: commits at a clean exit. Where the work can be a function, ``run`` is safer."""
        with explained():
            try:
                with self._transaction(durable) as connection:
                    yield connection
            except InDoubt as doubt:
                raise failure_of(doubt.error, executed=True) from doubt

    def run(
        self,
        work: Callable[[Connection], T],
        *,
        durable: bool = True,
        committed: Callable[[Connection], bool] = lambda _: False,
    ) -> T:
        """Runs ``work`` in a writing transaction, again when another writer or a lost connection undid it.

        ``committed``: asked in a new transaction when the connection broke in mid-commit; True when the work is
        stored, False when it shall be done again. Without it a second time must do no harm. Raises the database's
        errors as failures; with ``executed`` when nobody could find out what became of the commit.
        """
        deadline = time.monotonic() + self._patience
        pauses = self._pauses(deadline)
        while True:
            try:
                with self._transaction(durable) as connection:
                    result = work(connection)
            except InDoubt as doubt:
                if self._found(committed, doubt, pauses):
                    return result
            except SQLAlchemyError as error:
                if not (contended(error) or disconnected(error)) or not next(pauses):
                    raise failure_of(error) from error
            else:
                return result

    def _found(self, committed: Callable[[Connection], bool], doubt: InDoubt, pauses: Iterator[bool]) -> bool:
        while next(pauses):
            try:
                with self._transaction(durable=False) as connection:
                    return committed(connection)
            except (SQLAlchemyError, InDoubt):
                continue
        raise failure_of(doubt.error, executed=True) from doubt

    def _pauses(self, deadline: float) -> Iterator[bool]:
        """Waits a growing random time and yields True; yields False once the deadline is over."""
        pause = PAUSE_SECONDS
        while time.monotonic() + pause < deadline:
            time.sleep(random.uniform(pause / 2, pause))  # noqa: S311
            yield True
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        while True:
            yield False

    @contextmanager
    def _transaction(self, durable: bool) -> Iterator[Connection]:
        with self._one_at_a_time(), (self._durable if durable else self._quick).connect() as connection:
            transaction = connection.begin()
            try:
                yield connection
            except BaseException:
                transaction.rollback()
                raise
            try:
                transaction.commit()
            except DBAPIError as error:
                if disconnected(error):
                    raise InDoubt(error) from error
                raise

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        # SQLite has one writer: a second transaction of the same thread would wait for the first one for ever.
        if getattr(self._writing, "now", False):
            raise RuntimeError("this thread is writing already: a store was used inside another store's transaction")
        with self._my_turn():
            self._writing.now = True
            try:
                yield
            finally:
                self._writing.now = False

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=self._patience):
            raise locked()
        try:
            yield
        finally:
            self._turn.release()


def open_database(url: str, *, patience: float = 10.0, **options: Any) -> Database:
    """Opens and tries the database. ``options``: those of ``open_engine``.

    Raises Temporary (unreachable, locked) or NeedsOwner with what to mend.
    """
    engine = open_engine(url, **options)
    database = Database(engine, patience=patience)
    try:
        database.check()
    except BaseException:
        engine.dispose()
        raise
    return database
