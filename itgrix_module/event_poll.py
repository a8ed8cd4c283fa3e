# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetches events from the portal's queue: quick in working hours, slow at night, never more than its share."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from itgrix_module.app.event_pace import Delay, Delays
from itgrix_module.app.happenings import STALE, Inbox
from itgrix_module.bitrix24.crm import Portal
from itgrix_module.bitrix24.offline import Portion, reserved, take
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent

log = logging.getLogger("itgrix.events")

_AGAIN, _LONGEST, _OWNER = 5.0, 60.0, 60.0  # seconds until the next try after a failure
_ASLEEP = 2.0  # seconds between looks while nothing is to be fetched


class Pace(Protocol):
    """Seconds until the next look."""

    def __call__(self, *, more: bool) -> float: ...


class Poller:
    """For one worker. ``active``: is the queue to be asked at all? ``clock``: epoch seconds."""

    def __init__(
        self,
        portal: Callable[[], Portal],
        inbox: Inbox,
        active: Callable[[], bool],
        pace: Pace,
        clock: Callable[[], float],
    ) -> None:
        self._portal, self._inbox, self._active, self._pace, self._clock = portal, inbox, active, pace, clock
        self._forget: tuple[str, ...] = ()
        self._must_recover = True
        self._more = False
        self._pause = _AGAIN
        self._delays = Delays()
        self.failure: Failure | None = None
        self.last: float | None = None

    @property
    def delay(self) -> Delay | None:
        """How late events come."""
        return self._delays.delay

    def poll(self) -> int:
        """Look once; 0, so that the worker pauses. Raises Failure of the store."""
        if not self._active():
            self._must_recover, self.failure = True, None
            return 0
        try:
            portions = self._portions()
        except Failure as failure:
            self._failed(failure)
            return 0
        if self.failure is not None:
            log.warning("events of the portal are fetched again")
        self.failure, self._pause, self.last = None, _AGAIN, self._clock()
        self._more = any(portion.is_full for portion in portions)
        try:
            for portion in portions:
                self._keep(portion)
        except Failure:
            self._must_recover = True  # the portal holds them until they are stored here
            raise
        return 0

    def idle(self) -> float:
        """Seconds until the next look."""
        if self.failure is not None:
            return self._pause
        return self._pace(more=self._more) if self._active() else _ASLEEP

    def _portions(self) -> list[Portion]:
        portal, found = self._portal(), list[Portion]()
        if self._must_recover:
            found = reserved(portal, self._clock())
            self._must_recover = False
        try:
            found.append(take(portal, self._forget, self._clock()))
        except Failure:
            # A portion may have been reserved for an answer that was lost.
            self._must_recover = True
            raise
        self._forget = ()
        return found

    def _keep(self, portion: Portion) -> None:
        now = self._clock()
        fresh = [each for each in portion.happenings if now - each.at <= STALE]
        self._inbox.keep(fresh)
        if portion.happenings:
            self._forget = (*self._forget, portion.process)
        for each in portion.happenings if portion.offset is not None else ():
            self._delays.note(now - each.at)

    def _failed(self, failure: Failure) -> None:
        if self.failure is None:
            log.error("events of the portal cannot be fetched: %s. %s", failure, failure.hint)
        self.failure = failure
        wait = getattr(failure, "retry_after", None) or self._pause
        self._pause = (
            _OWNER if isinstance(failure, NeedsOwner | Permanent) else min(_LONGEST, max(wait, self._pause * 2))
        )
