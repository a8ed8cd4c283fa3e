# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings as they are now, and what the use cases read of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from itgrix_module.app.directory import DirectoryRules
from itgrix_module.app.orders import LineRule, Options
from itgrix_module.app.ports import SettingStore
from itgrix_module.app.track import CardTiming
from itgrix_module.domain.policy import Rules
from itgrix_module.settings import Settings, SettingsError

log = logging.getLogger("itgrix.service")


class LiveSettings:
    """Reads the store, tells listeners when something changed, and derives each part once for each change."""

    def __init__(self, store: SettingStore) -> None:
        self._store = store
        self._version = -1
        self._listeners: list[Callable[[Settings], None]] = []
        self._take(Settings())
        self.poll()

    @property
    def current(self) -> Settings:
        """All settings now."""
        return self._current

    def on_change(self, listener: Callable[[Settings], None]) -> None:
        """Call ``listener`` now and after each change."""
        self._listeners.append(listener)
        listener(self._current)

    def poll(self) -> None:
        """Take over what was saved since, by whichever process."""
        version = self._store.version()
        if version == self._version:
            return
        try:
            self._take(Settings(self._store.load()))
        except SettingsError as error:
            log.error("stored settings are not valid, the ones before stay in force: %s", error)
        self._version = version
        for listener in self._listeners:
            listener(self._current)

    def save(self, changes: dict[str, Any], removed: tuple[str, ...] = ()) -> None:
        """Check all settings together with the changes, then save. Raises SettingsError, and saves nothing then."""
        stored = {key: value for key, value in self._store.load().items() if key not in removed}
        Settings({**stored, **changes})
        self._store.save(changes, removed)
        self.poll()

    def _take(self, settings: Settings) -> None:
        self._current = settings
        self._rules = rules(settings)
        self._options = options(settings)
        self._timing = CardTiming(settings["cards.lead_ms"] / 1000, settings["cards.window_ms"] / 1000)
        self._directory = DirectoryRules(settings["employees.overrides"], settings["calls.default_user"])

    def rules(self) -> Rules:
        """For the tracker."""
        return self._rules

    def options(self) -> Options:
        """For the deliverer."""
        return self._options

    def timing(self) -> CardTiming:
        """For the tracker."""
        return self._timing

    def directory(self) -> DirectoryRules:
        """For the directory."""
        return self._directory


def rules(settings: Settings) -> Rules:
    """Which calls and employees concern the CRM."""
    ignored = {item["match"] for item in settings["lines"] if item.get("ignore")}
    return Rules(
        lines_ignored=frozenset(settings["filters.lines"]) | ignored,
        numbers_ignored=frozenset(settings["filters.numbers"]),
        extensions_black=frozenset(settings["filters.extensions_black"]),
        extensions_white=frozenset(settings["filters.extensions_white"]),
        recordings=settings["recordings.mode"] != "off",
    )


def options(settings: Settings) -> Options:
    """How calls are told to the portal."""
    known = ("match", "line", "source", "default_user", "ignore")
    return Options(
        create_incoming=settings["calls.create_incoming"],
        create_outgoing=settings["calls.create_outgoing"],
        lines=tuple(LineRule(**{key: item[key] for key in known if key in item}) for item in settings["lines"]),
    )
