# SPDX-License-Identifier: GPL-3.0-or-later
"""How the portal is joined, as a page of the panel; and beside the panel the address that the portal's events go to.

That address is open to the internet, so it is an application of its own: no session, no forms, none of the panel's
rights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from web import deps, preferences
from web.deps import PanelDeps
from web.pages.portal import endpoint
from web.pages.portal.desk import PATH, PortalDesk
from web.pages.portal.views import blueprint
from web.prefix import Environ, Wsgi, normal

__all__ = ["PortalDesk", "blueprint", "mount"]


def mount(app: Flask, given: PanelDeps, desk: PortalDesk | None) -> None:
    """Add the page, and take events in front of the panel; without ``desk`` there are neither.

    To be done before the panel's ``Prefix`` is put around ``app.wsgi_app``.
    """
    if desk is not None:
        app.register_blueprint(blueprint)
        app.wsgi_app = _Front(app.wsgi_app, _application(given, desk))  # type: ignore[method-assign]


def _application(given: PanelDeps, desk: PortalDesk) -> Flask:
    app = Flask("web", static_folder=None)
    app.config.update(SESSION_COOKIE_PATH=normal(given.base_path) or "/")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(_=preferences.text)
    deps.install(app, given)
    endpoint.install(app, desk)
    return app


class _Front:
    """WSGI middleware: events go to their own application, all else to the panel."""

    def __init__(self, panel: Wsgi, events: Flask) -> None:
        self._panel, self._events = panel, events

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        is_ours = environ.get("PATH_INFO", "").rstrip("/") == PATH
        return self._events(environ, start_response) if is_ours else self._panel(environ, start_response)
