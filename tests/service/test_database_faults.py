# SPDX-License-Identifier: GPL-3.0-or-later
"""The database cannot be written: told once and clearly; calls wait in memory and are stored once it can."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pymysql
import pytest

from itgrix_module import surroundings
from tests.fakes.full_disk import full_disk
from tests.fakes.mariadb import MariaDb, mariadb_server
from tests.service.house import House, furnished, house, sandboxes, short, until
from tests.service.outcome import assert_all_whole
from tests.service.telling import assert_said_once, assert_told, assert_told_in_panel, assert_well, warnings

WAITS, AGAIN = "waits:", "it works again"


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another program writes to the database and does not come to an end."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_locked_database(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with house(tmp_path) as here:
        before = here.pbx.begin(short(client="79161110000", talk=3.0))
        until(here.portal.calls)
        with locked(here.service.core.place.home / "itgrix.db"):
            during = here.pbx.begin(short(client="79161110001"))
            assert_told(here, "database", "database_locked", "fuser")
            later = here.ring("outgoing", client="79161110002", extension="102")
            assert_said_once(caplog, WAITS, "locked", "fuser")
        assert_all_whole(here, before.wait(), during.wait(), later)
        assert_well(here, "database", caplog, AGAIN)
        assert len(warnings(caplog)) == 2, warnings(caplog)


def test_disk_without_room_for_the_database(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with house(tmp_path) as here:
        with full_disk(here.service.core.database.engine):
            played = [here.pbx.begin(short(client=f"7916111000{number}")) for number in range(8)]
            assert_told_in_panel(here, "database", "disk_full", "Free some space")
            truths = [call.wait() for call in played]
            assert_said_once(caplog, WAITS, "the disk with the database is full", "Free some space")
        assert_all_whole(here, *truths)
        assert_well(here, "database", caplog, AGAIN)
        assert len(warnings(caplog)) == 2, warnings(caplog)


def test_disk_that_is_nearly_full_is_told_before_anything_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surroundings, "FULL", 1 << 62)
    with house(tmp_path) as here:
        assert_told(here, "disk", "disk_full", "Free space")
        until(lambda: warnings(caplog))
        assert_said_once(caplog, "disk:", "Free space")
        monkeypatch.setattr(surroundings, "FULL", 0)
        monkeypatch.setattr(surroundings, "LOW", 0)
        assert_well(here, "disk", caplog, "disk: well again")


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    with mariadb_server() as made:
        yield made


@contextmanager
def house_on(server: MariaDb, folder: Path, name: str) -> Iterator[House]:
    """A whole installation on MariaDB."""
    with sandboxes(folder) as ends, furnished(folder, *ends, {}, server.create_database(name)) as here:
        here.wait_ready()
        yield here


@contextmanager
def locked_tables(server: MariaDb, database: str) -> Iterator[Callable[[], None]]:
    """A backup that locks the calls; yields what ends it."""
    other = pymysql.connect(host="127.0.0.1", port=server.port, user="root", database=database)
    with closing(other), other.cursor() as cursor:
        cursor.execute("LOCK TABLES itgrix_calls WRITE")

        def unlock() -> None:
            cursor.execute("UNLOCK TABLES")

        yield unlock


@pytest.mark.live
def test_stopped_mariadb(server: MariaDb, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with house_on(server, tmp_path, "itgrix_stopped") as here:
        before = here.pbx.begin(short(client="79161110000", talk=3.0))
        until(here.portal.calls)
        server.stop()
        try:
            during = here.pbx.begin(short(client="79161110001"))
            assert_told_in_panel(here, "database", "database_unreachable", "MariaDB runs")
            later = here.ring("outgoing", client="79161110002", extension="102")
            # A query under way when it stops is told as well: that is how the fault begins.
            assert_said_once(
                caplog, WAITS, "does not answer", "MariaDB runs", also=("database was lost", "Exception during reset")
            )
        finally:
            server.start()
        assert_all_whole(here, before.wait(), during.wait(), later)
        assert_well(here, "database", caplog, AGAIN)


@pytest.mark.live
def test_locked_tables_of_mariadb(server: MariaDb, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with house_on(server, tmp_path, "itgrix_locked") as here, locked_tables(server, "itgrix_locked") as unlock:
        during = here.pbx.begin(short(client="79161110001"))
        assert_told_in_panel(here, "database", "database_lost", "tried again")
        assert_said_once(caplog, WAITS, "tried again")
        unlock()
        assert_all_whole(here, during.wait())
        assert_well(here, "database", caplog, AGAIN)
