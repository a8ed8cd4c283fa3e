# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of delivered calls is stored, or kept in memory until the database takes it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from itgrix_module.app.plans import Plan
from itgrix_module.app.ports import CallRow, Lane, NewStep, Outbox, PortalSide, Settlement, TimelineEntry
from itgrix_module.app.standing import Standing
from itgrix_module.domain.failures import Failure, Permanent

log = logging.getLogger("itgrix.delivery")

Aftermath = Callable[[CallRow, PortalSide, Plan], Sequence[NewStep]]


@dataclass(frozen=True)
class KeptAnswer:
    """What is to be stored of one call. ``ended``: what was asked last, when more follows from it."""

    worker: str
    lane: Lane
    settlements: Sequence[Settlement]
    portal: PortalSide
    entries: Sequence[TimelineEntry]
    ended: Plan | None = None


def nothing_follows(call: CallRow, side: PortalSide, plan: Plan) -> Sequence[NewStep]:  # noqa: ARG001
    """No aftermath."""
    return ()


class AnswersKept:
    """Stores answers; what the database does not take is owed to it. Thread-safe.

    ``aftermath``: what is still to be done once the portal has closed a call; stored together with its answer.
    """

    def __init__(
        self, outbox: Outbox, standing: Standing, clock: Callable[[], float], aftermath: Aftermath = nothing_follows
    ) -> None:
        self._outbox, self._standing, self._clock, self._aftermath = outbox, standing, clock, aftermath
        self._owed: deque[KeptAnswer] = deque()

    def keep(self, answer: KeptAnswer) -> None:
        """Store it now, or at the next ``store_owed``."""
        try:
            self._store(answer)
        except Failure:
            self._owed.append(answer)  # the next look at the outbox tells what is wrong

    def store_owed(self) -> None:
        """Store what the database could not take before. Raises Failure when it still does not."""
        while self._owed:
            try:
                answer = self._owed.popleft()
            except IndexError:
                return  # another worker was faster
            try:
                self._store(answer)
            except Permanent as failure:
                # Once its lease is over, the call is asked for again.
                log.error("call %s: the answer cannot be stored: %s", answer.lane.call.linkedid, failure)
            except Failure:
                self._owed.appendleft(answer)
                raise

    def _store(self, answer: KeptAnswer) -> None:
        call = answer.lane.call
        follow = self._aftermath(call, answer.portal, answer.ended) if answer.ended else ()
        stored = self._outbox.settle(
            answer.worker,
            call.node,
            call.linkedid,
            answer.settlements,
            answer.portal,
            answer.entries,
            self._clock(),
            follow,
        )
        if not stored:
            log.warning("call %s: lease lost, another worker has taken it over", call.linkedid)
        for entry in answer.entries:
            # That the portal is away is said once, not for each call that meets it.
            quiet = "failure" in entry.data and not self._standing.state.is_up
            log.log(logging.DEBUG if quiet else logging.INFO, "call %s: %s", call.linkedid, entry.text)
