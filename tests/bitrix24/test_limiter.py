# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from itgrix_module.bitrix24.errors import refusal
from itgrix_module.bitrix24.limiter import Limiter
from itgrix_module.bitrix24.limits import BACKGROUND, LIVE, limits_for
from itgrix_module.bitrix24.memory import MemoryLimits
from itgrix_module.domain.failures import Temporary
from tests.bitrix24.conftest import Clock, Connect, Serve
from tests.bitrix24.wires import error, result
from tests.known import known, of_kind

ATTACH = "telephony.externalCall.attachRecord"
REGISTER = "telephony.externalCall.register"
QUERY_LIMIT = refusal(503, "QUERY_LIMIT_EXCEEDED", "Too many requests")


@pytest.fixture
def limiter(clock: Clock) -> Limiter:
    return Limiter(MemoryLimits(), clock, clock.wait)


def fill(limiter: Limiter, count: int = 50) -> None:
    for _ in range(count):
        limiter.acquire("profile", LIVE)


def test_request_waits_until_there_is_room(limiter: Limiter, clock: Clock) -> None:
    fill(limiter, 52)
    assert sum(clock.waits) == pytest.approx(1.0)


def test_background_work_does_not_wait_longer_than_its_patience(limiter: Limiter) -> None:
    fill(limiter)
    with pytest.raises(Temporary) as caught:
        limiter.acquire("user.get", BACKGROUND)
    failure = caught.value
    assert (failure.code, failure.scope, failure.executed) == ("budget", "portal", False)
    assert failure.retry_after == pytest.approx(10.5)


def test_live_call_goes_while_background_work_has_to_stop(limiter: Limiter, clock: Clock) -> None:
    fill(limiter, 40)
    with pytest.raises(Temporary):
        limiter.acquire("upload", BACKGROUND, patience=1.0)
    limiter.acquire(REGISTER, LIVE)
    assert clock.waits == []


def test_service_that_stops_does_not_wait(clock: Clock) -> None:
    limiter = Limiter(MemoryLimits(), clock, lambda seconds: True)
    fill(limiter)
    with pytest.raises(Temporary) as caught:
        limiter.acquire(REGISTER, LIVE)
    assert caught.value.code == "stopping"


def test_first_refusal_costs_half_a_second_and_the_next_ones_more(limiter: Limiter, clock: Clock) -> None:
    pauses = []
    for _ in range(6):
        limiter.failed(REGISTER, QUERY_LIMIT)
        before = clock.now
        limiter.acquire(REGISTER, LIVE)
        pauses.append(clock.now - before)
    assert pauses == pytest.approx([0.5, 1, 2, 4, 8, 8])


def test_refusals_of_requests_that_were_under_way_together_count_once(limiter: Limiter, clock: Clock) -> None:
    for _ in range(20):
        limiter.failed(REGISTER, QUERY_LIMIT)
    before = clock.now
    limiter.acquire(REGISTER, LIVE)
    assert clock.now - before == pytest.approx(0.5)


def test_good_answer_ends_the_row_of_refusals(limiter: Limiter, clock: Clock) -> None:
    for _ in range(3):
        limiter.failed(REGISTER, QUERY_LIMIT)
        clock.wait(30)
        limiter.answered(REGISTER, {})
    limiter.failed(REGISTER, QUERY_LIMIT)
    before = clock.now
    limiter.acquire(REGISTER, LIVE)
    assert clock.now - before == pytest.approx(0.5)


def test_blocked_method_fails_at_once_and_others_go(limiter: Limiter, clock: Clock) -> None:
    limiter.answered(ATTACH, {"operating": 470, "operating_reset_at": clock.now + 300})
    limiter.failed(ATTACH, refusal(429, "OPERATION_TIME_LIMIT", "", ATTACH))
    with pytest.raises(Temporary) as caught:
        limiter.acquire(ATTACH, LIVE)
    assert (caught.value.code, caught.value.scope, caught.value.executed) == ("method_held", "method", False)
    assert caught.value.retry_after == pytest.approx(300)
    limiter.acquire(REGISTER, LIVE)


