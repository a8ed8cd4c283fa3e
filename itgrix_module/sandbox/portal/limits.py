# SPDX-License-Identifier: GPL-3.0-or-later
"""The two limits of a cloud portal: the leaky bucket of requests and the operating time of methods."""

from __future__ import annotations

from collections import defaultdict

WINDOW = 10  # one-minute baskets
MAX_SOURCES = 1000


class RateBucket:
    """``drain`` requests a second leak out, more than ``burst`` overflow. Each source address has its own level."""

    def __init__(self, burst: float, drain: float) -> None:
        self.burst = burst
        self.drain = drain
        self.refused = 0
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, source: str, now: float) -> bool:
        """Count one request; False when it overflows, then it is not counted."""
        level = self.level(source, now) + 1
        if level > self.burst:
            self.refused += 1
            return False
        if source not in self._levels and len(self._levels) >= MAX_SOURCES:
            self._levels.clear()
        self._levels[source] = (level, now)
        return True

    def level(self, source: str, now: float) -> float:
        """How full the source's bucket is."""
        level, at = self._levels.get(source, (0.0, now))
        return max(0.0, level - self.drain * max(0.0, now - at))

    def highest(self, now: float) -> float:
        """Level of the fullest bucket."""
        return max((self.level(source, now) for source in list(self._levels)), default=0.0)

    def clear(self) -> None:
        self._levels.clear()


class OperatingTime:
    """Seconds used per method and client in the last ten minutes.

    ``cost``: synthetic seconds for a call of a method, added to what it really took.
    """

    def __init__(self, limit: float, cost: dict[str, float]) -> None:
        self.limit = limit
        self.cost = {name.casefold(): seconds for name, seconds in cost.items()}
        self._baskets: defaultdict[tuple[str, str], dict[int, tuple[float, float]]] = defaultdict(dict)

    def exhausted(self, method: str, client: str, now: float) -> bool:
        return self.used(method, client, now) > self.limit

    def used(self, method: str, client: str, now: float) -> float:
        """Seconds in the window."""
        return sum(seconds for _, seconds in self._window(method, client, now).values())

    def add(self, method: str, client: str, now: float, seconds: float) -> float:
        """Count one call; returns the synthetic seconds it took."""
        extra = self.cost.get(method.casefold(), 0.0)
        window = self._window(method, client, now)
        first, total = window.get(int(now // 60), (now, 0.0))
        window[int(now // 60)] = (first, total + seconds + extra)
        return extra

    def reset_at(self, method: str, client: str, now: float) -> int:
        """Epoch second when the oldest basket leaves the window."""
        firsts = [first for first, _ in self._window(method, client, now).values()]
        return int(min(firsts, default=now)) + WINDOW * 60

    def _window(self, method: str, client: str, now: float) -> dict[int, tuple[float, float]]:
        baskets = self._baskets[(method, client)]
        oldest = int(now // 60) - WINDOW
        for minute in [minute for minute in baskets if minute <= oldest]:
            del baskets[minute]
        return baskets
