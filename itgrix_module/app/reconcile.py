# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare what we know of calls with what the PBX wrote down of them, and make up for the difference.

What is missing is stored and told to the portal late: without cards, with its true start, behind all live calls, and
only after the portal was asked whether it has the call already. What is known is left alone, but for what is missing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from itgrix_module.app import shapes
from itgrix_module.app.ports import CallRow, TimelineEntry
from itgrix_module.app.reconcile_ports import (
    ADDED,
    CLOSED,
    COMPLETED,
    CORRECTED,
    FAILED,
    OPEN,
    RETRIED,
    SAME,
    Books,
    Found,
    KnownCall,
    Order,
    Present,
    Progress,
    Records,
)
from itgrix_module.app.reconcile_steps import (
    NAMES,
    as_ordered,
    differences,
    found_as,
    is_there,
    late,
    reworded,
    told_of,
)
from itgrix_module.domain import policy
from itgrix_module.domain.facts import LegEnded
from itgrix_module.domain.failures import Failure, NeedsOwner
from itgrix_module.domain.policy import Rules
from itgrix_module.domain.rebuilding import rebuilt
from itgrix_module.domain.records import CEL, Parties, Story, Told
from itgrix_module.domain.steps import Note, Register, Step

log = logging.getLogger("itgrix.calls")

KEPT = 1000  # calls that a report names; the rest is counted
FORGOTTEN = 6 * 3600.0  # seconds after which a call without an end has ended, whoever listens
RECORDED = 3600.0  # the same for one of which there are records: they are written when a channel has ended
NO_RECORDS = NeedsOwner(
    "cdr_unset",
    "the PBX's call records are not known here",
    "Set cdr.url to the database with CDR and CEL, or cdr.csv and cel.csv to their files.",
)


@dataclass(frozen=True)
class Surroundings:
    """``rules``, ``annotate``: as for the tracker. ``grace``: seconds for which the PBX may still write of a call."""

    rules: Callable[[], Rules]
    annotate: Callable[[CallRow], CallRow]
    parties: Callable[[], Parties]
    clock: Callable[[], float]
    grace: Callable[[], float]


