# SPDX-License-Identifier: GPL-3.0-or-later
"""How the installed version stands, in words for people and as data for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from itgrix_module.app.health import Check, Level
from itgrix_module.app.updates import Outlook, UpdateState


def version_check(found: Outlook) -> Check:
    """How the installed version stands."""
    newest = found.newest
    params = {"installed": found.installed, "newest": newest.version if newest else found.installed}
    if not found.is_supported:
        text = f"version {found.installed} is no longer supported"
        hint = "Install the newest version: page Updates."
        return Check("version", Level.WARNING, "version_unsupported", text, hint, params=params)
    if newest is not None:
        text = f"version {newest.version} is there, {found.installed} is installed"
        if found.is_urgent:
            hint = "It mends a security hole: install it soon, page Updates."
            return Check("version", Level.WARNING, "update_security", text, hint, params=params)
        return Check("version", Level.OK, "update_available", text, "Install it on the page Updates.", params=params)
    return Check("version", Level.OK, "version_ok", f"version {found.installed} is the newest", params=params)


def as_json(state: UpdateState) -> dict[str, Any]:
    """JSON data of the command."""
    found = state.outlook
    newer = [
        {
            "version": each.version,
            "date": each.released.isoformat(),
            "supported_until": each.supported_until.isoformat() if each.supported_until else None,
            "security": each.is_security,
            "notes": dict(each.notes),
        }
        for each in (found.newer if found else ())
    ]
    return {
        "installed": state.installed,
        "is_supported": found.is_supported if found else None,
        "newer": newer,
        "checked": asdict(state.checked),
        "url": state.url,
        "run": dict(state.run),
        "is_running": state.is_running,
        "obstacle": state.obstacle,
    }
