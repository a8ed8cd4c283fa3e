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
    assert re.search(r"python3 (/\S+/uninstall\.py) --purge", said)
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


def test_uninstall_refuses_a_folder_that_is_no_installation(place: Installation, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "precious").write_text("x")
    done = Installation(tmp_path / "other", place.tree, 0).uninstall("--purge")
    assert done.returncode == 1
    assert (tmp_path / "other" / "precious").exists()
