# SPDX-License-Identifier: GPL-3.0-or-later
"""Smart routing and working hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint

from itgrix_module.domain.hours import Hours
from web.deps import deps
from web.i18n import mark
from web.preferences import find_zone, zone
from web.settings.form import SettingsForm
from web.settings.pages import Group, SettingsPage

blueprint = Blueprint("routing", __name__, url_prefix="/routing")


def more(form: SettingsForm) -> Mapping[str, Any]:
    """Whether it is working time now, by the hours as they are stored."""
    values = {name: form.fields[f"hours.{name}"].current for name in ("week", "holidays", "workdays", "time_zone")}
    where = find_zone(str(values["time_zone"])) or zone()
    now = deps().clock()
    try:
        hours = Hours.parse(values["week"], values["holidays"], values["workdays"], where)
    except ValueError:
        return {"is_open": None}
    local = datetime.fromtimestamp(now, UTC).astimezone(where)
    name = where.key if isinstance(where, ZoneInfo) else f"{local:%Z}"
    return {"is_open": hours.is_open(now), "opens": hours.next_open(now), "there": f"{local:%H:%M}", "zone": name}


PAGE = SettingsPage(
    "routing",
    mark("Smart routing and working hours"),
    (
        Group(
            mark("Whom a caller is connected with"),
            ("routing.choices", "routing.hours", "routing.timeman_states", "routing.last_days"),
            mark(
                "Choose the destination “Itgrix” in an inbound route of the PBX; "
                "whoever cannot be connected so goes the usual way."
            ),
        ),
        Group(
            mark("Working hours"),
            ("hours.week", "hours.holidays", "hours.workdays", "hours.time_zone"),
            mark("They count for smart routing, for tasks of missed calls and for deadlines."),
            ("hours.",),
        ),
        Group(
            mark("Busy and unknown phones"),
            ("routing.call_waiting", "routing.unknown_is_free", "routing.caller_name"),
        ),
        Group(
            mark("Destinations with rules of their own"),
            ("routing.destinations",),
        ),
        Group(
            mark("For the dialplan"),
            ("routing.limit_ms", "routing.stale_hours"),
            mark("How the PBX asks, and how long it waits for an answer."),
            ("routing.",),
        ),
    ),
    template="routing/index.html",
    more=more,
)
PAGE.mount(blueprint)
