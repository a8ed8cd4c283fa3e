# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kind of field a setting gets: by its key where it is a special one, else by its type and its bounds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from itgrix_module.app.desk_ports import Book, Listing, SettingsDesk, Spec
from itgrix_module.app.hooking import HOOKS
from itgrix_module.telemetry.logs import PARTS
from web.i18n import mark
from web.preferences import text
from web.settings import choices
from web.settings.destinations import Destinations
from web.settings.rows import Column, Rows
from web.settings.week import Week
from web.settings.widgets import Area, Choice, Line, Number, Secret, Switch, User, named
from web.settings.widgets_lists import Data, Order, Texts, Ticks

MOST_OPTIONS = 150  # of a list to choose from: more of them would make the page heavy
_WIDE = frozenset({"area", "rows", "week", "destinations"})
Make = Callable[[Spec, SettingsDesk], Any]


@dataclass(frozen=True)
class Loose(Texts):
    """A list of something: texts, or numbers and the like where the setting wants these."""

    key: str = ""
    book: Book | None = None

    def value(self, entry: Any) -> list[Any]:
        """Texts unless only other values are right."""
        lines = super().value(entry)
        assert self.book is not None
        if not self.book.problem(self.key, lines):
            return lines
        try:
            parsed = [json.loads(line) for line in lines]
        except (ValueError, RecursionError):
            return lines
        return lines if self.book.problem(self.key, parsed) else parsed


def widget_for(spec: Spec, desk: SettingsDesk) -> Any:
    """The kind of field for a setting."""
    if spec.secret:
        return Secret()
    special = SPECIAL.get(spec.key) or next(
        (make for start, make in STARTS.items() if spec.key.startswith(start)), None
    )
    return special(spec, desk) if special else _by_type(spec, desk)


def _by_type(spec: Spec, desk: SettingsDesk) -> Any:
    if spec.choices:
        return named(spec.key, spec.choices)
    if spec.kind == "switch":
        return Switch()
    if spec.kind in ("whole", "number"):
        is_user = spec.key.endswith("_user")
        return User(desk.listing("users")) if is_user else Number(spec.kind == "whole", spec.low, spec.high)
    if spec.kind == "list":
        return Loose(key=spec.key, book=desk.book)
    return Data(dict) if spec.kind == "map" else Line()


def is_wide(widget: Any) -> bool:
    """Does it need the whole width of the page?"""
    return widget.template in _WIDE


def _user(_spec: Spec, desk: SettingsDesk) -> Any:
    return User(desk.listing("users"))


def _users(_spec: Spec, desk: SettingsDesk) -> Any:
    column = Column("user", text("User"), User(desk.listing("users")))
    return Rows([column], shape="values", most=200, words={"add": text("Add a user")})


def _rules(_spec: Spec, _desk: SettingsDesk) -> Any:
    columns = [
        Column("match", text("What to find (regular expression)"), Line()),
        Column("replace", text("Instead of it"), Line()),
    ]
    return Rows(columns, most=100, words={"add": text("Add a rule")})


def _extra(_spec: Spec, _desk: SettingsDesk) -> Any:
    columns = [Column("field", text("Field of the CRM"), Line()), Column("template", text("Template"), Area(rows=1))]
    return Rows(columns, shape="map", can_move=False, most=100, words={"add": text("Add a field")})


def _overrides(_spec: Spec, desk: SettingsDesk) -> Any:
    columns = [
        Column("extension", text("Extension"), Line()),
        Column("user", text("User"), User(desk.listing("users"))),
    ]
    return Rows(columns, shape="map", can_move=False, words={"add": text("Add an extension")})


def _pairs(first: str, second: str, add: str) -> Make:
    """A map of plain texts: two columns of lines."""

    def make(_spec: Spec, _desk: SettingsDesk) -> Any:
        columns = [Column("name", text(first), Line()), Column("value", text(second), Line())]
        return Rows(columns, shape="map", can_move=False, most=200, words={"add": text(add)})

    return make


def _levels(_spec: Spec, _desk: SettingsDesk) -> Any:
    columns = [Column("part", text("Part of the service"), _part()), Column("level", text("Detail"), _level())]
    return Rows(columns, shape="map", can_move=False, most=100, words={"add": text("Add a part")})


def _part() -> Choice:
    return Choice([("", "–"), *((part, part) for part in PARTS)])


def _level() -> Choice:
    return Choice([("", "–"), *_options("log.level")])


def _order(spec: Spec, _desk: SettingsDesk) -> Any:
    return Order(_options(spec.key))


def _ticks(spec: Spec, _desk: SettingsDesk) -> Any:
    return Ticks(_options(spec.key))


def _hooks(_spec: Spec, _desk: SettingsDesk) -> Any:
    return Ticks([(name, name) for name in HOOKS])


def _options(key: str) -> list[tuple[str, str]]:
    return [(name, text(word)) for name, word in choices.WORDS[key].items()]


def _template(_spec: Spec, _desk: SettingsDesk) -> Any:
    return Area(rows=6)


def _data(spec: Spec, _desk: SettingsDesk) -> Any:
    return Data(list if spec.kind == "list" else dict)


def from_listing(listing: Listing, empty: str, *, whole: bool) -> Any:
    """A choice of the portal's things; a plain field where they are not known or too many."""
    if not listing.items or len(listing.items) > MOST_OPTIONS:
        return Number(empty_is_zero=True) if whole else Line()
    first = ("0" if whole else "", empty)
    return Choice([first, *(item for item in listing.items if item[0] != first[0])], whole=whole)


def _project(_spec: Spec, desk: SettingsDesk) -> Any:
    return from_listing(desk.listing("groups"), text("none"), whole=True)


SPECIAL: Mapping[str, Make] = {
    "calls.default_user": _user,
    "missed.users": _users,
    "missed.task.user": _user,
    "missed.task.creator": _user,
    "missed.task.auditors": _users,
    "missed.task.project": _project,
    "missed.task.description": _template,
    "leads.message": _template,
    "lines": _data,
    "employees.overrides": _overrides,
    "routing.choices": _order,
    "routing.timeman_states": _ticks,
    "routing.destinations": lambda _spec, _desk: Destinations(_options("routing.choices"), _options("routing.hours")),
    "hours.week": lambda _spec, _desk: Week(),
    "hooks.active": _hooks,
    "alerts.user": _user,
    "dial.devices": _pairs(mark("Extension"), mark("What rings instead"), mark("Add an extension")),
    "dial.prefixes": _pairs(mark("Line of the portal"), mark("Prefix"), mark("Add a line")),
    "dial.variables": _pairs(mark("Variable"), mark("Value"), mark("Add a variable")),
    "callback.lines": _pairs(mark("Line of the portal"), mark("Whom to ring"), mark("Add a line")),
    "log.levels": _levels,
}
STARTS: Mapping[str, Make] = {
    "numbers.client_rules": _rules,
    "numbers.user_rules": _rules,
    "numbers.dial_rules": _rules,
    "extra.": _extra,
}
