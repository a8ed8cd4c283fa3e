# SPDX-License-Identifier: GPL-3.0-or-later
"""Destinations of smart routing with rules of their own: a row for each, where empty means as everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from web.i18n import mark
from web.preferences import text
from web.settings.widgets import BadEntry, Form
from web.settings.widgets_lists import listed

FLAGS = {
    "call_waiting": mark("Second call to the busy"),
    "caller_name": mark("Client's name on the phone"),
    "unknown_is_free": mark("Unknown state means free"),
}
_FLAG = {"": None, "on": True, "off": False}
_FIELDS = ("name", "hours", *FLAGS)


@dataclass(frozen=True)
class Destinations:
    """Entry: a list of maps of ``name``, ``choices`` (as many as there are), ``hours`` and the flags."""

    choices: Sequence[tuple[str, str]]
    hours: Sequence[tuple[str, str]]
    template: str = "destinations"
    most: int = 100

    @property
    def flags(self) -> Mapping[str, str]:
        """Names to titles."""
        return FLAGS

    def entry(self, value: Any) -> list[dict[str, Any]]:
        return [self._row(name, rules) for name, rules in value.items()]

    def _row(self, name: str, rules: Mapping[str, Any]) -> dict[str, Any]:
        flags = {flag: ("on" if rules[flag] else "off") if flag in rules else "" for flag in FLAGS}
        chosen = [*rules.get("choices", ()), *[""] * len(self.choices)][: len(self.choices)]
        return {"name": name, "choices": chosen, "hours": str(rules.get("hours", "")), **flags}

    def blank(self) -> dict[str, Any]:
        """An empty row."""
        return self._row("", {})

    def take(self, form: Form, name: str) -> list[dict[str, Any]] | None:
        if f"{name}-row" not in form:
            return None
        numbers = [number for number in form.getlist(f"{name}-row") if number][: self.most + 1]
        return [self._taken(form, f"{name}-{number}-") for number in dict.fromkeys(numbers)]

    def _taken(self, form: Form, start: str) -> dict[str, Any]:
        chosen = [*form.getlist(f"{start}choices"), *[""] * len(self.choices)][: len(self.choices)]
        return {**{each: form.get(f"{start}{each}", "") for each in _FIELDS}, "choices": chosen}

    def value(self, entry: Any) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for place, row in enumerate(entry, 1):
            name = str(row["name"]).strip()
            rules = self._rules(row)
            if not name and not rules:
                continue
            if not name:
                raise BadEntry(f"row {place}: the first field is empty")
            if name in made:
                raise BadEntry(f"row {place}: {name!r} stands there already")
            made[name] = rules
        return made

    def _rules(self, row: Mapping[str, Any]) -> dict[str, Any]:
        chosen = [choice for choice in row["choices"] if choice]
        rules: dict[str, Any] = {"choices": chosen} if chosen else {}
        if row["hours"]:
            rules["hours"] = row["hours"]
        return rules | {flag: value for flag in FLAGS if (value := _FLAG.get(row[flag])) is not None}

    def told(self, value: Any) -> str:
        names = {**dict(self.choices), **dict(self.hours)}
        rows = []
        for name, rules in value.items():
            parts = [names.get(item, item) for item in rules.get("choices", ())]
            parts += [names.get(rules["hours"], rules["hours"])] if "hours" in rules else []
            parts += [
                f"{text(FLAGS[flag])}: {text('yes') if rules[flag] else text('no')}" for flag in FLAGS if flag in rules
            ]
            rows.append(f"{name} ({', '.join(parts)})" if parts else name)
        return listed(rows)
