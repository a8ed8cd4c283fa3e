# SPDX-License-Identifier: GPL-3.0-or-later
"""Click-to-call and the call-back form."""

from __future__ import annotations

from flask import Blueprint

from web.i18n import mark
from web.settings.pages import Group, SettingsPage

blueprint = Blueprint("dialling", __name__, url_prefix="/click-to-call")

PAGE = SettingsPage(
    "dialling",
    mark("Click-to-call"),
    (
        Group(
            mark("Call from the CRM"),
            ("dial.enabled", "dial.context", "dial.prefix", "dial.timeout"),
            mark("The employee's phone rings first, then the client is called."),
            ("dial.",),
        ),
        Group(
            mark("Call-back form"),
            intro=mark("A visitor of the site leaves his number; an employee or a queue is rung, then he."),
            prefixes=("callback.",),
        ),
        Group(
            mark("How the portal reaches us"),
            intro=mark("An address of the PBX on the internet, or, where it has none, questions to the portal."),
            prefixes=("events.", "polling."),
        ),
    ),
    mark("How a number is dialled is decided on the page of number rules."),
)
PAGE.mount(blueprint)
