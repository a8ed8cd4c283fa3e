# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal as a program of its own."""

from __future__ import annotations

import signal
import subprocess
import sys

import requests

COMMAND = [sys.executable, "-u", "-m", "itgrix_module.sandbox.portal", "--port", "0", "--users", "60"]


def test_program_serves_until_it_is_terminated() -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        told = dict(line.rsplit(maxsplit=1) for line in (next(program.stdout) for _ in range(5)))
        users = requests.post(told["webhook"] + "user.get", timeout=10).json()
        page = requests.get(told["page"], timeout=10)
        program.send_signal(signal.SIGTERM)
        assert program.wait(10) == 0
    assert (users["total"], page.status_code) == (60, 200)
