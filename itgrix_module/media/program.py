# SPDX-License-Identifier: GPL-3.0-or-later
"""One program that works on sound: its pipes never block us, it never outlives us, what it says is bounded."""

from __future__ import annotations

import errno
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from itgrix_module.media.faults import fault, shown
from itgrix_module.media.installed import environment

BLOCK = 64 * 1024  # bytes
_NICE = 10
_LOOK = 200  # ms between two looks whether to stop
_WORDS = 4096  # bytes kept of what a program says


class Watch:
    """How long the work may go on: ``seconds`` from now, and until ``stop`` is set."""

    def __init__(
        self, seconds: float, stop: threading.Event | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._stop = stop
        self._clock = clock
        self._end = clock() + seconds

    def check(self) -> None:
        """Raises Temporary ``stopped`` or ``encoder_timeout``."""
        if self._stop and self._stop.is_set():
            raise fault("stopped")
        if self._clock() > self._end:
            raise fault("encoder_timeout", seconds=round(self._seconds))


class Program:
    """A running program in a process group of its own; leaving the block kills what is left of it.

    ``source``: file that it reads, or None to ``write`` to it. ``reads``: whether its output is ours to ``read``.
    """

    def __init__(self, argv: Sequence[str], watch: Watch, *, source: IO[bytes] | None = None, reads: bool = False):
        self.name = Path(argv[0]).name
        self._argv = list(argv)
        self._watch = watch
        self._source = source
        self._reads = reads
        self._words = b""

    def __enter__(self) -> Self:
        try:
            self._process = subprocess.Popen(
                self._argv,
                stdin=self._source or subprocess.PIPE,
                stdout=subprocess.PIPE if self._reads else subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd="/",
                env=environment(),
                bufsize=0,
                process_group=0,
            )
        except OSError as error:
            raise fault("encoder_failed", program=self.name, why=error.strerror or error) from error
        self._pipes = [p for p in (self._process.stdin, self._process.stdout, self._process.stderr) if p]
        for pipe in self._pipes:
            os.set_blocking(pipe.fileno(), False)
        # it may have ended by now, and a service that is nicer itself may not take back anything
        with suppress(OSError):
            os.setpriority(os.PRIO_PGRP, self._process.pid, _NICE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for pipe in self._pipes:
            pipe.close()

    def write(self, block: bytes) -> bool:
        """Hand over a whole block; False when the program takes no more."""
        pipe = self._process.stdin
        assert pipe is not None
        rest = memoryview(block)
        while rest:
            self._wait(pipe, select.POLLOUT)
            try:
                rest = rest[os.write(pipe.fileno(), rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                return False
        return True

    def read(self) -> bytes:
        """The next bytes of its output, empty at the end."""
        pipe = self._process.stdout
        assert pipe is not None
        while True:
            self._wait(pipe, select.POLLIN)
            with suppress(BlockingIOError):
                return os.read(pipe.fileno(), BLOCK)

    def finish(self) -> int:
        """Close its input, wait for its end, return the exit status as ``subprocess`` does."""
        if self._process.stdin:
            self._process.stdin.close()
        while self._process.poll() is None:
            self._watch.check()
            self._listen(10)
        self._listen(0)
        return self._process.returncode

    @property
    def said(self) -> str:
        """The last lines it wrote for people."""
        return shown(" | ".join(self._words.decode("utf-8", "replace").split("\n")[-4:]).strip(" |"))

    def _wait(self, pipe: IO[bytes], event: int) -> None:
        """Until ``pipe`` can be used. What the program says is taken meanwhile, else it would stand still."""
        poll = select.poll()
        poll.register(pipe.fileno(), event)
        errors = self._process.stderr
        if errors and not errors.closed:
            poll.register(errors.fileno(), select.POLLIN)
        while True:
            self._watch.check()
            ready = dict(poll.poll(_LOOK))
            if pipe.fileno() in ready:
                return
            if ready and not self._hear():
                poll.unregister(errors.fileno() if errors else -1)

    def _listen(self, milliseconds: int) -> None:
        """Take what it says, up to so long; once it has closed that pipe only the time passes."""
        errors = self._process.stderr
        if errors is None or errors.closed:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(milliseconds / 1000)
            return
        poll = select.poll()
        poll.register(errors.fileno(), select.POLLIN)
        while poll.poll(milliseconds):
            if not self._hear():
                errors.close()
                return

    def _hear(self) -> bool:
        """Take one block of what it says, keep the end; False when it has closed that pipe."""
        errors = self._process.stderr
        assert errors is not None
        try:
            words = os.read(errors.fileno(), BLOCK)
        except OSError as error:
            return error.errno == errno.EAGAIN
        self._words = (self._words + words)[-_WORDS:]
        return bool(words)
