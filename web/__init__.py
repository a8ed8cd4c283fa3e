# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel: what the service is doing, every call with its story, what waits for the portal.

``create_app`` makes one Flask application; nothing happens at import. It reads the database and changes nothing there:
what a person orders goes through the callables of ``PanelDeps``.
"""

from __future__ import annotations

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from web import access, api, assets, deps, errors, formatting, headers, navigation, preferences, reading, words
from web.deps import PanelDeps
from web.pages import calls, deliveries, login, portal, recordings, reports, reprocess, route, status, updates, wizard
from web.pages import help as help_pages
from web.prefix import Prefix, normal
from web.settings import area, bounds

MAX_REQUEST = 64 * 1024  # bytes; the panel takes forms only


def create_app(deps_given: PanelDeps) -> Flask:
    """The panel as a WSGI application. Raises ValueError for a base path that is none."""
    app = Flask(__name__)
    _configure(app, deps_given)
    deps.install(app, deps_given)
    reading.install(app, deps_given)
    # 1. for which host, and who asks; 2. forms; 3. what the person chose; 4. what every answer carries
    access.install(app)
    bounds.install(app)
    login.prepare(app, deps_given)
    CSRFProtect(app)
    preferences.install(app)
    headers.install(app)
    for part in (assets, errors, formatting, navigation, words, help_pages):
        part.install(app)
    for pages in (status, calls, deliveries, reports, api, help_pages):
        app.register_blueprint(pages.blueprint)
    recordings.mount(app, deps_given, deps_given.links)
    route.mount(app, deps_given.routes)
    reprocess.mount(app, deps_given.reprocessing)
    login.mount(app, deps_given)
    wizard.mount(app, deps_given.wizard)
    portal.mount(app, deps_given, deps_given.portal)
    area.mount(app, deps_given.settings)
    updates.mount(app, deps_given.updates)
    app.wsgi_app = Prefix(app.wsgi_app, deps_given.base_path)  # type: ignore[method-assign]
    return app


def _configure(app: Flask, given: PanelDeps) -> None:
    app.config.update(
        SECRET_KEY=given.secret_key,
        MAX_CONTENT_LENGTH=MAX_REQUEST,
        SESSION_COOKIE_NAME="itgrix_session",
        SESSION_COOKIE_PATH=normal(given.base_path) or "/",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=given.secure_cookies,
        # A page may stay open for a day; the token lives as long as the session that it belongs to.
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["support"] = given.support


__all__ = ["PanelDeps", "create_app"]
