# SPDX-License-Identifier: GPL-3.0-or-later
"""How much one sender may send before he is not listened to. Pure but for the clock it is given."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

RATE, BURST = 50.0, 500.0  # requests a second of one address; a mass change in the CRM comes as one event for each
_MOST = 1000  # addresses that are remembered


class Flood:
    """A leaky bucket for each address. Thread-safe. ``clock``: seconds."""

    def __init__(self, clock: Callable[[], float], rate: float = RATE, burst: float = BURST) -> None:
        self._clock, self._rate, self._burst = clock, rate, burst
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def admits(self, address: str) -> bool:
        """May another request of this address come in?"""
        now = self._clock()
        with self._lock:
            level, at = self._levels.pop(address, (0.0, now))
            level = max(0.0, level - (now - at) * self._rate)
            is_in = level + 1.0 <= self._burst
            self._levels[address] = (level + 1.0 if is_in else level, now)
            while len(self._levels) > _MOST:
                self._levels.popitem(last=False)
        return is_in
