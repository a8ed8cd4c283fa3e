# SPDX-License-Identifier: GPL-3.0-or-later
"""Several workers of whom one at a time looks for work.

When all of them looked at once, each with a transaction of its own, they stood in one another's way and in that of
the call that rings.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

_PATIENCE = 1.0  # seconds that a worker waits for the look before it sees whether it shall stop

Found = Callable[[], None]


def told_nobody() -> None:
    """For those who look alone."""


class Lookout:
    """``work``: looks, calls what it is given once it has taken some work, does that, and returns how much it was.

    ``idle``: seconds until there can be work; ``wake``: set when there may be some earlier; ``is_over``: whether
    everything ends. Thread-safe.
    """

    def __init__(
        self,
        work: Callable[[Found], int],
        idle: Callable[[], float],
        wake: threading.Event,
        is_over: Callable[[], bool],
    ) -> None:
        self._work, self._idle, self._wake, self._is_over = work, idle, wake, is_over
        self._look = threading.Lock()

    def turn(self) -> int:
        """For a worker that has nothing to do: look and work, or wait until there may be work; returns how much it was.

        Raises what ``work`` raises.
        """
        if not self._look.acquire(timeout=_PATIENCE):
            return 0
        hands = _Hands(self._look)
        try:
            return 0 if self._is_over() else self._looked(hands)
        finally:
            if hands.are_empty:
                self._wake.set()  # what was done may have made more work due than whoever looks now knows of
            hands.let_go()

    def _looked(self, hands: _Hands) -> int:
        self._wake.clear()
        done = self._work(hands.let_go)
        if not done and not hands.are_empty:
            self._wake.wait(self._idle())
        return done


class _Hands:
    """One worker's hold of the look, which it lets go once."""

    def __init__(self, look: threading.Lock) -> None:
        self._look, self.are_empty = look, False

    def let_go(self) -> None:
        if not self.are_empty:
            self.are_empty = True
            self._look.release()


__all__ = ["Found", "Lookout", "told_nobody"]
