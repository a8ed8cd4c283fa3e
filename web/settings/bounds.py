# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages that take more than the panel's small forms say so; before anybody reads a request its bound is set."""

from __future__ import annotations

from flask import Flask, current_app, request


def install(app: Flask) -> None:
    """Before the check of forms, which reads the request."""
    app.before_request(_set)


def _set() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    most = getattr(view, "max_request", None)
    if most is not None:
        request.max_content_length = most
        request.max_form_memory_size = most
