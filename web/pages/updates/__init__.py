# SPDX-License-Identifier: GPL-3.0-or-later
"""New versions: which is installed, what is new, look now, install; and how an update goes."""

from __future__ import annotations

from flask import Flask

from web.pages.updates.desk import UpdateDesk
from web.pages.updates.views import blueprint

__all__ = ["UpdateDesk", "blueprint", "mount"]


def mount(app: Flask, desk: UpdateDesk | None) -> None:
    """The page is there where somebody looks for versions."""
    if desk is not None:
        app.register_blueprint(blueprint)
