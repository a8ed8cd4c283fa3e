# SPDX-License-Identifier: GPL-3.0-or-later
"""What smart routing decided, as a line of the call's timeline, and its way into the storage.

A decision may be taken before its call has been stored, so a note waits for the call; and nobody waits for a note.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from itgrix_module.app.ports import TimelineEntry
from itgrix_module.app.route_ports import Routed
from itgrix_module.domain import routing
from itgrix_module.domain.failures import Failure

log = logging.getLogger("itgrix.routing")

PATIENCE = 30.0  # seconds that a note waits for its call
AGAIN = 0.5  # seconds between two attempts
MOST = 1000  # notes that wait

_CHOICES = {
    routing.RESPONSIBLE: "the client's responsible",
    routing.DEAL: "the responsible of the open deal",
    routing.LAST: "who talked with the client last",
    routing.CUSTOMIZED: "chosen by a customization",
}
_REASONS = {
    routing.NO_NUMBER: "the caller hides his number",
    routing.UNKNOWN: "the portal does not know the caller",
    routing.CLOSED: "it is out of working hours",
    routing.OVERLOAD: "too many callers at once",
    routing.CANCELLED: "a customization wants it so",
    routing.NOBODY: "nobody is responsible for the client",
    routing.NO_DEAL: "the client has no open deal",
    routing.NO_TALK: "nobody has talked with the client",
    routing.SLOW: "the portal did not answer in time",
    routing.FAULT: "the portal cannot be asked",
}
_REFUSALS = {
    routing.ABSENT: "does not work here any more",
    routing.NO_EXTENSION: "has no extension",
    routing.NOT_WORKING: "is not at work",
    routing.BUSY: "is busy",
    routing.OFFLINE: "has no phone connected",
    routing.NO_STATE: "has a phone of unknown state",
}


def sentence(decision: routing.Decision) -> str:
    """The decision in words."""
    if decision.extension:
        return f"smart routing: to {decision.extension}, {_CHOICES.get(decision.reason, decision.reason)}"
    return f"smart routing: the usual way, {because(decision)}"


def because(decision: routing.Decision) -> str:
    """Why the call goes the usual way."""
    for tried in decision.tried:
        if tried.reason == decision.reason and tried.reason in _REFUSALS:
            return refused(tried)
    return _REASONS.get(decision.reason, decision.reason)


def refused(tried: routing.Tried) -> str:
    """Why somebody did not get the call."""
    if tried.reason not in _REFUSALS:
        return _REASONS.get(tried.reason, tried.reason)
    return f"{tried.extension or _CHOICES.get(tried.choice, tried.choice)} {_REFUSALS[tried.reason]}"


def route_data(routed: Routed) -> dict[str, Any]:
    """All about it, as JSON data."""
    decision = routed.decision
    return {
        "extension": decision.extension,
        "reason": decision.reason,
        "name": decision.name,
        "number": routed.number,
        "line": routed.asked.line,
        "destination": routed.asked.destination,
        "tried": [asdict(tried) for tried in decision.tried],
        "stale": routed.stale,
        "seconds": round(routed.seconds, 4),
        "customization": routed.told,
    }


def timeline_entry(routed: Routed, at: float) -> TimelineEntry:
    """For the call's timeline. ``at``: epoch seconds."""
    return TimelineEntry(at, "note", sentence(routed.decision), {"routing": route_data(routed)})


class Timelines(Protocol):
    """Histories of calls."""

    def add(self, node: str, linkedid: str, entry: TimelineEntry) -> bool:
        """One more line; False when there is no such call yet. Raises Failure."""


@dataclass(frozen=True)
class _Note:
    linkedid: str
    entry: TimelineEntry
    until: float


class RouteNotes:
    """``note`` never blocks; ``store_due`` is a worker's work. ``wake``: tells the worker. ``clock``: epoch seconds."""

    def __init__(self, store: Timelines, node: str, clock: Callable[[], float], wake: Callable[[], None]) -> None:
        self._store, self._node, self._clock, self._wake = store, node, clock, wake
        self._waiting: deque[_Note] = deque(maxlen=MOST)
        self._lock = threading.Lock()

    def note(self, routed: Routed) -> None:
        """Keep a decision for its call's timeline; one without a call is only logged."""
        log.info("%s (%s, %.0f ms)", sentence(routed.decision), routed.decision.reason, routed.seconds * 1000)
        if not routed.asked.linkedid:
            return
        now = self._clock()
        with self._lock:
            self._waiting.append(_Note(routed.asked.linkedid, timeline_entry(routed, now), now + PATIENCE))
        self._wake()

    def store_due(self) -> int:
        """Store what can be stored; returns how many. What is too old for a call that never came is dropped."""
        with self._lock:
            taken, self._waiting = list(self._waiting), deque(maxlen=MOST)
        unknown: set[str] = set()
        left = [note for note in taken if not self._stored(note, unknown)]
        now = self._clock()
        with self._lock:
            self._waiting.extendleft(reversed([note for note in left if note.until > now]))
        return len(taken) - len(left)

    def idle(self) -> float:
        """Seconds until the next look."""
        with self._lock:
            return AGAIN if self._waiting else 60.0

    def _stored(self, note: _Note, unknown: set[str]) -> bool:
        """``unknown``: calls that are not there yet; they are not looked for twice in a row."""
        if note.linkedid in unknown:
            return False
        try:
            stored = self._store.add(self._node, note.linkedid, note.entry)
        except Failure as failure:
            log.debug("a decision of smart routing waits for the storage: %s", failure)
            stored = False
        if not stored:
            unknown.add(note.linkedid)
        return stored
