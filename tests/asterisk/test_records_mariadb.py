# SPDX-License-Identifier: GPL-3.0-or-later
"""CDR and CEL of a FreePBX that has worked for long: read by its own indexes, in bounded bites, in its own time."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, event, text

from itgrix_module.asterisk.cdr import CdrTable
from itgrix_module.asterisk.cel import CelTable
from itgrix_module.asterisk.record_tables import PAGE, open_records
from itgrix_module.asterisk.stories import Stories
from itgrix_module.asterisk.wall_clock import WallClock
from itgrix_module.domain.records import CDR, CEL, Story
from tests.fakes.freepbx_records import FreePbxRecords
from tests.fakes.mariadb import MariaDb, mariadb_server

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

CALLS, WITH_EVENTS = 60_000, 10_000  # a call a minute: 41 days of CDR, 7 days of CEL with ten events each
FIRST, EVERY = 1_777_000_020, 60
MOSCOW = ZoneInfo("Europe/Moscow")
AHEAD = 3 * 3600
HOUR, DAY = 3600.0, 86_400.0
CEL_FROM = FIRST + (CALLS - WITH_EVENTS) * EVERY
UNTIL = FIRST + CALLS * EVERY


@dataclass
class Watched:
    """An engine that notes what it is asked."""

    engine: Engine
    asked: dict[str, Any] = field(default_factory=dict)
    most: int = 0

    def note(self, _connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            self.asked[statement] = parameters
            self.most = max(self.most, cursor.rowcount)

    def touched(self) -> int:
        """Rows that this session's questions have made the server look at so far."""
        with self.engine.connect() as connection:
            found = connection.execute(text("SHOW SESSION STATUS LIKE 'Handler_read%'")).all()
        return sum(int(value) for _, value in found)

    def plans(self) -> Iterator[tuple[str, Any]]:
        """How the server answers each kind of question."""
        with self.engine.connect() as connection:
            for statement, parameters in list(self.asked.items()):
                for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).mappings():
                    yield statement, row


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    with mariadb_server() as made:
        yield made


@pytest.fixture(scope="module")
def records(server: MariaDb) -> FreePbxRecords:
    made = FreePbxRecords(server)
    made.fill(CALLS, FIRST, EVERY, AHEAD, events=WITH_EVENTS)
    # What the clock of this server says is nobody's business.
    server.execute("SET GLOBAL time_zone='-07:00'")
    return made


@pytest.fixture
def watched(records: FreePbxRecords) -> Iterator[Watched]:
    found = Watched(open_records(records.url))
    event.listen(found.engine, "after_cursor_execute", found.note)
    yield found
    found.engine.dispose()


def stories(watched: Watched, zone: ZoneInfo = MOSCOW) -> Stories:
    clock = WallClock(zone)
    return Stories(CelTable(watched.engine, clock), CdrTable(watched.engine, WallClock(zone)))


def assert_whole(found: list[Story], first: float, until: float, source: str) -> None:
    """Every call of the time, each once, at the second at which it was."""
    wanted = range(int(first), int(until), EVERY)
    assert [int(story.calls[0].partition(".")[0]) for story in found] == list(wanted)
    assert [story.started for story in found] == list(wanted)
    assert {story.source for story in found} == {source}


def assert_by_index(watched: Watched) -> None:
    plans = list(watched.plans())
    assert plans
    for statement, row in plans:
        # The number of the first and of the last row comes from the index without any row.
        is_free = row["Extra"] and "optimized away" in row["Extra"]
        assert is_free or (row["type"] not in ("ALL", "index") or "LIMIT" in statement), (statement, dict(row))
        assert is_free or row["key"], (statement, dict(row))


@pytest.mark.parametrize("zone", ["Europe/Moscow", "Asia/Kathmandu", "America/New_York"])
def test_a_day_is_read_by_the_indexes_in_the_right_time_whatever_zone_is_set(watched: Watched, zone: str) -> None:
    first = UNTIL - 4 * DAY
    before = watched.touched()
    found = list(stories(watched, ZoneInfo(zone)).stories(first, first + DAY))
    touched = watched.touched() - before
    assert_whole(found, first, first + DAY, CEL)
    assert all(len(story.attempts) == 1 for story in found)
    assert_by_index(watched)
    rows = len(found) * 11
    assert touched < rows * 3, f"{touched} rows looked at for {rows}"
    assert watched.most <= PAGE


def test_days_of_which_there_is_cdr_only_cost_what_they_hold(watched: Watched) -> None:
    first = FIRST + 20 * DAY
    before = watched.touched()
    found = list(stories(watched).stories(first, first + DAY))
    assert_whole(found, first, first + DAY, CDR)
    assert watched.touched() - before < len(found) * 10, f"of {CALLS}"
    assert_by_index(watched)


def test_one_call_and_the_ends_of_channels_are_found_without_a_look_at_the_rest(watched: Watched) -> None:
    at = CEL_FROM + 5_000 * EVERY
    number = (at - FIRST) // EVERY
    before = watched.touched()
    story = stories(watched).of(f"{at}.{2 * number}")
    assert story is not None
    assert story.started == at
    assert watched.touched() - before < 8000, "some hours around it"
    before = watched.touched()
    legs = {f"{at + n * EVERY}.{2 * (number + n)}": float(at + n * EVERY) for n in range(200)}
    cdr, cel = CdrTable(watched.engine, WallClock(MOSCOW)), CelTable(watched.engine, WallClock(MOSCOW))
    for ends in (cdr.ends(legs), cel.ends(legs)):
        assert {leg: round(end - began) for leg, began in legs.items() for end in [ends[leg]]} == dict.fromkeys(
            legs, 30
        )
    assert watched.touched() - before < 8000, "ten rows for each channel, and some hundred to find the place"
    assert stories(watched).of("no-such-call") is None
    assert_by_index(watched)


def test_memory_does_not_grow_with_the_time_that_is_read(watched: Watched) -> None:
    def peak(hours: int) -> int:
        tracemalloc.start()
        try:
            count = sum(1 for _ in stories(watched).stories(UNTIL - DAY - hours * HOUR, UNTIL - DAY))
            assert count == hours * HOUR / EVERY
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    list(stories(watched).stories(UNTIL - DAY - HOUR / 2, UNTIL - DAY))  # what is made once for all
    short, long = peak(6), peak(12)  # one bite and two
    assert long < short * 1.3 + 500_000, (short, long)
