# SPDX-License-Identifier: GPL-3.0-or-later
"""What the end of a call leaves behind: cards closed, an activity, a row of statistics, a line in the chat, events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from itgrix_module.sandbox.portal import crm_fields
from itgrix_module.sandbox.portal.activities import add_activity
from itgrix_module.sandbox.portal.model import Call, Finish
from itgrix_module.sandbox.portal.state import State
from itgrix_module.sandbox.portal.telephony_events import announce_end

CALL_TITLES = {
    True: {1: "Исходящий звонок", 2: "Входящий звонок", 3: "Входящий звонок", 4: "Обратный звонок", 5: "Инфозвонок"},
    False: {1: "Outgoing call", 2: "Incoming call", 3: "Incoming call", 4: "Callback", 5: "Info call"},
}
DIRECTIONS = {1: "2", 2: "1", 3: "1", 4: "2", 5: "2"}


@dataclass(frozen=True)
class Ending:
    """How a call ends. ``duration``: seconds of talk."""

    user_id: int
    duration: int = 0
    status: str = "304"
    reason: str = ""
    vote: int = 0
    cost: float = 0
    currency: str = ""
    add_to_chat: bool = True
    by: str = "finish"


def close_call(state: State, call: Call, ending: Ending) -> None:
    """Finish the call. The state's lock is held."""
    _hand_over(state, call, ending.user_id)
    activity = _activity(state, call, ending) if call.crm[1] else None
    number = state.calls.close(call)
    call.finish = Finish(
        state.now(), ending.user_id, ending.duration, ending.status, ending.reason, ending.vote, number, activity
    )
    call.close_cards(state.now(), ending.by)
    call.statistic = statistic_row(state, call, ending)
    if ending.add_to_chat:
        state.say(str(ending.user_id), 0, _chat_text(state, call, ending))
    announce_end(state, call)


def client_name(state: State, crm: tuple[str, int]) -> str:
    """Title or full name of the bound object; empty when there is none."""
    fields = state.crm.get(*crm) if crm[1] else None
    if fields is None:
        return ""
    name = " ".join(filter(None, (fields.get("NAME"), fields.get("LAST_NAME"))))
    return str(name or fields.get("TITLE") or "")


def statistic_row(state: State, call: Call, ending: Ending) -> dict[str, Any]:
    """The row as ``voximplant.statistic.get`` gives it, but for the record and the transcript."""
    assert call.finish is not None
    return {
        "ID": str(call.finish.statistic_id),
        "PORTAL_USER_ID": str(ending.user_id),
        "PORTAL_NUMBER": call.line or f"REST_APP:{call.app_number or ''}",
        "PHONE_NUMBER": call.phone.removeprefix("+"),
        "CALL_ID": call.call_id,
        "EXTERNAL_CALL_ID": call.external_call_id or None,
        "CALL_CATEGORY": "external",
        "CALL_LOG": None,
        "CALL_DURATION": str(ending.duration),
        "CALL_START_DATE": state.iso(call.started),
        "CALL_RECORD_URL": None,
        "CALL_VOTE": str(ending.vote) if ending.vote else None,
        "COST": f"{ending.cost:.4f}",
        "COST_CURRENCY": ending.currency,
        "CALL_FAILED_CODE": ending.status,
        "CALL_FAILED_REASON": ending.reason,
        "CRM_ENTITY_TYPE": call.crm[0] or None,
        "CRM_ENTITY_ID": str(call.crm[1]) if call.crm[1] else None,
        "CRM_ACTIVITY_ID": str(call.finish.activity_id) if call.finish.activity_id else None,
        "REST_APP_ID": str(call.app_number) if call.app_number else None,
        "REST_APP_NAME": call.app_title or None,
        "TRANSCRIPT_ID": None,
        "TRANSCRIPT_PENDING": "N",
        "SESSION_ID": None,
        "REDIAL_ATTEMPT": None,
        "COMMENT": None,
        "RECORD_DURATION": None,
        "RECORD_FILE_ID": None,
        "CALL_TYPE": str(call.type),
    }


def _hand_over(state: State, call: Call, user_id: int) -> None:
    """Objects that this call created belong to the one who ends it; others keep their responsible."""
    for kind, number in call.created:
        if (stored := state.crm.get(kind, number)) is not None:
            stored["ASSIGNED_BY_ID"] = str(user_id)


def _activity(state: State, call: Call, ending: Ending) -> int:
    direction = DIRECTIONS[call.type]
    start, end = state.iso(call.started), state.iso()
    missed = direction == "1" and ending.status != "200"
    return add_activity(
        state,
        {
            "OWNER_ID": str(call.crm[1]),
            "OWNER_TYPE_ID": str(crm_fields.TYPE_IDS[call.crm[0]]),
            "TYPE_ID": "2",
            "PROVIDER_ID": "VOXIMPLANT_CALL",
            "PROVIDER_TYPE_ID": "CALL",
            "SUBJECT": _subject(state, call, direction),
            "START_TIME": start,
            "END_TIME": end,
            "DEADLINE": start,
            "COMPLETED": "N" if missed else "Y",
            "RESPONSIBLE_ID": str(ending.user_id),
            "DIRECTION": direction,
            "ORIGIN_ID": f"VI_{call.call_id}",
            "COMMUNICATIONS": [_communication(call)],
        },
        ending.user_id,
        [(crm_fields.TYPE_IDS[kind], number) for kind, number in call.created[1:]],
    )


def _communication(call: Call) -> dict[str, Any]:
    return {
        "TYPE": "PHONE",
        "VALUE": call.phone,
        "ENTITY_ID": str(call.crm[1]),
        "ENTITY_TYPE_ID": str(crm_fields.TYPE_IDS[call.crm[0]]),
    }


def _subject(state: State, call: Call, direction: str) -> str:
    name = client_name(state, call.crm) or call.phone
    if state.config.language != "ru":
        return f"{'Incoming call from' if direction == '1' else 'Outgoing call to'} {name}"
    return f"{'Входящий от' if direction == '1' else 'Исходящий на'} {name}"


def _chat_text(state: State, call: Call, ending: Ending) -> str:
    word = CALL_TITLES[state.config.language == "ru"][call.type]
    result = f"{ending.duration // 60}:{ending.duration % 60:02d}" if ending.status == "200" else ending.status
    return f"{word}: {client_name(state, call.crm) or call.phone} ({result})"
