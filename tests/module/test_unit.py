# SPDX-License-Identifier: GPL-3.0-or-later
"""The systemd unit, and who starts and stops the service without root: never two at once, never at the wrong time."""

from __future__ import annotations

import fcntl
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from installer import control as controlling
from installer import unit
from installer.control import Control
from installer.home import Home
from installer.owner import Owner
from tests.module.systemd_stage import known_home, orders, program, systemd
from tests.needed import need_root

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return known_home(tmp_path / "the home 50%")


@pytest.fixture
def lines(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Of the unit as it is installed."""
    monkeypatch.setattr(unit, "FOLDER", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    program(tmp_path / "systemctl", "exit 0")
    unit.write(ROOT, home, Owner.named(""), "itgrix", "127.0.0.1:8077")
    return (tmp_path / "itgrix.service").read_text(encoding="utf-8").splitlines()


def value(lines: list[str], name: str) -> list[str]:
    return [line.partition("=")[2] for line in lines if line.startswith(f"{name}=")]


def words(line: str) -> list[str]:
    """As systemd reads it: quoted words, %% for a percent sign, $$ for a dollar."""
    return shlex.split(line.replace("%%", "%").replace("$$", "$"))


def passes(line: str) -> bool:
    return subprocess.run(words(line), check=False).returncode == 0


def said(line: str, **environ: str) -> str:
    """What goes to the journal."""
    done = subprocess.run(words(line), capture_output=True, text=True, check=False, env={**os.environ, **environ})
    return done.stdout + done.stderr


def starts(lines: list[str]) -> tuple[bool, bool]:
    """(not left alone, not to be tried again)"""
    before = [line for line in value(lines, "ExecStartPre") if not line.startswith("-")]
    return all(map(passes, value(lines, "ExecCondition"))), all(map(passes, before))


def test_it_runs_as_the_owner_and_may_write_the_configuration_of_the_pbx(lines: list[str]) -> None:
    assert value(lines, "User") == [Owner.named("").name]
    assert value(lines, "ReadWritePaths") == ["-/etc/asterisk"]
    assert value(lines, "KillMode") == ["process"]


def test_it_is_confined_as_far_as_an_update_by_the_pbx_allows(lines: list[str]) -> None:
    names = {line.partition("=")[0] for line in lines}
    assert names >= {"NoNewPrivileges", "CapabilityBoundingSet", "SystemCallFilter", "PrivateDevices", "ProtectClock"}
    assert value(lines, "ProtectSystem") == ["full"]
    # With each of these fwconsole, which the update runs, fails or no longer sees others of its kind.
    assert not names & {
        *("ProtectHome", "PrivateTmp", "RemoveIPC", "ProtectProc", "MemoryDenyWriteExecute", "PrivateUsers"),
    }


def test_the_log_is_written_by_the_user_of_the_service(lines: list[str], home: Home) -> None:
    (home.folder / "bin").mkdir(exist_ok=True)
    program(home.command, 'echo "$@"')
    assert passes(value(lines, "ExecStart")[0])
    assert (home.folder / "log" / "itgrix.log").read_text() == "serve --bind 127.0.0.1:8077\n"


def test_a_log_that_cannot_be_written_does_not_keep_it_down(lines: list[str], home: Home) -> None:
    program(home.command, 'echo "$@"')
    (home.folder / "log" / "itgrix.log").mkdir()
    assert said(value(lines, "ExecStart")[0]) == "serve --bind 127.0.0.1:8077\n"


@pytest.mark.parametrize(
    ("result", "code", "told"),
    [
        ("exit-code", "exited", "Traceback\n  port taken\n"),
        ("exit-code", "", ""),  # it was not begun
        ("success", "exited", ""),
        ("signal", "killed", ""),
    ],
)
def test_the_journal_says_why_it_ended_by_itself_but_names_nobody(
    lines: list[str], home: Home, result: str, code: str, told: str
) -> None:
    log = home.folder / "log" / "itgrix.log"
    log.write_text(
        "2026-11-21 11:00:00,000 INFO    itgrix.calls: call of +79161234567\n"
        "panel on http://127.0.0.1:8077\nTraceback\nTraceback\n  port taken\n"
    )
    line = value(lines, "ExecStopPost")[0].removeprefix("-")
    assert said(line, SERVICE_RESULT=result, EXIT_CODE=code) == told


def test_it_is_never_given_up(lines: list[str]) -> None:
    assert lines.index("StartLimitIntervalSec=0") < lines.index("[Service]") < lines.index("Restart=always")


def test_a_start_that_is_refused_says_why(lines: list[str], home: Home) -> None:
    (home.folder / "stopped").touch()
    assert "bin/itgrix-service start" in said(value(lines, "ExecCondition")[0])
    with (home.folder / "itgrix.lock").open("w") as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        assert "runs already" in said(value(lines, "ExecCondition")[1])
    with Control(home.folder).kept_down():
        assert "being changed" in said(value(lines, "ExecStartPre")[0])


def test_who_stopped_it_on_purpose_is_respected(lines: list[str], home: Home) -> None:
    assert starts(lines) == (True, True)
    (home.folder / "stopped").touch()
    assert starts(lines) == (False, False)  # the second for a systemd that does not know the first


def test_one_that_runs_without_systemd_is_left_alone(lines: list[str], home: Home) -> None:
    with (home.folder / "itgrix.lock").open("w") as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        assert starts(lines) == (False, True)
    assert starts(lines) == (True, True)


def test_while_the_program_is_changed_it_is_tried_again(lines: list[str], home: Home) -> None:
    with Control(home.folder).kept_down():
        with Control(home.folder).kept_down():  # an update that runs the installer
            assert starts(lines) == (True, False)
        assert starts(lines) == (True, False)
    assert starts(lines) == (True, True)


@pytest.mark.parametrize(("state", "launched"), [("activating", False), ("active", False), ("inactive", True)])
def test_without_root_the_start_is_left_to_systemd_where_it_is_about_to(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str, launched: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    monkeypatch.setattr(controlling, "START_SECONDS", 0.2)
    systemd(tmp_path, monkeypatch, ActiveState=state)
    program(home.command, f'echo "$@" > "{tmp_path}/called.new"; mv "{tmp_path}/called.new" "{tmp_path}/called"')
    assert Control(home.folder).start() is False  # nothing answers in this test
    assert (home.folder / "itgrix.pid").exists() is launched


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ({"ActiveState": "inactive"}, False),  # systemctl stop, or disabled and never started
        ({"ActiveState": "inactive", "Result": "exit-code"}, False),  # stopped while it was tried again and again
        ({"ActiveState": "inactive", "LoadState": "masked"}, False),
        ({"ActiveState": "inactive", "Result": "exec-condition"}, True),  # its start was refused by itself
        ({"ActiveState": "inactive", "LoadState": "not-found"}, True),
        ({"ActiveState": "activating"}, True),
        ({"ActiveState": "failed", "Result": "exit-code"}, True),
        ({}, True),  # systemd does not answer
    ],
)
def test_who_stopped_it_by_systemctl_is_respected_by_the_watch(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: dict[str, str], wanted: bool
) -> None:
    systemd(tmp_path, monkeypatch, **state)
    control = Control(home.folder)
    assert control.wants_to_run() is wanted
    if not wanted:
        assert control.watch() == "nothing"
    (home.folder / "itgrix.pid").touch()  # it ran without systemd: then that says nothing
    assert control.wants_to_run()


def test_a_stop_for_a_moment_that_was_cut_off_is_not_taken_for_that_of_an_administrator(
    home: Home, lines: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_root()
    systemd(tmp_path, monkeypatch, ActiveState="inactive")
    assert Control(home.folder).stop(for_good=False)
    assert Control(home.folder).wants_to_run()
    # The next start by systemd ends it.
    [forgets] = [line for line in value(lines, "ExecStartPre") if line.startswith("-")]
    assert passes(forgets.removeprefix("-"))
    assert not Control(home.folder).wants_to_run()


def test_at_boot_the_pbx_starts_us_and_neither_waits_for_the_other(
    home: Home, lines: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """freepbx.service runs fwconsole start, which starts us, and is not up before that has ended."""
    need_root()
    assert "freepbx" not in " ".join(value(lines, "After"))
    systemd(tmp_path, monkeypatch, ActiveState="inactive")
    monkeypatch.setattr(controlling, "START_SECONDS", 0.2)
    assert Control(home.folder).start() is False  # nothing answers in this test
    assert orders(tmp_path) == ["--no-block start itgrix"]


def test_the_unit_is_enabled_once(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_root()
    monkeypatch.setattr(unit, "FOLDER", tmp_path)
    monkeypatch.setattr(unit, "is_possible", lambda: True)
    systemd(tmp_path, monkeypatch)

    def installed(known: str, bind: str = "127.0.0.1:8077") -> list[str]:
        (tmp_path / "orders").unlink(missing_ok=True)
        assert unit.ensure(ROOT, home, Owner.named(""), "itgrix", bind, known) == "itgrix"
        return [order.removeprefix("-q ") for order in orders(tmp_path)]

    assert installed("") == ["daemon-reload", "enable itgrix.service"]
    assert installed("") == ["enable itgrix.service"]  # the first run was cut off there
    assert installed("itgrix") == []
    assert installed("itgrix", "127.0.0.1:9000") == ["daemon-reload"]
    (tmp_path / "itgrix.service").unlink()
    assert installed("itgrix") == ["daemon-reload", "enable itgrix.service"]
