# SPDX-License-Identifier: GPL-3.0-or-later
"""The PBX by hand."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from itgrix_module.sandbox.pbx import SandboxPbx
from itgrix_module.sandbox.pbx.__main__ import main
from tests.sandbox.pbx.ami import Ami


@contextmanager
def running(*options: str) -> Iterator[int]:
    """The port of a PBX in a process of its own, stopped with SIGTERM."""
    command = [sys.executable, "-m", "itgrix_module.sandbox.pbx", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r":(\d+),", process.stdout.readline())
        try:
            assert found
            yield int(found.group(1))
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0


def test_demo_plays_a_call_at_once_and_stops_on_sigterm(tmp_path: Path) -> None:
    with running("--monitor-dir", str(tmp_path), "--speed", "5") as port, Ami(port) as client:
        client.login()
        channel = client.event("MixMonitorStart")["Channel"]
        path = client.act("Getvar", Channel=channel, Variable="MIXMONITOR_FILENAME")["Value"]
        assert Path(path).is_relative_to(tmp_path)


def test_rate_zero_plays_nothing() -> None:
    with running("--rate", "0", "--user", "crm", "--secret", "s") as port, Ami(port) as client:
        assert client.login("crm", "s")["Response"] == "Success"
        assert client.listed("CoreShowChannels") == []


def test_port_that_is_taken_is_told(pbx: SandboxPbx, capsys: pytest.CaptureFixture[str]) -> None:
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        assert main(["--port", str(pbx.port)]) == 1
    finally:
        for number, action in kept.items():
            signal.signal(number, action)
    assert f"cannot listen at 127.0.0.1:{pbx.port}" in capsys.readouterr().err
