# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's clock is set while the service runs, or while it is away: nothing waits for a time that was meant
otherwise. The scheduler's own times are wall times too, so this is watched by a thread beside it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from itgrix_module.app.workers import Worker
from itgrix_module.core import Core, owner_name
from itgrix_module.place import heard_at
from itgrix_module.storage.clock import pull_back

if TYPE_CHECKING:
    from itgrix_module.service import Service

log = logging.getLogger("itgrix.service")

STEP = 5.0  # seconds between two looks by which a clock is set; less is how clocks are put right all the time
LOOK = 1.0  # seconds


class ClockWatch:
    """Call it every second. ``wall``: epoch seconds; ``steady``: seconds that nobody sets.

    ``on_back``: hears by how many seconds the clock was set back; what it raises is raised, and it hears it again.
    ``on_set``: whenever the clock was set.
    """

    def __init__(
        self,
        wall: Callable[[], float],
        steady: Callable[[], float],
        on_back: Callable[[float], object],
        on_set: Callable[[], object],
    ) -> None:
        self._wall, self._steady, self._on_back, self._on_set = wall, steady, on_back, on_set
        self._apart = wall() - steady()
        self._owed = 0.0
        self._is_set = False

    def __call__(self) -> int:
        """Look once; returns 0, as there is never more to do at once."""
        apart = self._wall() - self._steady()
        moved, self._apart = apart - self._apart, apart
        if abs(moved) >= STEP:
            log.warning("the clock of this machine was set %s by %.0f s", "back" if moved < 0 else "forward", -moved)
            self._owed, self._is_set = self._owed + max(0.0, -moved), True
        if self._owed:
            self._on_back(self._owed)
            self._owed = 0.0
        if self._is_set:
            self._on_set()
            self._is_set = False
        return 0


@contextmanager
def watching(service: Service, run_jobs_now: Callable[[], object]) -> Iterator[None]:
    """While the service runs."""

    def back(seconds: float) -> None:
        owner = owner_name(service.core.place).rpartition(":")[0]
        pull_back(service.core.database, seconds, time.time(), owner)

    def is_set() -> None:
        run_jobs_now()
        service.directory.ask_again()
        service.clients.forget_all()
        service.resume()

    watch = ClockWatch(time.time, time.monotonic, back, is_set)
    with Worker("clock", watch, threading.Event(), lambda: LOOK, service.troubles, service.ending):
        yield


def set_back_while_away(core: Core) -> None:
    """The PBX was last heard in the future: the clock was set back while the service did not run."""
    heard, now = heard_at(core.place.heartbeat), time.time()
    if heard is not None and heard - now >= STEP:
        log.warning("the clock of this machine was set back by at least %.0f s", heard - now)
        pull_back(core.database, heard - now, now, owner_name(core.place).rpartition(":")[0])
        core.place.beat()
