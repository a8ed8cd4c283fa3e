# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itgrix_module.app.rest_ports import LimitState
from itgrix_module.bitrix24 import limits as budget
from itgrix_module.bitrix24.limits import BACKGROUND, BOX, CLOUD, ENTERPRISE, LIVE, NORMAL, Limits, limits_for

NOW = 1_800_000_000.0
ATTACH = "telephony.externalCall.attachRecord"


def taken(
    count: int, priority: int, state: LimitState, now: float = NOW, limits: Limits = CLOUD
) -> tuple[int, LimitState, float]:
    """How many of ``count`` requests at once get through, the state then, the wait of the first that did not."""
    for done in range(count):
        state, wait = budget.reserve(state, now, 1.0, priority, limits)
        if wait > 0:
            return done, state, wait
    return count, state, 0.0


def test_live_calls_use_the_whole_burst() -> None:
    done, _, wait = taken(60, LIVE, LimitState(at=NOW))
    assert (done, wait) == (50, 0.5)


def test_background_work_stops_at_thirty_and_leaves_the_rest_to_live_calls() -> None:
    done, state, _ = taken(60, BACKGROUND, LimitState(at=NOW))
    assert done == 30
    assert taken(60, LIVE, state)[0] == 20


def test_normal_work_leaves_a_tenth_to_live_calls() -> None:
    done, state, _ = taken(60, NORMAL, LimitState(at=NOW))
    assert done == 45
    assert taken(60, LIVE, state)[0] == 5


def test_bucket_drains_at_the_rate_of_the_portal() -> None:
    _, state, _ = taken(50, LIVE, LimitState(at=NOW))
    assert taken(60, LIVE, state, NOW + 5)[0] == 10
    assert taken(60, BACKGROUND, state, NOW + 5)[0] == 0


def test_background_waits_until_the_bucket_is_down_to_its_share() -> None:
    _, state, _ = taken(50, LIVE, LimitState(at=NOW))
    _, wait = budget.reserve(state, NOW, 1.0, BACKGROUND)
    assert wait == pytest.approx((50 + 1 - 30) / 2)
    assert budget.reserve(state, NOW + wait, 1.0, BACKGROUND)[1] == 0.0


def test_enterprise_has_its_own_limits() -> None:
    assert taken(300, LIVE, LimitState(at=NOW), limits=ENTERPRISE)[0] == 250
    assert taken(300, BACKGROUND, LimitState(at=NOW), limits=ENTERPRISE)[0] == 150


@pytest.mark.parametrize(
    ("domain", "family", "expected"),
    [
        ("p.bitrix24.ru", "", CLOUD),
        ("P.BITRIX24.COM.BR", "", CLOUD),
        ("p.bitrix24.com", "pro", CLOUD),
        ("p.bitrix24.ru", "ent", ENTERPRISE),
        ("", "", CLOUD),
        ("crm.example.ru", "", BOX),
        ("crm.example.ru:8443", "", BOX),
    ],
)
def test_limits_of_a_portal_follow_from_its_address_and_licence(domain: str, family: str, expected: Limits) -> None:
    assert limits_for(domain, family) == expected


def test_owner_may_set_rate_and_burst() -> None:
    found = limits_for("p.bitrix24.ru", rate=1, burst=10)
    assert (found.rate, found.burst, found.operating) == (1, 10, 480)


def test_a_burst_of_one_lets_background_work_through_too() -> None:
    tiny = limits_for("p.bitrix24.ru", burst=1)
    assert taken(5, BACKGROUND, LimitState(at=NOW), limits=tiny)[0] == 1


@given(
    st.lists(st.tuples(st.floats(0, 3), st.integers(0, 9)), max_size=200),
    st.sampled_from([CLOUD, ENTERPRISE, BOX]),
)
def test_portal_that_counts_as_documented_never_refuses(steps: list[tuple[float, int]], limits: Limits) -> None:
    """Its counter drains and rises by one for each request; above the burst it refuses."""
    state, now, level, last = LimitState(at=NOW), NOW, 0.0, NOW
    for pause, priority in steps:
        now += pause
        state, wait = budget.reserve(state, now, 1.0, priority, limits)
        if wait > 0:
            continue
        level = max(0.0, level - (now - last) * limits.rate) + 1
        last = now
        assert level <= limits.burst + 1e-6


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 9)), max_size=60))
def test_waiting_as_long_as_told_is_enough(steps: list[tuple[float, int]]) -> None:
    state, now = LimitState(at=NOW), NOW
    for pause, priority in steps:
        now += pause / 100
        after, wait = budget.reserve(state, now, 1.0, priority)
        if wait > 0:
            now += wait
            after, again = budget.reserve(state, now, 1.0, priority)
            assert again == 0.0
        state = after


def test_refusal_for_the_rate_fills_the_bucket() -> None:
    state = budget.throttled(LimitState(level=3, at=NOW), NOW)
    assert state.level == 50
    assert budget.reserve(state, NOW, 1.0, LIVE)[1] == 0.5


def test_pause_after_repeated_refusals_blocks_even_live_calls() -> None:
    state = budget.throttled(LimitState(at=NOW), NOW, pause=4.0)
    assert budget.reserve(state, NOW, 1.0, LIVE)[1] == 4.0
    assert budget.reserve(state, NOW + 4, 1.0, LIVE)[1] == 0.0
    assert budget.pressure(state, NOW) == 1.0


