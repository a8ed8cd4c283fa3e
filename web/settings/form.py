# SPDX-License-Identifier: GPL-3.0-or-later
"""A form of settings: shown, read, checked together, saved together; what somebody else changed meanwhile is noticed.

Beside each field the form carries a mark of the value that it was made from. What the person did not touch is left as
it is, whoever changed it; what both changed is asked about.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from itgrix_module.app.desk_ports import Overtaken, SettingsDesk, Sheet, Spec
from web import auditing
from web.preferences import said, text
from web.settings import titles
from web.settings.fields import is_wide, widget_for
from web.settings.rows import moved
from web.settings.widgets import BadEntry, Form, shortened

_TRIES = 3  # savings that somebody else's may overtake


@dataclass
class Field:
    """One setting in a form. ``mark``: of the value it was made from; ``problem``: in the reader's language."""

    spec: Spec
    widget: Any
    current: Any  # as people may see it
    entry: Any
    mark: str
    is_given: bool
    problem: str = ""
    back: bool = False  # wanted: the default

    @property
    def name(self) -> str:
        """In the form."""
        return self.spec.key

    @property
    def id(self) -> str:
        """In the page."""
        return "f-" + self.spec.key.replace(".", "-")

    @property
    def described(self) -> str:
        """Ids of what explains it."""
        return f"{self.id}-help {self.id}-problem" if self.problem else f"{self.id}-help"

    @property
    def title(self) -> str:
        found = titles.TITLES.get(self.spec.key)
        return text(found) if found else said(self.spec.help)

    @property
    def help(self) -> str:
        """Empty where the title says it already."""
        words = said(self.spec.help)
        return words if self.spec.key in titles.TITLES and words.casefold() != self.title.casefold() else ""

    @property
    def unit(self) -> str:
        found = titles.unit(self.spec.key) if self.spec.kind in ("whole", "number") else ""
        return text(found) if found else ""

    @property
    def default(self) -> str:
        """The default in words."""
        words = self.widget.told(self.spec.default)
        return f"{words} {self.unit}" if self.unit else str(words)

    @property
    def told(self) -> str:
        """The current value in words."""
        return str(self.widget.told(self.current))

    @property
    def is_default(self) -> bool:
        return not self.current if self.spec.secret else bool(self.current == self.spec.default)

    @property
    def is_wide(self) -> bool:
        return is_wide(self.widget)

    @property
    def is_set(self) -> bool:
        """Of a secret."""
        return bool(self.current)

    @property
    def bad_row(self) -> int:
        """Number of the row that the problem names, 0 for none."""
        return row_of(self.problem)


def row_of(problem: str) -> int:
    """The first number of a sentence such as ``row 3: ...``."""
    head = problem.split(":")[0].split()
    return next((int(word) for word in head[1:2] if word.isdecimal()), 0)


