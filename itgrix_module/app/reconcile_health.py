# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether calls can be compared with the PBX's records: a value that others read; said once down and once back."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from itgrix_module.app.health import Check, Level

log = logging.getLogger("itgrix.calls")

PART = "cdr"
UNREADABLE = "records_unreadable"  # such calls are lost for good once the window of the comparison has passed


@dataclass(frozen=True)
class Trouble:
    """Why the records could not be read the last time. ``since``: epoch seconds at which that began."""

    problem: str
    hint: str
    since: float


class Readable:
    """Thread-safe, as each change is one assignment. ``is_wanted``: do the settings name records, and is it on?"""

    def __init__(self, is_wanted: Callable[[], bool], clock: Callable[[], float]) -> None:
        self._is_wanted, self._clock = is_wanted, clock
        self._trouble: Trouble | None = None

    @property
    def problem(self) -> str:
        """Empty when they can be read, as far as anybody knows."""
        return self._trouble.problem if self._trouble is not None else ""

    def heed(self, problem: str, hint: str = "") -> None:
        """What the last look at them met; empty: nothing."""
        before = self._trouble
        if problem and (before is None or before.problem != problem):
            log.warning("calls cannot be compared with the PBX's records: %s. %s", problem, hint)
        if before is not None and not problem:
            log.warning("calls can be compared with the PBX's records again")
        since = before.since if before is not None else self._clock()
        self._trouble = Trouble(problem, hint, since) if problem else None

    def check(self) -> Check:
        """For the health. Records that nobody named are the doctor's business, not a fault of the service."""
        trouble = self._trouble
        if not self._is_wanted():
            return Check(PART, Level.OK, "records_unused", "calls are not compared with the PBX's records")
        if trouble is None:
            return Check(PART, Level.OK, "records_ok", "calls are compared with the PBX's records")
        text = f"calls cannot be compared with the PBX's records: {trouble.problem}"
        hint = trouble.hint or "It is tried again by itself."
        return Check(PART, Level.WARNING, UNREADABLE, text, hint, trouble.since)
