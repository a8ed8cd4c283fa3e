# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading CDR and CEL: the PBX's clock, tables without keys, hostile rows, files that are being written."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from itgrix_module.asterisk.cdr import CdrTable
from itgrix_module.asterisk.cdr_csv import CdrFiles, CelFile
from itgrix_module.asterisk.cel import CelTable
from itgrix_module.asterisk.record_tables import open_records
from itgrix_module.asterisk.stories import Stories
from itgrix_module.asterisk.wall_clock import WallClock, born_at
from itgrix_module.domain.failures import NeedsOwner, Temporary
from itgrix_module.sandbox.rig.configuration import write_record_database

BERLIN = ZoneInfo("Europe/Berlin")
T = 1_795_223_700  # 2026-11-21 01:15:00 UTC


def shown(at: float, zone: ZoneInfo | None = None) -> str:
    return datetime.fromtimestamp(at, zone or UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "records.db"
    write_record_database(path)
    return path


@pytest.fixture
def engine(database: Path) -> Iterator[Engine]:
    made = open_records(f"sqlite:///{database}")
    yield made
    made.dispose()


def add(database: Path, table: str, *rows: dict[str, Any]) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        for row in rows:
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))


def cel(at: float, kind: str, leg: str, call: str = "", **more: Any) -> dict[str, Any]:
    row = {"eventtype": kind, "eventtime": shown(at), "uniqueid": leg, "linkedid": call or leg}
    return {**row, "channame": f"PJSIP/t-{leg[-4:]}", **more}


def a_call(at: int, number: int) -> list[dict[str, Any]]:
    leg = f"{at}.{number}"
    return [cel(at, "CHAN_START", leg, exten="74950000001", context="from-pstn"), cel(at + 2, "HANGUP", leg)]


def test_the_repeated_hour_of_autumn_is_settled_by_the_channel() -> None:
    second_time = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1).timestamp()
    clock = WallClock(BERLIN)
    assert clock.at("2026-10-25 02:30:00", second_time - 3600) == second_time - 3600
    assert clock.at("2026-10-25 02:30:00", second_time) == second_time
    assert clock.at("2026-10-25 02:30:20") == second_time + 20


def test_another_zone_than_the_settings_say_is_found_out() -> None:
    clock = WallClock(ZoneInfo("Asia/Kolkata"))
    assert clock.at(shown(T, BERLIN), T) == T
    assert clock.at(shown(T + 70, BERLIN)) == T + 70
    assert shown(T, BERLIN) == clock.local(T).strftime("%Y-%m-%d %H:%M:%S")


def test_a_clock_that_is_a_little_off_changes_no_zone() -> None:
    clock = WallClock(BERLIN)
    assert clock.at(shown(T + 40, BERLIN), T) == T + 40


@pytest.mark.parametrize("written", ["", None, "0000-00-00 00:00:00", "soon", "9" * 40, b"\xff"])
def test_what_is_no_time_is_none(written: object) -> None:
    assert WallClock().at(written) is None


@pytest.mark.parametrize(
    ("uniqueid", "born"),
    [("1795223700.12", T), ("pbx-1-1795223700.12", T), ("crm-c2c-1795223700", None), ("", None), ("x.1", None)],
)
def test_a_unique_id_tells_when_its_channel_was_made(uniqueid: str, born: float | None) -> None:
    assert born_at(uniqueid) == born


def test_stories_of_a_period_are_found_among_many(database: Path, engine: Engine) -> None:
    rows = [row for number in range(3000) for row in a_call(T + number * 60, number)]
    add(database, "cel", *rows)
    stories = Stories(CelTable(engine, WallClock(ZoneInfo("UTC"))), CdrTable(engine, WallClock(ZoneInfo("UTC"))))
    found = [story.calls[0] for story in stories.stories(T + 60_000, T + 60_600)]
    assert found == [f"{T + number * 60}.{number}" for number in range(1000, 1010)]


def test_pages_of_one_second_and_slices_with_many_rows_are_read_whole(database: Path, engine: Engine) -> None:
    row = {"channel": "PJSIP/t-1", "duration": 3, "billsec": 0, "disposition": "NO ANSWER"}
    rows = [
        {**row, "calldate": shown(T + number % 3), "uniqueid": f"{T + number % 3}.{number}", "linkedid": ""}
        for number in range(3500)
    ]
    add(database, "cdr", *rows)
    found = list(CdrTable(engine, WallClock(ZoneInfo("UTC"))).attempts(T, T + 10))
    assert len({attempt.leg for attempt in found}) == len(found) == 3500


