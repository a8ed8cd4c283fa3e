# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures for the reports, at the same price with a thousand calls and with a million.

Whole days that are over are counted once and kept (``itgrix_report_rows``); today, and days of which a call changed
since, are counted from the calls. A day that nobody has counted yet is counted by whoever asks, so that the answer is
right at once; ``keep`` stores them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, tzinfo
from functools import partial
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, delete, func, insert, select

from itgrix_module.app.ports import CallRow
from itgrix_module.app.reports import HOUR, CountedCall, Day, Figures, count, days_of
from itgrix_module.storage.engine import Database
from itgrix_module.storage.models import Call
from itgrix_module.storage.models_reports import ReportDay, ReportRow
from itgrix_module.storage.rows import PARTY_LENGTH
from itgrix_module.storage.values import clip, from_json
from itgrix_module.storage.writing import slices, table_of

calls = table_of(Call)
days = table_of(ReportDay)
rows = table_of(ReportRow)

SETTLED = 900.0  # seconds after its end from which a day is worth keeping
LEAST_REST = 0.02  # seconds
_READ = tuple(
    calls.c[name]
    for name in (
        *("started", "direction", "outcome", "wait", "talk", "line", "trunk", "source", "caller"),
        *("answered_by", "last_talker", "rang"),
    )
)
_IN_ONE_STATEMENT = 500


@dataclass(frozen=True)
class Entry:
    """Figures under a name. ``day``: ordinal of the date, 0 where all days are one."""

    name: str
    direction: str
    figures: Figures
    day: int = 0


class SqlReports:
    """``zone``: of the PBX. Raises domain.failures.Failure when the database does not answer."""

    def __init__(self, database: Database, zone: tzinfo) -> None:
        self._database, self._zone = database, zone

    def by_name(self, kind: str, first: date, last: date) -> list[Entry]:
        """Figures of a period, both days included, for each name of a kind and direction.

        A name may come several times; so may those of the other answers. Who wants one figure adds them up.
        """
        return self._gathered(kind, first, last, _sums(rows.c.name, rows.c.direction), lambda _: 0)

    def by_day(self, first: date, last: date) -> list[Entry]:
        """Figures of each day and direction."""
        return self._gathered(HOUR, first, last, _sums(rows.c.day, rows.c.direction), lambda day: day)

    def by_weekday_and_hour(self, first: date, last: date) -> list[Entry]:
        """Figures of each hour of the week; ``day``: 0 is Monday."""
        weekday = ((rows.c.day + 6) % 7).label("day")
        query = _sums(weekday, rows.c.name, rows.c.direction)
        return self._gathered(HOUR, first, last, query, lambda day: (day + 6) % 7)

    def first_day(self) -> date | None:
        """The day of the oldest call; None without calls."""
        with self._database.read() as connection:
            oldest = _oldest(connection)
        return None if oldest is None else _date(oldest, self._zone)

    def _gathered(
        self, kind: str, first: date, last: date, query: Select[tuple[object, ...]], place: Callable[[int], int]
    ) -> list[Entry]:
        """``place``: of a day among the figures."""
        query = query.where(rows.c.kind == kind)
        with self._database.read() as connection:
            first, last = self._bounds(connection, first, last)
            wanted = {day.date.toordinal(): day for day in days_of(first, last, self._zone)}
            kept = _kept(connection, wanted, zone_key(self._zone))
            found = [entry for run in _runs(kept) for entry in _stored(connection, query, run)]
            for number in sorted(wanted.keys() - kept):
                found += _fresh(connection, kind, wanted[number], self._zone, place(number))
        return found

    def _bounds(self, connection: Connection, first: date, last: date) -> tuple[date, date]:
        """Days before the first call and behind the last one need no look; without calls, no day is left."""
        oldest, newest = connection.execute(select(func.min(calls.c.started), func.max(calls.c.started))).one()
        if oldest is None:
            return date.max, date.min
        return max(first, _date(oldest, self._zone)), min(last, _date(newest, self._zone))

    def keep(
        self,
        now: float,
        most: int = 400,
        goes_on: Callable[[], bool] = lambda: True,
        rest: Callable[[float], object] = time.sleep,
    ) -> int:
        """Count and store days that are over and not stored; returns how many.

        Each day is a transaction of its own, newest first; between them it rests as long as it took, for calls go
        first.
        """
        made = 0
        for day in self._missing(now)[:most]:
            if not goes_on():
                break
            began = time.monotonic()
            self._database.run(partial(_keep, day=day, zone=self._zone), durable=False)
            made += 1
            rest(max(time.monotonic() - began, LEAST_REST))
        return made

    def _missing(self, now: float) -> list[Day]:
        with self._database.read() as connection:
            oldest = _oldest(connection)
            if oldest is None:
                return []
            over = [
                day
                for day in days_of(_date(oldest, self._zone), _date(now, self._zone), self._zone)
                if day.until + SETTLED <= now
            ]
            kept = _kept(connection, {day.date.toordinal(): day for day in over}, zone_key(self._zone))
        return [day for day in reversed(over) if day.date.toordinal() not in kept]

    def forget_before(self, day: date) -> int:
        """Remove what is kept of older days; returns how many days."""

        def remove(connection: Connection) -> int:
            connection.execute(delete(rows).where(rows.c.day < day.toordinal()))
            return connection.execute(delete(days).where(days.c.day < day.toordinal())).rowcount

        return self._database.run(remove, durable=False)


