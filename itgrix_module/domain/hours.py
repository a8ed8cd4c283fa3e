# SPDX-License-Identifier: GPL-3.0-or-later
"""Working hours: a week, days off, days on; open or not at a moment, and deadlines counted in working time.

``week``: entries between ``;``, each its days and its times: ``Mon-Fri 09:00-13:00,14:00-18:00; Sat 10:00-14:00``, or
``Пн-Пт 9-18``. Times without days are of every day; 22:00-06:00 ends on the next day; ``24/7`` is always; empty never.
Days off and on: ``2027-01-01``, each year ``01-07``, or from one to another ``2027-01-01..2027-01-08``. A day on wins.
It has the hours of its weekday, or of the first day of the week that has any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

_DAY_MINUTES = 24 * 60
_FAR = 3660  # days that are looked through at most
_NAMES = (
    ("mon", "monday", "пн", "понедельник"),
    ("tue", "tuesday", "вт", "вторник"),
    ("wed", "wednesday", "ср", "среда"),
    ("thu", "thursday", "чт", "четверг"),
    ("fri", "friday", "пт", "пятница"),
    ("sat", "saturday", "сб", "суббота"),
    ("sun", "sunday", "вс", "воскресенье"),
)
_WEEKDAY = {name: number for number, names in enumerate(_NAMES) for name in names}
_ENTRY = re.compile(r"(?P<days>[^\W\d_]+(?:\s*[-,]\s*[^\W\d_]+)*)?\s*:?\s*(?P<times>\d.*)?")
_TIMES = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*-\s*(\d{1,2})(?:[:.](\d{2}))?")
_DATE = re.compile(r"(?:(\d{4})-)?(\d{2})-(\d{2})")
_LEAP = 2028  # any leap year, to check days that come each year

Range = tuple[int, int]  # minutes of the day; the second may lie after midnight, up to 48 hours
Week = tuple[tuple[Range, ...], ...]  # seven, from Monday
YearDay = tuple[int, int]  # month, day


@dataclass(frozen=True)
class Days:
    """``spans``: from and to, both counted. ``yearly``: the same of each year, over its end where from is after to."""

    spans: tuple[tuple[date, date], ...] = ()
    yearly: tuple[tuple[YearDay, YearDay], ...] = ()

    def __contains__(self, day: date) -> bool:
        here = (day.month, day.day)
        return any(first <= day <= last for first, last in self.spans) or any(
            first <= here <= last if first <= last else here >= first or here <= last for first, last in self.yearly
        )


@dataclass(frozen=True)
class Hours:
    """``zone``: where the hours are meant. Moments are epoch seconds."""

    week: Week
    holidays: Days
    workdays: Days
    zone: tzinfo

    @classmethod
    def parse(cls, week: str, holidays: Sequence[str], workdays: Sequence[str], zone: tzinfo) -> Hours:
        """From settings ``hours.*``. Raises ValueError in words."""
        return cls(_week(week), _days(holidays), _days(workdays), zone)

    def is_open(self, at: float) -> bool:
        """Is it working time?"""
        return any(start <= at < end for start, end in self._spans_from(at, 1))

    def next_open(self, at: float) -> float | None:
        """When work goes on: ``at`` itself while it is working time; None when it never does (in ten years)."""
        return next((max(start, at) for start, _ in self._spans_from(at, _FAR)), None)

    def add_working(self, at: float, seconds: float) -> float:
        """When so much working time will have passed. Where there is none (in ten years) any time counts."""
        if seconds <= 0:
            return at
        left, done = seconds, at
        for start, end in self._spans_from(at, _FAR):
            begin = max(start, done)
            if end - begin >= left:
                return begin + left
            if end > begin:
                left, done = left - (end - begin), end
        return done + left

    def _spans_from(self, at: float, days: int) -> Iterator[tuple[float, float]]:
        """Stretches of working time that end after ``at``, in the order of their beginning; they may overlap."""
        today = datetime.fromtimestamp(at, self.zone).date()
        for number in range(-2, days + 1):
            try:
                day = today + timedelta(number)
                spans = [(self._start(day, first), self._end(day, last)) for first, last in self._of(day)]
            except (OverflowError, ValueError):
                return
            yield from ((start, end) for start, end in spans if end > at and start < end)

    def _of(self, day: date) -> tuple[Range, ...]:
        if day in self.workdays:
            return self.week[day.weekday()] or next((hours for hours in self.week if hours), ())
        return () if day in self.holidays else self.week[day.weekday()]

    def _start(self, day: date, minute: int) -> float:
        return self._moment(day, minute, 0)

    def _end(self, day: date, minute: int) -> float:
        # An hour that comes twice in autumn is open both times.
        return self._moment(day, minute, 1)

    def _moment(self, day: date, minute: int, fold: int) -> float:
        wall = datetime(day.year, day.month, day.day, tzinfo=self.zone) + timedelta(minutes=minute)
        first, second = wall.timestamp(), wall.replace(fold=1).timestamp()
        if first > second:  # a time that spring leaves out: the moment of the change
            return self._change(second, first)
        return second if fold else first

    def _change(self, low: float, high: float) -> float:
        before = datetime.fromtimestamp(low, self.zone).utcoffset()
        while high - low > 1:
            middle = (low + high) // 2
            if datetime.fromtimestamp(middle, self.zone).utcoffset() == before:
                low = middle
            else:
                high = middle
        return high


def problem(week: str, holidays: Sequence[str], workdays: Sequence[str]) -> str:
    """What is wrong with the settings ``hours.*`` (without the zone); empty when nothing is."""
    try:
        _week(week)
        _days(holidays)
        _days(workdays)
    except ValueError as error:
        return str(error)
    return ""


def _week(text: str) -> Week:
    plain = re.sub("[‐-―−]", "-", text.strip().lower())
    plain = re.sub(r"(?<=[^\W\d_])\.", "", plain)  # Пн.-Пт.
    if plain == "24/7":
        return (((0, _DAY_MINUTES),),) * 7
    week: list[tuple[Range, ...] | None] = [None] * 7
    for entry in filter(None, map(str.strip, plain.split(";"))):
        days, ranges = _parsed(entry)
        for day in days:
            if week[day] is not None:
                raise ValueError(f"{_NAMES[day][0].capitalize()} has hours twice: put all its times into one entry")
            week[day] = ranges
    return tuple(ranges or () for ranges in week)


def _parsed(entry: str) -> tuple[list[int], tuple[Range, ...]]:
    found = _ENTRY.fullmatch(entry)
    if not found or not (found["days"] or found["times"]):
        raise ValueError(f"{entry!r} is not like Mon-Fri 09:00-18:00")
    days = _weekdays(found["days"]) if found["days"] else list(range(7))
    times = (found["times"] or "").strip()
    if not times:
        raise ValueError(f"{entry!r} has no times, such as 09:00-18:00")
    return days, tuple(sorted(_range(part.strip()) for part in times.split(",")))


def _weekdays(text: str) -> list[int]:
    days: dict[int, None] = {}
    for part in text.split(","):
        ends = [_weekday(name.strip()) for name in part.split("-")]
        if len(ends) > 2:
            raise ValueError(f"{part.strip()!r} is not like Mon-Fri")
        first, last = ends[0], ends[-1]
        days.update(dict.fromkeys((first + step) % 7 for step in range((last - first) % 7 + 1)))
    return list(days)


def _weekday(name: str) -> int:
    if name not in _WEEKDAY:
        raise ValueError(f"{name!r} is no day of the week: write Mon, Tue, Wed, Thu, Fri, Sat or Sun")
    return _WEEKDAY[name]


def _range(text: str) -> Range:
    found = _TIMES.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not like 09:00-18:00")
    start, end = _minute(found[1], found[2]), _minute(found[3], found[4])
    if start in (end, _DAY_MINUTES):
        raise ValueError(f"{text!r} has no length; a whole day is 00:00-24:00")
    return (start, end) if start < end else (start, end + _DAY_MINUTES)


def _minute(hour: str, minute: str | None) -> int:
    total = int(hour) * 60 + int(minute or 0)
    if total > _DAY_MINUTES or int(minute or 0) > 59:
        raise ValueError(f"{hour}:{minute or '00'} is no time of the day")
    return total


def _days(texts: Iterable[str]) -> Days:
    spans: list[tuple[date, date]] = []
    yearly: list[tuple[YearDay, YearDay]] = []
    for text in texts:
        first, dots, last = text.partition("..")
        from_, to = _date(first), _date(last if dots else first)
        if from_[0] is None and to[0] is None:
            yearly.append((from_[1:], to[1:]))
        elif from_[0] is None or to[0] is None:
            raise ValueError(f"{text!r} has a year on one side only")
        else:
            spans.append((date(from_[0], *from_[1:]), date(to[0], *to[1:])))
            if spans[-1][0] > spans[-1][1]:
                raise ValueError(f"{text!r} ends before it begins")
    return Days(tuple(spans), tuple(yearly))


def _date(text: str) -> tuple[int | None, int, int]:
    found = _DATE.fullmatch(text.strip())
    try:
        year, month, day = (int(part) if part else None for part in found.groups()) if found else (None, 0, 0)
        date(_LEAP if year is None else year, month or 0, day or 0)
    except ValueError:
        raise ValueError(f"{text.strip()!r} is no day such as 2027-01-01 or 01-07") from None
    return year, month or 0, day or 0
