# SPDX-License-Identifier: GPL-3.0-or-later
"""How often the queue is asked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from itgrix_module.app.event_pace import QUIET, SHARE, Delays, pause


@given(
    rate=st.floats(0.1, 1000),
    pressure=st.floats(0, 1),
    is_working=st.booleans(),
    more=st.booleans(),
)
def test_never_more_than_its_share_of_the_budget(rate: float, pressure: float, is_working: bool, more: bool) -> None:
    assert 1.0 / pause(rate, pressure, is_working=is_working, more=more) <= rate * SHARE * 1.0001


def test_quick_in_working_hours_slow_at_night_slower_under_pressure() -> None:
    working = pause(2.0, 0.0, is_working=True, more=False)
    assert working == 2.0
    assert pause(2.0, 0.0, is_working=False, more=False) == QUIET
    assert pause(2.0, 0.9, is_working=True, more=False) > working
    assert pause(2.0, 0.0, is_working=False, more=True) == 2.0


def test_delay_is_of_the_last_events_only() -> None:
    delays = Delays()
    assert delays.delay is None
    for seconds in [1000.0] + [1.0] * 99 + [3.0]:
        delays.note(seconds)
    found = delays.delay
    assert found is not None
    assert (found.usual, found.longest, found.count) == (1.0, 3.0, 100)
