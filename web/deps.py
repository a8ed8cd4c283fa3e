# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panel is given by whoever starts it; the panel itself reads no settings and opens nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Request, current_app

from itgrix_module.app.alert_ports import AlertDesk
from itgrix_module.app.desk_ports import SettingsDesk
from itgrix_module.app.health import Health
from itgrix_module.app.links import LinkedRecordings
from itgrix_module.app.ports import CallRow
from itgrix_module.app.reconcile_ports import Reprocessing
from itgrix_module.app.wizard import WizardDesk
from itgrix_module.storage.engine import Database

if TYPE_CHECKING:
    from web.access import Viewer
    from web.operating import Operations
    from web.pages.portal import PortalDesk
    from web.pages.route import HttpRoutes
    from web.pages.updates import UpdateDesk

_KEY = "itgrix"


def _nothing() -> str:
    return ""


def _no_name(_line: str) -> str:
    return ""


def _no_recording(_call: CallRow) -> Path | None:
    return None


@dataclass(frozen=True)
class PanelDeps:
    """The panel's surroundings. Callables are asked at each request, so that settings take effect at once.

    ``secret_key``: signs cookies and forms; keep it over restarts. ``base_path``: the path under which a relay shows
    the panel (``/admin/modules/itgrix/gate``), empty at the root. ``hosts``: names besides localhost under which the
    panel may be opened. ``viewer``: who asks; without it only this machine is let in. ``zone``: IANA time zone of the
    PBX, empty for the zone of this process. ``country``: ISO code by whose rules numbers without a plus are written.
    ``portal_url``: ``https://portal`` for links into it, empty for none. ``reprocessing``: calls compared with the
    PBX's records; without it there are no such pages. ``retry_steps``, ``drop_steps``: ids of
    waiting or failed steps and who asked for it; they return how many changed; without them the outbox is changed here
    and the deliverer sees it at its next look. ``recording_file``: the file of a call's recording, for the player.
    ``metrics``: the page for Prometheus. ``api_token``: with it scripts may read ``/status``, ``/metrics`` and
    ``/api``; empty for none. ``links``: recordings behind signed links. ``pause``: stops or resumes all
    deliveries, ``is_paused`` tells which. ``support``: address of support, shown
    beside the help. ``wizard``: the first-run wizard. ``line_name``: what people call a line, empty when it has no
    name. ``settings``: what the settings pages work with; without it they are not there. ``audit``: notes a change:
    who, what, details; call it by ``auditing.note``. ``operations``: users, journal, log, backups; without it their
    pages are not there. ``updates``: new versions; without it their page is not there.
    ``alerts``: what stands and a test of the ways to people; without it the page of alerts holds its settings only.
    """

    database: Database
    health: Callable[[], Health]
    secret_key: str
    base_path: str = ""
    hosts: Collection[str] = ()
    viewer: Callable[[Request], Viewer | None] | None = None
    clock: Callable[[], float] = time.time
    zone: Callable[[], str] = _nothing
    country: Callable[[], str] = _nothing
    portal_url: Callable[[], str] = _nothing
    support: Callable[[], str] = _nothing
    retry_steps: Callable[[Sequence[int], str], int] | None = None
    reprocessing: Reprocessing | None = None
    drop_steps: Callable[[Sequence[int], str], int] | None = None
    recording_file: Callable[[CallRow], Path | None] = _no_recording
    metrics: Callable[[], bytes] | None = None
    api_token: Callable[[], str] = _nothing
    pause: Callable[[bool], None] | None = None
    is_paused: Callable[[], bool] = lambda: False
    secure_cookies: bool = False
    links: LinkedRecordings | None = None
    line_name: Callable[[str], str] = _no_name
    routes: HttpRoutes | None = None
    wizard: WizardDesk | None = None
    portal: PortalDesk | None = None
    settings: SettingsDesk | None = None
    audit: Callable[[str, str, Mapping[str, object]], None] | None = None
    operations: Operations | None = None
    updates: UpdateDesk | None = None
    alerts: AlertDesk | None = None


def install(app: Flask, deps: PanelDeps) -> None:
    """Make them reachable from requests of this app."""
    app.extensions[_KEY] = deps


def deps() -> PanelDeps:
    """Those of the app that handles the current request."""
    found = current_app.extensions[_KEY]
    assert isinstance(found, PanelDeps)
    return found