def test_pressure_tells_how_full_the_bucket_is() -> None:
    _, state, _ = taken(25, LIVE, LimitState(at=NOW))
    assert budget.pressure(state, NOW) == 0.5
    assert budget.pressure(state, NOW + 5) == 0.3
    assert budget.pressure(state, NOW + 500) == 0.0


def test_method_under_its_operating_time_goes_freely() -> None:
    state = budget.answered(LimitState(at=NOW), NOW, ATTACH, 400.0, NOW + 300)
    assert budget.held(state, NOW, ATTACH, BACKGROUND) == 0.0


def test_method_near_its_operating_time_is_slowed_but_not_for_live_calls_and_no_other() -> None:
    state = budget.answered(LimitState(at=NOW), NOW, ATTACH, 440.0, NOW + 300)
    assert budget.held(state, NOW, ATTACH, BACKGROUND) == 300.0
    assert budget.held(state, NOW, ATTACH, LIVE) == 0.0
    assert budget.held(state, NOW, "profile", BACKGROUND) == 0.0


def test_method_over_its_operating_time_rests_for_live_calls_too() -> None:
    state = budget.answered(LimitState(at=NOW), NOW, ATTACH, 481.0, NOW + 300)
    assert budget.held(state, NOW, ATTACH, LIVE) == 300.0


def test_slowed_method_goes_once_a_minute_until_the_answer_says_more() -> None:
    state = budget.answered(LimitState(at=NOW), NOW, ATTACH, 440.0, NOW + 30)
    later = NOW + 31
    assert budget.held(state, later, ATTACH, BACKGROUND) == 0.0
    state = budget.sent(state, later, ATTACH)
    assert budget.held(state, later, ATTACH, BACKGROUND) == 60.0
    state = budget.answered(state, later, ATTACH, 10.0, later + 500)
    assert budget.held(state, later, ATTACH, BACKGROUND) == 0.0


def test_blocked_method_rests_until_the_portal_said_it_resets() -> None:
    state = budget.answered(LimitState(at=NOW), NOW, ATTACH, 470.0, NOW + 200)
    state = budget.blocked(state, NOW + 10, ATTACH)
    assert budget.held(state, NOW + 10, ATTACH.upper(), LIVE) == 190.0
    assert budget.held(state, NOW + 10, "telephony.externalCall.register", LIVE) == 0.0


def test_blocked_method_without_a_known_reset_rests_for_the_given_pause() -> None:
    state = budget.blocked(LimitState(at=NOW), NOW, ATTACH, 120.0)
    assert budget.held(state, NOW, ATTACH, LIVE) == 120.0
    assert budget.held(budget.blocked(LimitState(), NOW, ATTACH, 9e9), NOW, ATTACH, LIVE) == 600.0


def test_refusal_below_the_known_limit_teaches_the_limit_of_this_portal() -> None:
    state = budget.answered(LimitState(at=NOW), NOW, ATTACH, 300.0, NOW + 200)
    state = budget.blocked(state, NOW, ATTACH)
    assert budget.operating_limit(state, NOW) == 300.0
    other = budget.answered(state, NOW, "crm.lead.add", 280.0, NOW + 100)
    assert budget.held(other, NOW, "crm.lead.add", BACKGROUND) == 100.0
    assert budget.operating_limit(state, NOW + 2 * 86400) == 480.0


def test_refusal_with_little_known_time_teaches_nothing() -> None:
    state = budget.blocked(budget.answered(LimitState(), NOW, ATTACH, 5.0, NOW + 9), NOW, ATTACH)
    assert budget.operating_limit(state, NOW) == 480.0


def test_absent_operating_time_teaches_nothing() -> None:
    state = LimitState(at=NOW)
    assert budget.answered(state, NOW, ATTACH, None, None) is state
    assert budget.answered(state, NOW, ATTACH, -5.0, None) is state
    assert budget.answered(state, NOW, ATTACH, 2.0, NOW + 5) is state  # not worth a write


def test_wrong_clocks_do_not_block_for_ever() -> None:
    ahead = LimitState(level=50, at=NOW + 1e6, blocked_until={"*": NOW + 1e9, ATTACH.lower(): NOW + 1e9})
    assert budget.reserve(ahead, NOW, 1.0, LIVE)[1] <= 660
    assert budget.held(ahead, NOW, ATTACH) <= 660
    reset = budget.answered(LimitState(), NOW, ATTACH, 500.0, NOW + 1e12)
    assert budget.held(reset, NOW, ATTACH) <= 660
    assert budget.drained(LimitState(level=50, at=NOW + 1e6), NOW + 10).at == NOW + 10


def test_node_whose_clock_is_a_little_behind_drains_nothing_twice() -> None:
    state = LimitState(level=50, at=NOW)
    assert budget.drained(state, NOW - 5) == state


def test_state_forgets_methods_that_were_not_used_for_a_window() -> None:
    state = LimitState(at=NOW)
    for number in range(50):
        state = budget.answered(state, NOW + number * 1000, f"m{number}", 100.0, NOW + number * 1000 + 60)
    assert len(state.operating) == 1
    for number in range(50):
        state = budget.blocked(state, NOW + number * 1000, f"m{number}", 60)
    assert len(state.blocked_until) == 1
