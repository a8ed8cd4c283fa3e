# SPDX-License-Identifier: GPL-3.0-or-later
"""The first-run wizard."""

from __future__ import annotations

from flask import Flask

from itgrix_module.app.wizard import WizardDesk
from web.pages.wizard.views import blueprint, page_of


def mount(app: Flask, desk: WizardDesk | None) -> None:
    """Only where there is a service to set up."""
    if desk is not None:
        app.register_blueprint(blueprint)
        app.jinja_env.globals["page_of"] = page_of


__all__ = ["blueprint", "mount"]
