# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the panel's own login, of backups and of the log. ``log.level`` is in the general table."""

from __future__ import annotations

import re
from typing import Any

from itgrix_module.settings_checks import Setting, between
from itgrix_module.telemetry.logs import PARTS

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:]{2,39}\]")


def hosts(value: list[Any]) -> str:
    """Names and addresses without a port."""
    for item in value:
        if not isinstance(item, str) or not _HOST.fullmatch(item):
            return f"{item!r} is no name such as pbx.example.org: no https:// before it and no port behind it"
    return ""


def part_levels(value: dict[str, Any]) -> str:
    """Parts of the service to levels."""
    for part, level in value.items():
        if part not in PARTS:
            return f"there is no part {part}, only {', '.join(PARTS)}"
        if level not in LEVELS:
            return f"{part}: must be one of {', '.join(LEVELS)}"
    return ""


OPERATIONS = (
    Setting("panel.hosts", list, [], "Names besides localhost under which the panel may be opened", hosts),
    Setting("panel.secure_cookies", bool, False, "The panel is reached over https only"),
    Setting("panel.idle_minutes", int, 60, "A login ends after so many minutes without use", between(5, 10_080)),
    Setting("panel.session_hours", int, 12, "A login ends after so many hours in any case", between(1, 720)),
    Setting("audit.days", int, 730, "How many days the journal of changes is kept", between(30, 3650)),
    Setting("backups.keep", int, 14, "How many daily backups are kept; 0: none are made", between(0, 365)),
    Setting("backups.hour", int, 3, "Hour of the daily backup, by the panel's time zone", between(0, 23)),
    Setting(
        "log.levels",
        dict,
        {},
        "Parts of the service that are logged in another detail",
        part_levels,
    ),
    Setting("log.mask_persons", bool, False, "Hide telephone numbers and mail addresses in the log"),
)
