# SPDX-License-Identifier: GPL-3.0-or-later
"""``call_full``: all that is known of a call, in the shape that customizations of this product's forerunner had.

Pure: the same row gives the same data. Field by field in ``docs/en/customizations.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

from itgrix_module.app.call_legs import Conversation, active, conversations, main_leg, state, transfers
from itgrix_module.app.crm_records import CrmRecord, Names, local_time, record_data, user_data
from itgrix_module.app.ports import CallRow, PortalSide, TimelineEntry

REQUESTED, ACCEPTED, TALKED, ENDED = (
    "conversation_requested",
    "conversation_accepted",
    "conversation_ended",
    "call_ended",
)
_TYPES = {"incoming": "incoming", "outgoing": "outgoing", "internal": "local"}


@dataclass(frozen=True)
class Known:
    """What a call is seen with. ``zone``: of all times, None for the server's.

    ``records``: CRM records with the client's number, as far as somebody has asked; ``record``: link to the recording.
    """

    names: Names
    zone: tzinfo | None = None
    timeline: tuple[TimelineEntry, ...] = ()
    records: tuple[CrmRecord, ...] = ()
    record: str = ""


def call_full(row: CallRow, portal: PortalSide, known: Known) -> dict[str, Any]:
    """The call as JSON data."""
    found = conversations(row, known.timeline)
    current = active(found, row)
    return {
        "active_conversation_id": current.id if current else "",
        "channel": _main(row, portal, known),
        "conversations": {each.id: _conversation(each, row, portal, known) for each in found},
        "deal": _created_deal(portal, known),
        "entity": _entity(row, portal, known),
        "is_ivr": row.direction == "incoming" and row.ended is not None and not row.rang and row.answered is None,
        "record": known.record,
        "registration": _registration(portal),
        "result": _result(row),
    }


def call_stage(row: CallRow, timeline: Iterable[TimelineEntry] = ()) -> str:
    """How far the call has come when a customization runs."""
    if row.ended is not None:
        return ENDED
    found = conversations(row, timeline)
    if any(each.talks for each in found):
        return ACCEPTED
    return TALKED if any(each.answered is not None for each in found) else REQUESTED


def conversation_data(row: CallRow, portal: PortalSide, known: Known) -> dict[str, Any]:
    """The current conversation's channel, as old scripts had it at the top level; the main channel when nobody rang."""
    current = active(conversations(row, known.timeline), row)
    return _channel_of(current, row, portal, known) if current else _main(row, portal, known)


# -- channels


def _main(row: CallRow, portal: PortalSide, known: Known) -> dict[str, Any]:
    name, cause = main_leg(row, known.timeline)
    call = state(row)
    main = Conversation(
        id=row.linkedid,
        party="",
        channel=name,
        started=row.started,
        answered=row.answered,
        ended=row.ended,
        cause=cause,
        status=call.dials[-1].status if call and call.dials else "",
    )
    client, line = _client(row), _party("", row.line or row.trunk)
    caller = _employee(row.caller, known)
    sides = {"incoming": (client, line), "outgoing": (caller, client)}
    origin, target = sides.get(row.direction, (caller, _employee(next(iter(row.rang), ""), known)))
    data = _channel(main, row, portal, known, origin, target)
    data["extra"] |= _facts_of_call(row, known.timeline)
    return data


def _conversation(each: Conversation, row: CallRow, portal: PortalSide, known: Known) -> dict[str, Any]:
    return {
        "channel": _channel_of(each, row, portal, known),
        "is_parked": each.parked,
        "user": user_data(known.names.employee(each.party)),
    }


def _channel_of(each: Conversation, row: CallRow, portal: PortalSide, known: Known) -> dict[str, Any]:
    own, client = _employee(each.party, known), _client(row)
    if row.direction == "incoming":
        return _channel(each, row, portal, known, client, own)
    if row.direction == "outgoing":
        return _channel(each, row, portal, known, own, client)
    other = next(iter(row.rang), "") if each.began else row.caller
    origin, target = (own, _employee(other, known)) if each.began else (_employee(other, known), own)
    return _channel(each, row, portal, known, origin, target)


