# SPDX-License-Identifier: GPL-3.0-or-later
"""A task for a missed call, and its end when somebody has talked with the client.

One open task for each number, whichever node. The claim on the number is stored before anybody looks for a later
success, and a success looks for the claim: so one of the two always sees the other.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from itgrix_module.app import hook_inputs
from itgrix_module.app.errand_ports import TASK_OPEN, CompleteTask, MakeTask, TaskByMark, TaskState
from itgrix_module.app.errands_matter import Done, Errand, Matter, Once, waits
from itgrix_module.app.open_tasks import OURS, OpenTask
from itgrix_module.app.wording_terms import client_of
from itgrix_module.domain.failures import Permanent

MARK = "itgrix:"  # the last line of a description, followed by our id of the call: only we write it
LONGEST_TITLE = 250
CLOCKS = 900.0  # seconds that the portal's clock may differ from ours
HOOK = "process_task_creation_params"
_PREFIXES = {"LEAD": "L_", "CONTACT": "C_", "COMPANY": "CO_", "DEAL": "D_"}


def make(matter: Matter) -> Errand:
    """The task for a missed call, unless there is one or nobody needs it any more."""
    call, tasks = matter.call, matter.aids.open_tasks
    before = matter.before("task")
    found = ""
    if before is not None:
        found = yield TaskByMark(MARK + matter.origin, before["at"] - CLOCKS, matter.now + CLOCKS)
    theirs = yield from _others(matter)
    if theirs is not None:
        return Done(f"no task: task {theirs.task_id} for {call.number} is open", {"task_id": theirs.task_id})
    if found:
        return _made(matter, found, "the task was made although its answer was lost")
    ours = tasks.of(call.number)
    if ours is not None and ours.task_id:
        return Done(f"task {ours.task_id} was made before", {"task_id": ours.task_id})
    if tasks.later_success(call.number, call.started):
        tasks.give_up(call.number, call.node, call.linkedid)
        return Done(f"no task: somebody has talked with {call.number} since")
    return (yield from _new(matter, before))


def _others(matter: Matter) -> Generator[TaskState, Any, OpenTask | None]:
    """The open task that another call has for the number; None when the number is ours."""
    call, tasks = matter.call, matter.aids.open_tasks
    for _ in range(3):
        if tasks.claim(call.number, call.node, call.linkedid, matter.now) == OURS:
            return None
        row = tasks.of(call.number)
        if row is None:
            continue
        if not row.task_id:
            raise waits(f"call {row.linkedid} is about to make a task for {call.number}")
        if (yield TaskState(row.task_id)) == TASK_OPEN:
            return row
        tasks.close(call.number, row.task_id)
        matter.notes.append(f"task {row.task_id} was closed or deleted in the portal")
    raise waits(f"others make tasks for {call.number} at this moment")


def _new(matter: Matter, before: Mapping[str, Any] | None) -> Errand:
    call, tasks = matter.call, matter.aids.open_tasks
    fields = before["order"]["fields"] if before else _fields(matter)
    if fields is None:
        tasks.give_up(call.number, call.node, call.linkedid)
        return Done("no task")
    try:
        task_id = yield Once("task", MakeTask(fields))
    except Permanent:
        tasks.give_up(call.number, call.node, call.linkedid)
        raise
    return _made(matter, task_id, f"made for user {fields.get('RESPONSIBLE_ID')}")


def _made(matter: Matter, task_id: str, how: str) -> Done:
    call = matter.call
    matter.aids.open_tasks.set_task(call.number, call.node, call.linkedid, task_id)
    matter.shared["TASK"] = task_id
    return Done(f"task {task_id}: {how}", {"task_id": task_id})


# -- what the task says


def _fields(matter: Matter) -> dict[str, Any] | None:
    """REST fields of the task; None when a customization wants none."""
    wanted = _default_fields(matter)
    decision = matter.customized(HOOK, lambda at: hook_inputs.process_task_creation_params(at, wanted), wanted)
    if decision.cancelled:
        return None
    fields = decision.value
    return {**fields, "DESCRIPTION": _marked(str(fields.get("DESCRIPTION") or ""), matter.origin)}


def _default_fields(matter: Matter) -> dict[str, Any]:
    rules = matter.rules
    user = rules.task_user or int(matter.step.payload.get("user") or 0)
    if not user:
        raise Permanent("no_user", "Nobody is there to do the task.", "Set missed.task.user or calls.default_user.")
    title = " ".join(matter.worded(rules.title, "missed.task.title", markup=False).split())
    optional = {
        "CREATED_BY": rules.creator,
        "DEADLINE": _deadline(matter),
        "AUDITORS": list(rules.auditors),
        "GROUP_ID": rules.project,
        "UF_CRM_TASK": _bindings(matter),
    }
    return {
        "TITLE": title[:LONGEST_TITLE],
        "RESPONSIBLE_ID": user,
        "DESCRIPTION": str(matter.step.payload.get("description", ""))
        or matter.worded(rules.description, "missed.task.description"),
    } | {name: value for name, value in optional.items() if value}


def _marked(description: str, origin: str) -> str:
    lines = [line for line in description.rstrip().splitlines() if not line.startswith(MARK)]
    return "\n".join([*lines, "", MARK + origin])


def _deadline(matter: Matter) -> str:
    rules = matter.rules
    if not rules.deadline:
        return ""
    in_hours = rules.deadline_in_hours
    at = matter.aids.deadline(matter.now, rules.deadline) if in_hours else matter.now + rules.deadline * 60
    return matter.moment(at).isoformat(timespec="seconds")


def _bindings(matter: Matter) -> list[str]:
    kind, number = client_of(matter.portal)
    deal = matter.shared.get("DEAL") or dict(matter.portal.created).get("DEAL", "")
    pairs = ((kind, number), ("DEAL", deal))
    return [f"{_PREFIXES[kind]}{number}" for kind, number in pairs if number]


# -- its end


def close(matter: Matter) -> Errand:
    """Close the open task of the client, by its stored id."""
    call, tasks = matter.call, matter.aids.open_tasks
    row = tasks.of(call.number)
    if row is None:
        return Done(f"no task for {call.number} is open any more")
    if row.missed_at is not None and row.missed_at > call.started:
        return Done(f"task {row.task_id or 'to come'} stays open: it is for a later missed call")
    if not row.task_id:
        return _without_task(matter, row)
    how = yield from _completed(row.task_id)
    tasks.close(call.number, row.task_id)
    return Done(f"task {row.task_id} {how}: {_talk(matter)}", {"task_id": row.task_id})


def _without_task(matter: Matter, row: OpenTask) -> Done:
    if row.is_coming:
        raise waits(f"call {row.linkedid} is about to make a task for {row.number}")
    matter.aids.open_tasks.give_up(row.number, row.node, row.linkedid)
    return Done(f"no task for {row.number} was made")


def _completed(task_id: str) -> Generator[CompleteTask | TaskState, Any, str]:
    try:
        yield CompleteTask(task_id)
    except Permanent:
        if (yield TaskState(task_id)) == TASK_OPEN:
            raise
        return "was closed or deleted before"
    return "closed"


def _talk(matter: Matter) -> str:
    call = matter.call
    at = matter.moment(call.answered or call.started)
    return f"{call.last_talker or call.answered_by or 'somebody'} talked with {call.number} at {at:%H:%M}"
