# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of customizations with their switches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint

from web.i18n import mark
from web.pages.customizations import editor
from web.pages.customizations.words import PURPOSES
from web.settings.form import SettingsForm
from web.settings.pages import Group, SettingsPage

blueprint = Blueprint("customizations", __name__, url_prefix="/customizations")


def more(form: SettingsForm) -> Mapping[str, Any]:
    """All of them as they are."""
    return {"states": form.desk.shelf.states(), "folder": form.desk.shelf.folder(), "purposes": PURPOSES}


PAGE = SettingsPage(
    "customizations",
    mark("Customizations"),
    (
        Group(mark("Customizations"), ("hooks.active",), is_drawn=False),
        Group(
            mark("Switch and limits"),
            ("hooks.enabled", "hooks.seconds", "hooks.record_seconds"),
            prefixes=("hooks.",),
        ),
    ),
    mark(
        "Scripts of yours that are asked at fourteen moments of a call. "
        "One that fails never loses a call: the usual way goes ahead and the fault is shown."
    ),
    "customizations/index.html",
    more,
)
PAGE.mount(blueprint)
editor.mount(blueprint)
