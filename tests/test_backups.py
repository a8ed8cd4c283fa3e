# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups: made, rotated, restored on another machine; archives that are none of ours change nothing."""

from __future__ import annotations

import io
import json
import random
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from itgrix_module import archives
from itgrix_module.app import backups as rules
from itgrix_module.backing import Backups
from itgrix_module.core import Core, open_core
from itgrix_module.domain.failures import Failure, NeedsOwner
from itgrix_module.place import Place
from itgrix_module.restoring import check_file, order_file, restore, restore_if_ordered, result_file
from itgrix_module.storage import migrate
from itgrix_module.storage.calls import SqlCallStore
from tests.storage.samples import add_call, step

NOW = 1_795_260_000.0
SECRET = "the-secret-of-the-manager"
SCRIPT = "#!/bin/sh\nexit 0\n"
LIVE = pytest.mark.live


def place_of(home: Path, url: str = "") -> Place:
    return Place(home, url or f"sqlite:///{home / 'itgrix.db'}")


@cache
def _migrated() -> bytes:
    """An empty database; copying it is quicker than making it for each test."""
    with tempfile.TemporaryDirectory() as folder:
        migrate.upgrade(f"sqlite:///{folder}/empty.db")
        return _whole(Path(folder) / "empty.db")


class Home:
    """An installation with one call, one secret and one customization."""

    def __init__(self, core: Core) -> None:
        self.core, self.now = core, NOW
        self.backups = Backups(
            core.place, core.database, lambda: core.settings.current, lambda: None, "1.0.0", clock=lambda: self.now
        )

    def furnish(self) -> None:
        self.core.settings.save({"ami.secret": SECRET, "ami.host": "10.1.1.1", "dial.timeout": 44})
        script = self.core.place.hooks / "post_registration.sh"
        script.write_text(SCRIPT)
        script.chmod(0o750)
        add_call(SqlCallStore(self.core.database), "1700000000.1", step(), step("finish"))


