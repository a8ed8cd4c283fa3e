# SPDX-License-Identifier: GPL-3.0-or-later
"""What the portal tells subscribers about calls."""

from __future__ import annotations

from typing import Any

from itgrix_module.sandbox.portal.model import Call
from itgrix_module.sandbox.portal.state import State


def announce_call(state: State, call: Call) -> None:
    """ONVOXIMPLANTCALLINIT."""
    data: dict[str, Any] = {
        "CALL_ID": call.call_id,
        "CALL_TYPE": call.type,
        "CALLER_ID": call.phone,
        "REST_APP_ID": call.app_number or "",
    }
    state.publish("ONVOXIMPLANTCALLINIT", data, call.user_id, "")


def announce_end(state: State, call: Call) -> None:
    """ONVOXIMPLANTCALLEND."""
    assert call.finish is not None
    data: dict[str, Any] = {
        "CALL_ID": call.call_id,
        "CALL_TYPE": call.type,
        "PHONE_NUMBER": call.phone,
        "PORTAL_NUMBER": call.line or "REST_APP:",
        "PORTAL_USER_ID": call.finish.user_id,
        "CALL_DURATION": call.finish.duration,
        "CALL_START_DATE": state.iso(call.started),
        "COST": 0,
        "COST_CURRENCY": "",
        "CALL_FAILED_CODE": call.finish.status,
        "CALL_FAILED_REASON": call.finish.failed_reason,
        "CRM_ACTIVITY_ID": call.finish.activity_id or 0,
    }
    state.publish("ONVOXIMPLANTCALLEND", data, call.finish.user_id, "")
