# SPDX-License-Identifier: GPL-3.0-or-later
"""The systemd unit, and who starts and stops the service without root: never two at once, never at the wrong time."""

from __future__ import annotations

import fcntl
import json
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

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path / "the home 50%")
    found.prepare()
    (found.folder / "service.json").write_text(json.dumps({"unit": "itgrix", "bind": "127.0.0.1:9"}))
    return found


@pytest.fixture
def lines(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Of the unit as it is installed."""
    monkeypatch.setattr(unit, "FOLDER", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    program(tmp_path / "systemctl", "exit 0")
    unit.write(ROOT, home, Owner.named(""), "itgrix", "127.0.0.1:8077")
    return (tmp_path / "itgrix.service").read_text(encoding="utf-8").splitlines()


def program(file: Path, text: str) -> None:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


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
    return all(map(passes, value(lines, "ExecCondition"))), all(map(passes, value(lines, "ExecStartPre")))


def test_it_runs_as_the_owner_and_may_write_the_configuration_of_the_pbx(lines: list[str]) -> None:
    assert value(lines, "User") == [Owner.named("").name]
    assert value(lines, "ReadWritePaths") == ["-/etc/asterisk"]
    assert value(lines, "KillMode") == ["process"]


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
    log.write_text("2026-11-21 11:00:00,000 INFO    itgrix.calls: call of +79161234567\nTraceback\n  port taken\n")
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
    assert starts(lines) == (False, True)


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
    monkeypatch.setattr(controlling, "SYSTEMD", tmp_path)
    monkeypatch.setattr(controlling, "START_SECONDS", 0.2)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    program(tmp_path / "systemctl", f"echo {state}")
    program(home.command, f'echo "$@" > "{tmp_path}/called.new"; mv "{tmp_path}/called.new" "{tmp_path}/called"')
    assert Control(home.folder).start() is False  # nothing answers in this test
    assert (home.folder / "itgrix.pid").exists() is launched
