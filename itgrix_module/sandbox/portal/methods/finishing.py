# SPDX-License-Identifier: GPL-3.0-or-later
"""telephony.externalCall.finish and telephony.call.attachTranscription."""

from __future__ import annotations

from typing import Any

from itgrix_module.sandbox.portal.closing import Ending, close_call
from itgrix_module.sandbox.portal.errors import RestError, blank, core
from itgrix_module.sandbox.portal.exchange import TELEPHONY, Exchange, Method
from itgrix_module.sandbox.portal.methods.records import fetch_silently
from itgrix_module.sandbox.portal.methods.telephony import call_user, portal_number
from itgrix_module.sandbox.portal.model import Call
from itgrix_module.sandbox.portal.params import Params, as_float, as_int, as_map, as_text

# the real text lacks its closing bracket
NOT_FOUND = "Call is not found (call should be registered prior to finishing"
SIDES = ("Client", "User")


def finish(exchange: Exchange, params: Params) -> dict[str, Any]:
    """Close the call. A second finish of the same call is refused like one of an unknown call."""
    with exchange.state.lock:
        call = _finish(exchange, params)
        answer = _result(call, params)
    fetch_silently(exchange, call, params.text("RECORD_URL"))
    return answer


def transcribe(exchange: Exchange, params: Params) -> dict[str, Any]:
    """Keep the text of a finished call."""
    if not params.text("CALL_ID"):
        raise core("CALL_ID should be set")
    messages = params.get("MESSAGES")
    if not isinstance(messages, list):
        raise core("MESSAGES should be an array")
    checked = [_line(number, as_map(item)) for number, item in enumerate(messages)]
    call = exchange.call_of(params)
    if call is None or call.finish is None:
        raise core(f"Call {params.text('CALL_ID')} is not found. Is it finished?")
    number = exchange.state.next_id()
    call.transcript = checked[:1000]
    call.statistic["TRANSCRIPT_ID"] = str(number)
    return {"TRANSCRIPT_ID": number}


def _finish(exchange: Exchange, params: Params) -> Call:
    if not isinstance(params.get("CALL_ID"), str):
        raise RestError(400, "INVALID_ARGUMENT", "CALL_ID must be a string")
    user = call_user(exchange, params)
    call = exchange.call_of(params)
    if call is None:
        raise blank(NOT_FOUND)
    if call.finish is not None:
        call.refused_finishes += 1
        raise blank(NOT_FOUND)
    close_call(exchange.state, call, _ending(user.id, params))
    return call


def _ending(user_id: int, params: Params) -> Ending:
    duration = max(0, params.integer("DURATION"))
    return Ending(
        user_id=user_id,
        duration=duration,
        status=params.text("STATUS_CODE") or ("200" if duration else "304"),
        reason=params.text("FAILED_REASON"),
        vote=params.integer("VOTE"),
        cost=_cost(params),
        currency=params.text("COST_CURRENCY"),
        add_to_chat=params.flag("ADD_TO_CHAT", True),
    )


def _cost(params: Params) -> float:
    """Whole sums come back without a fraction."""
    cost = as_float(params.get("COST")) or 0.0
    return int(cost) if cost.is_integer() else cost


def _result(call: Call, params: Params) -> dict[str, Any]:
    """Types as in the documentation's sample: INCOMING is the type as text, the date is an empty map."""
    assert call.finish is not None
    return {
        "CALL_ID": call.call_id,
        "EXTERNAL_CALL_ID": call.external_call_id or None,
        "PORTAL_USER_ID": call.finish.user_id,
        "PHONE_NUMBER": call.phone.removeprefix("+"),
        "PORTAL_NUMBER": portal_number(call),
        "INCOMING": str(call.type),
        "CALL_DURATION": call.finish.duration,
        "CALL_START_DATE": {},
        "CALL_STATUS": 1 if call.finish.status == "200" else 0,
        "CALL_VOTE": call.finish.vote,
        "COST": _cost(params),
        "COST_CURRENCY": params.text("COST_CURRENCY"),
        "CALL_FAILED_CODE": call.finish.status,
        "CALL_FAILED_REASON": call.finish.failed_reason,
        "REST_APP_ID": str(call.app_number) if call.app_number else None,
        "REST_APP_NAME": call.app_title or None,
        "CRM_ACTIVITY_ID": call.finish.activity_id,
        "COMMENT": None,
        "CRM_ENTITY_TYPE": call.crm[0],
        "CRM_ENTITY_ID": call.crm[1],
        "ID": call.finish.statistic_id,
    }


def _line(number: int, item: dict[str, Any]) -> dict[str, Any]:
    where = f"MESSAGES[{number}]"
    start, stop = as_int(item.get("START_TIME")), as_int(item.get("STOP_TIME"))
    if item.get("SIDE") not in SIDES:
        raise core(f"{where}[SIDE] should be either Client or User")
    if start is None or start < 0:
        raise core(f"{where}[START_TIME] should be greater or equal to zero")
    if stop is None or stop <= 0:
        raise core(f"{where}[STOP_TIME] should be greater than zero")
    if not as_text(item.get("MESSAGE")):
        raise core(f"{where}[MESSAGE] is empty")
    return {"side": item["SIDE"], "start": start, "stop": stop, "text": as_text(item["MESSAGE"])}


METHODS = (
    Method("telephony.externalCall.finish", finish, ("telephony",), TELEPHONY, locked=False),
    Method("telephony.call.attachTranscription", transcribe, ("telephony",)),
)
