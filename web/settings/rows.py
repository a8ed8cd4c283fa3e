# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of rows that can be added, removed and moved: rules, fields of the CRM, users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from web.preferences import said
from web.settings.widgets import BadEntry, Form
from web.settings.widgets_lists import listed


@dataclass(frozen=True)
class Column:
    """Of a table of rows. ``name``: in the row's data; ``keeps_empty``: an empty cell is stored, not left out."""

    name: str
    title: str
    widget: Any
    keeps_empty: bool = True
    help: str = ""


@dataclass(frozen=True)
class Rows:
    """A table whose rows can be added, removed and moved. ``shape``: ``maps`` (a list of maps), ``values`` (a list of
    single values) or ``map`` (first column to second column)."""

    columns: Sequence[Column]
    shape: str = "maps"
    template: str = "rows"
    most: int = 1000
    can_move: bool = True
    words: Mapping[str, str] = field(default_factory=dict)

    def entry(self, value: Any) -> list[dict[str, Any]]:
        return [
            {each.name: each.widget.entry(row.get(each.name, "")) for each in self.columns} for row in self._maps(value)
        ]

    def _maps(self, value: Any) -> list[Mapping[str, Any]]:
        first = self.columns[0].name
        if self.shape == "map":
            return [{first: key, self.columns[1].name: item} for key, item in value.items()]
        return [{first: item} for item in value] if self.shape == "values" else list(value)

    def take(self, form: Form, name: str) -> list[dict[str, Any]] | None:
        if f"{name}-row" not in form:
            return None
        numbers = [number for number in form.getlist(f"{name}-row") if number][: self.most + 1]
        return [self._row(form, f"{name}-{number}-") for number in dict.fromkeys(numbers)]

    def _row(self, form: Form, start: str) -> dict[str, Any]:
        taken = {each.name: each.widget.take(form, f"{start}{each.name}") for each in self.columns}
        return {name: "" if entry is None else entry for name, entry in taken.items()}

    def blank(self) -> dict[str, Any]:
        """An empty row."""
        return {each.name: "" for each in self.columns}

    def value(self, entry: Any) -> Any:
        rows = [(place, row) for place, row in enumerate(entry, 1) if any(row.values())]
        found = [self._read(place, row) for place, row in rows]
        if self.shape == "maps":
            return found
        first = self.columns[0].name
        if self.shape == "values":
            return [row[first] for row in found]
        self._check_keys(rows)
        return {row[first]: row[self.columns[1].name] for row in found}

    def _check_keys(self, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        seen: dict[str, int] = {}
        for place, row in rows:
            key = str(row[self.columns[0].name]).strip()
            if not key:
                raise BadEntry(f"row {place}: {said('the first field is empty')}")
            if seen.setdefault(key, place) != place:
                raise BadEntry(f"row {place}: {key!r} stands in row {seen[key]} already")

    def _read(self, place: int, row: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for each in self.columns:
            try:
                value = each.widget.value(row[each.name])
            except BadEntry as bad:
                raise BadEntry(f"row {place}: {bad}") from None
            if each.keeps_empty or value:
                made[each.name] = value
        return made

    def told(self, value: Any) -> str:
        rows = [
            " → ".join(each.widget.told(row.get(each.name, "")) for each in self.columns) for row in self._maps(value)
        ]
        return listed(rows)


def moved(rows: list[Any], blank: Any, order: str, place: int) -> list[Any]:
    """Rows after a button was pressed that adds, removes or moves one."""
    rows = list(rows)
    if order == "add":
        return [*rows, blank]
    if not 0 <= place < len(rows):
        return rows
    if order == "remove":
        return rows[:place] + rows[place + 1 :]
    other = place + (-1 if order == "up" else 1)
    if 0 <= other < len(rows):
        rows[place], rows[other] = rows[other], rows[place]
    return rows
