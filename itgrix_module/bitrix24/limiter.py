# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies the portal's budget to requests: waits for room, learns from answers. Shared by threads and processes."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from itgrix_module.app.rest_ports import LimitState, LimitStore
from itgrix_module.bitrix24 import limits as budget
from itgrix_module.bitrix24.errors import fault
from itgrix_module.bitrix24.limits import CLOUD, NORMAL, PORTAL, Limits
from itgrix_module.bitrix24.shapes import mapping, number
from itgrix_module.domain.failures import Failure, Temporary

log = logging.getLogger(__name__)

PATIENCE = 10.0  # seconds a request waits for room before it goes back to the queue
MAX_PAUSE = 8.0  # seconds after repeated refusals because of the request rate


@dataclass(frozen=True)
class Admission:
    """Which methods of a request have to rest, and for how many seconds; the others may go now."""

    held: Mapping[str, float]


class Limiter:
    """Budget of one portal.

    ``clock``: epoch seconds. ``wait``: sleeps so many seconds; returns true when the service is stopping, then the
    request fails as Temporary ``stopping``. ``patience``: see PATIENCE.
    """

    def __init__(
        self,
        store: LimitStore,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], object] = time.sleep,
        *,
        limits: Limits = CLOUD,
        patience: float = PATIENCE,
    ) -> None:
        self.limits = limits  # replaced when the licence of the portal becomes known
        self._store = store
        self._clock = clock
        self._wait = wait
        self._patience = patience
        self._strikes: dict[str, tuple[int, float]] = {}  # refusals in a row, when the last was
        self._guard = threading.Lock()

    def acquire(self, method: str, priority: int = NORMAL, patience: float | None = None) -> None:
        """Wait until one request of the method may be sent. Raises Temporary ``budget`` or ``method_held``."""
        rest = self.admit((method,), priority, patience).held.get(method, 0.0)
        if rest > 0:
            raise fault("method_held", method, wait=rest)

    def admit(self, methods: Collection[str], priority: int = NORMAL, patience: float | None = None) -> Admission:
        """Wait until one request with these methods may be sent. Sends nothing when all of them have to rest.

        ``patience``: seconds to wait at most. Raises Temporary ``budget`` when there is no room by then.
        """
        deadline = self._clock() + (self._patience if patience is None else patience)
        while True:
            admission, rest = self._try(methods, priority)
            if admission is not None:
                return admission
            if self._clock() + rest > deadline:
                raise fault("budget", wait=rest)
            if self._wait(rest):
                raise fault("stopping")

    def answered(self, method: str, times: Any) -> None:
        """Learn from the ``time`` of an answer, whatever it holds."""
        with self._guard:
            self._strikes.pop(method.lower(), None)
            self._strikes.pop(PORTAL, None)
        found = mapping(times)
        used, reset_at = number(found.get("operating")), number(found.get("operating_reset_at"))
        if used is not None:
            self._change(lambda state, now: budget.answered(state, now, method, used, reset_at, self.limits))

    def failed(self, method: str, failure: Exception | None) -> None:
        """Learn from a refusal; other failures teach nothing about the budget."""
        if not isinstance(failure, Temporary):
            return
        if failure.code == "QUERY_LIMIT_EXCEEDED":
            self._throttled(failure)
        elif failure.code == "OPERATION_TIME_LIMIT":
            self._blocked(method, failure)

    def pressure(self) -> float:
        """How full the portal's bucket is, 0 to 1: the fuller, the more it pays to pack requests into a batch."""
        return budget.pressure(self._store.load(), self._clock(), self.limits)

    def ready_in(self, priority: int = 0) -> float:
        """Seconds until the rate allows a request of this priority; 0 when it does now. Takes nothing."""
        return budget.reserve(self._store.load(), self._clock(), 1.0, priority, self.limits)[1]

    def _try(self, methods: Collection[str], priority: int) -> tuple[Admission | None, float]:
        with self._store.locked():
            state, now = self._store.load(), self._clock()
            rests = {m: budget.held(state, now, m, priority, self.limits) for m in methods}
            held = {method: rest for method, rest in rests.items() if rest > 0}
            if methods and len(held) == len(rests):
                return Admission(held), 0.0
            state, rest = budget.reserve(state, now, 1.0, priority, self.limits)
            if rest > 0:
                return None, rest
            for method in rests.keys() - held.keys():
                state = budget.sent(state, now, method, self.limits)
            self._store.save(state)
            return Admission(held), 0.0

    def _throttled(self, failure: Failure) -> None:
        strike = self._strike(PORTAL)
        # the first time a full bucket is lesson enough; if it goes on, others use the same budget: 1, 2, 4 s
        pause = min(2.0 ** (strike - 2), MAX_PAUSE) if strike > 1 else 0.0
        log.info("the portal asks for fewer requests: %s", failure.text)
        self._change(lambda state, now: budget.throttled(state, now, pause, self.limits))

    def _blocked(self, method: str, failure: Temporary) -> None:
        pause = min(budget.FIRST_BLOCK * 2.0 ** (self._strike(method.lower()) - 1), budget.WINDOW)
        self._change(lambda state, now: budget.blocked(state, now, method, pause, self.limits))
        with self._store.locked():
            failure.retry_after = budget.held(self._store.load(), self._clock(), method, 0, self.limits)
        log.info("the portal holds %s for %.0f s", method, failure.retry_after)

    def _strike(self, name: str) -> int:
        """Refusals in a row; those of requests that were under way together count once."""
        with self._guard:
            count, at = self._strikes.get(name, (0, -math.inf))
            now = self._clock()
            if now - at >= 1.0 / self.limits.rate:
                count, at = count + 1, now
            self._strikes[name] = (count, at)
            return count

    def _change(self, change: Callable[[LimitState, float], LimitState]) -> None:
        with self._store.locked():
            before = self._store.load()
            after = change(before, self._clock())
            if after != before:
                self._store.save(after)
