# SPDX-License-Identifier: GPL-3.0-or-later
"""All pages of the settings."""

from __future__ import annotations

from flask import Flask

from itgrix_module.app.desk_ports import SettingsDesk
from web.pages import (
    alerts,
    customizations,
    dialling,
    employees,
    lines,
    missed,
    numbers,
    recordings_settings,
    routing,
    rules,
    settings,
)
from web.settings.transfer import Pending

PAGES = (
    lines,
    employees,
    rules,
    missed,
    recordings_settings,
    routing,
    dialling,
    numbers,
    customizations,
    alerts,
    settings,
)


def mount(app: Flask, desk: SettingsDesk | None) -> None:
    """They are there where there is a desk to work at."""
    if desk is None:
        return
    app.extensions[Pending.KEY] = Pending()
    for pages in PAGES:
        app.register_blueprint(pages.blueprint)
