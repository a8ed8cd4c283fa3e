# SPDX-License-Identifier: GPL-3.0-or-later
"""install.py and uninstall.py: fresh, again, upgraded, cut off at every step, refused, removed."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.module.installation import ROOT, Installation, set_version

FACTS = {
    "ami": {"host": "127.0.0.1", "port": 5039, "username": "itgrix", "secret": "s3cret"},
    "recordings": "/srv/monitor",
    "cdr": {"host": "localhost", "user": "u", "password": "p@ss/ö", "name": "asteriskcdrdb"},
}
STEPS = 9
# Each of them installs, some of them several times: half a minute for what the quick suite does in a second.
slow = pytest.mark.live
pytestmark = pytest.mark.timeout(300)  # on a machine that does much else as well


def ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@slow
def test_fresh_installation_runs_and_tells_each_step(place: Installation) -> None:
    said = ok(place.install(**FACTS))
    assert [f"[{number}/{STEPS}]" in said for number in range(1, STEPS + 1)] == [True] * STEPS
    assert place.status["answers"] is True
    assert place.itgrix("--version") == f"itgrix, version {place.record['version']}\n"
    assert (place.setting("ami.port"), place.setting("recordings.directory")) == (5039, "/srv/monitor")
    assert place.setting("cdr.url") == "mysql+pymysql://u:p%40ss%2F%C3%B6@localhost/asteriskcdrdb"
    assert (place.home / "examples" / "need_registration.py").exists()


@slow
def test_secrets_are_for_the_owner_alone(place: Installation) -> None:
    ok(place.install(**FACTS))
    for name in ("gate.key", "secret.key", "itgrix.db"):
        assert stat.S_IMODE((place.home / name).stat().st_mode) == 0o600, name
    texts = [path.read_bytes() for path in place.home.glob("*") if path.is_file()]
    assert not any(b"s3cret" in text for text in texts)


@slow
def test_again_changes_nothing(place: Installation) -> None:
    ok(place.install(**FACTS))
    key = (place.home / "gate.key").read_text()
    place.itgrix("settings", "set", "recordings.directory", "/mine")
    said = ok(place.install(**FACTS))
    assert "unchanged: py3" in said
    assert "up to date" in said
    assert "set: -" in said
    assert (place.home / "gate.key").read_text() == key
    assert place.setting("recordings.directory") == "/mine"
    assert len(list((place.home / "packages").iterdir())) == 1


@slow
def test_a_new_password_of_the_pbx_is_followed(place: Installation) -> None:
    ok(place.install(**FACTS))
    changed = {"ami": {**FACTS["ami"], "secret": "new"}, "cdr": {**FACTS["cdr"], "password": "new"}}  # type: ignore[dict-item]
    assert "set: ami.secret, cdr.url" in ok(place.install(**{**FACTS, **changed}))
    assert place.setting("ami.secret") == "new"


@slow
def test_another_manager_user_chosen_by_hand_is_left_alone(place: Installation) -> None:
    ok(place.install(**FACTS))
    place.itgrix("settings", "set", "ami.username", "mine")
    place.itgrix("settings", "set", "ami.secret", "of mine")
    ok(place.install(**{**FACTS, "ami": {**FACTS["ami"], "secret": "new"}}))  # type: ignore[dict-item]
    assert place.setting("ami.secret") == "of mine"


@slow
def test_upgrade_keeps_settings_and_environment_and_starts_the_new_version(place: Installation) -> None:
    ok(place.install(**FACTS))
    place.itgrix("settings", "set", "dial.prefix", "9")
    set_version(place.tree, "1.0.1")
    said = ok(place.install(**FACTS))
    assert "unchanged: py3" in said
    assert place.itgrix("--version") == "itgrix, version 1.0.1\n"
    assert place.setting("dial.prefix") == "9"
    assert place.status["answers"] is True
    assert len(list((place.home / "packages").iterdir())) == 2  # the one before is kept


@slow
def test_downgrade_is_refused_and_what_runs_goes_on(place: Installation) -> None:
    set_version(place.tree, "1.2.0")
    ok(place.install())
    set_version(place.tree, "1.1.9")
    done = place.install()
    assert done.returncode == 1
    assert "Version 1.2.0 is installed, this is the older 1.1.9" in done.stdout
    assert place.status["answers"] is True
    assert place.itgrix("--version") == "itgrix, version 1.2.0\n"


@slow
def test_a_version_that_does_not_start_is_taken_back(place: Installation) -> None:
    ok(place.install(**FACTS))
    before = place.record
    set_version(place.tree, "1.1.0")
    (place.tree / "itgrix_module" / "commands" / "run.py").write_text("raise SystemExit('broken release')\n")
    done = place.install(**FACTS)
    assert done.returncode == 1
    assert "Going back to version" in done.stdout
    assert place.status["answers"] is True
    assert place.record["package"] == before["package"]
    assert (place.home / "current").resolve().name == before["package"]


@slow
def test_a_migration_that_fails_leaves_the_tables_as_they_were(place: Installation) -> None:
    ok(place.install(**FACTS))
    place.itgrix("settings", "set", "dial.prefix", "9")
    set_version(place.tree, "1.1.0")
    versions = place.tree / "migrations" / "versions"
    last = sorted(versions.glob("0*.py"))[-1].stem.partition("_")[0]
    (versions / "9999_broken.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision, down_revision = '9999', '{last}'\n"
        "def upgrade():\n    op.execute('DROP TABLE itgrix_settings')\n    raise RuntimeError('half-way')\n"
        "def downgrade():\n    pass\n"
    )
    done = place.install(**FACTS)
    assert done.returncode == 1
    assert "half-way" in done.stdout
    assert place.setting("dial.prefix") == "9"
    assert place.status["answers"] is True


@slow
def test_an_upgrade_that_was_killed_in_its_migration_begins_again(place: Installation) -> None:
    ok(place.install(**FACTS))
    place.itgrix("settings", "set", "dial.prefix", "9")
    place.control("stop")
    snapshot = place.home / "backups" / "before-1.snapshot"
    source = sqlite3.connect(place.home / "itgrix.db")
    target = sqlite3.connect(snapshot)
    source.backup(target)
    target.close()
    source.execute("DELETE FROM itgrix_settings")
    source.commit()
    source.close()
    (place.home / "installed.json").write_text(json.dumps({**place.record, "snapshot": str(snapshot)}))
    assert "an upgrade was cut off" in ok(place.install(**FACTS))
    assert place.setting("dial.prefix") == "9"
    assert place.record["snapshot"] == ""


CUT = """
import os, sys
sys.path.insert(0, sys.argv[1]); del sys.argv[1]
from installer import main
at = int(sys.argv.pop(1))
def steps(self, known=main.Installation.steps.fget):
    listed = list(known(self))
    title, work = listed[at]
    def cut():
        work()
        os._exit(77)
    listed[at] = (title, cut)
    return tuple(listed)
