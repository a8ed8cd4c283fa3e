# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal is away for a week while calls go on; once it is back, live calls do not wait for the old ones."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.chaos.office import LATENCY, START, Office, Ring, office
from tests.chaos.scale import Progress, amount

WEEK = 7 * 86_400.0
WAITING = amount(400, 50_000)
LIVE = amount(20, 600)
EVERY = 4.0  # seconds between two live calls while the rest is delivered
RESTARTS = 5


def past(count: int) -> list[Ring]:
    """Calls of a week, one in four missed."""
    chance = random.Random(20261121)
    return [
        Ring(WEEK * number / count, number, chance.uniform(2, 20), 0.0 if number % 4 == 0 else chance.uniform(5, 300))
        for number in range(count)
    ]


@pytest.mark.timeout(7200)
def test_a_week_without_the_portal_loses_nothing_and_live_calls_go_first_when_it_is_back(tmp_path: Path) -> None:
    with office(tmp_path) as here:
        here.portal.faults.outage(True)
        here.expect(*past(WAITING))
        for part in range(1, RESTARTS + 1):
            here.skip(WEEK * part / RESTARTS)
            here.restart()
        here.skip(WEEK + 400)
        assert here.portal.calls() == []
        assert here.outbox.counts()["lanes"] == WAITING
        here.portal.faults.outage(False)
        begins = here.clock.true - START + 30
        here.expect(*(Ring(begins + EVERY * n, WAITING + n, 6.0, 20.0) for n in range(LIVE)))
        progress = Progress("calls in the portal", WAITING + LIVE)
        here.run(turn=lambda: progress(len(here.portal.state.calls.statistic)))
        here.assert_whole()
        assert_live_calls_had_their_cards(here, range(WAITING, WAITING + LIVE))
        refused = sum(1 for request in here.portal.requests if request.error == "QUERY_LIMIT_EXCEEDED")
        assert refused == 0, "the budget was kept"


def assert_live_calls_had_their_cards(here: Office, numbers: range) -> None:
    """By the simulated clock: every one got its card, and soon."""
    delays = here.delays(numbers)
    assert len(delays) == len(numbers)
    assert delays[int(len(delays) * 0.95)] <= 4.0, delays
    assert min(delays) >= LATENCY / 10
