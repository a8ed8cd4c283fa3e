# SPDX-License-Identifier: GPL-3.0-or-later
"""Inputs of customizations for a past call, as if it were going on; and for one that is made up. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from itgrix_module.app import hook_inputs
from itgrix_module.app.call_full import Known
from itgrix_module.app.crm_records import CrmRecord
from itgrix_module.app.hook_inputs import Fields, Scene, scene
from itgrix_module.app.ports import CallRow, PortalSide, TimelineEntry
from itgrix_module.app.telephony_ports import FinishOrder, RegisterOrder

_EARLY = frozenset(
    (
        "need_registration",
        "process_client_phone",
        "process_user_phone",
        "process_registration_params",
        "customize_autodistribution",
    )
)
_RINGING = frozenset(("post_registration", "customize_show_call_card"))


@dataclass(frozen=True)
class _Past:
    """A past call at the moment of the customization."""

    row: CallRow
    portal: PortalSide
    at: Scene
    paths: tuple[str, ...]

    @property
    def user(self) -> int:
        """The employee whom the call was for, as far as that was known then."""
        names = self.at.known.names
        talked = (names.employee(party) for party in (self.row.last_talker, self.row.answered_by) if party)
        rang = (names.employee(party) for party in (*self.row.rang, self.row.caller) if party)
        found = [one.user_id for one in talked if one], [one.user_id for one in rang if one]
        return next(iter(found[0]), 0) or self.portal.registered_user or next(iter(found[1]), 1)

    @property
    def phone(self) -> str:
        return self.row.number or self.row.client

    @property
    def extension(self) -> str:
        return next(filter(None, (self.row.last_talker, *self.row.rang, self.row.caller)), "")


def of_call(name: str, row: CallRow, portal: PortalSide, known: Known, paths: Sequence[str] = ()) -> tuple[Fields, Any]:
    """Input and default of a customization for a past call. ``paths``: files of its recording."""
    then, side, seen = row, portal, known
    if name in _EARLY | _RINGING:
        then, seen = _rewound(row, known)
        side = PortalSide() if name in _EARLY else replace(portal, finished=False, activity_id="", record_file_id="")
    if name == "process_originate_params":
        return _MAKERS[name](_Past(row, portal, hook_inputs.no_call(known), tuple(paths)))
    return _MAKERS[name](_Past(then, side, scene(then, side, seen), tuple(paths)))


def _rewound(row: CallRow, known: Known) -> tuple[CallRow, Known]:
    """The call as it was when the portal was first to hear of it."""
    at = _first_told(known.timeline)
    if row.ended is not None and at is not None and at >= row.ended:
        return row, known  # it reached nobody, and was told when it was over
    past = tuple(entry for entry in known.timeline if at is None or entry.at <= at)
    ringing = replace(
        row,
        phase="ringing",
        answered=None,
        ended=None,
        outcome="",
        status="",
        wait=None,
        talk=0.0,
        answered_by="",
        last_talker="",
        live=True,
        vote=None,
        state={},
    )
    return ringing, replace(known, timeline=past if at is not None else (), record="")


def _first_told(timeline: Sequence[TimelineEntry]) -> float | None:
    return next((e.at for e in timeline if e.kind == "step" and e.data.get("step") == "register"), None)


def _need_registration(past: _Past) -> tuple[Fields, Any]:
    return hook_inputs.need_registration(past.at), True


def _client_phone(past: _Past) -> tuple[Fields, Any]:
    return hook_inputs.process_client_phone(past.at, past.phone), past.phone


def _user_phone(past: _Past) -> tuple[Fields, Any]:
    return hook_inputs.process_user_phone(past.at, past.extension), past.extension


def _registration(past: _Past) -> Fields:
    row = past.row
    return hook_inputs.registration_fields(
        RegisterOrder(
            external_id=f"{row.node}-{row.linkedid}",
            user_id=past.user,
            phone=past.phone,
            incoming=row.direction == "incoming",
            started=row.started,
            line=row.line,
            source=row.source,
        )
    )


def _registration_params(past: _Past) -> tuple[Fields, Any]:
    fields = _registration(past)
    return hook_inputs.process_registration_params(past.at, fields, past.at.known.records), fields


def _post_registration(past: _Past) -> tuple[Fields, Any]:
    return hook_inputs.post_registration(past.at, _registration(past)), None


def _card(past: _Past) -> tuple[Fields, Any]:
    names = past.at.known.names
    found = [one.user_id for party in past.row.rang if (one := names.employee(party))]
    users = tuple(dict.fromkeys(found)) or (past.user,)
    return hook_inputs.customize_show_call_card(past.at, users), users


def _final(past: _Past) -> tuple[Fields, Any]:
    order = FinishOrder(past.user, round(past.row.talk), past.row.status or "304", past.row.vote)
    fields = hook_inputs.final_fields(order, past.portal.call_id)
    return hook_inputs.process_final_params(past.at, fields), fields


def _record_file(past: _Past) -> tuple[Fields, Any]:
    return hook_inputs.process_record_file_path(past.at, past.paths), past.paths


def _attach(past: _Past) -> tuple[Fields, Any]:
    fields = hook_inputs.attach_fields(past.portal.call_id, f"{past.row.node}-{past.row.linkedid}.mp3")
    return hook_inputs.customize_attach_record_url(past.at, fields), fields


def _task(past: _Past) -> tuple[Fields, Any]:
    codes = {"LEAD": "L", "CONTACT": "C", "COMPANY": "CO"}
    code = codes.get(past.portal.entity_type.upper(), "")
    fields: Fields = {
        "TITLE": f"Call back {past.phone}",
        "DESCRIPTION": "",
        "RESPONSIBLE_ID": past.user,
        "UF_CRM_TASK": [f"{code}_{past.portal.entity_id}"] if code and past.portal.entity_id else [],
    }
    return hook_inputs.process_task_creation_params(past.at, fields), fields


def _entity(past: _Past) -> tuple[Fields, Any]:
    whole = past.at.call["entity"] if past.at.call else None
    kind, number = (whole["type"], whole["id"]) if whole else ("lead", 0)
    seen = (each for each in past.at.known.records if (each.type, each.id) == (kind, number))
    bare = CrmRecord(kind, number, past.row.client_name, past.user, phones=(past.phone,))
    return hook_inputs.customize_entity(past.at, next(seen, bare)), {}


def _activity(past: _Past) -> tuple[Fields, Any]:
    number = int(past.portal.activity_id) if past.portal.activity_id.isdigit() else 0
    way = "Outgoing call to" if past.row.direction == "outgoing" else "Incoming call from"
    subject = f"{way} {past.row.client_name or past.phone}"
    raw = {"SUBJECT": subject, "DESCRIPTION": "", "COMPLETED": "Y" if past.row.answered else "N"}
    record = CrmRecord("activity", number, subject, past.user, raw=raw)
    return hook_inputs.customize_activity(past.at, record), {}


def _originate(past: _Past) -> tuple[Fields, Any]:
    event = {"PHONE_NUMBER": past.phone, "USER_ID": past.user, "LINE_NUMBER": past.row.line, "CRM_ENTITY_TYPE": ""}
    fields = hook_inputs.originate_fields(
        caller_id=past.phone,
        channel=f"Local/{past.extension}@from-internal",
        context="from-internal",
        extension=past.phone.lstrip("+"),
        timeout=30,
        request_data=event,
    )
    return hook_inputs.process_originate_params(past.at, fields), fields


def _routing(past: _Past) -> tuple[Fields, Any]:
    given = hook_inputs.customize_autodistribution(
        past.at, past.extension, past.phone, past.row.line, past.at.known.records
    )
    return given, past.extension


_MAKERS: Mapping[str, Callable[[_Past], tuple[Fields, Any]]] = {
    "need_registration": _need_registration,
    "process_client_phone": _client_phone,
    "process_user_phone": _user_phone,
    "process_registration_params": _registration_params,
    "post_registration": _post_registration,
    "customize_show_call_card": _card,
    "process_final_params": _final,
    "process_record_file_path": _record_file,
    "customize_attach_record_url": _attach,
    "process_task_creation_params": _task,
    "customize_entity": _entity,
    "customize_activity": _activity,
    "process_originate_params": _originate,
    "customize_autodistribution": _routing,
}
