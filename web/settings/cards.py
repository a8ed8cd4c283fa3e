# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields that are no settings of their own but parts of one, such as those of a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from web.preferences import said, text
from web.settings.widgets import BadEntry, Form


@dataclass
class Part:
    """One field. ``help``: in the reader's language."""

    name: str
    title: str
    widget: Any
    entry: Any
    help: str = ""
    problem: str = ""
    unit: str = ""

    @property
    def id(self) -> str:
        """In the page."""
        return f"f-{self.name}"

    @property
    def described(self) -> str:
        """Ids of what explains it."""
        return f"{self.id}-help {self.id}-problem" if self.problem else f"{self.id}-help"


def parts_of(columns: Mapping[str, tuple[str, str, Any]], value: Mapping[str, Any]) -> dict[str, Part]:
    """``columns``: name to title, help (both English) and widget."""
    return {
        name: Part(name, text(title), widget, widget.entry(value.get(name, "")), text(help) if help else "")
        for name, (title, help, widget) in columns.items()  # noqa: A001
    }


def taken(parts: Mapping[str, Part], form: Form) -> dict[str, Any] | None:
    """Values as entered; None when one of them is no value, which then says so."""
    values: dict[str, Any] = {}
    for name, part in parts.items():
        entry = part.widget.take(form, name)
        part.entry = part.entry if entry is None else entry
        try:
            values[name] = part.widget.value(part.entry)
        except BadEntry as bad:
            part.problem = said(str(bad))
    return None if any(part.problem for part in parts.values()) else values
