# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports against a plain count of the same calls: kept days, changed days, time zones and changes of the clock."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from itgrix_module.app.ports import CallRow
from itgrix_module.app.reports import CLIENTS, Figures, day_of
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.engine import Database, open_database
from itgrix_module.storage.migrate import upgrade
from itgrix_module.storage.reports import Entry, SqlReports

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")
ZONES: tuple[tzinfo, ...] = (
    MOSCOW,
    BERLIN,
    ZoneInfo("America/St_Johns"),
    ZoneInfo("Asia/Kathmandu"),
    ZoneInfo("Australia/Lord_Howe"),
    UTC,
)
FIRST, LAST = date(2026, 10, 20), date(2026, 11, 10)  # the clocks of Berlin and St. John's change in between
NOW = datetime(2026, 11, 12, tzinfo=UTC).timestamp()
EXTENSIONS = ("101", "102", "103", "+79161234567")


def row(linkedid: str, at: float, **changes: Any) -> CallRow:
    """An answered incoming call of a minute."""
    values: dict[str, Any] = {
        "node": "pbx1",
        "linkedid": linkedid,
        "direction": "incoming",
        "phase": "ended",
        "client": "+79160000000",
        "line": "74951234567",
        "trunk": "provider",
        "started": at,
        "answered": at + 5,
        "ended": at + 65,
        "outcome": "answered",
        "wait": 5.0,
        "talk": 60.0,
        "answered_by": "101",
        "last_talker": "101",
        "rang": ("101", "102"),
        "live": False,
    }
    return CallRow(**{**values, **changes})


def save(database: Database, calls: Iterable[CallRow]) -> None:
    with SqlCallStore(database).work() as work:
        for call in calls:
            work.save_call(call)


def added(entries: Iterable[Entry], key: object = None) -> Figures:
    found = Figures()
    for entry in entries:
        if key is None or entry.name == key:
            found = found + entry.figures
    return found


def at(text: str, zone: tzinfo = MOSCOW, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


seconds = st.floats(at("2026-10-18"), at("2026-11-12"), allow_nan=False)
parties = st.lists(st.sampled_from(EXTENSIONS), max_size=3, unique=True)


@st.composite
def calls(draw: st.DrawFn) -> CallRow:
    answered = draw(st.booleans())
    began = draw(seconds)
    talker = draw(st.sampled_from(EXTENSIONS)) if answered else ""
    return row(
        str(draw(st.integers(1, 10_000))),
        began,
        direction=draw(st.sampled_from(("incoming", "outgoing", "internal", "unknown"))),
        outcome="answered" if answered else draw(st.sampled_from(("missed", "busy", "no_answer"))),
        wait=draw(st.one_of(st.none(), st.floats(0, 500))),
        talk=draw(st.floats(0, 4000)) if answered else 0.0,
        line=draw(st.sampled_from(("74951234567", "", "Линия «А»", " spaces "))),
        source=draw(st.sampled_from(("", "CALL", "WEB"))),
        caller=draw(st.sampled_from(("", "104"))),
        last_talker=talker,
        answered_by=talker,
        rang=tuple(draw(parties)),
        live=draw(st.sampled_from((False, False, False, True))),
    )


def brute(rows: Iterable[CallRow], zone: tzinfo, kind: str) -> dict[str, tuple[int, int, float, float]]:
    """Calls, answered, waiting (all) and talk by name, counted in the plainest way."""
    found: dict[str, list[float]] = {}
    for call in rows:
        if call.live or not FIRST <= datetime.fromtimestamp(call.started, zone).date() <= LAST:
            continue
        if call.direction not in CLIENTS:
            continue
        for name, answered in _names(call, zone, kind):
            entry = found.setdefault(name, [0, 0, 0.0, 0.0])
            entry[0] += 1
            entry[1] += answered
            entry[2] += call.wait or 0.0
            entry[3] += call.talk if answered else 0.0
    return {name: (int(a), int(b), round(c, 3), round(d, 3)) for name, (a, b, c, d) in found.items()}


def _names(call: CallRow, zone: tzinfo, kind: str) -> list[tuple[str, bool]]:
    answered = call.outcome == "answered"
    if kind == "employee":
        people = {*call.rang, call.answered_by, call.last_talker}
        if call.direction != "incoming":
            people.add(call.caller)
        return [(name, name == call.last_talker) for name in people - {""} if name]
    names = {
        "hour": f"{datetime.fromtimestamp(call.started, zone):%H}",
        "line": (call.line or call.trunk).strip(),
        "source": call.source,
        "outcome": call.outcome,
        "day": datetime.fromtimestamp(call.started, zone).date().isoformat(),
    }
    return [(names[kind], answered)]


def counted(entries: Iterable[Entry], *, by_day: bool = False) -> dict[str, tuple[int, int, float, float]]:
    summed: dict[str, Figures] = {}
    for entry in entries:
        if entry.direction in CLIENTS:
            name = date.fromordinal(entry.day).isoformat() if by_day else entry.name
            summed[name] = summed.get(name, Figures()) + entry.figures
    return {
        name: (one.calls, one.answered, round(one.wait + one.lost_wait, 3), round(one.talk, 3))
        for name, one in summed.items()
    }


@pytest.fixture
def database(tables_url: str) -> Iterable[Database]:
    with closing(open_database(tables_url)) as found:
        yield found


def check(reports: SqlReports, rows: Iterable[CallRow], zone: tzinfo) -> None:
    stored = {call.linkedid: call for call in rows}.values()
    for kind in ("hour", "line", "source", "employee", "outcome"):
        close(counted(reports.by_name(kind, FIRST, LAST)), brute(stored, zone, kind))
    close(counted(reports.by_day(FIRST, LAST), by_day=True), brute(stored, zone, "day"))


def close(found: dict[str, tuple[int, int, float, float]], wanted: dict[str, tuple[int, int, float, float]]) -> None:
    assert found.keys() == wanted.keys()
    for name, figures in wanted.items():
        assert found[name] == pytest.approx(figures, abs=0.01), name


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=st.lists(calls(), max_size=15), later=st.lists(calls(), max_size=5), zone=st.sampled_from(ZONES))
def test_figures_are_those_of_a_plain_count(
    first: list[CallRow], later: list[CallRow], zone: tzinfo, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('reports')}/calls.db"
    upgrade(url)
    with closing(open_database(url)) as database:
        reports = SqlReports(database, zone)
        save(database, first)
        check(reports, first, zone)
        reports.keep(NOW, rest=lambda _: None)
        check(reports, first, zone)
        save(database, later)
        check(reports, [*first, *later], zone)
        reports.keep(NOW, rest=lambda _: None)
        check(reports, [*first, *later], zone)


