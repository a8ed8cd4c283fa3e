# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report shows: its rows, their sum and its chart; the same for the page, the CSV file and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce

from flask import g

from itgrix_module.app.reports import EMPLOYEE, LINE, SOURCE, Figures
from itgrix_module.storage.reports import Entry, SqlReports
from web import reading
from web.charts import Bar, Bars
from web.deps import deps
from web.formatting import MONTHS, phone
from web.i18n import mark
from web.people import People
from web.preferences import text

DAYS, HOURS, LINES, SOURCES, EMPLOYEES = "days", "hours", "lines", "sources", "employees"
TITLES = {
    DAYS: mark("By day"),
    HOURS: mark("By hour"),
    LINES: mark("By line"),
    SOURCES: mark("By source"),
    EMPLOYEES: mark("By employee"),
}
HEADINGS = {
    DAYS: mark("Day"),
    HOURS: mark("Hour"),
    LINES: mark("Line"),
    SOURCES: mark("Source"),
    EMPLOYEES: mark("Employee"),
}
WEEKDAYS = (mark("Mon"), mark("Tue"), mark("Wed"), mark("Thu"), mark("Fri"), mark("Sat"), mark("Sun"))
_KINDS = {LINES: LINE, SOURCES: SOURCE, EMPLOYEES: EMPLOYEE}
_BARS_BY_DAY = 62  # days that a chart shows one by one; more are months
SORTS: dict[str, Callable[[Row], float]] = {
    "calls": lambda row: row.figures.calls,
    "answered": lambda row: row.figures.answered,
    "lost": lambda row: row.figures.lost,
    "share": lambda row: row.figures.share or 0.0,
    "wait": lambda row: row.figures.mean_wait or 0.0,
    "talk": lambda row: row.figures.talk,
}


@dataclass(frozen=True)
class Row:
    """``label``: what people call it; ``detail``: its number beside the name."""

    key: str
    label: str
    figures: Figures
    detail: str = ""


@dataclass(frozen=True)
class Cell:
    """An hour of the week: how many calls, and how dark 0..5."""

    calls: int
    heat: int


@dataclass(frozen=True)
class Report:
    """``week``: calls by hour and weekday, only in the report by hour."""

    view: str
    rows: Sequence[Row]
    total: Figures
    chart: Bars | None = None
    week: Sequence[tuple[str, Sequence[Cell]]] = field(default_factory=tuple)

    @property
    def is_empty(self) -> bool:
        return not self.total.calls


def made(source: SqlReports, view: str, first: date, last: date, ways: Collection[str], sort: str = "") -> Report:
    """A report over these days, both included, of calls in these directions. Raises Failure."""
    if view == DAYS:
        return _days(_of(source.by_day(first, last), ways), first, last)
    if view == HOURS:
        return _hours(_of(source.by_weekday_and_hour(first, last), ways))
    found = _of(source.by_name(_KINDS[view], first, last), ways)
    rows = [_named(view, name, figures) for name, figures in _summed(found, lambda entry: entry.name).items()]
    rows.sort(key=lambda row: (-SORTS.get(sort, SORTS["calls"])(row), row.label.casefold()))
    if sort == "name":
        rows.sort(key=lambda row: (row.key == "", row.label.casefold()))
    return Report(view, rows, _total(source, view, rows, first, last, ways))


def _total(
    source: SqlReports, view: str, rows: Sequence[Row], first: date, last: date, ways: Collection[str]
) -> Figures:
    """Several employees take part in one call, so their rows do not add up to the number of calls."""
    if view == EMPLOYEES:
        return _sum(entry.figures for entry in _of(source.by_day(first, last), ways))
    return _sum(row.figures for row in rows)


def _of(entries: Iterable[Entry], ways: Collection[str]) -> list[Entry]:
    return [entry for entry in entries if entry.direction in ways]


def _summed(entries: Iterable[Entry], key: Callable[[Entry], object]) -> dict[str, Figures]:
    found: dict[str, Figures] = {}
    for entry in entries:
        name = str(key(entry))
        found[name] = found.get(name, Figures()) + entry.figures
    return found


