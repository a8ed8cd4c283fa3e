# SPDX-License-Identifier: GPL-3.0-or-later
"""Errands to the portal after a call: tasks, messages, deals, facts for the CRM. In the background, one thread's work.

What may have been executed is known (it is stored before it is sent), so after a lost answer or a kill an errand looks
before it repeats. An errand that the portal refuses fails alone: those behind it and the recording go on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import takewhile
from typing import Any

from itgrix_module.app import aftermath, errands_deal, errands_dial, errands_fields, errands_owner, errands_task
from itgrix_module.app.errand_ports import ErrandPortal
from itgrix_module.app.errands_matter import WAITS, Aids, Done, Errand, ErrandRules, Matter
from itgrix_module.app.errands_rounds import LeaseLost, Rounds, Run
from itgrix_module.app.ports import Lane, Outbox, PortalSide, Settlement, StoredStep, TimelineEntry
from itgrix_module.app.standing import OWNER_PAUSE, Standing, is_our_patience, of_database
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from itgrix_module.domain.schedule import back_off
from itgrix_module.domain.steps import Priority

log = logging.getLogger("itgrix.errands")

LEASE = 300.0  # seconds: the errands of one call with their requests
LONGEST_LOOK = 1.0  # seconds between looks at the outbox
TRIES = 15  # after which an errand no longer keeps the call's recording waiting

Result = Done | Failure
_WAYS: Mapping[str, Callable[[Matter], Errand]] = {
    aftermath.NOTICE: errands_dial.notice,
    aftermath.OWNER: errands_owner.hand_over,
    aftermath.DEAL: errands_deal.place,
    aftermath.CLOSE_TASKS: errands_task.close,
    aftermath.TASK: errands_task.make,
    aftermath.MESSAGE: errands_fields.message,
    aftermath.ENTITY: errands_fields.entity,
    aftermath.ACTIVITY: errands_fields.activity,
}


class Errands:
    """Does what the outbox holds for after the call. ``rules``: read for each call. ``owner``: its own name."""

    def __init__(
        self,
        outbox: Outbox,
        portal: ErrandPortal,
        aids: Aids,
        rules: Callable[[], ErrandRules],
        standing: Standing,
        clock: Callable[[], float],
        chance: Callable[[], float],
        owner: str,
    ) -> None:
        self._outbox, self._aids, self._rules, self._standing = outbox, aids, rules, standing
        self._clock, self._chance, self._owner = clock, chance, owner
        self._rounds = Rounds(outbox, portal, standing, clock, owner, LEASE)
        self._owed: partial[bool] | None = None

    def run_due(self) -> int:
        """Do what is due for one call; returns how many calls were handled. Raises Failure of the database."""
        self._store_owed()
        if self._standing.pause() > 0:
            return 0
        with self._standing.turn() as mine:
            lanes = self._claimed() if mine else []
            for lane in lanes:
                self._handle(lane)
        return len(lanes)

    def _claimed(self) -> list[Lane]:
        return self._outbox.claim(self._owner, self._clock(), LEASE, 1, Priority.TASK, Priority.TASK)

    def idle(self) -> float:
        """Seconds until the next look."""
        return LONGEST_LOOK

    # -- one call

    def _handle(self, lane: Lane) -> None:
        steps = list(takewhile(lambda step: step.priority == Priority.TASK, lane.steps))
        shared: dict[str, str] = {}
        rules = self._rules()
        runs = [self._run(lane, step, rules, shared) for step in steps]
        try:
            # The deal first: the others may name it.
            for is_deal in (True, False):
                self._rounds.finish([run for run in runs if (run.matter.step.kind == aftermath.DEAL) == is_deal])
        except LeaseLost:
            log.warning("call %s: another worker has taken it over", lane.call.linkedid)
            return
        self._settle(lane, runs)

    def _run(self, lane: Lane, step: StoredStep, rules: ErrandRules, shared: dict[str, str]) -> Run:
        progress = dict(step.sent or {})
        matter = Matter(lane.call, lane.portal, step, rules, self._aids, self._clock(), shared, [], progress)
        return Run(matter, _WAYS.get(step.kind, _unknown)(matter))

    # -- what came of it

    def _settle(self, lane: Lane, runs: Sequence[Run]) -> None:
        now = self._clock()
        settlements = [self._settlement(run, now) for run in runs]
        entries = [
            _entry(run, settled.text, now)
            for run, settled in zip(runs, settlements, strict=True)
            if _is_worth_telling(run, settled)
        ]
        call = lane.call
        for entry in entries:
            log.info("call %s: %s", call.linkedid, entry.text)
        portal = _with_created(lane.portal, runs)
        settle = self._outbox.settle
        self._owed = partial(settle, self._owner, call.node, call.linkedid, settlements, portal, entries, now)
        self._store_owed()

    def _store_owed(self) -> None:
        """What the database could not take is stored before anything new is begun."""
        if self._owed is None:
            return
        try:
            stored = self._owed()
        except Permanent as failure:
            # Once the lease is over, the call is looked at again; what was done is found then.
            log.error("what came of an errand cannot be stored: %s", failure)
            stored = True
        self._owed = None
        if not stored:
            log.warning("an errand's lease was lost, another worker has taken its call over")

    def _settlement(self, run: Run, now: float) -> Settlement:
        step, result = run.matter.step, run.result
        attempts = step.attempts + 1
        if isinstance(result, Done):
            return Settlement(step.id, "done", attempts=attempts, text=_said(run), answer=dict(result.answer))
        assert result is not None
        sent = dict(run.matter.progress)  # what surely was not executed is not in it any more
        if isinstance(result, Permanent):
            return Settlement(step.id, "failed", attempts=attempts, sent=sent, code=result.code, text=_said(run))
        if not _counts(result):
            attempts = step.attempts
        if attempts >= TRIES and _counts(result):
            return Settlement(step.id, "failed", attempts=attempts, sent=sent, code=result.code, text=_given_up(run))
        again, unsure = now + self._pause(attempts, result), bool(run.matter.progress)
        return Settlement(step.id, "waiting", again, attempts, unsure, sent, result.code, _said(run))

    def _pause(self, attempts: int, failure: Failure) -> float:
        state = self._standing.state
        if isinstance(failure, NeedsOwner) or of_database(failure):
            return OWNER_PAUSE
        if not state.is_up:
            return max(0.0, state.until - self._clock()) + self._chance()
        wanted = failure.retry_after or 0.0 if isinstance(failure, Temporary) else 0.0
        return wanted if wanted and not failure.executed else back_off(max(1, attempts), self._chance())


def _unknown(matter: Matter) -> Errand:
    yield from ()
    raise Permanent("unknown_step", f"this version knows no errand {matter.step.kind!r}", "Drop it, or update.")


def _counts(failure: Failure) -> bool:
    """Is it this errand that does not come through? Else the portal is away, or we have to wait."""
    if isinstance(failure, NeedsOwner) or failure.code == WAITS or is_our_patience(failure) or of_database(failure):
        return False
    return not (isinstance(failure, Temporary) and failure.scope == "portal")


def _with_created(portal: PortalSide, runs: Sequence[Run]) -> PortalSide | None:
    new = [pair for run in runs if isinstance(run.result, Done) for pair in run.result.created]
    added = tuple(pair for pair in new if pair not in portal.created)
    return replace(portal, created=(*portal.created, *added)) if added else None


def _is_worth_telling(run: Run, settled: Settlement) -> bool:
    if settled.state != "waiting":
        return True
    assert isinstance(run.result, Failure)
    attempts = settled.attempts
    return _counts(run.result) and attempts & (attempts - 1) == 0


def _said(run: Run) -> str:
    result = run.result
    text = result.text if isinstance(result, Done) else _words(result)
    return "; ".join([text, *dict.fromkeys(run.matter.notes)])


def _words(failure: Failure | None) -> str:
    assert failure is not None
    return f"{failure}. {failure.hint}".replace("..", ".") if failure.hint else str(failure)


def _given_up(run: Run) -> str:
    return f"given up after {TRIES} tries: {_said(run)}"


def _entry(run: Run, said: str, now: float) -> TimelineEntry:
    step, result = run.matter.step, run.result
    data: dict[str, Any] = {"step": step.kind, "request": {"why": step.payload.get("why", "")}}
    if isinstance(result, Done):
        data["answer"] = {**result.answer, "warning": "; ".join(dict.fromkeys(run.matter.notes))}
    elif result is not None:
        data |= {"failure": type(result).__name__, "code": result.code, "text": result.text, "hint": result.hint}
    return TimelineEntry(now, "attempt", f"{step.kind}: {said}", data)
