# SPDX-License-Identifier: GPL-3.0-or-later
"""Working hours: what is open when, and deadlines in working time, also where clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from itgrix_module.domain.hours import Hours, problem

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")  # 2027: forward on 28 March 02:00, back on 31 October 03:00
HAVANA = ZoneInfo("America/Havana")  # its clocks go forward at midnight
OFFICE = "Mon-Fri 09:00-13:00,14:00-18:00; Sat 10:00-14:00"
HOUR = 3600.0


def at(text: str, zone: ZoneInfo = MOSCOW, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


def hours(
    week: str = OFFICE, holidays: tuple[str, ...] = (), workdays: tuple[str, ...] = (), zone: ZoneInfo = MOSCOW
) -> Hours:
    return Hours.parse(week, holidays, workdays, zone)


# 2027-03-01 is a Monday.
@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2027-03-01 08:59:59", False),
        ("2027-03-01 09:00", True),
        ("2027-03-01 12:59:59", True),
        ("2027-03-01 13:00", False),
        ("2027-03-01 14:00", True),
        ("2027-03-01 18:00", False),
        ("2027-03-06 10:00", True),
        ("2027-03-06 14:00", False),
        ("2027-03-07 12:00", False),
    ],
)
def test_week_is_open_from_the_first_to_before_the_last_minute(moment: str, is_open: bool) -> None:
    assert hours().is_open(at(moment)) is is_open


@pytest.mark.parametrize(
    "week",
    [
        "Mon-Fri 09:00-18:00",
        "mon-fri 9-18",
        "Monday - Friday: 09:00 - 18:00",
        "Пн-Пт 09:00-18:00",
        "пн.-пт. 9.00–18.00",
        "понедельник-пятница 9-18;",
        "Mon,Tue,Wed 9-18; Thu, Fri 9-18",
        "Mon-Fri 12-18,9-12",
        "Mon-Fri 9-15,12-18",
    ],
)
def test_one_week_in_many_spellings(week: str) -> None:
    moments = [at("2027-03-01 00:00") + HOUR / 2 * number for number in range(7 * 48)]
    usual = hours("Mon-Fri 09:00-18:00")
    found = hours(week)
    assert [found.is_open(moment) for moment in moments] == [usual.is_open(moment) for moment in moments]
    assert found.add_working(at("2027-03-01 08:00"), 12 * HOUR) == at("2027-03-02 12:00")
    assert found.next_open(at("2027-03-05 18:00")) == at("2027-03-08 09:00")


def test_always_and_never() -> None:
    always, never = hours("24/7"), hours("")
    now = at("2027-03-07 03:00")
    assert always.is_open(now)
    assert always.next_open(now) == now
    assert always.add_working(now, 100 * HOUR) == now + 100 * HOUR
    assert not never.is_open(now)
    assert never.next_open(now) is None
    assert never.add_working(now, HOUR) == now + HOUR


def test_times_without_days_are_of_every_day() -> None:
    assert hours("10-12").is_open(at("2027-03-07 11:00"))


def test_night_shift_ends_on_the_next_day() -> None:
    night = hours("Fri 22:00-06:00")
    assert night.is_open(at("2027-03-05 23:00"))
    assert night.is_open(at("2027-03-06 05:59"))
    assert not night.is_open(at("2027-03-06 06:00"))
    assert not night.is_open(at("2027-03-05 05:00"))
    assert night.next_open(at("2027-03-06 06:00")) == at("2027-03-12 22:00")
    assert night.add_working(at("2027-03-05 21:00"), 3 * HOUR) == at("2027-03-06 01:00")


def test_days_from_saturday_go_on_over_the_end_of_the_week() -> None:
    weekend = hours("Sat-Mon 10-12")
    days = [weekend.is_open(at(f"2027-03-0{day} 11:00")) for day in range(1, 8)]
    assert days == [True, False, False, False, False, True, True]


@pytest.mark.parametrize("day", ["2027-03-08", "03-08", "2027-03-05..2027-03-08", "03-07..03-09", "12-31..03-08"])
def test_day_off_is_closed(day: str) -> None:
    assert not hours(holidays=(day,)).is_open(at("2027-03-08 10:00"))
    assert hours(holidays=(day,)).is_open(at("2027-03-10 10:00"))


def test_yearly_day_off_comes_each_year_and_a_dated_one_once() -> None:
    assert not hours("24/7", ("01-07",)).is_open(at("2030-01-07 12:00"))
    assert hours("24/7", ("2027-01-07",)).is_open(at("2030-01-07 12:00"))


def test_night_before_a_day_off_lasts_into_it() -> None:
    night = hours("22:00-06:00", ("03-08",))
    assert night.is_open(at("2027-03-08 05:00"))
    assert not night.is_open(at("2027-03-08 23:00"))
    assert not night.is_open(at("2027-03-09 05:00"))


def test_working_weekend_has_the_hours_of_a_working_day() -> None:
    weekday_only = hours("Mon-Fri 9-18", workdays=("2027-02-20",))
    assert weekday_only.is_open(at("2027-02-20 17:00"))
    assert not weekday_only.is_open(at("2027-02-21 17:00"))
    assert not hours(workdays=("2027-02-20",)).is_open(at("2027-02-20 17:00"))  # Saturday has hours of its own


def test_working_day_wins_over_a_day_off() -> None:
    assert hours(holidays=("2027-01-01..2027-01-10",), workdays=("2027-01-09",)).is_open(at("2027-01-09 11:00"))


def test_deadline_skips_breaks_nights_and_days_off() -> None:
    found = hours(holidays=("2027-03-08",))
    assert found.add_working(at("2027-03-05 12:30"), HOUR) == at("2027-03-05 14:30")
    assert found.add_working(at("2027-03-05 17:00"), 6 * HOUR) == at("2027-03-09 10:00")
    assert found.add_working(at("2027-03-05 17:00"), HOUR) == at("2027-03-05 18:00")
    assert found.add_working(at("2027-03-07 12:00"), 60) == at("2027-03-09 09:01")
    assert found.add_working(at("2027-03-07 12:00"), 0) == at("2027-03-07 12:00")


def test_zone_decides() -> None:
    moment = datetime(2027, 3, 1, 7, 30, tzinfo=UTC).timestamp()
    assert hours().is_open(moment)
    assert not hours(zone=BERLIN).is_open(moment)


def test_hour_that_spring_leaves_out_is_not_counted() -> None:
    early = hours("24/7", zone=BERLIN)
    assert early.add_working(at("2027-03-28 01:00", BERLIN), 2 * HOUR) == at("2027-03-28 04:00", BERLIN)
    gap = hours("02:30-05:00", zone=BERLIN)
    assert not gap.is_open(at("2027-03-28 01:59:59", BERLIN))
    assert gap.next_open(at("2027-03-28 01:00", BERLIN)) == at("2027-03-28 03:00", BERLIN)
    assert gap.add_working(at("2027-03-28 01:00", BERLIN), HOUR) == at("2027-03-28 04:00", BERLIN)


def test_hour_that_autumn_repeats_is_open_both_times() -> None:
    twice = hours("02:00-02:59", zone=BERLIN)
    assert twice.is_open(at("2027-10-31 02:30", BERLIN, fold=0))
    assert twice.is_open(at("2027-10-31 02:30", BERLIN, fold=1))
    night = hours("Sat 22:00-06:00", zone=BERLIN)
    assert night.add_working(at("2027-10-30 22:00", BERLIN), 8 * HOUR) == at("2027-10-31 05:00", BERLIN)


def test_day_whose_midnight_does_not_exist_begins_at_the_change() -> None:
    sunday = hours("Sun 00:00-24:00", zone=HAVANA)  # 2027-03-14, 00:00 -> 01:00
    assert sunday.next_open(at("2027-03-13 12:00", HAVANA)) == at("2027-03-14 01:00", HAVANA)
    assert sunday.add_working(at("2027-03-13 12:00", HAVANA), 23 * HOUR) == at("2027-03-15 00:00", HAVANA)


@pytest.mark.parametrize(
    "week",
    [
        "Mon-Fri",
        "Mon-Fri 9",
        "Mon-Fri 25:00-26:00",
        "Mon-Fri 09:61-10:00",
        "Mon-Fri 09:00-09:00",
        "Mon-Fri 24:00-06:00",
        "Mon-Wed-Fri 9-18",
        "Moon 9-18",
        "Mon-Fri 9-18; Fri 9-17",
        "always",
        "9-18,",
        "; ; Mon",
        "Mon 9-18 Tue 9-18",
        "24/7; Mon 9-18",
        "\0",
    ],
)
def test_week_that_means_nothing_is_refused_in_words(week: str) -> None:
    assert problem(week, [], [])


@pytest.mark.parametrize(
    "day", ["", "2027", "2027-02-29", "02-30", "13-01", "2027-1-1", "2027-01-01..", "01-01..2027-01-02", "..",
            "2027-01-08..2027-01-01", "0000-01-01", "2027-01-01..2027-01-02..2027-01-03"],
)  # fmt: skip
def test_day_that_does_not_exist_is_refused_in_words(day: str) -> None:
    assert problem(OFFICE, [day], [])
    assert problem(OFFICE, [], [day])


def test_good_settings_pass() -> None:
    assert problem("Mon-Fri 09:00-18:00", ["2027-01-01", "01-07", "02-29"], ["2027-02-20"]) == ""
    assert problem("", [], []) == ""


def test_day_that_is_named_twice_is_said() -> None:
    assert "Fri has hours twice" in problem("Mon-Fri 9-18; Fri 9-17", [], [])


WEEKS = ["24/7", OFFICE, "22:00-06:00", "Mon-Fri 9-18; Sun 01:30-02:30", "00:00-24:00", "Sat,Sun 00:00-04:00", "2-3"]
moments = st.integers(int(at("2027-01-01 00:00")), int(at("2028-12-31 00:00")))
zones = st.sampled_from([MOSCOW, BERLIN, HAVANA, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu")])


@settings(max_examples=200, deadline=None)
@given(zones, moments, st.integers(0, 1439), st.integers(1, 1440))
@example(BERLIN, int(at("2027-10-31 02:30", BERLIN, fold=1)), 15, 15)
@example(BERLIN, int(at("2027-03-28 03:15", BERLIN)), 45, 15)
def test_whenever_the_clock_on_the_wall_shows_working_time_it_is_open(
    zone: ZoneInfo, moment: int, before: int, after: int
) -> None:
    wall = datetime.fromtimestamp(moment, zone)
    minute = wall.hour * 60 + wall.minute
    week = _times(max(minute - before, 0), min(minute + after, 1440))
    assert hours(week, zone=zone).is_open(moment)


def _times(first: int, last: int) -> str:
    return f"{first // 60}:{first % 60:02}-{last // 60}:{last % 60:02}"


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(WEEKS), zones, moments)
def test_next_open_is_open_and_nothing_before_it(week: str, zone: ZoneInfo, moment: int) -> None:
    found = hours(week, ("03-28", "2027-10-30..2027-11-02"), ("2027-10-31",), zone)
    then = found.next_open(moment)
    assert then is not None
    assert then >= moment
    assert found.is_open(then)
    assert not any(found.is_open(between) for between in _steps(moment, then))


def _steps(start: float, end: float) -> list[float]:
    return [start + (end - start) * part / 20 for part in range(20)] if end > start else []


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(WEEKS), zones, moments, st.integers(1, 40), st.integers(1, 40))
def test_working_time_adds_up(week: str, zone: ZoneInfo, moment: int, first: int, second: int) -> None:
    found = hours(week, ("03-28",), (), zone)
    once = found.add_working(moment, (first + second) * 900)
    assert found.add_working(found.add_working(moment, first * 900), second * 900) == once
    assert once - moment >= (first + second) * 900
    assert found.is_open(once - 1)


@settings(max_examples=100, deadline=None)
@given(zones, moments, st.integers(1, 60))
def test_deadline_counts_exactly_the_open_minutes(zone: ZoneInfo, moment: int, minutes: int) -> None:
    start = moment - moment % 1800  # changes and hours lie on half hours in these zones
    found = hours("Mon-Fri 9-13,14-18; Sat,Sun 01:00-04:00", zone=zone)
    due = found.add_working(start, minutes * 1800)
    open_halves = sum(found.is_open(start + step) for step in range(0, int(due - start), 1800))
    assert open_halves == minutes


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="MonTueFri-–,;: .0123456789/пнвт\n", max_size=40), st.text(max_size=25))
def test_any_text_is_refused_in_words_or_works(week: str, day: str) -> None:
    if problem(week, [day], [day]):
        with pytest.raises(ValueError):
            hours(week, (day,), (day,))
        return
    found = hours(week, (day,), (day,))
    now = at("2027-03-01 12:00")
    assert found.add_working(now, 60) >= now + 60
    assert found.is_open(now) is (found.next_open(now) == now)


def test_far_deadline_ends() -> None:
    start = at("2027-03-01 09:00")
    assert hours("Mon 9:00-9:01").add_working(start, 365 * 24 * HOUR) > start + timedelta(days=3000).total_seconds()
