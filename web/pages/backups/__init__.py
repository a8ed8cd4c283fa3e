# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups: made, downloaded, taken in from elsewhere, restored."""

from __future__ import annotations

from flask import Flask, request

from web.pages.backups.views import blueprint

__all__ = ["blueprint", "install"]

MOST_UPLOAD = 4 * 2**30  # bytes


def install(app: Flask) -> None:
    """An archive may be larger than a form; to be done before anything reads the request."""

    def allow() -> None:
        if request.endpoint == "backups.upload":
            request.max_content_length = MOST_UPLOAD

    app.before_request(allow)
