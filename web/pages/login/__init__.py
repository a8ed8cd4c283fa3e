# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in and out, and one's own password, where the panel lets people in by itself; and what belongs to it."""

from __future__ import annotations

from flask import Flask

from web import sessions
from web.deps import PanelDeps
from web.pages import access, audit, backups, log
from web.pages.access.views import role_title
from web.pages.login.views import blueprint

__all__ = ["blueprint", "mount", "prepare"]


def prepare(app: Flask, given: PanelDeps) -> None:
    """To be done before anything reads forms."""
    if given.operations is not None:
        backups.install(app)


def mount(app: Flask, given: PanelDeps) -> None:
    """The pages, where there is somebody who keeps users."""
    if given.operations is None:
        return
    sessions.install(app)
    app.jinja_env.globals["role_title"] = role_title
    for pages in (blueprint, access.blueprint, audit.blueprint, log.blueprint, backups.blueprint):
        app.register_blueprint(pages)
