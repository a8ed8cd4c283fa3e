# SPDX-License-Identifier: GPL-3.0-or-later
"""install.py: fresh, again, upgraded, refused, and what an upgrade that fails leaves.

The first installation from nothing is done once; what is about an installation that is there begins with its copy.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import stat
from pathlib import Path

import pytest

from tests.module.installation import FACTS, ROOT, First, Installation, ok, set_version

STEPS = 9
# Each of them installs: seconds for what the quick suite does in one.
slow = pytest.mark.live
pytestmark = pytest.mark.timeout(300)  # on a machine that does much else as well


@slow
def test_fresh_installation_runs_and_tells_each_step(first: First, installed: Installation) -> None:
    assert [f"[{number}/{STEPS}]" in first.said for number in range(1, STEPS + 1)] == [True] * STEPS
    assert first.status["answers"] is True
    assert first.version == f"itgrix, version {installed.record['version']}\n"
    assert (first.settings["ami.port"], first.settings["recordings.directory"]) == (5039, "/srv/monitor")
    assert first.settings["cdr.url"] == "mysql+pymysql://u:p%40ss%2F%C3%B6@localhost/asteriskcdrdb"
    assert (installed.home / "examples" / "need_registration.py").exists()


@slow
def test_secrets_are_for_the_owner_alone(installed: Installation) -> None:
    for name in ("gate.key", "secret.key", "itgrix.db"):
        assert stat.S_IMODE((installed.home / name).stat().st_mode) == 0o600, name
    texts = [path.read_bytes() for path in installed.home.glob("*") if path.is_file()]
    assert not any(b"s3cret" in text for text in texts)


@slow
def test_again_changes_nothing_and_an_older_version_is_refused(running: Installation) -> None:
    before = {name: (running.home / name).read_text() for name in ("gate.key", "itgrix.pid", "installed.json")}
    running.set("recordings.directory", "/mine")
    said = ok(running.install(**FACTS))
    before |= {"service.json": (running.home / "service.json").read_text()}
    assert "unchanged: py3" in said
    assert "up to date" in said
    assert "set: -" in said
    installed = running.record["version"]
    set_version(running.tree, "0.9.9")
    done = running.install()
    assert done.returncode == 1
    assert f"Version {installed} is installed, this is the older 0.9.9" in done.stdout
    assert {name: (running.home / name).read_text() for name in before} == before
    assert running.setting("recordings.directory") == "/mine"
    assert [path.name for path in (running.home / "packages").iterdir()] == [running.record["package"]]
    assert running.answers


@slow
def test_a_new_password_of_the_pbx_is_followed(installed: Installation) -> None:
    changed = {"ami": {**FACTS["ami"], "secret": "new"}, "cdr": {**FACTS["cdr"], "password": "new"}}
    assert "set: ami.secret, cdr.url" in ok(installed.install("--no-start", **{**FACTS, **changed}))
    assert installed.setting("ami.secret") == "new"


@slow
def test_another_manager_user_chosen_by_hand_is_left_alone(installed: Installation) -> None:
    installed.set("ami.username", "mine")
    installed.set("ami.secret", "of mine")
    ok(installed.install("--no-start", **{**FACTS, "ami": {**FACTS["ami"], "secret": "new"}}))
    assert installed.setting("ami.secret") == "of mine"


@slow
def test_upgrade_keeps_settings_and_environment_and_starts_the_new_version(running: Installation) -> None:
    pid = (running.home / "itgrix.pid").read_text()
    running.set("dial.prefix", "9")
    set_version(running.tree, "1.0.1")
    said = ok(running.install(**FACTS))
    assert "unchanged: py3" in said
    assert running.itgrix("--version") == "itgrix, version 1.0.1\n"
    assert running.setting("dial.prefix") == "9"
    assert running.answers
    assert (running.home / "itgrix.pid").read_text() != pid
    assert len(list((running.home / "packages").iterdir())) == 2  # the one before is kept


@slow
def test_a_version_that_does_not_start_is_taken_back(running: Installation) -> None:
    before = running.record
    set_version(running.tree, "1.1.0")
    (running.tree / "itgrix_module" / "commands" / "run.py").write_text("raise SystemExit('broken release')\n")
    done = running.install(**FACTS)
    assert done.returncode == 1
    assert "broken release" in done.stdout
    assert "Going back to version" in done.stdout
    assert running.answers
    assert running.record["package"] == before["package"]
    assert (running.home / "current").resolve().name == before["package"]


@slow
def test_a_migration_that_fails_leaves_the_tables_as_they_were(running: Installation) -> None:
    running.set("dial.prefix", "9")
    set_version(running.tree, "1.1.0")
    versions = running.tree / "migrations" / "versions"
    last = sorted(versions.glob("0*.py"))[-1].stem.partition("_")[0]
    (versions / "9999_broken.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision, down_revision = '9999', '{last}'\n"
        "def upgrade():\n    op.execute('DROP TABLE itgrix_settings')\n    raise RuntimeError('half-way')\n"
        "def downgrade():\n    pass\n"
    )
    done = running.install(**FACTS)
    assert done.returncode == 1
    assert "half-way" in done.stdout
    assert running.setting("dial.prefix") == "9"
    assert running.answers


@slow
def test_an_upgrade_that_was_killed_in_its_migration_begins_again(installed: Installation) -> None:
    installed.set("dial.prefix", "9")
    snapshot = installed.home / "backups" / "before-1.snapshot"
    source = sqlite3.connect(installed.home / "itgrix.db")
    target = sqlite3.connect(snapshot)
    source.backup(target)
    target.close()
    source.execute("DELETE FROM itgrix_settings")
    source.commit()
    source.close()
    (installed.home / "installed.json").write_text(json.dumps({**installed.record, "snapshot": str(snapshot)}))
    assert "an upgrade was cut off" in ok(installed.install("--no-start", **FACTS))
    assert installed.setting("dial.prefix") == "9"
    assert installed.record["snapshot"] == ""


@slow
def test_a_service_that_somebody_stopped_stays_stopped_over_an_upgrade(running: Installation) -> None:
    running.control("stop")
    set_version(running.tree, "1.0.1")
    assert "left stopped" in ok(running.install())
    assert running.control("watch").stdout == "nothing\n"
    assert running.status["running"] is False
    assert running.control("start").returncode == 0


@slow
def test_the_watch_starts_a_service_that_died(running: Installation) -> None:
    pid = int((running.home / "itgrix.pid").read_text())
    assert running.control("watch").stdout == "nothing\n"
    running.stop()
    assert running.control("watch").stdout == "started\n"
    assert running.control("start").returncode == 0
    assert int((running.home / "itgrix.pid").read_text()) != pid


@slow
def test_a_taken_address_is_told_with_the_log(prepared: Installation) -> None:
    with socket.create_server(("127.0.0.1", prepared.port)):
        done = prepared.install()
    assert done.returncode == 1
    assert "cannot be used: Address already in use" in done.stdout
    assert "itgrix.log" in done.stdout


@slow
def test_a_refusing_mariadb_means_sqlite(prepared: Installation) -> None:
    facts = {**FACTS, "database": {"host": "127.0.0.1", "port": 1, "user": "x", "password": "y", "name": "asterisk"}}
    said = ok(prepared.install("--no-start", **facts))
    assert "the PBX's MariaDB refuses" in said
    assert "SQLite in" in said
    assert not (prepared.home / "database.url").exists()


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
