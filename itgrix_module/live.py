# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings as they are now, and the rules of the house that follow from them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from itgrix_module.app.directory import DirectoryRules
from itgrix_module.app.hook_trial import HookRules
from itgrix_module.app.house_ports import SettingStore
from itgrix_module.app.orders import Options
from itgrix_module.app.ports import CallRow
from itgrix_module.app.track import CardTiming
from itgrix_module.bitrix24.address import host_of, is_loopback
from itgrix_module.bitrix24.application import domain_of
from itgrix_module.domain.policy import Rules
from itgrix_module.house_rules import HouseRules
from itgrix_module.settings import BY_KEY, Settings, SettingsError

log = logging.getLogger("itgrix.service")


class LiveSettings:
    """Reads the store, tells listeners when something changed, and derives the rules once for each change.

    Thread-safe; listeners are called one after another in the thread that noticed the change. ``home``: where files
    that settings name lie.
    """

    def __init__(self, store: SettingStore, home: Path) -> None:
        self._store, self._home = store, home
        self._version = -1
        self._lock = threading.RLock()
        self._listeners: list[Callable[[Settings], None]] = []
        self._house: HouseRules | None = None
        self._take(Settings())
        self.poll()

    @property
    def current(self) -> Settings:
        """All settings now."""
        return self.house.settings

    @property
    def house(self) -> HouseRules:
        """What follows from them."""
        assert self._house is not None
        return self._house

    @property
    def version(self) -> int:
        """Of what is stored; it changes with every change, by whichever process."""
        return self._version

    def on_change(self, listener: Callable[[Settings], None]) -> None:
        """Call ``listener`` now and after each change."""
        with self._lock:
            self._listeners.append(listener)
            listener(self.current)

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
            listener(self.current)
        except Exception:
            # One part that cannot use the new settings must not keep the others from them.
            log.exception("a part of the service could not take over the changed settings")

    def _take(self, settings: Settings) -> None:
        self._house = HouseRules.of(settings, self._home, portal_address(settings), self._house)

    def rules(self) -> Rules:
        """For the tracker."""
        return self.house.rules

    def options(self) -> Options:
        """For the deliverer."""
        return self.house.options

    def hooks(self) -> HookRules:
        """For the customizations."""
        return self.house.hooks

    def zone(self) -> tzinfo | None:
        """Of all times that people see; None for the server's."""
        return self.house.zone

    def annotated(self, row: CallRow) -> CallRow:
        """A call with what the rules of the house say of it."""
        return self.house.annotated(row)

    def timing(self) -> CardTiming:
        """For the tracker."""
        return self.house.timing

    def directory(self) -> DirectoryRules:
        """For the directory."""
        return self.house.directory


def portal_of(settings: Settings) -> str:
    """The portal's host, however its address was entered; empty when none is set up."""
    return domain_of(settings["portal.domain"]) or host_of(settings["portal.webhook_url"])


def portal_address(settings: Settings) -> str:
    """``https://portal``, for links into it; empty when none is set up. Never the webhook's secret part."""
    host = portal_of(settings)
    entered = str(settings["portal.domain"] or settings["portal.webhook_url"]).strip().lower()
    is_plain = entered.startswith("http://") and is_loopback(urlsplit(f"//{host}").hostname or "")
    return f"{'http' if is_plain else 'https'}://{host}" if host else ""


def _usable(stored: Mapping[str, Any]) -> Settings:
    """What is stored without what is not valid (another version may have written it): the rest stays in force."""
    try:
        return Settings(stored)
    except SettingsError as error:
        log.error("stored settings that are not valid count as not set: %s", error)
        return Settings({key: value for key, value in stored.items() if key not in error.problems})
