# SPDX-License-Identifier: GPL-3.0-or-later
"""One glance: is everything working, which calls are there now, what waits for the portal."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, url_for
from werkzeug.wrappers import Response

from itgrix_module.app.health import Check, Health, Level
from itgrix_module.app.wizard import WizardDesk
from itgrix_module.domain.failures import Failure
from web import access, reading, reading_steps
from web.deps import deps
from web.pages.status.chart import last_day as _last_day
from web.people import People
from web.preferences import said, sentence, text

blueprint = Blueprint("status", __name__)

LIVE_SHOWN = 20
RECENT_SHOWN = 10
_ORDER = ("pbx", "portal", "database", "deliveries", "recordings", "employees")
_ICONS = {part: part for part in _ORDER} | {
    "routing": "route",
    "dialling": "out",
    "events": "in",
    "disk": "database",
    "version": "up",
}


@blueprint.get("/")
@access.needs(access.SEE)
def index() -> str | Response:
    """The page; on a service that nobody has set up, the wizard."""
    wizard = deps().wizard
    if wizard is not None and access.viewer().may(access.ADMINISTER) and _is_fresh(wizard):
        return redirect(url_for("wizard.index"))
    return render_template("status/index.html", chart=_last_day(), **_glance())


def _is_fresh(wizard: WizardDesk) -> bool:
    """A database that does not answer is told of by the status page."""
    try:
        return wizard.is_fresh()
    except Failure:
        return False


@blueprint.get("/live")
@access.needs(access.SEE)
def live() -> str:
    """The part of the page that changes by itself."""
    return render_template("status/_live.html", **_glance())


def _glance() -> dict[str, Any]:
    health = deps().health()
    levels, checks = [check.level for check in health.checks], [*health.checks, *_version(health)]
    return {
        "health": health,
        "checks": sorted(checks, key=lambda check: _place(check.part)),
        "errors": levels.count(Level.ERROR),
        "warnings": levels.count(Level.WARNING),
        "budget": round(100 * min(1.0, max(0.0, health.budget))),
        "way_to_mend": way_to_mend,
        "part_icon": lambda part: _ICONS.get(part, "part"),
        "oldest_first": False,
        **_calls(health),
    }


def _version(health: Health) -> list[Check]:
    """Where nothing is known of newer versions, which one this is."""
    if not health.checks or deps().updates is None or any(check.part == "version" for check in health.checks):
        return []
    words = text("version {version}; whether there is a newer one is not known", version=health.version)
    return [Check("version", Level.OK, "version_alone", words)]


def way_to_mend(part: str) -> str:
    """Address of the page on which a part is set up; empty when the viewer has none."""
    if part == "deliveries":
        return url_for("deliveries.index")
    there, may = current_app.view_functions, access.viewer().may(access.ADMINISTER)
    if not may or (deps().wizard is None and part in _STEPS):
        return ""
    if part in _STEPS:
        return url_for("wizard.show", step=_STEPS[part])
    endpoint = _PAGES.get(part, "")
    return url_for(endpoint) if endpoint in there else ""


_STEPS = {"pbx": "pbx", "portal": "portal", "scopes": "portal", "recordings": "recordings", "cdr": "records"}
_PAGES = {
    "employees": "employees.index",
    "lines": "lines.index",
    "hooks": "customizations.index",
    "routing": "routing.index",
    "dialling": "portal.index",
    "events": "portal.index",
    "version": "updates.index",
    "backups": "backups.index",
}


def _place(part: str) -> tuple[int, str]:
    return (_ORDER.index(part) if part in _ORDER else len(_ORDER), part)


def _calls(health: Health) -> dict[str, Any]:
    """What the database knows; when it does not answer, the parts above must still be seen."""
    try:
        shown = reading.live_calls(LIVE_SHOWN)
        return {
            "trouble": "",
            "live": shown.items,
            "live_count": shown.count,
            "recent": reading.last_calls(RECENT_SHOWN),
            "figures": reading_steps.figures(),
            "people": reading.people(),
        }
    except Failure as failure:
        trouble = sentence(said(failure.text))
        waiting, failed = health.counts.get("steps_waiting", 0), health.counts.get("steps_failed", 0)
        figures = reading_steps.Figures(waiting=waiting, failed=failed)
        return {"trouble": trouble, "live": [], "live_count": 0, "recent": [], "figures": figures, "people": People()}
