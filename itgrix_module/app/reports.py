# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports: calls counted by hour, line, source, employee and outcome; days are those of the PBX's clock.

Only calls that have ended count, on the day on which they began. An employee's calls are those in which his phone rang
or he talked; of these he answered those in which he talked last, and the talk time of a call is that employee's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from itgrix_module.domain.call import Direction, Outcome

HOUR, LINE, SOURCE, EMPLOYEE, OUTCOME = "hour", "line", "source", "employee", "outcome"
KINDS = (HOUR, LINE, SOURCE, EMPLOYEE, OUTCOME)
CLIENTS = (str(Direction.INCOMING), str(Direction.OUTGOING), str(Direction.UNKNOWN))
LONGEST_PERIOD = 3653  # days: as long as calls are kept at most, and a page that asks for more is a mistake


@dataclass(frozen=True)
class CountedCall:
    """What the reports read of a call. ``started``: epoch seconds; ``wait``, ``talk``: seconds; names without spaces
    at their ends, which MariaDB does not tell apart."""

    started: float
    direction: str
    outcome: str
    wait: float | None = None
    talk: float = 0.0
    line: str = ""
    source: str = ""
    caller: str = ""
    last_talker: str = ""
    parties: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figures:
    """``wait``: seconds of waiting of the answered calls, ``lost_wait`` of the others; ``talk``: seconds."""

    calls: int = 0
    answered: int = 0
    wait: float = 0.0
    lost_wait: float = 0.0
    longest_wait: float = 0.0
    talk: float = 0.0
    longest_talk: float = 0.0

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.calls + other.calls,
            self.answered + other.answered,
            self.wait + other.wait,
            self.lost_wait + other.lost_wait,
            max(self.longest_wait, other.longest_wait),
            self.talk + other.talk,
            max(self.longest_talk, other.longest_talk),
        )

    @property
    def lost(self) -> int:
        """Calls that nobody answered."""
        return self.calls - self.answered

    @property
    def share(self) -> float | None:
        """Answered of all, 0..1; None without calls."""
        return self.answered / self.calls if self.calls else None

    @property
    def mean_wait(self) -> float | None:
        """Seconds until an answer; None when nothing was answered."""
        return self.wait / self.answered if self.answered else None

    @property
    def mean_lost_wait(self) -> float | None:
        """Seconds until a caller without an answer was gone."""
        return self.lost_wait / self.lost if self.lost else None

    @property
    def mean_talk(self) -> float | None:
        """Seconds of an answered call."""
        return self.talk / self.answered if self.answered else None


@dataclass(frozen=True)
class Day:
    """A day of the PBX's clock. ``since``, ``until``: epoch seconds, the second one excluded: 23 to 25 hours."""

    date: date
    since: float
    until: float


Key = tuple[str, str, str]  # kind, name, direction
Counted = Mapping[Key, Figures]


def day_of(day: date, zone: tzinfo) -> Day:
    """Where the clock skips midnight, the day begins when the clock goes on."""
    return Day(day, _midnight(day, zone), _midnight(day + timedelta(1), zone))


def _midnight(day: date, zone: tzinfo) -> float:
    return datetime.combine(day, time.min, zone).timestamp()


def days_of(first: date, last: date, zone: tzinfo) -> Iterator[Day]:
    """All days from the first to the last, both included."""
    for number in range(first.toordinal(), last.toordinal() + 1):
        yield day_of(date.fromordinal(number), zone)


def count(calls: Iterable[CountedCall], zone: tzinfo, kinds: Collection[str] = KINDS) -> Counted:
    """The calls of one day, by these kinds of names."""
    found: dict[Key, Figures] = {}
    for call in calls:
        for kind, name, figures in _rows(call, zone, kinds):
            key = (kind, name, call.direction)
            found[key] = found[key] + figures if key in found else figures
    return found


def _rows(call: CountedCall, zone: tzinfo, kinds: Collection[str]) -> Iterator[tuple[str, str, Figures]]:
    whole = _figures(call, answered=call.outcome == Outcome.ANSWERED)
    if HOUR in kinds:
        yield HOUR, f"{datetime.fromtimestamp(call.started, zone).hour:02}", whole
    for kind, name in ((LINE, call.line), (SOURCE, call.source), (OUTCOME, call.outcome)):
        if kind in kinds:
            yield kind, name, whole
    if EMPLOYEE in kinds:
        for party in dict.fromkeys((*call.parties, *_callers(call))):
            yield EMPLOYEE, party, _figures(call, answered=party == call.last_talker)


def _callers(call: CountedCall) -> tuple[str, ...]:
    """Who dialled an outgoing call that nobody answered took part in it all the same."""
    return (call.caller,) if call.caller and call.direction != Direction.INCOMING else ()


def _figures(call: CountedCall, *, answered: bool) -> Figures:
    wait = max(0.0, call.wait or 0.0)
    if answered:
        return Figures(1, 1, wait=wait, longest_wait=wait, talk=call.talk, longest_talk=call.talk)
    return Figures(1, 0, lost_wait=wait, longest_wait=wait)
