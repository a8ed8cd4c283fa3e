# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps to the portal: claim calls whose steps are due, send, store what came of it.

Steps of one call go in order, calls go in parallel. Whatever was sent may be sent again safely: requests are stored
before they go out; a repeated register carries the same EXTERNAL_CALL_ID; what would not be the same twice is looked up
in the portal's statistics first (``lost_answers``).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from itgrix_module.app import orders, plans, settling
from itgrix_module.app.answers_kept import Aftermath, AnswersKept, KeptAnswer, nothing_follows
from itgrix_module.app.clients import Clients
from itgrix_module.app.customizing import Customizer, Prepared
from itgrix_module.app.lookout import Found, told_nobody
from itgrix_module.app.lost_answers import LostAnswers, Portal
from itgrix_module.app.orders import Options
from itgrix_module.app.pace import Pace
from itgrix_module.app.plans import Plan
from itgrix_module.app.ports import Lane, Outbox
from itgrix_module.app.standing import Standing, is_our_patience, of_database
from itgrix_module.app.telephony_ports import CallReply
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from itgrix_module.domain.responsible import Record
from itgrix_module.domain.schedule import back_off
from itgrix_module.domain.steps import Priority

log = logging.getLogger("itgrix.delivery")

LEASE = 90.0  # seconds: longer than any request of call control with its retries
PACK = 10  # calls in one request while it is crowded; three commands each stay under the portal's limit of 50

Asked = tuple[Lane, Plan]


class People(orders.People, Protocol):
    """Who is who in the portal."""

    def stand_ins(self, line: str) -> tuple[int, ...]:
        """Users who take the calls of nobody, the first choice first."""


