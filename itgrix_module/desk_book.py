# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings as the panel's forms work with them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from itgrix_module.app.desk_ports import Kind, Overtaken, Sheet, Spec
from itgrix_module.live import LiveSettings
from itgrix_module.settings import BY_KEY, SETTINGS, Setting, Settings, SettingsError
from itgrix_module.settings_checks import Between, OneOf

_KINDS: Mapping[type[Any], Kind] = {
    str: "text",
    int: "whole",
    float: "number",
    bool: "switch",
    list: "list",
    dict: "map",
}


class SettingsBook:
    """Fulfils ``app.desk_ports.Book``. Thread-safe."""

    def __init__(self, live: LiveSettings) -> None:
        self._live = live
        self._lock = threading.Lock()

    def specs(self) -> Mapping[str, Spec]:
        """In the order of the table."""
        return {setting.key: _spec(setting) for setting in SETTINGS}

    def sheet(self) -> Sheet:
        """What another process has saved is there too."""
        self._live.poll()
        version, now = self._live.version, self._live.current
        return Sheet(version, now.shown(), now.given)

    def save(self, changes: Mapping[str, Any], removed: Sequence[str], version: int) -> Mapping[str, str]:
        """See the port."""
        with self._lock:
            self._live.poll()
            if self._live.version != version:
                raise Overtaken
            try:
                self._live.save(dict(changes), tuple(removed))
            except SettingsError as error:
                return error.problems
        return {}

    def problems(self, changes: Mapping[str, Any], removed: Sequence[str] = ()) -> Mapping[str, str]:
        """See the port."""
        now = self._live.current
        kept = {key: now[key] for key in now.given if key not in removed}
        try:
            Settings({**kept, **changes})
        except SettingsError as error:
            return error.problems
        return {}

    def problem(self, key: str, value: Any) -> str:
        """See the port."""
        try:
            Settings({key: value})
        except SettingsError as error:
            return error.problems[key]
        return ""

    def exported(self, *, secrets: bool) -> Mapping[str, Any]:
        """In the order of their names, as ``itgrix settings export`` has them."""
        now = self._live.current
        return {key: now[key] for key in sorted(now.given) if secrets or not BY_KEY[key].secret}

    def revealed(self, keys: Sequence[str]) -> Mapping[str, Any]:
        """See the port."""
        now = self._live.current
        return {key: now[key] for key in keys if key in now}


def _spec(setting: Setting) -> Spec:
    check = setting.check
    return Spec(
        setting.key,
        _KINDS[setting.kind],
        setting.default,
        setting.help,
        setting.secret,
        choices=check.names if isinstance(check, OneOf) else (),
        low=check.low if isinstance(check, Between) else None,
        high=check.high if isinstance(check, Between) else None,
    )
