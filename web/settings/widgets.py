# SPDX-License-Identifier: GPL-3.0-or-later
"""How a value is entered. Each kind of field turns a value into an entry (what stands in the form) and back.

``take`` reads the entry from what was sent, None when the field was not in the form. ``value`` raises BadEntry for an
entry that is no value of this kind; whether the value is allowed is the settings' own business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from werkzeug.datastructures import MultiDict

from itgrix_module.app.desk_ports import Listing
from web.i18n import mark
from web.preferences import text
from web.settings.choices import word

Form = MultiDict[str, str]
LONGEST = 200_000  # characters of one entry
_SHORT = 160  # characters of a value in a summary


class BadEntry(ValueError):
    """Says what is wrong, in English."""


class Widget(Protocol):
    """``template``: the macro that draws it."""

    template: str

    def entry(self, value: Any) -> Any: ...

    def take(self, form: Form, name: str) -> Any: ...

    def value(self, entry: Any) -> Any: ...

    def told(self, value: Any) -> str:
        """The value in the reader's language, for summaries."""


def shortened(words: str) -> str:
    """One line of bounded length."""
    line = " ".join(words.split())
    return line if len(line) <= _SHORT else f"{line[: _SHORT - 1]}…"


@dataclass(frozen=True)
class Switch:
    """On or off. A hidden ``off`` stands before the box, so that an empty box is not the same as no field."""

    template: str = "switch"

    def entry(self, value: Any) -> str:
        return "on" if value else "off"

    def take(self, form: Form, name: str) -> str | None:
        found = form.getlist(name)
        return None if not found else "on" if "on" in found else "off"

    def value(self, entry: Any) -> bool:
        return bool(entry == "on")

    def told(self, value: Any) -> str:
        return text("on") if value else text("off")


@dataclass(frozen=True)
class Line:
    """A text of one line. ``mono``: it is for machines."""

    template: str = "line"
    mono: bool = True
    listing: str = ""

    def entry(self, value: Any) -> str:
        return str(value)

    def take(self, form: Form, name: str) -> str | None:
        return form.get(name)

    def value(self, entry: Any) -> Any:
        return bounded(str(entry).strip())

    def told(self, value: Any) -> str:
        return shortened(str(value)) if value != "" else text("empty")


@dataclass(frozen=True)
class Area(Line):
    """A text of several lines."""

    template: str = "area"
    rows: int = 4

    def take(self, form: Form, name: str) -> str | None:
        found = form.get(name)
        return None if found is None else found.replace("\r\n", "\n")

    def value(self, entry: Any) -> Any:
        return bounded(str(entry).rstrip())


@dataclass(frozen=True)
class Secret(Line):
    """Never shown: empty leaves it as it is."""

    template: str = "secret"

    def entry(self, value: Any) -> str:  # noqa: ARG002
        return ""

    def value(self, entry: Any) -> Any:
        return bounded(str(entry))

    def told(self, value: Any) -> str:
        return text("set") if value else text("not set")


@dataclass(frozen=True)
class Number:
    """``whole``: without a fraction. ``low``, ``high``: bounds, None without."""

    whole: bool = True
    low: float | None = None
    high: float | None = None
    empty_is_zero: bool = False
    template: str = "number"

    def entry(self, value: Any) -> str:
        return f"{value:g}" if isinstance(value, float) else str(value)

    def take(self, form: Form, name: str) -> str | None:
        return form.get(name)

    def value(self, entry: Any) -> Any:
        # A comma is the decimal sign of half of our readers.
        plain = re.sub(r"[\s\u202f]", "", str(entry)).replace(",", ".")
        if self.empty_is_zero and not plain:
            return 0
        if not re.fullmatch(r"-?\d{1,12}(\.\d{1,9})?", plain):
            raise BadEntry("must be a whole number" if self.whole else "must be a number")
        if not self.whole:
            return float(plain)
        if "." in plain:
            raise BadEntry("must be a whole number")
        return int(plain)

    def told(self, value: Any) -> str:
        return self.entry(value)


@dataclass(frozen=True)
class Choice:
    """One of some values. ``words``: how each is called; ``whole``: they are numbers."""

    options: Sequence[tuple[str, str]]
    whole: bool = False
    template: str = "choice"

    def entry(self, value: Any) -> str:
        return str(value)

    def take(self, form: Form, name: str) -> str | None:
        return form.get(name)

    def value(self, entry: Any) -> Any:
        if not self.whole:
            return str(entry)
        return Number().value(entry or "0")

    def told(self, value: Any) -> str:
        found = next((name for option, name in self.options if option == str(value)), "")
        return found or str(value) or text("empty")


def named(key: str, names: Sequence[str]) -> Choice:
    """A choice of the settings' own values."""
    return Choice([(name, text(word(key, name)) if word(key, name) else text("empty")) for name in names])


@dataclass(frozen=True)
class User:
    """A portal user, by name and number; 0 is nobody."""

    people: Listing
    template: str = "user"
    nobody: str = mark("nobody")

    def entry(self, value: Any) -> str:
        if not value:
            return ""
        name = self.people.name(value)
        return f"{name} #{value}" if name else f"#{value}"

    def take(self, form: Form, name: str) -> str | None:
        return form.get(name)

    def value(self, entry: Any) -> int:
        plain = " ".join(str(entry).split())
        if not plain:
            return 0
        found = re.search(r"#\s*(\d{1,10})$", plain) or re.fullmatch(r"(\d{1,10})", plain)
        if found:
            return int(found[1])
        wanted = [number for number, name in self.people.items if name.casefold() == plain.casefold()]
        if len(wanted) == 1:
            return int(wanted[0])
        if wanted:
            raise BadEntry("several users have this name: choose from the list, or write the number of the user")
        raise BadEntry("is no user of the portal: choose from the list, or write the number of the user")

    def told(self, value: Any) -> str:
        return self.entry(value) or text(self.nobody)


def bounded(entry: str) -> str:
    """The entry. Raises BadEntry when it is too long."""
    if len(entry) > LONGEST:
        raise BadEntry("is too long")
    return entry
