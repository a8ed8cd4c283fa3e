# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's clock is set back and forth, and the hour that happens twice happens, while calls go on."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.office import Office, Ring, office
from tests.chaos.scale import IS_LONG, amount

HOURS = 6  # halves of them
CALLS = amount(6, 600)
JUMPS = (3600.0, -3600.0, -7200.0, 86_400.0, -90.0, 30.0)  # seconds, one after the other


@pytest.fixture(params=["Europe/Moscow", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"])
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """The time zone of the machine."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("jump", JUMPS if IS_LONG else JUMPS[1:4:2])
def test_clock_that_is_set_between_calls_loses_none(tmp_path: Path, jump: float) -> None:
    with office(tmp_path) as here:
        here.expect(*(Ring(10.0 * number, number, 3.0, 2.0) for number in range(CALLS)))
        here.run(10.0 * CALLS / 2 + 8)
        # The portal has a clock of its own; ours alone is set.
        here.portal.state.clock = lambda: here.clock.true
        here.clock.offset += jump
        here.run()
        assert_all_once(here)


@pytest.mark.timeout(1800)
def test_clock_that_jumps_all_the_time_loses_no_call(tmp_path: Path) -> None:
    with office(tmp_path) as here:
        here.portal.state.clock = lambda: here.clock.true
        here.expect(*(Ring(5.0 * number, number, 3.0, 12.0) for number in range(CALLS)))
        for part, jump in enumerate(JUMPS, 1):
            here.run(5.0 * CALLS * part / len(JUMPS))
            here.clock.offset += jump
            if part % 2:
                here.restart()
        here.run()
        assert_all_once(here)


@pytest.mark.timeout(1800)
def test_hours_around_the_change_of_summer_time_are_told_right_in_every_zone(tmp_path: Path, zone: str) -> None:
    with office(tmp_path) as here:
        here.clock.offset = 1_793_509_200.0 - here.clock.true  # 2026-11-01 05:00 UTC: New York falls back at 06:00
        here.expect(*(Ring(1800.0 * number, number, 5.0, 20.0) for number in range(HOURS)))
        here.run()
        here.assert_whole()
        starts = sorted(call.started for call in here.portal.calls())
        assert [round(start - starts[0]) for start in starts] == [1800 * number for number in range(HOURS)], zone


def assert_all_once(here: Office) -> None:
    """Durations of calls during which the clock was set are anybody's guess, the rest is as it was."""
    calls = here.by_id()
    assert sorted(call.phone.lstrip("+") for call in calls.values()) == sorted(ring.client for ring in here.played)
    for call in calls.values():
        assert call.finish is not None, call
        assert (call.registers, call.refused_finishes, call.finish.status) == (1, 0, "200"), call
        assert call.finish.duration >= 0
    assert here.outbox.counts()["failed"] == 0
