# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads that do one thing again and again, survive what it raises, and stop when told."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from itgrix_module.domain.failures import Failure

log = logging.getLogger("itgrix.service")

STOP_SECONDS = 2.5  # for all workers together, out of the five that a stop may take
_AFTER_FAULT = 1.0  # seconds


class Ending:
    """The end of the service: everybody is told at once, and all together are waited for ``seconds``."""

    def __init__(self, seconds: float = STOP_SECONDS) -> None:
        self.event = threading.Event()
        self._seconds = seconds
        self._until: float | None = None

    def begin(self) -> None:
        """Tell everybody."""
        if self._until is None:
            self._until = time.monotonic() + self._seconds
        self.event.set()

    def left(self) -> float:
        """Seconds that may still be spent on waiting for somebody."""
        return self._seconds if self._until is None else max(0.05, self._until - time.monotonic())


class Troubles:
    """What keeps workers from their work: said once when it begins and once when it is over, however many it hits."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._by_worker: dict[str, str] = {}
        self._known: dict[str, _Trouble] = {}

    @property
    def current(self) -> tuple[tuple[str, Exception], ...]:
        """Who is kept from his work, and by what."""
        with self._lock:
            return tuple((worker, self._known[part].error) for worker, part in sorted(self._by_worker.items()))

    def struck(self, worker: str, error: Exception) -> None:
        """A worker could not do its work."""
        part, said = _part(error), _said(error)
        with self._lock:
            before = self._by_worker.get(worker)
            self._by_worker[worker] = part
            trouble = self._known.setdefault(part, _Trouble(error, self._clock()))
            is_new = said not in trouble.told
            trouble.error = error
            trouble.told.add(said)
            over = self._over(before) if before not in (None, part) else None
        if is_new:
            _tell(worker, error)
        _tell_over(over)

    def well(self, worker: str) -> None:
        """A worker did its work."""
        if worker not in self._by_worker:
            return
        with self._lock:
            over = self._over(self._by_worker.pop(worker, None))
        _tell_over(over)

    def _over(self, part: str | None) -> tuple[Exception, float] | None:
        if part is None or part in self._by_worker.values():
            return None
        trouble = self._known.pop(part)
        return trouble.error, self._clock() - trouble.since


@dataclass
class _Trouble:
    """One thing that does not work; what was told of it, as it may show itself in several ways."""

    error: Exception
    since: float
    told: set[str] = field(default_factory=set)


def _part(error: Exception) -> str:
    """What does not work: a lost database and one that cannot be reached are one trouble."""
    return error.code.partition("_")[0] if isinstance(error, Failure) else _said(error)


def _said(error: Exception) -> str:
    return error.code if isinstance(error, Failure) else f"{type(error).__name__}: {error}"


def _tell(worker: str, error: Exception) -> None:
    if isinstance(error, Failure):
        log.error("%s waits: %s. %s", worker, str(error).rstrip("."), error.hint or "It is tried again by itself.")
    else:
        log.error("%s failed and will try again: %s", worker, error, exc_info=error)


def _tell_over(over: tuple[Exception, float] | None) -> None:
    if over is not None:
        log.warning("it works again after %.0f s: %s", over[1], over[0])


class Worker:
    """Calls ``work`` until it says that nothing is left (0), then waits for ``wake`` or for ``idle()`` seconds.

    An exception never ends the thread: ``troubles`` tells of it, then the work goes on. At the end the thread is
    waited for as long as ``ending`` allows; one that hangs in a request is left behind and dies with the process.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], int],
        wake: threading.Event,
        idle: Callable[[], float],
        troubles: Troubles | None = None,
        ending: Ending | None = None,
    ) -> None:
        self._name, self._work, self._wake, self._idle = name, work, wake, idle
        self._troubles, self._ending = troubles or Troubles(), ending or Ending()
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        self._wake.set()
        self._thread.join(self._ending.left())

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def _stops(self) -> bool:
        return self._leaving.is_set() or self._ending.event.is_set()

    def _run(self) -> None:
        while not self._stops:
            self._wake.clear()
            try:
                pause = 0.0 if self._work() else self._idle()
            except Exception as error:
                self._troubles.struck(self._name, error)
                self._ending.event.wait(_AFTER_FAULT)
                continue
            self._troubles.well(self._name)
            if pause > 0 and not self._stops:
                self._wake.wait(pause)


class Wake:
    """Wakes several workers at once: each has its own event, so that none swallows another's."""

    def __init__(self) -> None:
        self._events: list[threading.Event] = []

    def event(self) -> threading.Event:
        """An event for one more worker."""
        made = threading.Event()
        self._events.append(made)
        return made

    def __call__(self) -> None:
        for event in self._events:
            event.set()
