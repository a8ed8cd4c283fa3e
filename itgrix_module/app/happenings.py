# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of the portal inside the service: kept before they are answered, given to whoever listens, then marked done.

The portal repeats nothing: what was taken must outlive a crash, and what it sends twice must be one.
"""

from __future__ import annotations

import logging
import random
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from itgrix_module.domain.failures import Failure, Permanent, Temporary

log = logging.getLogger("itgrix.events")

# Seconds after which an event is given up. A click is not dialled that late, but who refuses it closes its call.
STALE = 86400.0
CALLS = ("ONEXTERNALCALLSTART", "ONEXTERNALCALLBACKSTART")  # somebody waits for these: they pass all others
AT_ONCE = 50  # events of one look
LONGEST_LOOK = 30.0  # seconds between looks when nobody calls
UNHEARD_AGAIN = 5.0  # seconds until a stored event that nobody listens to is looked at again
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between two tries of one event
KEPT = 1000  # events in memory while the database takes nothing
KEPT_OF_CRM = 500  # a mass change in the CRM must leave room for calls


@dataclass(frozen=True)
class Happening:
    """One event of the portal, checked: it is ours, it is known, and it is not too old.

    ``name``: in capitals. ``data``: nested maps and lists, leaves are strings. ``at``: epoch seconds when the portal
    sent it, ``received``: when it came here. ``key``: equal for two deliveries of the same event, at most 191
    characters. ``sealed``: what of it is secret, as the vault seals it; empty for nearly all.
    """

    name: str
    data: Mapping[str, Any]
    at: float
    received: float
    key: str
    sealed: str = field(default="", repr=False, compare=False)


class Taken(StrEnum):
    """What became of an event at the door."""

    TAKEN = "taken"
    IGNORED = "ignored"  # ours, but nobody wants it, or it is too old
    REFUSED = "refused"  # not from our portal
    SENSELESS = "senseless"  # no event at all
    CROWDED = "crowded"  # no room now


Listener = Callable[[Happening], None]


@dataclass(frozen=True)
class Kept:
    """An event in the store. ``attempts``: how often it was tried."""

    id: int
    happening: Happening
    attempts: int = 0


class HappeningStore(Protocol):
    """Where events outlive a crash. All raise Failure when the database does not answer."""

    def add(self, happenings: Sequence[Happening]) -> int:
        """Keep those whose key is new; returns how many were."""

    def due(self, now: float, limit: int, *, calls: bool) -> Sequence[Kept]:
        """Those of this node that wait and whose time has come, oldest first: of ``CALLS`` only, or all others."""

    def next_due(self, *, calls: bool) -> float | None:
        """Epoch seconds of the next try; None when nothing waits."""

    def done(self, id: int, now: float, state: str = "done", note: str = "") -> None:  # noqa: A002
        """It is over: ``done``, ``stale`` or ``failed``."""

    def later(self, id: int, at: float, note: str) -> None:  # noqa: A002
        """Try it again then."""


class Inbox:
    """Events on their way to those who listen. Thread-safe.

    ``take`` is for the ways in, ``on`` for listeners. Three workers: ``store_all``, and ``work`` for calls and for the
    rest, so that a rest that thinks keeps no call waiting. A listener may be told of the same event again after a
    crash: it must bear that. ``clock``: epoch seconds. ``wake``: tells the workers.
    """

    def __init__(self, store: HappeningStore, clock: Callable[[], float], wake: Callable[[], None]) -> None:
        self._store, self._clock, self._wake = store, clock, wake
        self._exact: dict[str, list[Listener]] = {}
        self._prefixes: list[tuple[str, Listener]] = []
        self._unkept: deque[tuple[Happening, threading.Event]] = deque()
        self._lock = threading.Lock()
        self._told: dict[int, set[int]] = {}  # event → listeners that had it in this process

    def on(self, name: str, listener: Listener) -> None:
        """Tell ``listener`` of events with this name, or with this beginning: ``ONCRM*``.

        It runs in a worker of events and must be quick. ``Temporary`` means again later, until the event is stale;
        any other failure is told in the log and ends the event.
        """
        if name.endswith("*"):
            self._prefixes.append((name[:-1].upper(), listener))
        else:
            self._exact.setdefault(name.upper(), []).append(listener)

    def hears(self, name: str) -> bool:
        """Does anybody listen to this?"""
        return bool(self._listeners(name))

    def take(self, happening: Happening, patience: float = 0.0) -> bool:
        """Keep an event; False when nobody wants it or there is no room.

        ``patience``: seconds to wait until it is in the store. Where that takes longer it is kept in memory and stored
        as soon as possible.
        """
        if not self.hears(happening.name):
            return False
        stored = threading.Event()
        with self._lock:
            if len(self._unkept) >= (KEPT_OF_CRM if happening.name.startswith("ONCRM") else KEPT):
                return False
            self._unkept.append((happening, stored))
        self._wake()
        if patience:
            stored.wait(patience)
        return True

    def keep(self, happenings: Sequence[Happening]) -> int:
        """Store events now, for who may only forget them afterwards (the queue). Returns how many were new."""
        wanted = [each for each in happenings if self.hears(each.name)]
        count = self._store.add(wanted) if wanted else 0
        self._wake()
        return count

    def store_all(self) -> int:
        """Store what came, in one transaction; it stays in memory when that fails. Returns how many. Raises Failure."""
        with self._lock:
            some = list(self._unkept)
        if not some:
            return 0
        self._store.add([happening for happening, _ in some])
        with self._lock:
            for _ in some:
                self._unkept.popleft()
        for _, stored in some:
            stored.set()
        self._wake()
        return len(some)

    def work(self, *, calls: bool) -> int:
        """Tell of what is due. Returns of how many. Raises Failure of the store."""
        kept = self._store.due(self._clock(), AT_ONCE, calls=calls)
        for each in kept:
            self._tell(each)
        return len(kept)

    def idle(self, *, calls: bool) -> float:
        """Seconds until somebody must look again."""
        at = self._store.next_due(calls=calls)
        return LONGEST_LOOK if at is None else min(LONGEST_LOOK, max(0.05, at - self._clock()))

    def _listeners(self, name: str) -> list[Listener]:
        by_prefix = [listener for prefix, listener in self._prefixes if name.startswith(prefix)]
        return self._exact.get(name, []) + by_prefix

    def _tell(self, kept: Kept) -> None:
        if is_stale(kept.happening, self._clock()):
            log.warning("%s could not be acted on in time and is given up", kept.happening.name)
            self._over(kept, "stale", "")
            return
        listeners = self._listeners(kept.happening.name)
        if not listeners:
            self._store.later(kept.id, self._clock() + UNHEARD_AGAIN, "nobody listens to it now")
            return
        told, failures = self._told.setdefault(kept.id, set()), list[Failure]()
        for number, listener in enumerate(listeners):
            if number in told:
                continue
            failure = _told_to(listener, kept.happening)
            failures += [failure] if failure else []
            if not isinstance(failure, Temporary):
                told.add(number)
        self._settle(kept, failures)

    def _settle(self, kept: Kept, failures: Sequence[Failure]) -> None:
        again = next((failure for failure in failures if isinstance(failure, Temporary)), None)
        for failure in failures:
            if failure is not again:
                log.error("%s could not be acted on: %s. %s", kept.happening.name, failure, failure.hint)
        if again is not None:
            pause = again.retry_after or min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(kept.attempts, 10))
            self._store.later(kept.id, self._clock() + pause * random.uniform(0.8, 1.2), str(again))  # noqa: S311
        elif failures:
            self._over(kept, "failed", str(failures[0]))
        else:
            self._over(kept, "done", "")

    def _over(self, kept: Kept, state: str, note: str) -> None:
        self._store.done(kept.id, self._clock(), state, note)
        self._told.pop(kept.id, None)


def is_stale(happening: Happening, now: float) -> bool:
    """Is it too late to act on it? By the time since it came here, because the portal's clock may be another."""
    return now - happening.received > STALE


def _told_to(listener: Listener, happening: Happening) -> Failure | None:
    try:
        listener(happening)
    except Failure as failure:
        return failure
    except Exception as error:
        # One event that nobody foresaw must not stop all that come after it.
        log.exception("%s could not be acted on", happening.name)
        return Permanent(
            "unforeseen", f"{type(error).__name__}: {error}", "Please send the diagnostics bundle to support."
        )
    return None
