# SPDX-License-Identifier: GPL-3.0-or-later
"""``itgrix serve`` as a process of its own, to be told, killed and starved."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from itgrix_module.place import Place
from tests.service.house import until

READY = 90.0  # seconds until the panel is there, on a busy machine
ROOT = Path(__file__).parents[2]
_LINE = re.compile(r"^[\d-]+ [\d:,]+ (?P<level>[A-Z]+) +(?P<name>[\w.]+): (?P<text>.*)$")


class Served:
    """A running ``itgrix serve``. ``lines``: what it wrote, stdout and stderr."""

    def __init__(self, place: Place) -> None:
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "itgrix_module", "serve", "--bind", "127.0.0.1:0"],
            cwd=ROOT, env=environment(place), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, name="serve-output")
        self._reader.start()
        until(lambda: self.panel or self._process.poll() is not None, READY, lambda: self.lines)
        assert self.panel, self.lines

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip("\n"))

    @property
    def panel(self) -> str:
        """Address of the panel; empty before it is there."""
        return next((line.removeprefix("panel on ") for line in list(self.lines) if line.startswith("panel on ")), "")

    @property
    def pid(self) -> int:
        return self._process.pid

    def warnings(self) -> list[str]:
        """Texts of the log from warnings on."""
        found = [match for line in list(self.lines) if (match := _LINE.match(line))]
        return [match["text"] for match in found if match["level"] in ("WARNING", "ERROR", "CRITICAL")]

    def cpu(self) -> float:
        """Seconds of processor time used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def may_write(self, size: int) -> None:
        """From now on no file grows beyond so many bytes; -1: as the disk allows."""
        hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (size if size >= 0 else hard, hard))

    def kill(self) -> None:
        """As a power cut would."""
        self._process.kill()
        self._end()

    def stop(self, seconds: float = 30.0) -> tuple[int, float]:
        """SIGTERM; returns the exit code and the seconds that it took."""
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(seconds)
        took = time.monotonic() - began
        self._end()
        return code, took

    def _end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join(10)


def environment(place: Place) -> Mapping[str, str]:
    """Where the process finds its home."""
    ours = {"ITGRIX_HOME": str(place.home), "ITGRIX_DATABASE_URL": place.database_url, "ITGRIX_NODE": place.node}
    # A service is started a hundred times: its modules are compiled once, whatever holds for the tests themselves.
    return {**os.environ, **ours, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": ""}


@contextmanager
def served(place: Place) -> Iterator[Served]:
    """The service until the block is left."""
    process = Served(place)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


def itgrix(
    place: Place, *arguments: str, before: Callable[[], None] | None = None, seconds: float = 60.0
) -> subprocess.CompletedProcess[str]:
    """An ``itgrix`` command to its end. ``before``: done in its process before it starts."""
    command: Sequence[str] = [sys.executable, "-m", "itgrix_module", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment(place), text=True, capture_output=True, check=False, timeout=seconds,
        preexec_fn=before,
    )  # fmt: skip
