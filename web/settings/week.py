# SPDX-License-Identifier: GPL-3.0-or-later
"""Working hours as a week of seven days, each with up to three stretches; a text where a week is stranger than that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from itgrix_module.domain.hours import Hours
from web.i18n import mark
from web.preferences import text
from web.settings.widgets import BadEntry, Form, shortened

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NAMES = (
    mark("Monday"), mark("Tuesday"), mark("Wednesday"), mark("Thursday"), mark("Friday"), mark("Saturday"),
    mark("Sunday"),
)  # fmt: skip
_DAY = re.compile(rf"\b(?:{'|'.join(DAYS)})\b")
STRETCHES = 2
Day = list[list[str]]  # stretches: from and to, as 09:00


@dataclass(frozen=True)
class Week:
    """Entry: seven days; or ``{"text": ...}`` while the stored text does not fit into the form."""

    template: str = "week"
    days: Sequence[str] = NAMES

    def entry(self, value: Any) -> dict[str, Any]:
        try:
            week = Hours.parse(str(value), [], [], UTC).week
        except ValueError:
            return {"text": str(value), "days": None}
        if any(len(day) > STRETCHES for day in week):
            return {"text": str(value), "days": None}
        return {"text": "", "days": [_padded([[_clock(a), _clock(b)] for a, b in day]) for day in week]}

    def take(self, form: Form, name: str) -> dict[str, Any] | None:
        if f"{name}-text" in form:
            return {"text": form[f"{name}-text"].strip(), "days": None}
        if f"{name}-week" not in form:
            return None
        return {"text": "", "days": [_day(form, f"{name}-{number}") for number in range(7)]}

    def value(self, entry: Any) -> str:
        if entry["days"] is None:
            return str(entry["text"])
        return "; ".join(_spans([_times(number, day) for number, day in enumerate(entry["days"])]))

    def told(self, value: Any) -> str:
        words = _DAY.sub(lambda day: text(day[0]), str(value))
        return shortened(words) or text("no working hours")


def _day(form: Form, start: str) -> Day:
    return [[form.get(f"{start}-{n}-{end}", "").strip() for end in ("from", "to")] for n in range(STRETCHES)]


def _padded(day: Day) -> Day:
    return [*day, *[["", ""] for _ in range(STRETCHES)]][:STRETCHES]


def _clock(minutes: int) -> str:
    """Of the next day after midnight."""
    hours = minutes // 60
    return f"{hours if hours <= 24 else hours - 24:02}:{minutes % 60:02}"


def _times(number: int, day: Day) -> str:
    stretches = []
    for first, last in day:
        if not first and not last:
            continue
        if not first or not last:
            raise BadEntry(f"{DAYS[number]}: a beginning needs an end")
        stretches.append(f"{first}-{last}")
    return ",".join(stretches)


def _spans(times: Sequence[str]) -> list[str]:
    """Neighbours with the same hours become one entry: Mon-Fri 09:00-18:00."""
    found: list[str] = []
    first = 0
    for number in range(1, 8):
        if number < 7 and times[number] == times[first]:
            continue
        if times[first]:
            days = DAYS[first] if number - first == 1 else f"{DAYS[first]}-{DAYS[number - 1]}"
            found.append(f"{days} {times[first]}")
        first = number
    return found
