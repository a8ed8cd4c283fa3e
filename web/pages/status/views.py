# SPDX-License-Identifier: GPL-3.0-or-later
"""One glance: is everything working, which calls are there now, what waits for the portal."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from itgrix_module.app.health import Health, Level
from itgrix_module.domain.failures import Failure
from web import access, reading
from web.deps import deps
from web.people import People
from web.preferences import said, sentence

blueprint = Blueprint("status", __name__)

LIVE_SHOWN = 20
RECENT_SHOWN = 10
_ORDER = ("pbx", "portal", "database", "deliveries", "recordings", "employees")
_ICONS = frozenset({*_ORDER})


@blueprint.get("/")
@access.needs(access.SEE)
def index() -> str:
    """The page."""
    return render_template("status/index.html", **_glance())


@blueprint.get("/live")
@access.needs(access.SEE)
def live() -> str:
    """The part of the page that changes by itself."""
    return render_template("status/_live.html", **_glance())


def _glance() -> dict[str, Any]:
    health = deps().health()
    levels = [check.level for check in health.checks]
    return {
        "health": health,
        "checks": sorted(health.checks, key=lambda check: _place(check.part)),
        "errors": levels.count(Level.ERROR),
        "warnings": levels.count(Level.WARNING),
        "budget": round(100 * min(1.0, max(0.0, health.budget))),
        "part_icon": lambda part: part if part in _ICONS else "part",
        "oldest_first": False,
        **_calls(health),
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
            "figures": reading.figures(),
            "people": reading.people(),
        }
    except Failure as failure:
        trouble = sentence(said(failure.text))
        waiting, failed = health.counts.get("steps_waiting", 0), health.counts.get("steps_failed", 0)
        figures = reading.Figures(waiting=waiting, failed=failed)
        return {"trouble": trouble, "live": [], "live_count": 0, "recent": [], "figures": figures, "people": People()}
