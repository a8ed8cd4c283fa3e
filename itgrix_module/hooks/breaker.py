# SPDX-License-Identifier: GPL-3.0-or-later
"""Leaves a customization out for a while when it was too slow several times in a row: callers do not wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

FAILURES = 3  # by time, in a row
PAUSE = 60.0  # seconds


@dataclass(frozen=True)
class _Count:
    stamp: object = None
    slow: int = 0
    until: float = 0.0


class Breaker:
    """Thread-safe. ``clock``: epoch seconds. ``stamp``: of the script's file; a changed script is tried at once."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[str, _Count] = {}

    def left_out_until(self, name: str, stamp: object = None) -> float | None:
        """Epoch second until which a customization is left out, None when it is not."""
        with self._lock:
            count = self._counts.get(name, _Count())
        if stamp is not None and count.stamp != stamp:
            return None
        return count.until if self._clock() < count.until else None

    def was_slow(self, name: str, stamp: object) -> float | None:
        """Count one failure by time; the epoch second until which it is left out, when that begins now."""
        with self._lock:
            count = self._counts.get(name, _Count())
            slow = count.slow + 1 if count.stamp == stamp else 1
            now = self._clock()
            begins = slow >= FAILURES and now >= count.until
            # After the pause one more failure is enough to begin another one.
            self._counts[name] = _Count(stamp, slow, now + PAUSE if begins else count.until)
            return self._counts[name].until if begins else None

    def was_in_time(self, name: str) -> None:
        """It works: the row is broken."""
        with self._lock:
            if name in self._counts:
                self._counts[name] = replace(self._counts[name], slow=0, until=0.0)