def test_blocked_method_without_a_known_reset_rests_a_minute_and_then_longer(limiter: Limiter, clock: Clock) -> None:
    rests = []
    for _ in range(6):
        failure = of_kind(refusal(429, "OPERATION_TIME_LIMIT", "", ATTACH), Temporary)
        limiter.failed(ATTACH, failure)
        rests.append(known(failure.retry_after))
        clock.wait(rests[-1])
    assert rests == [60, 120, 240, 480, 600, 600]


def test_answers_without_times_or_with_nonsense_teach_nothing(limiter: Limiter) -> None:
    odd: list[object] = [None, [], {}, "x", {"operating": "x"}, {"operating": {}, "operating_reset_at": []}, 5]
    for times in odd:
        limiter.answered(ATTACH, times)
    limiter.acquire(ATTACH, BACKGROUND)


def test_other_failures_teach_nothing(limiter: Limiter, clock: Clock) -> None:
    for failure in (refusal(500, "X"), refusal(403, "ACCESS_DENIED"), ValueError("x"), None):
        limiter.failed(REGISTER, failure)
    limiter.acquire(REGISTER, BACKGROUND)
    assert limiter.pressure() == pytest.approx(1 / 50)


def test_pressure_rises_with_requests(limiter: Limiter) -> None:
    assert limiter.pressure() == 0.0
    fill(limiter, 25)
    assert limiter.pressure() == 0.5


def test_time_until_there_is_room_is_told_and_nothing_taken(limiter: Limiter) -> None:
    assert limiter.ready_in() == 0.0
    fill(limiter, 50)
    assert limiter.ready_in() == pytest.approx(0.5)
    assert limiter.ready_in(BACKGROUND) == pytest.approx(10.5)
    assert limiter.pressure() == 1.0


def test_limits_may_change_while_it_runs(limiter: Limiter, clock: Clock) -> None:
    limiter.limits = limits_for("p.bitrix24.ru", "ent")
    fill(limiter, 250)
    assert clock.waits == []


def test_threads_together_take_no_more_than_the_burst() -> None:
    clock = Clock()
    limiter = Limiter(MemoryLimits(), clock, clock.wait)
    granted: list[int] = []
    lock = threading.Lock()

    def take() -> None:
        for _ in range(10):
            try:
                limiter.acquire("profile", LIVE, patience=0.0)
            except Temporary:
                continue
            with lock:
                granted.append(1)

    with ThreadPoolExecutor(20) as pool:
        for future in [pool.submit(take) for _ in range(20)]:
            future.result()
    assert len(granted) == 50


def test_client_repeats_a_request_that_the_rate_limit_refused(serve: Serve, connect: Connect, clock: Clock) -> None:
    answers = [error(503, "QUERY_LIMIT_EXCEEDED"), error(503, "QUERY_LIMIT_EXCEEDED"), result(5)]
    server = serve(lambda request: answers.pop(0))
    assert connect(server.webhook).call("profile", priority=LIVE) == 5
    assert clock.waits == pytest.approx([0.5, 1.0])


def test_client_gives_up_when_the_rate_limit_keeps_refusing(serve: Serve, connect: Connect) -> None:
    server = serve(lambda request: error(503, "QUERY_LIMIT_EXCEEDED"))
    with pytest.raises(Temporary) as caught:
        connect(server.webhook).call("profile")
    assert (caught.value.code, caught.value.scope, caught.value.executed) == ("QUERY_LIMIT_EXCEEDED", "portal", False)
    assert len(server.requests) == 3


def test_client_holds_a_method_back_whose_operating_time_is_used_up(serve: Serve, connect: Connect) -> None:
    server = serve(lambda request: error(429, "OPERATION_TIME_LIMIT"))
    client = connect(server.webhook)
    for code in ("OPERATION_TIME_LIMIT", "method_held"):
        with pytest.raises(Temporary) as caught:
            client.call(ATTACH)
        assert (caught.value.code, caught.value.scope) == (code, "method")
    assert len(server.requests) == 1
