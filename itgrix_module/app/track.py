# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts into calls and steps: one writer per PBX, one transaction for state and the steps that follow from it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from itgrix_module.app import shapes
from itgrix_module.app.ports import CallRow, CallStore, NewStep, TimelineEntry, Work
from itgrix_module.domain import policy
from itgrix_module.domain.board import Board, Change
from itgrix_module.domain.call import Call
from itgrix_module.domain.facts import AnyFact, ChannelsSeen, DialEnded, Fact, LegJoined
from itgrix_module.domain.failures import Permanent
from itgrix_module.domain.policy import Rules
from itgrix_module.domain.steps import Attach, Finish, Hide, Note, Priority, Register, Show, Step

log = logging.getLogger("itgrix.calls")

_REFUSED = frozenset(("database_data", "unknown_call"))  # the same data will never be taken


@dataclass(frozen=True)
class CardTiming:
    """Seconds that a change of cards waits for others of its call, so that they become one request.

    ``lead``: the very first card, short, because somebody looks at a ringing phone. ``window``: every later change.
    """

    lead: float = 0.015
    window: float = 0.150


@dataclass
class _Unsaved:
    """What one call has to write."""

    call: Call | None = None
    steps: list[NewStep] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)
    merged_into: str = ""
    new_line: bool = False
    answered: bool = False


class Tracker:
    """Folds facts into the calls of one PBX and stores what follows.

    ``rules``, ``timing``: read at each fact, so that settings take effect at once. ``on_steps``: called after a
    commit that stored steps. ``annotate``:
    adds what the rules of the house say of a call. A failed write loses nothing: it is kept and goes with the next
    ``flush``.
    """

    def __init__(
        self,
        store: CallStore,
        node: str,
        rules: Callable[[], Rules],
        timing: Callable[[], CardTiming],
        clock: Callable[[], float],
        on_steps: Callable[[], None] = lambda: None,
        annotate: Callable[[CallRow], CallRow] = lambda row: row,
    ) -> None:
        self._store, self._node, self._clock, self._annotate = store, node, clock, annotate
        self._rules, self._timing, self._on_steps = rules, timing, on_steps
        self._board = Board(_restored(store, node))
        self._unsaved: dict[str, _Unsaved] = {}
        self._odd: set[str] = set()

    @property
    def live_calls(self) -> int:
        """Calls that have a live leg."""
        return sum(1 for _ in self._board.calls)

    @property
    def last_change(self) -> float:
        """When the newest fact of a live call happened, epoch seconds; 0 when there is none."""
        return max((call.changed for call in self._board.calls), default=0.0)

    @property
    def live_legs(self) -> dict[str, float]:
        """Unique ids of all channels that are believed to live, and when each began."""
        return self._board.legs

    def track(self, facts: Iterable[AnyFact]) -> None:
        """Apply facts and store the result in one transaction.

        Raises what the storage raises; then everything is kept for the next ``track`` or ``flush``.
        """
        for fact in facts:
            try:
                self._apply(fact)
            except Exception as error:
                # A fact that nobody foresaw must not take the calls of everybody else with it.
                self._tell_odd(fact, error)
        self.flush()

    def _tell_odd(self, fact: AnyFact, error: Exception) -> None:
        """With all about it the first time, in one line when it happens again."""
        kind = f"{type(fact).__name__}: {error!r}"
        log.error("a fact could not be applied: %s: %r", fact, error, exc_info=None if kind in self._odd else error)
        self._odd.add(kind)

    def flush(self) -> None:
        """Store what is not stored yet."""
        if not self._unsaved:
            return
        try:
            self._save(self._unsaved)
        except Permanent as failure:
            if failure.code not in _REFUSED:
                raise
            self._save_apart()

    def _save(self, unsaved: dict[str, _Unsaved]) -> None:
        with self._store.work() as work:
            for linkedid, each in unsaved.items():
                self._write(work, linkedid, each)
        has_steps = any(each.steps or each.answered for each in unsaved.values())
        for linkedid in tuple(unsaved):
            del self._unsaved[linkedid]
        if has_steps:
            self._on_steps()

    def _save_apart(self) -> None:
        """One call that the storage will never take must not keep the others out; it is lost, and said to be."""
        for linkedid, each in tuple(self._unsaved.items()):
            try:
                self._save({linkedid: each})
            except Permanent as failure:
                if failure.code not in _REFUSED:
                    raise
                del self._unsaved[linkedid]
                log.error("call %s cannot be stored and is left out: %s", linkedid, failure)

    def _apply(self, fact: AnyFact) -> None:
        for change in self._board.apply(fact):
            if change.after is None:
                self._merge(change)
                continue
            unsaved = self._unsaved.setdefault(change.after.id, _Unsaved())
            unsaved.call = change.after
            unsaved.new_line |= change.before is None or change.before.line != change.after.line
            unsaved.timeline.append(_told(fact))
            unsaved.answered |= _is_answered(change)
            self._decide(unsaved, change, fact)

    def _merge(self, change: Change) -> None:
        assert change.before is not None
        unsaved = self._unsaved.setdefault(change.before.id, _Unsaved())
        unsaved.merged_into, unsaved.call = change.merged_into, change.before

    def _decide(self, unsaved: _Unsaved, change: Change, fact: AnyFact) -> None:
        assert change.after is not None
        for step in policy.steps(change.before, change.after, self._rules()):
            log.info("call %s: %s: %s", change.after.id, type(step).__name__.lower(), step.why)
            unsaved.timeline.append(
                TimelineEntry(step.at, "step", step.why, {"step": type(step).__name__.lower(), **_payload(step)})
            )
            if not isinstance(step, Note):
                unsaved.steps.append(self._stored(step, change.after, fact))

    def _stored(self, step: Step, call: Call, fact: AnyFact) -> NewStep:
        return NewStep(
            kind=type(step).__name__.lower(),
            payload=payload_of(step, call),
            priority=_priority(step, call),
            due_at=self._clock() + self._delay(step, call, fact),
            decided_at=step.at,
        )

    def _delay(self, step: Step, call: Call, fact: AnyFact) -> float:
        if call.ended is not None or _is_answer(fact):
            return 0.0
        return self._timing().lead if isinstance(step, Register) else self._timing().window

    def _write(self, work: Work, linkedid: str, unsaved: _Unsaved) -> None:
        if unsaved.call is not None:
            work.save_call(self._annotate(shapes.row(self._node, unsaved.call)))
            if unsaved.new_line and unsaved.call.line:
                work.see_line(unsaved.call.line, unsaved.call.trunk, unsaved.call.started)
        if unsaved.timeline:
            work.add_timeline(self._node, linkedid, unsaved.timeline)
        if unsaved.steps:
            work.add_steps(self._node, linkedid, unsaved.steps)
        if unsaved.answered:
            work.hasten(self._node, linkedid, self._clock())
        if unsaved.merged_into:
            work.merge_call(self._node, linkedid, unsaved.merged_into)


