# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do in the portal, told to a running service, and what the portal shows afterwards."""

from __future__ import annotations

import time
from typing import Any

from itgrix_module.app.happenings import Happening
from itgrix_module.app.ports import CallRow
from itgrix_module.sandbox.pbx.config import Click
from itgrix_module.sandbox.portal.views import CallView
from tests.service.house import House, until, user_of

NUMBER = "+79161234567"
QUICK = Click(agent_ring=0.2, client_ring=0.2, talk=0.5)


def click(found: House, extension: str = "101", number: str = NUMBER, **changes: Any) -> str:
    """Somebody clicks; returns the portal's CALL_ID."""
    call_id = found.portal.click_to_call(user_of(extension), NUMBER)
    found.service.dialling.heard(event(call_id, extension, number, **changes))
    return call_id


def event(call_id: str, extension: str = "101", number: str = NUMBER, late: float = 0.0, **changes: Any) -> Happening:
    """The event as the portal sends it. ``late``: seconds ago."""
    now = time.time()
    data = {"CALL_ID": call_id, "USER_ID": str(user_of(extension)), "PHONE_NUMBER": number} | changes
    return Happening("ONEXTERNALCALLSTART", data, now - late, now, f"click-{call_id}")


def form(number: str = NUMBER, key: str = "1", **changes: Any) -> Happening:
    """A form that asks to be called back."""
    data = {"PHONE_NUMBER": number, "TEXT": "Жду звонка", "LINE_NUMBER": ""} | changes
    return Happening("ONEXTERNALCALLBACKSTART", data, time.time(), time.time(), key)


def view(found: House, call_id: str) -> CallView:
    """The portal's call."""
    return next(each for each in found.portal.calls() if each.call_id == call_id)


def finished(found: House, call_id: str, seconds: float = 15.0) -> CallView:
    """The portal's call once it is closed."""
    until(lambda: view(found, call_id).finished, seconds, lambda: (view(found, call_id), rows(found)))
    return view(found, call_id)


def rows(found: House) -> list[CallRow]:
    """Calls as stored, the newest first."""
    return [item.call for item in found.service.core.calls.newest(10)]


def notices(found: House, extension: str = "101") -> list[str]:
    """What the portal has told an employee."""
    return [each.text for each in found.portal.notifications if each.user_id == user_of(extension)]


def originates(found: House) -> list[dict[str, str]]:
    """Orders that reached the PBX."""
    received = [each.headers for each in list(found.pbx.actions)]
    return [each for each in received if each.get("action", "").casefold() == "originate" and each.get("channel")]
