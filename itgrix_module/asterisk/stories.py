# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the PBX wrote of its calls, call by call: events where they are kept, records where they are not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from itgrix_module.asterisk.wall_clock import born_at
from itgrix_module.domain.gathering import Gathering, Group, by_call
from itgrix_module.domain.records import Attempt, Event, Story

SLICE = 6 * 3600.0  # seconds that are read at once
LEAD = 3600.0  # seconds before a period in which calls that belong to it may have begun
TAIL = 2 * 3600.0  # seconds after it in which its calls may have made further attempts


class Events(Protocol):
    """CEL, wherever it is kept."""

    @property
    def exists(self) -> bool: ...

    def events(self, since: float) -> Iterator[Event]: ...

    def began(self, linkedid: str) -> float | None: ...


class Attempts(Protocol):
    """CDR, wherever it is kept."""

    @property
    def exists(self) -> bool: ...

    def attempts(self, since: float, until: float) -> Iterator[Attempt]: ...

    def began(self, linkedid: str) -> float | None: ...


class Stories:
    """Fulfils ``app.reconcile.Records``."""

    def __init__(self, events: Events | None, attempts: Attempts | None) -> None:
        self._events = events if events is not None and events.exists else None
        self._attempts = attempts if attempts is not None and attempts.exists else None

    @property
    def exist(self) -> bool:
        """Does the PBX keep any?"""
        return self._events is not None or self._attempts is not None

    def stories(self, since: float, until: float) -> Iterator[Story]:
        """Of calls that began within these epoch seconds, about in that order. Raises Temporary."""
        while since < until:
            end = min(since + SLICE, until)
            yield from self._slice(since, end)
            since = end

    def of(self, linkedid: str) -> Story | None:
        """Of one call, or of the one that it became part of. Raises Temporary."""
        began = born_at(linkedid)
        if began is None:
            sources = (source for source in (self._events, self._attempts) if source is not None)
            began = next((at for source in sources if (at := source.began(linkedid)) is not None), None)
        if began is None:
            return None
        found = (story for story in self._slice(began - LEAD, began + 2.0) if linkedid in story.calls)
        return next(found, None)

    def _slice(self, since: float, until: float) -> Iterator[Story]:
        attempts = by_call(self._attempts.attempts(since - 2.0, until + TAIL)) if self._attempts else {}
        seen: set[str] = set()
        if self._events is not None:
            for group in Gathering(since, until).groups(_noted(self._events.events(since - LEAD), seen)):
                yield _story(group, attempts)
        for call, rows in attempts.items():
            if call not in seen and since <= rows[0].started < until:
                yield Story((call,), (), tuple(rows))


def _noted(events: Iterator[Event], seen: set[str]) -> Iterator[Event]:
    for event in events:
        seen.add(event.call)
        yield event


def _story(group: Group, attempts: dict[str, list[Attempt]]) -> Story:
    events = group.sorted()
    calls = dict.fromkeys(event.call for event in events)
    return Story(tuple(calls), events, tuple(row for call in calls for row in attempts.get(call, ())))