def _restored(store: CallStore, node: str) -> Iterator[Call]:
    for row in store.live_calls(node):
        if not row.state:
            continue
        try:
            yield shapes.load(row.state)
        except ValueError as error:
            log.error("call %s of an earlier version cannot be followed any more: %s", row.linkedid, error)


def _is_answered(change: Change) -> bool:
    """Somebody has begun to talk with the client: cards that waited for company go out now."""
    if change.after is None or not change.after.has_client:
        return False
    return len(change.after.talks) > len(change.before.talks if change.before else ())


def _is_answer(fact: AnyFact) -> bool:
    return isinstance(fact, LegJoined) or (isinstance(fact, DialEnded) and fact.status == "ANSWER")


def _priority(step: Step, call: Call) -> int:
    if isinstance(step, Attach):
        return Priority.UPLOAD
    if isinstance(step, Finish):
        return Priority.FINISH
    return Priority.RECORD if call.ended is not None else Priority.CARD


def _payload(step: Step) -> dict[str, Any]:
    match step:
        case Register():
            return {"employees": list(step.employees), "why": step.why, **_order(step)}
        case Show() | Hide():
            return {"employees": list(step.employees), "why": step.why}
        case Finish():
            data = {"employee": step.employee, "talk": step.talk, "status": step.status, "why": step.why}
            return {**data, **_order(step), **({"failure": step.failure} if step.failure else {})}
        case Attach():
            return {"paths": list(step.paths), "why": step.why}
    return {"why": step.why}


def _order(step: Register | Finish) -> dict[str, Any]:
    line = step.line if isinstance(step, Register) else ""
    return {name: value for name, value in (("order", step.order), ("line", line)) if value}


def _transfers(step: Step, call: Call) -> dict[str, Any]:
    """What is worth knowing of them once the call is closed."""
    if not isinstance(step, Finish) or not call.transfers:
        return {}
    return {"transfers": [{"kind": item.kind, "from": item.by, "to": item.to} for item in call.transfers]}


def payload_of(step: Step, call: Call) -> dict[str, Any]:
    """A step's decision as JSON data."""
    return _payload(step) | _transfers(step, call)


def _told(fact: AnyFact) -> TimelineEntry:
    if isinstance(fact, ChannelsSeen):
        return TimelineEntry(fact.at, "fact", "ChannelsSeen", {"lost_at": fact.lost_at})
    return TimelineEntry(fact.at, "fact", type(fact).__name__, dict(_told_fields(fact)))


def _told_fields(fact: Fact) -> Iterator[tuple[str, Any]]:
    for item in fields(fact):
        value = getattr(fact, item.name)
        if item.name != "at" and value not in ("", None):
            yield item.name, value
