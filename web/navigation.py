# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the panel, in the order of the menu. A new page is one line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, g, request, url_for

from web import access
from web.i18n import mark


@dataclass(frozen=True)
class Section:
    """An entry of the menu. ``endpoint``: where it leads; ``right``: who sees it."""

    endpoint: str
    title: str
    icon: str
    right: str = access.SEE

    @property
    def is_current(self) -> bool:
        """Does the current page belong to it?"""
        return request.blueprint == self.endpoint.partition(".")[0]


SECTIONS = (
    Section("status.index", mark("Status"), "status"),
    Section("calls.index", mark("Calls"), "calls"),
    Section("deliveries.index", mark("Deliveries"), "deliveries"),
)


def install(app: Flask) -> None:
    app.jinja_env.globals.update(sections=sections, here=here)


def sections() -> list[Section]:
    """Those that the viewer may see."""
    found = g.get("viewer")
    return [section for section in SECTIONS if found is not None and found.may(section.right)]


def here(**changes: Any) -> str:
    """Address of the current page with other query arguments."""
    if request.endpoint is None or request.method != "GET":
        return url_for(SECTIONS[0].endpoint, **changes)
    kept: dict[str, Any] = {key: values for key, values in request.args.lists() if key not in changes}
    # An argument that became empty is left out.
    kept |= {key: value for key, value in changes.items() if value}
    return url_for(request.endpoint, **kept | (request.view_args or {}))
