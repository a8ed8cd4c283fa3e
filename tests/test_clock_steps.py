# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock that somebody sets is noticed, whatever else happens at that moment; jobs go on."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from itgrix_module.app.workers import Ending, Troubles
from itgrix_module.clock_steps import ClockWatch, set_back_while_away
from itgrix_module.core import open_core, owner_name
from itgrix_module.domain.failures import Temporary
from itgrix_module.jobs import Job, run_all_now, timetable
from itgrix_module.storage.calls import SqlCallStore
from tests.service.house import house, place_of, short, until
from tests.storage.samples import add_call, step


class Clocks:
    """One that is set and one that nobody sets."""

    def __init__(self) -> None:
        self.offset, self.steady = 1_795_000_000.0, 50.0
        self.heard: list[float] = []
        self.times_set = 0
        self.is_broken = False
        self.watch = ClockWatch(lambda: self.steady + self.offset, lambda: self.steady, self._back, self._set)

    def _back(self, seconds: float) -> None:
        if self.is_broken:
            raise Temporary("database_locked", "the database is locked")
        self.heard.append(seconds)

    def _set(self) -> None:
        self.times_set += 1

    def look(self, moved: float = 0.0, passed: float = 1.0) -> None:
        self.offset += moved
        self.steady += passed
        self.watch()


def test_step_back_is_told_once_with_its_length() -> None:
    clocks = Clocks()
    for moved in (0.0, -7200.0, 0.0, 0.0):
        clocks.look(moved)
    assert clocks.heard == [7200.0]
    assert clocks.times_set == 1


def test_step_forward_sets_times_anew_and_pulls_nothing_back() -> None:
    clocks = Clocks()
    clocks.look(86_400.0)
    assert (clocks.heard, clocks.times_set) == ([], 1)


def test_slow_correction_and_a_long_pause_are_no_steps() -> None:
    clocks = Clocks()
    for _ in range(200):
        clocks.look(-0.5)
    clocks.look(passed=3600.0)
    assert (clocks.heard, clocks.times_set) == ([], 0)


def test_steps_during_a_fault_of_the_database_are_made_up_for_together() -> None:
    clocks = Clocks()
    clocks.is_broken = True
    for moved in (-3600.0, 0.0, -1800.0):
        with pytest.raises(Temporary):
            clocks.look(moved)
    clocks.is_broken = False
    clocks.look()
    clocks.look()
    assert (clocks.heard, clocks.times_set) == ([5400.0], 1)


def test_jobs_go_on_when_the_clock_was_set_back_by_hours() -> None:
    ran = threading.Event()
    with timetable([Job("a", 0.05, ran.set)], Troubles(), Ending()) as scheduler:
        until(ran.is_set)
        # As a clock that is set back by two hours leaves it behind.
        scheduler.get_job("a").modify(next_run_time=datetime.now(UTC) + timedelta(hours=2))
        until(lambda: not [thread for thread in threading.enumerate() if thread.name == "job-a"])
        ran.clear()
        run_all_now(scheduler)
        for _ in range(2):
            until(ran.is_set)
            ran.clear()


def test_clock_that_was_set_back_while_the_service_was_away_is_seen_by_its_last_sign_of_life(tmp_path: Path) -> None:
    place = place_of(tmp_path / "home")
    place.prepare()
    ahead = time.time() + 7200.0
    with open_core(place) as core:
        add_call(SqlCallStore(core.database), "1.1", step(due_at=ahead))
        add_call(SqlCallStore(core.database), "1.2", step(due_at=ahead - 2))
        core.outbox.claim(f"{owner_name(place)}:delivery-1", ahead, 90.0, 1)
        place.beat()
        os.utime(place.heartbeat, (ahead, ahead))
        set_back_while_away(core)
        due = core.outbox.next_due(0.0)
        assert due is not None
        assert due <= time.time() + 1
        assert len(core.outbox.claim("w", time.time() + 92, 60, 10)) == 2
        assert place.heartbeat.stat().st_mtime <= time.time()


def test_call_during_which_the_clock_is_set_back_by_hours_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offset, real = [0.0], time.time
    monkeypatch.setattr(time, "time", lambda: real() + offset[0])
    with house(tmp_path) as here:
        here.wait_ready()
        here.portal.faults.outage(True)
        played = here.pbx.begin(short(talk=1.0))
        until(lambda: not here.service.standing.state.is_up)
        truth = played.wait(20)
        offset[0] = -7200.0
        here.portal.faults.outage(False)
        here.wait_finished(truth, 30)
        here.wait_delivered()
        assert len(here.portal.calls()) == 1
