# SPDX-License-Identifier: GPL-3.0-or-later
"""Smart routing for the dialplan function CURL: an application of its own beside the panel.

It has no session, no forms, and every answer that is no extension is empty: the dialplan takes the body as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from web.pages.route import views
from web.pages.route.views import HttpRoutes, blueprint
from web.prefix import Environ, Wsgi

__all__ = ["HttpRoutes", "blueprint", "mount"]


def mount(app: Flask, routes: HttpRoutes | None) -> None:
    """Answer ``/route`` in front of the panel; without ``routes`` it is a page that does not exist.

    To be done before the panel's ``Prefix`` is put around ``app.wsgi_app``.
    """
    if routes is not None:
        app.wsgi_app = _Front(app.wsgi_app, _application(routes))  # type: ignore[method-assign]


def _application(routes: HttpRoutes) -> Flask:
    app = Flask("web", static_folder=None, template_folder=None)
    views.install(app, routes)
    return app


class _Front:
    """WSGI middleware: ``/route`` goes to smart routing, all else to the panel."""

    def __init__(self, panel: Wsgi, routes: Flask) -> None:
        self._panel, self._routes = panel, routes

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        is_ours = environ.get("PATH_INFO", "") == "/route"
        return self._routes(environ, start_response) if is_ours else self._panel(environ, start_response)