def test_a_table_without_numbers_is_read_by_time(tmp_path: Path) -> None:
    path = tmp_path / "plain.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE cel (eventtype TEXT, eventtime TEXT, exten TEXT, context TEXT, channame TEXT,"
            " uniqueid TEXT, linkedid TEXT)"
        )
    add(path, "cel", *(row for number in range(1500) for row in a_call(T + number // 600, number)))
    engine = open_records(f"sqlite:///{path}")
    try:
        assert len(list(CelTable(engine, WallClock(ZoneInfo("UTC"))).events(T))) == 3000
    finally:
        engine.dispose()


def test_hostile_rows_harm_nobody(database: Path, engine: Engine) -> None:
    add(
        database,
        "cel",
        {"eventtype": None, "eventtime": None, "uniqueid": None, "linkedid": None},
        cel(T, "CHAN_START", f"{T}.1", extra="[" * 500, exten="74950000001", context="from-pstn", cid_num="7\r\n9"),
        cel(T, "BRIDGE_ENTER", f"{T}.1", extra='{"bridge_id": ["x"]}'),
        cel(T + 1, "HANGUP", f"{T}.1", extra='{"hangupcause": "x"'),
    )
    add(database, "cdr", {"calldate": "x", "uniqueid": None, "channel": None, "duration": "many"})
    zone = ZoneInfo("UTC")
    stories = Stories(CelTable(engine, WallClock(zone)), CdrTable(engine, WallClock(zone)))
    (story,) = stories.stories(T - 10, T + 10)
    assert story.is_over
    assert story.events[0].number == "79"


def test_ends_come_from_events_of_every_channel(database: Path, engine: Engine) -> None:
    add(database, "cel", *a_call(T, 1), *a_call(T + 10, 2))
    ends = CelTable(engine, WallClock(ZoneInfo("UTC"))).ends({f"{T}.1": float(T), f"{T + 10}.2": T + 10.0})
    assert ends == {f"{T}.1": T + 2.5, f"{T + 10}.2": T + 12.5}


def test_unreadable_and_wrong_addresses_are_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NeedsOwner, match="not usable"):
        open_records("nonsense")
    engine = open_records(f"sqlite:///{tmp_path}/none/x.db")
    with pytest.raises(Temporary, match="cannot be read"):
        assert CelTable(engine, WallClock()).exists
    engine.dispose()


def test_files_are_read_from_the_right_place_with_rotated_ones_and_half_a_line(tmp_path: Path) -> None:
    def line(at: int, number: int) -> list[str]:
        times = [shown(at), "", shown(at + 3)]
        numbers = ["", "79161234567", "101", "from-pstn", '"Ю, Я" <7916>', "PJSIP/trunk1-1", "PJSIP/101-1", "Dial", "x"]
        return [*numbers, *times, "3", "0", "NO ANSWER", "DOCUMENTATION", f"{at}.{number}", ""]

    for name, first in (("Master.csv.1", 0), ("Master.csv", 500)):
        with (tmp_path / name).open("w", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
                line(T + number * 60, number) for number in range(first, first + 500)
            )
    with (tmp_path / "Master.csv").open("a") as file:
        file.write('"","7916')
    files = CdrFiles(str(tmp_path), WallClock(ZoneInfo("UTC")))
    found = list(files.attempts(T + 490 * 60, T + 510 * 60))
    assert [attempt.leg for attempt in found] == [f"{T + number * 60}.{number}" for number in range(490, 510)]
    assert CdrFiles(str(tmp_path / "none"), WallClock()).exists is False


def test_cel_custom_is_read_with_epoch_seconds(tmp_path: Path) -> None:
    with (tmp_path / "Master.csv").open("w", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        for at, kind in ((T + 0.25, "CHAN_START"), (T + 4.75, "HANGUP")):
            row = [kind, f"{at:.6f}", "", "7916", "", "", "", "74950000001", "from-pstn", "PJSIP/trunk1-1", "", "", "3"]
            writer.writerow([*row, "", f"{T}.1", f"{T}.1", "", "", "", ""])
    (story,) = Stories(CelFile(str(tmp_path), WallClock()), None).stories(T - 5, T + 5)
    assert [event.at for event in story.events] == [T + 0.25, T + 4.75]
