# SPDX-License-Identifier: GPL-3.0-or-later
"""What each customization is told: one function for each, JSON data that goes to the script as it is. Pure.

Requests to the portal are told as ``params``, with the names of its REST methods. The same fields also stand at the
top level, as scripts for this product's forerunner expect them; a change in either place counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from itgrix_module.app.call_full import Known, call_full, call_stage, conversation_data
from itgrix_module.app.crm_records import CrmRecord, Names, record_data, user_of
from itgrix_module.app.ports import CallRow, PortalSide
from itgrix_module.app.telephony_ports import FinishOrder, RegisterOrder

Fields = dict[str, Any]
# What stands beside the fields of a request; an answer that repeats it changes nothing.
CONTEXT = frozenset(("call_full", "call_stage", "params", "candidates", "conversation", "registration"))
INCOMING, OUTGOING, CALLBACK = 2, 1, 4  # TYPE of a call
_OLD_FIELDS = ("was_answered", "type", "from", "to", "start_time", "answer_time", "end_time")


@dataclass(frozen=True)
class Scene:
    """The call that a customization is about. ``call``: None where there is none yet (a click in the CRM)."""

    call: Mapping[str, Any] | None
    stage: str
    conversation: Mapping[str, Any]
    known: Known

    @property
    def context(self) -> Fields:
        """What every customization is told."""
        return {"call_full": self.call, "call_stage": self.stage}


def scene(row: CallRow, portal: PortalSide, known: Known) -> Scene:
    """A call as it stands now."""
    return Scene(
        call_full(row, portal, known),
        call_stage(row, known.timeline),
        conversation_data(row, portal, known),
        known,
    )


def no_call(known: Known) -> Scene:
    """Before there is a call."""
    return Scene(None, "", {}, known)


def need_registration(at: Scene) -> Fields:
    """Shall the portal know this call?"""
    return {"conversation": dict(at.conversation), **at.context}


def process_client_phone(at: Scene, phone: str) -> Fields:
    """The client's number, after the number rules, before the CRM is asked for it."""
    return {"phone": phone, **at.context}


def process_user_phone(at: Scene, phone: str) -> Fields:
    """An employee's extension or mobile, before he is looked up among the portal's users."""
    return {"phone": phone, **at.context}


def process_registration_params(at: Scene, fields: Mapping[str, Any], candidates: Sequence[CrmRecord] = ()) -> Fields:
    """The registration. ``candidates``: CRM records with the client's number."""
    return {**_request(fields), "candidates": _records(candidates, at.known), **at.context}


def post_registration(at: Scene, fields: Mapping[str, Any]) -> Fields:
    """The call is registered; ``fields``: as it was asked for."""
    registration = at.call["registration"] if at.call else None
    return {"params": dict(fields), "registration": registration, **at.context}


def customize_show_call_card(at: Scene, users: Sequence[int]) -> Fields:
    """Cards are about to open for these portal users."""
    return {"users": list(users), "people": [user_of(user, at.known.names) for user in users], **at.context}


def process_final_params(at: Scene, fields: Mapping[str, Any]) -> Fields:
    """The end of the call."""
    return {**_request(fields), **at.context}


def process_record_file_path(at: Scene, paths: Sequence[str]) -> Fields:
    """The files that the PBX recorded, in order, before they are converted."""
    return {"path": paths[0] if paths else "", "paths": list(paths), **at.context}


def customize_attach_record_url(at: Scene, fields: Mapping[str, Any]) -> Fields:
    """How the recording is attached."""
    return {**_request(fields), **at.context}


def process_task_creation_params(at: Scene, fields: Mapping[str, Any]) -> Fields:
    """The task for a missed call."""
    return {**_request(fields), **at.context}


def customize_entity(at: Scene, entity: CrmRecord) -> Fields:
    """The lead, contact or company of the call, when the call has ended."""
    return {"entity": record_data(entity, at.known.names, at.known.zone), **at.context}


def customize_activity(at: Scene, activity: CrmRecord) -> Fields:
    """The activity of the call in the CRM, when the call has ended."""
    old = {name: at.conversation[name] for name in _OLD_FIELDS if name in at.conversation}
    return {**old, "activity": record_data(activity, at.known.names, at.known.zone), **at.context}


def process_originate_params(at: Scene, fields: Mapping[str, Any]) -> Fields:
    """A click in the CRM, before the PBX is asked to call."""
    return {**_request(fields), **at.context}


def customize_autodistribution(
    at: Scene, extension: str, phone: str, line: str, candidates: Sequence[CrmRecord] = ()
) -> Fields:
    """Smart routing has chosen an extension (empty: the usual way) for a caller."""
    found = at.known.names.employee(extension) if extension else None
    return {
        "extension": extension,
        "phone": phone,
        "line": line,
        "user": user_of(found.user_id, at.known.names) if found else None,
        "candidates": _records(candidates, at.known),
        **at.context,
    }


# -- the fields of requests


def registration_fields(order: RegisterOrder) -> Fields:
    """telephony.externalCall.register"""
    if order.params is not None:
        return dict(order.params)
    fields: Fields = {
        "USER_ID": order.user_id,
        "PHONE_NUMBER": order.phone,
        "TYPE": CALLBACK if order.callback else INCOMING if order.incoming else OUTGOING,
        "CALL_START_DATE": datetime.fromtimestamp(order.started, UTC).isoformat(timespec="seconds"),
        "CRM_CREATE": int(order.create),
        "SHOW": 0,
        "ADD_TO_CHAT": 1,
        "EXTERNAL_CALL_ID": order.external_id,
    }
    optional: Fields = {"LINE_NUMBER": order.line, "CRM_SOURCE": order.source}
    if order.entity:
        kind, number = order.entity
        optional |= {"CRM_ENTITY_TYPE": kind, "CRM_ENTITY_ID": int(number) if number.isdecimal() else number}
    return fields | {name: value for name, value in optional.items() if value}


def final_fields(order: FinishOrder, call_id: str) -> Fields:
    """telephony.externalCall.finish. ``call_id``: empty for a call that is registered by the same request."""
    if order.params is not None:
        return dict(order.params)
    fields: Fields = {
        "CALL_ID": call_id,
        "USER_ID": order.user_id,
        "DURATION": order.seconds,
        "STATUS_CODE": order.status,
        "ADD_TO_CHAT": 1,
    }
    optional: Fields = {"VOTE": order.vote, "FAILED_REASON": order.reason}
    return fields | {name: value for name, value in optional.items() if value}


def attach_fields(call_id: str, filename: str, url: str = "") -> Fields:
    """telephony.externalCall.attachRecord. ``url``: of a recording that the portal fetches; else it is uploaded."""
    return {"CALL_ID": call_id, "FILENAME": filename} | ({"RECORD_URL": url} if url else {})


def originate_fields(
    *, caller_id: str, channel: str, context: str, extension: str, timeout: int, request_data: Mapping[str, Any]
) -> Fields:
    """AMI Originate. ``timeout``: seconds that the employee's phone rings; ``request_data``: the portal's event."""
    return {
        "caller_id": caller_id,
        "channel": channel,
        "context": context,
        "extension": extension,
        "priority": 1,
        "timeout": timeout,
        "request_data": dict(request_data),
    }


def _request(fields: Mapping[str, Any]) -> Fields:
    return {**fields, "params": dict(fields)}


def _records(found: Sequence[CrmRecord], known: Known) -> list[Fields]:
    names: Names = known.names
    return [record_data(each, names, known.zone) for each in found]
