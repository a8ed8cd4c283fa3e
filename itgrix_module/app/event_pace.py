# SPDX-License-Identifier: GPL-3.0-or-later
"""How often the portal's queue of events is asked, and how late its events are."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median

SHARE = 0.25  # of the portal's request budget, at most
WORKING, QUIET = 1.0, 15.0  # seconds between two looks
CROWDED = 0.5  # of the budget: from here on calls need it more
_SLOWER = 4.0
_KEPT = 100


def pause(rate: float, pressure: float, *, is_working: bool, more: bool) -> float:
    """Seconds until the next look. ``rate``: requests a second that the portal allows; ``more``: more waits there."""
    least = 1.0 / max(rate * SHARE, 1e-3)
    wanted = 0.0 if more else WORKING if is_working else QUIET
    if pressure > CROWDED:
        wanted = max(wanted, least) * _SLOWER
    return max(least, wanted)


@dataclass(frozen=True)
class Delay:
    """Of the last events, in seconds. ``count``: over how many."""

    usual: float
    longest: float
    count: int


class Delays:
    """Remembers how late events were."""

    def __init__(self) -> None:
        self._seen: deque[float] = deque(maxlen=_KEPT)

    def note(self, seconds: float) -> None:
        """Another event was so late."""
        self._seen.append(max(0.0, seconds))

    @property
    def delay(self) -> Delay | None:
        """None while there was none."""
        seen = list(self._seen)
        return Delay(median(seen), max(seen), len(seen)) if seen else None
