# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo as somebody starts it who wants to see the product: one command, two pages, and nothing left afterwards."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from itgrix_module.commands.demonstration import PORTAL_HOST, PORTAL_PORT
from itgrix_module.diagnosing import log_file
from itgrix_module.sandbox.rig.endless import FRESH, OPENING, SCENES
from itgrix_module.sandbox.rig.situations import BY_NAME

ROOT = Path(__file__).resolve().parent.parent
STARTED = "Ctrl+C ends it."
START = 30.0  # seconds; a machine with other things to do
CALLS = 60.0
STOP = 5.0  # promised
REAL = 600.0  # the first time packages are fetched


@dataclass
class Demo:
    """A demo that runs in a process group of its own; ``output``: what it has printed until now."""

    process: subprocess.Popen[bytes]
    file: Path

    @property
    def output(self) -> str:
        return self.file.read_text()

    def address(self, name: str) -> str:
        found = re.search(rf"^ +(?:sandbox )?{name}: +(\S+)", self.output, re.MULTILINE)
        assert found, self.output
        return found[1]

    @property
    def ami_port(self) -> int:
        found = re.search(r"AMI on 127\.0\.0\.1:(\d+)", self.output)
        assert found, self.output
        return int(found[1])

    @property
    def folder(self) -> Path:
        return Path(self.address("data"))

    def panel_calls(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = fetch(f"{self.address('panel')}/api/calls/recent")["calls"]
        return calls

    def portal_calls(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = fetch(f"{self.address('portal')}/sandbox/snapshot")["calls"]
        return calls

    def recordings(self) -> list[dict[str, Any]]:
        """Those that the portal has got."""
        return [call["record"] for call in self.portal_calls() if call["record"]]

    def click(self, extension: str, number: str) -> str:
        """Somebody clicks a number in the portal; returns the portal's name of the call."""
        order = json.dumps({"extension": extension, "phone": number}).encode()
        address = f"{self.address('portal')}/sandbox/click"
        with urllib.request.urlopen(
            urllib.request.Request(address, order, {"Content-Type": "application/json"}), timeout=10
        ) as answer:
            return str(json.load(answer)["result"]["call_id"])

    def finished(self, call_id: str) -> bool:
        """Has the portal heard how this call went, and is it in the panel?"""
        ended = any(call["call_id"] == call_id and call["finish"] for call in self.portal_calls())
        return ended and any((call["portal"] or {}).get("call_id") == call_id for call in self.panel_calls())

    def in_both(self) -> list[dict[str, Any]]:
        """Calls that are in the panel and in the portal."""
        there = {call["external_call_id"] for call in self.portal_calls()}
        return [call for call in self.panel_calls() if f"{call['node']}-{call['linkedid']}" in there]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Exit status; fails when it takes longer than promised. The whole group hears it, as from a terminal."""
        os.killpg(self.process.pid, number)
        return self.process.wait(STOP)


@contextmanager
def started(folder: Path, *arguments: str, within: float = START) -> Iterator[Demo]:
    """``itgrix demo`` with these arguments, when it says that it runs."""
    with launched(folder, *arguments) as demo:
        until(lambda: STARTED in demo.output or demo.process.poll() is not None, within, lambda: demo.output)
        assert demo.process.poll() is None, demo.output
        yield demo


@contextmanager
def launched(folder: Path, *arguments: str) -> Iterator[Demo]:
    """``itgrix demo`` with these arguments, whatever becomes of it."""
    file = folder / f"output-{time.monotonic_ns()}"
    command = [sys.executable, "-m", "itgrix_module", "demo", *arguments]
    with file.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)
    try:
        yield Demo(process, file)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(true: Callable[[], object], seconds: float, what: Callable[[], object]) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what()
        time.sleep(0.1)


def fetch(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def assert_gone(demo: Demo) -> None:
    """No complaint in the output, no folder, no port, no process."""
    assert "Traceback" not in demo.output
    assert not demo.folder.exists()
    assert not listens(demo.ami_port)
    assert not listens(int(demo.address("panel").rpartition(":")[2]))
    with pytest.raises(ProcessLookupError):
        os.killpg(demo.process.pid, 0)


def test_calls_in_both_directions_appear_in_both_pages_and_nothing_is_left(tmp_path: Path) -> None:
    with started(tmp_path, "--bind", "127.0.0.1:0") as demo:
        folder = demo.folder
        assert folder.is_dir()

        def seen() -> bool:
            calls = demo.in_both()
            return len(calls) >= 3 and {call["direction"] for call in calls} == {"incoming", "outgoing"}

        until(seen, CALLS, demo.panel_calls)
        until(demo.recordings, CALLS, lambda: demo.output)
        clicked = demo.click("104", "+79161234567")
        until(lambda: demo.finished(clicked), CALLS, demo.portal_calls)
        assert fetch(f"{demo.address('panel')}/status")["level"] == "ok"
        assert " INFO " in log_file(folder).read_text()  # the panel shows it
        assert " INFO " not in demo.output
        assert demo.end() == 0
        assert_gone(demo)


def test_portal_takes_another_port_when_its_own_is_taken(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # somebody else has it: as good
            taken.bind((PORTAL_HOST, PORTAL_PORT))
            taken.listen()
        with started(tmp_path, "--bind", "127.0.0.1:0") as demo:
            assert demo.address("portal") != f"http://{PORTAL_HOST}:{PORTAL_PORT}"
            until(demo.in_both, CALLS, demo.panel_calls)
            assert demo.end(signal.SIGINT) == 0
            assert_gone(demo)


def test_a_taken_port_of_the_panel_is_told_before_anything_is_started(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with launched(tmp_path, "--bind", address, "--home", str(home)) as demo:
            assert demo.process.wait(START) == 1
            assert f"{address} cannot be used" in demo.output
            assert "--bind" in demo.output
            assert "Traceback" not in demo.output
    assert not home.exists()


def test_a_home_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with launched(tmp_path, "--bind", "127.0.0.1:0", "--home", str(file)) as demo:
        assert demo.process.wait(START) == 1
        assert f"home folder {file} cannot be used" in demo.output
        assert "Traceback" not in demo.output


def test_a_second_start_on_the_same_home_continues_with_the_calls_of_the_first(tmp_path: Path) -> None:
    arguments = ("--bind", "127.0.0.1:0", "--home", str(tmp_path / "home"))
    with started(tmp_path, *arguments) as demo:
        until(demo.in_both, CALLS, demo.panel_calls)
        first = {call["linkedid"] for call in demo.panel_calls()}
        assert demo.end() == 0
    with started(tmp_path, *arguments) as demo:
        until(demo.in_both, CALLS, demo.panel_calls)
        assert first < {call["linkedid"] for call in demo.panel_calls()}
        assert fetch(f"{demo.address('panel')}/status")["counts"]["failed"] == 0
        assert demo.end() == 0
        assert demo.folder.is_dir()


def test_a_second_demo_on_a_home_in_use_leaves_the_first_alone(tmp_path: Path) -> None:
    arguments = ("--bind", "127.0.0.1:0", "--home", str(tmp_path / "home"))
    with started(tmp_path, *arguments) as demo:
        with launched(tmp_path, *arguments) as second:
            assert second.process.wait(START) == 1
            assert "already runs" in second.output
            assert "Traceback" not in second.output
        before = len(demo.in_both())
        until(lambda: len(demo.in_both()) > before, CALLS, demo.panel_calls)


def test_every_scene_of_the_real_pbx_is_a_situation_of_the_rig() -> None:
    assert set(SCENES) <= set(BY_NAME)
    assert {name for _, name in OPENING} | FRESH <= set(SCENES)


@pytest.mark.live
@pytest.mark.timeout(REAL)
def test_with_a_real_asterisk_calls_appear_in_both_pages_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    with started(tmp_path, "--asterisk", "--bind", "127.0.0.1:0", within=REAL) as demo:
        status = f"{demo.address('panel')}/status"
        until(lambda: {call["direction"] for call in demo.in_both()} == {"incoming", "outgoing"}, CALLS, demo.in_both)
        assert fetch(status)["level"] == "ok"
        assert demo.end(signal.SIGINT) == 0
        assert_gone(demo)
