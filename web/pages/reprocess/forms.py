# SPDX-License-Identifier: GPL-3.0-or-later
"""Which calls are to be compared with the PBX's records."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, tzinfo

from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import Length, ValidationError

from itgrix_module.app.reconcile_ports import Order
from web.i18n import mark
from web.pages.calls.forms import day_of

MOST = 100  # calls named in one order
_SEPARATORS = re.compile(r"[\s,;]+")
_LINKEDID = re.compile(r"[\w.:@/+-]{1,150}", re.ASCII)


class OrderForm(FlaskForm):  # type: ignore[misc]
    """``calls``: Linkedids; when there are any, the days do not count."""

    since = StringField(mark("From"))
    until = StringField(mark("To"))
    calls = StringField(mark("Only these calls"), [Length(max=5000, message=mark("That is too many at once."))])
    dry = BooleanField(mark("Only show what would be done"))

    @property
    def named(self) -> tuple[str, ...]:
        """Linkedids, each once."""
        return tuple(dict.fromkeys(name for name in _SEPARATORS.split(self.calls.data or "") if name))

    def validate_since(self, field: StringField) -> None:
        if not self.named and day_of(field.data) is None:
            raise ValidationError(mark("Enter a date as YYYY-MM-DD."))

    def validate_until(self, field: StringField) -> None:
        if self.named:
            return
        first, last = day_of(self.since.data), day_of(field.data)
        if last is None:
            raise ValidationError(mark("Enter a date as YYYY-MM-DD."))
        if first is not None and last < first:
            raise ValidationError(mark("The last day is before the first."))

    def validate_calls(self, _field: StringField) -> None:
        if len(self.named) > MOST:
            raise ValidationError(mark("That is too many at once."))
        if not all(map(_LINKEDID.fullmatch, self.named)):
            raise ValidationError(mark("A call's id is like 1795223771.21; it stands on the call's page."))

    def order(self, zone: tzinfo, now: float, who: str) -> Order:
        """What was asked for; whole days of that zone. Only after ``validate``."""
        if self.named:
            return Order(calls=self.named, by_hand=True, dry=bool(self.dry.data), who=who)
        first, last = day_of(self.since.data), day_of(self.until.data)
        assert first is not None
        assert last is not None
        start = datetime.combine(first, time(), zone).timestamp()
        end = datetime.combine(last + timedelta(days=1), time(), zone).timestamp()
        return Order(max(0.0, start), min(end, now), by_hand=True, dry=bool(self.dry.data), who=who)
