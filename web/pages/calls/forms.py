# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter above the table of calls: what a person may enter, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo

from wtforms import BooleanField, Form, HiddenField, SelectField, StringField
from wtforms.validators import Length, ValidationError

from itgrix_module.domain.call import Direction, Outcome
from itgrix_module.domain.numbers import digits
from web.i18n import mark
from web.preferences import text
from web.words import DIRECTIONS, OUTCOMES

ANY = ""
OF_WTFORMS = mark("Not a valid choice.")  # what the library itself says of a list
OLDEST = "oldest"
_CHOSEN = "own"
_PERIODS = (
    ("all", mark("All time")),
    ("today", mark("Today")),
    ("yesterday", mark("Yesterday")),
    ("week", mark("Last 7 days")),
    ("month", mark("Last 30 days")),
    (_CHOSEN, mark("From … to …")),
)
_DAYS = {"today": 0, "week": 6, "month": 29}
_SHORTEST_NUMBER = 2  # digits


class CallFilterForm(Form):  # type: ignore[misc]
    """GET form; its values are the query of the address, so that a view can be bookmarked."""

    period = SelectField(mark("Period"), default="all")
    since = StringField(mark("From"))
    until = StringField(mark("To"))
    number = StringField(mark("Client number"), [Length(max=40, message=mark("A number has at most 40 characters."))])
    employee = StringField(mark("Employee"), [Length(max=40, message=mark("An extension has at most 40 characters."))])
    line = StringField(mark("Line"), [Length(max=100, message=mark("A line has at most 100 characters."))])
    direction = SelectField(mark("Direction"), default=ANY)
    outcome = SelectField(mark("Outcome"), default=ANY)
    undelivered = BooleanField(mark("Only calls that the portal has not heard of yet"))
    sort = HiddenField()

    @property
    def is_narrowed(self) -> bool:
        """Does it leave anything out?"""
        return any(
            (
                self.period.data not in (None, "", "all"),
                self.number.data,
                self.employee.data,
                self.line.data,
                self.direction.data,
                self.outcome.data,
                self.undelivered.data,
            )
        )

    @property
    def oldest_first(self) -> bool:
        return bool(self.sort.data == OLDEST)

    def offer(self) -> None:
        """Fill the lists in the reader's language."""
        self.period.choices = [(value, text(title)) for value, title in _PERIODS]
        self.direction.choices = [(ANY, text("Any")), *((str(way), DIRECTIONS[way].text) for way in _WAYS)]
        self.outcome.choices = [(ANY, text("Any")), *((str(end), OUTCOMES[end].text) for end in Outcome)]

    def validate_number(self, field: StringField) -> None:
        if field.data and len(digits(field.data)) < _SHORTEST_NUMBER:
            raise ValidationError(mark("Enter at least two digits of the number."))

    def validate_since(self, field: StringField) -> None:
        _checked_day(field)

    def validate_until(self, field: StringField) -> None:
        _checked_day(field)
        first, last = day_of(self.since.data), day_of(field.data)
        if self.period.data == _CHOSEN and first and last and last < first:
            raise ValidationError(mark("The last day is before the first."))

    def span(self, now: datetime) -> tuple[float | None, float | None]:
        """From (inclusive) and to (exclusive) in epoch seconds, None where open; days are those of ``now``'s zone."""
        today, zone = now.date(), now.tzinfo
        if self.period.data == "yesterday":
            return _start(today - timedelta(1), zone), _start(today, zone)
        if self.period.data in _DAYS:
            return _start(today - timedelta(_DAYS[self.period.data]), zone), None
        if self.period.data != _CHOSEN:
            return None, None
        first, last = day_of(self.since.data), day_of(self.until.data)
        until = _start(last + timedelta(1), zone) if last else None
        return _start(first, zone) if first else None, until


_WAYS: Iterable[Direction] = (Direction.INCOMING, Direction.OUTGOING, Direction.INTERNAL)


def day_of(entered: str | None) -> date | None:
    """The day that a date field holds; None for an empty or a wrong one."""
    try:
        found = date.fromisoformat((entered or "").strip())
    except ValueError:
        return None
    return found if 1970 < found.year < 9000 else None


def _checked_day(field: StringField) -> None:
    if field.data and day_of(field.data) is None:
        raise ValidationError(mark("Enter a date as YYYY-MM-DD."))


def _start(day: date, zone: tzinfo | None) -> float:
    return datetime.combine(day, time.min, zone).timestamp()