@dataclass
class SettingsForm:
    """``fields``: by key, in the order of the page. ``others``: problems of settings that are not in the form."""

    desk: SettingsDesk
    sheet: Sheet
    fields: dict[str, Field]
    others: dict[str, str] = field(default_factory=dict)
    is_posted: bool = False

    @classmethod
    def of(cls, desk: SettingsDesk, keys: Iterable[str]) -> SettingsForm:
        """With the settings as they are now."""
        specs, sheet = desk.book.specs(), desk.book.sheet()
        known = [key for key in dict.fromkeys(keys) if key in specs]
        real = desk.book.revealed(known)
        return cls(desk, sheet, {key: _field(specs[key], desk, sheet, real[key]) for key in known})

    @property
    def has_problems(self) -> bool:
        return bool(self.others) or any(each.problem for each in self.fields.values())

    @property
    def problems(self) -> list[Field]:
        """Fields to mend."""
        return [each for each in self.fields.values() if each.problem]

    def fill(self, form: Form) -> None:
        """Take over what was entered, without judging it."""
        self.is_posted = True
        wanted = set(form.getlist("default"))
        for key, each in self.fields.items():
            entry = each.widget.take(form, key)
            each.entry = each.entry if entry is None else entry
            each.mark = form.get(f"{key}~", each.mark)
            each.back = key in wanted

    def move(self, order: str) -> None:
        """``add:KEY``, ``remove:KEY:3``, ``up:KEY:3``, ``down:KEY:3``: a button of a table was pressed."""
        verb, _, rest = order.partition(":")
        key, _, place = rest.partition(":")
        each = self.fields.get(key)
        if each is None or not hasattr(each.widget, "blank") or verb not in ("add", "remove", "up", "down"):
            return
        number = int(place) if place.isdecimal() and len(place) < 6 else -1
        each.entry = moved(each.entry, each.widget.blank(), verb, number)

    def entered(self, key: str) -> Any:
        """The value as entered; the stored one where the entry is none."""
        each = self.fields[key]
        try:
            return each.widget.value(each.entry)
        except BadEntry:
            return each.current

    def save(self) -> list[Change] | None:
        """Save what was changed. None when something is wrong: then each field says what, and nothing was saved."""
        for _ in range(_TRIES):
            changes = self._changes()
            if self.has_problems:
                return None
            if not changes:
                return []
            given = {each.key: each.new for each in changes if not each.removed}
            removed = [each.key for each in changes if each.removed]
            try:
                problems = self.desk.book.save(given, removed, self.sheet.version)
            except Overtaken:
                self._renew()
                continue
            if problems:
                self._blame(problems)
                return None
            noted(changes)
            return changes
        self.others["*"] = text("The settings are being changed by somebody else at this moment. Try again.")
        return None

    def _renew(self) -> None:
        """What is stored now, beside what was entered."""
        fresh = SettingsForm.of(self.desk, self.fields)
        self.sheet = fresh.sheet
        for key, each in self.fields.items():
            each.current, each.is_given = fresh.fields[key].current, fresh.fields[key].is_given

    def _blame(self, problems: Mapping[str, str]) -> None:
        for key, problem in problems.items():
            if key in self.fields:
                self.fields[key].problem = said(problem)
            else:
                self.others[key] = said(problem)

    def _changes(self) -> list[Change]:
        real = self.desk.book.revealed(list(self.fields))
        found = [self._change(each, real[key]) for key, each in self.fields.items()]
        return [change for change in found if change is not None]

    def _change(self, each: Field, real: Any) -> Change | None:
        if each.back:
            return Change.of(each, each.spec.default, removed=True) if each.is_given else None
        if each.spec.secret and not each.entry:
            return None
        try:
            value = each.widget.value(each.entry)
        except BadEntry as bad:
            each.problem = said(str(bad))
            return None
        now = mark_of(each.spec.key, real)
        if value == real or mark_of(each.spec.key, value) == each.mark or _same(each, value):
            return None
        if now != each.mark:
            each.mark = now
            each.problem = text(
                "Somebody else has changed this meanwhile, it is now: {value}. Save again to put yours in its place.",
                value=each.told,
            )
            return None
        return Change.of(each, value)


def _same(each: Field, value: Any) -> bool:
    """Is it what the form makes of the stored value (which may be spelled in another way)?"""
    if each.spec.secret:
        return False
    try:
        return bool(each.widget.value(each.widget.entry(each.current)) == value)
    except BadEntry:
        return False


def _field(spec: Spec, desk: SettingsDesk, sheet: Sheet, real: Any) -> Field:
    widget, shown = widget_for(spec, desk), sheet.values[spec.key]
    return Field(spec, widget, shown, widget.entry(shown), mark_of(spec.key, real), spec.key in sheet.given)


def mark_of(key: str, value: Any) -> str:
    """Tells values apart and says nothing about them."""
    plain = json.dumps([key, value], sort_keys=True, ensure_ascii=False, default=str)
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(secret, plain.encode(), hashlib.sha256).hexdigest()[:12]


@dataclass(frozen=True)
class Change:
    """What was changed. ``before``, ``after``: in words; of secrets only whether they are set."""

    key: str
    title: str
    before: str
    after: str
    new: Any
    removed: bool = False

    @classmethod
    def of(cls, each: Field, value: Any, *, removed: bool = False) -> Change:
        """From the field's current value."""
        before, after = each.told, str(each.widget.told(value))
        if each.spec.secret and before == after and not removed:
            after = text("replaced")
        return cls(each.spec.key, each.title, before, after, value, removed)


def noted(changes: Iterable[Change]) -> None:
    """Into the journal."""
    told = {each.key: f"{shortened(each.before)} → {shortened(each.after)}" for each in changes}
    auditing.note("settings.save", changes=told)
