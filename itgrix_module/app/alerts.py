# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts: somebody is told when a part has been broken for a while, and once more when it is well again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from itgrix_module.app.health import Check, Level
from itgrix_module.app.reconcile_health import UNREADABLE
from itgrix_module.domain.failures import Failure, Permanent

log = logging.getLogger("itgrix.health")

STEADY = 60.0  # seconds that a part must be well before that is told: one that comes and goes is one fault
# Warnings that cannot wait either.
WORTH = frozenset({"deliveries_late", "deliveries_failed", "disk_low", "version_unsupported", UNREADABLE})


@dataclass(frozen=True)
class Alert:
    """A part that is broken since then, or that was until then. Times in epoch seconds, UTC."""

    part: str
    text: str
    hint: str
    since: float
    until: float | None = None


class Channel(Protocol):
    """A way to a person."""

    @property
    def name(self) -> str:
        """Stable, as long as it leads to the same person."""

    def tell(self, alert: Alert) -> None:
        """Raises Failure."""


class Told(Protocol):
    """Which parts somebody was told of, since when they are broken; outlives the service."""

    def load(self) -> Mapping[str, float]: ...

    def put(self, part: str, since: float) -> None: ...

    def remove(self, part: str) -> None: ...


class Alerts:
    """A job: call it every few seconds. ``after``: seconds that a part may be broken before anybody is told."""

    def __init__(
        self,
        checks: Callable[[], Iterable[Check]],
        channels: Callable[[], Sequence[Channel]],
        after: Callable[[], float],
        told: Told,
        clock: Callable[[], float],
    ) -> None:
        self._checks, self._channels, self._after = checks, channels, after
        self._store, self._clock = told, clock
        self._told: dict[str, float] | None = None
        self._bad: dict[str, float] = {}
        self._well: dict[str, float] = {}
        self._last: dict[str, Check] = {}
        self._pending: dict[str, dict[str, Alert]] = {}
        self._failing: set[str] = set()

    def __call__(self) -> None:
        """Look at every part; tell what is to be told. Never raises for a channel or a database that is away."""
        channels = {channel.name: channel for channel in self._channels()}
        self._forget(channels)
        if channels:
            for alert in self._news():
                for name in channels:
                    self._pending.setdefault(name, {})[alert.part] = alert
        for name, channel in channels.items():
            self._tell(channel, self._pending.get(name, {}))

    def _forget(self, channels: Mapping[str, Channel]) -> None:
        for name in set(self._pending) - set(channels):
            del self._pending[name]

    def _news(self) -> list[Alert]:
        found = [self._looked_at(check) for check in self._checks()]
        return [alert for alert in found if alert is not None]

    def _looked_at(self, check: Check) -> Alert | None:
        now, part = self._clock(), check.part
        if is_worth_telling(check):
            self._well.pop(part, None)
            self._last[part] = check
            since = self._bad.setdefault(part, min(now, check.since or now))
            return self._broken(check, since) if now - since >= self._after() else None
        if part not in self._known():
            self._bad.pop(part, None)
            return None
        return self._mended(check) if now - self._well.setdefault(part, now) >= STEADY else None

    def _broken(self, check: Check, since: float) -> Alert | None:
        if check.part in self._known():
            return None
        self._known()[check.part] = since
        _kept(lambda: self._store.put(check.part, since))
        return Alert(check.part, check.text, check.hint, since)

    def _mended(self, check: Check) -> Alert:
        part = check.part
        since = self._known().pop(part)
        _kept(lambda: self._store.remove(part))
        self._bad.pop(part, None)
        was = self._last.pop(part, None)
        return Alert(part, was.text if was else "", "", since, until=self._well.pop(part))

    def _known(self) -> dict[str, float]:
        """Read once; while the database is away it is as if nobody had been told of anything."""
        if self._told is None:
            try:
                self._told = dict(self._store.load())
            except Failure:
                self._told = {}
        return self._told

    def _tell(self, channel: Channel, pending: dict[str, Alert]) -> None:
        for part, alert in list(pending.items()):
            try:
                channel.tell(alert)
            except Permanent as failure:
                log.error("an alert cannot be sent (%s): %s", channel.name, failure)
            except Failure as failure:
                self._failed(channel, failure)
                return
            self._failing.discard(channel.name)
            pending.pop(part, None)

    def _failed(self, channel: Channel, failure: Failure) -> None:
        """Said once; what waits is told when the channel works again."""
        if channel.name not in self._failing:
            self._failing.add(channel.name)
            log.warning("an alert waits (%s): %s", channel.name, failure)


def is_worth_telling(check: Check) -> bool:
    """Something is broken, or will be."""
    return check.level is Level.ERROR or (check.level is Level.WARNING and check.code in WORTH)


def _kept(store: Callable[[], None]) -> None:
    """A database that is away must not keep anybody from hearing of it; after a restart he may hear it twice."""
    try:
        store()
    except Failure as failure:
        log.info("that an alert was sent could not be stored: %s", failure)


def translated(alert: Alert, said: Callable[[str], str]) -> Alert:
    """The same in the reader's language."""
    return replace(alert, text=said(alert.text) if alert.text else "", hint=said(alert.hint) if alert.hint else "")
