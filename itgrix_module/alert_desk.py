# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page of alerts works with, as the running service has it."""

from __future__ import annotations

from collections.abc import Sequence

from itgrix_module.alerting import trial_channels
from itgrix_module.app.alert_ports import StandingAlert, Trial, Way
from itgrix_module.app.alert_trial import PATIENCE, REST, Trials
from itgrix_module.app.alerts import is_worth_telling
from itgrix_module.app.health import Check
from itgrix_module.service import Service
from itgrix_module.storage.alerts import SqlTold


class AlertBoard:
    """Fulfils ``app.alert_ports.AlertDesk``. ``patience``, ``rest``: see ``Trials``."""

    def __init__(self, service: Service, patience: float = PATIENCE, rest: float = REST) -> None:
        self._service = service
        self._told = SqlTold(service.core.database, service.node)
        self._trials = Trials(lambda: trial_channels(service.core, service.portal), service.clock, patience, rest)

    def standing(self) -> Sequence[StandingAlert]:
        """See the port."""
        told = sorted(self._told.load().items(), key=lambda item: item[1])
        if not told:
            return ()
        found = {check.part: check for check in self._service.health().checks}
        return tuple(_standing(part, since, found.get(part)) for part, since in told)

    def ways(self) -> Sequence[Way]:
        """See the port."""
        return tuple(Way.of(each.name) for each in trial_channels(self._service.core, self._service.portal))

    def last(self) -> Trial | None:
        """See the port."""
        return self._trials.last

    def test(self) -> Trial:
        """See the port."""
        return self._trials()


def _standing(part: str, since: float, check: Check | None) -> StandingAlert:
    text = check.text if check is not None and is_worth_telling(check) else ""
    return StandingAlert(part, since, text, check is not None)
