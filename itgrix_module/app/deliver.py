# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps to the portal: claim calls whose steps are due, send, store what came of it.

Steps of one call go in order, calls go in parallel. Whatever was sent may be sent again safely: requests are stored
before they go out; a repeated register carries the same EXTERNAL_CALL_ID; what would not be the same twice (a finish,
a register with its finish) is looked up in the portal's statistics first.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from itgrix_module.app import orders, settling
from itgrix_module.app.clients import Clients, Question
from itgrix_module.app.customizing import Customizer, Prepared
from itgrix_module.app.orders import Options, Plan
from itgrix_module.app.ports import (
    CallPortal,
    CallReply,
    CallRow,
    Finished,
    Lane,
    NewStep,
    Outbox,
    PortalSide,
    RegisterOrder,
    Settlement,
    TimelineEntry,
)
from itgrix_module.app.settling import Known
from itgrix_module.app.slots import Slots
from itgrix_module.app.standing import Standing, is_our_patience, of_database
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from itgrix_module.domain.responsible import Record
from itgrix_module.domain.schedule import back_off
from itgrix_module.domain.steps import Priority

log = logging.getLogger("itgrix.delivery")

LEASE = 90.0  # seconds: longer than any request of call control with its retries
CROWDED = 0.6  # fill of the request budget from which several calls share one request
PACK = 10  # calls in one request then; three commands each stay under the portal's limit of 50
RECORDS_AT_ONCE = 2  # workers that tell of calls that have ended; the others are there for live ones
LONGEST_LOOK = 1.0  # seconds between looks at the outbox, for what other processes put there
LONGEST_REST = 60.0  # seconds for which calls of the past wait for a method that rests, before they ask again
_RESTS = frozenset(("method_held", "OPERATION_TIME_LIMIT"))
_BRIEF = 0.005  # seconds
_NOT_OURS = 0.25  # seconds between looks while another worker asks a portal that is away

Asked = tuple[Lane, Plan]


class Portal(CallPortal, Protocol):
    """Calls in the portal, and what it knows of those that are closed."""

    def finished_as(self, external_id: str) -> Known | None:
        """A closed call by our own id; None when the statistics hold none. Raises Failure."""


class People(orders.People, Protocol):
    """Who is who in the portal."""

    def stand_ins(self, line: str) -> tuple[int, ...]:
        """Users who take the calls of nobody, the first choice first."""


@dataclass(frozen=True)
class _Outcome:
    """What is to be stored of one call. ``ended``: what was asked last, when more follows from it."""

    worker: str
    lane: Lane
    settlements: Sequence[Settlement]
    portal: PortalSide
    entries: Sequence[TimelineEntry]
    ended: Plan | None = None


Aftermath = Callable[[CallRow, PortalSide, Plan], Sequence[NewStep]]


