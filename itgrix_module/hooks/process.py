# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of a script: in a session of its own, bounded in time, output and memory, and nothing of it is left.

Its input is a file that has no name, so a script that does not read it, or prints while it could still read, never
stands in our way; it may also read it twice.
"""

from __future__ import annotations

import errno
import os
import resource
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from itgrix_module.hooks.faults import HookFault

LONGEST_OUTPUT = 1024 * 1024  # bytes
KEPT_ERRORS = 64 * 1024  # bytes of standard error; what follows is read and forgotten
_MEMORY = 4 * 1024**3  # bytes of address space: no limit for any sane script, one for a runaway
_BLOCK = 64 * 1024  # bytes
_LOOK = 0.02  # seconds between two looks whether the script has ended, while something else holds its pipes


@dataclass(frozen=True)
class Ran:
    """``status``: exit status, negative for the signal that ended it. ``seconds``: how long it took."""

    status: int
    output: bytes
    errors: bytes
    seconds: float


class TooSlow(HookFault):
    """The script was ended at its limit of time. ``errors``: what it had said."""

    def __init__(self, seconds: float, errors: bytes) -> None:
        super().__init__(f"took longer than {seconds:g} s", by_time=True)
        self.errors = errors


def run(
    command: Sequence[str],
    given: bytes,
    *,
    seconds: float,
    folder: str,
    environment: Mapping[str, str],
    clock: Callable[[], float] = time.monotonic,
) -> Ran:
    """Run a program with ``given`` on its standard input. Raises HookFault when it cannot start or breaks a bound."""
    begin = clock()
    with _input(given) as source, _started(command, source, folder, environment) as process:
        reader = _Reader(process, lambda: begin + seconds - clock())
        if not reader.until_end():
            raise TooSlow(seconds, bytes(reader.errors))
        _end_group(process)  # before the script is reaped: its number cannot be another's yet
        status = process.wait()
        return Ran(status, bytes(reader.output), bytes(reader.errors), clock() - begin)


@contextmanager
def _input(given: bytes) -> Iterator[IO[bytes]]:
    """A file in memory; on a kernel that has none, one on the disk that is deleted already."""
    with _nameless_file() as file:
        file.write(given)
        file.seek(0)
        yield file


def _nameless_file() -> IO[bytes]:
    try:
        return os.fdopen(os.memfd_create("input"), "w+b")
    except (AttributeError, OSError):
        return tempfile.TemporaryFile()


@contextmanager
def _started(
    command: Sequence[str], source: IO[bytes], folder: str, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    try:
        process = subprocess.Popen(
            command,
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=dict(environment),
            bufsize=0,
            close_fds=True,
            start_new_session=True,
            umask=0o077,
        )
    except OSError as error:
        raise HookFault(_not_started(error)) from None
    try:
        _limit(process.pid)
        yield process
    finally:
        _end_group(process)
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()


def _not_started(error: OSError) -> str:
    if error.errno == errno.ENOEXEC:
        return "cannot be started: its first line must name its interpreter, such as #!/bin/sh"
    if error.errno == errno.ENOENT:
        return "cannot be started: it, or the interpreter that its first line names, is not there"
    return f"cannot be started: {error.strerror or error}"


def _limit(process: int) -> None:
    """No core files, no endless memory. Set from here: code of ours between fork and exec could lock up in threads."""
    for kind, limit in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, _MEMORY)):
        # it may have ended by now, and a service that has less itself cannot give more
        with suppress(OSError, ValueError):
            resource.prlimit(process, kind, (limit, limit))


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what the script has started and left behind, and itself if it still runs."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


class _Reader:
    """Takes what a script writes until it has ended. ``left``: seconds that it still has."""

    def __init__(self, process: subprocess.Popen[bytes], left: Callable[[], float]) -> None:
        self._process, self._left = process, left
        self.output, self.errors = bytearray(), bytearray()
        self._open: dict[int, bytearray] = {}
        for pipe, target in ((process.stdout, self.output), (process.stderr, self.errors)):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            self._open[pipe.fileno()] = target

    def until_end(self) -> bool:
        """False when the time was over before. Raises HookFault when it writes too much."""
        pause = 0.0005
        while (left := self._left()) > 0:
            if self._has_ended():
                self._take(0.0)  # what its children still hold open is of no interest
                return True
            if self._open:
                self._take(min(left, _LOOK))
            else:
                time.sleep(min(left, pause))
                pause = min(pause * 2, _LOOK)
        return False

    def _has_ended(self) -> bool:
        """Without reaping it: until then its number, which is that of its group, stays its own."""
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _take(self, seconds: float) -> None:
        """Read what there is, waiting for so long until there is something."""
        poll = select.poll()
        for pipe in self._open:
            poll.register(pipe, select.POLLIN)
        ready = poll.poll(seconds * 1000)
        while ready:
            for pipe, _ in ready:
                if not self._read(pipe):
                    poll.unregister(pipe)
                    del self._open[pipe]
            ready = poll.poll(0) if self._open and self._left() > 0 else []

    def _read(self, pipe: int) -> bool:
        """False at the end of the pipe."""
        try:
            block = os.read(pipe, _BLOCK)
        except BlockingIOError:
            return True
        target = self._open[pipe]
        if target is self.errors:
            block_kept = block[: max(0, KEPT_ERRORS - len(target))]
            target += block_kept
            return bool(block)
        target += block
        if len(target) > LONGEST_OUTPUT:
            raise HookFault(f"printed more than {LONGEST_OUTPUT // 1024} kB")
        return bool(block)
