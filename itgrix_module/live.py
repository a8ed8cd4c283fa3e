# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings as they are now, and what the use cases read of them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from itgrix_module.app.directory import DirectoryRules
from itgrix_module.app.orders import LineRule, Options
from itgrix_module.app.ports import SettingStore
from itgrix_module.app.track import CardTiming
from itgrix_module.domain.policy import Rules
from itgrix_module.settings import BY_KEY, Settings, SettingsError

log = logging.getLogger("itgrix.service")


class LiveSettings:
    """Reads the store, tells listeners when something changed, and derives each part once for each change.

    Thread-safe; listeners are called one after another in the thread that noticed the change.
    """

    def __init__(self, store: SettingStore) -> None:
        self._store = store
        self._version = -1
        self._lock = threading.RLock()
        self._listeners: list[Callable[[Settings], None]] = []
        self._take(Settings())
        self.poll()

    @property
    def current(self) -> Settings:
        """All settings now."""
        return self._current

    def on_change(self, listener: Callable[[Settings], None]) -> None:
        """Call ``listener`` now and after each change."""
        with self._lock:
            self._listeners.append(listener)
            listener(self._current)

    def poll(self) -> None:
        """Take over what was saved since, by whichever process."""
        with self._lock:
            version = self._store.version()
            if version == self._version:
                return
            self._take(_usable(self._store.load()))
            self._version = version
            for listener in self._listeners:
                self._tell(listener)

    def save(self, changes: dict[str, Any], removed: tuple[str, ...] = ()) -> None:
        """Check all settings together with the changes, then save. Raises SettingsError, and saves nothing then."""
        with self._lock:
            stored = {key: value for key, value in self._store.load().items() if key not in removed and key in BY_KEY}
            Settings({**stored, **changes})
            self._store.save(changes, removed)
            self.poll()

    def _tell(self, listener: Callable[[Settings], None]) -> None:
        try:
            listener(self._current)
        except Exception:
            # One part that cannot use the new settings must not keep the others from them.
            log.exception("a part of the service could not take over the changed settings")

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


def _usable(stored: Mapping[str, Any]) -> Settings:
    """What is stored without what is not valid (another version may have written it): the rest stays in force."""
    try:
        return Settings(stored)
    except SettingsError as error:
        log.error("stored settings that are not valid count as not set: %s", error)
        return Settings({key: value for key, value in stored.items() if key not in error.problems})


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
