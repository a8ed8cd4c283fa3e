# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the figures of past days, so that reports cost the same however many calls there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from itgrix_module.storage.reports import SqlReports
from itgrix_module.zones import pbx_zone

if TYPE_CHECKING:
    from itgrix_module.service import Service


class Reporting:
    """A job of the timetable."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def __call__(self) -> None:
        service = self._service
        ending = service.ending.event
        reports = SqlReports(service.core.database, pbx_zone(service.core.settings.current["panel.time_zone"]))
        reports.keep(service.clock(), goes_on=lambda: not ending.is_set(), rest=ending.wait)
        first = reports.first_day()
        if first is not None:
            reports.forget_before(first)
