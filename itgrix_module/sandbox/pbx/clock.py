# SPDX-License-Identifier: GPL-3.0-or-later
"""Three clocks for the PBX: the wall's, one that jumps to whatever comes next, and one that a test turns by hand."""

from __future__ import annotations

import threading
import time
from typing import Protocol

TICK = 0.5  # seconds of real time after which a waiting wall clock looks around


class Clock(Protocol):
    """``now`` in epoch seconds, UTC. ``wait`` and ``idle`` are called with ``condition`` held."""

    def now(self) -> float: ...

    def wait(self, condition: threading.Condition, due: float | None) -> None:
        """Let time pass towards ``due`` (None: nothing is due) or until somebody notifies."""

    def idle(self, due: float | None) -> bool:
        """Nothing can happen before somebody acts from outside."""


class WallClock:
    """Real time. ``speed``: seconds of the PBX per second of ours."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._began, self._mark = time.time(), time.monotonic()

    def now(self) -> float:
        return self._began + (time.monotonic() - self._mark) * self._speed

    def wait(self, condition: threading.Condition, due: float | None) -> None:
        left = TICK if due is None else (due - self.now()) / self._speed
        condition.wait(max(0.0, min(left, TICK)))

    def idle(self, due: float | None) -> bool:
        return due is None


class JumpClock:
    """Simulated time that never waits: it is always the time of the next thing to do."""

    def __init__(self, start: float = 1_795_000_000.0) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def wait(self, condition: threading.Condition, due: float | None) -> None:
        if due is None:
            condition.wait(TICK)
        else:
            self._now = max(self._now, due)

    def idle(self, due: float | None) -> bool:
        return due is None


class HandClock:
    """Simulated time that stands until ``advance``."""

    def __init__(self, start: float = 1_795_000_000.0) -> None:
        self._now = self._until = start

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """Allow so much time to pass; the PBX follows step by step."""
        self._until += seconds

    def wait(self, condition: threading.Condition, due: float | None) -> None:
        if due is not None and due <= self._until:
            self._now = max(self._now, due)
            return
        self._now = self._until
        condition.wait(TICK)

    def idle(self, due: float | None) -> bool:
        return self._now >= self._until and (due is None or due > self._until)
