# SPDX-License-Identifier: GPL-3.0-or-later
"""The time zone of the PBX: the one of the settings, else the server's with its changes of the clock."""

from __future__ import annotations

from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LOCALTIME = Path("/etc/localtime")


def pbx_zone(name: str) -> tzinfo:
    """``name``: of the setting ``panel.time_zone``, such as Europe/Moscow; empty or unknown: the server's."""
    try:
        if name:
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    return server_zone()


def server_zone() -> tzinfo:
    """UTC where the server does not tell."""
    try:
        with _LOCALTIME.open("rb") as file:
            return ZoneInfo.from_file(file, key=_server_name())
    except (OSError, ValueError):
        return UTC


def _server_name() -> str:
    """``Europe/Moscow`` of ``/usr/share/zoneinfo/Europe/Moscow``."""
    _, _, name = str(_LOCALTIME.resolve()).partition("/zoneinfo/")
    return name or "localtime"
