# SPDX-License-Identifier: GPL-3.0-or-later
"""When calls may go to the portal: live ones at once, those that have ended and those of the past as it allows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from itgrix_module.app import settling
from itgrix_module.app.ports import Outbox
from itgrix_module.app.slots import Slots
from itgrix_module.app.standing import Standing
from itgrix_module.app.telephony_ports import CallPortal, CallReply
from itgrix_module.domain.failures import Temporary
from itgrix_module.domain.steps import Priority

CROWDED = 0.6  # fill of the request budget from which several calls share one request
RECORDS_AT_ONCE = 2  # workers that tell of calls that have ended; the others are there for live ones
LONGEST_LOOK = 1.0  # seconds between looks at the outbox, for what other processes put there
LONGEST_REST = 60.0  # seconds for which calls of the past wait for a method that rests, before they ask again
_RESTS = frozenset(("method_held", "OPERATION_TIME_LIMIT"))
_BRIEF = 0.005  # seconds
_NOT_OURS = 0.25  # seconds between looks while another worker asks a portal that is away


class Pace:
    """Who may send what at this moment, and how long there is nothing to send. Thread-safe."""

    def __init__(self, outbox: Outbox, portal: CallPortal, standing: Standing, clock: Callable[[], float]) -> None:
        self._outbox, self._portal, self._standing, self._clock = outbox, portal, standing, clock
        self._late = threading.Lock()
        self._record_slots = Slots(RECORDS_AT_ONCE)
        self._records_held = 0.0  # until when, epoch seconds

    @property
    def is_held(self) -> bool:
        """Whether nothing may go out now."""
        return self._standing.pause() > 0 or self._portal.ready_in() > 0

    @property
    def is_crowded(self) -> bool:
        """Whether the request budget is so full that calls must share requests."""
        return self._standing.state.is_up and self._portal.pressure() >= CROWDED

    @contextmanager
    def records_turn(self) -> Iterator[bool]:
        """Whether the block may tell of calls that have ended: there is a worker left for who rings now."""
        with self._record_slots.one() as mine:
            yield mine and self._records_rest() <= 0

    @contextmanager
    def late_turn(self) -> Iterator[bool]:
        """Whether the block may tell of a call of the past: one worker at a time, while the budget is not crowded."""
        mine = not self.is_crowded and self._late.acquire(blocking=False)
        try:
            yield mine
        finally:
            if mine:
                self._late.release()

    def heed(self, replies: Sequence[CallReply]) -> None:
        """A method that rests would turn one call of the past away after the other: they all wait instead.

        ``replies``: to a request that told of no live call.
        """
        parts = [part for reply in replies for part in settling.parts(reply) if isinstance(part, Temporary)]
        rests = [part.retry_after or 0.0 for part in parts if part.code in _RESTS]
        if rests:
            self._records_held = self._clock() + min(max(rests), LONGEST_REST)

    def idle(self) -> float:
        """Seconds until there can be something to send; another process may put it there, so never long."""
        shortest = _BRIEF if self._standing.state.is_up else _NOT_OURS
        live = self._wait(Priority.CARD, Priority.FINISH)
        records = self._wait(Priority.RECORD, Priority.RECORD) if self._record_slots.is_free else LONGEST_LOOK
        wait = min(live, max(records, self._held()))
        if wait < LONGEST_LOOK:
            return max(shortest, wait)
        return LONGEST_LOOK if self.is_crowded or self._late.locked() else self._late_idle()

    def _records_rest(self) -> float:
        return max(self._held(), self._portal.ready_in(Priority.RECORD))

    def _held(self) -> float:
        """Never longer than it was meant, whatever becomes of the clock."""
        return min(self._records_held - self._clock(), LONGEST_REST)

    def _wait(self, first: Priority, last: Priority) -> float:
        """Seconds until something of this urgency can be sent."""
        due = self._outbox.next_due(self._clock(), first, last)
        if due is None:
            return LONGEST_LOOK
        return max(due - self._clock(), self._standing.pause(), self._portal.ready_in(first))

    def _late_idle(self) -> float:
        due = self._outbox.next_due(self._clock(), Priority.LATE, Priority.LATE)
        if due is None:
            return LONGEST_LOOK
        return min(LONGEST_LOOK, max(_NOT_OURS, due - self._clock(), self._standing.pause(), self._portal.ready_in()))