class Deliverer:
    """Sends what the outbox holds. Thread-safe: several threads may call ``deliver_due`` at once.

    ``aftermath``: what is still to be done once the portal has closed a call; stored together with its answer.
    """

    def __init__(
        self,
        outbox: Outbox,
        portal: Portal,
        people: People,
        clients: Clients,
        customizer: Customizer,
        options: Callable[[], Options],
        standing: Standing,
        clock: Callable[[], float],
        chance: Callable[[], float],
        owner: str,
        aftermath: Aftermath = nothing_follows,
    ) -> None:
        self._outbox, self._portal, self._people, self._options = outbox, portal, people, options
        self._clients, self._customizer = clients, customizer
        self._standing, self._clock, self._chance, self._owner = standing, clock, chance, owner
        self._pace = Pace(outbox, portal, standing, clock)
        self._lost = LostAnswers(portal, clients, standing)
        self._kept = AnswersKept(outbox, standing, clock, aftermath)

    @property
    def _worker(self) -> str:
        """A lease belongs to one thread: another one of ours that takes it over must be noticed."""
        return f"{self._owner}:{threading.current_thread().name}"

    def deliver_due(self, found: Found = told_nobody) -> int:
        """Send what is due; returns how many calls were handled. ``found``: called once some are taken, before sending.

        Raises Failure when the database does not take part; then nothing is lost and the next call goes on.
        """
        self._kept.store_owed()
        if self._pace.is_held:
            return 0  # what is claimed is sent at once, so that no card goes out after its ringing
        with self._standing.turn() as mine:
            if not mine:
                return 0
            return self._deliver_live(found) or self._deliver_records(found) or self._deliver_late(found)

    def _deliver_live(self, found: Found) -> int:
        return self._sent(self._claimed(Priority.CARD, Priority.FINISH), found)

    def _deliver_records(self, found: Found) -> int:
        """Calls that ended before the portal heard of them. However many wait, there is a worker for who rings now."""
        with self._pace.records_turn() as mine:
            return self._sent(self._claimed(Priority.RECORD, Priority.RECORD), found) if mine else 0

    def _deliver_late(self, found: Found) -> int:
        """A call of the past, when nothing else is due; one worker at a time, so that live calls never wait for it."""
        with self._pace.late_turn() as mine:
            if not mine:
                return 0
            lanes = self._outbox.claim(self._worker, self._clock(), LEASE, 1, Priority.LATE, Priority.LATE)
            return self._sent(lanes, found)

    def _sent(self, lanes: Sequence[Lane], found: Found) -> int:
        if lanes:
            found()
            self._send(lanes)
        return len(lanes)

    def idle(self) -> float:
        """Seconds until there can be something to send; another process may put it there, so never long."""
        return self._pace.idle()

    def _claimed(self, first: Priority, last: Priority) -> list[Lane]:
        limit = PACK if self._pace.is_crowded else 1
        return self._outbox.claim(self._worker, self._clock(), LEASE, limit, first, last)

    def _send(self, lanes: Sequence[Lane]) -> None:
        options = self._options()
        if self._customizer.is_on("process_registration_params"):
            options = replace(options, candidates=True)
        prepared = [self._prepared(lane) for lane in lanes]
        known = self._records([each.lane for each in prepared if not each.left_out], options)
        asked: list[Asked] = []
        for each in prepared:
            lane = each.lane
            records = known.get(lane.call.linkedid, ())
            unknown = records if isinstance(records, Failure) else None
            plan = self._plan(each, options, () if isinstance(records, Failure) else records)
            reply = settling.all_failed(plan.order, unknown) if unknown else self._lost.without_request(lane, plan)
            if reply is not None:
                self._settle(lane, plan, reply)
            elif self._remember(lane, plan):
                asked.append((lane, plan))
        if asked:
            for (lane, plan), reply in zip(asked, self._answers(asked), strict=True):
                self._settle(lane, plan, reply)

    def _prepared(self, lane: Lane) -> Prepared:
        if lane.portal.left_out:
            return Prepared(lane, self._people, left_out=lane.portal.left_out)
        return self._customizer.prepared(lane, self._people)

    def _plan(self, each: Prepared, options: Options, records: Sequence[Record]) -> Plan:
        if each.left_out:
            return plans.left_out(each.lane, each.left_out, each.notes)
        plan = orders.plan(each.lane, each.people, options, records)
        plan = self._customizer.customized(each.lane, replace(plan, notes=each.notes), records)
        return plans.left_out(each.lane, plan.left_out, plan.notes) if plan.left_out else plan

    def _records(self, lanes: Sequence[Lane], options: Options) -> dict[str, tuple[Record, ...] | Failure]:
        """CRM records of the clients, for the calls whose rules ask for them; by call."""
        questions = {lane.call.linkedid: orders.question(lane, options) for lane in lanes}
        asked = {call: question for call, question in questions.items() if question is not None}
        if not asked:
            return {}
        try:
            found = self._clients.find(asked.values(), min(lane.urgency for lane in lanes))
        except Failure as failure:
            self._standing.failed(failure)
            return dict.fromkeys(asked, failure)
        return {call: found[question.number] for call, question in asked.items()}

    def _remember(self, lane: Lane, plan: Plan) -> bool:
        """Store the request before it is sent; False when it must not be sent now."""
        try:
            if plan.register is not None and plan.order.register is not None and plan.register.sent is None:
                self._outbox.remember_sent(self._worker, plan.register.id, orders.as_sent(plan.order.register))
            if plan.finish is not None and plan.order.finish is not None and plan.finish.sent is None:
                self._outbox.remember_sent(self._worker, plan.finish.id, orders.as_sent(plan.order.finish))
        except Failure as failure:
            if failure.code == "lease_lost":
                log.warning("call %s: another worker has taken it over", lane.call.linkedid)
            else:
                self._settle(lane, plan, settling.all_failed(plan.order, failure))
            return False
        return True

    def _answers(self, asked: Sequence[Asked]) -> list[CallReply]:
        try:
            replies = self._portal.send([plan.order for _, plan in asked], _priority(asked))
        except Failure as failure:
            return self._all_failed(asked, failure)
        except Exception:
            # What nobody foresaw in one call must not stop the calls of everybody else.
            if len(asked) > 1:
                return [self._answers([one])[0] for one in asked]
            log.exception("call %s: a request could not be made", asked[0][0].call.linkedid)
            fault = Permanent("internal", "The module could not make the request.", "Please send the diagnostics.")
            return self._all_failed(asked, fault)
        self._heard(replies)
        if _priority(asked) >= Priority.RECORD:
            self._pace.heed(replies)
        return replies

    def _all_failed(self, asked: Sequence[Asked], failure: Failure) -> list[CallReply]:
        self._standing.failed(failure)
        if of_database(failure):
            # The budget's account lies in our database; whether the request went out before is not known.
            failure = Temporary(failure.code, failure.text, failure.hint, failure.method, executed=True)
        return [settling.all_failed(plan.order, failure) for _, plan in asked]

    def _heard(self, replies: Sequence[CallReply]) -> None:
        """What the replies tell of the portal as a whole."""
        parts = [part for reply in replies for part in settling.parts(reply)]
        refused = next((part for part in parts if isinstance(part, NeedsOwner)), None)
        lost = [part for part in parts if isinstance(part, Temporary)]
        if refused is not None:
            self._standing.failed(refused)
        elif parts and len(lost) == len(parts):
            self._standing.failed(lost[0])
        else:
            self._standing.answered(a_call=True)

    def _settle(self, lane: Lane, plan: Plan, reply: CallReply) -> None:
        now = self._clock()
        reply = self._lost.cleared(plan, reply)
        stand_ins = self._people.stand_ins(lane.call.line)
        side = settling.portal_side(lane.portal, plan.order, reply, now, plan.finish)
        side = replace(side, left_out=plan.left_out) if plan.left_out else side
        told_before = settling.NO_USER in settling.parts(reply) and any(step.attempts for step in lane.steps)
        answer = KeptAnswer(
            self._worker,
            lane,
            settling.settlements(lane, plan, reply, stand_ins, self._again_at),
            side,
            [] if told_before else settling.timeline(plan, reply, now),
            plan if side.finished > lane.portal.finished or plan.left_out else None,
        )
        self._kept.keep(answer)
        if side.call_id and not lane.portal.call_id and plan.order.register is not None:
            self._customizer.registered(lane.call, side, plan.order.register)

    def _again_at(self, attempts: int, failure: Failure) -> float:
        now, state = self._clock(), self._standing.state
        if is_our_patience(failure):
            return now + (getattr(failure, "retry_after", None) or 0.0)
        if isinstance(failure, NeedsOwner) or not state.is_up:
            return max(now, state.until) + self._chance()
        if isinstance(failure, Temporary) and failure.retry_after is not None and not failure.executed:
            return now + failure.retry_after  # a lost answer says nothing of when to come again
        if attempts == 0:
            return now
        return now + back_off(attempts, self._chance())


def _priority(asked: Sequence[Asked]) -> int:
    return min(lane.urgency for lane, _ in asked)
