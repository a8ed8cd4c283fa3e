# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of the last 24 hours, hour by hour."""

from __future__ import annotations

from datetime import datetime

from itgrix_module.domain.failures import Failure
from web import reading
from web.charts import Bar, Bars
from web.deps import deps
from web.preferences import text, zone

HOURS = 24
HOUR = 3600.0  # seconds


def last_day() -> Bars | None:
    """The current hour stands last; None when the database does not answer."""
    now = deps().clock()
    begin = (now // HOUR - HOURS + 1) * HOUR
    try:
        counted = reading.hourly(begin, HOUR)
    except Failure:
        return None
    bars = [_bar(begin + place * HOUR, counted.get(place, (0, 0, 0))) for place in range(HOURS)]
    parts = (text("Incoming, answered"), text("Incoming, not answered"), text("Outgoing calls"))
    return Bars("last-day", text("Calls of the last 24 hours"), parts, bars, text("Hour"))


def _bar(at: float, values: tuple[int, int, int]) -> Bar:
    begins = datetime.fromtimestamp(at, zone())
    ends = datetime.fromtimestamp(at + HOUR - 60, zone())
    return Bar(f"{begins:%H:%M}–{ends:%H:%M}", f"{begins:%H}", values)
