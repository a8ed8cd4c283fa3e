# SPDX-License-Identifier: GPL-3.0-or-later
"""uninstall.py: what it keeps, what it takes away, and what it refuses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.module.installation import FACTS, Installation, ok

slow = pytest.mark.live
pytestmark = pytest.mark.timeout(300)


@slow
def test_uninstall_keeps_data_and_a_new_installation_finds_them(running: Installation) -> None:
    running.set("dial.prefix", "9")
    said = ok(running.uninstall())
    assert not running.answers
    assert "Kept in" in said
    # Whoever removed the module in the PBX's GUI stands in no folder of ours: the command must be whole.
    assert re.search(rf"python3 /\S+/uninstall\.py --home {re.escape(str(running.home))} --purge", said)
    left = {path.name for path in running.home.iterdir()}
    assert left == {
        *("backups", "gate.key", "hooks", "itgrix.db", "log", "secret.key", "service.json", "session.key"),
    }
    assert running.setting("dial.prefix") == "9"


@slow
def test_uninstall_with_purge_leaves_nothing(installed: Installation) -> None:
    assert "nothing is left" in ok(installed.uninstall("--purge"))
    assert not installed.home.exists()
    assert "nothing is left" in ok(installed.uninstall("--purge"))


@slow
def test_uninstall_before_a_restore_keeps_the_programs(running: Installation) -> None:
    ok(running.uninstall("--keep-programs"))
    assert running.status["running"] is False
    assert "unchanged: py3" in ok(running.install(**FACTS))
    assert running.answers


def test_a_database_of_our_own_is_remembered_for_a_later_purge(place: Installation) -> None:
    place.home.mkdir(parents=True, exist_ok=True)
    (place.home / "installed.json").write_text('{"version": "1.0.0", "unit": "none-such", "own_database": "itgrix"}')
    ok(place.uninstall())
    assert (place.record["version"], place.record["own_database"]) == ("", "itgrix")


def test_what_an_uninstallation_kept_can_be_purged(place: Installation) -> None:
    """Nothing but data, settings and the address of the service is left of a stand-alone one."""
    place.home.mkdir(parents=True, exist_ok=True)
    (place.home / "venvs").rename(place.home.parent / "venvs")
    for name in ("itgrix.db", "secret.key", "service.json"):
        (place.home / name).write_text("{}")
    assert "nothing is left" in ok(place.uninstall("--purge"))
    assert not place.home.exists()


def test_uninstall_refuses_a_folder_that_is_no_installation(place: Installation, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "precious").write_text("x")
    done = Installation(tmp_path / "other", place.tree, 0).uninstall("--purge")
    assert done.returncode == 1
    assert (tmp_path / "other" / "precious").exists()
