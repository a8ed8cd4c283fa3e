# SPDX-License-Identifier: GPL-3.0-or-later
"""The form of one line, and the list of lines as it is changed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from itgrix_module.app.desk_ports import Overtaken, SettingsDesk
from web import auditing
from web.i18n import mark
from web.preferences import said, text
from web.settings import choices
from web.settings.cards import Part
from web.settings.fields import from_listing
from web.settings.form import mark_of
from web.settings.widgets import Choice, Line, Switch, User

KEY = "lines"
_TRIES = 3


def columns(desk: SettingsDesk) -> dict[str, tuple[str, str, Any]]:
    """Name to title, help and kind of field."""
    modes = [
        ("", text("As everywhere")),
        *((name, text(word)) for name, word in choices.WORDS["recordings.mode"].items()),
    ]
    return {
        "match": (
            mark("Trunk or DID"),
            mark(
                "A name or number as the PBX has it; the last digits of a number; "
                "a pattern (X any digit, * anything); /a regular expression/; * for all other lines."
            ),
            Line(),
        ),
        "name": (mark("Name"), mark("What people call the line, here and in the portal."), Line()),
        "line": (
            mark("External line of the portal"),
            mark("Its number in the portal. It is made there by itself; empty: the call has no line."),
            Line(),
        ),
        "source": (
            mark("Advertising source"),
            mark("Of leads and contacts that a call on this line makes; empty: the portal's usual one."),
            from_listing(desk.listing("sources"), text("the portal's usual one"), whole=False),
        ),
        "category": (
            mark("Sales funnel"),
            mark("Of deals that are made for calls on this line."),
            from_listing(desk.listing("funnels"), text("the portal's choice"), whole=True),
        ),
        "default_user": (
            mark("Default user"),
            mark("Gets the calls of this line that are nobody's; empty: as everywhere."),
            User(desk.listing("users"), nobody=mark("as everywhere")),
        ),
        "recordings": (mark("Recordings"), "", Choice(modes)),
        "ignore": (mark("The portal does not see this line"), mark("Its calls are not registered at all."), Switch()),
    }


def as_stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """A row without what is empty, as people write it by hand."""
    return {name: value for name, value in values.items() if value or name == "match"}


def seal(row: Mapping[str, Any]) -> str:
    """Tells rows apart."""
    return mark_of(KEY, row)


Edit = Callable[[list[dict[str, Any]]], list[dict[str, Any]] | None]


def change(desk: SettingsDesk, edit: Edit, action: str, **details: object) -> str:
    """Change the list of lines. Returns what is wrong, empty when it was saved; ``edit`` gives None to give up."""
    for _ in range(_TRIES):
        sheet = desk.book.sheet()
        rows = edit([dict(row) for row in sheet.values[KEY]])
        if rows is None:
            return text("Somebody else has changed this line meanwhile. Open it again.")
        try:
            problems = desk.book.save({KEY: rows}, (), sheet.version)
        except Overtaken:
            continue
        if not problems:
            auditing.note(action, **details)
        return _spoken(problems)
    return text("The settings are being changed by somebody else at this moment. Try again.")


def _spoken(problems: Mapping[str, str]) -> str:
    """Without the number of the entry, which says nothing to whom has only this one before him."""
    words = "; ".join(problems.values())
    return said(re.sub(r"^entry \d+:? (?!has the match|names the)", "", words)) if problems else ""


def place_of(rows: Sequence[Mapping[str, Any]], wanted: str) -> int | None:
    """Of the row with this seal."""
    return next((place for place, row in enumerate(rows) if seal(row) == wanted), None)


def blame(parts: Mapping[str, Part], problem: str) -> None:
    """Put what the check says beside the field that it names, else beside the first."""
    named = re.match(r"(\w+)[: ]", problem)
    name = named[1] if named and named[1] in parts else "match"
    parts[name].problem = problem


def told(row: Mapping[str, Any]) -> str:
    """For the journal."""
    return json.dumps(row, ensure_ascii=False)[:300]