def forget_days(connection: Connection, changed: Iterable[CallRow]) -> None:
    """The days of these calls are counted anew. Running calls do not count, so their changes change nothing."""
    at = [call.started for call in changed if not call.live]
    if at:
        forget_between(connection, min(at), max(at))


def forget_between(connection: Connection, oldest: float, newest: float) -> None:
    """Days with calls that began between these epoch seconds, both included, are counted anew."""
    connection.execute(delete(days).where(days.c.since <= newest, days.c.until > oldest))


def forget_merged(connection: Connection, call_id: int) -> None:
    """The day of a call that became part of another one is counted anew."""
    at = connection.scalar(select(calls.c.started).where(calls.c.id == call_id))
    if at is not None:
        forget_between(connection, at, at)


def zone_key(zone: tzinfo) -> str:
    """Tells two zones apart."""
    return clip(zone.key if isinstance(zone, ZoneInfo) and zone.key else str(zone), 100)


def _date(at: float, zone: tzinfo) -> date:
    return datetime.fromtimestamp(at, zone).date()


def _oldest(connection: Connection) -> float | None:
    found: float | None = connection.scalar(select(func.min(calls.c.started)))
    return found


def _kept(connection: Connection, wanted: Mapping[int, Day], zone: str) -> set[int]:
    """Ordinals of the wanted days that are stored, as the very days they are."""
    if not wanted:
        return set()
    query = select(days).where(days.c.day.between(min(wanted), max(wanted)), days.c.zone == zone)
    found = connection.execute(query).mappings()
    return {row["day"] for row in found if _is_same(row, wanted.get(row["day"]))}


def _is_same(row: RowMapping, day: Day | None) -> bool:
    return day is not None and row["since"] == day.since and row["until"] == day.until


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring numbers as ranges."""
    for _, group in groupby(enumerate(sorted(numbers)), key=lambda item: item[1] - item[0]):
        run = [number for _, number in group]
        yield run[0], run[-1]


def _sums(*names: ColumnElement[Any]) -> Select[tuple[object, ...]]:
    """Figures for each combination of these."""
    summed = ("calls", "answered", "wait", "lost_wait", "talk")
    found = [func.sum(rows.c[name]).label(name) for name in summed]
    found += [func.max(rows.c[name]).label(name) for name in ("longest_wait", "longest_talk")]
    return select(*names, *found).group_by(*names)


def _stored(connection: Connection, query: Select[tuple[object, ...]], run: tuple[int, int]) -> Iterator[Entry]:
    for row in connection.execute(query.where(rows.c.day.between(*run))).mappings():
        yield Entry(row.get("name", ""), row["direction"], _figures(row), row.get("day", 0))


def _figures(row: RowMapping) -> Figures:
    return Figures(
        int(row["calls"]),
        int(row["answered"]),
        float(row["wait"]),
        float(row["lost_wait"]),
        float(row["longest_wait"]),
        float(row["talk"]),
        float(row["longest_talk"]),
    )


def _fresh(connection: Connection, kind: str, day: Day, zone: tzinfo, number: int) -> list[Entry]:
    counted = count(_calls_of(connection, day), zone, (kind,))
    return [Entry(name, way, figures, number) for (_, name, way), figures in counted.items()]


def _calls_of(connection: Connection, day: Day) -> Iterator[CountedCall]:
    query = select(*_READ).where(
        calls.c.started >= day.since, calls.c.started < day.until, calls.c.merged_into == "", ~calls.c.live
    )
    return map(_counted, connection.execute(query))


def _counted(row: Sequence[object]) -> CountedCall:
    started, way, outcome, wait, talk, line, trunk, source, caller, answered_by, last_talker, rang = row
    rung = from_json(str(rang), ()) if rang != "[]" else ()
    names = (clip(str(name), PARTY_LENGTH).strip() for name in (*rung, answered_by, last_talker))
    return CountedCall(
        float(started),  # type: ignore[arg-type]
        str(way),
        str(outcome),
        None if wait is None else float(wait),  # type: ignore[arg-type]
        float(talk or 0.0),  # type: ignore[arg-type]
        str(line or trunk).strip(),
        str(source).strip(),
        str(caller).strip(),
        str(last_talker).strip(),
        tuple(dict.fromkeys(name for name in names if name)),
    )


def _keep(connection: Connection, day: Day, zone: tzinfo) -> None:
    """The mark comes first: who changes a call meanwhile waits for it and takes it away again."""
    number = day.date.toordinal()
    connection.execute(delete(days).where(days.c.day == number))
    mark = {"day": number, "zone": zone_key(zone), "since": day.since, "until": day.until}
    connection.execute(insert(days).values(mark))
    connection.execute(delete(rows).where(rows.c.day == number))
    counted = count(_calls_of(connection, day), zone)
    for some in slices(counted.items(), _IN_ONE_STATEMENT):
        connection.execute(insert(rows), [_row(number, key, figures) for key, figures in some])


def _row(number: int, key: tuple[str, str, str], figures: Figures) -> dict[str, object]:
    kind, name, direction = key
    return {"kind": kind, "day": number, "name": name, "direction": direction, **asdict(figures)}