main.Installation.steps = property(steps)
sys.exit(main.main(sys.argv[1:]))
"""


@slow
@pytest.mark.parametrize("at", range(STEPS))
def test_a_run_that_is_killed_after_any_step_is_finished_by_the_next(place: Installation, at: int) -> None:
    """The first installation, then an upgrade."""
    assert_finished(place, at)
    place.itgrix("settings", "set", "dial.prefix", "9")
    set_version(place.tree, "1.0.1")
    assert_finished(place, at)
    assert place.setting("dial.prefix") == "9"
    assert place.itgrix("--version") == "itgrix, version 1.0.1\n"


def assert_finished(place: Installation, at: int) -> None:
    words = ["--home", str(place.home), "--bind", f"127.0.0.1:{place.port}", "--facts", "-"]
    owner = ["--owner", "root"] if os.geteuid() == 0 else []
    command = [sys.executable, "-B", "-c", CUT, str(place.tree), str(at), *words, *owner]
    killed = subprocess.run(command, input=json.dumps(FACTS), capture_output=True, text=True, check=False, timeout=240)
    assert killed.returncode == 77, killed.stdout + killed.stderr
    ok(place.install(**FACTS))
    assert place.status["answers"] is True
    assert place.setting("ami.secret") == "s3cret"


@slow
def test_a_service_that_somebody_stopped_stays_stopped_over_an_upgrade(place: Installation) -> None:
    ok(place.install())
    place.control("stop")
    set_version(place.tree, "1.0.1")
    assert "left stopped" in ok(place.install())
    assert place.control("watch").stdout == "nothing\n"
    assert place.status["running"] is False
    assert place.control("start").returncode == 0


@slow
def test_the_watch_starts_a_service_that_died(place: Installation) -> None:
    ok(place.install())
    pid = int((place.home / "itgrix.pid").read_text())
    assert place.control("watch").stdout == "nothing\n"
    place.control("stop")
    (place.home / "stopped").unlink()
    assert place.control("watch").stdout == "started\n"
    assert place.control("start").returncode == 0
    assert int((place.home / "itgrix.pid").read_text()) != pid


@slow
def test_a_taken_address_is_told_with_the_log(place: Installation) -> None:
    import socket

    with socket.create_server(("127.0.0.1", place.port)):
        done = place.install()
    assert done.returncode == 1
    assert "cannot be used: Address already in use" in done.stdout
    assert "itgrix.log" in done.stdout


@slow
def test_uninstall_keeps_data_and_a_new_installation_finds_them(place: Installation) -> None:
    ok(place.install(**FACTS))
    place.itgrix("settings", "set", "dial.prefix", "9")
    said = ok(place.uninstall())
    assert "Kept in" in said
    # Whoever removed the module in the PBX's GUI stands in no folder of ours: the command must be whole.
    assert re.search(r"python3 (/\S+/uninstall\.py) --purge", said)
    left = {path.name for path in place.home.iterdir()}
    assert left == {
        *("backups", "gate.key", "hooks", "itgrix.db", "log", "secret.key", "service.json", "session.key"),
    }


@slow
def test_uninstall_with_purge_leaves_nothing(place: Installation) -> None:
    ok(place.install(**FACTS))
    assert "nothing is left" in ok(place.uninstall("--purge"))
    assert not place.home.exists()
    assert "nothing is left" in ok(place.uninstall("--purge"))


@slow
def test_uninstall_before_a_restore_keeps_the_programs(place: Installation) -> None:
    ok(place.install(**FACTS))
    ok(place.uninstall("--keep-programs"))
    assert place.status["running"] is False
    assert "unchanged: py3" in ok(place.install(**FACTS))
    assert place.status["answers"] is True


def test_uninstall_refuses_a_folder_that_is_no_installation(place: Installation, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "precious").write_text("x")
    done = Installation(tmp_path / "other", place.tree, 0).uninstall("--purge")
    assert done.returncode == 1
    assert (tmp_path / "other" / "precious").exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--unit", "a/b"], "not usable for a systemd unit"),
        (["--bind", "here"], "no address such as"),
        (["--facts", "file"], "--facts takes - only"),
        (["--owner", "nobody-of-that-name"], "There is no user or group"),
        (["--database", "mysql+pymysql://x:y@127.0.0.1:1/z"], "The database cannot be used"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_reason(place: Installation, words: list[str], reason: str) -> None:
    owner = ["--owner", "root"] if os.geteuid() == 0 and "--owner" not in words else []
    done = place.run("install.py", *owner, *words)
    assert done.returncode == 1
    assert reason in done.stdout


def test_a_python_that_is_too_old_is_refused_in_both_languages(place: Installation, tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nprintf '3 6'\n")
    old.chmod(0o755)
    done = place.run("install.py", ITGRIX_PYTHON=str(old))
    assert done.returncode == 3
    assert "this machine has only Python 3.6" in done.stdout
    assert "Ничего не изменено" in done.stdout


def test_install_py_is_readable_for_old_pythons() -> None:
    """No syntax that Python 3.4 lacks: it must be able to say that it is too old."""
    import ast

    for name in ("install.py", "uninstall.py"):
        ast.parse((ROOT / name).read_text(encoding="utf-8"), feature_version=(3, 4))


@slow
def test_a_refusing_mariadb_means_sqlite(place: Installation) -> None:
    facts = {**FACTS, "database": {"host": "127.0.0.1", "port": 1, "user": "x", "password": "y", "name": "asterisk"}}
    said = ok(place.install(**facts))
    assert "the PBX's MariaDB refuses" in said
    assert "SQLite in" in said
    assert not (place.home / "database.url").exists()
