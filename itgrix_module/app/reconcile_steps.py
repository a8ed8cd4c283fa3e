# SPDX-License-Identifier: GPL-3.0-or-later
"""What two accounts of a call differ in, and late steps for the portal. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from itgrix_module.app import shapes
from itgrix_module.app.ports import CallRow, NewStep, TimelineEntry
from itgrix_module.app.reconcile_ports import Found, KnownCall
from itgrix_module.app.track import payload_of
from itgrix_module.domain import summary
from itgrix_module.domain.call import Call
from itgrix_module.domain.records import CEL, Told
from itgrix_module.domain.steps import Attach, Finish, Note, Priority, Register, Step

_TOLERATED = 2.0  # seconds between two accounts of the same talk


def as_ordered(call: Call, row: CallRow) -> Call:
    """The PBX's records do not say that somebody in the portal ordered the call; we know."""
    state = shapes.load(row.state) if row.state else None
    if state is None or not state.order:
        return call
    return replace(
        call,
        order=state.order,
        employee=state.employee,
        quiet=state.quiet,
        order_line=state.order_line,
        number=state.number or call.number,
    )


NAMES: dict[type[Step], str] = {Register: "registration", Finish: "end", Attach: "recording"}


def is_there(step: Step, known: KnownCall) -> bool:
    if isinstance(step, Attach):
        return known.has("attach") or bool(known.portal.record_file_id)
    if isinstance(step, Finish):
        return known.has("finish") or known.portal.finished
    return isinstance(step, Register) and (known.has("register") or bool(known.portal.call_id))


def differences(told: Told, known: KnownCall) -> str:
    """What we had concluded otherwise of a call that lay in a gap in part; empty when nothing, or when nobody knows."""
    if not known.guessed or told.source != CEL:
        return ""
    row, call = known.row, told.call
    talk = summary.talk_seconds(call, call.changed)
    pairs = (
        ("answered by", row.answered_by, summary.answered_by(call)),
        ("last talked with", row.last_talker, summary.last_talker(call)),
        ("outcome", row.outcome, summary.outcome(call).value),
    )
    said = [f"{name} {new or 'nobody'}, not {old or 'nobody'}" for name, old, new in pairs if old != new]
    if abs(talk - row.talk) > _TOLERATED:
        said.append(f"{talk:.0f} s of talk, not {row.talk:.0f}")
    return "; ".join(said)


def reworded(steps: Sequence[Step]) -> list[Step]:
    return [
        replace(step, why="nobody listened when it was there") if isinstance(step, Register) else step for step in steps
    ]


def late(steps: Sequence[Step], call: Call, now: float) -> list[NewStep]:
    return [
        NewStep(
            kind=type(step).__name__.lower(),
            payload={**payload_of(step, call), "late": True},
            priority=Priority.UPLOAD if isinstance(step, Attach) else Priority.LATE,
            due_at=now,
            decided_at=now,
        )
        for step in steps
        if not isinstance(step, Note)
    ]


def told_of(steps: Sequence[Step], call: Call) -> list[TimelineEntry]:
    return [
        TimelineEntry(
            step.at,
            "step",
            step.why,
            {"step": type(step).__name__.lower(), **payload_of(step, call)},
        )
        for step in steps
    ]


def found_as(call: Call, kind: str, why: str) -> Found:
    return Found(
        linkedid=call.id,
        kind=kind,
        why=why,
        started=call.started,
        direction=call.direction.value,
        client=call.number if call.has_client else "",
        line=call.line,
        outcome=summary.outcome(call).value,
        talk=summary.talk_seconds(call, call.changed),
    )
