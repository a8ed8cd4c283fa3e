# SPDX-License-Identifier: GPL-3.0-or-later
"""``alerts test``: does a message arrive by the ways that the settings name?"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import click

from itgrix_module.alerting import trial_channels
from itgrix_module.app.alert_ports import Trial
from itgrix_module.app.alert_trial import Trials
from itgrix_module.commands.output import faults_told, json_option, show
from itgrix_module.commands.users import WHO
from itgrix_module.core import Core, open_core
from itgrix_module.operations import Operations
from itgrix_module.place import Place
from itgrix_module.portal_door import PortalDoor
from itgrix_module.service import VERSION


@click.group()
def alerts() -> None:
    """Who is told when a part is broken."""


@alerts.command()
@json_option
def test(as_json: bool) -> None:
    """Send a message that says it is a test to everybody whom the settings name (alerts.*)."""
    with faults_told(as_json), open_core(Place.of(os.environ)) as core:
        trial = _tried(core)
        Operations(core, VERSION).note(WHO, "alerts.test", {"sent": trial.sent, "failed": trial.failed})
        is_paused = bool(core.settings.current["portal.paused"])
    data = {"at": trial.at, "paused": is_paused, "ways": _data(trial)}
    show(data, as_json, lambda: _told(trial, is_paused))
    if trial.failed:
        sys.exit(1)


def _tried(core: Core) -> Trial:
    door = PortalDoor(core.tokens, core.limits, time.time, time.sleep)
    door.configure(core.settings.current)
    try:
        return Trials(lambda: trial_channels(core, door), time.time)()
    finally:
        door.close()


def _data(trial: Trial) -> list[dict[str, Any]]:
    return [
        {
            "way": each.way.kind,
            "to": each.way.to,
            "sent": each.failure is None,
            "code": each.failure.code if each.failure else "",
            "why": str(each.failure) if each.failure else "",
            "hint": each.hint,
        }
        for each in trial.outcomes
    ]


def _told(trial: Trial, is_paused: bool) -> str:
    lines: list[str] = []
    for each in trial.outcomes:
        lines.append(f"{each.way}: {'sent' if each.failure is None else f'not sent: {each.failure}'}")
        if each.hint:
            lines.append(f"  {each.hint}")
    if is_paused:
        lines.append("Deliveries to the portal are paused by hand; alerts go there all the same.")
    return "\n".join(lines)
