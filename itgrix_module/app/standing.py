# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the portal takes calls: one value for all who talk with it; said once when it ends, once when it is back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from itgrix_module.domain.failures import Failure, NeedsOwner, Temporary
from itgrix_module.domain.schedule import LONGEST_PORTAL, back_off

log = logging.getLogger("itgrix.delivery")

OWNER_PAUSE = 30.0  # seconds between looks whether the portal's owner has mended what only he can
HELD = 2.0  # seconds between looks whether somebody lets deliveries go on
LOST_IN_A_ROW = 3  # answers after which it is the portal that is away, not one request that it cannot digest
# The portal is well, we have to wait; such a request was never sent.
_OUR_PATIENCE = frozenset(("budget", "QUERY_LIMIT_EXCEEDED", "stopping", "method_held"))
# Only a call that goes through shows that these are mended.
_ABOUT_CALLS = frozenset(("WRONG_AUTH_TYPE", "insufficient_scope", "ERROR_METHOD_NOT_FOUND"))
_OF_DATABASE = frozenset(("disk_full", "disk_error"))
CHECK = "If it stays, check that the portal opens in a browser and that this server reaches it."


@dataclass(frozen=True)
class State:
    """Whether something works. ``reason``: the failure that says why not; ``since``: epoch seconds, UTC.

    ``until``: when it is tried again, epoch seconds; ``failures``: tries in a row.
    """

    reason: Failure | None = None
    since: float = 0.0
    until: float = 0.0
    failures: int = 0

    @property
    def is_up(self) -> bool:
        return self.reason is None


class Standing:
    """Thread-safe. ``clock``: epoch seconds; ``chance``: 0..1."""

    def __init__(self, clock: Callable[[], float], chance: Callable[[], float]) -> None:
        self._clock, self._chance = clock, chance
        self._state = State()
        self._lost = 0
        self._lock = threading.Lock()
        self._one = threading.Lock()
        self._is_held = False

    @property
    def is_held(self) -> bool:
        """Somebody wants nothing to be sent."""
        return self._is_held

    def hold(self, is_held: bool) -> None:
        """From now on send nothing, or everything again."""
        if is_held != self._is_held:
            log.warning("deliveries to the portal are %s by hand", "paused" if is_held else "resumed")
        self._is_held = is_held

    @property
    def state(self) -> State:
        """How it is at this moment."""
        return self._state

    def pause(self) -> float:
        """Seconds until the next try; 0 when the portal may be asked now."""
        if self._is_held:
            return HELD
        return max(0.0, self._state.until - self._clock())

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether the caller may ask: everybody while the portal takes calls, else one at a time."""
        if self._state.is_up:
            yield True
            return
        mine = self._one.acquire(blocking=False)
        try:
            yield mine
        finally:
            if mine:
                self._one.release()

    def failed(self, failure: Failure) -> None:
        """A request failed; one that says nothing of the portal as a whole changes nothing."""
        if of_database(failure) or is_our_patience(failure):
            return
        with self._lock:
            if not _is_portals(failure):
                if not (isinstance(failure, Temporary) and failure.executed):
                    return
                self._lost += 1
                if self._lost < LOST_IN_A_ROW:
                    return
                failure = Temporary(failure.code, failure.text, CHECK, failure.method, executed=True)
            self._down(failure)

    def answered(self, *, a_call: bool) -> None:
        """The portal did what it was asked. ``a_call``: with a call; else something less telling."""
        with self._lock:
            self._lost = 0
            reason = self._state.reason
            if reason is None or (reason.code in _ABOUT_CALLS and not a_call):
                return
            log.warning("portal takes calls again after %.0f s", self._clock() - self._state.since)
            self._state = State()

    def resume(self) -> None:
        """Try again at once: somebody may have mended it."""
        with self._lock:
            self._state = replace(self._state, until=0.0, failures=0)

    def _down(self, failure: Failure) -> None:
        now, state = self._clock(), self._state
        failures = state.failures + 1
        pause = OWNER_PAUSE if isinstance(failure, NeedsOwner) else back_off(failures, self._chance(), LONGEST_PORTAL)
        if state.reason is None or (isinstance(failure, NeedsOwner) and state.reason.code != failure.code):
            log.error("portal does not take calls: %s %s Calls wait.", failure, failure.hint)
        since = now if state.is_up else state.since
        self._state = State(failure, since, now + pause, failures)


def _is_portals(failure: Failure) -> bool:
    """Does the failure concern every call, not only the one that met it?"""
    return isinstance(failure, NeedsOwner) or (isinstance(failure, Temporary) and failure.scope == "portal")


def is_our_patience(failure: Failure) -> bool:
    """We have to wait for the portal's limits or for ourselves; nothing is wrong and nothing was sent."""
    return failure.code in _OUR_PATIENCE


def of_database(failure: Failure) -> bool:
    """A failure of our own database that came up through a request to the portal."""
    if isinstance(failure, NeedsOwner) and failure.code in _OF_DATABASE:
        return True
    return failure.code.startswith("database")
