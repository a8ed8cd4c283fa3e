# SPDX-License-Identifier: GPL-3.0-or-later
"""What we decided, what we asked of the portal and what it answered, in words for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from itgrix_module.app.ports import TimelineEntry
from web.i18n import mark
from web.preferences import said, sentence, text
from web.story.line import Line
from web.story.scene import Scene

_DECIDED = {
    "register": mark("Decided: tell the portal of the call"),
    "show": mark("Decided: open the card"),
    "hide": mark("Decided: close the card"),
    "finish": mark("Decided: finish the call in the portal"),
    "attach": mark("Decided: send the recording"),
    "note": mark("Nothing to send"),
}
_DONE = {
    "register": mark("The portal knows the call"),
    "show": mark("The card is open"),
    "hide": mark("The card is closed"),
    "finish": mark("The call is finished in the portal"),
    "attach": mark("The recording is in the portal"),
    "task": mark("Task for the missed call"),
    "close_tasks": mark("Tasks for missed calls"),
    "message": mark("Message to the chat"),
    "deal": mark("Deal"),
    "owner": mark("Record of whom the employee is responsible for"),
    "entity": mark("Facts for the client's record"),
    "activity": mark("Facts for the activity"),
    "notice": mark("Notice to the employee"),
}
_FAILED = {
    "register": mark("The portal did not take the call"),
    "show": mark("The card was not opened"),
    "hide": mark("The card was not closed"),
    "finish": mark("The call was not finished in the portal"),
    "attach": mark("The recording was not sent"),
    "task": mark("The task for the missed call was not made"),
    "close_tasks": mark("The tasks for missed calls were not closed"),
    "message": mark("The message to the chat was not sent"),
    "deal": mark("The deal was not settled"),
    "owner": mark("The call was not moved to another record"),
    "entity": mark("The client's record was not changed"),
    "activity": mark("The activity was not changed"),
    "notice": mark("The employee was not told why"),
}
_NEXT = {
    "Temporary": mark("It is repeated by itself."),
    "Permanent": mark("It is not repeated: the same request would fail again."),
    "NeedsOwner": mark("It goes on when somebody has mended this."),
}
_ICONS = {"register": "card", "show": "card", "hide": "card", "finish": "finish", "attach": "record", "note": "note"}
STEP_NAMES = {
    "register": mark("Tell of the call"),
    "show": mark("Open the card"),
    "hide": mark("Close the card"),
    "finish": mark("Finish the call"),
    "attach": mark("Send the recording"),
    "task": mark("Make a task"),
    "close_tasks": mark("Close tasks"),
    "message": mark("Write to the chat"),
    "deal": mark("Settle the deal"),
    "owner": mark("Move the call to another record"),
    "entity": mark("Change the client's record"),
    "activity": mark("Change the activity"),
    "notice": mark("Tell the employee why"),
}
_ERRANDS = frozenset(("task", "close_tasks", "message", "deal", "entity", "activity", "owner", "notice"))
UNKNOWN_STEP = mark("Another request")


def tell_step(scene: Scene, entry: TimelineEntry) -> Line:
    """A decision and its reason."""
    kind = str(entry.data.get("step", ""))
    words = text(_DECIDED.get(kind, UNKNOWN_STEP))
    who = scene.parties(entry.data.get("employees") or ())
    if not who and entry.data.get("employee"):
        who = scene.party(str(entry.data["employee"]))
    if who:
        words = text("{what} ({who})", what=words, who=who)
    return Line(
        entry.at, "step", _ICONS.get(kind, "step"), words, why=said(entry.text), name=kind, data=_plain(entry.data)
    )


def tell_attempt(scene: Scene, entry: TimelineEntry) -> Line:
    """A request to the portal and its answer."""
    kind = str(entry.data.get("step", ""))
    failure = str(entry.data.get("failure", ""))
    request, answer = entry.data.get("request"), entry.data.get("answer")
    if failure:
        return _failed(entry, kind, failure)
    words = text(_DONE.get(kind, UNKNOWN_STEP))
    who = _users(scene, request)
    warning = str(answer.get("warning") or "") if isinstance(answer, Mapping) else ""
    why = str(entry.data.get("why", "")) or (entry.text.partition(": ")[2] if kind in _ERRANDS else "")
    return Line(
        entry.at,
        "attempt",
        _ICONS.get(kind, "portal"),
        text("{what} ({who})", what=words, who=who) if who else words,
        why="; ".join(said(part) for part in (why, warning) if part),
        tone="warning" if warning else "ok",
        name=kind,
        request=request,
        answer=answer,
    )


def _failed(entry: TimelineEntry, kind: str, failure: str) -> Line:
    data = entry.data
    reason = str(data.get("text") or entry.text.partition(": ")[2] or entry.text)
    shown = {key: data[key] for key in ("failure", "code", "text") if data.get(key)}
    return Line(
        entry.at,
        "attempt",
        "error" if failure == "Permanent" else "warning",
        text(_FAILED.get(kind, UNKNOWN_STEP)),
        why=said(reason),
        hint=" ".join(part for part in (said(str(data.get("hint", ""))), text(_NEXT.get(failure, ""))) if part),
        tone="warning" if failure == "Temporary" else "error",
        name=kind,
        request=data.get("request"),
        answer=shown,
    )


def _users(scene: Scene, request: Any) -> str:
    """Whose card it was, or for whom the call was registered or finished."""
    if not isinstance(request, Mapping):
        return ""
    users = request.get("users") or [request["user_id"]] if "users" in request or "user_id" in request else []
    return ", ".join(scene.people.user(user) for user in users if isinstance(user, int) and user)


def tell_note(_scene: Scene, entry: TimelineEntry) -> Line:
    """Something that was decided without a request."""
    return Line(entry.at, "note", "note", sentence(said(entry.text)), name="note", data=entry.data)


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "why"}