def test_kept_day_is_counted_anew_after_one_of_its_calls_changed(database: Database) -> None:
    reports, began = SqlReports(database, MOSCOW), at("2026-11-01T12:00")
    save(database, [row("1", began), row("2", began, live=True, outcome="")])
    assert reports.keep(NOW, rest=lambda _: None) > 0
    save(database, [row("2", began, outcome="missed", talk=0.0, last_talker="")])
    figures = added(reports.by_name("hour", FIRST, LAST))
    assert (figures.calls, figures.answered) == (2, 1)
    assert reports.keep(NOW, rest=lambda _: None) == 1


def test_call_that_became_part_of_another_counts_no_more(database: Database) -> None:
    reports, began = SqlReports(database, MOSCOW), at("2026-11-01T12:00")
    save(database, [row("1", began), row("2", began)])
    reports.keep(NOW, rest=lambda _: None)
    with SqlCallStore(database).work() as work:
        work.save_call(row("1", began))
        work.merge_call("pbx1", "2", "1")
    assert added(reports.by_name("hour", FIRST, LAST)).calls == 1


def test_other_time_zone_counts_other_days(database: Database) -> None:
    save(database, [row("1", at("2026-11-01T00:30"))])
    assert SqlReports(database, MOSCOW).keep(NOW, rest=lambda _: None) > 0
    days = SqlReports(database, UTC).by_day(FIRST, LAST)
    assert [date.fromordinal(entry.day) for entry in days] == [date(2026, 10, 31)]
    days = SqlReports(database, MOSCOW).by_day(FIRST, LAST)
    assert [date.fromordinal(entry.day) for entry in days] == [date(2026, 11, 1)]


def test_hour_that_comes_twice_holds_the_calls_of_both(database: Database) -> None:
    twice = [at("2026-10-25T02:30", BERLIN, fold=fold) for fold in (0, 1)]
    assert twice[1] - twice[0] == 3600
    save(database, [row(str(number), began) for number, began in enumerate(twice)])
    reports = SqlReports(database, BERLIN)
    for _ in range(2):
        assert {entry.name for entry in reports.by_name("hour", FIRST, LAST)} == {"02"}
        assert added(reports.by_name("hour", FIRST, LAST)).calls == 2
        reports.keep(NOW, rest=lambda _: None)


def test_days_of_a_changed_clock_have_their_true_length() -> None:
    assert (day := day_of(date(2026, 10, 25), BERLIN)).until - day.since == 25 * 3600
    assert (day := day_of(date(2026, 3, 29), BERLIN)).until - day.since == 23 * 3600
    skips_midnight = ZoneInfo("America/Sao_Paulo")
    assert (day := day_of(date(2018, 11, 4), skips_midnight)).until - day.since == 23 * 3600


def test_weekday_is_that_of_the_clock_of_the_pbx(database: Database) -> None:
    save(database, [row("1", at("2026-11-01T00:30"))])  # a Sunday
    reports = SqlReports(database, MOSCOW)
    for _ in range(2):
        assert [(entry.day, entry.name) for entry in reports.by_weekday_and_hour(FIRST, LAST)] == [(6, "00")]
        reports.keep(NOW, rest=lambda _: None)


def test_today_is_never_kept(database: Database) -> None:
    save(database, [row("1", NOW - 10)])
    assert SqlReports(database, MOSCOW).keep(NOW, rest=lambda _: None) == 0


def test_keeping_stops_when_it_is_told_to(database: Database) -> None:
    save(database, [row(str(n), NOW - n * 86_400) for n in range(1, 9)])
    left = iter((True, True, False))
    assert SqlReports(database, UTC).keep(NOW, goes_on=lambda: next(left), rest=lambda _: None) == 2


def test_days_before_the_first_call_are_forgotten(database: Database) -> None:
    save(database, [row(str(n), NOW - n * 86_400) for n in range(1, 5)])
    reports = SqlReports(database, UTC)
    made = reports.keep(NOW, rest=lambda _: None)
    assert reports.forget_before(datetime.fromtimestamp(NOW, UTC).date()) == made
    assert reports.keep(NOW, rest=lambda _: None) == made


def test_nothing_is_found_where_no_call_is(database: Database) -> None:
    reports = SqlReports(database, timezone(timedelta(hours=3)))
    assert reports.by_day(FIRST, LAST) == []
    assert reports.first_day() is None
    assert reports.keep(NOW) == 0


def test_same_call_twice_counts_once(database: Database) -> None:
    call = row("1", at("2026-11-01T12:00"))
    save(database, [call])
    save(database, [replace(call, talk=30.0)])
    assert added(SqlReports(database, MOSCOW).by_name("line", FIRST, LAST)).talk == 30.0
