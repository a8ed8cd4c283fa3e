# SPDX-License-Identifier: GPL-3.0-or-later
"""How lists and maps are entered: a line for each, boxes, an order of one's own, JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from web.preferences import text
from web.settings.widgets import BadEntry, Form, bounded, shortened


@dataclass(frozen=True)
class Texts:
    """A list, one entry on each line. ``numbers``: the entries may be numbers, which the settings then want so."""

    template: str = "texts"
    rows: int = 3

    def entry(self, value: Any) -> str:
        return "\n".join(item if isinstance(item, str) else json.dumps(item, ensure_ascii=False) for item in value)

    def take(self, form: Form, name: str) -> str | None:
        found = form.get(name)
        return None if found is None else found.replace("\r\n", "\n")

    def value(self, entry: Any) -> list[Any]:
        lines = [line.strip() for line in bounded(str(entry)).split("\n")]
        return [line for line in lines if line]

    def told(self, value: Any) -> str:
        return listed([self.entry([item]) for item in value])


@dataclass(frozen=True)
class Data:
    """Whatever has no form of its own, as JSON."""

    kind: type[Any] = dict
    template: str = "area"
    rows: int = 6
    mono: bool = True

    def entry(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, indent=1) if value else ""

    def take(self, form: Form, name: str) -> str | None:
        return form.get(name)

    def value(self, entry: Any) -> Any:
        if not str(entry).strip():
            return self.kind()
        try:
            found = json.loads(bounded(str(entry)))
        except (ValueError, RecursionError):
            raise BadEntry("is no JSON") from None
        if not isinstance(found, self.kind):
            raise BadEntry("must be a list" if self.kind is list else "must be a map")
        return found

    def told(self, value: Any) -> str:
        return shortened(json.dumps(value, ensure_ascii=False)) if value else text("empty")


@dataclass(frozen=True)
class Ticks:
    """Some of a few values, in their order."""

    options: Sequence[tuple[str, str]]
    template: str = "ticks"

    def entry(self, value: Any) -> list[str]:
        return [str(item) for item in value]

    def take(self, form: Form, name: str) -> list[str] | None:
        found = form.getlist(name)
        return [item for item in found if item] if found else None

    def value(self, entry: Any) -> list[str]:
        known = [name for name, _ in self.options]
        return [name for name in known if name in entry] + [item for item in entry if item not in known]

    def told(self, value: Any) -> str:
        names = dict(self.options)
        return listed([names.get(item, item) for item in value])


@dataclass(frozen=True)
class Order:
    """Some of a few values in an order of one's own: the first, then, then."""

    options: Sequence[tuple[str, str]]
    template: str = "order"

    def entry(self, value: Any) -> list[str]:
        return [*map(str, value), *[""] * len(self.options)][: len(self.options)]

    def take(self, form: Form, name: str) -> list[str] | None:
        found = form.getlist(name)
        return self.entry(found) if found else None

    def value(self, entry: Any) -> list[str]:
        return [item for item in entry if item]

    def told(self, value: Any) -> str:
        names = dict(self.options)
        return listed([names.get(item, item) for item in value])


def listed(items: Sequence[str]) -> str:
    """For a summary."""
    if not items:
        return text("empty")
    return shortened("; ".join(items))
