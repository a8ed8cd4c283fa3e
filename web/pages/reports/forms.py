# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter above the reports: which days, which direction."""

from __future__ import annotations

from datetime import date, timedelta

from wtforms import Form, SelectField, StringField
from wtforms.validators import ValidationError

from itgrix_module.app.reports import CLIENTS, LONGEST_PERIOD
from itgrix_module.domain.call import Direction
from web.i18n import mark
from web.pages.calls.forms import day_of
from web.preferences import text
from web.words import DIRECTIONS

OWN, USUAL = "own", "month"
_PERIODS = (
    ("today", mark("Today")),
    ("yesterday", mark("Yesterday")),
    ("week", mark("Last 7 days")),
    (USUAL, mark("Last 30 days")),
    ("this_month", mark("This month")),
    ("last_month", mark("Last month")),
    ("year", mark("Last 365 days")),
    (OWN, mark("From … to …")),
)
_DAYS = {"today": 0, "week": 6, "month": 29, "year": 364}
_WAYS = (Direction.INCOMING, Direction.OUTGOING, Direction.INTERNAL)


class ReportForm(Form):  # type: ignore[misc]
    """GET form; its values are the query of the address, so that a report can be bookmarked."""

    period = SelectField(mark("Period"), default=USUAL)
    since = StringField(mark("From"))
    until = StringField(mark("To"))
    direction = SelectField(mark("Direction"), default="")

    def offer(self) -> None:
        """Fill the lists in the reader's language."""
        self.period.choices = [(value, text(title)) for value, title in _PERIODS]
        ways = [(str(way), DIRECTIONS[way].text) for way in _WAYS]
        self.direction.choices = [("", text("With clients, both ways")), *ways]

    def validate_since(self, field: StringField) -> None:
        self._check_day(field)

    def validate_until(self, field: StringField) -> None:
        self._check_day(field)
        first, last = day_of(self.since.data), day_of(field.data)
        if self.period.data != OWN or not (first and last):
            return
        if last < first:
            raise ValidationError(mark("The last day is before the first."))
        if (last - first).days > LONGEST_PERIOD:
            raise ValidationError(mark("A report covers ten years at most."))

    def _check_day(self, field: StringField) -> None:
        if self.period.data != OWN:
            return
        if field.data and day_of(field.data) is None:
            raise ValidationError(mark("Enter a date as YYYY-MM-DD."))

    def directions(self) -> frozenset[str]:
        """Those that count."""
        return frozenset({self.direction.data} if self.direction.data else CLIENTS)

    def days(self, today: date) -> tuple[date, date]:
        """First and last day, both included."""
        chosen = self.period.data
        if chosen == "yesterday":
            return today - timedelta(1), today - timedelta(1)
        if chosen == "this_month":
            return today.replace(day=1), today
        if chosen == "last_month":
            last = today.replace(day=1) - timedelta(1)
            return last.replace(day=1), last
        if chosen == OWN:
            last = day_of(self.until.data) or today
            first = day_of(self.since.data) or last - timedelta(29)
            return max(first, last - timedelta(LONGEST_PERIOD)), last
        return today - timedelta(_DAYS[chosen]), today