def _channel(
    each: Conversation,
    row: CallRow,
    portal: PortalSide,
    known: Known,
    origin: Mapping[str, Any],
    target: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "id": each.id,
        "name": each.channel,
        "is_primary": each.id == row.linkedid,
        "state": _channel_state(each, portal),
        "type": _TYPES.get(row.direction, "unknown"),
        "was_answered": each.answered is not None,
        "start_time": local_time(each.started, known.zone),
        "answer_time": local_time(each.answered, known.zone),
        "end_time": local_time(each.ended, known.zone),
        "from": dict(origin),
        "to": dict(target),
        "trunk": {"number": row.line, "name": row.trunk},
        "extra": {"hangup_cause": each.cause, "dial_status": each.status},
    }


def _channel_state(each: Conversation, portal: PortalSide) -> str:
    if each.is_over:
        return "processed" if portal.finished else "ended"
    return "talking" if each.answered is not None else "ringing"


def _facts_of_call(row: CallRow, timeline: Iterable[TimelineEntry]) -> dict[str, Any]:
    """What only this product tells of a call."""
    return {
        "queue": row.queue,
        "rang": list(row.rang),
        "answered_by": row.answered_by,
        "last_talker": row.last_talker,
        "wait_seconds": None if row.wait is None else round(row.wait),
        "talk_seconds": round(row.talk),
        "outcome": row.outcome,
        "vote": row.vote,
        "transfers": transfers(row, timeline),
    }


# -- parties and the CRM


def _client(row: CallRow) -> dict[str, Any]:
    return _party(row.client_name, row.number or row.client, row.client)


def _employee(party: str, known: Known) -> dict[str, Any]:
    found = known.names.employee(party) if party else None
    return {**_party(found.name if found else "", party), "is_internal": True}


def _party(name: str, number: str, raw: str = "") -> dict[str, Any]:
    return {"number": number, "raw": raw or number, "name": name, "is_internal": False}


def _entity(row: CallRow, portal: PortalSide, known: Known) -> dict[str, Any] | None:
    if not portal.entity_id or not portal.entity_type:
        return None
    found = _record(portal.entity_type, portal.entity_id, portal, known)
    numbers = found.phones or tuple(filter(None, (row.number or row.client,)))
    named = replace(found, name=found.name or row.client_name, phones=numbers)
    return record_data(named, known.names, known.zone)


def _created_deal(portal: PortalSide, known: Known) -> dict[str, Any] | None:
    """The deal that the call made."""
    number = next((number for kind, number in portal.created if kind.upper() == "DEAL"), "")
    return record_data(_record("deal", number, portal, known), known.names, known.zone) if number else None


def _record(kind: str, number: str, portal: PortalSide, known: Known) -> CrmRecord:
    is_new = (kind.upper(), number) in {(made.upper(), its) for made, its in portal.created}
    identity = int(number) if number.isascii() and number.isdigit() else 0
    seen = (each for each in known.records if (each.type, each.id) == (kind.lower(), identity))
    # The employee for whom the call was registered becomes responsible for what it made.
    made = CrmRecord(kind.lower(), identity, responsible_id=portal.registered_user if is_new else None)
    return replace(next(seen, made), is_new=is_new)


def _registration(portal: PortalSide) -> dict[str, Any] | None:
    """What the portal answered to the registration, in its own words."""
    if not portal.call_id:
        return None
    made = [{"ENTITY_TYPE": kind, "ENTITY_ID": _number(number)} for kind, number in portal.created]
    lead = next((each["ENTITY_ID"] for each in made if each["ENTITY_TYPE"] == "LEAD"), None)
    return {
        "CALL_ID": portal.call_id,
        "CRM_CREATED_LEAD": lead,
        "CRM_CREATED_ENTITIES": made,
        "CRM_ENTITY_TYPE": portal.entity_type,
        "CRM_ENTITY_ID": _number(portal.entity_id) if portal.entity_id else None,
        "USER_ID": portal.registered_user,
    }


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() else text


def _result(row: CallRow) -> int:
    """The portal's status as a number (603-S is 603), 0 while the call goes on."""
    found = row.status.partition("-")[0]
    return int(found) if found.isascii() and found.isdigit() else 0