@contextmanager
def home(folder: Path, url: str = "") -> Iterator[Home]:
    place = place_of(folder, url)
    place.prepare()
    if not url and not (folder / "itgrix.db").exists():
        (folder / "itgrix.db").write_bytes(_migrated())
    with open_core(place) as core:
        made = Home(core)
        yield made
        made.backups.close()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A backup of a furnished home."""
    with home(tmp_path / "old") as old:
        old.furnish()
        return old.backups.make(rules.BY_HAND)


def looked(place: Place) -> dict[str, Any]:
    """What an installation holds."""
    with open_core(place) as core:
        now = core.settings.current
        story = core.calls.story("pbx", "1700000000.1")
        return {
            "secret": now["ami.secret"],
            "host": now["ami.host"],
            "timeout": now["dial.timeout"],
            "scripts": sorted(path.name for path in place.hooks.iterdir()),
            "call": story.item.call.client if story else None,
            "steps": [stored.kind for stored in story.steps] if story else [],
        }


FURNISHED = {
    "secret": SECRET,
    "host": "10.1.1.1",
    "timeout": 44,
    "scripts": ["post_registration.sh"],
    "call": "+74951234567",
    "steps": ["register", "finish"],
}


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


def test_backup_belongs_to_its_owner_alone_and_leaves_nothing_behind(archive: Path) -> None:
    assert archive.stat().st_mode & 0o077 == 0
    assert archive.parent.stat().st_mode & 0o077 == 0
    assert list((archive.parent.parent / "work").iterdir()) == []
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]


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


def test_rotation_keeps_the_newest_of_each_kind(tmp_path: Path) -> None:
    with home(tmp_path / "home") as made:
        made.core.settings.save({"backups.keep": 2})
        for _ in range(4):
            made.now += 86_400
            made.backups.make(rules.DAILY)
        made.now += 60
        made.backups.make(rules.BY_HAND)
        assert [backup.kind for backup in made.backups.all()] == ["manual", "daily", "daily"]


def test_daily_backup_comes_once_after_its_hour(tmp_path: Path) -> None:
    with home(tmp_path / "home") as made:
        made.core.settings.save({"panel.time_zone": "UTC", "backups.hour": 3})
        made.core.place.key_file.touch()
        moments = []
        made.now = max(NOW, made.core.place.key_file.stat().st_mtime)
        for _ in range(60):
            made.now += 3600.0
            made.backups.daily()
            moments.append(len(made.backups.all()))
        assert moments[-1] in (2, 3)


@pytest.mark.parametrize(
    ("now", "last", "due"),
    [
        ("2026-11-21T02:59:00", "2026-11-20T03:00:10", False),
        ("2026-11-21T03:00:00", "2026-11-20T03:00:10", True),
        ("2026-11-21T09:00:00", "2026-11-21T03:00:10", False),
        ("2026-11-25T01:00:00", "2026-11-20T03:00:10", True),
    ],
)
def test_backup_is_due_when_its_hour_has_passed(now: str, last: str, due: bool) -> None:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Europe/Moscow")
    at, before = (datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() for text in (now, last))
    assert rules.is_due(at, before, 3, zone) is due


def test_too_little_room_is_said_and_tried_again_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from itgrix_module import backing

    with home(tmp_path / "home") as made:
        monkeypatch.setattr(backing, "RESERVE", 2**60)
        with pytest.raises(NeedsOwner, match="too little room"):
            made.backups.make(rules.BY_HAND)
        assert made.backups.state().failure
        monkeypatch.undo()
        made.backups.make(rules.BY_HAND)
        assert not made.backups.state().failure


# -- older and newer versions


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
        parts[rules.DATABASE] = _whole(database)
    place = place_of(tmp_path / "new")
    place.prepare()
    restore(place, tmp_path / "changed.zip", keep_machine=False)
    assert looked(place) == FURNISHED


def _whole(database: Path) -> bytes:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return database.read_bytes()


def test_backup_of_a_newer_version_is_refused(archive: Path, tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    with changed(archive, tmp_path) as parts:
        database = tmp_path / "newer.db"
        database.write_bytes(parts[rules.DATABASE])
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("UPDATE itgrix_alembic_version SET version_num='9999'")
            connection.commit()
        parts[rules.DATABASE] = _whole(database)
    refused(tmp_path, tmp_path / "changed.zip", "backup_newer")


def test_backup_with_another_key_is_refused(archive: Path, tmp_path: Path) -> None:
    from cryptography.fernet import Fernet

    with changed(archive, tmp_path) as parts:
        parts[rules.KEY] = Fernet.generate_key() + b"\n"
    refused(tmp_path, tmp_path / "changed.zip", "backup_broken")


@pytest.mark.parametrize("statement", ["CREATE TRIGGER t AFTER INSERT ON itgrix_calls BEGIN SELECT 1; END",
                                       "CREATE VIEW v AS SELECT 1"])  # fmt: skip
def test_database_that_would_do_something_by_itself_is_refused(archive: Path, tmp_path: Path, statement: str) -> None:
    import sqlite3
    from contextlib import closing

    with changed(archive, tmp_path) as parts:
        database = tmp_path / "trap.db"
        database.write_bytes(parts[rules.DATABASE])
        with closing(sqlite3.connect(database)) as connection:
            connection.execute(statement)
            connection.commit()
        parts[rules.DATABASE] = _whole(database)
    refused(tmp_path, tmp_path / "changed.zip", "backup_broken")


# -- hostile archives


@contextmanager
def changed(archive: Path, folder: Path) -> Iterator[dict[str, bytes]]:
    """Change the files of an archive; its list fits them again afterwards. Written to ``changed.zip``."""
    with zipfile.ZipFile(archive) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    listed = json.loads(parts.pop(rules.MANIFEST))
    yield parts
    for name, content in parts.items():
        (folder / "part").write_bytes(content)
        made = archives.member_of(folder / "part")
        old = listed["members"].get(name, {"mode": 0o600})
        listed["members"][name] = {"size": made.size, "sha256": made.sha256, "mode": old["mode"]}
    with zipfile.ZipFile(folder / "changed.zip", "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in ((rules.MANIFEST, json.dumps(listed).encode()), *parts.items()):
            target.writestr(name, content)


def refused(folder: Path, file: Path, code: str = "") -> None:
    """A restore of this file fails and changes nothing."""
    with home(folder / "kept") as kept:
        kept.furnish()
    place = place_of(folder / "kept")
    with pytest.raises(Failure) as raised:
        restore(place, file, keep_machine=False)
    assert not code or raised.value.code == code
    assert looked(place) == FURNISHED
    assert list(place.work.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    ["hooks/../../escape", "hooks/a/b", "../escape", "/etc/passwd", "hooks/.hidden", "hooks/", "other", "hooks/\n",
     "secret.key/x", "hooks\\..\\x", "hooks/" + "x" * 300],
)  # fmt: skip
def test_path_tricks_are_refused(archive: Path, tmp_path: Path, name: str) -> None:
    with changed(archive, tmp_path) as parts:
        parts[name] = b"x"
    refused(tmp_path, tmp_path / "changed.zip", "backup_broken")
    assert not (tmp_path / "escape").exists()


def test_bomb_is_refused_before_it_is_unpacked(archive: Path, tmp_path: Path) -> None:
    with changed(archive, tmp_path) as parts:
        parts[rules.DATABASE] = b"\0" * 300_000_000
    refused(tmp_path, tmp_path / "changed.zip", "backup_broken")


def test_more_than_the_disk_holds_is_refused(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(NeedsOwner, match="no room"):
        archives.unpack(archive, tmp_path, 1000)


def test_file_that_lies_about_its_size_is_refused(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    listed = json.loads(parts[rules.MANIFEST])
    listed["members"][rules.KEY]["size"] += 1
    parts[rules.MANIFEST] = json.dumps(listed).encode()
    with zipfile.ZipFile(tmp_path / "lie.zip", "w") as target:
        for name, content in parts.items():
            target.writestr(name, content)
    refused(tmp_path, tmp_path / "lie.zip", "backup_broken")


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"PK\x03\x04", b"\x1f\x8b\x08" * 100, b"SQLite format 3\0" + b"\0" * 5000, b"PK\x05\x06" + b"\0" * 18],
)
def test_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "none.zip").write_bytes(content)
    refused(tmp_path, tmp_path / "none.zip", "backup_broken")


@pytest.mark.parametrize(
    "listed",
    ["[]", "null", "{}", '{"format": 1}', '{"format": "1"}', "{" * 5000, '{"format": 1, "members": []}', "\xff",
     json.dumps({"format": 1, "members": {"itgrix.db": {"size": -1, "sha256": "0" * 64, "mode": 0}}}),
     '{"format":1,"members":{"itgrix.db":null}}', '{"format": 1e400}'],
)  # fmt: skip
def test_damaged_list_of_contents_is_refused(tmp_path: Path, listed: str) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as target:
        target.writestr(rules.MANIFEST, listed)
    refused(tmp_path, tmp_path / "bad.zip", "backup_broken")


def test_list_of_a_newer_format_is_refused(archive: Path) -> None:
    with pytest.raises(Failure, match="newer version"):
        rules.manifest_of(b'{"format": 2}')


def test_damage_anywhere_is_noticed_or_does_no_harm(archive: Path, tmp_path: Path) -> None:
    """Whatever is changed in the file: it is refused with a failure, or what it holds is the same to the letter."""
    good, chance = archive.read_bytes(), random.Random(7)
    place = place_of(tmp_path / "new")
    place.prepare()
    refusals = 0
    for number in range(150):
        bad = _damaged(good, chance)
        file = tmp_path / "bad.zip"
        file.write_bytes(bad)
        code, found = _checked(place, file)
        refusals += bool(code)
        assert code in ("", "backup_broken", "backup_newer"), number
        assert found in (None, archives.manifest(archive)), number
    assert refusals > 100
    assert list(place.work.iterdir()) == []


def _checked(place: Place, file: Path) -> tuple[str, rules.Manifest | None]:
    try:
        return "", check_file(place, file)
    except Failure as failure:
        return failure.code, None


def _damaged(good: bytes, chance: random.Random) -> bytes:
    content = bytearray(good)
    way = chance.randrange(4)
    at = chance.randrange(len(content))
    if way == 0:
        return bytes(content[:at])
    if way == 1:
        content[at : at + chance.randrange(1, 40)] = chance.randbytes(chance.randrange(1, 40))
    elif way == 2:
        content[at] ^= 1 << chance.randrange(8)
    else:
        tail = len(content) - chance.randrange(1, 400)
        content[tail] ^= 1 << chance.randrange(8)
    return bytes(content)


# -- taking in and ordering


def test_archive_from_elsewhere_is_kept_only_when_it_is_good(archive: Path, tmp_path: Path) -> None:
    with home(tmp_path / "new") as new:
        name = new.backups.take_in(io.BytesIO(archive.read_bytes()))
        assert new.backups.expected(name).read_bytes() == archive.read_bytes()
        with pytest.raises(Failure):
            new.backups.take_in(io.BytesIO(b"no backup"))
        assert [backup.name for backup in new.backups.all()] == [name]
        assert [path.name for path in new.backups.expected(name).parent.iterdir()] == [name]


@pytest.mark.parametrize("name", ["../secret.key", "/etc/passwd", "itgrix.db", "", ".", "itgrix-1-daily.zip\0",
                                  "itgrix-20261121-030000-daily.zip/../../secret.key"])  # fmt: skip
def test_names_lead_nowhere_else(tmp_path: Path, name: str) -> None:
    with home(tmp_path / "home") as made:
        made.furnish()
        made.backups.make(rules.BY_HAND)
        assert made.backups.file(name) is None
        assert not made.backups.remove(name)


def test_ordered_restore_is_done_at_the_next_start_and_saves_what_was_there(archive: Path, tmp_path: Path) -> None:
    with home(tmp_path / "new") as new:
        new.core.settings.save({"dial.timeout": 11})
        name = new.backups.take_in(io.BytesIO(archive.read_bytes()))
        new.now += 60
        new.backups.order(name, keep_machine=False, who="anna")
        assert [backup.kind for backup in new.backups.all()] == ["before-restore", "uploaded"]
    place = place_of(tmp_path / "new")
    restore_if_ordered(place)
    assert looked(place) == FURNISHED
    assert not order_file(place).exists()
    assert json.loads(result_file(place).read_text())["failure"] == ""
    restore_if_ordered(place)
    assert looked(place) == FURNISHED


def test_ordered_restore_that_fails_leaves_the_data_and_says_why(tmp_path: Path) -> None:
    with home(tmp_path / "home") as made:
        made.furnish()
        file = made.backups.make(rules.BY_HAND)
        made.backups.order(file.name, keep_machine=False, who="anna")
        file.write_bytes(b"damaged since")
    place = place_of(tmp_path / "home")
    restore_if_ordered(place)
    assert looked(place) == FURNISHED
    with home(tmp_path / "home") as made:
        assert "damaged" in made.backups.state().restore


def test_restore_that_kills_the_process_again_and_again_is_given_up(archive: Path, tmp_path: Path) -> None:
    place = place_of(tmp_path / "home")
    with home(tmp_path / "home") as made:
        made.furnish()
    order_file(place).write_text(json.dumps({"file": archive.name, "attempts": 3}))
    restore_if_ordered(place)
    assert not order_file(place).exists()
    assert "cut off" in json.loads(result_file(place).read_text())["failure"]


@pytest.mark.parametrize("order", ["", "null", "[]", '{"file": 5}', '{"file": "../../etc/passwd"}', "{"])
def test_order_that_is_none_does_not_keep_the_service_from_starting(tmp_path: Path, order: str) -> None:
    place = place_of(tmp_path / "home")
    with home(tmp_path / "home") as made:
        made.furnish()
    order_file(place).write_text(order)
    restore_if_ordered(place)
    assert looked(place) == FURNISHED
    assert not order_file(place).exists()


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


@pytest.fixture
def make_url(tmp_path: Path) -> Iterator[Callable[[str, str], str]]:
    from tests.fakes.mariadb import mariadb_server

    with mariadb_server() as server:
        yield (
            lambda kind, name: (
                server.create_database(f"itgrix_{name}")
                if kind == "mariadb"
                else f"sqlite:///{tmp_path / name / 'itgrix.db'}"
            )
        )
