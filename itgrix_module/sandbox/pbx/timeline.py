# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs calls as generators that yield how long nothing happens, on any clock, in one thread under one lock."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from itgrix_module.sandbox.pbx.clock import Clock

log = logging.getLogger("itgrix.sandbox.pbx")

Process = Generator[float, None, None]
HISTORY = 1000  # errors kept
YIELD = 0.0002  # seconds left to somebody who waits for the lock


class Interruption(Exception):
    """Somebody from outside ends what a process is doing."""


@dataclass(eq=False)
class Task:
    """A process on the timeline. ``error``: what it died of. ``done``: set when it is over."""

    process: Process
    done: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None
    interruption: BaseException | None = None
    turn: int = 0


class Timeline:
    """One lock guards the PBX: steps run with it held, whoever looks or acts from outside takes it by ``held``.

    ``after_step`` is called with the lock held after each step and each idle tick; ``room`` without it, before a step,
    and may block (a simulated clock must not outrun the readers).
    """

    def __init__(
        self,
        clock: Clock,
        after_step: Callable[[], None] = lambda: None,
        room: Callable[[], None] = lambda: None,
    ) -> None:
        self.clock = clock
        self.errors: list[BaseException] = []
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._counter = threading.Lock()
        self._guests = 0
        self._after_step, self._room = after_step, room
        self._due: list[tuple[float, int, Task, int]] = []
        self._order = itertools.count()
        self._stopping = False
        self._step_at: float | None = None
        self._thread: threading.Thread | None = None

    @property
    def now(self) -> float:
        """Epoch seconds; it stands still during a step."""
        return self.clock.now() if self._step_at is None else self._step_at

    def open(self) -> None:
        """Start the thread."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="sandbox-pbx-calls", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; processes stay where they are."""
        with self._lock:
            self._stopping = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join()

    @contextmanager
    def held(self) -> Iterator[None]:
        """The lock, also when a simulated clock keeps the timeline busy without a pause."""
        with self._counter:
            self._guests += 1
        try:
            with self._lock:
                yield
        finally:
            with self._counter:
                self._guests -= 1

    def start(self, process: Process, after: float = 0.0) -> Task:
        """Put a process on the timeline, to begin ``after`` seconds from now."""
        task = Task(process)
        with self.held():
            self._plan(task, self.now + after)
        return task

    def interrupt(self, task: Task, error: BaseException) -> None:
        """Raise ``error`` inside a process where it waits, as its next step."""
        with self.held():
            task.interruption = error
            self._plan(task, self.now)

    def drop(self, task: Task) -> None:
        """End a process at once; only its ``finally`` blocks run."""
        with self.held():
            task.turn = -1
            task.process.close()
            task.done.set()

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until nothing more happens by itself at the present time; False when that takes too long."""
        with self._lock:
            return self._changed.wait_for(self._is_idle, timeout)

    def wake(self) -> None:
        """The clock was turned."""
        with self._lock:
            self._changed.notify_all()

    def _is_idle(self) -> bool:
        return self._step_at is None and self.clock.idle(self._due[0][0] if self._due else None)

    def _plan(self, task: Task, due: float) -> None:
        task.turn += 1
        heapq.heappush(self._due, (due, next(self._order), task, task.turn))
        self._changed.notify_all()

    def _run(self) -> None:
        while not self._stopping:
            self._room()
            if self._guests:
                time.sleep(YIELD)
            with self._lock:
                self._turn()

    def _turn(self) -> None:
        while self._due and self._due[0][3] != self._due[0][2].turn:
            heapq.heappop(self._due)  # planned anew since, or dropped
        due = self._due[0][0] if self._due else None
        if due is not None and due <= self.clock.now():
            self._step(heapq.heappop(self._due)[2], due)
            return
        self._after_step()
        self._changed.notify_all()
        if not self._stopping:
            self.clock.wait(self._changed, due)

    def _step(self, task: Task, due: float) -> None:
        self._step_at = max(due, self.clock.now())
        error, task.interruption = task.interruption, None
        try:
            delay = task.process.throw(error) if error else next(task.process)
            self._plan(task, self._step_at + delay)
        except (StopIteration, Interruption):
            task.done.set()
        except Exception as failure:
            log.exception("a call of the sandbox PBX failed")
            task.error = failure
            self.errors = [*self.errors[-HISTORY:], failure]
            task.done.set()
        self._after_step()
        self._step_at = None
