# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions that are asked beside a caller who waits: each once at a time, few at once, and never waited for too long.

A thread of its own kind, not the library's pool: nobody may wait for a request that hangs, not even the end of the
process.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from itgrix_module.domain.failures import Failure, Temporary

log = logging.getLogger("itgrix.routing")

IDLE = 5.0  # seconds after which a thread without work ends
OLD = 5.0  # seconds in the queue after which nobody waits for an answer any more


@dataclass(eq=False)
class Job:
    """A question under way or answered. ``failure``: why it has no answer."""

    work: Callable[[], None]
    queued: float
    done: bool = False
    failure: Exception | None = None
    _listeners: list[Callable[[], None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` when it is done; at once when it is already."""
        with self._lock:
            if not self.done:
                self._listeners.append(listener)
                return
        listener()

    def finish(self, failure: Exception | None) -> None:
        """It is done."""
        with self._lock:
            self.failure, self.done = failure, True
            listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener()


class Jobs:
    """``most``: threads, ``waiting``: questions that may wait for one. What finds no place is done at once, failed."""

    def __init__(self, name: str, most: int, waiting: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._most, self._waiting, self._clock = name, most, waiting, clock
        self._change = threading.Condition()
        self._queue: deque[tuple[Hashable, Job]] = deque()
        self._open: dict[Hashable, Job] = {}
        self._threads = self._idle = self._made = 0
        self._closed = False
        self._told: set[tuple[str, str]] = set()

    def start(self, key: Hashable, work: Callable[[], None]) -> Job:
        """The job of this key that is under way, else a new one."""
        with self._change:
            found = self._open.get(key)
            if found is not None:
                return found
            job = Job(work, self._clock())
            if self._closed or len(self._queue) >= self._waiting:
                job.finish(Refused())
                return job
            self._open[key] = job
            self._queue.append((key, job))
            if self._idle < len(self._queue) and self._threads < self._most:
                self._add_thread()
            self._change.notify()
            return job

    def close(self) -> None:
        """Take no more; what waits is given up, what runs is left alone."""
        with self._change:
            self._closed = True
            left, self._queue = list(self._queue), deque()
            self._change.notify_all()
        for key, job in left:
            self._end(key, job, Refused())

    def _add_thread(self) -> None:
        self._threads += 1
        self._made += 1
        threading.Thread(target=self._run, name=f"{self._name}-{self._made}", daemon=True).start()

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            key, job = taken
            self._end(key, job, self._failure_of(job))

    def _take(self) -> tuple[Hashable, Job] | None:
        with self._change:
            self._idle += 1
            while not self._queue:
                if self._closed or not self._change.wait(IDLE):
                    if self._queue:
                        break
                    self._idle -= 1
                    self._threads -= 1
                    return None
            self._idle -= 1
            return self._queue.popleft()

    def _failure_of(self, job: Job) -> Exception | None:
        if self._clock() - job.queued > OLD:
            return Refused()
        try:
            job.work()
        except Failure as failure:
            self._tell(failure)
            return failure
        except Exception as error:
            # The caller goes on without this answer; what nobody foresaw goes to the log with all about it.
            log.exception("a question for smart routing failed")
            return error
        return None

    def _tell(self, failure: Failure) -> None:
        """What a person has to mend is said once; what passes by itself others tell of."""
        kind = (failure.code, failure.method)
        if not isinstance(failure, Temporary) and kind not in self._told:
            self._told.add(kind)
            log.warning("smart routing has to do without an answer: %s. %s", str(failure).rstrip("."), failure.hint)

    def _end(self, key: Hashable, job: Job, failure: Exception | None) -> None:
        with self._change:
            self._open.pop(key, None)
        job.finish(failure)


class Refused(Exception):
    """There was no place for the question."""
