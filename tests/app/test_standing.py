# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the portal takes calls: said once when it ends, once when it is back."""

from __future__ import annotations

import pytest

from itgrix_module.app.standing import OWNER_PAUSE, Standing
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent, Temporary
from itgrix_module.domain.schedule import LONGEST_PORTAL
from tests.app.desk import Clock

AWAY = Temporary("dns", "the name cannot be resolved", "check the address", scope="portal")
LOST = Temporary("reset", "cut", executed=True)
REVOKED = NeedsOwner("NO_AUTH_FOUND", "revoked", "authorise again")


def standing() -> tuple[Standing, Clock]:
    clock = Clock()
    return Standing(clock, lambda: 1.0), clock


def test_portal_that_goes_and_comes_is_told_twice(caplog: pytest.LogCaptureFixture) -> None:
    here, clock = standing()
    for _ in range(10):
        here.failed(AWAY)
        clock.now += 30
    here.answered(a_call=True)
    here.answered(a_call=True)
    texts = [record.getMessage() for record in caplog.records]
    assert len(texts) == 2
    assert "check the address" in texts[0]
    assert "again after 300 s" in texts[1]


def test_pauses_grow_but_a_portal_that_is_back_is_soon_noticed() -> None:
    here, _ = standing()
    pauses = []
    for _ in range(8):
        here.failed(AWAY)
        pauses.append(here.pause())
    assert pauses[0] <= 1.0
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PORTAL


def test_what_only_the_owner_mends_is_looked_at_again() -> None:
    here, clock = standing()
    here.failed(REVOKED)
    assert here.pause() == OWNER_PAUSE
    clock.now += OWNER_PAUSE
    assert here.pause() == 0
    here.failed(REVOKED)
    here.resume()
    assert here.pause() == 0


@pytest.mark.parametrize(
    "failure",
    [
        Permanent("user_not_found", "one call's own"),
        Temporary("budget", "no room", scope="portal"),
        Temporary("QUERY_LIMIT_EXCEEDED", "too fast", scope="portal"),
        Temporary("OPERATION_TIME_LIMIT", "method rests", scope="method"),
        Temporary("database_locked", "our own fault", scope="portal"),
        NeedsOwner("disk_full", "the disk with the database is full"),
    ],
    ids=lambda failure: failure.code,
)
def test_failure_that_says_nothing_of_the_portal_changes_nothing(failure: Failure) -> None:
    here, _ = standing()
    for _ in range(10):
        here.failed(failure)
    assert here.state.is_up


def test_two_lost_answers_are_chance_and_three_an_outage() -> None:
    here, _ = standing()
    here.failed(LOST)
    here.failed(LOST)
    here.answered(a_call=True)
    here.failed(LOST)
    here.failed(LOST)
    assert here.state.is_up
    here.failed(LOST)
    assert not here.state.is_up
    assert here.state.reason is not None
    assert "browser" in here.state.reason.hint


def test_list_of_employees_does_not_show_that_calls_may_be_registered() -> None:
    here, _ = standing()
    here.failed(NeedsOwner("WRONG_AUTH_TYPE", "a webhook may not register calls"))
    here.answered(a_call=False)
    assert not here.state.is_up
    here.answered(a_call=True)
    assert here.state.is_up


def test_list_of_employees_shows_that_the_portal_is_back() -> None:
    here, _ = standing()
    here.failed(AWAY)
    here.answered(a_call=False)
    assert here.state.is_up


def test_one_at_a_time_asks_a_portal_that_is_away() -> None:
    here, _ = standing()
    with here.turn() as first, here.turn() as second:
        assert (first, second) == (True, True)
    here.failed(AWAY)
    with here.turn() as first, here.turn() as second:
        assert (first, second) == (True, False)
    with here.turn() as again:
        assert again
