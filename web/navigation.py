# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the panel, in the order of the menu. A new page is one line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, request, url_for

from web import access
from web.deps import deps
from web.i18n import mark

WORK, SETTINGS, SERVICE = "work", "settings", "service"
GROUPS = {WORK: mark("Work"), SETTINGS: mark("Settings"), SERVICE: mark("Service")}


@dataclass(frozen=True)
class Section:
    """An entry of the menu. ``endpoint``: where it leads; ``right``: who sees it; ``group``: the part it stands in."""

    endpoint: str
    title: str
    icon: str
    right: str = access.SEE
    group: str = WORK
    also: str = ""  # another blueprint whose pages belong to it

    @property
    def is_current(self) -> bool:
        """Does the current page belong to it?"""
        return request.blueprint is not None and request.blueprint in (self.endpoint.partition(".")[0], self.also)


SECTIONS = (
    Section("status.index", mark("Status"), "status"),
    Section("calls.index", mark("Calls"), "calls"),
    Section("deliveries.index", mark("Deliveries"), "deliveries"),
    Section("reports.index", mark("Reports"), "reports"),
    Section("reprocess.index", mark("Comparison with the PBX"), "repeat", access.CHANGE),
    Section("portal.index", mark("Portal"), "portal", group=SETTINGS),
    Section("lines.index", mark("Lines"), "line", group=SETTINGS),
    Section("employees.index", mark("Employees"), "employees", group=SETTINGS),
    Section("rules.index", mark("Call rules"), "rules", group=SETTINGS),
    Section("missed.index", mark("Missed calls and tasks"), "missed", group=SETTINGS),
    Section("recordings_settings.index", mark("Recordings"), "recordings", group=SETTINGS),
    Section("routing.index", mark("Routing and hours"), "route", group=SETTINGS),
    Section("dialling.index", mark("Click-to-call"), "out", group=SETTINGS),
    Section("numbers.index", mark("Number rules"), "numbers", group=SETTINGS),
    Section("alerts.index", mark("Alarms"), "ring", group=SETTINGS),
    Section("customizations.index", mark("Customizations"), "code", group=SETTINGS),
    Section("settings.index", mark("All settings"), "settings", group=SETTINGS),
    Section("updates.index", mark("Updates"), "up", group=SERVICE),
    Section("backups.index", mark("Backups"), "database", access.ADMINISTER, SERVICE),
    Section("log.index", mark("Log"), "note", access.ADMINISTER, SERVICE),
    Section("access.index", mark("Access"), "employees", access.ADMINISTER, SERVICE, "audit"),
    Section("help.index", mark("Help"), "info", group=SERVICE),
    Section("wizard.index", mark("Set-up"), "wizard", access.ADMINISTER, SETTINGS),
)


def install(app: Flask) -> None:
    app.jinja_env.globals.update(menu=menu, here=here, settings_area=settings_area)


def menu() -> list[tuple[str, list[Section]]]:
    """Title of each part of the menu that has entries for the viewer, and these."""
    seen = sections()
    parts = [(title, [section for section in seen if section.group == group]) for group, title in GROUPS.items()]
    return [(title, entries) for title, entries in parts if entries]


def sections() -> list[Section]:
    """Those that the viewer may see, of the pages that there are."""
    found = g.get("viewer")
    there = current_app.view_functions
    return [each for each in SECTIONS if found is not None and found.may(each.right) and each.endpoint in there]


def settings_area(name: str) -> str:
    """Address of the form with a part of the settings; empty where there is none."""
    return url_for("settings.area", name=name) if deps().settings is not None else ""


def here(**changes: Any) -> str:
    """Address of the current page with other query arguments."""
    if request.endpoint is None or request.method != "GET":
        return url_for(SECTIONS[0].endpoint, **changes)
    kept: dict[str, Any] = {key: values for key, values in request.args.lists() if key not in changes}
    # An argument that became empty is left out.
    kept |= {key: value for key, value in changes.items() if value}
    return url_for(request.endpoint, **kept | (request.view_args or {}))