class Reconciler:
    """Of one node. ``run`` may take long: give it ``stop`` and look at the progress."""

    def __init__(self, node: str, books: Books, present: Present, around: Surroundings) -> None:
        self._node, self._books, self._present, self._around = node, books, present, around

    def run(
        self,
        order: Order,
        records: Records,
        stop: Callable[[], bool] = lambda: False,
        listener: Callable[[Progress], None] = lambda _: None,
        progress: Progress | None = None,
    ) -> Progress:
        """Compare all that the order names. Failures end up in the progress; nothing is raised but surprises."""
        progress = progress or Progress(order)
        progress.begun = progress.begun or self._around.clock()
        progress.judged = order.until
        try:
            self._go(order, records, stop, listener, progress)
        except Failure as failure:
            progress.state, progress.problem, progress.hint = "failed", failure.text, failure.hint
            progress.judged = min(progress.judged, progress.at or order.since)
        progress.ended = self._around.clock()
        listener(progress)
        return progress

    def _go(
        self,
        order: Order,
        records: Records,
        stop: Callable[[], bool],
        listener: Callable[[Progress], None],
        progress: Progress,
    ) -> None:
        if not records.exist:
            raise NO_RECORDS.with_traceback(None)
        for story in self._stories(order, records, progress):
            if stop():
                progress.state = "stopped"
                progress.judged = min(progress.judged, max(order.since, progress.at))
                return
            progress.looked += 1
            self._look(order, story, progress)
            progress.at = max(progress.at, story.started)
            listener(progress)
        progress.state = "done"

    @staticmethod
    def _stories(order: Order, records: Records, progress: Progress) -> Iterator[Story]:
        if not order.calls:
            yield from records.stories(order.since, order.until)
        for linkedid in order.calls:
            story = records.of(linkedid)
            if story is not None:
                yield story
            else:
                _note(progress, Found(linkedid, FAILED, "the PBX's records know no such call"))

    # -- one story

    def _look(self, order: Order, story: Story, progress: Progress) -> None:
        if not self._may_be_judged(story):
            progress.judged = min(progress.judged, story.started)
            _note(progress, Found(story.calls[0], OPEN, "it still goes on, or has only just ended", story.started))
            return
        for told in rebuilt(story, self._around.parties()):
            known = self._known(told)
            kind, why = self._judged(order, told, known, story)
            _note(progress, found_as(told.call, kind, why))

    def _may_be_judged(self, story: Story) -> bool:
        """Is its end written, or is it certain that none will be?"""
        age = self._around.clock() - story.last
        if age < self._around.grace():
            return False
        live = self._present.legs()
        if story.is_over:
            return True
        if live is None:
            return age > (FORGOTTEN if story.source == CEL else RECORDED)
        return not story.legs & set(live)

    def _known(self, told: Told) -> KnownCall | None:
        """Under its own id or, where it was told otherwise live, under that of a call that became part of it."""
        found = self._books.known(self._node, (told.call.id, *told.merged))
        own = found.get(told.call.id)
        if own is not None:
            return own
        return next((known for known in found.values() if known.row.direction != "internal"), None)

    def _judged(self, order: Order, told: Told, known: KnownCall | None, story: Story) -> tuple[str, str]:
        if known is None:
            return self._add(order, told)
        if known.row.live:
            return self._close(order, told, known, story)
        if known.portal.left_out:
            return SAME, known.portal.left_out
        return self._complete(order, told, known)

    # -- what is not known

    def _add(self, order: Order, told: Told) -> tuple[str, str]:
        call, now = told.call, self._around.clock()
        steps = reworded(policy.steps(None, call, self._around.rules()))
        why = f"found in the PBX's records ({told.source}){f' by {order.who}' if order.who else ''}"
        if not order.dry:
            notes = [TimelineEntry(now, "note", why, {"source": told.source}), *told_of(steps, call)]
            row = self._around.annotate(shapes.row(self._node, call))
            self._books.write(row, self._node, call.id, late(steps, call, now), notes)
            log.info("call %s: %s", call.id, why)
        return ADDED, "unknown until now" if steps else "unknown until now; the portal does not hear of it"

    # -- what has not ended here

    def _close(self, order: Order, told: Told, known: KnownCall, story: Story) -> tuple[str, str]:
        live = self._present.legs()
        if live is None:
            return OPEN, "the running service closes it"
        state = known.row.state
        legs = [leg.id for leg in shapes.load(state).live_legs()] if state else []
        if state and shapes.load(state).is_awaited:
            return OPEN, "the portal's order is still being carried out"
        tracked = set(legs) & set(live)
        if tracked and not story.is_over:
            return OPEN, "it goes on"
        if order.dry:
            return CLOSED, "it has ended without our noticing"
        return self._end(told, legs, story) if tracked else self._settle(told, known)

    def _end(self, told: Told, legs: Sequence[str], story: Story) -> tuple[str, str]:
        """The tracker believes that it lives: it is told when its legs ended, and decides as always."""
        end = told.call.ended or story.last
        ends = {row.leg: row.at for row in story.events if row.kind in ("HANGUP", "CHAN_END")}
        facts = sorted((LegEnded(ends.get(leg, end), leg) for leg in legs), key=lambda fact: fact.at)
        if self._present.close(facts):
            return CLOSED, "it has ended without our noticing"
        return OPEN, "the running service closes it"

    def _settle(self, told: Told, known: KnownCall) -> tuple[str, str]:
        """Nobody tracks it any more, so nobody else will end it."""
        now, why = self._around.clock(), "its end was found in the PBX's records"
        told = replace(told, call=as_ordered(told.call, known.row))
        steps = [step for step in policy.steps(None, told.call, self._around.rules()) if not is_there(step, known)]
        self._write(told, known, steps, [TimelineEntry(now, "note", why)])
        return CLOSED, why

    # -- what is known

    def _complete(self, order: Order, told: Told, known: KnownCall) -> tuple[str, str]:
        differs = differences(told, known)
        if differs and not order.dry:
            note = TimelineEntry(self._around.clock(), "note", f"corrected by the PBX's records: {differs}")
            self._write(told, known, (), [note])
        missing = self._missing(order, told, known)
        if missing:
            if not order.dry:
                self._write(told, known, missing, [], keep=True)
            names = " and ".join(NAMES[type(step)] for step in missing)
            return COMPLETED, f"the {names} was missing" if len(missing) == 1 else f"the {names} were missing"
        if order.by_hand and known.failed():
            if not order.dry:
                self._books.retry(known.failed(), self._around.clock())
            return RETRIED, "what had failed is tried again"
        return (CORRECTED, differs) if differs else (SAME, "")

    def _missing(self, order: Order, told: Told, known: KnownCall) -> list[Step]:
        """Steps that should have been decided and never were. What somebody dropped stays dropped."""
        if not known.steps and not order.by_hand:
            return []
        wanted = [step for step in policy.steps(None, told.call, self._around.rules()) if not isinstance(step, Note)]
        if known.portal.finished or known.portal.call_id:
            wanted = [step for step in wanted if not isinstance(step, Register)]
        missing = [step for step in wanted if not is_there(step, known)]
        return [] if any(isinstance(step, Register) for step in missing) and known.steps else missing

    def _write(
        self,
        told: Told,
        known: KnownCall,
        steps: Sequence[Step],
        notes: Sequence[TimelineEntry],
        *,
        keep: bool = False,
    ) -> None:
        now, call = self._around.clock(), told.call
        made = shapes.row(self._node, replace(call, id=known.row.linkedid, vote=known.row.vote))
        row = None if keep else self._around.annotate(made)
        entries = [*notes, *told_of(steps, call)]
        self._books.write(row, self._node, known.row.linkedid, late(steps, call, now), entries)


def _note(progress: Progress, found: Found) -> None:
    progress.counts[found.kind] += 1
    if found.kind != SAME and len(progress.found) < KEPT:
        progress.found.append(found)
