# SPDX-License-Identifier: GPL-3.0-or-later
"""Creation of clients, responsible employees, cards, filters, extra data."""

from __future__ import annotations

from flask import Blueprint

from web.i18n import mark
from web.settings.pages import Group, SettingsPage

blueprint = Blueprint("rules", __name__, url_prefix="/rules")

PAGE = SettingsPage(
    "rules",
    mark("Call rules"),
    (
        Group(mark("New clients"), ("calls.create_incoming", "calls.create_outgoing")),
        Group(
            mark("Who answers for a call"),
            ("calls.first_responsible", "calls.entity", "calls.default_user"),
            mark("The employee who talked last finishes the call, whoever it was registered for."),
            ("calls.",),
        ),
        Group(mark("Call cards"), prefixes=("cards.",)),
        Group(
            mark("What the portal does not see"),
            ("filters.extensions_white", "filters.extensions_black", "filters.lines", "filters.numbers"),
            prefixes=("filters.",),
        ),
        Group(
            mark("What counts as an extension"),
            ("extensions.pattern", "extensions.list", "trunks.list"),
            prefixes=("extensions.", "trunks."),
        ),
        Group(
            mark("Extra data in the CRM"),
            intro=mark("Templates that fill fields of the CRM when a call ends; the variables are those of tasks."),
            prefixes=("extra.",),
        ),
    ),
    mark("What becomes of a call in the CRM. Changes count from the next call on."),
)
PAGE.mount(blueprint)
