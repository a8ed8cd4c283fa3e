# SPDX-License-Identifier: GPL-3.0-or-later
"""The Flask applications: the portal itself and its authorisation server."""

from __future__ import annotations

from typing import Any

from flask import Flask

from itgrix_module.sandbox.portal.server import MAX_BODY


def create_app(*blueprints: Any) -> Flask:
    """An application of these blueprints that takes recordings of any sensible size."""
    app = Flask(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY, MAX_FORM_MEMORY_SIZE=None, MAX_FORM_PARTS=5000)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app
