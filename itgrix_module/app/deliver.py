# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps to the portal: claim calls whose steps are due, send, store what came of it.

Steps of one call go in order, calls go in parallel. Whatever was sent may be sent again safely: a repeated register
carries the same EXTERNAL_CALL_ID, a finish whose answer was lost is looked up before it counts as failed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from itgrix_module.app import orders, settling
from itgrix_module.app.orders import Options, People, Plan
from itgrix_module.app.ports import CallPortal, CallReply, Lane, Outbox, PortalSide, Settlement, TimelineEntry
from itgrix_module.domain.failures import Failure, NeedsOwner, Temporary
from itgrix_module.domain.schedule import LONGEST_PORTAL, back_off
from itgrix_module.domain.steps import Priority

log = logging.getLogger("itgrix.delivery")

LEASE = 90.0  # seconds: longer than any request of call control with its retries
CROWDED = 0.6  # fill of the request budget from which several calls share one request
PACK = 10  # calls in one request then; three commands each stay under the portal's limit of 50
_OUR_PATIENCE = frozenset(("budget", "QUERY_LIMIT_EXCEEDED", "stopping"))  # the portal is well, we have to wait
OWNER_PAUSE = 30.0  # seconds between looks whether the portal's owner has mended what only he can


@dataclass(frozen=True)
class PortalState:
    """Whether the portal takes calls. ``reason``: the failure that says why not; ``since``: epoch seconds, UTC."""

    reason: Failure | None = None
    since: float = 0.0
    until: float = 0.0
    failures: int = 0

    @property
    def is_up(self) -> bool:
        return self.reason is None


class Deliverer:
    """Sends what the outbox holds. Thread-safe: several threads may call ``deliver_due`` at once."""

    def __init__(
        self,
        outbox: Outbox,
        portal: CallPortal,
        people: People,
        options: Callable[[], Options],
        clock: Callable[[], float],
        chance: Callable[[], float],
        owner: str,
    ) -> None:
        self._outbox, self._portal, self._people, self._options = outbox, portal, people, options
        self._clock, self._chance, self._owner = clock, chance, owner
        self._state = PortalState()

    @property
    def state(self) -> PortalState:
        """Whether the portal takes calls at this moment."""
        return self._state

    @property
    def _worker(self) -> str:
        """A lease belongs to one thread: another one of ours that takes it over must be noticed."""
        return f"{self._owner}:{threading.current_thread().name}"

    def deliver_due(self) -> int:
        """Send what is due; returns how many calls were handled."""
        now = self._clock()
        if now < self._state.until or self._portal.ready_in() > 0:
            return 0  # what is claimed is sent at once, so that no card goes out after its ringing
        crowded = self._portal.pressure() >= CROWDED
        limit = PACK if crowded else 1
        lanes = self._outbox.claim(self._worker, now, LEASE, limit, Priority.CARD, Priority.TASK)
        if lanes:
            self._send(lanes)
        return len(lanes)

    def _send(self, lanes: Sequence[Lane]) -> None:
        options = self._options()
        planned = [(lane, orders.plan(lane, self._people, options)) for lane in lanes]
        for lane, plan in planned:
            if plan.is_empty:
                self._settle(lane, plan, CallReply(plan.order.key))
        asked = [(lane, plan) for lane, plan in planned if not plan.is_empty and self._remember(plan)]
        if not asked:
            return
        try:
            replies = self._portal.send([plan.order for _, plan in asked], _priority(asked))
        except Failure as failure:
            self._failed(failure)
            replies = [settling.all_failed(plan.order, failure) for _, plan in asked]
        else:
            self._answered(replies)
        for (lane, plan), reply in zip(asked, replies, strict=True):
            self._settle(lane, plan, reply)

    def _remember(self, plan: Plan) -> bool:
        """Store the request before it is sent; False when the call was taken over by another worker."""
        if plan.register is None or plan.order.register is None or plan.register.sent is not None:
            return True
        try:
            self._outbox.remember_sent(self._worker, plan.register.id, orders.as_sent(plan.order.register))
        except Temporary as failure:
            log.warning("%s", failure)
            return failure.code != "lease_lost"
        return True

    def _settle(self, lane: Lane, plan: Plan, reply: CallReply) -> None:
        now = self._clock()
        reply = self._cleared(plan, reply)
        portal = settling.portal_side(lane.portal, plan.order, reply, now, plan.finish)
        default = self._people.default_user(lane.call.line)
        settlements = settling.settlements(lane, plan, reply, default, self._again_at)
        entries = settling.timeline(plan, reply, now)
        stored = self._outbox.settle(
            self._worker, lane.call.node, lane.call.linkedid, settlements, portal, entries, now
        )
        if not stored:
            log.warning("call %s: lease lost, another worker has taken it over", lane.call.linkedid)
        for entry in entries:
            log.info("call %s: %s", lane.call.linkedid, entry.text)

    def _cleared(self, plan: Plan, reply: CallReply) -> CallReply:
        """A finish that the portal does not know may be one whose answer was lost: ask its statistics."""
        failure = reply.finished
        if not isinstance(failure, Failure) or failure.code != "call_not_found" or not plan.order.call_id:
            return reply
        try:
            found = self._portal.finished_call(plan.order.call_id)
        except Failure as error:
            return replace(reply, finished=error if isinstance(error, Temporary) else failure)
        return reply if found is None else replace(reply, finished=found)

    def _again_at(self, attempts: int, failure: Failure) -> float:
        now = self._clock()
        if isinstance(failure, NeedsOwner) or not self._state.is_up:
            return max(now, self._state.until) + self._chance()
        if isinstance(failure, Temporary) and failure.retry_after is not None:
            return now + failure.retry_after
        if attempts == 0:
            return now
        return now + back_off(attempts, self._chance())

    # -- the portal as a whole: said once down, once back

    def _answered(self, replies: Sequence[CallReply]) -> None:
        parts = [part for reply in replies for part in (reply.registered, reply.finished)]
        refused = next((part for part in parts if isinstance(part, NeedsOwner)), None)
        if refused is not None:
            self._failed(refused)
        elif not self._state.is_up:
            log.warning("portal takes calls again after %.0f s", self._clock() - self._state.since)
            self._state = PortalState()

    def _failed(self, failure: Failure) -> None:
        if not _is_portals(failure):
            return
        now, state = self._clock(), self._state
        failures = state.failures + 1
        pause = OWNER_PAUSE if isinstance(failure, NeedsOwner) else back_off(failures, self._chance(), LONGEST_PORTAL)
        if state.is_up:
            log.error("portal does not take calls: %s %s Calls wait.", failure, failure.hint)
        self._state = PortalState(failure, now if state.is_up else state.since, now + pause, failures)

    def resume(self) -> None:
        """Try again at once (the administrator has mended something)."""
        self._state = replace(self._state, until=0.0)


def _is_portals(failure: Failure) -> bool:
    """Does the failure concern every call, not only the one that met it?"""
    if isinstance(failure, NeedsOwner):
        return True
    return isinstance(failure, Temporary) and failure.scope == "portal" and failure.code not in _OUR_PATIENCE


def _priority(asked: Sequence[tuple[Lane, Plan]]) -> int:
    return min(lane.steps[0].priority for lane, _ in asked)


__all__ = ["Deliverer", "PortalSide", "PortalState", "Settlement", "TimelineEntry"]
