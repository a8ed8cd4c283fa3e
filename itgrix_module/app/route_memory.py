# SPDX-License-Identifier: GPL-3.0-or-later
"""What smart routing remembers of the portal and of past calls: fresh answers, and old ones for a portal that is slow.

It hears every search for a client, whoever makes it, and every event of the portal about a record.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from itgrix_module.app.clients import ClientSource, Question
from itgrix_module.domain.hours import Days, Hours, Week
from itgrix_module.domain.responsible import Record
from itgrix_module.domain.routing import Who

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# Seconds for which an answer is fresh.
CLIENT_FRESH, STRANGER_FRESH = 300.0, 60.0
STATUS_FRESH, TALK_FRESH, CALENDAR_FRESH = 60.0, 15.0, 6 * 3600.0
# Seconds for which an old one may stand in for a portal that is slow; for clients a setting says it.
STATUS_STALE, TALK_STALE, CALENDAR_STALE = 1800.0, 3600.0, 30 * 86400.0
MOST_CLIENTS, MOST_OTHERS = 5000, 5000


@dataclass(frozen=True)
class _Entry(Generic[V]):
    value: V
    at: float
    outdated: bool = False


class Shelf(Generic[K, V]):
    """Values with their age; the ones used longest ago go first. Thread-safe. ``clock``: seconds."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most, self._clock = most, clock
        self._entries: OrderedDict[K, _Entry[V]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, key: K, value: V) -> None:
        """As of now."""
        with self._lock:
            self._entries[key] = _Entry(value, self._clock())
            self._entries.move_to_end(key)
            while len(self._entries) > self._most:
                self._entries.popitem(last=False)

    def fresh(self, key: K, seconds: float) -> V | None:
        """Not older than that, and nothing has happened to it since."""
        entry = self._entry(key)
        return None if entry is None or entry.outdated or not self._within(entry, seconds) else entry.value

    def stale(self, key: K, seconds: float) -> V | None:
        """Not older than that, whatever has happened."""
        entry = self._entry(key)
        return entry.value if entry is not None and self._within(entry, seconds) else None

    def outdate(self, is_meant: Callable[[V], bool]) -> list[K]:
        """Values are not fresh any more; returns whose."""
        with self._lock:
            meant = [key for key, entry in self._entries.items() if not entry.outdated and is_meant(entry.value)]
            for key in meant:
                entry = self._entries[key]
                self._entries[key] = _Entry(entry.value, entry.at, True)
            return meant

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._entries.clear()

    def _entry(self, key: K) -> _Entry[V] | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._entries.move_to_end(key)
            return entry

    def _within(self, entry: _Entry[V], seconds: float) -> bool:
        return 0 <= self._clock() - entry.at <= seconds


@dataclass(frozen=True)
class Client:
    """Records with a number; ``with_deals``: their open deals were asked for as well."""

    records: tuple[Record, ...]
    with_deals: bool

    @property
    def fresh_for(self) -> float:
        """Seconds. A stranger may become a client at any moment."""
        return CLIENT_FRESH if self.records else STRANGER_FRESH


@dataclass(frozen=True)
class Calendar:
    """The portal's working days, still without a time zone."""

    week: Week
    holidays: Days = Days()  # noqa: RUF009 -- frozen
    workdays: Days = Days()  # noqa: RUF009 -- frozen

    def hours(self, like: Hours) -> Hours:
        """In the zone of these hours."""
        return Hours(self.week, self.holidays, self.workdays, like.zone)


class Worktime(Protocol):
    """The portal's time tracking and calendar."""

    def statuses(self, users: Sequence[int]) -> Mapping[int, str]:
        """OPENED, PAUSED, CLOSED or EXPIRED by user; who is not tracked is left out. Raises Failure."""

    def calendar(self) -> Calendar:
        """Working days of the whole portal. Raises Failure."""


class RouteMemory:
    """``clock``: seconds of a clock that never goes back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clients: Shelf[str, Client] = Shelf(MOST_CLIENTS, clock)
        self.statuses: Shelf[int, str] = Shelf(MOST_OTHERS, clock)
        self.talks: Shelf[str, Who] = Shelf(MOST_OTHERS, clock)
        self.calendar: Shelf[str, Calendar] = Shelf(1, clock)

    def remember(self, question: Question, records: tuple[Record, ...]) -> None:
        """A search has been answered. One without deals does not take away those that are known."""
        if not question.with_deals and (known := self.fresh_client(question.number, True)) is not None:
            deals = {(record.kind, record.id): record.deals for record in known.records}
            if all((record.kind, record.id) in deals for record in records):
                return
        self.clients.put(question.number, Client(records, question.with_deals))

    def fresh_client(self, number: str, with_deals: bool) -> Client | None:
        """What the portal said not long ago."""
        found = self.clients.fresh(number, CLIENT_FRESH)
        if found is None or (with_deals and not found.with_deals):
            return None
        return found if self.clients.fresh(number, found.fresh_for) is not None else None

    def forget_all(self) -> None:
        """It is another portal."""
        for shelf in (self.clients, self.statuses, self.calendar):
            shelf.clear()


class Listening:
    """Fulfils ``app.clients.ClientSource``; what the portal answers is remembered, whoever asked."""

    def __init__(self, source: ClientSource, memory: RouteMemory) -> None:
        self._source, self._memory = source, memory

    def search(self, questions: Sequence[Question], priority: int) -> list[tuple[Record, ...]]:
        """See the port."""
        found = self._source.search(questions, priority)
        for question, records in zip(questions, found, strict=True):
            self._memory.remember(question, records)
        return found
