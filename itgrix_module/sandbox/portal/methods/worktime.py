# SPDX-License-Identifier: GPL-3.0-or-later
"""timeman.* and calendar.settings.get: who is at work and when the company is."""

from __future__ import annotations

from typing import Any

from itgrix_module.sandbox.portal.errors import blank
from itgrix_module.sandbox.portal.exchange import Exchange, Method
from itgrix_module.sandbox.portal.model import User
from itgrix_module.sandbox.portal.params import Params

DAY = 86400


def status(exchange: Exchange, params: Params) -> dict[str, Any]:
    user, state = _user(exchange, params), exchange.state
    midnight = exchange.now - (exchange.now + state.config.utc_offset_hours * 3600) % DAY
    closed = user.timeman == "CLOSED"
    told = {
        "STATUS": user.timeman,
        "TIME_START": state.iso(midnight + 9 * 3600),
        "TIME_FINISH": state.iso(midnight + 18 * 3600) if closed else None,
        "DURATION": "09:00:00" if closed else "00:00:00",
        "TIME_LEAKS": "00:00:00",
        "ACTIVE": not closed,
        "IP_OPEN": "",
        "IP_CLOSE": "",
        "LAT_OPEN": 0,
        "LON_OPEN": 0,
        "LAT_CLOSE": 0,
        "LON_CLOSE": 0,
        "TZ_OFFSET": state.config.utc_offset_hours * 3600,
    }
    expired = {"TIME_FINISH_DEFAULT": state.iso(midnight + 18 * 3600)} if user.timeman == "EXPIRED" else {}
    return told | expired


def settings(exchange: Exchange, params: Params) -> dict[str, Any]:
    user = _user(exchange, params)
    told = {
        "UF_TIMEMAN": user.timeman != "UNAVAILABLE",
        "UF_TM_FREE": False,
        "UF_TM_MAX_START": "09:15:00",
        "UF_TM_MIN_FINISH": "17:45:00",
        "UF_TM_MIN_DURATION": "08:00:00",
        "UF_TM_ALLOWED_DELTA": "00:15:00",
    }
    return told | ({"ADMIN": user.admin} if user is exchange.user else {})


def schedule(_exchange: Exchange, params: Params) -> Any:
    """One schedule, number 1: nine to six on working days."""
    if params.integer("id") != 1:
        return []
    shift = {
        "ID": 1,
        "NAME": "Основная смена",
        "BREAK_DURATION": 3600,
        "WORK_TIME_START": 32400,
        "WORK_TIME_END": 64800,
        "WORK_DAYS": "12345",
        "SCHEDULE_ID": 1,
        "DELETED": False,
    }
    return {
        "ID": 1,
        "NAME": "Основной график",
        "SCHEDULE_TYPE": "FIXED",
        "REPORT_PERIOD": "MONTH",
        "CALENDAR_ID": 1,
        "DELETED": "0",
        "IS_FOR_ALL_USERS": True,
        "SHIFTS": [shift],
        "CALENDAR": {"ID": 1, "NAME": "", "PARENT_CALENDAR_ID": 0, "SYSTEM_CODE": "", "EXCLUSIONS": []},
        "SCHEDULE_VIOLATION_RULES": {},
    }


def calendar(_exchange: Exchange, _params: Params) -> dict[str, Any]:
    return {
        "work_time_start": "9",
        "work_time_end": "18",
        "year_holidays": "1.01,2.01,3.01,4.01,5.01,6.01,7.01,8.01,23.02,8.03,1.05,9.05,12.06,4.11",
        "year_workdays": "31.12",
        "week_holidays": ["SA", "SU"],
        "week_start": "MO",
    }


def _user(exchange: Exchange, params: Params) -> User:
    user = exchange.state.users.get(params.integer("USER_ID", exchange.user.id))
    if user is None:
        raise blank("User not found")
    return user


METHODS = (
    Method("timeman.status", status, ("timeman",)),
    Method("timeman.settings", settings, ("timeman",)),
    Method("timeman.schedule.get", schedule, ("timeman",)),
    Method("calendar.settings.get", calendar, ("calendar",)),
)
