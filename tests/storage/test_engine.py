# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening the database, and what is said when that or a transaction cannot be done."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event, text

from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.engine import Database, open_database, open_engine
from itgrix_module.storage.stores import open_stores
from tests.fakes.mariadb import MariaDb
from tests.storage.samples import NODE, add_call, step


def failure_of_opening(url: str) -> Failure:
    with pytest.raises(Failure) as failed, closing(open_database(url)):
        pass
    return failed.value


@pytest.mark.parametrize(
    "url",
    [
        "",
        "not an address",
        "postgresql://localhost/itgrix",
        "mysql+mysqldb://u:p@h/d",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory",
        "mysql+pymysql://user:hunter2@localhost",
        "mysql+pymysql:///itgrix",
    ],
)
def test_address_that_cannot_work_is_refused_with_an_example(url: str) -> None:
    failure = failure_of_opening(url)
    assert (type(failure), failure.code) == (NeedsOwner, "database_url")
    assert "sqlite:////" in failure.hint
    assert "hunter2" not in f"{failure}{failure.hint}"


def test_missing_folder_is_named(tmp_path: Path) -> None:
    failure = failure_of_opening(f"sqlite:///{tmp_path}/no/such/itgrix.db")
    assert (type(failure), failure.code) == (NeedsOwner, "folder_missing")
    assert str(tmp_path / "no/such") in failure.hint


def test_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    assert failure_of_opening(f"sqlite:///{tmp_path}").code == "database_url"


