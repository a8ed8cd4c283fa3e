# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service does again and again by the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from itgrix_module import vitals
from itgrix_module.alerting import alerts
from itgrix_module.jobs import Job
from itgrix_module.reporting import Reporting
from itgrix_module.update_news import jobs as update_jobs

if TYPE_CHECKING:
    from itgrix_module.service import Service

# Seconds between two runs of a job.
SETTINGS, WATCH = 2.0, 5.0
RIGHTS_AGAIN = 60.0  # logins that may show that lacking rights were given
LINES = 600.0
ROUTING = 5.0
ALERTS = 5.0
RECORDINGS = 3600.0
DIALLING = 1.0
RECONCILE = 1.0  # whether it is due
REPORTS = 600.0


def jobs(service: Service) -> list[Job]:
    """The timetable."""
    watch = vitals.Watch(lambda: service.health().checks)
    return [
        Job("settings", SETTINGS, service.core.settings.poll),
        Job("employees", SETTINGS, Employees(service), at_start=True),
        Job("watch", WATCH, watch),
        Job("alerts", ALERTS, alerts(service)),
        Job("rights", RIGHTS_AGAIN, lambda: _ask_for_rights(service)),
        Job("lines", SETTINGS, Lines(service)),
        Job("events", SETTINGS, service.way_in.handlers.look),
        Job("events-past", RECORDINGS, service.way_in.prune),
        Job("routing", ROUTING, service.routing.warmth.refresh),
        Job("routing-door", ROUTING, service.route_door.retry),
        Job("reconcile", RECONCILE, service.reconciling.tick),
        Job("recordings", RECORDINGS, service.library.prune, at_start=True),
        Job("dialling", DIALLING, service.dialling.look),
        Job("dials", RECORDINGS, service.dialling.prune, at_start=True),
        *service.operations.jobs(),
        *update_jobs(service),
        Job("reports", REPORTS, Reporting(service)),
    ]


def _ask_for_rights(service: Service) -> None:
    """Rights that the manager user lacked may have been given meanwhile; between calls a new login does no harm."""
    if service.pbx.state.missing and not service.tracker.live_calls:
        service.pbx.reconnect()


class Employees:
    """Keeps the employee map fresh; a portal that is back is asked at once."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._was_up = True

    def __call__(self) -> None:
        service = self._service
        is_up = service.standing.state.is_up
        if is_up and not self._was_up and service.directory.state.failure is not None:
            service.directory.ask_again()
        self._was_up = is_up
        if service.directory.wants_refresh(service.core.settings.current["directory.refresh_minutes"] * 60.0):
            self._refresh()

    def _refresh(self) -> None:
        service = self._service
        failure = service.directory.refresh()
        if failure is None:
            service.standing.answered(a_call=False)
            service.wake()
        else:
            service.standing.failed(failure)


class Lines:
    """Keeps the portal's external lines as the settings name them: when these change, and again where it failed."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._done: object = None
        self._at = 0.0

    def __call__(self) -> None:
        service = self._service
        wanted = service.core.settings.house.lines.rules
        state, now = service.lines.state, service.clock()
        is_settled = wanted == self._done and not state.failures
        if is_settled or (wanted == self._done and now - self._at < LINES) or not service.standing.state.is_up:
            return
        self._done, self._at = wanted, now
        service.lines.sync()