def _nothing_follows(call: CallRow, side: PortalSide, plan: Plan) -> Sequence[NewStep]:  # noqa: ARG001
    return ()


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
        aftermath: Aftermath = _nothing_follows,
    ) -> None:
        self._outbox, self._portal, self._people, self._options = outbox, portal, people, options
        self._clients, self._customizer = clients, customizer
        self._standing, self._clock, self._chance, self._owner = standing, clock, chance, owner
        self._owed: deque[_Outcome] = deque()
        self._late = threading.Lock()
        self._record_slots = Slots(RECORDS_AT_ONCE)
        self._records_held = 0.0  # until when, epoch seconds
        self._aftermath = aftermath

    @property
    def _worker(self) -> str:
        """A lease belongs to one thread: another one of ours that takes it over must be noticed."""
        return f"{self._owner}:{threading.current_thread().name}"

    def deliver_due(self) -> int:
        """Send what is due; returns how many calls were handled.

        Raises Failure when the database does not take part; then nothing is lost and the next call goes on.
        """
        self._store_owed()
        if self._standing.pause() > 0 or self._portal.ready_in() > 0:
            return 0  # what is claimed is sent at once, so that no card goes out after its ringing
        with self._standing.turn() as mine:
            return (self._deliver_live() or self._deliver_records() or self._deliver_late()) if mine else 0

    def _deliver_live(self) -> int:
        lanes = self._claimed(Priority.CARD, Priority.FINISH)
        self._send(lanes)
        return len(lanes)

    def _deliver_records(self) -> int:
        """Calls that ended before the portal heard of them. However many wait, there is a worker for who rings now."""
        with self._record_slots.one() as mine:
            if not mine or self._records_rest() > 0:
                return 0
            lanes = self._claimed(Priority.RECORD, Priority.RECORD)
            self._send(lanes)
            return len(lanes)

    def _records_rest(self) -> float:
        return max(self._records_held - self._clock(), self._portal.ready_in(Priority.RECORD))

    def _deliver_late(self) -> int:
        """A call of the past, when nothing else is due; one worker at a time, so that live calls never wait for it."""
        if self._is_crowded or not self._late.acquire(blocking=False):
            return 0
        try:
            lanes = self._outbox.claim(self._worker, self._clock(), LEASE, 1, Priority.LATE, Priority.LATE)
            self._send(lanes)
            return len(lanes)
        finally:
            self._late.release()

    @property
    def _is_crowded(self) -> bool:
        return self._standing.state.is_up and self._portal.pressure() >= CROWDED

    def idle(self) -> float:
        """Seconds until there can be something to send; another process may put it there, so never long."""
        shortest = _BRIEF if self._standing.state.is_up else _NOT_OURS
        live = self._wait(Priority.CARD, Priority.FINISH)
        records = self._wait(Priority.RECORD, Priority.RECORD) if self._record_slots.is_free else LONGEST_LOOK
        wait = min(live, max(records, self._records_held - self._clock()))
        if wait < LONGEST_LOOK:
            return max(shortest, wait)
        return LONGEST_LOOK if self._is_crowded or self._late.locked() else self._late_idle()

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

    def _claimed(self, first: Priority, last: Priority) -> list[Lane]:
        limit = PACK if self._is_crowded else 1
        return self._outbox.claim(self._worker, self._clock(), LEASE, limit, first, last)

    # -- sending

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
            reply = settling.all_failed(plan.order, unknown) if unknown else self._without_request(lane, plan)
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
            return orders.left_out(each.lane, each.left_out, each.notes)
        plan = orders.plan(each.lane, each.people, options, records)
        plan = self._customizer.customized(each.lane, replace(plan, notes=each.notes), records)
        return orders.left_out(each.lane, plan.left_out, plan.notes) if plan.left_out else plan

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

    def _without_request(self, lane: Lane, plan: Plan) -> CallReply | None:
        """The reply to an order that need not or must not go out."""
        if plan.is_empty:
            return CallReply(plan.order.key)
        if plan.lacks_user:
            return settling.all_failed(plan.order, settling.NO_USER)
        return self._looked_up(lane, plan) if plan.may_be_done else None

    def _looked_up(self, lane: Lane, plan: Plan) -> CallReply | None:
        """A register with its finish whose answer was lost has made a call and closed it, or it has not."""
        assert plan.order.register is not None
        try:
            known = self._portal.finished_as(plan.order.register.external_id)
            made = self._made_since(plan.order.register, known.finished, lane) if known else ()
        except Permanent:
            return None  # the portal does not tell; a call too many is better than none
        except Failure as failure:
            self._standing.failed(failure)
            return settling.all_failed(plan.order, failure)
        return settling.already_done(plan.order, known, made) if known else None

    def _made_since(self, order: RegisterOrder, finished: Finished, lane: Lane) -> tuple[tuple[str, str], ...]:
        """Records that the lost answer would have named: the client's, as new as the request."""
        if not order.create or not finished.entity_id:
            return ()
        self._clients.forget(order.phone)
        asked = Question(order.phone, with_dates=True, with_deals=True)
        records = self._clients.find([asked], lane.urgency)[order.phone]
        return settling.made_since(lane.call.ended or lane.call.started, finished, records)

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
        self._heed_rests(asked, replies)
        return replies

    def _heed_rests(self, asked: Sequence[Asked], replies: Sequence[CallReply]) -> None:
        """A method that rests would turn one call of the past away after the other: they all wait instead."""
        if _priority(asked) < Priority.RECORD:
            return
        parts = [part for reply in replies for part in settling.parts(reply) if isinstance(part, Temporary)]
        rests = [part.retry_after or 0.0 for part in parts if part.code in _RESTS]
        if rests:
            self._records_held = self._clock() + min(max(rests), LONGEST_REST)

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

    # -- storing what came of it

    def _settle(self, lane: Lane, plan: Plan, reply: CallReply) -> None:
        now = self._clock()
        reply = self._cleared(plan, reply)
        stand_ins = self._people.stand_ins(lane.call.line)
        side = settling.portal_side(lane.portal, plan.order, reply, now, plan.finish)
        side = replace(side, left_out=plan.left_out) if plan.left_out else side
        told_before = settling.NO_USER in settling.parts(reply) and any(step.attempts for step in lane.steps)
        outcome = _Outcome(
            self._worker,
            lane,
            settling.settlements(lane, plan, reply, stand_ins, self._again_at),
            side,
            [] if told_before else settling.timeline(plan, reply, now),
            plan if side.finished > lane.portal.finished or plan.left_out else None,
        )
        try:
            self._store(outcome)
        except Failure:
            self._owed.append(outcome)  # the answer is kept; the next look at the outbox tells what is wrong
        if side.call_id and not lane.portal.call_id and plan.order.register is not None:
            self._customizer.registered(lane.call, side, plan.order.register)

    def _store_owed(self) -> None:
        """Store what the database could not take before."""
        while self._owed:
            try:
                outcome = self._owed.popleft()
            except IndexError:
                return  # another worker was faster
            try:
                self._store(outcome)
            except Permanent as failure:
                # Once its lease is over, the call is asked for again.
                log.error("call %s: the answer cannot be stored: %s", outcome.lane.call.linkedid, failure)
            except Failure:
                self._owed.appendleft(outcome)
                raise

    def _store(self, outcome: _Outcome) -> None:
        call = outcome.lane.call
        follow = self._aftermath(call, outcome.portal, outcome.ended) if outcome.ended else ()
        stored = self._outbox.settle(
            outcome.worker,
            call.node,
            call.linkedid,
            outcome.settlements,
            outcome.portal,
            outcome.entries,
            self._clock(),
            follow,
        )
        if not stored:
            log.warning("call %s: lease lost, another worker has taken it over", call.linkedid)
        for entry in outcome.entries:
            # That the portal is away is said once, not for each call that meets it.
            quiet = "failure" in entry.data and not self._standing.state.is_up
            log.log(logging.DEBUG if quiet else logging.INFO, "call %s: %s", call.linkedid, entry.text)

    def _cleared(self, plan: Plan, reply: CallReply) -> CallReply:
        """A finish that the portal does not know may be one whose answer was lost: ask its statistics."""
        failure = reply.finished
        if not isinstance(failure, Failure) or failure.code != "call_not_found" or not plan.order.call_id:
            return reply
        try:
            found = self._portal.finished_call(plan.order.call_id)
        except Permanent:
            was_sent = plan.finish is not None and plan.finish.sent is not None
            return replace(reply, finished=Finished(warning=settling.BELIEVED)) if was_sent else reply
        except Failure as error:
            return replace(reply, finished=error)
        return reply if found is None else replace(reply, finished=found)

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
