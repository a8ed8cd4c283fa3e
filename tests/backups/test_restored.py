# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups restored: on another machine, from another version, over what was there, after a cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from itgrix_module.app import backups as rules
from itgrix_module.core import open_core
from itgrix_module.restoring import restore
from itgrix_module.storage import migrate
from itgrix_module.storage.calls import SqlCallStore
from tests.backups.installations import FURNISHED, NOW, SCRIPT, changed, home, looked, place_of, refused, whole
from tests.fakes.mariadb import MariaDb, mariadb_server
from tests.storage.samples import add_call, step

LIVE = pytest.mark.live


def test_backup_restores_everything_on_another_machine(archive: Path, tmp_path: Path) -> None:
    place = place_of(tmp_path / "new")
    place.prepare()
    found = restore(place, archive, keep_machine=False)
    assert found.counts["itgrix_calls"] == 1
    assert looked(place) == FURNISHED
    script = place.hooks / "post_registration.sh"
    assert (script.read_text(), script.stat().st_mode & 0o777) == (SCRIPT, 0o750)
    assert place.key_file.stat().st_mode & 0o077 == 0


def test_other_machine_keeps_what_describes_it(archive: Path, tmp_path: Path) -> None:
    with home(tmp_path / "new") as new:
        new.core.settings.save({"ami.host": "10.2.2.2", "ami.secret": "other-secret", "dial.timeout": 11})
    restore(place_of(tmp_path / "new"), archive, keep_machine=True)
    assert looked(place_of(tmp_path / "new")) == FURNISHED | {"host": "10.2.2.2", "secret": "other-secret"}


def test_restore_replaces_what_was_there(archive: Path, tmp_path: Path) -> None:
    with home(tmp_path / "new") as new:
        (new.core.place.hooks / "own.php").write_text("<?php")
        add_call(SqlCallStore(new.core.database), "1700000000.9", step())
    restore(place_of(tmp_path / "new"), archive, keep_machine=False)
    assert looked(place_of(tmp_path / "new")) == FURNISHED
    with open_core(place_of(tmp_path / "new")) as core:
        assert core.calls.story("pbx", "1700000000.9") is None


def test_waiting_steps_of_a_backup_are_looked_up_before_they_are_sent_again(archive: Path, tmp_path: Path) -> None:
    place = place_of(tmp_path / "new")
    place.prepare()
    restore(place, archive, keep_machine=False)
    with open_core(place) as core:
        assert {row.unsure for row in core.deliveries.steps("waiting")} == {True}
        assert len(core.outbox.claim("worker", NOW, 60.0, 5)) == 1


def test_running_processes_notice_the_restored_settings(archive: Path, tmp_path: Path) -> None:
    with home(tmp_path / "new") as new:
        for timeout in range(20, 29):
            new.core.settings.save({"dial.timeout": timeout})
        restore(new.core.place, archive, keep_machine=False)
        new.core.settings.poll()
        assert new.core.settings.current["dial.timeout"] == 44


def test_backup_of_an_older_version_is_brought_to_this_one(tmp_path: Path) -> None:
    from alembic import command

    with home(tmp_path / "old") as old:
        old.furnish()
        file = old.backups.make(rules.BY_HAND)
    with changed(file, tmp_path) as parts:
        database = tmp_path / "older.db"
        database.write_bytes(parts[rules.DATABASE])
        with migrate._connected(f"sqlite:///{database}") as connection:
            command.downgrade(migrate._config(connection), "0002")
            connection.commit()
        parts[rules.DATABASE] = whole(database)
    place = place_of(tmp_path / "new")
    place.prepare()
    restore(place, tmp_path / "changed.zip", keep_machine=False)
    assert looked(place) == FURNISHED


def test_backup_of_a_newer_version_is_refused(archive: Path, tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    with changed(archive, tmp_path) as parts:
        database = tmp_path / "newer.db"
        database.write_bytes(parts[rules.DATABASE])
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("UPDATE itgrix_alembic_version SET version_num='9999'")
            connection.commit()
        parts[rules.DATABASE] = whole(database)
    refused(tmp_path, tmp_path / "changed.zip", "backup_newer")


def test_cut_off_between_keys_and_rows_everything_still_opens(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from itgrix_module.storage import copying

    place = place_of(tmp_path / "home")
    with home(tmp_path / "home") as made:
        made.furnish()

    def killed(*_: object) -> dict[str, int]:
        raise KeyboardInterrupt

    monkeypatch.setattr(copying, "load", killed)
    with pytest.raises(KeyboardInterrupt):
        restore(place, archive, keep_machine=False)
    monkeypatch.undo()
    assert looked(place) == FURNISHED
    restore(place, archive, keep_machine=False)
    assert looked(place) == FURNISHED


def test_damaged_database_is_put_aside_for_the_restore(archive: Path, tmp_path: Path) -> None:
    place = place_of(tmp_path / "home")
    with home(tmp_path / "home") as made:
        made.furnish()
    (place.home / "itgrix.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 20_000)
    restore(place, archive, keep_machine=False)
    assert looked(place) == FURNISHED
    assert list(place.home.glob("itgrix.db.*.database_damaged"))


@LIVE
@pytest.mark.parametrize(("source", "target"), [("sqlite", "mariadb"), ("mariadb", "sqlite"), ("mariadb", "mariadb")])
def test_backup_goes_from_one_database_to_the_other(
    make_url: Callable[[str, str], str], tmp_path: Path, source: str, target: str
) -> None:
    with home(tmp_path / "old", make_url(source, "old")) as old:
        old.furnish()
        file = old.backups.make(rules.BY_HAND)
    place = place_of(tmp_path / "new", make_url(target, "new"))
    place.prepare()
    found = restore(place, file, keep_machine=False)
    assert found.database == source
    assert looked(place) == FURNISHED
    with open_core(place) as core:
        add_call(SqlCallStore(core.database), "1700000000.5", step())  # numbers go on behind those restored


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    with mariadb_server() as found:
        yield found


@pytest.fixture
def make_url(server: MariaDb, tmp_path: Path) -> Callable[[str, str], str]:
    return lambda kind, name: (
        server.create_database(f"itgrix_{name}") if kind == "mariadb" else f"sqlite:///{tmp_path / name / 'itgrix.db'}"
    )
