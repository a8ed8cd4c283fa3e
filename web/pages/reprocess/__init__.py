# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls compared with the PBX's records by hand."""

from __future__ import annotations

from flask import Flask

from itgrix_module.app.reconcile_ports import Reprocessing
from web.pages.reprocess.views import blueprint

__all__ = ["blueprint", "mount"]


def mount(app: Flask, desk: Reprocessing | None) -> None:
    """Add the pages; without ``desk`` there are none."""
    if desk is not None:
        app.register_blueprint(blueprint)
