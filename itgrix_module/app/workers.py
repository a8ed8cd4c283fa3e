# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads that do one thing again and again, survive what it raises, and stop when told."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from itgrix_module.domain.failures import Failure

log = logging.getLogger("itgrix.service")

_AFTER_FAULT = 1.0  # seconds


class Worker:
    """Calls ``work`` until it says that nothing is left (0), then waits for ``wake`` or for ``idle`` seconds.

    An exception never ends the thread: it is logged once for each kind, then the work goes on.
    """

    def __init__(self, name: str, work: Callable[[], int], wake: threading.Event, idle: Callable[[], float]) -> None:
        self._name, self._work, self._wake, self._idle = name, work, wake, idle
        self._stopping = threading.Event()
        self._told = ""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout=10)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                pause = 0.0 if self._work() else self._idle()
            except Exception as error:
                self._tell(error)
                self._stopping.wait(_AFTER_FAULT)
                continue
            self._well()
            if pause > 0 and not self._stopping.is_set():
                self._wake.wait(pause)

    def _well(self) -> None:
        if self._told:
            log.warning("%s works again", self._name)
            self._told = ""

    def _tell(self, error: Exception) -> None:
        told = f"{type(error).__name__}: {error}"
        if told == self._told:
            return
        self._told = told
        log.error("%s failed and will try again: %s", self._name, told, exc_info=_is_unexpected(error))


def _is_unexpected(error: Exception) -> bool:
    return not isinstance(error, Failure)


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
