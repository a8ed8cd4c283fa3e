# SPDX-License-Identifier: GPL-3.0-or-later
"""What a portal holds in the end, without numbers and moments: the same for the same calls."""

from __future__ import annotations

from collections import Counter
from typing import Any

from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.sandbox.portal.faults import BEFORE
from itgrix_module.sandbox.portal.views import CallView

KINDS = ("LEAD", "CONTACT", "COMPANY", "DEAL")
FIELDS = ("TITLE", "NAME", "SOURCE_ID", "ASSIGNED_BY_ID", "COMMENTS", "CATEGORY_ID")


def crm_state(portal: SandboxPortal) -> dict[str, Any]:
    """Calls, records, activities, tasks and messages, to be compared."""
    return {
        "calls": [_call(call) for call in sorted(portal.calls(), key=lambda call: call.external_call_id)],
        "records": sorted(
            (kind, each.phones, *(str(each.fields.get(name)) for name in FIELDS))
            for kind in KINDS
            for each in portal.entities(kind)
        ),
        "activities": sorted(
            (
                activity.subject,
                activity.responsible,
                activity.completed,
                activity.owner[0],
                sorted(kind for kind, _ in activity.bindings),
                str(activity.fields.get("DESCRIPTION")),
            )
            for activity in portal.activities
        ),
        "tasks": sorted(
            (task.title, task.description, task.responsible, task.status, [item.split("_")[0] for item in task.crm])
            for task in portal.tasks
        ),
        "messages": sorted((message.dialog, message.text) for message in portal.messages),
    }


def _call(call: CallView) -> dict[str, Any]:
    end = call.finish
    return {
        "id": call.external_call_id,
        "what": (call.type, call.phone, call.line, call.user_id),
        "end": (end.user_id, end.duration, end.status, end.vote, end.activity_id is not None) if end else None,
        "client": (call.crm[0], sorted(kind for kind, _ in call.created)),
        "open": sorted(call.open_cards),
        "record": call.record.filename if call.record else None,
    }


def assert_sound(portal: SandboxPortal) -> None:
    """Nothing twice, nothing left open."""
    calls = portal.calls()
    twice = [key for key, times in Counter(call.external_call_id for call in calls).items() if times > 1]
    assert not twice
    for call in calls:
        assert call.finished, call
        assert not call.open_cards, call
        done = (entry for entry in portal.requests if entry.error is None and entry.fault not in BEFORE)
        kinds = [entry.method.rpartition(".")[2] for entry in done if entry.params.get("CALL_ID") == call.call_id]
        assert kinds.count("finish") == 1, kinds
        assert not {"show", "hide"} & set(kinds[kinds.index("finish") :]), kinds
    marks = [task.description.rpartition("itgrix:")[2] for task in portal.tasks]
    assert len(set(marks)) == len(marks), marks
    numbers = [task.title.split()[-1] for task in portal.tasks if not task.completed]
    assert len(set(numbers)) == len(numbers), numbers
    activities = [call.finish.activity_id for call in calls if call.finish and call.finish.activity_id is not None]
    assert sorted(activities) == sorted(activity.id for activity in portal.activities)
