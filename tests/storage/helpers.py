# SPDX-License-Identifier: GPL-3.0-or-later
"""Other processes for the tests of the storage."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class Other:
    """A process that does one task of tests.storage.processes."""

    def __init__(self, task: str, *arguments: str) -> None:
        command = [sys.executable, "-m", "tests.storage.processes", task, *arguments]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}  # the storage is compiled once for all of them
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def line(self) -> str:
        """The next line that it prints; empty at its end."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(30)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate(timeout=30)


@contextmanager
def other(task: str, *arguments: str) -> Iterator[Other]:
    started = Other(task, *arguments)
    try:
        yield started
    finally:
        started.close()