def test_file_that_is_no_database_is_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "itgrix.db").write_bytes(b"this is a letter to my aunt\n" * 200)
    failure = failure_of_opening(f"sqlite:///{tmp_path}/itgrix.db")
    assert (type(failure), failure.code) == (NeedsOwner, "database_damaged")
    assert "restore" in failure.hint


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may enter."""
    with tempfile.TemporaryDirectory(prefix="itgrix-open-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def code_when_nobody_opens(url: str) -> str:
    """Root may write everything, so another user tries."""
    program = (
        "import os, sys\n"
        "from sqlalchemy.dialects.sqlite import pysqlite\n"
        "from itgrix_module.storage.engine import open_database\n"
        "from itgrix_module.domain.failures import Failure\n"
        "if os.geteuid() == 0:\n    os.setgid(65534)\n    os.setuid(65534)\n"
        "try:\n    open_database(sys.argv[1])\n"
        "except Failure as failure:\n    print(failure.code)\n"
    )
    command = [sys.executable, "-c", program, url]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_file_of_another_user_is_told_as_not_writable(open_folder: Path) -> None:
    open_database(f"sqlite:///{open_folder}/itgrix.db").close()
    open_folder.chmod(0o777)
    (open_folder / "itgrix.db").chmod(0o444)
    assert code_when_nobody_opens(f"sqlite:///{open_folder}/itgrix.db") == "database_read_only"


def test_folder_of_another_user_is_told_as_not_writable(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    assert code_when_nobody_opens(f"sqlite:///{open_folder}/itgrix.db") == "database_read_only"


def test_only_the_owner_may_read_the_file(sqlite_tables_url: str, tmp_path: Path) -> None:
    with open_stores(sqlite_tables_url, tmp_path / "key", lambda _: False) as stores:
        add_call(stores.calls, "1.1", step())
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("itgrix.db", "itgrix.db-wal", "itgrix.db-shm", "key"), 0o600)


@pytest.fixture
def impatient(sqlite_tables_url: str) -> Iterator[Database]:
    database = open_database(sqlite_tables_url, busy_seconds=0.1, patience=0.1)
    with closing(database):
        yield database


def test_locked_database_is_told_and_calls_wait_until_it_is_free(impatient: Database) -> None:
    store = SqlCallStore(impatient)
    with closing(sqlite3.connect(str(impatient.engine.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Temporary) as locked:
            add_call(store, "1.1", step())
        assert store.live_calls(NODE) == []
        other.execute("COMMIT")
    assert (locked.value.code, locked.value.executed) == ("database_locked", False)
    assert "locked" in str(locked.value)
    assert "backup" in locked.value.hint
    add_call(store, "1.1", step())
    assert len(store.live_calls(NODE)) == 1


def test_thread_whose_turn_does_not_come_is_told_so(impatient: Database) -> None:
    store = SqlCallStore(impatient)
    told: list[str] = []

    def track() -> None:
        try:
            add_call(store, "1.1", step())
        except Temporary as failure:
            told.append(failure.code)

    thread = threading.Thread(target=track)
    with impatient.begin():
        thread.start()
        thread.join(30)
    assert told == ["database_locked"]
    add_call(store, "1.1", step())


def test_full_disk_is_told_and_calls_wait_until_there_is_room(sqlite_tables_url: str) -> None:
    engine = open_engine(sqlite_tables_url)
    room = ["PRAGMA max_page_count=1"]  # less than there is: nothing more
    event.listen(engine, "checkout", lambda connection, *_: connection.execute(room[0]))
    with closing(Database(engine)) as database:
        store = SqlCallStore(database)
        with pytest.raises(NeedsOwner) as full:
            add_call(store, "1.1", step(payload={"much": "x" * 500_000}))
        assert (full.value.code, full.value.executed) == ("disk_full", False)
        assert store.live_calls(NODE) == []
        room[0] = "PRAGMA max_page_count=1000000"
        add_call(store, "1.1", step(payload={"much": "x" * 500_000}))
        assert len(store.live_calls(NODE)) == 1


def test_tables_that_are_missing_ask_for_the_migration(url: str) -> None:
    with closing(open_database(url)) as database, pytest.raises(NeedsOwner) as missing:
        SqlCallStore(database).live_calls(NODE)
    assert missing.value.code == "database_schema"
    assert "itgrix migrate" in missing.value.hint


def test_store_used_inside_the_transaction_of_another_is_a_programming_error(sqlite_tables_url: str) -> None:
    with closing(open_database(sqlite_tables_url)) as database:
        with database.begin(), pytest.raises(RuntimeError, match="another store"):
            add_call(SqlCallStore(database), "1.1")
        add_call(SqlCallStore(database), "1.1")  # and all is well afterwards


def test_reader_sees_one_state_while_a_writer_commits(tables_url: str) -> None:
    with closing(open_database(tables_url)) as database:
        store = SqlCallStore(database)
        with database.read() as connection:
            count = text("SELECT COUNT(*) FROM itgrix_calls")
            assert connection.scalar(count) == 0
            add_call(store, "1.1")
            if database.is_sqlite:
                assert connection.scalar(count) == 0
        assert len(store.live_calls(NODE)) == 1


def test_data_that_the_database_refuses_are_permanent(stores_database: Database) -> None:
    with pytest.raises(Permanent) as refused, stores_database.begin() as connection:
        connection.execute(text("INSERT INTO itgrix_timeline (call_id, data) VALUES (404, '{}')"))
    assert refused.value.code == "database_data"


@pytest.fixture
def stores_database(tables_url: str) -> Iterator[Database]:
    with closing(open_database(tables_url)) as database:
        yield database


def test_address_is_shown_without_the_password() -> None:
    engine = open_engine("mysql://user:hunter2@pbx.example:3307/itgrix")
    assert Database(engine).address == "mysql+pymysql://user:***@pbx.example:3307/itgrix?charset=utf8mb4"


@pytest.mark.live
def test_wrong_password_is_told_and_the_password_is_not(mariadb: MariaDb) -> None:
    mariadb.create_database("itgrix_empty")
    mariadb.execute("CREATE OR REPLACE USER 'ivan'@'127.0.0.1' IDENTIFIED BY 'right'")
    failure = failure_of_opening(mariadb.url("itgrix_empty", "ivan", "hunter2"))
    assert (type(failure), failure.code) == (NeedsOwner, "database_access_denied")
    assert "ivan" in str(failure)
    assert "hunter2" not in f"{failure}{failure.hint}"


@pytest.mark.live
def test_database_without_rights_is_told(mariadb: MariaDb) -> None:
    mariadb.create_database("itgrix_empty")
    mariadb.execute("CREATE OR REPLACE USER 'ivan'@'127.0.0.1' IDENTIFIED BY 'right'")
    assert failure_of_opening(mariadb.url("itgrix_empty", "ivan", "right")).code == "database_rights"


@pytest.mark.live
def test_unknown_database_is_told(mariadb: MariaDb) -> None:
    failure = failure_of_opening(mariadb.url("no_such"))
    assert (type(failure), failure.code) == (NeedsOwner, "database_unknown")
    assert "CREATE DATABASE" in failure.hint


def test_server_that_does_not_answer_is_told(closed_port: int) -> None:
    failure = failure_of_opening(f"mysql+pymysql://root@127.0.0.1:{closed_port}/itgrix")
    assert (type(failure), failure.code) == (Temporary, "database_unreachable")


@pytest.mark.live
def test_read_only_server_is_told_and_calls_wait(mariadb: MariaDb, mariadb_tables_url: str) -> None:
    mariadb.execute("CREATE OR REPLACE USER 'plain'@'127.0.0.1'", "GRANT ALL ON itgrix_tables.* TO 'plain'@'127.0.0.1'")
    with closing(open_database(mariadb.url("itgrix_tables", "plain"))) as database:
        store = SqlCallStore(database)
        mariadb.execute("SET GLOBAL read_only=1")
        try:
            with pytest.raises(NeedsOwner) as refused:
                add_call(store, "1.1", step())
        finally:
            mariadb.execute("SET GLOBAL read_only=0")
        assert refused.value.code == "database_read_only"
        add_call(store, "1.1", step())
        assert len(store.live_calls(NODE)) == 1


@pytest.mark.live
def test_connections_that_the_server_closed_are_replaced_unseen(mariadb: MariaDb, mariadb_tables_url: str) -> None:
    with closing(open_database(mariadb_tables_url)) as database:
        store = SqlCallStore(database)
        add_call(store, "1.1", step())
        mariadb.stop()
        mariadb.start()
        add_call(store, "2.2", step())
        assert len(store.live_calls(NODE)) == 2
