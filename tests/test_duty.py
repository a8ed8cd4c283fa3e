# SPDX-License-Identifier: GPL-3.0-or-later
"""One of several services has a duty; another one takes it over when that one is gone."""

from __future__ import annotations

import pytest

from itgrix_module.app.dial_orders import DialRules
from itgrix_module.app.event_pace import WORKING
from itgrix_module.domain.failures import Temporary
from itgrix_module.duty import AGAIN, LEASE, RENEW, Duty
from tests.fakes.house_stores import MemoryLeases


class Leases(MemoryLeases):
    """Counts the questions."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.failure: Temporary | None = None

    def take(self, name: str, owner: str, now: float, seconds: float) -> bool:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return super().take(name, owner, now, seconds)


class Scene:
    def __init__(self) -> None:
        self.now, self.leases = 1000.0, Leases()
        self.one, self.other = self.duty("one"), self.duty("other")

    def duty(self, owner: str) -> Duty:
        return Duty(self.leases, "poll", owner, lambda: self.now)


def test_one_has_it_and_asks_the_database_now_and_then_only() -> None:
    scene = Scene()
    assert [scene.one.held() for _ in range(5)] == [True] * 5
    assert [scene.other.held() for _ in range(5)] == [False] * 5
    assert scene.leases.asked == 2
    scene.now += RENEW
    assert scene.one.held()
    assert scene.leases.asked == 3


def test_renewed_in_time_it_stays_where_it_is() -> None:
    scene = Scene()
    for _ in range(20):
        assert scene.one.held()
        scene.now += RENEW
        assert not scene.other.held()


def test_who_is_gone_is_followed_by_the_other_and_does_not_have_it_when_he_is_back() -> None:
    scene = Scene()
    assert scene.one.held()
    scene.now += LEASE
    assert scene.other.held()
    assert not scene.one.held()


def test_who_looks_seldom_keeps_it_until_he_looks_again() -> None:
    scene = Scene()
    assert scene.one.held(pause=60.0)
    scene.now += 60.0
    assert not scene.other.held()
    assert scene.one.held(pause=60.0)


def test_another_one_looks_before_the_clicks_of_who_is_gone_are_stale() -> None:
    assert DialRules.oldest > LEASE + WORKING + AGAIN


def test_who_leaves_gives_it_away_at_once() -> None:
    scene = Scene()
    assert scene.one.held()
    assert not scene.other.held()
    scene.other.release()
    assert scene.one.held()
    scene.one.release()
    scene.now += AGAIN
    assert scene.other.held()


def test_restarted_service_goes_on_at_once() -> None:
    scene = Scene()
    assert scene.one.held()
    assert scene.duty("one").held()


def test_without_the_database_it_is_nobodys() -> None:
    scene = Scene()
    assert scene.one.held()
    scene.now += RENEW
    scene.leases.failure = Temporary("database", "away")
    for _ in range(2):
        with pytest.raises(Temporary):
            scene.one.held()
        assert not scene.one.is_mine
    scene.leases.failure = None
    assert scene.one.held()


def test_clock_that_is_set_back_does_not_keep_it_unrenewed() -> None:
    scene = Scene()
    assert scene.one.held()
    scene.now -= 3600
    asked = scene.leases.asked
    assert scene.one.held()
    assert scene.leases.asked == asked + 1