def _sum(figures: Iterable[Figures]) -> Figures:
    return reduce(lambda one, other: one + other, figures, Figures())


# -- by day


def _days(entries: Sequence[Entry], first: date, last: date) -> Report:
    found = _summed(entries, lambda entry: entry.day)
    numbers = sorted(map(int, found), reverse=True)
    rows = [Row(_date(number).isoformat(), day_name(_date(number)), found[str(number)]) for number in numbers]
    return Report(DAYS, rows, _sum(found.values()), _day_chart(found, first, last))


def _day_chart(found: dict[str, Figures], first: date, last: date) -> Bars:
    numbers = range(first.toordinal(), last.toordinal() + 1)
    if len(numbers) <= _BARS_BY_DAY:
        bars = [_bar(day_name(_date(number)), f"{_date(number):%d.%m}", found.get(str(number))) for number in numbers]
        return _bars("by-day", text("Calls by day"), bars, text("Day"))
    months: dict[tuple[int, int], Figures] = {}
    for number in numbers:
        month = (_date(number).year, _date(number).month)
        months[month] = months.get(month, Figures()) + found.get(str(number), Figures())
    bars = [
        _bar(f"{text(MONTHS[month - 1])} {year}", f"{month:02}.{year % 100:02}", figures)
        for (year, month), figures in months.items()
    ]
    return _bars("by-month", text("Calls by month"), bars, text("Month"))


def _date(number: int) -> date:
    return date.fromordinal(number)


def day_name(day: date) -> str:
    """``Sat 21 November 2026``."""
    return f"{text(WEEKDAYS[day.weekday()])}, {day.day} {text(MONTHS[day.month - 1], context='of a date')} {day.year}"


# -- by hour


def _hours(entries: Sequence[Entry]) -> Report:
    found = _summed(entries, lambda entry: entry.name)
    hours = [f"{hour:02}" for hour in range(24)]
    rows = [Row(hour, f"{hour}:00–{hour}:59", found[hour]) for hour in hours if hour in found]
    bars = [_bar(f"{hour}:00–{hour}:59", hour, found.get(hour)) for hour in hours]
    chart = _bars("by-hour", text("Calls by hour of the day"), bars, text("Hour"))
    return Report(HOURS, rows, _sum(found.values()), chart, _week(entries, hours))


def _week(entries: Sequence[Entry], hours: Sequence[str]) -> list[tuple[str, Sequence[Cell]]]:
    calls = {key: figures.calls for key, figures in _summed(entries, lambda one: f"{one.day} {one.name}").items()}
    most = max(calls.values(), default=0)
    return [(f"{hour}:00", [_cell(calls.get(f"{weekday} {hour}", 0), most) for weekday in range(7)]) for hour in hours]


def _cell(calls: int, most: int) -> Cell:
    return Cell(calls, -(-5 * calls // most) if most else 0)


# -- by name


def _named(view: str, name: str, figures: Figures) -> Row:
    if view == SOURCES:
        title = _source_names().get(name, "")
        return Row(name, title or name or text("no source"), figures, name if title else "")
    if view == LINES:
        title = deps().line_name(name) if name else ""
        return Row(name, title or phone(name) or text("no line"), figures, phone(name) if title else "")
    person = _people().name(name)
    return Row(name, person or phone(name), figures, phone(name) if person else "")


def _source_names() -> Mapping[str, str]:
    """The portal's names of its sources as far as they are known, read once for a page."""
    if "report_sources" not in g:
        desk = deps().settings
        g.report_sources = dict(desk.listing("sources").items) if desk else {}
    found: Mapping[str, str] = g.report_sources
    return found


def _people() -> People:
    """The phone book, read once for a page."""
    if "report_people" not in g:
        g.report_people = reading.people()
    found = g.report_people
    assert isinstance(found, People)
    return found


def _bar(label: str, short: str, figures: Figures | None) -> Bar:
    shown = figures or Figures()
    return Bar(label, short, (shown.answered, shown.lost))


def _bars(key: str, title: str, bars: Sequence[Bar], first: str) -> Bars:
    return Bars(key, title, (text("Answered calls"), text("Not answered")), bars, first)
