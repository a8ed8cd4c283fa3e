# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of everything: a little in the quick suite, all of it with ``ITGRIX_CHAOS=long`` (``make chaos``)."""

from __future__ import annotations

import os
import sys
import time

from tests.known import known

_PAUSE = 15.0  # seconds between two words
IS_LONG = os.environ.get("ITGRIX_CHAOS") == "long"


def amount(short: int, long: int) -> int:
    """``short`` in the quick suite, else ``long``, or what ``ITGRIX_CHAOS_SHARE`` (0..1) leaves of it."""
    if not IS_LONG:
        return short
    share = float(os.environ.get("ITGRIX_CHAOS_SHARE", "1"))
    return max(short, round(long * share))


class Progress:
    """Tells in the long form how far a test has come; Ctrl-C ends it and all that it started."""

    def __init__(self, what: str, of: float) -> None:
        self._what, self._of = what, of
        self._began = self._told = time.monotonic()

    def __call__(self, done: float) -> None:
        now = time.monotonic()
        if not IS_LONG or (now - self._told < _PAUSE and done < self._of):
            return
        self._told = now
        line = f"{self._what}: {done:,.0f} of {self._of:,.0f} after {(now - self._began) / 60:.0f} min"
        known(sys.__stderr__).write(f"{line}\n")
