# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings behind signed links: what people and the portal may open without knowing the panel.

An application of its own beside the panel: it has no session, no forms and nothing of the panel's rights, so that what
is open to the outside cannot lead further in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, request

from itgrix_module.app.links import FOLDER, LinkedRecordings
from web import deps, formatting, preferences
from web.deps import PanelDeps
from web.pages.recordings import answers, views
from web.prefix import Environ, Wsgi, normal

__all__ = ["mount"]


def mount(app: Flask, given: PanelDeps, recordings: LinkedRecordings | None) -> None:
    """Serve links to recordings in front of the panel; without ``recordings`` there are none.

    To be done before the panel's ``Prefix`` is put around ``app.wsgi_app``.
    """
    if recordings is not None:
        app.wsgi_app = _Front(app.wsgi_app, _application(given, recordings))  # type: ignore[method-assign]


def _application(given: PanelDeps, recordings: LinkedRecordings) -> Flask:
    app = Flask("web", static_folder=None)
    app.config.update(SESSION_COOKIE_PATH=normal(given.base_path) or "/")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    deps.install(app, given)
    app.extensions[views.KEY] = recordings
    app.jinja_env.globals.update(_=preferences.text, n_=preferences.plural)
    app.context_processor(_surroundings)
    formatting.install(app)
    answers.install(app)
    app.register_blueprint(views.blueprint)
    return app


def _surroundings() -> dict[str, Any]:
    """``up``: from the page to ``/recordings/``. Only relative addresses hold behind every relay."""
    return {"language": preferences.language(), "up": "../" * max(0, request.path.count("/") - 2)}


class _Front:
    """WSGI middleware: ``/recordings/...`` goes to the links, all else to the panel, ``/recordings/`` itself too."""

    def __init__(self, panel: Wsgi, links: Flask) -> None:
        self._panel, self._links = panel, links

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        is_link = path.startswith(f"/{FOLDER}/") and len(path) > len(FOLDER) + 2
        return self._links(environ, start_response) if is_link else self._panel(environ, start_response)
