# SPDX-License-Identifier: GPL-3.0-or-later
"""The systemd unit beside what administrators do with units: mask, edit, orders of root and of the owner in turn."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from installer import unit
from installer.control import Control
from installer.home import Home
from installer.main import Installation
from installer.owner import Owner
from installer.request import Request
from installer.words import Teller
from tests.module.systemd_stage import known_home, orders, program, systemd
from tests.needed import need_root

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return known_home(tmp_path / "the home 50%")


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Of units: ours, and that of the administrator."""
    need_root()
    ours, theirs = tmp_path / "local" / "systemd" / "system", tmp_path / "etc"
    theirs.mkdir()
    monkeypatch.setattr(unit, "FOLDER", ours)
    monkeypatch.setattr(unit, "ETC", theirs)
    monkeypatch.setattr(unit, "is_possible", lambda: True)
    systemd(tmp_path, monkeypatch)
    (tmp_path / "local").mkdir()
    return ours, theirs


def ensured(home: Home, known: str = "itgrix") -> str:
    return unit.ensure(ROOT, home, Owner.named(""), "itgrix", "127.0.0.1:8077", known)


def test_our_unit_leaves_the_place_where_systemctl_mask_puts_its_own() -> None:
    """systemctl mask refuses while a file of that name is in the administrator's folder."""
    assert unit.FOLDER != unit.ETC == Path("/etc/systemd/system")


def test_a_unit_that_was_masked_stays_so(home: Home, folders: tuple[Path, Path], tmp_path: Path) -> None:
    ours, theirs = (folder / "itgrix.service" for folder in folders)
    ensured(home, "")
    theirs.symlink_to("/dev/null")
    ours.write_text(ours.read_text() + "# of an earlier version\n")
    (tmp_path / "orders").unlink()
    assert ensured(home) == "itgrix"
    assert orders(tmp_path) == ["-q daemon-reload"]
    assert theirs.is_symlink()
    assert "of an earlier version" not in ours.read_text()


def test_what_an_administrator_edited_is_kept_until_the_product_goes(home: Home, folders: tuple[Path, Path]) -> None:
    ours, theirs = (folder / "itgrix.service" for folder in folders)
    ensured(home, "")
    theirs.write_text(ours.read_text() + "# systemctl edit --full\n")
    ensured(home)
    assert "edit --full" in theirs.read_text()
    assert unit.remove(home, "itgrix")
    assert not ours.exists()
    assert not theirs.exists()


def test_nothing_is_left_of_a_masked_unit(home: Home, folders: tuple[Path, Path], tmp_path: Path) -> None:
    ensured(home, "")
    (folders[1] / "itgrix.service").symlink_to("/dev/null")
    assert unit.remove(home, "itgrix")
    # It would keep down the next one of that name; what is masked cannot be disabled.
    assert orders(tmp_path)[-3:] == [
        *("-q unmask itgrix.service", "-q disable --now itgrix.service", "-q daemon-reload"),
    ]
    assert list((tmp_path / "local").iterdir()) == []


def test_folders_that_were_made_for_the_unit_are_for_everybody(home: Home, folders: tuple[Path, Path]) -> None:
    before = os.umask(0o077)
    try:
        ensured(home, "")
    finally:
        os.umask(before)
    ours = folders[0]
    assert [oct(path.stat().st_mode & 0o777) for path in (ours.parent, ours, ours / "itgrix.service")] == [
        *("0o755", "0o755", "0o644"),
    ]


def test_one_of_something_else_is_found_wherever_it_is(home: Home, folders: tuple[Path, Path]) -> None:
    ensured(home, "")
    assert not unit.is_of_another(home, "itgrix")
    (folders[1] / "itgrix.service").write_text("[Service]\nExecStart=/bin/true\n")
    assert unit.is_of_another(home, "itgrix")


def test_who_starts_a_masked_one_hears_at_once_that_it_cannot_be(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_root()
    systemd(tmp_path, monkeypatch, ActiveState="inactive", LoadState="masked")
    program(tmp_path / "refused", "exit 1")
    (tmp_path / "refused").replace(tmp_path / "systemctl")
    asked: list[bool] = []
    monkeypatch.setattr(Control, "is_healthy", lambda _: asked.append(True))
    assert not Control(home.folder).start()
    assert len(asked) <= 2


def test_the_watch_of_root_leaves_nothing_that_keeps_the_owner_from_his(home: Home) -> None:
    need_root()
    os.chown(home.folder, 12345, 12345)
    (home.folder / "stopped").touch()
    assert Control(home.folder).watch() == "nothing"
    assert (home.folder / "watch.lock").stat().st_uid == 12345


def test_the_count_of_a_watch_of_root_belongs_to_the_owner(home: Home) -> None:
    need_root()
    os.chown(home.folder, 12345, 12345)
    with (home.folder / "itgrix.lock").open("w") as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        assert Control(home.folder).watch() == "waits"
    assert (home.folder / "work" / "unanswered").stat().st_uid == 12345


def test_a_masked_unit_leaves_an_installation_stopped_and_says_so(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also one that ran: who masks a unit does not stop it thereby, and an upgrade would not be able to start it."""
    systemd(tmp_path, monkeypatch, ActiveState="inactive", LoadState="masked")
    run = Installation(Request(home.folder, unit="itgrix"), Teller("en"))
    run.record.unit, run.was_running = "itgrix", True
    run.start()
    assert "systemd unit itgrix is masked" in capsys.readouterr().out


def test_one_that_an_upgrade_left_down_for_its_mask_is_not_brought_back_by_the_watch(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd(tmp_path, monkeypatch, ActiveState="inactive", LoadState="masked")
    (home.folder / "paused").touch()  # by the upgrade
    assert Control(home.folder).watch() == "nothing"
