# SPDX-License-Identifier: GPL-3.0-or-later
"""What each section of the page shows, as plain values for its template."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from itgrix_module.sandbox.portal.crm_fields import DEAL_STAGES, LEAD_STATUSES, SOURCES, TYPE_IDS
from itgrix_module.sandbox.portal.log import RequestView
from itgrix_module.sandbox.portal.model import Call, Comment, Message
from itgrix_module.sandbox.portal.snapshot import bucket
from itgrix_module.sandbox.portal.texts import STATUSES
from itgrix_module.sandbox.portal.views import CallView, EntityView, call_view, entity_view, task_view

if TYPE_CHECKING:
    from itgrix_module.sandbox.portal.portal import SandboxPortal

ROWS = 40
REQUEST_ROWS = 80
HUES = 8
Row = dict[str, Any]
_KINDS = {"LEAD": "leads", "CONTACT": "contacts", "COMPANY": "companies", "DEAL": "deals"}


class Panels:
    """The sections for one employee; ``user`` 0 is everybody. Each method returns what its template takes."""

    def __init__(self, portal: SandboxPortal, words: dict[str, str], user: int) -> None:
        self._portal = portal
        self._state = portal.state
        self._words = words
        self._user = user

    def cards(self) -> Row:
        with self._state.lock:
            calls = [call_view(self._state, call) for call in self._open_calls()]
        return {"cards": [self._card(call) for call in calls]}

    def calls(self) -> Row:
        with self._state.lock:
            newest = self._state.calls.all.newest(ROWS if not self._user else 500)
            calls = [call_view(self._state, call) for call in newest if self._mine(call)][:ROWS]
        return {"calls": [self._call(call) for call in calls]}

    def entities(self) -> Row:
        with self._state.lock:
            return {
                "groups": [
                    {"title": self._words[title], "rows": [self._entity(kind, fields) for fields in self._newest(kind)]}
                    for kind, title in _KINDS.items()
                ]
            }

    def activities(self) -> Row:
        with self._state.lock:
            newest = self._state.activities.newest(ROWS)
            return {"activities": [self._activity(row) for row in newest if self._for_user(row["RESPONSIBLE_ID"])]}

    def tasks(self) -> Row:
        with self._state.lock:
            tasks = [task_view(row) for row in self._state.tasks.newest(ROWS)]
        mine = [task for task in tasks if self._for_user(task.responsible)]
        return {"tasks": [{"task": task, "responsible": self._name(task.responsible)} for task in mine]}

    def messages(self) -> Row:
        with self._state.lock:
            newest = self._state.messages.newest(ROWS)
            comments = self._state.comments.newest(ROWS)
        mine = [said for said in newest if self._hears(said.dialog)]
        return {
            "messages": [self._said(said) | {"to": self._room(said.dialog)} for said in mine],
            "comments": [self._said(said) for said in comments],
        }

    def notifications(self) -> Row:
        with self._state.lock:
            newest = self._state.notifications.newest(ROWS)
        mine = [told for told in newest if self._for_user(told.user_id)]
        return {
            "notifications": [
                {"told": told, "time": self._time(told.at), "to": self._name(told.user_id)} for told in mine
            ]
        }

    def bucket(self) -> Row:
        """The level moves by itself, so that it is shown in whole requests."""
        level = bucket(self._portal)
        return {"bucket": level | {"level": round(level["level"])}, "http": self._portal.http}

    def requests(self) -> Row:
        newest = self._portal.requests[: -REQUEST_ROWS - 1 : -1]
        return {"requests": [self._request(entry) for entry in newest]}

    def outage(self) -> Row:
        return {"outage": self._portal.faults.outage_kind}

    def rules(self) -> Row:
        return {"rules": self._portal.faults.rules()}

    def _open_calls(self) -> list[Call]:
        calls = [call for call in self._state.calls.open_calls() if call.open_cards]
        return [call for call in calls if not self._user or self._user in call.open_cards]

    def _mine(self, call: Call) -> bool:
        if not self._user or (call.finish and call.finish.user_id == self._user):
            return True
        return any(event.user_id == self._user for event in call.cards)

    def _for_user(self, number: Any) -> bool:
        return not self._user or str(number) == str(self._user)

    def _hears(self, dialog: str) -> bool:
        if not self._user or dialog == str(self._user):
            return True
        chat = self._chat(dialog)
        return chat is not None and self._user in chat.users

    def _room(self, dialog: str) -> str:
        chat = self._chat(dialog)
        return chat.title if chat else self._name(dialog)

    def _chat(self, dialog: str) -> Any:
        number = dialog.removeprefix("chat")
        return self._state.chats.get(int(number)) if dialog.startswith("chat") and number.isdecimal() else None

    def _said(self, said: Message | Comment) -> Row:
        return {"said": said, "time": self._time(said.at), "author": self._name(said.author)}

    def _card(self, call: CallView) -> Row:
        opened = [event.at for event in call.cards if event.opened]
        return self._who(call) | {
            "since": int(max(opened)),
            "employees": [self._name(number) for number in sorted(call.open_cards)],
        }

    def _call(self, call: CallView) -> Row:
        ending = call.finish
        record = call.record
        return self._who(call) | {
            "time": self._time(call.started),
            "result": self._result(ending.status) if ending else self._words["going"],
            "good": bool(ending and ending.status == "200"),
            "finished": ending is not None,
            "talk": _clock(ending.duration) if ending else "",
            "employee": self._name(ending.user_id if ending else call.user_id),
            "record": record,
            "record_length": _clock(round(record.seconds)) if record and record.seconds is not None else "",
        }

    def _who(self, call: CallView) -> Row:
        fields = self._state.crm.get(*call.crm) if call.crm[1] else None
        line = self._state.lines.get(call.line)
        direction = {1: "outgoing", 4: "callback", 5: "outgoing"}.get(call.type, "incoming")
        return {
            "call": call,
            "client": self._client(call),
            "kind": self._words[call.crm[0]] if call.crm[1] else "",
            "hue": sum(map(ord, call.phone)) % HUES,
            "line": line.name or line.number if line else "",
            "responsible": self._name(fields["ASSIGNED_BY_ID"]) if fields else "",
            "direction": direction,
            "direction_text": self._words["clicked" if call.click_to_call else direction],
        }

    def _client(self, call: CallView) -> str:
        """A lead that the call made itself is named after the number, which is no name."""
        named = call.client_name and not call.client_name.startswith(call.phone)
        return call.client_name if named else self._words["unknown_client"]

    def _result(self, status: str) -> str:
        return f"{self._words[STATUSES.get(status, 'failed')]}" + ("" if status in STATUSES else f" ({status})")

    def _newest(self, kind: str) -> list[Row]:
        newest = self._state.crm.objects[kind].newest(ROWS)
        return [fields for fields in newest if self._for_user(fields["ASSIGNED_BY_ID"])]

    def _entity(self, kind: str, fields: Row) -> Row:
        seen: EntityView = entity_view(self._state, kind, fields)
        stages = LEAD_STATUSES if kind == "LEAD" else DEAL_STAGES
        return {
            "entity": seen,
            "title": fields.get("TITLE") or seen.name,
            "responsible": self._name(seen.responsible),
            "source": SOURCES.get(seen.source, seen.source),
            "stage": stages.get(seen.stage, seen.stage),
            "created": self._moment(fields["DATE_CREATE"]),
        }

    def _activity(self, row: Row) -> Row:
        kind = next((kind for kind, number in TYPE_IDS.items() if str(number) == row["OWNER_TYPE_ID"]), "")
        return {
            "id": row["ID"],
            "subject": row["SUBJECT"],
            "description": row["DESCRIPTION"],
            "owner": f"{self._words[kind] if kind else ''} #{row['OWNER_ID']}",
            "responsible": self._name(row["RESPONSIBLE_ID"]),
            "done": row["COMPLETED"] == "Y",
            "incoming": row["DIRECTION"] == "1",
            "time": self._moment(row["CREATED"]),
        }

    def _request(self, entry: RequestView) -> Row:
        return {
            "entry": entry,
            "time": self._time(entry.at),
            "status": entry.status or self._words["no_answer"],
            "bad": entry.status != 200 or entry.error is not None,
            "took": round(entry.seconds * 1000),
            "what": ", ".join(f"{key}={_short(value)}" for key, value in list(entry.params.items())[:6]),
        }

    def _name(self, number: Any) -> str:
        user = self._state.users.get(int(number)) if str(number).isdecimal() else None
        return user.full_name if user else self._words["system"]

    def _time(self, at: float) -> str:
        return datetime.fromtimestamp(at, self._state.zone).strftime("%H:%M:%S")

    def _moment(self, text: str) -> str:
        return text[11:19]


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"
